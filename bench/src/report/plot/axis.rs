//! An axis: what it says, how it is scaled, and where its marks stand.

/// How an axis is scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    /// From 0.
    Linear,
    /// From 0, by whole numbers.
    Whole,
    /// With marks at powers of 2.
    Doubling,
    /// With marks at powers of 10.
    Decades,
}

/// One axis of a plot.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    pub(crate) label: String,
    pub(crate) scale: Scale,
}

impl Axis {
    pub(crate) fn new(label: impl Into<String>, scale: Scale) -> Self {
        Self { label: label.into(), scale }
    }

    /// What plotters is to map: logarithms are ours, so that one kind of coordinates serves all.
    pub(super) fn place(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear | Scale::Whole => value,
            Scale::Doubling | Scale::Decades => value.max(f64::MIN_POSITIVE).log10(),
        }
    }

    /// From where to where, in places, for values between `least` and `greatest`.
    pub(super) fn range(&self, least: f64, greatest: f64) -> (f64, f64) {
        if !least.is_finite() || !greatest.is_finite() {
            return (0.0, 1.0);
        }
        if matches!(self.scale, Scale::Linear | Scale::Whole) {
            return (0.0, greatest.max(f64::MIN_POSITIVE) * 1.06);
        }
        let (low, high) = (self.place(least), self.place(greatest));
        let room = ((high - low) * 0.05).max(0.06);
        (low - room, high + room)
    }

    /// The values at which marks stand between two places, about `wanted` of them.
    pub(super) fn marks(&self, (low, high): (f64, f64), wanted: usize) -> Vec<f64> {
        match self.scale {
            Scale::Linear | Scale::Whole => {
                let least = if self.scale == Scale::Whole { 1.0 } else { 0.0 };
                let step = round_step((high - low) / wanted as f64).max(least);
                let count = (high / step).floor() as usize;
                (0..=count).map(|index| index as f64 * step).collect()
            }
            Scale::Doubling => {
                let doubling = 2.0_f64.log10();
                let (first, last) = ((low / doubling).ceil() as i32, (high / doubling).floor() as i32);
                let step = usize::try_from(last - first).unwrap_or(0) / wanted + 1;
                (first..=last).step_by(step).map(|power| 2.0_f64.powi(power)).collect()
            }
            Scale::Decades => {
                let decades = low.floor() as i32..=high.ceil() as i32;
                let factors: &[f64] = match high - low {
                    span if span > 2.5 => &[1.0],
                    span if span > 1.2 => &[1.0, 3.0],
                    _ => &[1.0, 1.5, 2.0, 3.0, 5.0, 7.0],
                };
                let step = if high - low > 8.0 { 2 } else { 1 };
                decades
                    .step_by(step)
                    .flat_map(|power| factors.iter().map(move |factor| factor * 10.0_f64.powi(power)))
                    .filter(|value| (low..=high).contains(&value.log10()))
                    .collect()
            }
        }
    }
}

/// `step`, made 1, 2 or 5 times a power of ten.
fn round_step(step: f64) -> f64 {
    let power = 10.0_f64.powf(step.log10().floor());
    [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|round| *round >= step).unwrap_or(step)
}

/// A mark's text, short.
pub(super) fn text(value: f64) -> String {
    let short = |value: f64, unit: &str| {
        let digits = format!("{value:.1}");
        format!("{}{unit}", digits.trim_end_matches(".0"))
    };
    match value.abs() {
        size if size >= 1e9 => short(value / 1e9, "G"),
        size if size >= 1e6 => short(value / 1e6, "M"),
        size if size >= 1e4 => short(value / 1e3, "k"),
        size if size >= 10.0 || size == 0.0 => short(value, ""),
        _ => {
            let digits = format!("{value:.3}");
            digits.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_and_within() {
        let linear = Axis::new("w", Scale::Linear);
        assert_eq!(linear.marks((0.0, 8.4), 6), [0.0, 2.0, 4.0, 6.0, 8.0]);
        assert_eq!(Axis::new("w", Scale::Whole).marks((0.0, 2.1), 9), [0.0, 1.0, 2.0]);
        let doubling = Axis::new("N", Scale::Doubling);
        assert_eq!(doubling.marks(doubling.range(2.0, 64.0), 10), [2.0, 4.0, 8.0, 16.0, 32.0, 64.0]);
        let decades = Axis::new("ns", Scale::Decades);
        assert_eq!(decades.marks(decades.range(2.0, 20_000.0), 5), [10.0, 100.0, 1000.0, 10_000.0]);
        assert!(decades.marks(decades.range(4.0, 4.2), 5).len() <= 2);
    }

    #[test]
    fn marks_are_short() {
        assert_eq!([0.0, 0.25, 8.0, 1000.0, 262_144.0, 1e6].map(text), ["0", "0.25", "8", "1000", "262.1k", "1M"]);
    }
}
