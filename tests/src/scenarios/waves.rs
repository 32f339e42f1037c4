//! Waves of poison: whichever process starts one, on whichever of its ends, every process of the network ends by it.

use csp::prelude::*;

use crate::harness::{here, scale, scenarios};

scenarios![
    a_wave_ends_commstime_from_any_process,
    a_wave_ends_a_ring_from_any_process,
    a_wave_ends_a_tree_from_any_process,
    a_wave_ends_a_network_of_choices,
    a_wave_crosses_buffers,
];

/// What a process does in each turn: receive from an input, or send to an output, by number.
#[derive(Clone, Copy)]
enum Step {
    Receive(usize),
    Send(usize),
}
use Step::{Receive, Send};

/// A process of a network: its steps, and the numbers of the channels that it ends.
struct Place {
    before: Vec<Step>,
    steps: Vec<Step>,
    inputs: Vec<usize>,
    outputs: Vec<usize>,
}

/// Takes its steps for ever; with a fuse, poisons one of its ends after so many, and goes on.
#[process]
fn steps_for_ever(
    place: Place,
    inputs: Vec<Receiver<u32>>,
    outputs: Vec<Sender<u32>>,
    mut fuse: Option<(usize, usize)>,
) -> Result<(), Stopped> {
    here();
    let mut cycle = place.before.iter().chain(place.steps.iter().cycle());
    loop {
        if let Some((left, end)) = &mut fuse {
            if *left == 0 {
                match inputs.get(*end) {
                    Some(input) => input.poison(),
                    None => outputs[*end - inputs.len()].poison(),
                }
            }
            *left = left.wrapping_sub(1);
        }
        match cycle.next().expect("a cycle has no end") {
            Receive(input) => drop(inputs[*input].recv()?),
            Send(output) => outputs[*output].send(1)?,
        }
    }
}

/// Runs the network once for each process and each of its ends as the origin of a wave.
fn every_origin(network: impl Fn() -> Vec<Place>, capacity: Option<usize>) {
    let ends: Vec<usize> = network().iter().map(|place| place.inputs.len() + place.outputs.len()).collect();
    for (origin, end) in ends.iter().enumerate().flat_map(|(origin, &ends)| (0..ends).map(move |end| (origin, end))) {
        for after in [0, scale(23, 5)] {
            let places = network();
            let channels: Vec<(Sender<u32>, Receiver<u32>)> =
                (0..).map(|_| capacity.map_or_else(channel, channel::buffered)).take(64).collect();
            let processes: Vec<_> = places
                .into_iter()
                .enumerate()
                .map(|(number, place)| {
                    let inputs = place.inputs.iter().map(|&at| channels[at].1.clone()).collect();
                    let outputs = place.outputs.iter().map(|&at| channels[at].0.clone()).collect();
                    let fuse = (number == origin).then_some((after, end));
                    steps_for_ever(place, inputs, outputs, fuse).named(format!("place {number}"))
                })
                .collect();
            drop(channels);
            let outcomes = par! { for process in processes => process };
            for (number, outcome) in outcomes.into_iter().enumerate() {
                assert!(
                    matches!(outcome, Err(Stopped::Poisoned(_))),
                    "place {number} ended by {outcome:?}; the wave began at place {origin}, end {end}, after {after} steps"
                );
            }
        }
    }
}

/// Prefix, delta, successor, consumer.
fn commstime() -> Vec<Place> {
    vec![
        Place { before: vec![Send(0)], steps: vec![Receive(0), Send(0)], inputs: vec![2], outputs: vec![0] },
        Place { before: vec![], steps: vec![Receive(0), Send(0), Send(1)], inputs: vec![0], outputs: vec![1, 3] },
        Place { before: vec![], steps: vec![Receive(0), Send(0)], inputs: vec![1], outputs: vec![2] },
        Place { before: vec![], steps: vec![Receive(0)], inputs: vec![3], outputs: vec![] },
    ]
}

fn a_wave_ends_commstime_from_any_process() {
    every_origin(commstime, None);
}

fn ring() -> Vec<Place> {
    let size = 5;
    (0..size)
        .map(|number| Place {
            before: if number == 0 { vec![Send(0)] } else { vec![] },
            steps: vec![Receive(0), Send(0)],
            inputs: vec![number],
            outputs: vec![(number + 1) % size],
        })
        .collect()
}

fn a_wave_ends_a_ring_from_any_process() {
    every_origin(ring, None);
}

/// Node k asks its children 2k+1 and 2k+2 and answers its parent; channel 2k goes down to node k, channel 2k+1 up from it.
fn tree() -> Vec<Place> {
    let size = 7;
    (0..size)
        .map(|node| {
            let children: Vec<usize> = [2 * node + 1, 2 * node + 2].into_iter().filter(|&child| child < size).collect();
            let up = usize::from(node > 0);
            let mut steps: Vec<Step> = (0..children.len()).map(|child| Send(up + child)).collect();
            steps.extend((0..children.len()).map(|child| Receive(up + child)));
            if node > 0 {
                steps.insert(0, Receive(0));
                steps.push(Send(0));
            }
            let own = |channel: usize| (node > 0).then_some(channel);
            Place {
                before: vec![],
                steps,
                inputs: own(2 * node).into_iter().chain(children.iter().map(|child| 2 * child + 1)).collect(),
                outputs: own(2 * node + 1).into_iter().chain(children.iter().map(|child| 2 * child)).collect(),
            }
        })
        .collect()
}

fn a_wave_ends_a_tree_from_any_process() {
    every_origin(tree, None);
}

fn a_wave_crosses_buffers() {
    every_origin(ring, Some(2));
}

#[process]
fn chooses_for_ever(
    inputs: Vec<Receiver<u32>>,
    outputs: Vec<Sender<u32>>,
    mut fuse: Option<u32>,
) -> Result<(), Stopped> {
    here();
    loop {
        if let Some(left) = &mut fuse {
            if *left == 0 {
                inputs[0].poison();
            }
            *left = left.wrapping_sub(1);
        }
        alt! {
            for input in &inputs { input ? _ => {} }
            for output in &outputs { output ! 1 => {} }
        }
    }
}

/// A grid folded to a torus, where each process chooses among two inputs and two outputs.
fn a_wave_ends_a_network_of_choices() {
    let (rows, columns) = (3, 3);
    for origin in 0..rows * columns {
        let east: Vec<_> = (0..rows * columns).map(|_| channel()).collect();
        let south: Vec<_> = (0..rows * columns).map(|_| channel()).collect();
        let processes: Vec<_> = (0..rows * columns)
            .map(|at| {
                let (row, column) = (at / columns, at % columns);
                let west_of = row * columns + (column + columns - 1) % columns;
                let north_of = (row + rows - 1) % rows * columns + column;
                let inputs = vec![east[west_of].1.clone(), south[north_of].1.clone()];
                let outputs = vec![east[at].0.clone(), south[at].0.clone()];
                chooses_for_ever(inputs, outputs, (at == origin).then_some(scale(20, 3) as u32))
            })
            .collect();
        drop((east, south));
        let outcomes = par! { for process in processes => process };
        assert!(
            outcomes.iter().all(|outcome| matches!(outcome, Err(Stopped::Poisoned(_)))),
            "from {origin}: {outcomes:?}"
        );
    }
}
