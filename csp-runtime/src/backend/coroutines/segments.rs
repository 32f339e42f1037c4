//! How many processes that talk to their neighbours stay together on one worker.

use crate::config;

/// A segment is about as long as so many for each worker, or longer: a message to another worker takes as long as some fifty to one's own, and a
/// token that goes round alone comes back to a worker while that still looks for it.
const FOR_EACH_WORKER: usize = 250;
/// Fewer segments are not worth it.
const FEWEST: usize = 4;
/// At most so many for each worker: more than one, as in a pipeline one end often has more to do than the other.
const MOST: usize = 4;

/// How many of `count` processes, of which each talks to the next, are to stay together.
pub(in super::super) fn segment_length(count: usize) -> usize {
    // Only who starts very many needs to know how many workers there are.
    if count < 2 * FOR_EACH_WORKER * FEWEST { count } else { length(count, config::effective().workers) }
}

fn length(count: usize, workers: usize) -> usize {
    let shortest = FOR_EACH_WORKER * workers;
    let segments = ((count + shortest / 2) / shortest).min(MOST * workers);
    if workers == 1 || segments < FEWEST {
        return count;
    }
    // All workers get as many, if there is one for each.
    let segments = if segments > workers { segments / workers * workers } else { segments };
    count.div_ceil(segments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_long_about_equal_and_as_many_on_each_worker() {
        for workers in [2, 3, 8, 64] {
            for count in (2_000..100_000).step_by(77) {
                let length = length(count, workers);
                let (segments, last) = (count.div_ceil(length), (count - 1) % length + 1);
                if segments == 1 {
                    continue;
                }
                let told = format!("{count} on {workers}: {segments} of {length}, the last of {last}");
                assert!(length > FOR_EACH_WORKER * workers * 4 / 5 && length - last < segments, "{told}");
                assert!(segments < workers || segments.is_multiple_of(workers), "{told}");
                assert!((FEWEST.min(workers)..=MOST * workers).contains(&segments), "{told}");
            }
        }
    }

    #[test]
    fn some_that_are_known() {
        let lengths =
            [(1_999, 2), (2_048, 2), (4_000, 2), (262_144, 2), (262_144, 1), (4_000, 8), (8_000, 8), (1_000_000, 64)];
        let lengths = lengths.map(|(count, workers)| length(count, workers));
        assert_eq!(lengths, [500, 512, 500, 32_768, 262_144, 4_000, 2_000, 15_874]);
    }
}
