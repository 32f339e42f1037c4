//! The one arena of a program: made at first use, inherited by all that are forked afterwards.

use std::sync::OnceLock;

use super::{Arena, map};
use crate::config;

// FORK: made before the first fork, with the census.
static ARENA: OnceLock<Arena> = OnceLock::new();

/// The program's arena, which this makes if there is none yet. Only a process whose forks are to share it may do that.
///
/// # Panics
/// If it cannot be had: see [`try_arena`].
#[inline]
pub(crate) fn arena() -> &'static Arena {
    match existing() {
        Some(arena) => arena,
        None => try_arena().unwrap_or_else(|why| panic!("{why}")),
    }
}

/// The same, for whoever can say what is wrong.
///
/// # Errors
/// If there is not enough memory for it; the text names the setting.
pub(crate) fn try_arena() -> Result<&'static Arena, String> {
    if let Some(arena) = existing() {
        return Ok(arena);
    }
    let wishes = config::effective();
    let bytes = wishes.message_buffer.unwrap_or_else(|| map::default_bytes().get());
    let made = Arena::make(bytes, wishes.block_size)?;
    Ok(ARENA.get_or_init(|| made))
}

/// The program's arena, if it has one.
#[inline]
pub(crate) fn existing() -> Option<&'static Arena> {
    ARENA.get()
}
