//! No communication at all: the kernel in a loop, which shows what everything else costs.

use std::time::Instant;

use crate::cell::Outcome;
use crate::machine::cpu_time;
use crate::mandelbrot::{Picture, checksum};

/// Renders `picture` in this thread.
pub(super) fn mandelbrot(picture: Picture) -> Outcome {
    let (cpu, start) = (cpu_time(), Instant::now());
    let mut pixels = vec![0; picture.pixels()];
    for (band, pixels) in pixels.chunks_mut(picture.pixels_per_band()).enumerate() {
        picture.render(band, pixels);
    }
    Outcome::of_wall_and_cpu(start.elapsed(), cpu_time() - cpu, checksum(&pixels))
}
