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
/// As plotters counts: four fifths of it are the size in pixels.
pub(crate) const TEXT: u32 = 17;

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
    (RIVALS[8], "#8f9dff"),
    (RIVALS[9], "#d79aff"),
    (RIVALS[10], "#e6c9ff"),
    (RIVALS[11], "#f0c419"),
];

const THREADS: RGBColor = RGBColor(0x0b, 0x62, 0xb0);
const COROUTINES: RGBColor = RGBColor(0xc9, 0x3a, 0x12);
const PROCESSES: RGBColor = RGBColor(0x0f, 0x7f, 0x3c);
/// In the order of the subjects: those that are often drawn together differ most.
const RIVALS: [RGBColor; 12] = [
    RGBColor(0x44, 0x55, 0x66),
    RGBColor(0xa8, 0x76, 0x00),
    RGBColor(0x9a, 0x4f, 0x2e),
    RGBColor(0x0e, 0x86, 0x86),
    RGBColor(0x86, 0x60, 0x42),
    RGBColor(0x6d, 0x85, 0x16),
    RGBColor(0xc0, 0x52, 0x6e),
    RGBColor(0x5f, 0x6f, 0x7f),
    RGBColor(0x3f, 0x48, 0xb8),
    RGBColor(0x7d, 0x35, 0xb5),
    RGBColor(0xa5, 0x7a, 0xcb),
    RGBColor(0x8a, 0x6a, 0x00),
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

/// As plotters writes it.
pub(super) fn hex(RGBColor(red, green, blue): RGBColor) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}

/// The style sheet that turns light plots dark, for a page and for a plot on its own.
///
/// It finds elements by the colour that is written into them: where no style sheet is understood, the plot is light.
pub(crate) fn dark() -> String {
    let rules: String = COLOURS
        .iter()
        .map(|(colour, dark)| {
            let light = hex(*colour);
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
