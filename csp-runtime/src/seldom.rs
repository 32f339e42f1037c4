//! What is tried each time while that pays, and ever more seldom while it does not.

use std::cell::Cell;

/// So many times in a row it is not tried, at the most.
const MOST: u8 = 128;

/// How often it has paid of late.
pub(crate) struct Seldom {
    /// So many times it is not to be tried.
    without: Cell<u8>,
    /// And so many if the next try does not pay.
    next: Cell<u8>,
}

impl Seldom {
    pub(crate) fn new() -> Self {
        Self { without: Cell::new(0), next: Cell::new(1) }
    }

    /// Whether it is to be tried this time.
    #[inline(always)]
    pub(crate) fn is_to_be_tried(&self) -> bool {
        let less = self.without.get().checked_sub(1);
        if let Some(less) = less {
            self.without.set(less);
        }
        less.is_none()
    }

    /// Whether it has paid.
    #[inline(always)]
    pub(crate) fn has_paid(&self, paid: bool) {
        let next = self.next.get();
        if !paid {
            self.without.set(next);
            self.next.set(next.saturating_mul(2).min(MOST));
        } else if next > 1 {
            self.next.set(1);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// After how many times it is tried again.
    fn pause(seldom: &Seldom) -> usize {
        (0..1000).take_while(|_| !seldom.is_to_be_tried()).count()
    }

    #[test]
    fn it_is_tried_ever_more_seldom_while_it_does_not_pay() {
        let seldom = Seldom::new();
        for expected in [0, 1, 2, 4, 8, 16, 32, 64, 128, 128] {
            assert_eq!(pause(&seldom), expected);
            seldom.has_paid(false);
        }
        assert_eq!(pause(&seldom), 128);
        seldom.has_paid(true);
        assert_eq!(pause(&seldom), 0, "it has paid");
        seldom.has_paid(false);
        assert_eq!(pause(&seldom), 1);
    }
}
