//! Who waits to be started, in order. They lie in pieces, so that the memory of those that have started is there
//! for what they need: a million that are launched at once would otherwise leave room for a million behind.

use std::collections::VecDeque;

/// How many lie in a piece.
const PIECE: usize = 256;

/// The pieces, of which only the last one may have room, and none is empty but a single one.
pub(super) struct Row<T>(VecDeque<VecDeque<T>>);

impl<T> Row<T> {
    pub(super) fn new() -> Self {
        Self(VecDeque::new())
    }

    pub(super) fn push(&mut self, one: T) {
        match self.0.back_mut().filter(|last| last.len() < PIECE) {
            Some(last) => last.push_back(one),
            None => self.push_piece(one),
        }
    }

    #[cold]
    fn push_piece(&mut self, one: T) {
        let mut piece = VecDeque::with_capacity(PIECE);
        piece.push_back(one);
        self.0.push_back(piece);
    }

    pub(super) fn pop(&mut self) -> Option<T> {
        let first = self.0.front_mut()?;
        let one = first.pop_front();
        if first.is_empty() && self.0.len() > 1 {
            self.0.pop_front();
        }
        one
    }

    pub(super) fn len(&self) -> usize {
        // All but the first and the last one are full.
        match (self.0.front(), self.0.back()) {
            (Some(first), Some(last)) if self.0.len() > 1 => first.len() + (self.0.len() - 2) * PIECE + last.len(),
            (Some(only), _) => only.len(),
            (None, _) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_come_out_in_order_and_are_counted_meanwhile() {
        let (mut row, mut added, mut taken) = (Row::new(), 0, 0);
        // It grows to some pieces, goes on for a while, and empties, twice.
        for (adds, left) in [(5 * PIECE, 2 * PIECE - 1), (10, PIECE), (PIECE, PIECE - 1), (0, 0), (3, 0)] {
            (0..adds).for_each(|number| row.push(added + number));
            added += adds;
            while row.len() > left {
                assert_eq!((row.len(), row.pop()), (added - taken, Some(taken)));
                taken += 1;
            }
        }
        assert_eq!((row.len(), row.pop(), taken), (0, None, added));
    }
}
