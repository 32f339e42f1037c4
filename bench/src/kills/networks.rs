//! The networks, as programs of the library: each message is written down where it is sent and where it is received.

use std::time::Duration;

use csp::prelude::*;
use csp::{Message, ProcessError};

use super::log::log;
use super::plan::{Fault, Network, Part, Plan};

/// What came of each process, in their order: an error where one was killed under `.catch()`.
pub(super) type Results = Vec<Result<(), ProcessError>>;

/// Runs the plan's network.
pub(super) fn run(plan: &Plan) -> Results {
    match plan.network {
        Network::Farm => farm(plan),
        Network::Chain => plain::<Vec<u64>>(plan),
        Network::Ring | Network::Commstime | Network::Choice => plain::<u64>(plan),
    }
}

/// A message with a number.
trait Numbered: Message {
    fn new(number: u64) -> Self;
    fn number(&self) -> u64;

    /// How it differs from a new one.
    fn difference(&self) -> Option<String>;
}

impl Numbered for u64 {
    fn new(number: u64) -> Self {
        number
    }

    fn number(&self) -> u64 {
        *self
    }

    fn difference(&self) -> Option<String> {
        None
    }
}

/// Words of a long message: 160 KB.
const WORDS: usize = 20_000;

impl Numbered for Vec<u64> {
    fn new(number: u64) -> Self {
        vec![number; WORDS]
    }

    fn number(&self) -> u64 {
        self.first().copied().unwrap_or(u64::MAX)
    }

    fn difference(&self) -> Option<String> {
        let number = self.number();
        let torn = self.iter().position(|word| *word != number);
        (torn.is_some() || self.len() != WORDS)
            .then(|| format!("has {} words and is another one from {torn:?} on", self.len()))
    }
}

/// An end, and which channel's.
type Input<M> = (usize, Receiver<M>);
type Output<M> = (usize, Sender<M>);

/// A network of messages that are passed on.
fn plain<M: Numbered>(plan: &Plan) -> Results {
    let mut inputs: Vec<Vec<Input<M>>> = vec![Vec::new(); plan.parts.len()];
    let mut outputs: Vec<Vec<Output<M>>> = vec![Vec::new(); plan.parts.len()];
    for (number, users) in plan.channels.iter().enumerate() {
        let (sender, receiver) = channel();
        users.senders.iter().for_each(|&user| outputs[user].push((number, sender.clone())));
        users.receivers.iter().for_each(|&user| inputs[user].push((number, receiver.clone())));
    }
    let ends = inputs.into_iter().zip(outputs);
    let parts = plan.parts.iter().zip(ends).enumerate().map(|(me, (&does, (inputs, outputs)))| {
        let fault = plan.fault.filter(|_| me == 1);
        part(me, does, inputs, outputs, fault)
    });
    let parts: Vec<_> = parts.collect();
    if plan.caught {
        let results = par! { for part in parts => part.catch() };
        results.into_iter().map(|result| result.map(drop)).collect()
    } else {
        let results = par! { for part in parts => part };
        results.into_iter().map(|_| Ok(())).collect()
    }
}

#[process]
fn part<M: Numbered>(
    me: usize,
    does: Part,
    inputs: Vec<Input<M>>,
    outputs: Vec<Output<M>>,
    fault: Option<Fault>,
) -> Result<(), Stopped> {
    if fault == Some(Fault::Vanished) {
        return Ok(());
    }
    log().run(me, || {
        misbehave(fault, inputs.first().map_or(0, |input| input.0));
        live(does, &inputs, &outputs)
    })
}

fn live<M: Numbered>(does: Part, inputs: &[Input<M>], outputs: &[Output<M>]) -> Result<(), Stopped> {
    match does {
        Part::Origin => {
            send(&outputs[0])?;
            while !log().is_over() {
                recv(&inputs[0])?;
                send(&outputs[0])?;
            }
            Ok(())
        }
        Part::Element { has_token } => {
            if has_token {
                send(&outputs[0])?;
            }
            pass_on(inputs, outputs)
        }
        Part::Prefix => {
            send(&outputs[0])?;
            pass_on(inputs, outputs)
        }
        Part::Successor | Part::Delta => pass_on(inputs, outputs),
        Part::Consumer => {
            while !log().is_over() {
                recv(&inputs[0])?;
            }
            Ok(())
        }
        Part::Writer => loop {
            send(&outputs[0])?;
        },
        Part::Reader => loop {
            recv(&inputs[0])?;
        },
        Part::Chooser => choose(inputs, outputs),
        Part::Farmer | Part::Worker => unreachable!("the farm has its own"),
    }
}

fn pass_on<M: Numbered>(inputs: &[Input<M>], outputs: &[Output<M>]) -> Result<(), Stopped> {
    loop {
        recv(&inputs[0])?;
        for output in outputs {
            send(output)?;
        }
    }
}

fn choose<M: Numbered>(inputs: &[Input<M>], outputs: &[Output<M>]) -> Result<(), Stopped> {
    while !log().is_over() {
        alt! {
            for (channel, input) in inputs {
                input ? message => received(*channel, &message),
            }
            for (channel, output) in outputs {
                output ! M::new(log().offer(*channel)) => log().sent(*channel),
            }
            after Duration::from_millis(5) => {}
        }
    }
    Ok(())
}

fn send<M: Numbered>((channel, output): &Output<M>) -> Result<(), Stopped> {
    output.send(M::new(log().offer(*channel)))?;
    log().sent(*channel);
    Ok(())
}

fn recv<M: Numbered>((channel, input): &Input<M>) -> Result<(), Stopped> {
    received(*channel, &input.recv()?);
    Ok(())
}

fn received(channel: usize, message: &impl Numbered) {
    log().received(channel, message.number(), message.difference());
}

/// What a worker made of a job: a message with a size of its own.
#[message]
struct Band {
    number: u64,
    pixels: Vec<u16>,
}

impl Band {
    /// How it differs from what a worker makes.
    fn difference(&self) -> Option<String> {
        let right = pixels(self.number);
        let found = self.pixels.iter().zip(&right).position(|(found, right)| found != right);
        (self.pixels != right).then(|| {
            let (length, wanted) = (self.pixels.len(), right.len());
            format!("has {length} pixels instead of {wanted}; the first wrong one is {found:?}")
        })
    }
}

const JOBS: usize = 0;
const BANDS: usize = 1;

fn farm(plan: &Plan) -> Results {
    let (jobs_out, jobs) = channel();
    let (bands_out, bands) = channel();
    let farmer = farmer(jobs_out, bands);
    let workers: Vec<_> = (1..plan.parts.len())
        .map(|me| worker(me, jobs.clone(), bands_out.clone(), plan.fault.filter(|_| me == 1)))
        .collect();
    drop((jobs, bands_out));
    if plan.caught {
        let (farmer, workers) = par! { farmer.catch(), for worker in workers => worker.catch() };
        std::iter::once(farmer).chain(workers).map(|result| result.map(drop)).collect()
    } else {
        let _ = par! { farmer, for worker in workers => worker };
        vec![Ok(()); plan.parts.len()]
    }
}

#[process]
fn farmer(jobs: Sender<u64>, bands: Receiver<Band>) -> Result<(), Stopped> {
    log().run(0, || {
        while !log().is_over() {
            alt! {
                bands ? band => log().received(BANDS, band.number, band.difference()),
                jobs ! log().offer(JOBS) => log().sent(JOBS),
            }
        }
        Ok(())
    })
}

#[process]
fn worker(me: usize, jobs: Receiver<u64>, bands: Sender<Band>, fault: Option<Fault>) -> Result<(), Stopped> {
    if fault == Some(Fault::Vanished) {
        return Ok(());
    }
    log().run(me, || {
        misbehave(fault, JOBS);
        loop {
            let job = jobs.recv()?;
            log().received(JOBS, job, None);
            let number = log().offer(BANDS);
            bands.send(Band { number, pixels: pixels(number) })?;
            log().sent(BANDS);
        }
    })
}

/// What belongs to a number: of some length between nothing and 4 KiB, at times 200 KiB.
fn pixels(number: u64) -> Vec<u16> {
    let length = if number % 97 == 96 { 100_000 } else { number.wrapping_mul(0x9e37_79b9) % 2_048 };
    (0..length).map(|index| (number ^ index) as u16).collect()
}

/// A wrong entry in the log, or no end, for the audit to find.
fn misbehave(fault: Option<Fault>, channel: usize) {
    match fault {
        Some(Fault::Twice) => {
            let number = log().offer(channel);
            log().sent(channel);
            log().sent(channel);
            log().received(channel, number, None);
            log().received(channel, number, None);
        }
        Some(Fault::Lost) => (0..100).for_each(|_| log().sent(channel)),
        Some(Fault::Strange) => {
            log().sent(channel);
            log().received(channel, u64::MAX, None);
        }
        Some(Fault::Hang) => loop {
            std::thread::park();
        },
        _ => {}
    }
}
