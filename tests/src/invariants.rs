//! The invariants that the compiler holds: each with a program that must not compile, beside its twin that must.
//!
//! (Those that only a run can show are scenarios: `operations_while_unwinding_fail` for the first invariant,
//! `a_forgotten_handle_is_joined_by_its_scope` and the panicking scopes for the fourth. The third speaks of coroutines:
//! `sharing.rs`; the fifth of forked processes: `isolation.rs`.)

use csp::prelude::*;

/// Both ends are `Send` for `T: Send`, and so is a process made of them.
const _: () = {
    const fn is_send<T: Send>() {}
    is_send::<Sender<u32>>();
    is_send::<Receiver<Vec<Box<str>>>>();
    is_send::<Sender<&'static str>>();
    is_send::<Sender<std::cell::Cell<u8>>>(); // Send, though not Sync
    is_send::<csp::Process<(Sender<u32>, Receiver<u32>), ()>>();
    is_send::<Stopped>();
};

/// Invariant 2: an end is `Send` only if its messages are.
///
/// ```
/// fn is_send<T: Send>() {}
/// is_send::<csp::prelude::Sender<u32>>();
/// is_send::<csp::prelude::Receiver<u32>>();
/// ```
/// ```compile_fail,E0277
/// fn is_send<T: Send>() {}
/// is_send::<csp::prelude::Sender<std::rc::Rc<u32>>>();
/// ```
/// ```compile_fail,E0277
/// fn is_send<T: Send>() {}
/// is_send::<csp::prelude::Receiver<std::rc::Rc<u32>>>();
/// ```
/// ```compile_fail,E0277
/// fn is_send<T: Send>() {}
/// is_send::<csp::prelude::Receiver<std::sync::MutexGuard<'static, u32>>>();
/// ```
pub struct EndsAreSendOnlyForSend;

/// Invariant 2: both ends are invariant in their message, so no borrow can be smuggled through a longer or shorter lifetime.
///
/// ```
/// use csp::prelude::*;
/// fn keeps<'a>(end: Sender<&'a str>) -> Sender<&'a str> { end }
/// fn keeps_too<'a>(end: Receiver<&'a str>) -> Receiver<&'a str> { end }
/// ```
/// ```compile_fail
/// use csp::prelude::*;
/// fn shortens<'a>(end: Sender<&'static str>) -> Sender<&'a str> { end }
/// ```
/// ```compile_fail
/// use csp::prelude::*;
/// fn lengthens<'a>(end: Sender<&'a str>) -> Sender<&'static str> { end }
/// ```
/// ```compile_fail
/// use csp::prelude::*;
/// fn shortens<'a>(end: Receiver<&'static str>) -> Receiver<&'a str> { end }
/// ```
/// ```compile_fail
/// use csp::prelude::*;
/// fn lengthens<'a>(end: Receiver<&'a str>) -> Receiver<&'static str> { end }
/// ```
pub struct EndsAreInvariant;

/// Invariant 4: what a `par!` borrows cannot leave it, and what it borrows mutably it borrows alone.
///
/// ```
/// use csp::prelude::*;
/// #[process]
/// fn length(text: &str) -> usize { text.len() }
/// let text = String::from("four");
/// assert_eq!(par! { length(&text), length(&text) }, (4, 4));
/// ```
/// ```compile_fail,E0499
/// use csp::prelude::*;
/// #[process]
/// fn fills(place: &mut u32) { *place = 1; }
/// let mut place = 0;
/// par! { fills(&mut place), fills(&mut place) };
/// ```
/// ```compile_fail
/// use csp::prelude::*;
/// #[process]
/// fn gives_back<'a>(text: &'a str) -> &'a str { text } // an output is a message, and a message borrows nothing
/// let text = String::from("four");
/// par! { gives_back(&text) };
/// ```
pub struct BorrowsOfAParStayInside;

/// Invariant 4: what `spawn!` starts borrows nothing.
///
/// ```
/// use csp::prelude::*;
/// #[process]
/// fn length(text: &str) -> usize { text.len() }
/// static TEXT: &str = "four";
/// assert_eq!(spawn!(length(TEXT)).join(), 4);
/// ```
/// ```compile_fail,E0597
/// use csp::prelude::*;
/// #[process]
/// fn length(text: &str) -> usize { text.len() }
/// let text = String::from("four");
/// assert_eq!(spawn!(length(&text)).join(), 4);
/// ```
pub struct SpawnBorrowsNothing;

/// Invariant 4: a scope's processes borrow only what outlives the scope, and its handles do not leave it.
///
/// ```
/// use csp::prelude::*;
/// #[process]
/// fn length(text: &str) -> usize { text.len() }
/// let text = String::from("four");
/// assert_eq!(scope(|s| s.spawn(length(&text)).join()), 4);
/// ```
/// ```compile_fail
/// use csp::prelude::*;
/// #[process]
/// fn length(text: &str) -> usize { text.len() }
/// scope(|s| {
///     let text = String::from("dropped before the scope ends");
///     s.spawn(length(&text));
/// });
/// ```
/// ```compile_fail
/// use csp::prelude::*;
/// #[process]
/// fn fills(place: &mut u32) { *place = 1; }
/// let mut place = 0;
/// scope(|s| {
///     s.spawn(fills(&mut place));
///     place = 2; // while the process may be writing it
/// });
/// ```
pub struct ScopesHoldTheirBorrows;

/// Invariant 4: a message read in place does not leave its body, and a borrowed message needs a local channel that it outlives.
///
/// ```
/// use csp::prelude::*;
/// let (out, input) = channel::buffered::<Vec<u32>>(1);
/// out.send(vec![1, 2]).unwrap();
/// assert_eq!(input.recv_in_place(|values| values.len()), Ok(2));
/// let text = String::from("outlives");
/// let word = text.as_str();
/// let (out, input) = channel::local::<&str>();
/// par! { { out.send(word).unwrap() }, { assert_eq!(input.recv(), Ok("outlives")) } };
/// ```
/// ```compile_fail
/// use csp::prelude::*;
/// let (out, input) = channel::buffered::<Vec<u32>>(1);
/// let leaked: &Vec<u32> = input.recv_in_place(|values| values).unwrap();
/// ```
/// ```compile_fail,E0597
/// use csp::prelude::*;
/// let (out, input) = channel::local::<&str>();
/// {
///     let text = String::from("too short");
///     let _ = out.try_send(&text);
/// }
/// let _ = input.try_recv();
/// ```
/// ```compile_fail,E0277
/// let (out, input) = csp::prelude::channel::<&str>(); // a message borrows nothing
/// ```
pub struct MessagesBorrowNothing;
