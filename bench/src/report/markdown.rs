//! A report as Markdown: its facts, texts and tables, without the plots.

use std::fmt::Write as _;

use super::chapters::{Report, Table};

/// The whole page.
pub(crate) fn page(report: &Report) -> String {
    let mut page = String::from("# csp: what a communication costs\n\n| | |\n| --- | --- |\n");
    for (name, value) in &report.facts {
        writeln!(page, "| {name} | {} |", cell(value)).expect("a string takes it");
    }
    for chapter in &report.chapters {
        write!(page, "\n## {}\n", chapter.title).expect("a string takes it");
        chapter.text.iter().for_each(|text| page += &format!("\n{text}\n"));
        chapter.table.iter().for_each(|it| page += &table(it));
        for card in &chapter.cards {
            write!(page, "\n### {}\n", card.title).expect("a string takes it");
            card.text.iter().for_each(|text| page += &format!("\n{text}\n"));
            card.table.iter().for_each(|it| page += &table(it));
        }
    }
    page
}

fn table(table: &Table) -> String {
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let rule = vec!["---".to_owned(); table.head.len()];
    let rows: String = table.rows.iter().map(|row| line(row)).collect();
    format!("\n{}{}{rows}", line(&table.head), line(&rule))
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[test]
fn a_table_has_a_rule_below_its_head() {
    let table = self::table(&Table { head: vec!["a".into(), "b".into()], rows: vec![vec!["1|2".into(), "3".into()]] });
    assert_eq!(table, "\n| a | b |\n| --- | --- |\n| 1\\|2 | 3 |\n");
}
