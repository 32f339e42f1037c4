//! Every form of a branch in `par!`.
#![forbid(unsafe_code)]
#![deny(warnings)]

use csp::prelude::*;

#[process]
fn double(n: u32) -> u32 {
    2 * n
}

#[process]
fn worker(jobs: Receiver<u32>, results: Sender<u32>) {
    for job in &jobs {
        results.send(job + 1)?;
    }
}

fn main() -> Result<(), Stopped> {
    // None, one, several; with and without the last comma.
    let () = par! {};
    assert_eq!(par! { double(1) }, 2);
    assert_eq!(par! { double(1), double(2), }, (2, 4));

    // Copies: the last one is the original.
    let (jobs_out, jobs_in) = channel();
    let (results_out, results_in) = channel();
    let (fed, _, sum) = par! {
        { for n in 0..10 { jobs_out.send(n)?; } },
        2 * 2 * worker(jobs_in, results_out),
        { results_in.iter().sum::<u32>() }
    };
    assert_eq!((fed, sum), ((), 55));
    let none = par! { 0 * double(1) };
    assert_eq!(none, []);

    // One for each.
    let (squares, values, blocks) = par! {
        for n in 0..3 => double(n),
        for process in vec![double(5), double(6)] => process,
        for (i, n) in [7, 8].into_iter().enumerate() => { i + n }
    };
    assert_eq!((squares, values, blocks), (vec![0, 2, 4], vec![10, 12], vec![7, 9]));
    let groups = par! { for n in 0..2 => { par! { 2 * double(n) } } };
    assert_eq!(groups, [[0, 0], [2, 2]]);

    // Inline blocks: values, borrows, early ends.
    let text = String::from("text");
    let shared = &text;
    let (length, _, sent, received) = par! {
        { shared.len() }
        { assert_eq!(shared, "text"); }
        { if shared.is_empty() { return 0; } 1 }
        { let (out, back) = channel::buffered(1); out.send(1_u32)?; back.recv() }
    };
    assert_eq!((length, sent, received), (4, 1, Ok(1)));

    // Moved by name, used or not; also `mut`.
    let (out, back) = channel::<u32>();
    let count = 1;
    let (unused, counted, ended) = par! {
        move(out) {}
        move(mut count) { count += 1; count }
        move(back) { back.recv() }
    };
    assert_eq!((unused, counted, ended), ((), 2, Err(Stopped::Retired)));

    // A choice in a block, with and without a way out.
    let (out, back) = channel::<u32>();
    let (_, got, lost) = par! {
        { out.send(4)?; }
        { let n = alt! { back ? n => n, stopped _ => return 0 }; n + 1 }
        { let (_none, empty) = { let (out, empty) = channel::<u32>(); drop(out); ((), empty) }; alt! { empty ? n => Ok(n) } }
    };
    assert_eq!((got, lost), (5, Err(Stopped::Retired)));

    // Endless blocks have the output `()`.
    let (ticks, ticked) = channel();
    let ((), tick) = par! { { loop { ticks.send(())?; } }, { let first = ticked.recv(); drop(ticked); first } };
    assert_eq!(tick, Ok(()));

    // Nested, with `?` in an argument, and a backend.
    let n: Result<u32, Stopped> = Ok(3);
    let backend = Backend::Threads;
    let (nested, chosen) = par! {
        backend = threads;
        { par! { double(1), { par! { double(2) } } } },
        { Ok(par! { backend = backend; double(n?) }) }
    };
    assert_eq!((nested, chosen), ((2, 4), Ok::<_, Stopped>(6)));

    // Temporaries in arguments live until the end.
    let lengths = par! { length_of(&String::from("abc")), length_of(&format!("{count}")) };
    assert_eq!(lengths, (3, 1));
    Ok(())
}

#[process]
fn length_of(text: &str) -> usize {
    text.len()
}
