//! Many branches of one replicator, of which each talks to the next, are cut into segments, so that several workers run them: a
//! pipeline, a ring, or a grid row by row.

use std::sync::Arc;

use smallvec::SmallVec;

use super::branch::{One, Runnable};
use super::visit::{Copied, Mutable, Visit, Visitor};
use crate::backend;
use crate::channel::Channel;
use crate::rendezvous::core::Side;

/// So many branches, each with the next one, are asked what they hold.
const SAMPLES: usize = 32;
/// So many of them must share a channel with the next one. (At the end of its row a grid's cell need not.)
const LINKED: usize = SAMPLES * 3 / 4;
/// A channel that so many of them hold is not for neighbours: it leads to somebody whom all talk to. (A neighbour in the next row of a grid may be
/// another one of them.)
const COMMON: usize = 3;

/// How many branches, in order, start on the same worker: all of them, unless they are many and each talks to the next.
pub(super) fn length<R: Runnable>(branches: &[One<R>]) -> usize {
    let length = backend::segment_length(branches.len());
    if length < branches.len() && is_chain(branches) { length } else { branches.len().max(1) }
}

fn is_chain<R: Runnable>(branches: &[One<R>]) -> bool {
    let distance = branches.len() / SAMPLES;
    let (mut linked, mut all) = (0, Vec::new());
    for pair in branches.chunks_exact(distance.max(2)).take(SAMPLES) {
        let (one, next) = (ends(&pair[0]), ends(&pair[1]));
        linked += usize::from(one.iter().any(|channel| next.contains(channel)));
        all.extend(one);
    }
    all.sort_unstable();
    let common = all.windows(COMMON).any(|channels| channels.iter().all(|channel| *channel == channels[0]));
    linked >= LINKED && !common
}

/// The channels that a branch holds ends of, each once.
fn ends<R: Runnable>(branch: &One<R>) -> SmallVec<[*const Channel; 8]> {
    let mut ends = Ends(SmallVec::new());
    branch.show(&mut Visitor::new(&mut ends));
    ends.0.sort_unstable();
    ends.0.dedup();
    ends.0
}

/// Which channels it is told of. They are only compared.
struct Ends(SmallVec<[*const Channel; 8]>);

impl Visit for Ends {
    fn moved(&mut self, channel: &Arc<Channel>, _side: Side) {
        self.0.push(Arc::as_ptr(channel));
    }

    fn lent(&mut self, channel: &Arc<Channel>, side: Side) {
        self.moved(channel, side);
    }

    fn data(&mut self, _place: std::ptr::NonNull<u8>) {}

    fn mutable(&mut self, _target: Mutable) {}

    fn one_way(&mut self, _type_name: &'static str) {}

    fn copied(&mut self, _value: Copied) {}
}
