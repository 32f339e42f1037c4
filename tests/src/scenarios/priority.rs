//! `pri_alt!`: the first ready guard in the order of the text; and where `alt!` puts `skip`.

use std::time::Duration;

use csp::prelude::*;

use super::support::{filled, source};
use crate::harness::{here, scale, scenarios};

scenarios![
    skip_first_wins_always(main_only),
    skip_last_wins_only_when_nothing_is_ready(main_only),
    twenty_priority_choices_empty_the_first_channel_first(main_only),
    priority_holds_for_outputs(main_only),
    priority_holds_across_replicas(main_only),
    an_expired_timeout_has_its_place_in_the_order(main_only),
    a_fair_choice_skips_only_when_nothing_is_ready(main_only),
    priority_starves_the_last,
    a_server_with_priority_hears_its_control_channel,
];

/// S17.
fn skip_first_wins_always() {
    let (_out, input) = filled([1]);
    for _ in 0..10 {
        let off = 1 > 2;
        let chosen = pri_alt! {
            (off) & skip => "off",
            (!off) & skip => "skip",
            input ? _ => "input",
            stopped why => panic!("{why}"),
        };
        assert_eq!(chosen, "skip");
    }
    assert_eq!(input.try_recv().ok(), Some(1), "the value is still there");
}

fn skip_last_wins_only_when_nothing_is_ready() {
    let (_out, input) = filled([1, 2]);
    let mut chosen = Vec::new();
    for _ in 0..4 {
        chosen.push(pri_alt! { input ? value => value, skip => 0, stopped why => panic!("{why}") });
    }
    assert_eq!(chosen, [1, 2, 0, 0]);
}

fn twenty_priority_choices_empty_the_first_channel_first() {
    let (_a_out, a) = filled(['a'; 10]);
    let (_b_out, b) = filled(['b'; 10]);
    let choose = || pri_alt! { a ? letter => letter, b ? letter => letter, stopped why => panic!("{why}") };
    let letters: String = (0..20).map(|_| choose()).collect();
    assert_eq!(letters, "aaaaaaaaaabbbbbbbbbb");
}

fn priority_holds_for_outputs() {
    let (first_out, first) = channel::buffered(3);
    let (second_out, second) = channel::buffered(3);
    for value in 0..6 {
        pri_alt! { first_out ! value => {}, second_out ! value => {}, stopped why => panic!("{why}") }
    }
    drop((first_out, second_out));
    assert!(first.iter().eq([0, 1, 2]));
    assert!(second.iter().eq([3, 4, 5]));
}

fn priority_holds_across_replicas() {
    let (_outs, inputs): (Vec<_>, Vec<_>) = (0..5).map(|number| filled([number; 2])).unzip();
    let (_last_out, last) = filled([99; 2]);
    let mut got = Vec::new();
    for _ in 0..12 {
        pri_alt! {
            for input in &inputs { input ? value => got.push(value) }
            last ? value => got.push(value),
            stopped why => panic!("{why}"),
        }
    }
    assert_eq!(got, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 99, 99]);
}

fn an_expired_timeout_has_its_place_in_the_order() {
    let (_out, input) = filled([1]);
    let chosen = pri_alt! { after Duration::ZERO => "after", input ? _ => "input", stopped why => panic!("{why}") };
    assert_eq!(chosen, "after");
    let chosen = pri_alt! { input ? _ => "input", after Duration::ZERO => "after", stopped why => panic!("{why}") };
    assert_eq!(chosen, "input");
    let chosen = pri_alt! { input ? _ => "input", after Duration::ZERO => "after", stopped why => panic!("{why}") };
    assert_eq!(chosen, "after", "the buffer is empty now");
}

fn a_fair_choice_skips_only_when_nothing_is_ready() {
    let (_out, input) = filled([1, 2, 3]);
    let mut chosen = Vec::new();
    for _ in 0..5 {
        chosen.push(alt! { skip => 0, input ? value => value, stopped why => panic!("{why}") });
    }
    assert_eq!(chosen, [1, 2, 3, 0, 0]);
}

#[process]
fn prefers_the_first(first: Receiver<u32>, last: Receiver<u32>) -> Result<(usize, usize), Stopped> {
    here();
    let (mut firsts, mut lasts) = (0, 0);
    loop {
        pri_alt! {
            first ? _ => { assert_eq!(lasts, 0, "the first channel was never empty before its end"); firsts += 1 },
            last ? _ => lasts += 1,
            stopped _ => return Ok((firsts, lasts)),
        }
    }
}

/// S23: a source that is always ready starves the others under priority (a full buffer is always ready).
fn priority_starves_the_last() {
    let count = scale(500, 50);
    let ((first_out, first), (last_out, last)) = (filled(vec![0; count]), channel());
    drop(first_out);
    let ((), got) = par! { source(vec![1; 10], last_out), prefers_the_first(first, last) };
    assert_eq!(got, Ok((count, 10)));
}

#[process]
fn serves_until_told(control: Receiver<()>, work: Receiver<usize>) -> Result<usize, Stopped> {
    here();
    let mut served = 0;
    loop {
        pri_alt! {
            control ? () => return Ok(served),
            work ? _ => served += 1,
        }
    }
}

#[process]
fn works_without_end(out: Sender<usize>) {
    here();
    for value in 0.. {
        out.send(value)?;
    }
}

fn a_server_with_priority_hears_its_control_channel() {
    let ((stop, control), (out, work)) = (channel(), channel());
    let (served, _, ()) = par! {
        serves_until_told(control, work),
        4 * works_without_end(out),
        move(stop) { stop.send(()).unwrap() },
    };
    assert!(served.is_ok(), "four flooding clients do not keep the server from its control channel");
}
