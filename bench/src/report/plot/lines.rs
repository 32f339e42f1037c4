//! Figures over a parameter: a line for each subject, and what was published.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::axis::{self, Axis};
use super::legend::{self, Key};
use super::style::{GRID, INK, PALE, PUBLISHED, TEXT, WIDTH};

const PLOT_HEIGHT: u32 = 380;

/// One line.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) colour: RGBColor,
    /// Ours.
    pub(crate) strong: bool,
    /// Sorted by the first.
    pub(crate) points: Vec<(f64, f64)>,
}

/// Something that a text says, at its place among our figures.
#[derive(Clone, Debug)]
pub(crate) enum Mark {
    /// No further than this.
    Limit { x: f64, says: String },
    /// A level.
    Level { y: f64, says: String },
    /// One published figure.
    Point { x: f64, y: f64, says: String },
}

/// A plot of lines.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    pub(crate) title: String,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) series: Vec<Series>,
    pub(crate) marks: Vec<Mark>,
}

impl Lines {
    /// Draws it; nothing where there is no point.
    pub(crate) fn svg(&self) -> Option<String> {
        self.series.iter().any(|series| !series.points.is_empty()).then(|| {
            let mut svg = String::new();
            // A string takes everything that is drawn into it.
            self.draw(&mut svg).expect("drawing into a string");
            super::finish(svg, &self.title)
        })
    }

    fn draw(&self, svg: &mut String) -> Result<(), Box<dyn std::error::Error>> {
        let keys = self.keys();
        let (_, below) = legend::layout(&keys);
        let height = PLOT_HEIGHT + below;
        let area = SVGBackend::with_string(svg, (WIDTH, height)).into_drawing_area();
        let (left, right, top, bottom) = (66, WIDTH as i32 - 14, 14, PLOT_HEIGHT as i32 - 56);
        let (x_range, y_range) = self.ranges();
        let to_x = |value: f64| scaled(self.x.place(value), x_range, (left, right));
        let to_y = |value: f64| scaled(self.y.place(value), y_range, (bottom, top));

        let pale =
            |horizontal, vertical| ("sans-serif", TEXT).into_font().color(&PALE).pos(Pos::new(horizontal, vertical));
        for value in self.x.marks(x_range, 9) {
            let x = to_x(value);
            area.draw(&PathElement::new(vec![(x, top), (x, bottom)], GRID.stroke_width(1)))?;
            area.draw(&Text::new(axis::text(value), (x, bottom + 7), pale(HPos::Center, VPos::Top)))?;
        }
        for value in self.y.marks(y_range, 6) {
            let y = to_y(value);
            area.draw(&PathElement::new(vec![(left, y), (right, y)], GRID.stroke_width(1)))?;
            area.draw(&Text::new(axis::text(value), (left - 8, y), pale(HPos::Right, VPos::Center)))?;
        }
        area.draw(&PathElement::new(vec![(left, top), (left, bottom), (right, bottom)], PALE.stroke_width(1)))?;
        let ink = ("sans-serif", TEXT).into_font().color(&INK);
        let middle = ((left + right) / 2, bottom + 28);
        area.draw(&Text::new(self.x.label.clone(), middle, ink.clone().pos(Pos::new(HPos::Center, VPos::Top))))?;
        let turned = ink.clone().transform(FontTransform::Rotate270).pos(Pos::new(HPos::Center, VPos::Top));
        area.draw(&Text::new(self.y.label.clone(), (3, (top + bottom) / 2), turned))?;

        self.draw_marks(&area, to_x, to_y, (left, right, top, bottom))?;
        for series in self.series.iter().rev() {
            let width = if series.strong { 3 } else { 1 };
            let places: Vec<(i32, i32)> = series.points.iter().map(|&(x, y)| (to_x(x), to_y(y))).collect();
            area.draw(&PathElement::new(places.clone(), series.colour.stroke_width(width)))?;
            for place in places {
                let size = if series.strong { 4 } else { 3 };
                area.draw(&Circle::new(place, size, series.colour.filled()))?;
            }
        }
        legend::draw(&area, &keys, PLOT_HEIGHT as i32)?;
        area.present()?;
        Ok(())
    }

    /// What was published, and what it says.
    fn draw_marks<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, plotters::coord::Shift>,
        to_x: impl Fn(f64) -> i32,
        to_y: impl Fn(f64) -> i32,
        (left, right, top, bottom): (i32, i32, i32, i32),
    ) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
        let text = ("sans-serif", TEXT - 1).into_font().color(&PUBLISHED);
        let mut rows = 0;
        for mark in &self.marks {
            match mark {
                Mark::Limit { x, says } => {
                    let x = to_x(*x);
                    area.draw(&PathElement::new(vec![(x, top), (x, bottom)], PUBLISHED.stroke_width(1)))?;
                    let y = top + 4 + 18 * rows;
                    rows += 1;
                    // To the left of the line where there is no room to its right.
                    let (place, side) = if x + 8 + legend::text_width(says) > right {
                        (x - 6, HPos::Right)
                    } else {
                        (x + 6, HPos::Left)
                    };
                    area.draw(&Text::new(says.clone(), (place, y), text.clone().pos(Pos::new(side, VPos::Top))))?;
                }
                Mark::Level { y, says } => {
                    let y = to_y(*y);
                    area.draw(&PathElement::new(vec![(left, y), (right, y)], PUBLISHED.stroke_width(1)))?;
                    let style = text.clone().pos(Pos::new(HPos::Left, VPos::Top));
                    area.draw(&Text::new(says.clone(), (left + 5, y + 4), style))?;
                }
                Mark::Point { x, y, says } => {
                    let (x, y) = (to_x(*x), to_y(*y));
                    area.draw(&Cross::new((x, y), 5, PUBLISHED.stroke_width(2)))?;
                    let (place, side) = if x > (left + right) / 2 { (x - 9, HPos::Right) } else { (x + 9, HPos::Left) };
                    area.draw(&Text::new(says.clone(), (place, y), text.clone().pos(Pos::new(side, VPos::Center))))?;
                }
            }
        }
        Ok(())
    }

    fn ranges(&self) -> ((f64, f64), (f64, f64)) {
        let points = self.series.iter().flat_map(|series| &series.points);
        let (mut xs, mut ys): (Vec<f64>, Vec<f64>) = points.copied().unzip();
        for mark in &self.marks {
            match mark {
                Mark::Limit { x, .. } => xs.push(*x),
                Mark::Level { y, .. } => ys.push(*y),
                Mark::Point { x, y, .. } => {
                    xs.push(*x);
                    ys.push(*y);
                }
            }
        }
        let of = |axis: &Axis, values: &[f64]| {
            let least = values.iter().copied().fold(f64::INFINITY, f64::min);
            axis.range(least, values.iter().copied().fold(f64::NEG_INFINITY, f64::max))
        };
        let limits = self.marks.iter().filter(|mark| matches!(mark, Mark::Limit { .. })).count();
        let (low, high) = of(&self.y, &ys);
        // What the limits say stands above everything else.
        (of(&self.x, &xs), (low, high + (high - low) * 0.075 * limits as f64))
    }

    fn keys(&self) -> Vec<Key> {
        let key = |series: &Series| Key {
            name: series.name.clone(),
            colour: series.colour,
            strong: series.strong,
            filled: true,
            lined: true,
        };
        self.series.iter().map(key).collect()
    }
}

/// Where `place`, of a range, comes to lie among pixels.
pub(super) fn scaled(place: f64, (low, high): (f64, f64), (from, to): (i32, i32)) -> i32 {
    let share = ((place - low) / (high - low)).clamp(0.0, 1.0);
    (f64::from(from) + share * f64::from(to - from)).round() as i32
}
