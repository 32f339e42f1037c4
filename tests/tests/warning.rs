//! A standstill that only a thread of somebody else's could end is told on standard error: once, however long it lasts.

mod child;

use std::io::{BufRead, BufReader, Read, stdin};
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use child::is_part;
use csp::prelude::*;

const WARNING: &str = "only a thread that the runtime did not start could change that";
/// The runtime looks again after 0.1, 0.3 and 0.7 s.
const LONG: Duration = Duration::from_millis(1500);

#[process]
fn hears(input: Receiver<u32>) -> Result<u32, Stopped> {
    input.recv()
}

/// A process waits for a thread that waits for the end of standard input.
fn stand_still() {
    let (out, input) = channel().named("the news");
    let foreign = thread::spawn(move || {
        let ends = stdin().read_to_end(&mut Vec::new());
        ends.is_ok() && out.send(7).is_ok()
    });
    assert_eq!(par! { hears(input) }, Ok(7));
    assert!(foreign.join().expect("it only waits and sends"));
}

fn is_told_once(test: &str, backend: &str) {
    if is_part(test) {
        return stand_still();
    }
    let mut command = child::command(test, test, &[("CSP_BACKEND", backend)]);
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("this program can be started");
    let errors = BufReader::new(child.stderr.take().expect("it is piped"));
    let (line_out, lines) = mpsc::channel();
    let reading = thread::spawn(move || errors.lines().map_while(Result::ok).try_for_each(|line| line_out.send(line)));
    let mut told: Vec<String> = Vec::new();
    while !told.last().is_some_and(|line| line.contains(WARNING)) {
        told.push(lines.recv().expect("it tells, and waits"));
    }
    // It goes on standing still, and is looked at again.
    while let Ok(line) = lines.recv_timeout(LONG) {
        told.push(line);
    }
    drop(child.stdin.take());
    let status = child.wait().expect("it ends");
    told.extend(lines);
    let told = told.join("\n");
    assert!(status.success(), "{status}\n{told}");
    assert_eq!(told.matches(WARNING).count(), 1, "{told}");
    for wanted in ["deadlock", "process `hears`", "`the news`", "warning.rs:"] {
        assert!(told.contains(wanted), "«{wanted}» is missing in: {told}");
    }
    assert!(reading.join().expect("it only reads").is_ok());
}

#[test]
fn coroutines_that_wait_for_a_stranger_are_told_once() {
    is_told_once("coroutines_that_wait_for_a_stranger_are_told_once", "coroutines");
}

#[test]
fn threads_that_wait_for_a_stranger_are_told_once() {
    is_told_once("threads_that_wait_for_a_stranger_are_told_once", "threads");
}
