//! π from random points: the share of a square's points that fall into the circle.
//!
//! A farm in its simplest form: bags of work on one channel, results on another, and any number of
//! workers between them. Each bag has a random generator of its own, seeded by the bag's number, so the
//! estimate is the same whoever works on which bag.
//!
//! ```sh
//! cargo run --release --example monte_carlo_pi         # 100 bags of 1,000,000 points
//! cargo run --release --example monte_carlo_pi -- 1000 100000 1      # only one worker
//! ```

use std::time::Instant;

use csp::prelude::*;
use csp_examples::cli;

/// Counts, for each bag, the points that fall into the circle.
#[process]
fn worker(bags: Receiver<u64>, hits: Sender<u64>, points: usize) {
    for bag in &bags {
        let mut random = Random(bag);
        let inside = (0..points).filter(|_| random.unit().powi(2) + random.unit().powi(2) < 1.0).count();
        hits.send(inside as u64)?;
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to, but not including, 1.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn main() {
    let [bags, points, workers] = cli::numbers([
        ("BAGS", 100, 1..=1_000_000_000),
        ("POINTS", 1_000_000, 1..=1_000_000_000),
        ("WORKERS", cli::cores(), 1..=100_000),
    ]);

    let start = Instant::now();
    let (bags_out, bags_in) = channel();
    let (hits_out, hits_in) = channel();
    let (_, _, inside) = par! {
        {
            for bag in 0..bags as u64 {
                bags_out.send(bag)?;
            }
        },
        workers * worker(bags_in, hits_out, points),
        { hits_in.iter().sum::<u64>() },
    };
    let estimate = 4.0 * inside as f64 / (bags * points) as f64;

    println!("π ≈ {estimate:.8} from {bags} bags of {points} points");
    eprintln!("{:.3} s with {workers} workers", start.elapsed().as_secs_f64());
}
