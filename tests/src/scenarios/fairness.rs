//! `alt!` is fair: of the ready guards the one least recently chosen, wherever and by whomever it was chosen.

use std::time::{Duration, Instant};

use csp::prelude::*;

use super::support::filled;
use crate::harness::{here, scale, scenarios};

scenarios![
    shares_of_ready_inputs_are_equal(main_only),
    shares_of_ready_outputs_are_equal(main_only),
    shares_of_inputs_and_outputs_are_equal(main_only),
    shares_of_replicas_are_equal(main_only),
    nothing_catches_up(main_only),
    a_guard_that_was_off_does_not_catch_up(main_only),
    two_processes_at_one_place_in_lock_step,
    one_process_at_two_places(main_only),
    two_places_over_the_same_ends(main_only),
    a_fair_choice_starves_no_writer,
    an_end_of_a_busier_process_is_not_held_back,
    an_expired_timeout_gets_its_turn(main_only),
    expired_timeouts_at_two_places_leave_each_other_alone(main_only),
];

/// Asserts that each of `0..n` stands exactly once in each window of n.
fn assert_round_robin(chosen: &[usize], n: usize) {
    for window in chosen.windows(n) {
        let mut sorted = window.to_vec();
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..n), "not each guard once in {window:?} of {chosen:?}");
    }
}

fn shares_of_ready_inputs_are_equal() {
    let m = scale(200, 25);
    let (_a_out, a) = filled(vec![0; 2 * m]);
    let (_b_out, b) = filled(vec![1; 2 * m]);
    let (_c_out, c) = filled(vec![2; 2 * m]);
    let mut chosen = Vec::new();
    for _ in 0..3 * m {
        chosen.push(alt! { a ? it => it, b ? it => it, c ?? it => it, stopped why => panic!("{why}") });
    }
    assert_round_robin(&chosen, 3);
}

fn shares_of_ready_outputs_are_equal() {
    let m = scale(200, 25);
    let ((a, _a_in), (b, _b_in)) = (channel::buffered(2 * m), channel::buffered(2 * m));
    let mut chosen = Vec::new();
    for _ in 0..2 * m {
        chosen.push(alt! { a ! () => 0, b ! () => 1, stopped why => panic!("{why}") });
    }
    assert_round_robin(&chosen, 2);
}

fn shares_of_inputs_and_outputs_are_equal() {
    let m = scale(100, 25);
    let (_a_out, a) = filled(vec![(); 2 * m]);
    let (b, _b_in) = channel::buffered(2 * m);
    let (_c_out, c) = filled(vec![(); 2 * m]);
    let (d, _d_in) = channel::buffered(2 * m);
    let mut chosen = Vec::new();
    for _ in 0..4 * m {
        chosen.push(alt! { a ? () => 0, b ! () => 1, c ? () => 2, d ! () => 3, stopped why => panic!("{why}") });
    }
    assert_round_robin(&chosen, 4);
}

fn shares_of_replicas_are_equal() {
    let (n, m) = (10, scale(50, 10));
    let (_outs, inputs): (Vec<_>, Vec<_>) = (0..n).map(|number| filled(vec![number; m])).unzip();
    let mut chosen = Vec::new();
    for _ in 0..n * m {
        alt! { for input in &inputs { input ? number => chosen.push(number) } stopped why => panic!("{why}") }
    }
    assert_round_robin(&chosen, n);
}

/// After `a` was taken five times while `b` was silent, `b` gets its turn, and only its turn.
fn nothing_catches_up() {
    let (_a_out, a) = filled(['a'; 20]);
    let (b_out, b) = channel::buffered(20);
    let choose = || alt! { a ? letter => letter, b ? letter => letter, stopped why => panic!("{why}") };
    let alone: String = (0..5).map(|_| choose()).collect();
    assert_eq!(alone, "aaaaa");
    (0..20).for_each(|_| b_out.send('b').unwrap());
    let both: String = (0..8).map(|_| choose()).collect();
    assert_eq!(both, "babababa", "PyCSP gave bbbbbaba here");
}

fn a_guard_that_was_off_does_not_catch_up() {
    let (_a_out, a) = filled(['a'; 20]);
    let (_b_out, b) = filled(['b'; 20]);
    let choose = |on: bool| alt! { a ? letter => letter, (on) & b ? letter => letter, stopped why => panic!("{why}") };
    let letters: String = (0..12).map(|time| choose(time >= 6)).collect();
    assert_eq!(letters, "aaaaaabababa");
}

#[process]
fn alternates(
    own: usize,
    inputs: [Receiver<char>; 2],
    turn: Receiver<()>,
    next: Sender<()>,
    rounds: usize,
) -> Result<String, Stopped> {
    here();
    let mut letters = String::new();
    for round in 0..rounds {
        turn.recv()?;
        letters.push(alt! { inputs[0] ? letter => letter, inputs[1] ? letter => letter });
        if own == 0 || round + 1 < rounds {
            next.send(())?; // the last turn has no successor
        }
    }
    Ok(letters)
}

/// With one counter for the place in the text, each of the two would be given the same letter again and again.
fn two_processes_at_one_place_in_lock_step() {
    let rounds = scale(100, 10);
    let (_outs, mut inputs): (Vec<_>, Vec<_>) =
        ['a', 'b', 'a', 'b'].map(|letter| filled(vec![letter; rounds])).into_iter().unzip();
    let ((left_out, left_in), (right_out, right_in)) = (channel::buffered(1), channel());
    left_out.send(()).unwrap();
    let second = [inputs.remove(2), inputs.remove(2)];
    let first = [inputs.remove(0), inputs.remove(0)];
    let (one, two) = par! {
        alternates(0, first, left_in, right_out, rounds),
        alternates(1, second, right_in, left_out, rounds),
    };
    for letters in [one.unwrap(), two.unwrap()] {
        assert!(letters == "ab".repeat(rounds / 2) || letters == "ba".repeat(rounds / 2), "{letters}");
    }
}

fn one_process_at_two_places() {
    let rounds = 2 * scale(100, 20);
    let (_outs, inputs): (Vec<_>, Vec<_>) =
        ['a', 'b', 'a', 'b'].map(|letter| filled(vec![letter; rounds])).into_iter().unzip();
    let mut letters = [String::new(), String::new()];
    for _ in 0..rounds {
        letters[0]
            .push(alt! { inputs[0] ? letter => letter, inputs[1] ? letter => letter, stopped why => panic!("{why}") });
        letters[1]
            .push(alt! { inputs[2] ? letter => letter, inputs[3] ? letter => letter, stopped why => panic!("{why}") });
    }
    for letters in letters {
        assert!(letters == "ab".repeat(rounds / 2) || letters == "ba".repeat(rounds / 2), "{letters}");
    }
}

/// The stamp is kept in the end: over all places, each end gets its share.
fn two_places_over_the_same_ends() {
    let m = scale(100, 20);
    let (_a_out, a) = filled(vec![0; 3 * m]);
    let (_b_out, b) = filled(vec![1; 3 * m]);
    let (_c_out, c) = filled(vec![2; 3 * m]);
    let mut chosen = Vec::new();
    for _ in 0..3 * m / 2 {
        chosen.push(alt! { a ? it => it, b ? it => it, c ? it => it, stopped why => panic!("{why}") });
        chosen.push(alt! { c ? it => it, a ? it => it, b ? it => it, stopped why => panic!("{why}") });
    }
    assert_round_robin(&chosen, 3);
}

#[process]
fn floods(out: Sender<usize>, number: usize) {
    here();
    loop {
        out.send(number)?;
    }
}

#[process]
fn takes_fairly(inputs: Vec<Receiver<usize>>, wanted: usize) -> Result<Vec<usize>, Stopped> {
    here();
    let mut shares = vec![0; inputs.len()];
    while shares.iter().any(|&share| share < wanted) {
        alt! { for input in &inputs { input ? number => shares[number] += 1 } }
    }
    Ok(shares)
}

/// S23: eight writers that flood their channels; the reader ends when each has been heard so often, whatever the others do.
fn a_fair_choice_starves_no_writer() {
    let (count, wanted) = (8, scale(200, 20));
    let (outs, inputs): (Vec<_>, Vec<_>) = (0..count).map(|_| channel()).unzip();
    let (_, shares) = par! {
        for (number, out) in outs.into_iter().enumerate() => floods(out, number),
        takes_fairly(inputs, wanted),
    };
    assert_eq!(shares.unwrap().len(), count);
}

#[process]
fn chooses_often(mut inputs: Vec<Receiver<usize>>, gives_away: Sender<Receiver<usize>>, rounds: usize) {
    here();
    for _ in 0..rounds {
        alt! { for input in &inputs { input ? _ => {} } }
    }
    gives_away.send(inputs.remove(0))?;
}

#[process]
fn chooses_between_both(
    own: Receiver<usize>,
    given: Receiver<Receiver<usize>>,
    rounds: usize,
) -> Result<[usize; 2], Stopped> {
    here();
    let inputs = [own, given.recv()?];
    let mut shares = [0; 2];
    for _ in 0..rounds {
        alt! { for (number, input) in inputs.iter().enumerate() { input ? _ => shares[number] += 1 } }
    }
    Ok(shares)
}

/// Each process counts its own choices: an end that comes from one that has made many does not have to wait until another one has made as many.
fn an_end_of_a_busier_process_is_not_held_back() {
    let rounds = 2 * scale(100, 20);
    let (_outs, mut inputs): (Vec<_>, Vec<_>) = (0..3).map(|number| filled(vec![number; 4 * rounds])).unzip();
    let own = inputs.remove(2);
    let (gives_away, given) = channel();
    let ((), shares) = par! {
        chooses_often(inputs, gives_away, 6 * rounds),
        chooses_between_both(own, given, rounds),
    };
    assert_eq!(shares.unwrap(), [rounds / 2; 2]);
}

/// A deadline that has passed is a ready guard: others that are always ready cannot keep it waiting.
fn an_expired_timeout_gets_its_turn() {
    let (a_out, a) = channel::buffered(1);
    let (b_out, b) = channel::buffered(1);
    let deadline = Instant::now() + Duration::from_millis(2);
    let mut late = 0;
    loop {
        let _ = (a_out.try_send(()), b_out.try_send(())); // both are ready for certain
        let expired = Instant::now() >= deadline;
        let chosen = alt! { a ? () => false, b ? () => false, after deadline => true, stopped why => panic!("{why}") };
        if chosen {
            break;
        }
        late += u32::from(expired);
        assert!(late <= 3, "the expired timeout is passed over for ever");
    }
    assert!(Instant::now() >= deadline);
}

/// Each place sees a ready guard and an expired timeout: neither may be passed over there for ever.
fn expired_timeouts_at_two_places_leave_each_other_alone() {
    let rounds = 20;
    let (_a_out, a) = filled(vec![(); rounds]);
    let (_b_out, b) = filled(vec![(); rounds]);
    let past = Instant::now();
    let mut taken = [[0; 2]; 2];
    for _ in 0..rounds {
        taken[0][alt! { a ? () => 0, after past => 1, stopped why => panic!("{why}") }] += 1;
        taken[1][alt! { b ? () => 0, after past => 1, stopped why => panic!("{why}") }] += 1;
    }
    assert!(taken.iter().flatten().all(|&times| times >= rounds / 4), "of {rounds} at each place: {taken:?}");
}
