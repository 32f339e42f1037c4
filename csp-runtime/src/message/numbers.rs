//! Numbers, and what is no more than a number.

use std::cmp::{Ordering, Reverse};
use std::marker::{PhantomData, PhantomPinned};
use std::num::{NonZero, Saturating, Wrapping};

use super::{Decoder, Encoder, Malformed, Message, plain, through};

macro_rules! plain_types {
    ($($type:ty),* $(,)?) => { $(impl Message for $type { plain!(); })* };
}

plain_types!((), u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, f32, f64, PhantomPinned);

impl<T: ?Sized + Send + 'static> Message for PhantomData<T> {
    plain!();
}

impl Message for bool {
    through!(bool as u8, |_| 1, u8::from, |byte| match byte {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Malformed::new("a bool is neither 0 nor 1")),
    });
}

impl Message for char {
    through!(char as u32, |_| size_of::<u32>(), u32::from, |code| {
        char::from_u32(code).ok_or(Malformed::new("a number is no character"))
    });
}

impl Message for Ordering {
    through!(Ordering as i8, |_| 1, |ordering| ordering as i8, |byte| match byte {
        -1 => Ok(Ordering::Less),
        0 => Ok(Ordering::Equal),
        1 => Ok(Ordering::Greater),
        _ => Err(Malformed::new("an ordering is neither less, equal nor greater")),
    });
}

macro_rules! non_zero {
    ($($type:ty),*) => {
        $(impl Message for NonZero<$type> {
            through!(NonZero<$type> as $type, |_| size_of::<$type>(), NonZero::get, |number| {
                NonZero::new(number).ok_or(Malformed::new("a number that cannot be 0 is 0"))
            });
        })*
    };
}

non_zero!(u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize);

/// Types around one other, of the same representation.
macro_rules! wrappers {
    ($($wrapper:ident),*) => {
        $(impl<T: Message> Message for $wrapper<T> {
            const PLAIN: bool = T::PLAIN;

            #[inline]
            fn __encoded_len(&self) -> usize {
                self.0.__encoded_len()
            }

            #[inline]
            fn __encode(self, out: &mut Encoder<'_>) {
                self.0.__encode(out);
            }

            #[inline]
            fn __decode(input: &mut Decoder<'_>) -> Result<Self, Malformed> {
                T::__decode(input).map($wrapper)
            }

            #[inline]
            fn __each_end(&self, visitor: &mut $crate::process::Visitor<'_>) {
                self.0.__each_end(visitor);
            }
        })*
    };
}

wrappers!(Wrapping, Saturating, Reverse);
