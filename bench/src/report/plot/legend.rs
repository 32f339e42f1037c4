//! Below a plot: which line or mark is whose, in as many rows as that takes.

use plotters::prelude::*;

use super::style::{INK, TEXT, WIDTH};

/// One of its entries.
pub(super) struct Key {
    pub(super) name: String,
    pub(super) colour: RGBColor,
    pub(super) strong: bool,
    /// A mark on the line, hollow or filled; without a line where `lined` is false.
    pub(super) filled: bool,
    pub(super) lined: bool,
}

const ROW: i32 = 21;
const SAMPLE: i32 = 30;

/// Where each key stands, and how high all of them are.
pub(super) fn layout(keys: &[Key]) -> (Vec<(i32, i32)>, u32) {
    let (mut x, mut y) = (12, 0);
    let mut places = Vec::new();
    for key in keys {
        let width = SAMPLE + text_width(&key.name) + 18;
        if x > 12 && x + width > WIDTH as i32 {
            (x, y) = (12, y + ROW);
        }
        places.push((x, y));
        x += width;
    }
    (places, if keys.is_empty() { 0 } else { (y + ROW + 6) as u32 })
}

/// About how wide `text` is: we have no font to ask.
pub(super) fn text_width(text: &str) -> i32 {
    (text.chars().count() as f64 * f64::from(TEXT) * 0.8 * 0.57).ceil() as i32
}

/// Draws `keys` from `top` down.
///
/// # Errors
/// What plotters says.
pub(super) fn draw<B: DrawingBackend>(
    area: &DrawingArea<B, plotters::coord::Shift>,
    keys: &[Key],
    top: i32,
) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
    for (key, (x, y)) in keys.iter().zip(layout(keys).0) {
        let middle = top + y + ROW / 2;
        if key.lined {
            let width = if key.strong { 3 } else { 1 };
            let ends = vec![(x, middle), (x + SAMPLE - 8, middle)];
            area.draw(&PathElement::new(ends, key.colour.stroke_width(width)))?;
        }
        mark(area, (x + (SAMPLE - 8) / 2, middle), key.colour, key.filled)?;
        let style = ("sans-serif", TEXT).into_font().color(&INK);
        area.draw(&Text::new(key.name.clone(), (x + SAMPLE - 3, middle - 7), style))?;
    }
    Ok(())
}

/// A round mark.
///
/// # Errors
/// What plotters says.
pub(super) fn mark<B: DrawingBackend>(
    area: &DrawingArea<B, plotters::coord::Shift>,
    at: (i32, i32),
    colour: RGBColor,
    filled: bool,
) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
    if filled {
        return area.draw(&Circle::new(at, 4, colour.filled()));
    }
    area.draw(&Circle::new(at, 4, super::style::PAGE.filled()))?;
    area.draw(&Circle::new(at, 4, colour.stroke_width(2)))
}
