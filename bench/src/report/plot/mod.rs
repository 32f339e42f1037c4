//! Plots as SVG, drawn with plotters.

mod axis;
mod dots;
mod legend;
mod lines;
pub(crate) mod style;

pub(crate) use self::axis::{Axis, Scale};
pub(crate) use self::dots::{Dot, Dots};
pub(crate) use self::lines::{Lines, Mark, Series};

/// `svg` with an account of itself for whoever cannot see it, and without a size of its own, so that the page has its say.
fn finish(svg: String, title: &str) -> String {
    let published = format!("stroke=\"{}\"", style::hex(style::PUBLISHED));
    let dashed = format!("{published} stroke-dasharray=\"5 4\""); // plotters draws whole lines only
    let lines = svg
        .lines()
        .map(|line| if line.starts_with("<polyline") { line.replace(&published, &dashed) } else { line.into() });
    let svg = lines.collect::<Vec<String>>().join("\n");
    let (start, rest) = svg.split_once('>').unwrap_or((&svg, ""));
    let view = start.split_once("viewBox=\"").and_then(|(_, rest)| rest.split_once('"')).map_or("", |(view, _)| view);
    let title = super::html::escaped(title);
    format!(
        "<svg class=\"plot\" xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"{title}\" viewBox=\"{view}\"><title>{title}</title>{}",
        rest.trim_end()
    )
}

/// A plot as a file of its own, which is dark where the reader's page is.
pub(crate) fn on_its_own(svg: &str) -> String {
    let style = format!("<style>{}</style>", style::dark());
    match svg.split_once("</title>") {
        Some((start, rest)) => format!("{start}</title>{style}{rest}\n"),
        None => svg.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines() -> Lines {
        let points = vec![(2.0, 0.1), (1024.0, 3.0)];
        Lines {
            title: "a <ring>".into(),
            x: Axis::new("N", Scale::Doubling),
            y: Axis::new("µs", Scale::Decades),
            series: vec![Series { name: "csp:threads".into(), colour: style::INK, strong: true, points }],
            marks: vec![
                Mark::Limit { x: 512.0, says: "no further".into() },
                Mark::Level { y: 20.0, says: "a level".into() },
                Mark::Point { x: 64.0, y: 1.0, says: "a point".into() },
            ],
        }
    }

    #[test]
    fn a_plot_is_well_formed_and_says_what_it_shows() {
        let svg = on_its_own(&lines().svg().expect("two points"));
        assert_eq!(svg.matches("xmlns=").count(), 1);
        assert!(svg.contains("viewBox=\"0 0 640 ") && svg.contains("<title>a &lt;ring&gt;</title>"));
        assert!(svg.contains("prefers-color-scheme") && svg.contains("stroke-dasharray"));
        for said in ["csp:threads", "no further", "a level", "a point", "µs"] {
            assert!(svg.contains(said), "{said}");
        }
        assert!(svg.trim_end().ends_with("</svg>"));
    }

    #[test]
    fn without_a_figure_there_is_no_plot() {
        assert!(Lines { series: Vec::new(), ..lines() }.svg().is_none());
        let dots = Dots { title: "none".into(), unit: "ns".into(), rows: Vec::new() };
        assert!(dots.svg().is_none());
    }

    #[test]
    fn the_least_figure_stands_first() {
        let row = |name: &str, median: f64| Dot {
            name: name.into(),
            colour: style::INK,
            strong: false,
            unpinned: Some((median * 0.9, median, median * 1.2)),
            pinned: None,
        };
        let rows = vec![row("slow", 900.0), row("fast", 9.0)];
        let svg = Dots { title: "two".into(), unit: "ns".into(), rows }.svg().expect("two rows");
        assert!(svg.find("fast") < svg.find("slow"));
    }
}
