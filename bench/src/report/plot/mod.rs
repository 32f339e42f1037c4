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
    let (start, rest) = svg.split_once('>').unwrap_or((&svg, ""));
    let view = start.find("viewBox").map_or("", |place| &start[place..]);
    let title = super::html::escaped(title);
    format!(
        "<svg class=\"plot\" xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"{title}\" {view}><title>{title}</title>{}",
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
