//! Which backend a process runs on, and the settings of the runtime.

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use csp::Config;
use csp::prelude::*;

use super::support::{sink, source};
use crate::harness::{backend_name, first_run, here, here_on, scenarios};

scenarios![
    processes_run_on_the_default_backend,
    on_is_stronger_than_everything,
    the_attribute_is_stronger_than_the_par,
    the_par_is_stronger_than_what_encloses_it,
    an_explicit_choice_is_inherited,
    an_inherited_choice_ends_with_its_par,
    processes_on_two_backends_talk,
    spawned_processes_choose_their_backend,
    backends_have_names(main_only),
    an_unknown_backend_is_a_clear_error(main_only),
    a_wrong_setting_is_a_clear_error(main_only),
    settings_are_set_once(cold),
    a_seed_replays_its_schedule,
];

fn default() -> Backend {
    backend_name().parse().expect("the backend under test has a name")
}

/// A backend that is not the default.
fn other() -> Backend {
    if default() == Backend::Threads { Backend::Seeded } else { Backend::Threads }
}

/// What the runtime calls the backend that it runs on, which should be `own`.
#[process]
fn where_am_i(own: Backend) -> String {
    here_on(own);
    says_where()
}

fn says_where() -> String {
    csp::current().backend().to_string()
}

#[process]
fn only_says_where() -> String {
    says_where()
}

#[process(backend = threads)]
fn always_on_threads() -> String {
    here_on(Backend::Threads);
    says_where()
}

#[process(backend = seeded)]
fn always_seeded() -> String {
    here_on(Backend::Seeded);
    says_where()
}

#[process]
fn starts_one(own: Backend) -> String {
    here_on(own);
    par! { where_am_i(own) }
}

#[process]
fn starts_one_on(own: Backend, backend: Backend) -> String {
    here_on(own);
    par! { backend = backend; where_am_i(backend) }
}

fn processes_run_on_the_default_backend() {
    let (a, b, c) = par! { where_am_i(default()), starts_one(default()), { here(); says_where() } };
    assert_eq!([a.as_str(), &b, &c], [backend_name(); 3]);
}

fn on_is_stronger_than_everything() {
    let (default, other) = (default(), other());
    let name = other.to_string();
    assert_eq!(par! { where_am_i(other).on(other) }, name);
    assert_eq!(par! { backend = default; where_am_i(other).on(other) }, name);
    let seeded = Backend::Seeded;
    let attributed = par! { always_on_threads().on(Backend::Threads), where_am_i(seeded).on(seeded) };
    assert_eq!((&*attributed.0, &*attributed.1), ("threads", "seeded"));
    assert_eq!(par! { wants_threads(seeded).on(seeded) }, "seeded", "stronger than the attribute");
}

#[process(backend = threads)]
fn wants_threads(own: Backend) -> String {
    here_on(own);
    says_where()
}

fn the_attribute_is_stronger_than_the_par() {
    let other = other();
    let (a, b, c) = par! { backend = other; always_on_threads(), always_seeded(), where_am_i(other) };
    assert_eq!((&*a, &*b, c), ("threads", "seeded", other.to_string()));
    let (a, b) = par! { backend = threads; always_seeded(), where_am_i(Backend::Threads) };
    assert_eq!((&*a, &*b), ("seeded", "threads"));
}

fn the_par_is_stronger_than_what_encloses_it() {
    let (default, other) = (default(), other());
    assert_eq!(par! { backend = other; starts_one_on(other, default) }, default.to_string());
    assert_eq!(par! { starts_one_on(default, other) }, other.to_string());
}

fn an_explicit_choice_is_inherited() {
    let other = other();
    let (by_par, by_on) = par! { { par! { backend = other; starts_one(other) } }, starts_one(other).on(other) };
    assert_eq!((by_par, by_on), (other.to_string(), other.to_string()));
}

fn an_inherited_choice_ends_with_its_par() {
    let other = other();
    par! { backend = other; starts_one(other) };
    assert_eq!(par! { starts_one(default()) }, backend_name());
}

fn processes_on_two_backends_talk() {
    let (out, input) = channel();
    let ((), got) = par! {
        says_numbers(out, 20).on(other()),
        sink(input),
    };
    assert!(got.into_iter().eq(0..20));
    let (out, input) = channel();
    let ((), sum) = par! { source((0..20).collect(), out), sums_by_choice(input).on(other()) };
    assert_eq!(sum, Ok(190));
}

#[process]
fn says_numbers(out: Sender<u32>, count: u32) {
    here_on(other());
    for value in 0..count {
        out.send(value)?;
    }
}

#[process]
fn sums_by_choice(input: Receiver<u32>) -> Result<u32, Stopped> {
    here_on(other());
    let (_hold, never) = channel::<u32>();
    let mut sum = 0;
    for _ in 0..20 {
        alt! { input ? value => sum += value, never ? _ => unreachable!("nobody sends") }
    }
    Ok(sum)
}

fn spawned_processes_choose_their_backend() {
    assert_eq!(spawn!(where_am_i(default())).join(), backend_name());
    assert_eq!(spawn!(where_am_i(other()).on(other())).join(), other().to_string());
    let joined = scope(|s| s.spawn(starts_one(other()).on(other())).join());
    assert_eq!(joined, other().to_string());
    assert_eq!(only_says_where().run(), backend_name(), "in place is where the caller is");
}

fn backends_have_names() {
    for backend in [Backend::Threads, Backend::Coroutines, Backend::Processes, Backend::Seeded] {
        assert_eq!(backend.to_string().parse::<Backend>().ok(), Some(backend));
    }
    for unknown in ["fibres", "Threads", "", " threads"] {
        assert!(unknown.parse::<Backend>().is_err(), "{unknown:?}");
    }
}

/// Runs a scenario in a program whose environment has a wrong value, and gives what it said as it failed.
fn words_of_a_program_with(variable: &str, value: &str) -> String {
    let program = std::env::current_exe().expect("this program has a path");
    let output = Command::new(program)
        .args(["--run", "processes_run_on_the_default_backend", "--as-is"])
        .env(variable, value)
        .output()
        .expect("this program can be started");
    assert!(!output.status.success(), "it should fail with {variable}={value}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn an_unknown_backend_is_a_clear_error() {
    let words = words_of_a_program_with("CSP_BACKEND", "fibres");
    for wanted in ["fibres", "threads", "CSP_BACKEND"] {
        assert!(words.contains(wanted), "«{wanted}» is missing in: {words}");
    }
}

/// Whatever backend it is for: the settings are read together.
fn a_wrong_setting_is_a_clear_error() {
    if !first_run() {
        return;
    }
    for (variable, value) in [
        ("CSP_WORKERS", "many"),
        ("CSP_WORKERS", "-1"),
        ("CSP_IO_CALLS", "some"),
        ("CSP_STACK", "64 KB"),
        ("CSP_STACK", "KiB"),
        ("CSP_STACK", "99999999999 GiB"),
        ("CSP_SEED", "0x10"),
    ] {
        let words = words_of_a_program_with(variable, value);
        assert!(words.contains(&format!("{variable}={value}: ")), "{variable}={value} is not told in: {words}");
    }
}

/// The first set of a program counts; a later one is an error, and so is one after the first use.
fn settings_are_set_once() {
    static FIRST: AtomicBool = AtomicBool::new(true);
    let settings = || Config::new().stack_size(513 << 10);
    if FIRST.swap(false, Ordering::SeqCst) {
        settings().set().expect("nothing has been used or set before");
    }
    assert_eq!(Config::get().stack(), 513 << 10);
    let error = settings().set().expect_err("it was set before");
    assert!(!error.to_string().is_empty());
    assert_eq!(par! { where_am_i(default()) }, backend_name(), "and the environment's backend stands");
    settings().set().expect_err("it has been used");
}

#[process]
fn says_it_by_choice(number: u32, outs: [Sender<u32>; 2]) {
    here();
    for _ in 0..5 {
        alt! { for out in &outs { out ! number => {} } }
    }
}

#[process]
fn hears_in_some_order(inputs: [Receiver<u32>; 2]) -> Result<Vec<u32>, Stopped> {
    here();
    let mut heard = Vec::new();
    loop {
        alt! {
            for (at, input) in (0..).zip(&inputs) { input ? number => heard.push(10 * at + number) }
            stopped why => { assert!(why.is_retired()); return Ok(heard) },
        }
    }
}

/// Everything that chance decides: who is heard when, by whom, on which channel.
fn a_random_story() -> Vec<Vec<u32>> {
    let ((a_out, a_in), (b_out, b_in)) = (channel(), channel());
    let (_, heard) = par! {
        for (number, outs) in (0..).zip(vec![[a_out, b_out]; 3]) => says_it_by_choice(number, outs),
        2 * hears_in_some_order([a_in, b_in]),
    };
    heard.into_iter().map(Result::unwrap).collect()
}

/// Where a seed decides, it decides everything; elsewhere there is nothing to replay, only the story to be complete.
fn a_seed_replays_its_schedule() {
    let tell = || {
        let stories: Vec<_> = (0..8)
            .map(|seed| {
                if default() == Backend::Seeded {
                    csp::__private::reseed(seed % 4);
                }
                a_random_story()
            })
            .collect();
        assert!(stories.iter().all(|story| story.iter().flatten().count() == 15));
        stories
    };
    if default() != Backend::Seeded {
        tell();
        return;
    }
    // Whoever gets no processor for a fifth of a second loses its turn, so that one or two of several attempts may differ.
    let attempts: Vec<_> = (0..8).map(|_| tell()).collect();
    let replayed: Vec<_> = attempts.iter().filter(|stories| stories[..4] == stories[4..]).collect();
    assert!(replayed.len() >= 6, "the same seeds, the same stories: {attempts:?}");
    assert!(replayed[0].iter().any(|story| *story != replayed[0][0]), "other seeds, other stories");
}
