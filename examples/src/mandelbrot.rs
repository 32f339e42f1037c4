//! The Mandelbrot set without any CSP: what is computed, how it is cut into jobs, and the picture.
//!
//! `cargo run --release --example mandelbrot` computes the jobs in parallel.

mod escape;
mod picture;

use std::ops::Range;

pub use picture::{colours, write_png};

/// A rectangle of the complex plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Region {
    /// The left edge.
    pub x0: f64,
    /// The right edge.
    pub x1: f64,
    /// The lower edge.
    pub y0: f64,
    /// The upper edge.
    pub y1: f64,
}

/// A picture to compute, and the jobs to cut it into: blocks of whole rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// What part of the plane the picture shows.
    pub region: Region,
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Blocks of rows.
    pub jobs: usize,
    /// Where to give up and call a point a member of the set.
    pub iterations: u32,
}

impl Plan {
    /// Figure 7 of "Three Unique Implementations of Processes for PyCSP" (CPA 2009).
    pub const PAPER: Self = Self {
        region: Region {
            x0: -1.6744096758873175,
            x1: -1.6744096714940624,
            y0: 0.00004716419197284976,
            y1: 0.000047167062611931696,
        },
        width: 1000,
        height: 1000,
        jobs: 100,
        iterations: 5000,
    };

    /// The rows of a job, for jobs from 0 up to `self.jobs`. No two jobs differ by more than one row.
    #[must_use]
    pub fn rows(&self, job: usize) -> Range<usize> {
        job * self.height / self.jobs..(job + 1) * self.height / self.jobs
    }

    /// Where a job's pixels lie in the picture's row-by-row array.
    #[must_use]
    pub fn pixels(&self, job: usize) -> Range<usize> {
        let rows = self.rows(job);
        rows.start * self.width..rows.end * self.width
    }

    /// Computes `rows`: for each pixel the number of iterations until it escapes, with a fraction, so
    /// that it varies smoothly from pixel to pixel; infinity for a point that never does.
    #[must_use]
    pub fn compute(&self, rows: Range<usize>) -> Vec<f32> {
        let Region { x0, x1, y0, y1 } = self.region;
        let mut escapes = Vec::with_capacity(rows.len() * self.width);
        for row in rows {
            let y = y1 + (y0 - y1) * (row as f64 + 0.5) / self.height as f64;
            for column in 0..self.width {
                let x = x0 + (x1 - x0) * (column as f64 + 0.5) / self.width as f64;
                escapes.push(escape::escape(x, y, self.iterations));
            }
        }
        escapes
    }
}
