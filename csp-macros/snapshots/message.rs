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
            Self::Leaf { 0: ref field_0 } => {
                let len = ::core::mem::size_of::<::core::primitive::u32>();
                let len = len + <[T; N] as ::csp::Message>::__encoded_len(field_0);
                len
            }
            #[cfg(feature = "deep")]
            Self::Node { left: ref field_0, right: ref field_1 } => {
                let len = ::core::mem::size_of::<::core::primitive::u32>();
                let len = len
                    + <Box<Tree<T, N>> as ::csp::Message>::__encoded_len(field_0);
                let len = len
                    + <Box<Tree<T, N>> as ::csp::Message>::__encoded_len(field_1);
                len
            }
        }
    }
    fn __encode(self, out: &mut ::csp::__private::Encoder<'_>) {
        match self {
            Self::Leaf { 0: field_0 } => {
                out.tag(0u32);
                <[T; N] as ::csp::Message>::__encode(field_0, out);
            }
            #[cfg(feature = "deep")]
            Self::Node { left: field_0, right: field_1 } => {
                out.tag(1u32);
                <Box<Tree<T, N>> as ::csp::Message>::__encode(field_0, out);
                <Box<Tree<T, N>> as ::csp::Message>::__encode(field_1, out);
            }
        }
    }
    fn __decode(
        input: &mut ::csp::__private::Decoder<'_>,
    ) -> ::core::result::Result<Self, ::csp::__private::Malformed> {
        match input.tag()? {
            0u32 => {
                ::core::result::Result::Ok(Self::Leaf {
                    0: <[T; N] as ::csp::Message>::__decode(input)?,
                })
            }
            #[cfg(feature = "deep")]
            1u32 => {
                ::core::result::Result::Ok(Self::Node {
                    left: <Box<Tree<T, N>> as ::csp::Message>::__decode(input)?,
                    right: <Box<Tree<T, N>> as ::csp::Message>::__decode(input)?,
                })
            }
            _ => {
                ::core::result::Result::Err(
                    ::csp::__private::Malformed::new("no variant of `Tree` has this tag"),
                )
            }
        }
    }
    fn __each_end(&self, visitor: &mut ::csp::__private::Visitor<'_>) {
        match *self {
            Self::Leaf { 0: ref field_0 } => {
                <[T; N] as ::csp::Message>::__each_end(field_0, visitor);
            }
            #[cfg(feature = "deep")]
            Self::Node { left: ref field_0, right: ref field_1 } => {
                <Box<Tree<T, N>> as ::csp::Message>::__each_end(field_0, visitor);
                <Box<Tree<T, N>> as ::csp::Message>::__each_end(field_1, visitor);
            }
        }
    }
}
impl<T: ::csp::Message, const N: usize> ::csp::__private::MessagesMustNotImplementDrop
for Tree<T, N>
where
    T: Clone,
{}
