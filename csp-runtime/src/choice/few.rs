//! A list of a few things, for what an `alt!` gathers anew each time: without an allocation, and cheap to make and to fill.

use std::mem::MaybeUninit;

/// Up to `N` stand in place; if there are more, all are in `many`. Those in place are forgotten with it unless it is cleared: a list that dropped them
/// might not borrow from what is gone before it, as the end of a guard may be.
pub(super) struct Few<T, const N: usize> {
    few: [MaybeUninit<T>; N],
    many: Many<T>,
    count: usize,
}

/// Small, as there are hardly ever any.
#[allow(clippy::box_collection, reason = "a vector is three words")]
type Many<T> = Option<Box<Vec<T>>>;

impl<T, const N: usize> Few<T, N> {
    #[inline(always)]
    pub(super) fn new() -> Self {
        Self { few: [const { MaybeUninit::uninit() }; N], many: None, count: 0 }
    }

    /// To add some.
    #[inline(always)]
    pub(super) fn fill(&mut self) -> Filling<'_, T> {
        Filling { count: self.count, few: &mut self.few, many: &mut self.many, kept: &mut self.count }
    }

    /// The one at `index`, taken out. Another one takes its place; of those that need no drop, none is there any more.
    #[inline(always)]
    pub(super) fn take(&mut self, index: usize) -> T {
        assert!(index < self.count, "there is no such thing");
        if self.count > N {
            return self.take_of_many(index);
        }
        if std::mem::needs_drop::<T>() {
            self.count -= 1;
            self.few.swap(index, self.count);
            // SAFETY: it was written, and is counted no more.
            return unsafe { self.few[self.count].assume_init_read() };
        }
        // None needs a drop: all are forgotten, so that this one cannot be taken again.
        self.count = 0;
        // SAFETY: it was written, and is counted no more.
        unsafe { self.few[index].assume_init_read() }
    }

    /// Drops all.
    #[inline(always)]
    pub(super) fn clear(&mut self) {
        let count = std::mem::take(&mut self.count);
        if std::mem::needs_drop::<T>() && self.many.take().is_none() {
            for place in &mut self.few[..count] {
                // SAFETY: it was written, and is counted no more.
                unsafe { place.assume_init_drop() };
            }
        }
    }

    /// [`take`](Self::take), where there are many. (Those that are left stay there, however few they are.)
    #[cold]
    fn take_of_many(&mut self, index: usize) -> T {
        self.many.as_mut().expect("they are there").swap_remove(index)
    }
}

/// A list that is being filled. It counts for itself, so that the number stays in a register: where that is in memory, each place waits until
/// the count of the one before it is written.
pub(super) struct Filling<'f, T> {
    few: &'f mut [MaybeUninit<T>],
    many: &'f mut Many<T>,
    count: usize,
    /// The list's own count.
    kept: &'f mut usize,
}

impl<T> Filling<'_, T> {
    /// How many there are.
    #[inline(always)]
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// All that there are by now.
    #[inline(always)]
    pub(super) fn list(&self) -> &[T] {
        if self.count > self.few.len() {
            return self.many.as_deref().map_or(&[], Vec::as_slice);
        }
        // SAFETY: so many were written.
        unsafe { std::slice::from_raw_parts(self.few.as_ptr().cast(), self.count) }
    }

    /// The list learns how many there are. Until then it believes to hold fewer, or, once they are in `many`, those there.
    #[inline(always)]
    pub(super) fn keep(&mut self) {
        *self.kept = self.count;
    }

    #[inline(always)]
    pub(super) fn push(&mut self, value: T) {
        // The place is found first, so that the value is made there.
        let place = match self.few.get_mut(self.count) {
            Some(place) => place.as_mut_ptr(),
            None => one_of_many(self.few, self.many, self.kept),
        };
        // SAFETY: the place has room for a value, and holds none.
        unsafe { place.write(value) };
        self.count += 1;
    }
}

/// A place behind all others, in `many`, which takes it for a value from here on. `few` were all written.
#[cold]
#[inline(never)]
fn one_of_many<T>(few: &[MaybeUninit<T>], many: &mut Many<T>, kept: &mut usize) -> *mut T {
    let many = many.get_or_insert_with(|| {
        // SAFETY: all were written; from here on they are in `many`.
        Box::new(few.iter().map(|place| unsafe { place.assume_init_read() }).collect())
    });
    many.reserve(1);
    let place = many.spare_capacity_mut()[0].as_mut_ptr();
    // SAFETY: reserved just now, and the caller writes it before anything else.
    unsafe { many.set_len(many.len() + 1) };
    // More than find room in place, even if some were taken: by that the list knows where they are.
    *kept = many.len().max(few.len() + 1);
    place
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    const N: usize = 4;

    #[test]
    fn all_are_kept_in_order_and_dropped_once() {
        for count in [0, 1, N, N + 1, 40] {
            let one = Rc::new(());
            let mut list = Few::<_, N>::new();
            // In two goes.
            for numbers in [0..count / 2, count / 2..count] {
                let mut filling = list.fill();
                for number in numbers {
                    assert_eq!(filling.count(), number);
                    filling.push((number, one.clone()));
                }
                filling.keep();
            }
            assert!(list.fill().list().iter().map(|(number, _)| *number).eq(0..count));
            if count > 0 {
                let (number, taken) = list.take(count / 2);
                assert_eq!((number, Rc::strong_count(&taken)), (count / 2, count + 1));
            }
            list.clear();
            assert_eq!(Rc::strong_count(&one), 1);
        }
    }

    #[test]
    fn all_can_be_taken() {
        for count in [N, N + 2] {
            let mut list = Few::<_, N>::new();
            let mut filling = list.fill();
            (0..count).for_each(|number| filling.push(Rc::new(number)));
            filling.keep();
            let taken: Vec<_> = (0..count).map(|_| *list.take(0)).collect();
            assert_eq!(taken.iter().sum::<usize>(), (0..count).sum());
        }
    }

    #[test]
    fn a_list_whose_filling_is_not_kept_drops_nothing_twice() {
        for (first, more) in [(3, 1), (3, 20), (N, 1), (N, 20)] {
            let one = Rc::new(());
            let mut list = Few::<_, N>::new();
            let mut filling = list.fill();
            (0..first).for_each(|_| filling.push(one.clone()));
            filling.keep();
            let mut filling = list.fill();
            (0..more).for_each(|_| filling.push(one.clone()));
            let listed = list.fill().list().len();
            assert_eq!(listed, if first + more > N { first + more } else { first });
            list.clear();
            assert_eq!(Rc::strong_count(&one), 1 + first + more - listed);
        }
    }

    #[test]
    fn what_comes_after_some_of_many_were_taken_is_dropped_once() {
        let one = Rc::new(());
        let mut list = Few::<_, N>::new();
        let mut filling = list.fill();
        (0..=N).for_each(|_| filling.push(one.clone()));
        filling.keep();
        (0..N).for_each(|_| drop(list.take(0)));
        // Not kept, so that the list goes by what it has learnt meanwhile.
        list.fill().push(one.clone());
        drop(list.take(0));
        assert_eq!(Rc::strong_count(&one), 2);
        list.clear();
        assert_eq!(Rc::strong_count(&one), 1);
    }

    #[test]
    #[should_panic(expected = "no such thing")]
    fn what_is_not_there_is_not_given() {
        let mut list = Few::<_, N>::new();
        list.fill().push(0);
        list.take(3);
    }
}
