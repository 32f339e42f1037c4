//! Vectors, arrays, maps and sets. Plain elements are copied all at once.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::hash::{BuildHasher, Hash};
use std::mem::{ManuallyDrop, MaybeUninit};

use super::{Decoder, Encoder, Malformed, Message, Piece, sequence};
use crate::process::Visitor;

impl<T: Message> Message for Vec<T> {
    #[inline]
    fn __encoded_len(&self) -> usize {
        sequence::len_of(self.iter())
    }

    #[inline]
    fn __encode(self, out: &mut Encoder<'_>) {
        if sequence::at_once::<T>() {
            out.count(self.len());
            out.plains(&self);
        } else {
            sequence::encode(self.into_iter(), out, T::__encode);
        }
    }

    #[inline]
    fn __decode(input: &mut Decoder<'_>) -> Result<Self, Malformed> {
        if sequence::at_once::<T>() {
            return input.plains();
        }
        sequence::decode::<_, T>(input, Vec::with_capacity, |values, input| {
            values.push(T::__decode(input)?);
            Ok(())
        })
    }

    const VIEWED: bool = sequence::at_once::<T>();

    unsafe fn __view(input: &mut Decoder<'_>) -> Option<ManuallyDrop<Self>> {
        let (first, count) = input.plains_in_place::<T>()?;
        // SAFETY: so many values lie there, aligned. That they are no allocation of a vector's could only be seen by whoever grows or drops it, and
        // nobody does: a reference is all that is ever made of it.
        Some(ManuallyDrop::new(unsafe { Vec::from_raw_parts(first, count, count) }))
    }

    #[inline]
    fn __piece(&self) -> Option<Piece> {
        let piece = || Piece { first: self.as_ptr().cast(), bytes: size_of_val(self.as_slice()), elements: self.len() };
        sequence::at_once::<T>().then(piece)
    }

    #[inline]
    fn __of_piece(elements: usize, copy: &mut dyn FnMut(*mut u8, usize) -> bool) -> Option<Self> {
        if !sequence::at_once::<T>() {
            return None;
        }
        let bytes = elements.checked_mul(size_of::<T>())?;
        let mut values = Self::with_capacity(elements);
        if !copy(values.as_mut_ptr().cast(), bytes) {
            return None;
        }
        // SAFETY: so many have been written: of plain ones, every pattern of bytes is one.
        unsafe { values.set_len(elements) };
        Some(values)
    }

    #[inline]
    fn __each_end(&self, visitor: &mut Visitor<'_>) {
        if !T::PLAIN {
            self.iter().for_each(|value| value.__each_end(visitor));
        }
    }
}

impl<T: Message> Message for Box<[T]> {
    #[inline]
    fn __encoded_len(&self) -> usize {
        sequence::len_of(self.iter())
    }

    #[inline]
    fn __encode(self, out: &mut Encoder<'_>) {
        self.into_vec().__encode(out);
    }

    #[inline]
    fn __decode(input: &mut Decoder<'_>) -> Result<Self, Malformed> {
        Vec::__decode(input).map(Vec::into_boxed_slice)
    }

    const VIEWED: bool = sequence::at_once::<T>();

    unsafe fn __view(input: &mut Decoder<'_>) -> Option<ManuallyDrop<Self>> {
        let (first, count) = input.plains_in_place::<T>()?;
        // SAFETY: as for a vector.
        Some(ManuallyDrop::new(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(first, count)) }))
    }

    #[inline]
    fn __each_end(&self, visitor: &mut Visitor<'_>) {
        if !T::PLAIN {
            self.iter().for_each(|value| value.__each_end(visitor));
        }
    }
}

/// As a vector.
impl<T: Message> Message for VecDeque<T> {
    #[inline]
    fn __encoded_len(&self) -> usize {
        sequence::len_of(self.iter())
    }

    #[inline]
    fn __encode(self, out: &mut Encoder<'_>) {
        if sequence::at_once::<T>() {
            out.count(self.len());
            let (first, second) = self.as_slices();
            out.plains(first);
            out.plains(second);
        } else {
            sequence::encode(self.into_iter(), out, T::__encode);
        }
    }

    #[inline]
    fn __decode(input: &mut Decoder<'_>) -> Result<Self, Malformed> {
        Vec::__decode(input).map(VecDeque::from)
    }

    #[inline]
    fn __each_end(&self, visitor: &mut Visitor<'_>) {
        if !T::PLAIN {
            self.iter().for_each(|value| value.__each_end(visitor));
        }
    }
}

impl<T: Message> Message for LinkedList<T> {
    fn __encoded_len(&self) -> usize {
        sequence::len_of(self.iter())
    }

    fn __encode(self, out: &mut Encoder<'_>) {
        sequence::encode(self.into_iter(), out, T::__encode);
    }

    fn __decode(input: &mut Decoder<'_>) -> Result<Self, Malformed> {
        sequence::decode::<_, T>(
            input,
            |_| LinkedList::new(),
            |values, input| {
                values.push_back(T::__decode(input)?);
                Ok(())
            },
        )
    }

    #[inline]
    fn __each_end(&self, visitor: &mut Visitor<'_>) {
        if !T::PLAIN {
            self.iter().for_each(|value| value.__each_end(visitor));
        }
    }
}

/// Arrives as a heap of the same elements; the order of equal ones may change.
impl<T: Message + Ord> Message for BinaryHeap<T> {
    fn __encoded_len(&self) -> usize {
        sequence::len_of(self.iter())
    }

    fn __encode(self, out: &mut Encoder<'_>) {
        sequence::encode(self.into_iter(), out, T::__encode);
    }

    fn __decode(input: &mut Decoder<'_>) -> Result<Self, Malformed> {
        let values = sequence::decode::<_, T>(input, Vec::with_capacity, |values, input| {
            values.push(T::__decode(input)?);
            Ok(())
        });
        values.map(BinaryHeap::from)
    }

    #[inline]
    fn __each_end(&self, visitor: &mut Visitor<'_>) {
        if !T::PLAIN {
            self.iter().for_each(|value| value.__each_end(visitor));
        }
    }
}

macro_rules! sets {
    ($($set:ident<T: $($bound:ident)+ $(, $hasher:ident: $($hasher_bound:path),+)?>: $start:expr;)*) => {
        $(impl<T: Message $(+ $bound)+ $(, $hasher: BuildHasher $(+ $hasher_bound)+ + 'static)?> Message for $set<T $(, $hasher)?> {
            fn __encoded_len(&self) -> usize {
                sequence::len_of(self.iter())
            }

            fn __encode(self, out: &mut Encoder<'_>) {
                sequence::encode(self.into_iter(), out, T::__encode);
            }

            fn __decode(input: &mut Decoder<'_>) -> Result<Self, Malformed> {
                sequence::decode::<_, T>(input, $start, |values: &mut Self, input| {
                    values.insert(T::__decode(input)?);
                    Ok(())
                })
            }

            fn __each_end(&self, visitor: &mut Visitor<'_>) {
                if !T::PLAIN {
                    self.iter().for_each(|value| value.__each_end(visitor));
                }
            }
        })*
    };
}

sets! {
    BTreeSet<T: Ord>: |_| BTreeSet::new();
    HashSet<T: Eq Hash, S: Default, Send>: |count| HashSet::with_capacity_and_hasher(count, S::default());
}

macro_rules! maps {
    ($($map:ident<K: $($bound:ident)+ $(, $hasher:ident: $($hasher_bound:path),+)?>: $start:expr;)*) => {
        $(impl<K: Message $(+ $bound)+, V: Message $(, $hasher: BuildHasher $(+ $hasher_bound)+ + 'static)?> Message for $map<K, V $(, $hasher)?> {
            fn __encoded_len(&self) -> usize {
                sequence::len_of_entries(self.iter())
            }

            fn __encode(self, out: &mut Encoder<'_>) {
                sequence::encode(self.into_iter(), out, |(key, value), out| {
                    key.__encode(out);
                    value.__encode(out);
                });
            }

            fn __decode(input: &mut Decoder<'_>) -> Result<Self, Malformed> {
                sequence::decode::<_, (K, V)>(input, $start, |values: &mut Self, input| {
                    values.insert(K::__decode(input)?, V::__decode(input)?);
                    Ok(())
                })
            }

            fn __each_end(&self, visitor: &mut Visitor<'_>) {
                if !(K::PLAIN && V::PLAIN) {
                    self.iter().for_each(|(key, value)| {
                        key.__each_end(visitor);
                        value.__each_end(visitor);
                    });
                }
            }
        })*
    };
}

maps! {
    BTreeMap<K: Ord>: |_| BTreeMap::new();
    HashMap<K: Eq Hash, S: Default, Send>: |count| HashMap::with_capacity_and_hasher(count, S::default());
}

/// An array has no length to be written.
impl<T: Message, const N: usize> Message for [T; N] {
    const PLAIN: bool = T::PLAIN || N == 0;

    #[inline]
    fn __encoded_len(&self) -> usize {
        if Self::PLAIN { size_of::<Self>() } else { self.iter().map(T::__encoded_len).sum() }
    }

    #[inline]
    fn __encode(self, out: &mut Encoder<'_>) {
        if Self::PLAIN {
            out.plain(self);
        } else {
            self.into_iter().for_each(|value| value.__encode(out));
        }
    }

    #[inline]
    fn __decode(input: &mut Decoder<'_>) -> Result<Self, Malformed> {
        if Self::PLAIN {
            return input.plain();
        }
        let mut values = Partial::<T, N> { values: [const { MaybeUninit::uninit() }; N], count: 0 };
        while values.count < N {
            values.values[values.count].write(T::__decode(input)?);
            values.count += 1;
        }
        let values = ManuallyDrop::new(values);
        let place = std::ptr::from_ref(&values.values).cast::<[T; N]>();
        // SAFETY: all of them have been written, and are not dropped here.
        Ok(unsafe { place.read() })
    }

    #[inline]
    fn __each_end(&self, visitor: &mut Visitor<'_>) {
        if !T::PLAIN {
            self.iter().for_each(|value| value.__each_end(visitor));
        }
    }
}

/// An array whose first elements are there: dropped if the next one is malformed.
struct Partial<T, const N: usize> {
    values: [MaybeUninit<T>; N],
    count: usize,
}

impl<T, const N: usize> Drop for Partial<T, N> {
    fn drop(&mut self) {
        for value in &mut self.values[..self.count] {
            // SAFETY: the first `count` have been written.
            unsafe { value.assume_init_drop() };
        }
    }
}

/// As what is in it; a plain value goes straight to and from its place, however large it is.
impl<T: Message> Message for Box<T> {
    #[inline]
    fn __encoded_len(&self) -> usize {
        (**self).__encoded_len()
    }

    #[inline]
    fn __encode(self, out: &mut Encoder<'_>) {
        if T::PLAIN {
            out.plain_at(&*self);
        } else {
            (*self).__encode(out);
        }
    }

    #[inline]
    fn __decode(input: &mut Decoder<'_>) -> Result<Self, Malformed> {
        if !T::PLAIN {
            return T::__decode(input).map(Box::new);
        }
        let mut place = Box::<T>::new_uninit();
        input.plain_to(&mut place)?;
        // SAFETY: just written: of a plain type, every pattern of bytes is a value.
        Ok(unsafe { place.assume_init() })
    }

    #[inline]
    fn __each_end(&self, visitor: &mut Visitor<'_>) {
        (**self).__each_end(visitor);
    }
}
