//! What a user reads and meets: `pass/` must compile and run, `fail/` must not, and says why.
//!
//! One rule is one test, named after the rule. `TRYBUILD=overwrite cargo test -p csp-ui-tests` writes the messages
//! anew; each is then read by a person before it is committed. The messages are those of the stable compiler, 1.95.
//!
//! [`strict`] holds every construct once more, where clippy sees it.

pub mod strict;
