//! Types of the standard library that are one of several things.

use std::convert::Infallible;
use std::ops::{Bound, ControlFlow};
use std::task::Poll;

use super::{Decoder, Encoder, Malformed, Message};
use crate::process::Visitor;

/// Enums: a byte says which variant it is.
macro_rules! choices {
    ($($name:ident<$($param:ident),+> { $($tag:literal: $variant:ident $(($value:ident: $type:ident))?),+ })*) => {
        $(impl<$($param: Message),+> Message for $name<$($param),+> {
            #[inline]
            fn __encoded_len(&self) -> usize {
                1 + match self { $($name::$variant $(($value))? => 0 $(+ $value.__encoded_len())?),+ }
            }

            #[inline]
            fn __encode(self, out: &mut Encoder<'_>) {
                match self {
                    $($name::$variant $(($value))? => {
                        out.plain::<u8>($tag);
                        $($value.__encode(out);)?
                    })+
                }
            }

            #[inline]
            fn __decode(input: &mut Decoder<'_>) -> Result<Self, Malformed> {
                match input.plain::<u8>()? {
                    $($tag => Ok($name::$variant $(($type::__decode(input)?))?),)+
                    _ => Err(Malformed::new(concat!("no variant of `", stringify!($name), "` has this tag"))),
                }
            }

            #[inline]
            fn __each_end(&self, _visitor: &mut Visitor<'_>) {
                match self { $($name::$variant $(($value))? => { $($value.__each_end(_visitor);)? }),+ }
            }
        })*
    };
}

choices! {
    Option<T> { 0: None, 1: Some(value: T) }
    Result<T, E> { 0: Ok(value: T), 1: Err(error: E) }
    Bound<T> { 0: Unbounded, 1: Included(value: T), 2: Excluded(value: T) }
    ControlFlow<B, C> { 0: Continue(value: C), 1: Break(value: B) }
    Poll<T> { 0: Pending, 1: Ready(value: T) }
}

impl Message for Infallible {
    fn __encoded_len(&self) -> usize {
        match *self {}
    }

    fn __encode(self, _: &mut Encoder<'_>) {
        match self {}
    }

    fn __decode(_: &mut Decoder<'_>) -> Result<Self, Malformed> {
        Err(Malformed::new("a value that cannot be"))
    }
}
