//! Who waits to be started, in order. They lie in pieces, so that the memory of those that have started is there
//! for what they need: a million that are launched at once would otherwise leave room for a million behind.

use std::collections::VecDeque;

/// How many lie in a piece.
const PIECE: usize = 256;

pub(super) struct Row<T> {
    /// The first piece: empty only if all are.
    first: VecDeque<T>,
    /// The pieces behind it, of which none is empty, and only the last one may have room.
    rest: VecDeque<VecDeque<T>>,
    len: usize,
}

impl<T> Row<T> {
    pub(super) fn new() -> Self {
        Self { first: piece(), rest: VecDeque::new(), len: 0 }
    }

    #[inline]
    pub(super) fn push(&mut self, one: T) {
        self.len += 1;
        if self.rest.is_empty() && self.first.len() < PIECE {
            self.first.push_back(one);
        } else {
            self.push_behind(one);
        }
    }

    #[inline(never)]
    fn push_behind(&mut self, one: T) {
        match self.rest.back_mut().filter(|last| last.len() < PIECE) {
            Some(last) => last.push_back(one),
            None => {
                let mut last = piece();
                last.push_back(one);
                self.rest.push_back(last);
            }
        }
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Option<T> {
        let one = self.first.pop_front()?;
        self.len -= 1;
        if self.first.is_empty() && self.len > 0 {
            self.go_on();
        }
        Some(one)
    }

    /// The next piece is the first.
    #[cold]
    fn go_on(&mut self) {
        self.first = self.rest.pop_front().unwrap_or_default();
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }
}

fn piece<T>() -> VecDeque<T> {
    VecDeque::with_capacity(PIECE)
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
