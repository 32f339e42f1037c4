//! Memory apart: what stays in an OS process, what comes back, what cannot be handed over, and that nothing is left behind.

use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering};

use csp::Refusal;
use csp::prelude::*;

use super::support::{in_a_program_of_its_own, line_of, panic_of, poisoned, retired, sink, source};
use crate::harness::{backend_name, first_run, here, here_in_main, here_on, scale, scenarios};

scenarios![
    what_a_process_writes_stays_where_its_memory_is,
    outputs_may_be_large,
    channels_made_by_a_child_go_to_others,
    every_child_has_pars_of_its_own,
    processes_on_three_backends_talk_and_choose,
    an_end_in_a_buffer_moves_with_its_channel,
    what_cannot_be_handed_over_is_refused_by_name_and_line,
    text_on_its_way_is_printed_once(main_only),
    many_forks_leave_nothing_behind,
    a_channel_whose_messages_find_no_room_stays_where_it_is(main_only),
    a_channel_whose_messages_cannot_move_says_so,
    a_full_arena_holds_senders_back(main_only),
    a_message_that_is_too_large_comes_back(main_only),
    a_fork_beside_foreign_threads_can_be_refused(main_only),
];

fn forked() -> bool {
    backend_name() == "processes"
}

static COUNT: AtomicU32 = AtomicU32::new(0);

#[process]
fn counts_in_a_static() -> bool {
    here();
    COUNT.fetch_add(1, Ordering::SeqCst) < 8
}

fn what_a_process_writes_stays_where_its_memory_is() {
    COUNT.store(0, Ordering::SeqCst);
    assert_eq!(par! { 8 * counts_in_a_static() }, [true; 8]);
    assert_eq!(COUNT.load(Ordering::SeqCst), if forked() { 0 } else { 8 });
}

#[process]
fn large(seed: u64, count: usize) -> (Vec<u64>, Vec<String>) {
    here();
    ((0..count as u64).map(|n| n * seed).collect(), (0..count / 64).map(|n| format!("{n} of {seed}")).collect())
}

fn outputs_may_be_large() {
    let count = scale(200_000, 2_000);
    let outputs = par! { for seed in 1..4 => large(seed, count) };
    for (seed, (numbers, texts)) in (1..4).zip(outputs) {
        assert!(numbers.into_iter().eq((0..count as u64).map(|n| n * seed)));
        assert!(texts.into_iter().eq((0..count / 64).map(|n| format!("{n} of {seed}"))));
    }
}

/// Makes a channel for its answers with each question.
#[process]
fn asks(questions: Sender<(u32, Sender<u32>)>, count: u32) -> Result<u32, Stopped> {
    here();
    let mut sum = 0;
    for number in 0..count {
        let (answer_out, answer) = channel();
        questions.send((number, answer_out))?;
        sum += answer.recv()?;
    }
    Ok(sum)
}

#[process]
fn answers(questions: Receiver<(u32, Sender<u32>)>) {
    here();
    for (number, answer) in &questions {
        answer.send(number * number)?;
    }
}

fn channels_made_by_a_child_go_to_others() {
    let count = scale(50, 5) as u32;
    let (questions_out, questions) = channel();
    let (sums, _) = par! { 3 * asks(questions_out, count), 2 * answers(questions) };
    let sum = (0..count).map(|number| number * number).sum();
    assert_eq!(sums, vec![Ok(sum); 3]);
}

/// Adds the numbers from `from` on, half by half, each number in a process.
#[process]
fn sums(from: u32, count: u32) -> u32 {
    here();
    if count == 1 {
        return from;
    }
    let half = count / 2;
    let (left, right) = par! { sums(from, half), sums(from + half, count - half) };
    left + right
}

fn every_child_has_pars_of_its_own() {
    let count = scale(16, 8) as u32;
    assert_eq!(par! { sums(0, count) }, (0..count).sum());
}

#[process]
fn says(backend: Backend, out: Sender<u32>, count: u32) {
    here_on(backend);
    for value in 0..count {
        out.send(value)?;
    }
}

/// Chooses between what is near and what is not, and answers over both kinds.
#[process]
fn hears_all(
    own: Backend,
    near: Receiver<u32>,
    far: Receiver<u32>,
    farther: Receiver<u32>,
) -> Result<[u32; 3], Stopped> {
    here_on(own);
    let ((own_out, own), mut sums) = (channel::local_buffered(1), [0; 3]);
    let mut ended = 0;
    while ended < 3 {
        let (index, value) = alt! {
            near ? value => (0, value),
            far ? value => (1, value),
            farther ? value => (2, value),
        };
        assert!(own_out.try_send(value).is_ok(), "a local channel works as before");
        alt! { own ? value => sums[index] += value }
        ended += usize::from(value == 0);
    }
    Ok(sums)
}

/// Counts down to 0, which is the last.
#[process]
fn counts_down(backend: Backend, out: Sender<u32>, from: u32) {
    here_on(backend);
    for value in (0..=from).rev() {
        out.send(value)?;
    }
}

fn processes_on_three_backends_talk_and_choose() {
    // Where a seed decides who runs, nobody else may: there the seeded backend takes all the parts.
    let [a, b, c] = match backend_name() {
        "seeded" => [Backend::Seeded; 3],
        _ => [Backend::Threads, Backend::Processes, Backend::Coroutines],
    };
    let from = scale(50, 5) as u32;
    for chooses_on in [a, b, c] {
        let ((near_out, near), (far_out, far), (farther_out, farther)) = (channel(), channel(), channel());
        let (_, _, _, sums) = par! {
            counts_down(a, near_out, from).on(a),
            counts_down(b, far_out, from + 1).on(b),
            counts_down(c, farther_out, from + 2).on(c),
            hears_all(chooses_on, near, far, farther).on(chooses_on),
        };
        assert_eq!(sums, Ok([0, 1, 2].map(|more| (0..=from + more).sum::<u32>())), "chosen on {chooses_on}");
    }
    let ((out, input), (back_out, back)) = (channel(), channel());
    let (_, _, got) = par! { says(b, out, from).on(b), relays(c, input, back_out).on(c), sink(back) };
    assert!(got.into_iter().eq(0..from));
}

#[process]
fn relays(own: Backend, input: Receiver<u32>, out: Sender<u32>) {
    here_on(own);
    for value in &input {
        out.send(value)?;
    }
}

#[process]
fn opens_the_letter(own: Backend, letters: Receiver<Receiver<u32>>) -> Result<u32, Stopped> {
    here_on(own);
    letters.recv()?.recv()
}

/// The end in the letter moves to shared memory while the channel in which it lies does, so one is held while the other is taken.
#[process]
fn writes_to_afar(own: Backend, far: Backend) -> Result<u32, Stopped> {
    here_on(own);
    let ((letters_out, letters), (out, input)) = (channel::buffered(1), channel());
    letters_out.send(input)?;
    let (answer, _) = par! { opens_the_letter(far, letters).on(far), says(own, out, 1) };
    answer
}

fn an_end_in_a_buffer_moves_with_its_channel() {
    let own: Backend = backend_name().parse().expect("the backend under test has a name");
    let far = if own == Backend::Seeded { own } else { Backend::Processes };
    assert_eq!(par! { writes_to_afar(own, far) }, Ok(0));
}

#[process]
fn fills_its_bench(bench: Sender<u32>) {
    let _ = bench.send(1);
    unreachable!("it must not start");
}

fn what_cannot_be_handed_over_is_refused_by_name_and_line() {
    here_in_main();
    if backend_name() == "seeded" {
        return assert_eq!(panic_of(|| par! { backend = seeded; { panic!("alone") } }).matches("alone").count(), 1);
    }
    let (bench, at_bench) = channel::local().named("the workbench");
    let words = panic_of(|| par! { fills_its_bench(bench).named("the carpenter").on(Backend::Processes) });
    for wanted in ["the carpenter", "the workbench", "channel::local"] {
        assert!(words.contains(wanted), "«{wanted}» is missing in: {words}");
    }
    assert!(at_bench.recv().is_err(), "its end is gone");

    let (bench, _at_bench) = channel::local(); //@ without a name
    let words = panic_of(|| par! { fills_its_bench(bench).on(Backend::Processes) });
    let place = format!("isolation.rs:{}", line_of(include_str!("isolation.rs"), "without a name"));
    assert!(words.contains(&place), "«{place}» is missing in: {words}");

    // Those who have begun are told.
    let ((bench, _at_bench), (out, input)) = (channel::local::<u32>(), channel::<u32>());
    let (told_out, told) = channel::buffered(1);
    panic_of(|| par! { tells_whose_poison(input, told_out), fills_both(bench, out).on(Backend::Processes) });
    let told = told.recv().expect("it has begun");
    assert_eq!(told, "main", "by the one whose `par!` it is");
}

#[process]
fn fills_both(bench: Sender<u32>, out: Sender<u32>) {
    let _ = (bench.send(1), out.send(1));
    unreachable!("it must not start");
}

#[process]
fn tells_whose_poison(input: Receiver<u32>, told: Sender<String>) {
    let cause = poisoned(input.recv());
    told.send(cause.process().to_owned())?;
}

#[process]
fn prints(word: &str, ends: u32) {
    here();
    print!("[{word}]");
    match ends {
        0 => {}
        1 => panic!("on purpose"),
        _ => std::io::stdout().flush().expect("it can be written"),
    }
}

/// What was printed is printed once, whatever is pending when OS processes begin and end.
fn text_on_its_way_is_printed_once() {
    let Some(text) = in_a_program_of_its_own("text_on_its_way_is_printed_once", ("CSP_TEST_NOTHING", "")) else {
        print!("[main]");
        let _ = par! { prints("ends", 0), prints("panics", 1).catch(), prints("flushes", 2) };
        print!("[between]");
        par! { prints("again", 0) };
        return;
    };
    for word in ["[main]", "[ends]", "[panics]", "[flushes]", "[between]", "[again]"] {
        assert_eq!(text.matches(word).count(), 1, "{word} in {text}");
    }
    assert!(text.starts_with("[main]") && text.ends_with("[between][again]"), "{text}");
}

/// Resident memory in KiB, and open descriptors, of this OS process.
fn held() -> (usize, usize) {
    let status = std::fs::read_to_string("/proc/self/status").expect("there is /proc");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it says what is resident");
    let resident = line.trim().trim_end_matches(" kB").parse().expect("a number");
    (resident, std::fs::read_dir("/proc/self/fd").expect("there is /proc").count())
}

fn many_forks_leave_nothing_behind() {
    let count = match () {
        () if !first_run() => 20,
        () if cfg!(debug_assertions) => scale(400, 40),
        () => scale(2_000, 40),
    };
    let once = |number: u32| {
        let (out, input) = channel();
        let ((), got) = par! { source(vec![number; 3], out), move(input) { input.iter().sum::<u32>() } };
        assert_eq!(got, 3 * number);
    };
    (0..20).for_each(once);
    let (memory, files) = held();
    (0..count as u32 / 2).for_each(once);
    let (memory_after, files_after) = held();
    assert!(files_after <= files + 4, "{files} descriptors, {files_after} after {count} processes");
    assert!(memory_after < memory + 4096, "{memory} KiB, {memory_after} after {count} processes");
}

#[process]
fn sends_large(out: Sender<Vec<u8>>, count: u8) {
    for number in 0..count {
        out.send(vec![number; 100_000])?;
    }
}

/// More is under way than fits: senders wait for room, and all comes through.
fn a_full_arena_holds_senders_back() {
    if in_a_program_of_its_own("a_full_arena_holds_senders_back", ("CSP_MESSAGE_BUFFER", "4MiB")).is_some() {
        return;
    }
    let count = scale(20, 5) as u8;
    let (out, input) = channel::buffered(100);
    let (_, lengths) = par! {
        4 * sends_large(out, count),
        move(input) { input.iter().map(|bytes| { csp::yield_now(); bytes.len() }).collect::<Vec<_>>() },
    };
    assert_eq!(lengths, vec![100_000; 4 * usize::from(count)]);
}

#[process]
fn counts_bytes(input: &Receiver<Vec<u8>>) -> usize {
    input.iter().map(|bytes| bytes.len()).sum()
}

/// It was made, and filled, where nothing was asked of the arena.
fn a_channel_whose_messages_find_no_room_stays_where_it_is() {
    let name = "a_channel_whose_messages_find_no_room_stays_where_it_is";
    if in_a_program_of_its_own(name, ("CSP_MESSAGE_BUFFER", "4MiB")).is_some() {
        return;
    }
    par! { backend = Backend::Threads; { finds_no_room(60, 100_000); finds_no_room(1, 3_000_000) } };
}

fn finds_no_room(count: u8, size: usize) {
    let (out, input) = channel::buffered(usize::from(count));
    (0..count).for_each(|number| out.send(vec![number; size]).unwrap());
    drop(out);
    let refusal = panic_of(|| par! { backend = Backend::Processes; counts_bytes(&input) });
    assert!(refusal.contains("CSP_MESSAGE_BUFFER") && refusal.contains("no room for"), "{refusal}");
    for number in 0..count {
        assert!(input.recv().is_ok_and(|bytes| bytes == vec![number; size]), "message {number} is another one");
    }
    retired(input.recv());
}

#[process]
fn takes_ends(input: &Receiver<Receiver<u32>>) -> usize {
    input.iter().map(|end| end.iter().count()).sum()
}

#[message]
struct Mine(Receiver<Mine>);

#[process]
fn takes_mine(input: &Receiver<Mine>) {
    drop(input.recv());
}

fn a_channel_whose_messages_cannot_move_says_so() {
    par! { backend = Backend::Threads; {
        let (out, input) = channel::buffered(2);
        out.send(channel::<u32>().1).unwrap();
        out.send(channel::local::<u32>().1).unwrap();
        let refusal = panic_of(|| par! { backend = Backend::Processes; takes_ends(&input) });
        assert!(refusal.contains("channel::local"), "{refusal}");
        // Nobody waits for one that has not begun.
        out.send(channel::local::<u32>().1).unwrap();
        let refusal = panic_of(|| scope(|s| drop(s.spawn(takes_ends(&input).on(Backend::Processes)))));
        assert!(refusal.contains("channel::local"), "{refusal}");
        // The other one is still there.
        retired(input.recv().expect("it has not moved").recv());
        let (out, input) = channel::buffered(1);
        out.send(Mine(input.clone())).unwrap();
        let refusal = panic_of(|| par! { backend = Backend::Processes; takes_mine(&input) });
        assert!(refusal.contains("one of its own ends"), "{refusal}");
    } };
    here_in_main();
}

fn a_fork_beside_foreign_threads_can_be_refused() {
    let refuse = ("CSP_UNSAFE_FORKS", "refuse");
    if in_a_program_of_its_own("a_fork_beside_foreign_threads_can_be_refused", refuse).is_some() {
        return;
    }
    let start = || par! { prints("", 0) };
    start();
    let (end, told) = std::sync::mpsc::channel::<()>();
    let foreign = std::thread::spawn(move || told.recv().is_err());
    if forked() {
        let refusal = panic_of(start);
        assert!(refusal.contains("`prints`") && refusal.contains("CSP_UNSAFE_FORKS"), "{refusal}");
    } else {
        start();
    }
    drop(end);
    assert!(foreign.join().expect("it only waits"));
    start();
    for _ in 0..scale(50, 10) {
        std::thread::spawn(ends_slowly).join().expect("it only opens files");
        start();
    }
}

/// Long after it could be joined the system still closes this thread's files, and counts it as long as it does.
fn ends_slowly() {
    // Where the system refuses it, it ends as fast as any.
    if nix::sched::unshare(nix::sched::CloneFlags::CLONE_FILES).is_ok() {
        (0..900).map_while(|_| std::fs::File::open("/dev/null").ok()).for_each(std::mem::forget);
    }
}

fn a_message_that_is_too_large_comes_back() {
    if in_a_program_of_its_own("a_message_that_is_too_large_comes_back", ("CSP_MESSAGE_BUFFER", "4MiB")).is_some() {
        return;
    }
    let (out, input) = channel::buffered(1);
    let sent = out.try_send(vec![5_u8; 3 << 20]);
    if !forked() {
        assert!(sent.is_ok(), "there is no such limit");
        return;
    }
    let refused = sent.expect_err("a quarter is the most");
    assert!(refused.value.len() == 3 << 20 && refused.value.iter().all(|byte| *byte == 5), "the value is back");
    let Refusal::TooLarge { bytes, most } = refused.reason else { panic!("{:?}", refused.reason) };
    assert!(bytes >= 3 << 20 && most < bytes, "{bytes} of {most}");
    assert!(Refusal::TooLarge { bytes, most }.to_string().contains("CSP_MESSAGE_BUFFER"));
    assert!(input.try_recv().is_err(), "nothing was sent");
    assert_eq!(out.send(vec![6; 1000]), Ok(()), "and the channel is as before");
    assert_eq!(input.recv(), Ok(vec![6; 1000]));
}
