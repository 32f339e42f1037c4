//! A list of a few things, for what an `alt!` gathers anew each time: without an allocation, and cheap to make and to fill.

use std::mem::MaybeUninit;

/// How many find room in place.
const IN_PLACE: usize = 8;

/// Up to [`IN_PLACE`] stand in place; if there are more, all are in `many`.
pub(super) struct Few<T> {
    count: usize,
    few: [MaybeUninit<T>; IN_PLACE],
    many: Vec<T>,
}

impl<T> Few<T> {
    #[inline(always)]
    pub(super) fn new() -> Self {
        Self { count: 0, few: [const { MaybeUninit::uninit() }; IN_PLACE], many: Vec::new() }
    }

    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// The place is found first, so that the value is made there.
    #[inline(always)]
    pub(super) fn push(&mut self, value: T) {
        let place = match self.few.get_mut(self.count) {
            Some(place) => place.as_mut_ptr(),
            None => self.one_of_many(),
        };
        // SAFETY: the place has room for a value, and holds none.
        unsafe { place.write(value) };
        self.count += 1;
    }

    /// A place behind all others, in `many`, which takes it for a value from here on.
    #[cold]
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

    /// The one at `index`; the others are dropped.
    #[inline(always)]
    pub(super) fn into_one(mut self, index: usize) -> T {
        assert!(index < self.count, "there is no such thing");
        if self.count > IN_PLACE {
            return self.many.swap_remove(index);
        }
        self.count -= 1;
        self.few.swap(index, self.count);
        // SAFETY: it was written, and is counted no more.
        unsafe { self.few[self.count].assume_init_read() }
    }
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
                list.push((number, one.clone()));
            }
            assert_eq!(list.len(), count);
            assert!(list.as_slice().iter().map(|(number, _)| *number).eq(0..count));
            if count > 0 {
                assert_eq!(list.into_one(count / 2).0, count / 2);
            } else {
                drop(list);
            }
            assert_eq!(Rc::strong_count(&one), 1);
        }
    }

    #[test]
    #[should_panic(expected = "no such thing")]
    fn what_is_not_there_is_not_given() {
        let mut list = Few::new();
        list.push(0);
        list.into_one(3);
    }
}
