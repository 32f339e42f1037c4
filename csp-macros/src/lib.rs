//! The macros of `csp-runtime`, which exports them: `#[process]`, `#[io]`, `#[message]`, `par!`,
//! `seq!`, `spawn!`, `alt!` and `pri_alt!`.
//!
//! Each goes through three stages: `syntax` parses and checks, and collects all mistakes;
//! `expand` writes the expansion and cannot fail. What is written uses absolute paths, no
//! `unsafe`, and names that cannot meet the user's; its hidden support is `csp_runtime::__private`.
//! `csp-macros/snapshots` shows an expansion of each construct.

mod diag;
mod entry;
mod expand;
mod path;
mod syntax;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;
use syntax::alt::Order;

/// Makes a function a process: calling it builds a process value, which runs when something runs it.
///
/// `#[process] fn name(arguments) [-> T] { … }` becomes a function that returns
/// `Process<(arguments…,), T>`. The value is `#[must_use]` and does nothing until `par!`, `seq!`,
/// `spawn!`, a scope, or `.run()` takes it. Generics, lifetimes (also elided ones), `where`, patterns,
/// `impl Trait` arguments, methods, doc comments and visibility stay as they are.
///
/// - Without `-> T` the process is *quiet*: `?` on any channel operation ends it, `return;` works,
///   and its output is `()`.
/// - With `-> T` it is an ordinary body. With `T = Result<V, E>` and `E: From<Stopped>`, `?` works on
///   channel operations. `T` must be a `Message`.
///
/// # Arguments of the attribute
///
/// | | |
/// | --- | --- |
/// | `backend = threads` | run it on this backend (`threads`, `coroutines`, `processes`; for tests `seeded`) |
/// | `stack = "256 KiB"` | stack size: bytes, or a text with `B`, `KiB`, `MiB`, `GiB` |
/// | `name = "…"` | its name in reports; by default the function's |
/// | `shares_memory` | allow locks and atomics among the arguments |
///
/// # Examples
///
/// ```ignore
/// use csp::prelude::*;
///
/// #[process]
/// fn double(numbers: Receiver<u32>, doubled: Sender<u32>) {
///     for number in &numbers {
///         doubled.send(2 * number)?;
///     }
/// }
///
/// #[process(name = "total", stack = "64 KiB")]
/// fn sum(numbers: Receiver<u32>) -> u32 {
///     numbers.iter().sum()
/// }
/// ```
///
/// # Errors
///
/// Refused are: methods of traits, `-> impl Trait`, `-> !`, `async`, `const`, `unsafe` and `extern`
/// functions, variadic ones, `#[cfg]` on an argument; and, without `shares_memory`, an argument type
/// in which a lock or an atomic, or an `Arc` or a reference to a cell, stands by name.
///
/// A `return` inside a macro that is not ours cannot be seen: in a quiet process rustc then reports
/// E0069. Where a call names generic arguments (`f::<u32>(…)`), `impl Trait` arguments count too.
#[proc_macro_attribute]
pub fn process(args: TokenStream, item: TokenStream) -> TokenStream {
    entry::process(args.into(), item.into(), &path::csp()).into()
}

/// Marks a function that blocks, or an `async` one, so that other processes go on meanwhile.
///
/// The signature stays, but for `async`: `#[io] async fn` is called like any function, and waits. The
/// body may borrow the arguments; its panic is re-raised in the caller.
///
/// On coroutines the call of a plain function runs on another thread, which belongs to the runtime, while the
/// process waits: it sees that thread's thread-locals. Up to 512 such calls (`CSP_IO_CALLS`) run at a time, further ones wait for
/// their turn; a call that itself waits for processes does not count. On the other backends, whose processes
/// have a thread to themselves, and in a process that unwinds, it is a plain call.
///
/// An `async` function is polled by its process, on that one's own thread. A future that needs a runtime (tokio's,
/// for instance) must enter it *at each poll*: wrap it by `tokio_util::context::RuntimeExt::wrap`, or by the crate
/// `async-compat`. A guard that is held over the `.await` (`Runtime::enter`) is state of the thread: on coroutines a
/// neighbour on the same worker enters meanwhile, the guards are dropped out of order, and tokio panics.
///
/// # Examples
///
/// ```ignore
/// use csp::prelude::*;
///
/// #[io]
/// fn load(name: &str) -> std::io::Result<String> {
///     std::fs::read_to_string(name)
/// }
/// ```
///
/// # Errors
///
/// Refused are: arguments to the attribute, `const` and variadic functions, and functions without a
/// body. What the body uses, and what it returns, must be `Send`.
#[proc_macro_attribute]
pub fn io(args: TokenStream, item: TokenStream) -> TokenStream {
    entry::io(&args.into(), item.into(), &path::csp()).into()
}

/// Makes a struct or an enum a `Message`: it may travel on a channel, also to another OS process.
///
/// Every field must be a `Message`; type parameters get the bound `T: Message`. A type may hold itself
/// (`Box<Self>`, `Vec<Self>`), ends of channels, and `Mobile` data.
///
/// What is written is how a value becomes bytes, and bytes a value again, whatever they are: a struct whose fields are all plain
/// (numbers, and arrays, tuples and structs of nothing else) is copied as it lies in memory; other structs field by field; of an
/// enum first which variant it is. Within one OS process a message simply moves.
///
/// # Examples
///
/// ```ignore
/// use csp::prelude::*;
///
/// #[message]
/// struct Request {
///     question: String,
///     reply: Sender<u32>,
/// }
/// ```
///
/// # Errors
///
/// Refused are: unions, lifetime parameters (send borrowed data on a channel made by
/// `channel::local()`), `#[repr(packed)]`, a `#[cfg]` on a field that has no name, arguments to the attribute, and, at its type, a
/// field that is no message.
///
/// Refused is also a type that implements `Drop` itself, by an error about the trait `MessagesMustNotImplementDrop`: what arrives in another OS
/// process is a new value, so the destructor would run once on each side. (Fields may have destructors.) Let a
/// field of its own do the cleaning up, or send such a type on a channel made by `channel::local()`.
#[proc_macro_attribute]
pub fn message(args: TokenStream, item: TokenStream) -> TokenStream {
    entry::message(&args.into(), item.into(), &path::csp()).into()
}

/// Runs its branches in parallel and returns their outputs when all have ended.
///
/// ```text
/// par     := [ "backend" "=" backend ";" ] { branch "," }
/// branch  := one | count "*" one                         copies, made by `Clone`
///          | "for" pattern "in" iter "=>" one            one for each item
/// one     := process                                     a process value
///          | [ "move" "(" names ")" ] "{" … "}"          an inline block
/// backend := threads | coroutines | processes | seeded | an expression of type `Backend`
/// ```
///
/// The `,` after an inline block is optional. All branches are evaluated, in order, before any starts. The
/// value is a tuple of the outputs: a `Vec` for a replicated branch, and for a single branch its
/// output alone.
///
/// An inline block moves what it uses; to share, bind a reference first (`let s = &s;`). With
/// `move(a, b)` it takes `a` and `b` in any case. It may use `?` and choices; then its value is `()`
/// or a `Result<_, Stopped>`.
///
/// # Examples
///
/// ```ignore
/// use csp::prelude::*;
///
/// let (numbers, received) = channel();
/// let (total, ()) = par! {
///     sum(received),
///     { for n in 0..10 { numbers.send(n)?; } }
/// };
/// ```
///
/// # Errors
///
/// A branch must be a process value, not a closure and not `async`. A backend that is not compiled in
/// is an error that names the Cargo feature.
#[proc_macro]
pub fn par(input: TokenStream) -> TokenStream {
    entry::par(input.into(), "par", &path::csp()).into()
}

/// Runs its branches one after the other and returns their outputs.
///
/// It is written like [`par!`]. All branches are evaluated before the first one runs. It stops at a
/// panic, not at an `Err`.
///
/// # Examples
///
/// ```ignore
/// use csp::prelude::*;
///
/// let (before, after) = seq! { measure(), measure() };
/// ```
///
/// # Errors
///
/// The same as for [`par!`].
#[proc_macro]
pub fn seq(input: TokenStream) -> TokenStream {
    entry::par(input.into(), "seq", &path::csp()).into()
}

/// Starts one process without waiting for it, and returns a `Handle` to join.
///
/// It takes a process value or an inline block, as [`par!`] does, after an optional
/// `backend = …;`. What it takes must be `'static`. Dropping the handle detaches the process.
///
/// On coroutines, where many processes have not begun, it lets one of them begin before it returns. So
/// hold no lock, and no borrow that another process of this thread may want, around it.
///
/// # Examples
///
/// ```ignore
/// use csp::prelude::*;
///
/// let logger = spawn!(log(lines));
/// let ticker = spawn!(move(ticks) { loop { ticks.send(())?; } });
/// logger.join();
/// ```
///
/// # Errors
///
/// Exactly one process; replicated branches are refused. Otherwise as for [`par!`].
#[proc_macro]
pub fn spawn(input: TokenStream) -> TokenStream {
    entry::spawn(input.into(), &path::csp()).into()
}

/// Waits until one of its guards is ready, commits exactly that one, and runs its body in place.
///
/// ```text
/// branch  := [ "(" precondition ")" "&" ] guard "=>" body
///          | "for" pattern "in" iter "{" branches "}"    replicated; the loop may be empty
/// guard   := receiver "?" pattern      input
///          | receiver "??" pattern     extended input: the sender is released after the body
///          | sender "!" value          output; evaluated once, and only when this guard is chosen
///          | "after" time              timeout: a `Duration`, or an `Instant` as absolute deadline
///          | "skip"                    always ready; taken only when nothing else is
///          | "stopped" pattern         all its channels are retired, or one is poisoned
/// ```
///
/// Branches are separated by `,` (optional after a body that is a block) or by `<>` (then bodies are
/// blocks). Left of `?` and `!` stands a path, a field, an index, a call or a method call, or an expression in
/// parentheses. A channel may be named `after`, `skip` or `stopped`. With a false precondition the guard
/// is switched off and its expressions are not evaluated.
///
/// The bodies work as those of a `match`: `break`, `continue`, `return`, `?` and values. Of several ready
/// guards it takes the one least recently chosen. Without a `stopped` branch, the end of all channels leaves the
/// enclosing function with `Err(Stopped)`, as `?` does.
///
/// The loop variables of a replicated branch are kept for its body, so iterate by shared reference or
/// by index.
///
/// # Examples
///
/// ```ignore
/// use csp::prelude::*;
///
/// alt! {
///     requests ? request          => serve(request),
///     (open > 0) & replies ! next => next += 1,
///     for (i, client) in clients.iter().enumerate() {
///         client ? word           => println!("{i}: {word}"),
///     }
///     after Duration::from_secs(1) => println!("nothing happened"),
///     stopped reason              => return Err(reason),
/// }
/// ```
///
/// # Errors
///
/// Refused are: no branch; a guard without `=>`; `!` on a receiver and `?` on a sender; a second
/// `stopped`, one inside `for` or with a precondition; a second `skip` without precondition. Where
/// the function cannot return `Stopped` (as a plain `fn main()`), a `stopped` branch is needed.
#[proc_macro]
pub fn alt(input: TokenStream) -> TokenStream {
    entry::alt(input.into(), Order::Fair, &path::csp()).into()
}

/// The choice with priority: of several ready guards it takes the first in textual order.
///
/// It is written like [`alt!`], with `skip` last.
///
/// # Examples
///
/// ```ignore
/// use csp::prelude::*;
///
/// pri_alt! {
///     stop ? _    => break,
///     work ? item => run(item),
///     skip        => poll(),
/// }
/// ```
///
/// # Errors
///
/// The same as for [`alt!`]; and a guard after a `skip` without precondition, which could never be chosen.
#[proc_macro]
pub fn pri_alt(input: TokenStream) -> TokenStream {
    entry::alt(input.into(), Order::Priority, &path::csp()).into()
}
