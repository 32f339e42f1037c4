//! Whether paired runs hold what was asked.

use crate::statistics::{Interval, interval};

/// What a ratio has to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Bound {
    /// Closer than 1.3 more pairs are needed.
    pub(super) fn is_close(self) -> bool {
        let (Self::AtLeast(bound) | Self::AtMost(bound)) = self;
        (1.0 / 1.3..=1.3).contains(&bound)
    }

    pub(super) fn text(self) -> String {
        match self {
            Self::AtLeast(bound) => format!("≥ {bound}"),
            Self::AtMost(bound) => format!("≤ {bound}"),
        }
    }
}

/// What the runs say.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    Held(Interval),
    Short(Interval),
    /// The runs differ too much among themselves, or there are too few.
    Undecided(Option<Interval>, String),
}

/// An interval this narrow, greatest by least, decides what can be decided: if it holds the bound, it allows it.
const NARROW: f64 = 1.1;

/// Judges `ratios`, one for each pair of runs.
pub(super) fn judge(ratios: &[f64], bound: Bound) -> Verdict {
    let Some(it) = interval(ratios) else {
        return Verdict::Undecided(None, format!("only {} pairs", ratios.len()));
    };
    let (within, beyond) = match bound {
        Bound::AtLeast(least) => (it.low >= least, it.high < least),
        Bound::AtMost(most) => (it.high <= most, it.low > most),
    };
    if within || (!beyond && it.high <= it.low * NARROW) {
        Verdict::Held(it)
    } else if beyond {
        Verdict::Short(it)
    } else {
        Verdict::Undecided(Some(it), "the runs differ too much".into())
    }
}

/// The program's exit code: 1 where one fell short or more than a tenth is undecided, 2 where fewer are, else 0.
pub(super) fn exit_code(verdicts: &[Verdict]) -> u8 {
    let count = |matches: fn(&Verdict) -> bool| verdicts.iter().filter(|verdict| matches(verdict)).count();
    let undecided = count(|verdict| matches!(verdict, Verdict::Undecided(..)));
    if count(|verdict| matches!(verdict, Verdict::Short(_))) > 0 || undecided * 10 > verdicts.len() {
        1
    } else if undecided > 0 {
        2
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(middle: f64, spread: f64) -> Vec<f64> {
        (0..15).map(|index| middle * (1.0 + spread * (f64::from(index) - 7.0) / 7.0)).collect()
    }

    #[test]
    fn a_ratio_holds_if_the_interval_allows_it() {
        let held = |ratios: &[f64], bound| matches!(judge(ratios, bound), Verdict::Held(_));
        let short = |ratios: &[f64], bound| matches!(judge(ratios, bound), Verdict::Short(_));
        assert!(held(&around(2.0, 0.2), Bound::AtLeast(1.3)));
        assert!(short(&around(1.0, 0.1), Bound::AtLeast(1.3)));
        assert!(held(&around(4.0, 0.1), Bound::AtMost(5.3)));
        assert!(short(&around(6.0, 0.05), Bound::AtMost(5.3)));
        assert!(held(&around(0.99, 0.03), Bound::AtLeast(1.0)), "narrow, and 1 lies within");
        assert!(held(&around(1.03, 0.02), Bound::AtMost(1.03)));
        assert!(short(&around(0.96, 0.02), Bound::AtLeast(1.0)), "narrow, and 1 lies beyond");
    }

    #[test]
    fn wide_intervals_and_few_pairs_decide_nothing() {
        assert!(matches!(judge(&around(1.0, 0.5), Bound::AtLeast(1.0)), Verdict::Undecided(Some(_), _)));
        assert!(matches!(judge(&[9.0; 5], Bound::AtLeast(1.0)), Verdict::Undecided(None, _)));
    }

    #[test]
    fn the_exit_code_tells_short_from_undecided() {
        let held = judge(&[2.0; 6], Bound::AtLeast(1.0));
        let short = judge(&[0.5; 6], Bound::AtLeast(1.0));
        let undecided = judge(&[], Bound::AtLeast(1.0));
        let mostly = |other: &Verdict, others: usize, all: usize| {
            let mut verdicts = vec![held.clone(); all - others];
            verdicts.extend(vec![other.clone(); others]);
            exit_code(&verdicts)
        };
        assert_eq!(mostly(&held, 0, 20), 0);
        assert_eq!(mostly(&short, 1, 20), 1);
        assert_eq!(mostly(&undecided, 2, 20), 2, "a tenth");
        assert_eq!(mostly(&undecided, 3, 20), 1, "more than a tenth");
    }

    #[test]
    fn close_bounds_need_more_pairs() {
        assert!(Bound::AtLeast(1.0).is_close() && Bound::AtMost(1.03).is_close() && Bound::AtLeast(1.3).is_close());
        assert!(!Bound::AtLeast(2.0).is_close() && !Bound::AtMost(5.3).is_close() && !Bound::AtMost(0.5).is_close());
    }
}
