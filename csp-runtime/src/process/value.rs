//! A process value: arguments and a body, which do nothing until something runs them.

use std::borrow::Cow;
use std::fmt;

use super::branch::Runnable;
use super::outcome::{Killed, Payload, message_of};
use super::par::{ParSettings, par};
use super::visit::Visitor;
use crate::backend::Backend;
use crate::error::ProcessError;
use crate::message::Message;

/// What a `#[process]` attribute says about all processes of its function.
#[derive(Clone, Debug)]
#[doc(hidden)]
pub struct Meta {
    pub(super) name: Cow<'static, str>,
    pub(super) backend: Option<Backend>,
    pub(super) stack_size: Option<usize>,
    pub(super) catching: bool,
    #[cfg_attr(not(feature = "backend-processes"), allow(dead_code))]
    shares_memory: bool,
}

impl Meta {
    /// The name of the function.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self { name: Cow::Borrowed(name), backend: None, stack_size: None, catching: false, shares_memory: false }
    }

    /// `name = "…"`.
    #[must_use]
    pub fn named(self, name: &'static str) -> Self {
        Self { name: Cow::Borrowed(name), ..self }
    }

    #[cfg(feature = "backend-processes")]
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    #[cfg(feature = "backend-processes")]
    pub(crate) fn is_catching(&self) -> bool {
        self.catching
    }

    #[cfg(feature = "backend-processes")]
    pub(crate) fn own_stack(&self) -> Option<usize> {
        self.stack_size
    }

    #[cfg(feature = "backend-processes")]
    pub(crate) fn is_sharing_memory(&self) -> bool {
        self.shares_memory
    }

    /// `backend = …`.
    #[must_use]
    pub fn backend(self, backend: Backend) -> Self {
        Self { backend: Some(backend), ..self }
    }

    /// `stack = …`, in bytes.
    #[must_use]
    pub fn stack_size(self, bytes: usize) -> Self {
        Self { stack_size: Some(bytes), ..self }
    }

    /// `shares_memory`: refused at a fork.
    #[must_use]
    pub fn shares_memory(self) -> Self {
        Self { shares_memory: true, ..self }
    }
}

/// A process that has not started: what calling a `#[process]` function gives.
///
/// It runs in [`par!`](crate::par), [`seq!`](crate::seq), [`spawn!`](crate::spawn), a [`scope`](crate::scope), or with
/// [`run`](Self::run). If its arguments are `Clone`, so is it, and `n * process` runs n of them.
#[must_use = "a process does nothing until something runs it: put it in `par!`, `seq!` or `spawn!`, or call `.run()`"]
#[derive(Clone)]
pub struct Process<A, O> {
    args: A,
    body: fn(A) -> O,
    visit: fn(&A, &mut Visitor<'_>),
    meta: Meta,
}

/// What `#[process]` expands to.
#[doc(hidden)]
pub fn process<A: Send, O: Message>(
    meta: Meta,
    args: A,
    body: fn(A) -> O,
    visit: fn(&A, &mut Visitor<'_>),
) -> Process<A, O> {
    Process { args, body, visit, meta }
}

impl<A: Send, O: Message> Process<A, O> {
    /// Runs on `backend`, whatever else was said.
    ///
    /// # Panics
    /// When it runs, if this build has no such backend.
    pub fn on(mut self, backend: Backend) -> Self {
        self.meta.backend = Some(backend);
        self
    }

    /// Is called `name` in reports and errors.
    pub fn named(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.meta.name = name.into();
        self
    }

    /// Gets a stack of `bytes`, instead of what [`Config`](crate::Config) says.
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.meta.stack_size = Some(bytes);
        self
    }

    /// Keeps a panic to this branch: the output is a `Result`, and the process's ends retire instead of poisoning.
    ///
    /// # Examples
    /// ```
    /// use csp_runtime::prelude::*;
    ///
    /// #[process]
    /// fn divide(a: u32, b: u32) -> u32 {
    ///     a / b
    /// }
    ///
    /// let (good, bad) = par! { divide(6, 2).catch(), divide(6, 0).catch() };
    /// assert_eq!(good, Ok(3));
    /// assert!(bad.is_err());
    /// ```
    pub fn catch(mut self) -> Caught<Self> {
        self.meta.catching = true;
        Caught(self)
    }

    /// Runs it here, and waits for it: a `par!` of one.
    ///
    /// # Panics
    /// If it panics.
    #[track_caller]
    pub fn run(self) -> O {
        par(ParSettings::new(), (self, ())).0
    }
}

impl<A: Send, O: Message> Runnable for Process<A, O> {
    type Raw = O;
    type Output = O;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn execute(self) -> O {
        (self.body)(self.args)
    }

    fn visit(&self, visitor: &mut Visitor<'_>) {
        (self.visit)(&self.args, visitor);
    }

    #[cfg(feature = "backend-processes")]
    fn release(self) {
        super::released::release(self.args, self.visit);
    }

    fn conclude(result: Result<O, Payload>, _name: &str) -> Result<O, Payload> {
        result
    }
}

/// A process whose panic is its output. Made by [`Process::catch`].
#[must_use = "a process does nothing until something runs it: put it in `par!`, `seq!` or `spawn!`"]
#[derive(Clone)]
pub struct Caught<P>(P);

impl<A: Send, O: Message> Caught<Process<A, O>> {
    /// As [`Process::on`].
    pub fn on(self, backend: Backend) -> Self {
        Self(self.0.on(backend))
    }

    /// As [`Process::named`].
    pub fn named(self, name: impl Into<Cow<'static, str>>) -> Self {
        Self(self.0.named(name))
    }

    /// As [`Process::stack_size`].
    pub fn stack_size(self, bytes: usize) -> Self {
        Self(self.0.stack_size(bytes))
    }

    /// As [`Process::run`].
    ///
    /// # Errors
    /// If it panics.
    #[track_caller]
    pub fn run(self) -> Result<O, ProcessError> {
        par(ParSettings::new(), (self, ())).0
    }
}

impl<P: Runnable> Runnable for Caught<P> {
    type Raw = P::Raw;
    type Output = Result<P::Output, ProcessError>;

    fn meta(&self) -> &Meta {
        self.0.meta()
    }

    fn execute(self) -> P::Raw {
        self.0.execute()
    }

    fn visit(&self, visitor: &mut Visitor<'_>) {
        self.0.visit(visitor);
    }

    #[cfg(feature = "backend-processes")]
    fn release(self) {
        self.0.release();
    }

    fn conclude(result: Result<P::Raw, Payload>, name: &str) -> Result<Self::Output, Payload> {
        Ok(P::conclude(result, name).map_err(|payload| match payload.downcast_ref::<Killed>() {
            Some(Killed(how)) => ProcessError::Killed { process: name.to_owned(), how: how.clone() },
            None => ProcessError::Panicked { process: name.to_owned(), message: message_of(&*payload) },
        }))
    }
}

impl<A, O> fmt::Debug for Process<A, O> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Process").field("name", &self.meta.name).finish_non_exhaustive()
    }
}

impl<P: fmt::Debug> fmt::Debug for Caught<P> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Caught").field(&self.0).finish()
    }
}
