//! Tuples: plain if all their parts are.

use super::{Decoder, Encoder, Malformed, Message};
use crate::process::Visitor;

macro_rules! tuples {
    (;) => {};
    ($first:ident $($rest:ident)*;) => {
        impl<$first: Message, $($rest: Message),*> Message for ($first, $($rest,)*) {
            const PLAIN: bool = $first::PLAIN $(&& $rest::PLAIN)*;

            #[inline]
            #[allow(non_snake_case, reason = "a part has the name of its type")]
            fn __encoded_len(&self) -> usize {
                if Self::PLAIN {
                    return size_of::<Self>();
                }
                let ($first, $($rest,)*) = self;
                $first.__encoded_len() $(+ $rest.__encoded_len())*
            }

            #[inline]
            #[allow(non_snake_case, reason = "a part has the name of its type")]
            fn __encode(self, out: &mut Encoder<'_>) {
                if Self::PLAIN {
                    return out.plain(self);
                }
                let ($first, $($rest,)*) = self;
                $first.__encode(out);
                $($rest.__encode(out);)*
            }

            #[inline]
            fn __decode(input: &mut Decoder<'_>) -> Result<Self, Malformed> {
                if Self::PLAIN {
                    return input.plain();
                }
                Ok(($first::__decode(input)?, $($rest::__decode(input)?,)*))
            }

            #[inline]
            #[allow(non_snake_case, reason = "a part has the name of its type")]
            fn __each_end(&self, visitor: &mut Visitor<'_>) {
                let ($first, $($rest,)*) = self;
                $first.__each_end(visitor);
                $($rest.__each_end(visitor);)*
            }
        }
        tuples!($($rest)*;);
    };
}

tuples!(A B C D E F G H I J K L;);
