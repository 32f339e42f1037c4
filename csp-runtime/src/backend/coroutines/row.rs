//! Who waits to be started, in order. They lie in pieces, so that the memory of those that have started is there
//! for what they need: a million that are launched at once would otherwise leave room for a million behind.

use std::collections::VecDeque;

/// How many lie in a piece.
const PIECE: usize = 256;

pub(super) struct Row<T> {
    /// The first piece, of which so many have been taken: never all, unless it is empty.
    first: Vec<Option<T>>,
    taken: usize,
    /// The pieces behind it, of which none is empty, and only the last one may have room.
    rest: VecDeque<Vec<Option<T>>>,
}

impl<T> Row<T> {
    pub(super) fn new() -> Self {
        Self { first: Vec::with_capacity(PIECE), taken: 0, rest: VecDeque::new() }
    }

    #[inline]
    pub(super) fn push(&mut self, one: T) {
        if self.rest.is_empty() && self.first.len() < PIECE {
            self.first.push(Some(one));
        } else {
            self.push_behind(one);
        }
    }

    #[inline(never)]
    fn push_behind(&mut self, one: T) {
        match self.rest.back_mut().filter(|last| last.len() < PIECE) {
            Some(last) => last.push(Some(one)),
            None => {
                let mut piece = Vec::with_capacity(PIECE);
                piece.push(Some(one));
                self.rest.push_back(piece);
            }
        }
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Option<T> {
        let one = self.first.get_mut(self.taken)?.take();
        self.taken += 1;
        if self.taken == self.first.len() {
            self.taken = 0;
            if self.rest.is_empty() { self.first.clear() } else { self.go_on() }
        }
        one
    }

    /// The next piece is the first.
    #[cold]
    fn go_on(&mut self) {
        self.first = self.rest.pop_front().unwrap_or_default();
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        let first = self.first.len() - self.taken;
        // All but the last one are full.
        self.rest.back().map_or(first, |last| first + (self.rest.len() - 1) * PIECE + last.len())
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
