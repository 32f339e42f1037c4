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
impl<T: ::csp::Message, const N: usize> ::csp::Message for Tree<T, N>
where
    T: Clone,
{}
const _: () = {
    fn __message<T: ::csp::Message>() {}
    #[allow(dead_code)]
    trait __Fields {
        fn fields();
    }
    impl<T: ::csp::Message, const N: usize> __Fields for Tree<T, N>
    where
        T: Clone,
    {
        fn fields() {
            __message::<[T; N]>();
            #[cfg(feature = "deep")] __message::<Box<Tree<T, N>>>();
            #[cfg(feature = "deep")] __message::<Box<Tree<T, N>>>();
        }
    }
};
