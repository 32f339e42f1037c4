//! One figure for each subject: a dot on a logarithmic scale, with the spread of its runs.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::axis::{self, Axis, Scale};
use super::legend::{self, Key};
use super::lines::scaled;
use super::style::{GRID, INK, PALE, TEXT, WIDTH};
use crate::report::figures::number;

const ROW: i32 = 25;

/// What one row shows.
#[derive(Clone, Debug)]
pub(crate) struct Dot {
    pub(crate) name: String,
    pub(crate) colour: RGBColor,
    /// Ours.
    pub(crate) strong: bool,
    /// Least, median, greatest.
    pub(crate) unpinned: Option<(f64, f64, f64)>,
    pub(crate) pinned: Option<(f64, f64, f64)>,
}

impl Dot {
    fn all(&self) -> impl Iterator<Item = (f64, f64, f64)> {
        self.unpinned.into_iter().chain(self.pinned)
    }

    fn better(&self) -> f64 {
        self.all().map(|(_, median, _)| median).fold(f64::INFINITY, f64::min)
    }
}

/// A plot of dots.
#[derive(Clone, Debug)]
pub(crate) struct Dots {
    pub(crate) title: String,
    pub(crate) unit: String,
    pub(crate) rows: Vec<Dot>,
}

impl Dots {
    /// Draws it, the least figure first; nothing where there is none.
    pub(crate) fn svg(&self) -> Option<String> {
        let mut rows: Vec<&Dot> = self.rows.iter().filter(|row| row.better().is_finite()).collect();
        rows.sort_by(|one, other| one.better().total_cmp(&other.better()));
        (!rows.is_empty()).then(|| {
            let mut svg = String::new();
            // A string takes everything that is drawn into it.
            self.draw(&rows, &mut svg).expect("drawing into a string");
            super::finish(svg, &self.title)
        })
    }

    fn draw(&self, rows: &[&Dot], svg: &mut String) -> Result<(), Box<dyn std::error::Error>> {
        let keys = keys(rows);
        let (_, below) = legend::layout(&keys);
        let (top, bottom) = (6, 6 + ROW * rows.len() as i32);
        let height = bottom as u32 + 52 + below;
        let area = SVGBackend::with_string(svg, (WIDTH, height)).into_drawing_area();
        let names = rows.iter().map(|row| legend::text_width(&row.name)).max().unwrap_or(0);
        let (left, right) = (names + 22, WIDTH as i32 - 76);
        let x = Axis::new(self.unit.clone(), Scale::Decades);
        let least = rows.iter().flat_map(|row| row.all()).map(|(low, ..)| low).fold(f64::INFINITY, f64::min);
        let greatest = rows.iter().flat_map(|row| row.all()).map(|(.., high)| high).fold(0.0, f64::max);
        let range = x.range(least, greatest);
        let to_x = |value: f64| scaled(x.place(value), range, (left, right));

        let pale = ("sans-serif", TEXT).into_font().color(&PALE).pos(Pos::new(HPos::Center, VPos::Top));
        for value in x.marks(range, 8) {
            let at = to_x(value);
            area.draw(&PathElement::new(vec![(at, top), (at, bottom)], GRID.stroke_width(1)))?;
            area.draw(&Text::new(axis::text(value), (at, bottom + 5), pale.clone()))?;
        }
        area.draw(&Text::new(x.label.clone(), ((left + right) / 2, bottom + 26), pale.color(&INK)))?;
        for (row, y) in rows.iter().zip((top + ROW / 2..).step_by(ROW as usize)) {
            let ink = ("sans-serif", TEXT).into_font().color(&INK);
            let name = ink.clone().pos(Pos::new(HPos::Right, VPos::Center));
            area.draw(&Text::new(row.name.clone(), (left - 10, y), name))?;
            for (figure, filled) in [(row.pinned, false), (row.unpinned, true)] {
                let Some((low, median, high)) = figure else { continue };
                let width = if row.strong { 3 } else { 1 };
                let ends = vec![(to_x(low), y), (to_x(high), y)];
                area.draw(&PathElement::new(ends, row.colour.stroke_width(width)))?;
                legend::mark(&area, (to_x(median), y), row.colour, filled)?;
            }
            let figure = ink.pos(Pos::new(HPos::Right, VPos::Center));
            area.draw(&Text::new(number(row.better()), (WIDTH as i32 - 6, y), figure))?;
        }
        legend::draw(&area, &keys, bottom + 52)?;
        area.present()?;
        Ok(())
    }
}

fn keys(rows: &[&Dot]) -> Vec<Key> {
    if rows.iter().all(|row| row.pinned.is_none()) {
        return Vec::new();
    }
    [("on all cores", true), ("pinned to one core", false)]
        .map(|(name, filled)| Key { name: name.into(), colour: PALE, strong: false, filled, lined: false })
        .into()
}
