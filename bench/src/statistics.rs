//! The few statistics that figures need: the middle, the spread, and how sure a mean is.

/// The middle of `sorted`, if there is anything.
pub(crate) fn median(sorted: &[f64]) -> Option<f64> {
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    Some(if sorted.len().is_multiple_of(2) { (sorted[middle - 1] + upper) / 2.0 } else { upper })
}

/// `figures`, sorted.
pub(crate) fn sorted(figures: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut sorted: Vec<f64> = figures.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// Where the middle of what `figures` are drawn from lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Interval {
    pub(crate) low: f64,
    pub(crate) middle: f64,
    pub(crate) high: f64,
}

/// The 95 % interval of the median of ratios, from the ratios of paired runs.
///
/// It is the one by order statistics (the sign test turned round), which asks nothing of the distribution: a run that
/// others disturbed is one large ratio and moves it by one place, not by its size. Below six pairs there is none: even
/// the least and the greatest of five enclose the median only 94 times out of 100.
pub(crate) fn interval(ratios: &[f64]) -> Option<Interval> {
    let ratios = sorted(ratios.iter().copied());
    let below = trimmed(ratios.len())?;
    Some(Interval { low: ratios[below], middle: median(&ratios)?, high: ratios[ratios.len() - 1 - below] })
}

/// How many of `count` ordered figures may be left off at each end so that the rest encloses the median with at least
/// 95 % probability: the greatest k with P(B(count, ½) ≤ k) ≤ 2.5 %, less one; none where not even k = 0 will do.
fn trimmed(count: usize) -> Option<usize> {
    let mut probability = 0.5_f64.powi(i32::try_from(count).ok()?);
    let mut sum = probability;
    let mut below = None;
    for k in 0..count {
        if sum > 0.025 {
            break;
        }
        below = Some(k);
        probability *= (count - k) as f64 / (k + 1) as f64;
        sum += probability;
    }
    below
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_two_lies_between_them() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0]), Some(3.0));
        assert_eq!(median(&[1.0, 4.0]), Some(2.5));
        assert_eq!(median(&sorted([9.0, 1.0, 4.0])), Some(4.0));
    }

    #[test]
    fn the_interval_is_the_one_of_the_tables() {
        // Conover, Practical Nonparametric Statistics: the ranks of a 95 % interval for the median.
        for (count, first_rank) in [(6, 1), (8, 1), (9, 2), (11, 2), (12, 3), (15, 4), (20, 6), (25, 8), (30, 10)] {
            assert_eq!(trimmed(count), Some(first_rank - 1), "{count} figures");
        }
        assert_eq!(trimmed(5), None);
        assert_eq!(trimmed(0), None);
    }

    #[test]
    fn one_disturbed_run_does_not_move_the_interval_far() {
        let calm: Vec<f64> = (0..15).map(|index| 1.0 + f64::from(index) / 1000.0).collect();
        let mut disturbed = calm.clone();
        disturbed[3] = 40.0;
        let (calm, disturbed) = (interval(&calm).expect("15"), interval(&disturbed).expect("15"));
        assert!(calm.low <= calm.middle && calm.middle <= calm.high);
        assert!((calm.high - disturbed.high).abs() < 0.002, "{calm:?} {disturbed:?}");
    }

    #[test]
    fn five_pairs_say_nothing_for_certain() {
        assert_eq!(interval(&[1.0, 1.0, 1.0, 1.0, 1.0]), None);
        assert_eq!(interval(&[2.0; 6]), Some(Interval { low: 2.0, middle: 2.0, high: 2.0 }));
    }
}
