//! The sizes of small blocks, in units: every one to 8, then four for each doubling, so that a third at most is waste.

/// How many sizes there are.
pub(super) const CLASSES: usize = 32;

/// The greatest of them.
pub(super) const LARGEST_CLASS: usize = 512;

/// The smallest class that holds so many units, of 1 to [`LARGEST_CLASS`].
#[inline]
pub(super) fn class_of(units: usize) -> usize {
    let last = units - 1;
    if last < 8 {
        return last;
    }
    let log = last.ilog2() as usize;
    8 + (log - 3) * 4 + ((last >> (log - 2)) & 3)
}

/// How many units a block of the class has.
#[inline]
pub(super) const fn units_of(class: usize) -> usize {
    if class < 8 {
        return class + 1;
    }
    let step = class - 8;
    (5 + step % 4) << (step / 4 + 1)
}

/// How large the slabs of a class are.
#[derive(Clone, Copy, Debug)]
pub(super) struct SlabShape {
    pub(super) granules: usize,
    pub(super) blocks: usize,
}

/// The slabs for granules of so many units: the smallest that hold four blocks and waste at most a sixteenth at the end.
pub(super) fn shapes(granule: usize) -> [SlabShape; CLASSES] {
    std::array::from_fn(|class| {
        let units = units_of(class);
        let fits = |granules: &usize| {
            let (blocks, rest) = (granules * granule / units, granules * granule % units);
            blocks >= 4 && rest * 16 <= granules * granule
        };
        let granules = (1..).find(fits).expect("a multiple of the size fits without rest");
        SlabShape { granules, blocks: granules * granule / units }
    })
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn every_size_has_the_smallest_class_that_holds_it() {
        for units in 1..=LARGEST_CLASS {
            let class = class_of(units);
            assert!(units_of(class) >= units, "{units}");
            assert!(class == 0 || units_of(class - 1) < units, "{units}");
            let waste = units_of(class) - units;
            assert!(waste * 4 <= units_of(class), "{units} units leave {waste} unused");
        }
        assert_eq!((class_of(LARGEST_CLASS), units_of(CLASSES - 1)), (CLASSES - 1, LARGEST_CLASS));
    }

    #[test]
    fn slabs_hold_four_blocks_and_stay_small() {
        for granule in [64, 256, 1024, 16 << 10] {
            for (class, shape) in shapes(granule).into_iter().enumerate() {
                assert!(shape.blocks >= 4 && shape.blocks * units_of(class) <= shape.granules * granule);
                assert!(shape.granules * granule <= granule.max(8 * LARGEST_CLASS), "{class} {shape:?}");
            }
        }
    }
}
