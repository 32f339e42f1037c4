//! Ranges and their bounds.

use std::ops::{Range, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive};

use super::{Decoder, Encoder, Malformed, Message, plain};
use crate::process::Visitor;

impl Message for RangeFull {
    plain!();
}

/// Types of nothing but one or two public fields.
macro_rules! ranges {
    ($($range:ident { $first:ident $(, $second:ident)? })*) => {
        $(impl<T: Message> Message for $range<T> {
            const PLAIN: bool = T::PLAIN;

            #[inline]
            fn __encoded_len(&self) -> usize {
                if Self::PLAIN {
                    return size_of::<Self>();
                }
                self.$first.__encoded_len() $(+ self.$second.__encoded_len())?
            }

            #[inline]
            fn __encode(self, out: &mut Encoder<'_>) {
                if Self::PLAIN {
                    return out.plain(self);
                }
                self.$first.__encode(out);
                $(self.$second.__encode(out);)?
            }

            #[inline]
            fn __decode(input: &mut Decoder<'_>) -> Result<Self, Malformed> {
                if Self::PLAIN {
                    return input.plain();
                }
                Ok($range { $first: T::__decode(input)? $(, $second: T::__decode(input)?)? })
            }

            #[inline]
            fn __each_end(&self, visitor: &mut Visitor<'_>) {
                self.$first.__each_end(visitor);
                $(self.$second.__each_end(visitor);)?
            }
        })*
    };
}

ranges! {
    Range { start, end }
    RangeFrom { start }
    RangeTo { end }
    RangeToInclusive { end }
}

/// Its bounds. (Of one that has been iterated to its end, nobody can say what it is.)
impl<T: Message> Message for RangeInclusive<T> {
    #[inline]
    fn __encoded_len(&self) -> usize {
        self.start().__encoded_len() + self.end().__encoded_len()
    }

    #[inline]
    fn __encode(self, out: &mut Encoder<'_>) {
        self.into_inner().__encode(out);
    }

    #[inline]
    fn __decode(input: &mut Decoder<'_>) -> Result<Self, Malformed> {
        let (start, end) = Message::__decode(input)?;
        Ok(start..=end)
    }

    #[inline]
    fn __each_end(&self, visitor: &mut Visitor<'_>) {
        self.start().__each_end(visitor);
        self.end().__each_end(visitor);
    }
}
