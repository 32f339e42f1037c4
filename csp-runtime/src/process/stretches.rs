//! Many branches of one replicator, of which each talks to the next, are cut into stretches, so that several workers run them: a
//! pipeline, a ring, or a grid row by row.

use std::sync::Arc;

use smallvec::SmallVec;

use super::branch::{One, Runnable, Slot};
use super::visit::{Mutable, Visit, Visitor};
use crate::backend;
use crate::channel::Channel;
use crate::rendezvous::core::Side;

/// In so many places branches are asked what they hold,
const PLACES: usize = 8;
/// so many in each, side by side.
const SIDE_BY_SIDE: usize = 5;
/// Of those with one behind them so many must share a channel with that. (At the end of its row a grid's cell need not.)
const LINKED: usize = PLACES * (SIDE_BY_SIDE - 1) * 3 / 4;
/// A channel that so many hold is not for neighbours: it leads to somebody whom many talk to.
const COMMON: usize = 3;

/// How many branches, in order, start on the same worker: all of them, unless they are many and each talks to the next.
pub(super) fn length<R: Runnable>(branches: &[One<R>]) -> usize {
    let length = backend::stretch_length(branches.len());
    if length < branches.len() && are_neighbours(branches) { length } else { branches.len().max(1) }
}

/// Whether each talks to the next, as far as some of them show.
fn are_neighbours<R: Runnable>(branches: &[One<R>]) -> bool {
    let (mut linked, mut all) = (0, Vec::new());
    for place in branches.chunks_exact((branches.len() / PLACES).max(SIDE_BY_SIDE)).take(PLACES) {
        let held: Vec<_> = place[..SIDE_BY_SIDE].iter().map(ends).collect();
        linked += held.windows(2).filter(|pair| pair[0].iter().any(|channel| pair[1].contains(channel))).count();
        all.extend(held.into_iter().flatten());
    }
    all.sort_unstable();
    let common = all.windows(COMMON).any(|channels| channels.iter().all(|channel| *channel == channels[0]));
    linked >= LINKED && !common
}

/// The channels that a branch holds ends of, each once.
fn ends<R: Runnable>(branch: &One<R>) -> SmallVec<[*const Channel; 8]> {
    let mut ends = Ends(SmallVec::new());
    branch.visit(&mut Visitor::new(&mut ends));
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
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::iter;

    use super::*;
    use crate::prelude::*;

    const MANY: usize = 2400;

    #[process]
    fn cell(_left: Receiver<u32>, _right: Sender<u32>, _more: Vec<Sender<u32>>) {}

    #[process]
    fn borrows(_left: &Receiver<u32>, _right: &Sender<u32>) {}

    fn frames<R: Runnable>(branches: impl IntoIterator<Item = R>) -> Vec<One<R>> {
        branches.into_iter().map(One::new).collect()
    }

    /// The ends of a pipeline, by element.
    fn pipeline() -> Vec<(Receiver<u32>, Sender<u32>)> {
        let (mut rights, mut lefts): (Vec<_>, Vec<_>) = (0..=MANY).map(|_| channel()).unzip();
        lefts.pop();
        rights.remove(0);
        lefts.into_iter().zip(rights).collect()
    }

    #[test]
    fn those_of_a_pipeline_are_neighbours_whichever_way_it_runs() {
        assert!(are_neighbours(&frames(pipeline().into_iter().map(|(left, right)| cell(left, right, vec![])))));
        assert!(are_neighbours(&frames(pipeline().into_iter().rev().map(|(left, right)| cell(left, right, vec![])))));
    }

    #[test]
    fn ends_that_are_lent_count() {
        let ends = pipeline();
        assert!(are_neighbours(&frames(ends.iter().map(|(left, right)| borrows(left, right)))));
    }

    #[test]
    fn those_of_a_grid_are_neighbours_row_by_row() {
        for width in [20, 75, 150, 300] {
            let below: Vec<_> = (0..MANY).map(|_| channel::<u32>()).collect();
            let cells = pipeline().into_iter().enumerate().map(|(place, (left, right))| {
                let above = place.checked_sub(width).map(|above| below[above].0.clone());
                cell(left, right, above.into_iter().chain([below[place].0.clone()]).collect())
            });
            assert!(are_neighbours(&frames(cells)), "rows of {width}");
        }
    }

    #[test]
    fn those_who_all_talk_to_one_are_no_neighbours() {
        let (server, _requests) = channel();
        let clients = iter::repeat_with(|| cell(channel().1, server.clone(), vec![])).take(MANY);
        assert!(!are_neighbours(&frames(clients)));
        let elements = pipeline().into_iter().map(|(left, right)| cell(left, right, vec![server.clone()]));
        assert!(!are_neighbours(&frames(elements)), "not even if each also talks to the next");
        let servers: Vec<_> = (0..MANY / 60).map(|_| channel::<u32>()).collect();
        let elements = pipeline().into_iter().enumerate();
        let elements = elements.map(|(place, (left, right))| cell(left, right, vec![servers[place / 60].0.clone()]));
        assert!(!are_neighbours(&frames(elements)), "nor if they are several, for each part of them one");
    }

    #[test]
    fn those_who_do_not_talk_to_each_other_are_no_neighbours() {
        let apart = iter::repeat_with(|| cell(channel().1, channel().0, vec![])).take(MANY);
        assert!(!are_neighbours(&frames(apart)));
        // Pairs talk, but not each with the next.
        let pairs = iter::repeat_with(|| {
            let ((a, b), (c, d)) = (channel(), channel());
            [cell(b, c, vec![]), cell(d, a, vec![])]
        });
        let pairs = pairs.flatten().skip(1).take(MANY);
        assert!(!are_neighbours(&frames(pairs)), "cut anywhere");
    }

    #[test]
    fn few_are_not_cut() {
        assert_eq!(length::<Process<(), ()>>(&[]), 1, "a length, of no stretches");
        let few = frames(pipeline().into_iter().take(1000).map(|(left, right)| cell(left, right, vec![])));
        assert_eq!(length(&few), 1000);
    }
}
