//! A report as one page of HTML that needs nothing else: plots inline, light or dark as the reader's system is.

use std::fmt::Write as _;

use super::chapters::{Card, Report, Table};
use super::plot::style;

const STYLE: &str = include_str!("page.css");

/// The whole page.
pub(crate) fn page(report: &Report) -> String {
    let mut page = String::from("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n");
    page += "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n";
    page += "<meta name=\"color-scheme\" content=\"light dark\">\n";
    page += "<title>csp: what a communication costs</title>\n";
    write!(page, "<style>\n{STYLE}{}\n</style>\n", style::dark()).expect("a string takes it");
    page += "<main>\n<h1>csp: what a communication costs</h1>\n<dl>\n";
    for (name, value) in &report.facts {
        writeln!(page, "<dt>{name}</dt><dd>{}</dd>", marked(value)).expect("a string takes it");
    }
    page += "</dl>\n<nav>";
    for chapter in &report.chapters {
        write!(page, "<a href=\"#{}\">{}</a> ", anchor(&chapter.title), escaped(&chapter.title))
            .expect("a string takes it");
    }
    page += "</nav>\n";
    for chapter in &report.chapters {
        let title = escaped(&chapter.title);
        writeln!(page, "<section id=\"{}\">\n<h2>{title}</h2>", anchor(&chapter.title)).expect("a string takes it");
        chapter.text.iter().for_each(|text| page += &paragraph(text));
        chapter.table.iter().for_each(|it| page += &table(it));
        if !chapter.cards.is_empty() {
            page += "<div class=\"cards\">\n";
            chapter.cards.iter().for_each(|it| page += &card(it));
            page += "</div>\n";
        }
        page += "</section>\n";
    }
    page + "</main>\n</html>\n"
}

fn card(card: &Card) -> String {
    let class = if card.plots.len() > 1 { " class=\"broad\"" } else { "" };
    let mut text = format!("<article{class} id=\"{}\">\n<h3>{}</h3>\n", anchor(&card.name), marked(&card.title));
    let plots: String = card.plots.iter().map(|plot| format!("<figure>{plot}</figure>\n")).collect();
    text += &format!("<div class=\"plots\">\n{plots}</div>\n");
    card.text.iter().for_each(|it| text += &paragraph(it));
    if let Some(it) = &card.table {
        let open = if card.plots.is_empty() { " open" } else { "" };
        text += &format!("<details{open}><summary>All figures</summary>\n{}</details>\n", table(it));
    }
    text + "</article>\n"
}

fn paragraph(text: &str) -> String {
    format!("<p>{}</p>\n", marked(text))
}

fn table(table: &Table) -> String {
    let line = |cells: &[String], tag: &str| {
        let cells: String = cells.iter().map(|cell| format!("<{tag}>{}</{tag}>", marked(cell))).collect();
        format!("<tr>{cells}</tr>\n")
    };
    let rows: String = table.rows.iter().map(|row| line(row, "td")).collect();
    format!(
        "<div class=\"wide\"><table>\n<thead>{}</thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n",
        line(&table.head, "th")
    )
}

/// `text` with its `code` as such.
fn marked(text: &str) -> String {
    let mut parts = text.split('`');
    let mut marked = escaped(parts.next().unwrap_or_default());
    let mut is_code = true;
    for part in parts {
        marked += &if is_code { format!("<code>{}</code>", escaped(part)) } else { escaped(part) };
        is_code = !is_code;
    }
    marked
}

fn anchor(title: &str) -> String {
    title.chars().map(|it| if it.is_ascii_alphanumeric() { it.to_ascii_lowercase() } else { '-' }).collect()
}

/// `text` as it may stand in HTML and in SVG.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[test]
fn code_is_marked_and_nothing_gets_out() {
    assert_eq!(marked("a `b<c>` & d"), "a <code>b&lt;c&gt;</code> &amp; d");
    assert_eq!(anchor("At a glance"), "at-a-glance");
}
