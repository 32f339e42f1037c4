//! The Mandelbrot picture by a farm: one producer-consumer that chooses, and its workers.

use std::time::Instant;

use csp::prelude::*;

use crate::cell::Outcome;
use crate::machine::cpu_time_of_all;
use crate::mandelbrot::{Picture, checksum};

/// Renders `picture` with `workers` workers, whose start is timed too.
pub(super) fn mandelbrot(picture: Picture, workers: usize) -> Outcome {
    let (cpu, start) = (cpu_time_of_all(), Instant::now());
    let (jobs_out, jobs) = channel();
    let (bands_out, bands) = channel();
    let (pixels, _) = par! {
        farmer(picture, jobs_out, bands),
        workers * worker(picture, jobs, bands_out),
    };
    let (wall, cpu) = (start.elapsed(), cpu_time_of_all() - cpu);
    Outcome::of_wall_and_cpu(wall, cpu, checksum(&pixels.expect("the workers stay while there are jobs")))
}

/// The pixels of one job.
#[message]
struct Band {
    number: usize,
    pixels: Vec<u16>,
}

#[process]
fn farmer(picture: Picture, jobs: Sender<usize>, bands: Receiver<Band>) -> Result<Vec<u16>, Stopped> {
    let mut pixels = vec![0; picture.pixels()];
    let mut next = 0;
    let mut missing = picture.bands();
    while missing > 0 {
        alt! {
            bands ? band => {
                let first = band.number * picture.pixels_per_band();
                pixels[first..][..band.pixels.len()].copy_from_slice(&band.pixels);
                missing -= 1;
            }
            (next < picture.bands()) & jobs ! next => next += 1,
        }
    }
    Ok(pixels)
}

/// Pixels, about 0.3 ms.
const BETWEEN_YIELDS: usize = 150;

#[process]
fn worker(picture: Picture, jobs: Receiver<usize>, bands: Sender<Band>) {
    for number in &jobs {
        let mut pixels = vec![0; picture.pixels_in(number)];
        let first = number * picture.pixels_per_band();
        for (part, pixels) in pixels.chunks_mut(BETWEEN_YIELDS).enumerate() {
            picture.render_from(first + part * BETWEEN_YIELDS, pixels);
            csp::yield_now(); // on coroutines the farmer may share this core
        }
        bands.send(Band { number, pixels })?;
    }
}
