//! The conformance suite of `csp`: scenarios against the public API, run on every backend.
//!
//! [`main`] is the whole surface: the harness of the test target `conformance`. README.md says how to run it and how to add a
//! scenario or a backend.

mod harness;
#[doc(hidden)]
pub mod invariants;
#[doc(hidden)]
pub mod readme;
mod scenarios;

pub use harness::main;
