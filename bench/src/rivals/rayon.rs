//! rayon: the Mandelbrot picture as a parallel loop over its bands.

use std::time::Instant;

use rayon::ThreadPoolBuilder;
use rayon::prelude::*;

use crate::cell::Outcome;
use crate::machine::cpu_time;
use crate::mandelbrot::{Picture, checksum};
use crate::pi;

/// Renders `picture` in a pool of `workers` threads, whose start is timed too (as ours is).
pub(super) fn mandelbrot(picture: Picture, workers: usize) -> Outcome {
    let (cpu, start) = (cpu_time(), Instant::now());
    let mut pixels = vec![0; picture.pixels()];
    let pool = ThreadPoolBuilder::new().num_threads(workers).build().expect("a pool of threads");
    pool.install(|| {
        pixels
            .par_chunks_mut(picture.pixels_per_band())
            .enumerate()
            .for_each(|(band, pixels)| picture.render(band, pixels));
    });
    drop(pool);
    Outcome::of_wall_and_cpu(start.elapsed(), cpu_time() - cpu, checksum(&pixels))
}

/// Milliseconds to estimate π in a pool of `workers` threads, whose start is timed too.
pub(super) fn pi(workers: usize) -> Outcome {
    let start = Instant::now();
    let pool = ThreadPoolBuilder::new().num_threads(workers).build().expect("a pool of threads");
    let hits: u64 = pool.install(|| (0..pi::BAGS).into_par_iter().map(pi::hits).sum());
    drop(pool);
    pi::outcome(start.elapsed(), hits)
}
