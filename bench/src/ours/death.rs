//! From a SIGKILL to the error of the partner that waited for the one it hit.

use csp::prelude::*;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::cell::Outcome;
use crate::death::{SAMPLES, let_the_partner_fall_asleep, now, outcome};

/// Kills one process of a pair, of which there are `n / 2`, and asks when the other one's operation has failed.
pub(super) fn death(n: usize) -> Outcome {
    let mut samples = Vec::new();
    while samples.len() < SAMPLES {
        samples.extend(kill_one_of_each_pair(n / 2));
    }
    outcome(samples)
}

fn kill_one_of_each_pair(pairs: usize) -> Vec<u64> {
    let (pids_out, pids) = channel();
    let (times_out, times) = channel();
    let (lines_out, lines): (Vec<_>, Vec<_>) = (0..pairs).map(|_| channel()).unzip();
    let (killed, victims, _) = par! {
        killer(pids, times, pairs),
        for (pair, line) in lines_out.into_iter().enumerate() => victim(pair, line, pids_out.clone()).catch(),
        for (pair, line) in lines.into_iter().enumerate() => partner(pair, line, times_out.clone()),
    };
    assert!(victims.iter().all(Result::is_err), "a victim has ended otherwise: {victims:?}");
    killed.expect("the partners stay until they have been disappointed")
}

/// Kills the victims one after the other; tells how many nanoseconds passed each time until the partner knew.
#[process]
fn killer(pids: Receiver<(usize, u32)>, times: Receiver<(usize, u64)>, pairs: usize) -> Result<Vec<u64>, Stopped> {
    let victims: Vec<(usize, u32)> = (0..pairs).map(|_| pids.recv()).collect::<Result<_, _>>()?;
    let mut samples = Vec::new();
    for (pair, pid) in victims {
        let_the_partner_fall_asleep();
        let killed = now();
        kill(Pid::from_raw(pid as i32), Signal::SIGKILL).expect("the victim is there");
        let (whose, seen) = times.recv()?;
        assert_eq!(whose, pair, "the partner of another one failed");
        samples.push(seen - killed);
    }
    Ok(samples)
}

/// Waits for ever, with the only sender of the line.
#[process]
fn victim(pair: usize, _line: Sender<u64>, pids: Sender<(usize, u32)>) {
    let (_held, never) = channel::<u64>();
    pids.send((pair, std::process::id()))?;
    let _ = never.recv_timeout(std::time::Duration::from_secs(3600));
}

#[process]
fn partner(pair: usize, line: Receiver<u64>, times: Sender<(usize, u64)>) {
    let heard = line.recv();
    let seen = now();
    assert!(heard.is_err(), "the victim says nothing");
    times.send((pair, seen))?;
}
