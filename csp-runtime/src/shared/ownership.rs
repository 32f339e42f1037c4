//! Blocks pass from one process to another.

use std::sync::atomic::Ordering;

use super::census;
use crate::arena::{Block, Owner, arena};
use crate::sync::step;

/// Our block is another's from now on, with all that we wrote into it.
pub(super) fn give(block: Block, to: Owner) {
    step();
    // SYNC entry: the next owner comes after all that this one did in the block.
    arena().owner(block).store(to.number(), Ordering::Release);
}

/// The block passes from one owner to another. False: it was not the first one's any more.
pub(super) fn pass(block: Block, from: Owner, to: Owner) -> bool {
    step();
    // SYNC entry: as in `give`.
    arena().owner(block).compare_exchange(from.number(), to.number(), Ordering::AcqRel, Ordering::Relaxed).is_ok()
}

/// Frees a block of `owner`, who is dead, or nobody in particular: only an owner frees, so it becomes ours before. Nothing happens if
/// somebody else was faster.
pub(super) fn free_from(block: Block, owner: Owner) {
    let me = census::me().owner();
    if owner == me || pass(block, owner, me) {
        arena().free(block);
    }
}

pub(super) fn is_owned_by(owner: Owner, block: Block) -> bool {
    arena().owner(block).load(Ordering::Relaxed) == owner.number()
}
