//! What a checked construct becomes. Nothing here can fail.

pub(crate) mod alt;
mod alt_replicas;
mod block;
pub(crate) mod captures;
pub(crate) mod io;
pub(crate) mod message;
mod naming;
pub(crate) mod par;
pub(crate) mod process;
mod returns;
mod stops;
mod walk;
mod walk_macros;
