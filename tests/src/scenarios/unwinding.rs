//! What a process may do in a `Drop` while it unwinds, and what its neighbours notice of that.

use std::cell::Cell;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use csp::prelude::*;

use super::support::{refused_where_memory_is_apart, sink};
use crate::harness::{here, scale, scenarios};

scenarios![
    operations_while_unwinding_fail(main_only),
    ends_dropped_while_unwinding_wake_their_partners,
    processes_run_in_a_drop_while_unwinding,
    a_drop_waits_for_others_while_unwinding,
];

/// Communicates in its destructor, and notes what came of it.
struct SpeaksAtTheEnd<'a> {
    out: Sender<u32>,
    input: Receiver<u32>,
    heard: &'a Cell<u32>,
}

impl Drop for SpeaksAtTheEnd<'_> {
    fn drop(&mut self) {
        let chosen = alt! { self.input ? _ => false, self.out ! 1 => false, after Duration::from_secs(600) => false, stopped _ => true };
        let refused = [
            self.out.send(1).is_err(),
            self.input.recv().is_err(),
            self.out.send_timeout(1, Duration::from_secs(600)).is_err(),
            self.input.recv_timeout(Duration::from_secs(600)).is_err(),
            self.input.recv_with(|_| ()).is_err(),
            chosen,
        ];
        self.heard.set(refused.into_iter().filter(|&refused| refused).count() as u32);
    }
}

/// Invariant 1: nothing parks while its thread is panicking. If one operation did, this would never end.
fn operations_while_unwinding_fail() {
    let heard = Cell::new(0);
    let ((out, _keep_in), (_keep_out, input)) = (channel(), channel());
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let _speaker = SpeaksAtTheEnd { out, input, heard: &heard };
        panic!("unwind");
    }));
    assert!(outcome.is_err());
    assert_eq!(heard.get(), 6, "each operation fails with Stopped while unwinding");
    let (out, input) = channel::buffered(1);
    assert_eq!((out.send(1), input.recv()), (Ok(()), Ok(1)), "and afterwards all is as before");
}

#[process]
fn panics_with_many_ends(outs: Vec<Sender<u32>>, inputs: Vec<Receiver<u32>>) {
    here();
    let _ends = (outs, inputs);
    panic!("with many ends");
}

#[process]
fn sends_one(out: Sender<u32>) -> bool {
    here();
    out.send(1).is_err()
}

#[process]
fn gets_none(input: Receiver<u32>) -> bool {
    here();
    input.recv().is_err()
}

fn ends_dropped_while_unwinding_wake_their_partners() {
    let (outs, far_ins): (Vec<_>, Vec<_>) = (0..4).map(|_| channel()).unzip();
    let (far_outs, inputs): (Vec<_>, Vec<_>) = (0..4).map(|_| channel()).unzip();
    let (caught, sent, got) = par! {
        panics_with_many_ends(outs, inputs).catch(),
        for out in far_outs => sends_one(out),
        for input in far_ins => gets_none(input),
    };
    assert!(caught.is_err());
    assert_eq!((sent, got), (vec![true; 4], vec![true; 4]));
}

#[process]
fn passes_on(input: Receiver<u32>, out: Sender<u32>) {
    assert!(!thread::panicking());
    for number in &input {
        out.send(number)?;
    }
}

/// Runs a process when it is dropped, in one of these ways.
struct RunsInDrop(Option<(Receiver<u32>, Sender<u32>)>, Way);

#[derive(Clone, Copy)]
enum Way {
    Par,
    Seq,
    Run,
    Scope,
    Join,
    Fork,
}

impl Drop for RunsInDrop {
    fn drop(&mut self) {
        let (input, out) = self.0.take().expect("it is dropped once");
        assert!(thread::panicking());
        match self.1 {
            Way::Par => {
                par! { passes_on(input.clone(), out.clone()), passes_on(input, out) };
            }
            Way::Seq => seq! { passes_on(input, out) },
            Way::Run => passes_on(input, out).run(),
            Way::Scope => scope(|s| drop(s.spawn(passes_on(input, out)))),
            Way::Join => spawn!(passes_on(input, out)).join(),
            Way::Fork => {
                for _ in 0..10 {
                    does_nothing().on(Backend::Processes).run();
                }
                passes_on(input, out).run();
            }
        }
        assert!(thread::panicking());
    }
}

#[process]
fn does_nothing() {
    assert!(!thread::panicking());
}

#[process]
fn panics_with(input: Receiver<u32>, out: Sender<u32>, way: u8) {
    here();
    let way = [Way::Par, Way::Seq, Way::Run, Way::Scope, Way::Join, Way::Fork][usize::from(way)];
    let _runs = RunsInDrop(Some((input, out)), way);
    panic!("and then it runs others");
}

/// Its neighbours do not panic, whoever does.
#[process]
fn sends_on(count: u32, out: Sender<u32>) {
    for number in 0..count {
        assert!(!thread::panicking());
        out.send(number)?;
        csp::yield_now();
    }
}

fn processes_run_in_a_drop_while_unwinding() {
    for way in 0..6 {
        let count = scale(20, 2) as u32;
        let ((out, input), (passed_out, passed)) = (channel(), channel());
        let (ended, (), mut got) = par! {
            panics_with(input, passed_out, way).catch(),
            sends_on(count, out),
            sink(passed),
        };
        assert!(ended.is_err_and(|why| why.to_string().contains("and then it runs others")));
        got.sort_unstable();
        assert!(got.into_iter().eq(0..count), "way {way}");
    }
}

/// Awaits a future when it is dropped, or yields, until somebody else has had a turn.
struct WaitsInDrop(Arc<AtomicBool>, bool);

#[io]
async fn somebody_has_been_here(flag: &AtomicBool) {
    poll_fn(|context| {
        context.waker().wake_by_ref();
        if flag.load(Ordering::SeqCst) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

impl Drop for WaitsInDrop {
    fn drop(&mut self) {
        assert!(thread::panicking());
        if self.1 {
            somebody_has_been_here(&self.0);
        }
        while !self.0.load(Ordering::SeqCst) {
            csp::yield_now();
        }
        assert!(thread::panicking());
    }
}

#[process(shares_memory)]
fn panics_and_waits(begun: Sender<u32>, flag: Arc<AtomicBool>, awaits: bool) {
    here();
    begun.send(7)?;
    let _waits = WaitsInDrop(flag, awaits);
    panic!("and then it waits");
}

#[process(shares_memory)]
fn raises_the_flag(begun: Receiver<u32>, flag: Arc<AtomicBool>) -> Result<u32, Stopped> {
    let number = begun.recv()?;
    // The other one may go on first.
    for _ in 0..10 {
        assert!(!thread::panicking());
        csp::yield_now();
    }
    flag.store(true, Ordering::SeqCst);
    Ok(number)
}

fn a_drop_waits_for_others_while_unwinding() {
    for awaits in [false, true] {
        refused_where_memory_is_apart(|| {
            let (flag, (out, begun)) = (Arc::new(AtomicBool::new(false)), channel());
            let (ended, raised) =
                par! { panics_and_waits(out, flag.clone(), awaits).catch(), raises_the_flag(begun, flag) };
            assert!(ended.is_err() && raised == Ok(7));
        });
    }
}
