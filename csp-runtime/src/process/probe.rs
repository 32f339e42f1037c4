//! What is seen of a variable that a branch takes along, by its type, which only the compiler knows.
//!
//! The macros write `(&&&&Place::new(&variable)).see(visitor)`, with all traits of this file in scope: the compiler takes the first of them
//! that is implemented for the place, with fewer references one by one. So it works for any type, in generic processes too, where a type
//! parameter is seen as what its bounds say.

use super::taken::Variable;
use super::visit::{Access, Copied, Mutable, Visitor};
use crate::channel::{Receiver, Sender};
use crate::message::Message;
use crate::rendezvous::core::Side;

/// Where a variable, or a part of it, lies.
pub struct Place<X: ?Sized> {
    place: *const X,
    captured: Captured,
}

/// What the closure of a block captures of a place.
#[derive(Clone, Copy)]
pub(super) enum Captured {
    /// All of it.
    Whole,
    /// Something of this size, with or without a destructor: the place itself, or a variable through which it is reached.
    Something { size: usize, drops: bool },
    /// A `&mut`, through which the place is reached.
    Exclusive,
}

impl<X: ?Sized> Place<X> {
    /// A variable that goes along.
    pub fn new(variable: &X) -> Self {
        Self { place: variable, captured: Captured::Whole }
    }

    pub(super) fn part(place: *const X, captured: Captured) -> Self {
        Self { place, captured }
    }
}

impl<X> Place<X> {
    /// What lies there, and for whom; nothing if that cannot be told, or if the place is a part of a packed struct.
    fn get(&self) -> Option<(&X, Access)> {
        let access = match self.captured {
            Captured::Whole => Access::Owned,
            Captured::Exclusive => Access::Exclusive,
            // It is reached through a reference, or is one.
            Captured::Something { drops: false, .. } => Access::Shared,
            Captured::Something { size, .. } if size == size_of::<X>() => Access::Owned,
            // It is reached through a box, or through something that only dereferences to it.
            Captured::Something { .. } => return None,
        };
        if !self.place.is_aligned() {
            return None;
        }
        // SAFETY: the macros make a place of something that is there, and look at it at once.
        Some((unsafe { &*self.place }, access))
    }
}

impl<X> Place<X> {
    /// Of ends and messages: a whole variable is a copy of the other process's. (No message has a destructor of the user's.)
    fn tell_copied(&self, visitor: &mut Visitor<'_>) {
        if let Captured::Whole = self.captured {
            visitor.copied(Copied::new(self.place));
        }
    }
}

impl<X: ?Sized> Place<&mut X> {
    /// What the reference refers to, if it goes along.
    fn get_mutable(&self) -> Option<&X> {
        let captured = match self.captured {
            Captured::Whole | Captured::Exclusive => true,
            // Or it is reached through a `&`, so that nobody can write; it is seldom that somebody would read like that.
            Captured::Something { drops, .. } => !drops,
        };
        if !captured || !self.place.is_aligned() {
            return None;
        }
        // SAFETY: as above.
        Some(unsafe { &**self.place })
    }
}

/// What consists of ends: ends, and the usual containers of nothing else.
#[allow(private_bounds, private_interfaces, reason = "only the macros use it")]
pub trait Ends {
    /// Tells each end.
    fn each_end(&self, visitor: &mut Visitor<'_>);
}

impl<T> Ends for Sender<T> {
    fn each_end(&self, visitor: &mut Visitor<'_>) {
        visitor.end(self.channel(), Side::Senders);
    }
}

impl<T> Ends for Receiver<T> {
    fn each_end(&self, visitor: &mut Visitor<'_>) {
        visitor.end(self.channel(), Side::Receivers);
    }
}

impl<E: Ends> Ends for [E] {
    fn each_end(&self, visitor: &mut Visitor<'_>) {
        self.iter().for_each(|ends| ends.each_end(visitor));
    }
}

impl<E: Ends, const N: usize> Ends for [E; N] {
    fn each_end(&self, visitor: &mut Visitor<'_>) {
        self.as_slice().each_end(visitor);
    }
}

impl<E: Ends> Ends for Vec<E> {
    fn each_end(&self, visitor: &mut Visitor<'_>) {
        self.as_slice().each_end(visitor);
    }
}

impl<E: Ends> Ends for Option<E> {
    fn each_end(&self, visitor: &mut Visitor<'_>) {
        self.as_slice().each_end(visitor);
    }
}

impl<E: Ends + ?Sized> Ends for Box<E> {
    fn each_end(&self, visitor: &mut Visitor<'_>) {
        (**self).each_end(visitor);
    }
}

impl<E: Ends + ?Sized> Ends for &E {
    fn each_end(&self, visitor: &mut Visitor<'_>) {
        (**self).each_end(&mut visitor.behind(Access::Shared));
    }
}

impl<E: Ends + ?Sized> Ends for &mut E {
    fn each_end(&self, visitor: &mut Visitor<'_>) {
        (**self).each_end(&mut visitor.behind(Access::Exclusive));
    }
}

macro_rules! tuples {
    ($(($($part:ident)+))*) => {
        $(impl<$($part: Ends),+> Ends for ($($part,)+) {
            #[allow(non_snake_case, reason = "a part has the name of its type")]
            fn each_end(&self, visitor: &mut Visitor<'_>) {
                let ($($part,)+) = self;
                $($part.each_end(visitor);)+
            }
        })*
    };
}

tuples! { (A) (A B) (A B C) (A B C D) }

/// First: ends.
pub trait SeeEnds {
    /// Tells what is there; false if nothing of the kind can be.
    fn see(&self, visitor: &mut Visitor<'_>) -> bool;
}

impl<E: Ends> SeeEnds for &&&Place<E> {
    fn see(&self, visitor: &mut Visitor<'_>) -> bool {
        self.tell_copied(visitor);
        self.get().map(|(ends, access)| ends.each_end(&mut visitor.behind(access))).is_some()
    }
}

/// Second: messages, in which ends may be.
pub trait SeeMessage {
    /// As [`SeeEnds::see`].
    fn see(&self, visitor: &mut Visitor<'_>) -> bool;
}

impl<X: Message> SeeMessage for &&Place<X> {
    fn see(&self, visitor: &mut Visitor<'_>) -> bool {
        self.tell_copied(visitor);
        let Some((message, access)) = self.get() else { return false };
        message.__each_end(&mut visitor.behind(access));
        if access == Access::Exclusive {
            visitor.mutable(Mutable::new(self.place.cast_mut(), 1));
        }
        true
    }
}

/// Second: a reference to a message.
pub trait SeeShared {
    /// As [`SeeEnds::see`].
    fn see(&self, visitor: &mut Visitor<'_>) -> bool;
}

impl<X: Message> SeeShared for &&Place<&X> {
    fn see(&self, visitor: &mut Visitor<'_>) -> bool {
        self.get().map(|(message, _)| message.__each_end(&mut visitor.behind(Access::Shared))).is_some()
    }
}

/// Second: a reference to messages.
pub trait SeeSharedSlice {
    /// As [`SeeEnds::see`].
    fn see(&self, visitor: &mut Visitor<'_>) -> bool;
}

impl<X: Message> SeeSharedSlice for &&Place<&[X]> {
    fn see(&self, visitor: &mut Visitor<'_>) -> bool {
        let mut visitor = visitor.behind(Access::Shared);
        self.get().map(|(messages, _)| messages.iter().for_each(|message| message.__each_end(&mut visitor))).is_some()
    }
}

/// Second: a `&mut` to a message.
pub trait SeeMutable {
    /// As [`SeeEnds::see`].
    fn see(&self, visitor: &mut Visitor<'_>) -> bool;
}

impl<X: Message> SeeMutable for &&Place<&mut X> {
    fn see(&self, visitor: &mut Visitor<'_>) -> bool {
        let Some(target) = self.get_mutable() else { return false };
        target.__each_end(&mut visitor.behind(Access::Exclusive));
        // SAFETY: a `&mut` has the layout of a pointer. Copied as one it may be used when the reference itself is not: once its
        // owner is not running any more.
        let target = unsafe { *self.place.cast::<*mut X>() };
        visitor.mutable(Mutable::new(target, 1));
        true
    }
}

/// Second: a `&mut` to messages.
pub trait SeeMutableSlice {
    /// As [`SeeEnds::see`].
    fn see(&self, visitor: &mut Visitor<'_>) -> bool;
}

impl<X: Message> SeeMutableSlice for &&Place<&mut [X]> {
    fn see(&self, visitor: &mut Visitor<'_>) -> bool {
        let Some(target) = self.get_mutable() else { return false };
        let mut inside = visitor.behind(Access::Exclusive);
        target.iter().for_each(|message| message.__each_end(&mut inside));
        // SAFETY: as for a `&mut` to one message.
        let target = unsafe { *self.place.cast::<*mut [X]>() };
        visitor.mutable(Mutable::new(target.cast::<X>(), target.len()));
        true
    }
}

/// Third: a `&mut` to anything else.
pub trait SeeOneWay {
    /// As [`SeeEnds::see`].
    fn see(&self, visitor: &mut Visitor<'_>) -> bool;
}

impl<X: ?Sized> SeeOneWay for &Place<&mut X> {
    fn see(&self, visitor: &mut Visitor<'_>) -> bool {
        if self.get_mutable().is_some() {
            visitor.one_way(std::any::type_name::<X>());
        }
        false
    }
}

/// Last: anything else.
pub trait SeeNothing {
    /// False.
    fn see(&self, visitor: &mut Visitor<'_>) -> bool;
}

impl<X: ?Sized> SeeNothing for Place<X> {
    fn see(&self, visitor: &mut Visitor<'_>) -> bool {
        if let Captured::Exclusive = self.captured {
            visitor.one_way(std::any::type_name::<X>());
        }
        false
    }
}

/// For a variable that is no `&mut`.
pub trait NotExclusive {
    /// False.
    fn is_exclusive(&self) -> bool {
        false
    }
}

impl<X> NotExclusive for &Variable<X> {}

/// What may be a generic function: then its type must be settled, although nobody calls it here. (First by a number, for which most
/// traits are implemented: the compiler does not ask whether the function's own bounds hold.)
pub struct Function<'f, F>(pub &'f F);

macro_rules! settle {
    ($($trait:ident for [$($level:tt)*] ($($argument:ty),*);)*) => {
        $(
            /// For a function of such an argument.
            pub trait $trait {
                /// Does nothing.
                fn settle(&self) {}
            }

            impl<F: FnOnce($($argument),*) -> R, R> $trait for $($level)*Function<'_, F> {}
        )*
    };
}

settle! {
    SettleNumber for [&&&&&] (i32);
    SettleUnit for [&&&&] (());
    SettleText for [&&&] (&'static str);
    SettleReference for [&&] (&'static i32);
    SettleTwo for [&] (i32, i32);
}

/// For everything else.
pub trait SettleNothing {
    /// Does nothing.
    fn settle(&self) {}
}

impl<F> SettleNothing for Function<'_, F> {}
