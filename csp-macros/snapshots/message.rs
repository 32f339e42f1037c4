//! The expansion of what stands in the comment; `src/tests/snapshots.rs` compares it.

// #[message]
// /// A tree.
// #[derive(Clone)]
// pub enum Tree<T, const N: usize = 4> where T: Clone {
//     Leaf([T; N]),
//     #[cfg(feature = "deep")]
//     Node { left: Box<Tree<T, N>>, right: Box<Tree<T, N>> },
// }

/// A tree.
#[derive(Clone)]
pub enum Tree<T, const N: usize = 4>
where
    T: Clone,
{
    Leaf([T; N]),
    #[cfg(feature = "deep")]
    Node { left: Box<Tree<T, N>>, right: Box<Tree<T, N>> },
}
#[automatically_derived]
#[allow(deprecated, unreachable_code, unused_variables, clippy::all, clippy::pedantic)]
impl<T: ::csp::Message, const N: usize> ::csp::Message for Tree<T, N>
where
    T: Clone,
{
    fn __encoded_len(&self) -> ::core::primitive::usize {
        match *self {
            Self::Leaf { 0: ref __field_0 } => {
                let __len = ::core::mem::size_of::<::core::primitive::u32>();
                let __len = __len + <[T; N] as ::csp::Message>::__encoded_len(__field_0);
                __len
            }
            #[cfg(feature = "deep")]
            Self::Node { left: ref __field_0, right: ref __field_1 } => {
                let __len = ::core::mem::size_of::<::core::primitive::u32>();
                let __len = __len
                    + <Box<Tree<T, N>> as ::csp::Message>::__encoded_len(__field_0);
                let __len = __len
                    + <Box<Tree<T, N>> as ::csp::Message>::__encoded_len(__field_1);
                __len
            }
        }
    }
    fn __encode(self, __out: &mut ::csp::__private::Encoder<'_>) {
        match self {
            Self::Leaf { 0: __field_0 } => {
                __out.tag(0u32);
                <[T; N] as ::csp::Message>::__encode(__field_0, __out);
            }
            #[cfg(feature = "deep")]
            Self::Node { left: __field_0, right: __field_1 } => {
                __out.tag(1u32);
                <Box<Tree<T, N>> as ::csp::Message>::__encode(__field_0, __out);
                <Box<Tree<T, N>> as ::csp::Message>::__encode(__field_1, __out);
            }
        }
    }
    fn __decode(
        __input: &mut ::csp::__private::Decoder<'_>,
    ) -> ::core::result::Result<Self, ::csp::__private::Malformed> {
        match __input.tag()? {
            0u32 => {
                ::core::result::Result::Ok(Self::Leaf {
                    0: <[T; N] as ::csp::Message>::__decode(__input)?,
                })
            }
            #[cfg(feature = "deep")]
            1u32 => {
                ::core::result::Result::Ok(Self::Node {
                    left: <Box<Tree<T, N>> as ::csp::Message>::__decode(__input)?,
                    right: <Box<Tree<T, N>> as ::csp::Message>::__decode(__input)?,
                })
            }
            _ => {
                ::core::result::Result::Err(
                    ::csp::__private::Malformed::new("no variant of `Tree` has this tag"),
                )
            }
        }
    }
    fn __each_end(&self, __visitor: &mut ::csp::__private::Visitor<'_>) {
        match *self {
            Self::Leaf { 0: ref __field_0 } => {
                <[T; N] as ::csp::Message>::__each_end(__field_0, __visitor);
            }
            #[cfg(feature = "deep")]
            Self::Node { left: ref __field_0, right: ref __field_1 } => {
                <Box<Tree<T, N>> as ::csp::Message>::__each_end(__field_0, __visitor);
                <Box<Tree<T, N>> as ::csp::Message>::__each_end(__field_1, __visitor);
            }
        }
    }
}
#[allow(deprecated)]
impl<T: ::csp::Message, const N: usize> ::csp::__private::MessagesMustNotImplementDrop
for Tree<T, N>
where
    T: Clone,
{}
