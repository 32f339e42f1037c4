//! Process values: cloning, methods, names, recursion, stacks, input and output.

use csp::prelude::*;

use super::structure::says_patiently;
use super::support::{panic_of, sink};
use crate::harness::{here, scale, scenarios};

scenarios![
    process_values_are_cloned_with_their_ends,
    methods_generics_and_patterns_make_processes,
    a_process_knows_its_name,
    processes_recurse,
    io_functions_run_inside_processes,
    inline_blocks_are_replicated,
    a_process_gets_the_stack_it_asks_for,
];

fn process_values_are_cloned_with_their_ends() {
    let (out, input) = channel();
    let original = says_patiently(out, 1);
    let copy = original.clone();
    let ((), (), got) = par! { original, copy, sink(input) };
    assert_eq!(got, [1, 1]);
}

#[message]
struct Scaler {
    factor: u32,
}

impl Scaler {
    #[process]
    fn scales(&self, input: Receiver<u32>, out: Sender<u32>) {
        here();
        for value in &input {
            out.send(value * self.factor)?;
        }
    }

    #[process]
    fn into_factor(self) -> u32 {
        here();
        self.factor
    }

    #[process]
    fn grows_by(&mut self, (a, b): (u32, u32)) {
        here();
        self.factor += a + b;
    }
}

#[process]
fn joins<T, const N: usize>(parts: [T; N], separator: impl Into<String> + Send) -> String
where
    T: ToString + Send,
{
    here();
    parts.map(|part| part.to_string()).join(&separator.into())
}

fn methods_generics_and_patterns_make_processes() {
    let mut scaler = Scaler { factor: 3 };
    par! { scaler.grows_by((1, 2)) };
    let ((a_out, a_in), (b_out, b_in)) = (channel(), channel());
    let (_, (), got) = par! { says_patiently(a_out, 7), scaler.scales(a_in, b_out), sink(b_in) };
    assert_eq!(got, [42]);
    let (factor, joined) = par! { scaler.into_factor(), joins([1, 2, 3], "-") };
    assert_eq!((factor, joined.as_str()), (6, "1-2-3"));
}

#[process]
fn own_name() -> String {
    here();
    csp::current().name().to_string()
}

#[process(name = "renamed")]
fn own_name_renamed() -> String {
    here();
    csp::current().name().to_string()
}

fn a_process_knows_its_name() {
    let names = par! { own_name(), own_name_renamed(), own_name().named("third"), own_name_renamed().named(format!("number {}", 4)) };
    assert_eq!((&*names.0, &*names.1, &*names.2, &*names.3), ("own_name", "renamed", "third", "number 4"));
}

#[process]
fn fibonacci(n: u32) -> u64 {
    here();
    if n < 2 {
        return u64::from(n);
    }
    let (a, b) = par! { fibonacci(n - 1), fibonacci(n - 2) };
    a + b
}

fn processes_recurse() {
    let (n, expected) = if scale(1, 0) == 1 { (10, 55) } else { (6, 8) };
    assert_eq!(fibonacci(n).run(), expected);
}

#[io]
fn reads_slowly(text: &str, times: usize) -> usize {
    (0..times).map(|_| text.len()).sum()
}

#[io]
async fn reads_later(value: u32) -> u32 {
    std::future::ready(value).await
}

#[process]
fn uses_io(text: String, out: Sender<usize>) {
    here();
    out.send(reads_slowly(&text, 3))?;
    out.send(reads_later(4) as usize)?;
    let panic = panic_of(fails_slowly);
    assert!(panic.contains("in the io"), "{panic}");
    out.send(5)?;
}

#[io]
fn fails_slowly() {
    panic!("in the io");
}

fn io_functions_run_inside_processes() {
    let (out, input) = channel();
    let ((), got) = par! { uses_io("four".into(), out), sink(input) };
    assert_eq!(got, [12, 4, 5]);
}

/// S61: each replica has its own copy of what it captured.
fn inline_blocks_are_replicated() {
    let ((out, input), word) = (channel(), "word");
    let (lengths, squares, (), mut got) = par! {
        3 * { word.len() },
        for value in 0..4 => { value * value },
        move(out) { par! { for value in 0..5 => says_patiently(out.clone(), value) }; },
        sink(input),
    };
    got.sort_unstable();
    assert_eq!((lengths, squares, got), (vec![4; 3], vec![0, 1, 4, 9], vec![0, 1, 2, 3, 4]));
}

/// Needs a kibibyte of stack for each level.
fn descends(level: usize) -> usize {
    let frame = std::hint::black_box([level; 128]);
    if level == 0 { frame[0] } else { descends(level - 1) + usize::from(frame[127] == level) }
}

#[process(stack = "16 MiB")]
fn goes_deep(levels: usize) -> usize {
    here();
    descends(levels)
}

#[process]
fn goes_deep_if_it_may(levels: usize) -> usize {
    here();
    descends(levels)
}

/// Two megabytes, what a Rust thread has by default, would overflow here.
fn a_process_gets_the_stack_it_asks_for() {
    let levels = 2_500;
    let (a, b, ()) = par! { goes_deep(levels), goes_deep_if_it_may(levels).stack_size(16 << 20), {} };
    assert_eq!((a, b), (levels, levels));
}
