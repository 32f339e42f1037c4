//! The scenarios, by topic; each is a function with assertions, listed in its topic's table.

pub(crate) mod support;

mod across;
mod buffered;
mod calls;
mod choice;
mod choice_text;
mod crossed;
mod deadlock;
mod extended;
mod failure;
mod fairness;
mod foreign;
mod forking;
mod isolation;
mod killed;
mod mobile_data;
mod mobility;
mod networks;
mod order;
mod poison;
mod priority;
mod processes;
mod programs;
mod propagation;
mod races;
mod rendezvous;
mod retire;
mod settings;
mod sharing;
mod spawning;
mod structure;
mod time;
mod turns;
mod unsendable;
mod unstarted;
mod unwinding;
mod waves;

use crate::harness::Scenario;

/// The tables of all topics.
const TOPICS: &[&[Scenario]] = &[
    rendezvous::SCENARIOS,
    across::SCENARIOS,
    order::SCENARIOS,
    choice::SCENARIOS,
    choice_text::SCENARIOS,
    crossed::SCENARIOS,
    priority::SCENARIOS,
    fairness::SCENARIOS,
    time::SCENARIOS,
    turns::SCENARIOS,
    extended::SCENARIOS,
    poison::SCENARIOS,
    races::SCENARIOS,
    retire::SCENARIOS,
    propagation::SCENARIOS,
    waves::SCENARIOS,
    buffered::SCENARIOS,
    mobility::SCENARIOS,
    mobile_data::SCENARIOS,
    unsendable::SCENARIOS,
    structure::SCENARIOS,
    processes::SCENARIOS,
    spawning::SCENARIOS,
    failure::SCENARIOS,
    unstarted::SCENARIOS,
    unwinding::SCENARIOS,
    killed::SCENARIOS,
    isolation::SCENARIOS,
    forking::SCENARIOS,
    deadlock::SCENARIOS,
    networks::SCENARIOS,
    programs::SCENARIOS,
    foreign::SCENARIOS,
    settings::SCENARIOS,
    sharing::SCENARIOS,
    calls::SCENARIOS,
];

/// Every scenario.
pub(crate) fn all() -> impl Iterator<Item = &'static Scenario> {
    TOPICS.iter().flat_map(|topic| topic.iter())
}

/// A name says which scenario failed, so there must be one of each.
pub(crate) fn assert_unique_names() {
    let mut names: Vec<_> = all().map(|scenario| scenario.name).collect();
    names.sort_unstable();
    for pair in names.windows(2) {
        assert_ne!(pair[0], pair[1], "two scenarios share a name");
    }
}
