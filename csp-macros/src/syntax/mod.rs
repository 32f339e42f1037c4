//! What the user may write: parses each construct and checks its rules.

pub(crate) mod alt;
mod alt_check;
pub(crate) mod guard;
pub(crate) mod io;
pub(crate) mod message;
pub(crate) mod par;
pub(crate) mod process;
mod recover;
pub(crate) mod settings;
mod sharing;
