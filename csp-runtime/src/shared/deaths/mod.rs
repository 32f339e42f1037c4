//! Model tests of what is shared by processes that may be killed: the shipped operations, with a death before every step.
//!
//! `RUSTFLAGS="--cfg csp_steps" cargo test -p csp-runtime --features processes,backend-coroutines --lib deaths`. `CSP_SCHEDULES` says how many
//! schedules are tried for each step of each process. A failure names its run, and `CSP_DEATH` repeats it, step by step.

mod dice;
mod ends;
mod scenarios;
mod world;

use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use ends::population;
use world::{Plan, World};

use super::audit::locks_held;
use super::judge::GOES_ON;
use super::{census, desk, ownership};
use crate::arena::{Kind, Owner, arena};

/// One arena serves all scenarios, one after the other.
// FORK: only in tests whose processes are threads.
static ARENA: Mutex<()> = Mutex::new(());

/// Whether a process has died, in the model that runs here, if one does.
pub(super) fn is_dead(slot: &census::Slot) -> Option<bool> {
    World::has_died(slot)
}

/// What came of a run that went well.
struct Run {
    victim_died: bool,
    supervisor_died: bool,
}

type Scenario = fn(&mut World);

fn run(scenario: Scenario, plan: Plan, traced: bool) -> Result<Run, String> {
    desk::desk();
    let before = population();
    let mut world = World::new(plan, traced);
    scenario(&mut world);
    let mut result = world.run().and_then(|()| world.audit_messages());
    if world.judges {
        census::me().stands_still.store(GOES_ON, Ordering::Relaxed);
        let report = super::judge::take_report();
        result = result.and_then(|()| world.audit_judgement(&report.unwrap_or_default()));
    }
    if result.is_ok() {
        let held = locks_held();
        if held > 0 {
            result = Err(format!("{held} locks are held by nobody"));
        }
    }
    let died =
        |name: &str| (0..world.actors.len()).any(|number| world.is_dead(number) && world.actors[number].name == name);
    let outcome = Run {
        victim_died: plan.victim.is_some_and(|(victim, _)| world.is_dead(victim)),
        supervisor_died: died("supervisor"),
    };
    if result.is_ok() {
        world.dismiss_all();
        let left: Vec<_> = population().into_iter().filter(|block| !before.contains(block)).collect();
        if !left.is_empty() {
            let owner = |number| arena().check(number).map_or(0, |block| arena().owner(block).load(Ordering::Relaxed));
            let left: Vec<_> = left.into_iter().map(|(number, kind)| (number, kind, owner(number))).collect();
            let events = world.events.borrow();
            result = Err(format!("blocks are left: {left:?} after {events:?}"));
        }
    }
    result.map_err(|why| format!("{why}\n{}", world.last_steps())).inspect_err(|_| clean(&before)).map(|()| outcome)
}

/// After a failure: what is left is no concern of the next scenario.
fn clean(before: &[(u32, Kind)]) {
    for (number, kind) in population().into_iter().filter(|block| !before.contains(block)) {
        let Some(block) = arena().check(number) else { continue };
        let owner = Owner::of(arena().owner(block).load(Ordering::Relaxed));
        if !owner
            .is_some_and(|owner| owner == census::me().owner() || ownership::pass(block, owner, census::me().owner()))
        {
            continue;
        }
        match kind {
            Kind::Slot => census::dismiss_unborn(block),
            _ => arena().free(block),
        }
    }
    let census = census::census();
    [&census.repairing, &census.judging].into_iter().for_each(|turn| turn.store(0, Ordering::Relaxed));
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Tries every step of every process that may die, the first `mortals` of them, in so many schedules, and steps of the supervisor.
fn explore(name: &str, mortals: usize, scenario: Scenario) {
    let _one = ARENA.lock().unwrap_or_else(PoisonError::into_inner);
    if let Ok(plan) = std::env::var("CSP_DEATH") {
        return replay(name, &plan, scenario);
    }
    let schedules = number("CSP_SCHEDULES").unwrap_or(10);
    let begin = Instant::now();
    let (mut points, mut runs, mut pairs) = (0, 0, 0);
    let mut seed = 0;
    let mut attempt = |victim, supervisor| {
        seed += 1;
        runs += 1;
        let plan = Plan { seed, victim, supervisor };
        run(scenario, plan, false).unwrap_or_else(|why| panic!("{}: {why}", tell(name, plan)))
    };
    for _ in 0..schedules * 30 {
        let _ = attempt(None, None);
    }
    for victim in 0..mortals {
        let mut longest = 60;
        for step in 1.. {
            let died = (0..schedules).filter(|_| attempt(Some((victim, step)), None).victim_died).count();
            if died == 0 {
                break;
            }
            points += 1;
            for round in 0..schedules.div_ceil(2) {
                let at = 1 + (u64::from(step) * 7919 + round * 104_729) % longest;
                if attempt(Some((victim, step)), Some(at as u32)).supervisor_died {
                    pairs += 1;
                    longest = longest.max(at + at / 4 + 1);
                }
            }
        }
    }
    println!(
        "{name}: {points} points, {runs} runs, {pairs} with a supervisor's death, {} ms",
        begin.elapsed().as_millis()
    );
}

fn tell(name: &str, plan: Plan) -> String {
    let (victim, step) = plan.victim.map_or((0, 0), |(victim, step)| (victim, step));
    format!("CSP_DEATH=\"{name} {victim} {step} {} {}\"", plan.supervisor.unwrap_or(0), plan.seed)
}

fn replay(name: &str, plan: &str, scenario: Scenario) {
    let mut words = plan.split(' ');
    if words.next() != Some(name) {
        return;
    }
    let numbers: Vec<u64> = words.filter_map(|word| word.parse().ok()).collect();
    let [victim, step, supervisor, seed] = numbers[..] else { panic!("`CSP_DEATH` names no run: {plan}") };
    let some = |number: u64| (number > 0).then_some(number as u32);
    let plan = Plan { seed, victim: some(step).map(|step| (victim as usize, step)), supervisor: some(supervisor) };
    if let Err(why) = run(scenario, plan, true) {
        panic!("{why}");
    }
}

/// Declares the scenarios: a name, how many of its processes may die, and how it is set up.
macro_rules! scenarios {
    ($($name:ident $mortals:literal;)*) => {
        $(#[test]
        fn $name() {
            explore(stringify!($name), $mortals, scenarios::$name);
        })*
    };
}

scenarios! {
    one_to_one 2;
    one_to_one_in_blocks 2;
    one_to_one_in_envelopes 2;
    one_to_one_in_parts 2;
    two_receivers_in_parts 3;
    two_senders_in_parts 3;
    a_caught_sender_in_parts 1;
    two_senders 3;
    two_receivers 3;
    a_caught_sender 1;
    a_caught_receiver 1;
    bystanders 2;
    a_choice_of_inputs 3;
    a_choice_of_outputs 3;
    choices_meet 2;
    crossed_choices 3;
    timeouts 2;
    a_choice_with_a_timeout 2;
    a_buffer_of_one 2;
    a_buffer_and_two_senders 3;
    a_buffer_of_envelopes 2;
    extended_inputs 2;
    extended_inputs_of_a_choice 2;
    an_extended_input_from_a_buffer 2;
    a_caught_extended_input_from_a_buffer 1;
    a_caught_output_guard_and_a_buffer 1;
    an_output_guard_meets_an_extended_input 2;
    an_output_guard_and_a_buffer 2;
    an_abandoned_output_guard 2;
    poison 3;
    a_moving_sender 3;
    a_moving_receiver 3;
    moving_ends_in_a_buffer 3;
    a_pingpong 2;
    a_ring 3;
    a_parent_prepares_a_child 1;
    an_end_that_came_along_unseen 1;
    a_deadlock 4;
}
