//! A list of a few things, for what an `alt!` gathers anew each time: without an allocation, and cheap to make and to fill.

use std::mem::MaybeUninit;

/// How many find room in place.
const IN_PLACE: usize = 8;

/// Up to [`IN_PLACE`] stand in place; if there are more, all are in `many`.
pub(super) struct Few<T> {
    few: [MaybeUninit<T>; IN_PLACE],
    many: Vec<T>,
    count: usize,
}

impl<T> Few<T> {
    #[inline(always)]
    pub(super) fn new() -> Self {
        Self { few: [const { MaybeUninit::uninit() }; IN_PLACE], many: Vec::new(), count: 0 }
    }

    /// Adds one to those that there are, of which the caller keeps the number in a variable of its own: in a register, where
    /// `self.count` is in memory, and would hold up each place until the last one's count is written. Here it is only checked.
    ///
    /// # Panics
    /// If there are not `count`.
    #[inline(always)]
    pub(super) fn push(&mut self, count: usize, value: T) {
        if count != self.count {
            miscounted();
        }
        // The place is found first, so that the value is made there.
        let place = match self.few.get_mut(count) {
            Some(place) => place.as_mut_ptr(),
            None => self.one_of_many(),
        };
        // SAFETY: the place has room for a value, and holds none.
        unsafe { place.write(value) };
        self.count = count + 1;
    }

    /// A place behind all others, in `many`, which takes it for a value from here on.
    #[cold]
    #[inline(never)]
    fn one_of_many(&mut self) -> *mut T {
        if self.count == IN_PLACE {
            // SAFETY: all were written; from here on they are in `many`.
            self.many.extend(self.few.iter().map(|place| unsafe { place.assume_init_read() }));
        }
        self.many.reserve(1);
        let place = self.many.spare_capacity_mut()[0].as_mut_ptr();
        // SAFETY: reserved just now, and the caller writes it before anything else.
        unsafe { self.many.set_len(self.count + 1) };
        place
    }

    #[inline(always)]
    pub(super) fn as_slice(&self) -> &[T] {
        if self.count > IN_PLACE {
            return &self.many;
        }
        // SAFETY: so many were written.
        unsafe { std::slice::from_raw_parts(self.few.as_ptr().cast(), self.count) }
    }

    /// The one at `index`, taken out. Another one takes its place.
    #[inline(always)]
    pub(super) fn take(&mut self, index: usize) -> T {
        assert!(index < self.count, "there is no such thing");
        if self.count > IN_PLACE {
            return self.take_of_many(index);
        }
        self.count -= 1;
        if std::mem::needs_drop::<T>() {
            self.few.swap(index, self.count);
            // SAFETY: it was written, and is counted no more.
            return unsafe { self.few[self.count].assume_init_read() };
        }
        // SAFETY: it was written. That it still stands there, and another one is counted no more, harms nobody: none needs a drop.
        unsafe { self.few[index].assume_init_read() }
    }

    /// [`take`](Self::take), while more than `IN_PLACE` are left.
    #[cold]
    fn take_of_many(&mut self, index: usize) -> T {
        self.many.swap_remove(index)
    }
}

#[cold]
fn miscounted() -> ! {
    panic!("the number is another list's");
}

impl<T> Drop for Few<T> {
    #[inline(always)]
    fn drop(&mut self) {
        if std::mem::needs_drop::<T>() && self.count <= IN_PLACE {
            for place in &mut self.few[..self.count] {
                // SAFETY: it was written, and is dropped once.
                unsafe { place.assume_init_drop() };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    #[test]
    fn all_are_kept_in_order_and_dropped_once() {
        for count in [0, 1, IN_PLACE, IN_PLACE + 1, 40] {
            let one = Rc::new(());
            let mut list = Few::new();
            for number in 0..count {
                list.push(number, (number, one.clone()));
            }
            assert!(list.as_slice().iter().map(|(number, _)| *number).eq(0..count));
            if count > 0 {
                let (number, taken) = list.take(count / 2);
                assert_eq!((number, Rc::strong_count(&taken)), (count / 2, count + 1));
            }
            drop(list);
            assert_eq!(Rc::strong_count(&one), 1);
        }
    }

    #[test]
    #[should_panic(expected = "no such thing")]
    fn what_is_not_there_is_not_given() {
        let mut list = Few::new();
        list.push(0, 0);
        list.take(3);
    }

    #[test]
    #[should_panic(expected = "another list's")]
    fn nothing_is_put_where_it_does_not_belong() {
        Few::new().push(1, 0);
    }
}
