//! Mobile data: plain data that moves over a channel instead of being copied (occam-pi's MOBILE).

use std::alloc::Layout;
use std::any::Any;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use super::region::{NOTE, TicketKind};
use super::sequence::COUNT;
use super::storage::Storage;
use super::{Decoder, Encoder, Malformed, Message};
use crate::process::Visitor;

/// Plain data that a channel *moves*, on every backend: sending a gigabyte costs what sending a number does.
///
/// `Mobile<T>` and `Mobile<[T]>` own their data, as a `Box` does, and are read and written like it. On the way to another OS process a
/// message is usually copied twice; mobile data lies in memory that both can see, and only changes its owner. The sender
/// can no longer reach it, which the compiler sees to.
///
/// *Plain* are numbers, and tuples, arrays and `#[message]` structs of nothing else: what owns nothing, and is a value whatever its
/// bytes are. Anything else is refused when the program is built, where the data is made.
///
/// A copy is never made unasked (there is no `Clone`, so that copies of a process do not copy it along): write
/// `Mobile::from_slice(&data)`, or `Mobile::new(*data)`.
///
/// # Examples
/// ```
/// use csp_runtime::prelude::*;
///
/// #[process]
/// fn brighten(pictures: Receiver<Mobile<[u8]>>, brighter: Sender<Mobile<[u8]>>) {
///     for mut picture in &pictures {
///         picture.iter_mut().for_each(|pixel| *pixel = pixel.saturating_add(50));
///         brighter.send(picture)?; // gone from here
///     }
/// }
///
/// let (pictures_out, pictures_in) = channel();
/// let (brighter_out, brighter_in) = channel();
/// let (_, _, got) = par! {
///     move(pictures_out) { pictures_out.send(Mobile::filled(1 << 20, 100)) },
///     brighten(pictures_in, brighter_out),
///     move(brighter_in) { brighter_in.recv() },
/// };
/// assert!(got.unwrap().iter().all(|pixel| *pixel == 150));
/// ```
pub struct Mobile<T: ?Sized> {
    data: NonNull<T>,
    owns: PhantomData<T>,
}

// SAFETY: it owns its data alone, as a box does.
unsafe impl<T: ?Sized + Send> Send for Mobile<T> {}
// SAFETY: as a box, it lends its data only by its own borrow.
unsafe impl<T: ?Sized + Sync> Sync for Mobile<T> {}

/// Refuses, when the program is built, what is not plain. Asked for where data is made, so that the compiler names that place.
const fn must_be_plain<T: Message>() {
    assert!(
        T::PLAIN,
        "mobile data must be plain: numbers, and tuples, arrays and `#[message]` structs of nothing else"
    );
}

impl<T: Message> Mobile<T> {
    /// The value as mobile data.
    #[must_use]
    pub fn new(value: T) -> Self {
        const { must_be_plain::<T>() };
        let storage = Storage::allocate(Layout::new::<T>(), false);
        // SAFETY: just allocated for a value of this type.
        unsafe { storage.place().cast::<T>().write(value) };
        // SAFETY: the value is there.
        unsafe { Self::of(storage) }
    }

    /// The value, out of its storage.
    #[must_use]
    pub fn into_inner(self) -> T {
        // SAFETY: the value is there; it is plain, so what stays behind in the storage has no destructor.
        unsafe { self.data.read() }
    }

    /// # Safety
    /// The storage is for a `T`, and holds one; it is plain.
    unsafe fn of(storage: Storage) -> Self {
        Self { data: storage.into_place().cast(), owns: PhantomData }
    }
}

impl<T: Message> Mobile<[T]> {
    /// `count` copies of a value. If the value is a number that is 0, the memory comes from the system only as it is used (unless it
    /// is shared with forked processes).
    ///
    /// # Panics
    /// If that is more than there can be memory; or if `clone` does.
    #[must_use]
    pub fn filled(count: usize, value: T) -> Self
    where
        T: Clone,
    {
        const { must_be_plain::<T>() };
        if is_zero(&value) {
            let storage = Storage::allocate(layout::<T>(count), true);
            // SAFETY: so many zeroes are so many values.
            return unsafe { Self::of(storage, count) };
        }
        Self::from_fn(count, |_| value.clone())
    }

    /// `count` values, each made by `make` from its index.
    ///
    /// # Panics
    /// If that is more than there can be memory; or if `make` does.
    #[must_use]
    pub fn from_fn(count: usize, mut make: impl FnMut(usize) -> T) -> Self {
        const { must_be_plain::<T>() };
        let storage = Storage::allocate(layout::<T>(count), false);
        let first = storage.place().cast::<T>();
        for index in 0..count {
            let value = make(index); // if it panics, the storage is freed, and plain values need no more
            // SAFETY: inside the storage, which is for `count` of them.
            let place = unsafe { first.add(index) };
            // SAFETY: there is room for one.
            unsafe { place.write(value) };
        }
        // SAFETY: all are there.
        unsafe { Self::of(storage, count) }
    }

    /// A copy of the values.
    ///
    /// # Panics
    /// If there can be no slice of this length; there is one already.
    #[must_use]
    pub fn from_slice(values: &[T]) -> Self
    where
        T: Copy,
    {
        const { must_be_plain::<T>() };
        let storage = Storage::allocate(layout::<T>(values.len()), false);
        let first = storage.place().cast::<T>();
        // SAFETY: the storage is as long as the slice, and new.
        unsafe { std::ptr::copy_nonoverlapping(values.as_ptr(), first.as_ptr(), values.len()) };
        // SAFETY: all are there.
        unsafe { Self::of(storage, values.len()) }
    }

    /// The values as a vector, copied.
    #[must_use]
    pub fn to_vec(&self) -> Vec<T>
    where
        T: Clone,
    {
        self.as_ref().to_vec()
    }

    /// # Safety
    /// The storage is for `count` values, and holds them; they are plain.
    unsafe fn of(storage: Storage, count: usize) -> Self {
        let first = storage.into_place().cast();
        Self { data: NonNull::slice_from_raw_parts(first, count), owns: PhantomData }
    }
}

fn layout<T>(count: usize) -> Layout {
    match Layout::array::<T>(count) {
        Ok(layout) => layout,
        Err(_) => panic!("there can be no {count} values of {} bytes", size_of::<T>()),
    }
}

/// Whether it is a number of which all bytes are 0.
fn is_zero<T: Any>(value: &T) -> bool {
    fn is<N: Any>(value: &dyn Any, is_zero: fn(&N) -> bool) -> bool {
        value.downcast_ref().is_some_and(is_zero)
    }
    macro_rules! any_of {
        ($($type:ty)*) => { is::<f32>(value, |n| n.to_bits() == 0) || is::<f64>(value, |n| n.to_bits() == 0) $(|| is::<$type>(value, |n| *n == 0))* };
    }
    any_of!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize)
}

impl<T: ?Sized> Mobile<T> {
    fn into_storage(self) -> Storage {
        ManuallyDrop::new(self).storage()
    }

    /// To be used once.
    fn storage(&self) -> Storage {
        let layout = Layout::for_value::<T>(self);
        // SAFETY: it came from `Storage::into_place`, with the layout of what it holds.
        unsafe { Storage::of_place(self.data.cast(), layout) }
    }
}

impl<T: ?Sized> Drop for Mobile<T> {
    fn drop(&mut self) {
        drop(self.storage());
    }
}

impl<T: ?Sized> Deref for Mobile<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the data is there, and ours.
        unsafe { self.data.as_ref() }
    }
}

impl<T: ?Sized> DerefMut for Mobile<T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the data is there, and ours, borrowed as we are.
        unsafe { self.data.as_mut() }
    }
}

/// A ticket, whatever the size of the data.
impl<T: Message> Message for Mobile<T> {
    fn __encoded_len(&self) -> usize {
        NOTE
    }

    fn __encode(self, out: &mut Encoder<'_>) {
        out.ticket(TicketKind::Storage, self.into_storage().hand_over());
    }

    fn __decode(input: &mut Decoder<'_>) -> Result<Self, Malformed> {
        const { must_be_plain::<T>() };
        let storage = Storage::take_over(input.ticket(TicketKind::Storage)?, Layout::new::<T>())?;
        // SAFETY: storage for a plain value: whatever its bytes are, they are one.
        Ok(unsafe { Self::of(storage) })
    }

    fn __each_end(&self, visitor: &mut Visitor<'_>) {
        visitor.data(self.data.cast());
    }
}

/// A ticket and the length, whatever the size of the data.
impl<T: Message> Message for Mobile<[T]> {
    fn __encoded_len(&self) -> usize {
        COUNT + NOTE
    }

    fn __encode(self, out: &mut Encoder<'_>) {
        out.count(self.len());
        out.ticket(TicketKind::Storage, self.into_storage().hand_over());
    }

    fn __decode(input: &mut Decoder<'_>) -> Result<Self, Malformed> {
        let count = input.number()?;
        let layout = Layout::array::<T>(count).map_err(|_| Malformed::new("a length is out of all bounds"))?;
        const { must_be_plain::<T>() };
        let storage = Storage::take_over(input.ticket(TicketKind::Storage)?, layout)?;
        // SAFETY: storage for `count` plain values: whatever its bytes are, they are some.
        Ok(unsafe { Self::of(storage, count) })
    }

    fn __each_end(&self, visitor: &mut Visitor<'_>) {
        visitor.data(self.data.cast());
    }
}

impl<T: ?Sized> AsRef<T> for Mobile<T> {
    fn as_ref(&self) -> &T {
        self
    }
}

impl<T: ?Sized> AsMut<T> for Mobile<T> {
    fn as_mut(&mut self) -> &mut T {
        self
    }
}

impl<T: Message> From<T> for Mobile<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: Message> FromIterator<T> for Mobile<[T]> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut values: Vec<T> = values.into_iter().collect();
        let count = values.len();
        let mut values = values.drain(..);
        Self::from_fn(count, |_| values.next().expect("the vector has as many"))
    }
}

impl<'a, T> IntoIterator for &'a Mobile<[T]> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a, T> IntoIterator for &'a mut Mobile<[T]> {
    type Item = &'a mut T;
    type IntoIter = std::slice::IterMut<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mobile<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(out)
    }
}

impl<T: ?Sized + PartialEq> PartialEq for Mobile<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: ?Sized + Eq> Eq for Mobile<T> {}

impl<T: ?Sized + PartialOrd> PartialOrd for Mobile<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (**self).partial_cmp(&**other)
    }
}

impl<T: ?Sized + Ord> Ord for Mobile<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl<T: ?Sized + Hash> Hash for Mobile<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}
