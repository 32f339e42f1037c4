//! The expansion of what stands in the comment; `src/tests/snapshots.rs` compares it.

// #[message]
// /// A row of a picture.
// pub struct Row<T> {
//     pub number: u32,
//     #[cfg(feature = "deep")]
//     depth: f64,
//     pixels: [T; 4],
// }

/// A row of a picture.
pub struct Row<T> {
    pub number: u32,
    #[cfg(feature = "deep")]
    depth: f64,
    pixels: [T; 4],
}
#[automatically_derived]
#[allow(deprecated, unreachable_code, unused_variables, clippy::all, clippy::pedantic)]
impl<T: ::csp::Message> ::csp::Message for Row<T> {
    const PLAIN: ::core::primitive::bool = {
        let __plain = true;
        let __plain = __plain && <u32 as ::csp::Message>::PLAIN;
        #[cfg(feature = "deep")]
        let __plain = __plain && <f64 as ::csp::Message>::PLAIN;
        let __plain = __plain && <[T; 4] as ::csp::Message>::PLAIN;
        __plain
    };
    fn __encoded_len(&self) -> ::core::primitive::usize {
        if ::csp::__private::is_plain::<Self>() {
            return ::core::mem::size_of::<Self>();
        }
        let Self {
            number: ref __field_0,
            #[cfg(feature = "deep")]
            depth: ref __field_1,
            pixels: ref __field_2,
        } = *self;
        let __len = 0;
        let __len = __len + <u32 as ::csp::Message>::__encoded_len(__field_0);
        #[cfg(feature = "deep")]
        let __len = __len + <f64 as ::csp::Message>::__encoded_len(__field_1);
        let __len = __len + <[T; 4] as ::csp::Message>::__encoded_len(__field_2);
        __len
    }
    fn __encode(self, __out: &mut ::csp::__private::Encoder<'_>) {
        if ::csp::__private::is_plain::<Self>() {
            return __out.plain(self);
        }
        let Self {
            number: __field_0,
            #[cfg(feature = "deep")]
            depth: __field_1,
            pixels: __field_2,
        } = self;
        <u32 as ::csp::Message>::__encode(__field_0, __out);
        #[cfg(feature = "deep")] <f64 as ::csp::Message>::__encode(__field_1, __out);
        <[T; 4] as ::csp::Message>::__encode(__field_2, __out);
    }
    fn __decode(
        __input: &mut ::csp::__private::Decoder<'_>,
    ) -> ::core::result::Result<Self, ::csp::__private::Malformed> {
        if ::csp::__private::is_plain::<Self>() {
            return __input.plain();
        }
        ::core::result::Result::Ok(Self {
            number: <u32 as ::csp::Message>::__decode(__input)?,
            #[cfg(feature = "deep")]
            depth: <f64 as ::csp::Message>::__decode(__input)?,
            pixels: <[T; 4] as ::csp::Message>::__decode(__input)?,
        })
    }
    fn __each_end(&self, __visitor: &mut ::csp::__private::Visitor<'_>) {
        if ::csp::__private::is_plain::<Self>() {
            return;
        }
        let Self {
            number: ref __field_0,
            #[cfg(feature = "deep")]
            depth: ref __field_1,
            pixels: ref __field_2,
        } = *self;
        <u32 as ::csp::Message>::__each_end(__field_0, __visitor);
        #[cfg(feature = "deep")]
        <f64 as ::csp::Message>::__each_end(__field_1, __visitor);
        <[T; 4] as ::csp::Message>::__each_end(__field_2, __visitor);
    }
}
#[allow(deprecated)]
impl<T: ::csp::Message> ::csp::__private::MessagesMustNotImplementDrop for Row<T> {}
