//! Tests of the expansions on token streams; what a user sees is tested in `ui-tests`.

mod captures;
mod constructs;
mod snapshots;
mod soup;
