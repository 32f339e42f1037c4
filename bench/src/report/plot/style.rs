//! Colours and sizes of the plots, and how they look on a dark page.

use plotters::style::RGBColor;

use crate::workload::Subject;

pub(crate) const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
pub(crate) const PALE: RGBColor = RGBColor(0x6b, 0x6b, 0x6b);
pub(crate) const GRID: RGBColor = RGBColor(0xd9, 0xd9, 0xd9);
/// What a paper published.
pub(crate) const PUBLISHED: RGBColor = RGBColor(0xa0, 0x1e, 0x7d);
/// The paper inside of a hollow mark.
pub(crate) const PAGE: RGBColor = RGBColor(0xfe, 0xfe, 0xfe);

pub(crate) const WIDTH: u32 = 640;
pub(crate) const TEXT: u32 = 14;

/// A colour on a light page, and what becomes of it on a dark one.
const COLOURS: &[(RGBColor, &str)] = &[
    (INK, "#e4e4e4"),
    (PALE, "#a3a3a3"),
    (GRID, "#3d3d3d"),
    (PUBLISHED, "#ee86d3"),
    (PAGE, "#17191c"),
    (THREADS, "#6cb4f5"),
    (COROUTINES, "#ff8a66"),
    (PROCESSES, "#5fd38a"),
    (RIVALS[0], "#b9a3ff"),
    (RIVALS[1], "#d8c9ff"),
    (RIVALS[2], "#e0b04c"),
    (RIVALS[3], "#5fd0d0"),
    (RIVALS[4], "#c5a68c"),
    (RIVALS[5], "#b5cc6a"),
    (RIVALS[6], "#f0a0b4"),
    (RIVALS[7], "#a9b7c6"),
];

const THREADS: RGBColor = RGBColor(0x0b, 0x62, 0xb0);
const COROUTINES: RGBColor = RGBColor(0xc9, 0x3a, 0x12);
const PROCESSES: RGBColor = RGBColor(0x0f, 0x7f, 0x3c);
const RIVALS: [RGBColor; 8] = [
    RGBColor(0x6b, 0x4f, 0xc4),
    RGBColor(0x9d, 0x85, 0xd8),
    RGBColor(0xa8, 0x76, 0x00),
    RGBColor(0x0e, 0x86, 0x86),
    RGBColor(0x86, 0x60, 0x42),
    RGBColor(0x6d, 0x85, 0x16),
    RGBColor(0xc0, 0x52, 0x6e),
    RGBColor(0x5f, 0x6f, 0x7f),
];

/// The colour of `subject`: ours are strong, and a rival's stays the same from plot to plot.
pub(crate) fn colour(subject: Subject) -> RGBColor {
    match subject.backend() {
        Some("threads") => THREADS,
        Some("coroutines") => COROUTINES,
        Some(_) => PROCESSES,
        None => {
            let rivals = Subject::ALL.iter().filter(|other| other.backend().is_none());
            let place = rivals.into_iter().position(|other| *other == subject).unwrap_or(0);
            RIVALS[place % RIVALS.len()]
        }
    }
}

/// The style sheet that turns light plots dark, for a page and for a plot on its own.
///
/// It finds elements by the colour that is written into them: where no style sheet is understood, the plot is light.
pub(crate) fn dark() -> String {
    let rules: String = COLOURS
        .iter()
        .map(|(RGBColor(red, green, blue), dark)| {
            let light = format!("#{red:02X}{green:02X}{blue:02X}");
            format!("svg [fill=\"{light}\"]{{fill:{dark}}}svg [stroke=\"{light}\"]{{stroke:{dark}}}")
        })
        .collect();
    format!("@media (prefers-color-scheme:dark){{{rules}}}")
}

#[test]
fn every_colour_has_its_dark_one() {
    for &subject in Subject::ALL {
        assert!(COLOURS.iter().any(|(light, _)| *light == colour(subject)), "{}", subject.name());
    }
}
