//! How many processes that talk to their neighbours stay together on one worker.

use crate::config;

/// A stretch is about as long as so many for each worker, or longer: a message to another worker takes as long as some fifty to one's own.
const FOR_EACH_WORKER: usize = 250;
/// Fewer stretches are not worth it.
const FEWEST: usize = 4;
/// So many for each worker are enough: more than one, as in a pipeline one end often has more to do than the other.
const ENOUGH: usize = 4;
/// A token that goes round alone is with others for some turns before it comes back to a worker. If they are no more than so many, that still looks for
/// it (`linger.rs`), and is not asleep.
const AWAKE: usize = 1024;
/// For the sake of that there may be so many for each worker. If more were needed, the worker sleeps anyway, and the fewer there are the better.
const MOST: usize = 16;

/// How many of `count` processes, of which each talks to the next, are to stay together.
pub(in super::super) fn stretch_length(count: usize) -> usize {
    // Only who starts very many needs to know how many workers there are.
    if count < 2 * FOR_EACH_WORKER * FEWEST { count } else { length(count, config::effective().workers) }
}

fn length(count: usize, workers: usize) -> usize {
    if workers == 1 {
        return count;
    }
    let (shortest, for_tokens) = (FOR_EACH_WORKER * workers, AWAKE / (workers - 1));
    let fit = |length: usize| (count + length / 2) / length;
    let keeps_awake = for_tokens >= shortest && fit(for_tokens) <= MOST * workers;
    let wanted = if keeps_awake { fit(for_tokens) } else { 0 };
    let stretches = fit(shortest).min(wanted.max(ENOUGH * workers));
    if stretches < FEWEST {
        return count;
    }
    // All workers get as many, if there is one for each.
    let stretches = if stretches > workers { stretches / workers * workers } else { stretches };
    count.div_ceil(stretches)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_are_long_about_equal_and_as_many_on_each_worker() {
        for workers in [2, 3, 8, 64] {
            for count in (2_000..100_000).step_by(77) {
                let length = length(count, workers);
                let (stretches, last) = (count.div_ceil(length), (count - 1) % length + 1);
                if stretches == 1 {
                    continue;
                }
                let told = format!("{count} on {workers}: {stretches} of {length}, the last of {last}");
                assert!(length > FOR_EACH_WORKER * workers * 4 / 5 && length - last < stretches, "{told}");
                assert!(stretches < workers || stretches.is_multiple_of(workers), "{told}");
                assert!((FEWEST.min(workers)..=MOST * workers).contains(&stretches), "{told}");
            }
        }
    }

    #[test]
    fn some_that_are_known() {
        for (count, workers, expected) in [
            (1_999, 2, 500),
            (2_048, 2, 512),
            (4_000, 2, 500),
            (16_384, 2, 1_024),
            (32_768, 2, 1_024),
            (65_536, 2, 8_192),
            (262_144, 2, 32_768),
            (262_144, 1, 262_144),
            (4_000, 8, 4_000),
            (8_000, 8, 2_000),
            (1_000_000, 64, 15_874),
        ] {
            assert_eq!(length(count, workers), expected, "{count} on {workers}");
        }
    }
}
