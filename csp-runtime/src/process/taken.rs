//! What an inline block takes along, looked up just before its closure is built.

#[cfg(any(feature = "backend-processes", test))]
pub use noted::Taken;
#[cfg(any(feature = "backend-processes", feature = "backend-coroutines", test))]
pub use noted::{Path, Variable};

/// What a block takes along: it would cost more to note it than anybody who asks in this build would gain.
#[cfg(not(any(feature = "backend-processes", test)))]
#[derive(Clone, Copy, Debug, Default)]
pub struct Taken;

#[cfg(not(any(feature = "backend-processes", test)))]
impl Taken {
    pub(super) fn visit(&self, _visitor: &mut super::visit::Visitor<'_>) {}
}

#[cfg(any(feature = "backend-processes", feature = "backend-coroutines", test))]
#[cfg_attr(
    not(any(feature = "backend-processes", test)),
    allow(dead_code, unreachable_pub, reason = "of processes only their arguments are asked for")
)]
mod noted {
    use std::marker::PhantomData;
    use std::ptr::NonNull;
    use std::sync::Arc;

    use crate::channel::Channel;
    use crate::process::probe::{Captured, Place};
    use crate::process::visit::{Mutable, Visit, Visitor};
    use crate::rendezvous::core::Side;

    /// What a block takes along. Nobody can look into its closure once that is built.
    #[derive(Clone, Debug, Default)]
    pub struct Taken(Vec<Item>);

    #[derive(Clone)]
    enum Item {
        Moved(Arc<Channel>, Side),
        Lent(Arc<Channel>, Side),
        Data(NonNull<u8>),
        Mutable(Mutable),
        OneWay(&'static str),
    }

    // SAFETY: a channel is only ever made for messages that are `Send`, and takes what is done with it under its lock; of mobile data only
    // the place is kept.
    unsafe impl Send for Taken {}

    impl Taken {
        /// Nothing yet.
        #[must_use]
        pub fn new() -> Self {
            Self::default()
        }

        /// Notes what is told meanwhile.
        pub fn visitor(&mut self) -> Visitor<'_> {
            Visitor::new(self)
        }

        pub(in crate::process) fn visit(&self, visitor: &mut Visitor<'_>) {
            self.0.iter().for_each(|item| match item {
                Item::Moved(channel, side) => visitor.visit().moved(channel, *side),
                Item::Lent(channel, side) => visitor.visit().lent(channel, *side),
                Item::Data(place) => visitor.visit().data(*place),
                Item::Mutable(target) => visitor.visit().mutable(*target),
                Item::OneWay(type_name) => visitor.visit().one_way(type_name),
            });
        }
    }

    impl Visit for Taken {
        fn moved(&mut self, channel: &Arc<Channel>, side: Side) {
            self.0.push(Item::Moved(channel.clone(), side));
        }

        fn lent(&mut self, channel: &Arc<Channel>, side: Side) {
            self.0.push(Item::Lent(channel.clone(), side));
        }

        fn data(&mut self, place: NonNull<u8>) {
            self.0.push(Item::Data(place));
        }

        fn mutable(&mut self, target: Mutable) {
            self.0.push(Item::Mutable(target));
        }

        fn one_way(&mut self, type_name: &'static str) {
            self.0.push(Item::OneWay(type_name));
        }
    }

    impl std::fmt::Debug for Item {
        fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            match self {
                Item::Moved(channel, side) => write!(out, "{side:?} of {}", channel.phrase()),
                Item::Lent(channel, side) => write!(out, "{side:?} of {}, lent", channel.phrase()),
                Item::Data(place) => write!(out, "mobile data at {place:p}"),
                Item::Mutable(target) => write!(out, "{target:?}"),
                Item::OneWay(type_name) => write!(out, "a `&mut` to `{type_name}`"),
            }
        }
    }

    /// The path to a part of a variable, by the type of a closure that would capture it, and is never made: how the part is
    /// captured says whose it is.
    #[derive(Debug)]
    pub struct Path<C>(PhantomData<fn() -> C>);

    impl<C> Path<C> {
        /// Of a type that [`like`](Self::like) says.
        #[must_use]
        #[allow(clippy::new_without_default, reason = "only the macros make one")]
        pub fn new() -> Self {
            Self(PhantomData)
        }

        /// The type of the closure.
        pub fn like(&self, _closure: &C) {}

        /// The part itself; `exclusive` if the variable is known to be a `&mut`.
        pub fn part<X: ?Sized>(&self, place: *const X, exclusive: bool) -> Place<X> {
            let something = Captured::Something { size: size_of::<C>(), drops: std::mem::needs_drop::<C>() };
            Place::part(place, if exclusive { Captured::Exclusive } else { something })
        }
    }

    /// The type of a variable.
    #[derive(Debug)]
    pub struct Variable<X>(PhantomData<fn() -> X>);

    impl<X> Variable<X> {
        /// Of a type that [`like`](Self::like) says.
        #[must_use]
        #[allow(clippy::new_without_default, reason = "only the macros make one")]
        pub fn new() -> Self {
            Self(PhantomData)
        }

        /// The type of the variable.
        pub fn like(&self, _variable: &X) {}
    }

    impl<X: ?Sized> Variable<&mut X> {
        /// It is a `&mut`: found first.
        #[must_use]
        pub fn is_exclusive(&self) -> bool {
            true
        }
    }
}
