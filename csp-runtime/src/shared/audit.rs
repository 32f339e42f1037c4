//! What the shared memory holds: for whoever looks whether anything was left behind.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::atomic::Ordering;

use super::{census, desk, recover};
use crate::arena::{Kind, arena};

/// What the memory that the processes of this program share holds at a moment.
///
/// Two of them are equal if nothing was left behind in between: what this process keeps for its next operations is not in it. That is
/// known exactly: a desk is kept by a thread, or for the next one; a frame in no use is kept at a desk; a free block that a thread keeps has no
/// owner as far as the arena shows it. All else is somebody's, and goes with that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// Blocks in use, by what is in them.
    pub blocks: BTreeMap<String, usize>,
    /// Locks that somebody holds.
    pub locks: usize,
    /// Processes that have a slot; the caller is one of them.
    pub processes: usize,
}

/// Looks now. It is exact if nobody else does anything meanwhile.
pub fn audit() -> Audit {
    let me = census::me().owner();
    let desks = desk::hold();
    let mut kept = HashSet::new();
    let mut mine = 0;
    desk::each_of(census::me(), |desk| {
        mine += 1;
        kept.extend(desk.spares.numbers());
    });
    let mut blocks = BTreeMap::new();
    let mut count = |name: String, more: usize| *blocks.entry(name).or_default() += more;
    arena().each(|block, owner| {
        let kind = arena().kind(block);
        let is_kept = owner == me && (kind == Kind::Desk || kind == Kind::Frame && kept.contains(&block.number()));
        if !is_kept {
            count(format!("{kind:?}"), 1);
        }
    });
    // Those that nobody will use again.
    count(format!("{:?}", Kind::Desk), mine - desks.count().min(mine));
    blocks.retain(|_, count| *count > 0);
    Audit { blocks, locks: locks_held(), processes: census::population() }
}

/// Locks of channels that somebody holds, and the turns that somebody has.
pub(super) fn locks_held() -> usize {
    let mut held = 0;
    recover::each_channel(|link| held += usize::from(link.core.lock_of().holder() != 0));
    let turns = [&census::census().repairing, &census::census().judging];
    held + turns.into_iter().filter(|turn| turn.load(Ordering::Relaxed) != 0).count()
}

impl Audit {
    /// What there is more now than there was `before`, in words; nothing if all is as it was.
    pub fn beyond(&self, before: &Self) -> Option<String> {
        let names: std::collections::BTreeSet<_> = self.blocks.keys().chain(before.blocks.keys()).collect();
        let of = |audit: &Self, name: &str| audit.blocks.get(name).copied().unwrap_or(0);
        let blocks = names.into_iter().map(|name| (name.as_str(), of(self, name), of(before, name)));
        let others = [("locks", self.locks, before.locks), ("processes", self.processes, before.processes)];
        let differences = blocks.chain(others).filter(|(_, now, then)| now != then);
        let text: Vec<String> =
            differences.map(|(name, now, then)| format!("{name}: {now} instead of {then}")).collect();
        (!text.is_empty()).then(|| text.join(", "))
    }
}

impl fmt::Display for Audit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, count) in &self.blocks {
            write!(out, "{count} {name}, ")?;
        }
        write!(out, "{} locks, {} processes", self.locks, self.processes)
    }
}
