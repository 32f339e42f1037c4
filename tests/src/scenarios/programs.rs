//! Small programs: sorting, dining, multiplying, throwing darts, serving.

use csp::prelude::*;

use super::support::sink;
use crate::harness::{here, scale, scenarios};

scenarios![
    a_sorting_pump,
    dining_philosophers_with_a_butler,
    a_matrix_is_multiplied_by_a_grid,
    monte_carlo_by_workers,
    clients_and_servers_over_shared_ends,
    a_bounded_buffer_built_from_a_choice,
];

#[process]
fn pump(input: Receiver<i32>, out: Sender<i32>) {
    here();
    let Ok(mut largest) = input.recv() else { return };
    for value in &input {
        let (less, more) = if value < largest { (value, largest) } else { (largest, value) };
        out.send(less)?;
        largest = more;
    }
    out.send(largest)?;
}

fn a_sorting_pump() {
    let count = scale(30, 8);
    let values: Vec<i32> = (0..count).map(|at| (at * 7919 % 101) as i32 - 50).collect();
    let (first, mut last) = channel();
    let mut cells = Vec::new();
    for _ in 0..count {
        let (out, input) = channel();
        cells.push((std::mem::replace(&mut last, input), out));
    }
    let mut expected = values.clone();
    expected.sort_unstable();
    let (_, _, sorted) =
        par! { super::support::source(values, first), for (input, out) in cells => pump(input, out), sink(last) };
    assert_eq!(sorted, expected);
}

#[process]
fn fork(left: Receiver<()>, right: Receiver<()>) {
    here();
    loop {
        alt! {
            left ? () => left.recv()?,
            right ? () => right.recv()?,
            stopped _ => return,
        }
    }
}

#[process]
fn philosopher(left: Sender<()>, right: Sender<()>, enter: Sender<()>, leave: Sender<()>, meals: u32) -> u32 {
    here();
    let mut eaten = 0;
    while eaten < meals && dines(&left, &right, &enter, &leave).is_ok() {
        eaten += 1;
    }
    eaten
}

fn dines(left: &Sender<()>, right: &Sender<()>, enter: &Sender<()>, leave: &Sender<()>) -> Result<(), Stopped> {
    enter.send(())?;
    left.send(())?;
    right.send(())?;
    left.send(())?;
    right.send(())?;
    leave.send(())
}

/// Lets at most `seats` in at a time.
#[process]
fn butler(enter: Receiver<()>, leave: Receiver<()>, seats: u32) {
    here();
    let mut inside = 0;
    loop {
        assert!(inside <= seats);
        alt! {
            (inside < seats) & enter ? () => inside += 1,
            leave ? () => inside -= 1,
            stopped _ => return,
        }
    }
}

fn dining_philosophers_with_a_butler() {
    let (guests, meals) = (5, scale(60, 3) as u32);
    let (lefts, left_ins): (Vec<_>, Vec<_>) = (0..guests).map(|_| channel()).unzip();
    let (rights, mut right_ins): (Vec<_>, Vec<_>) = (0..guests).map(|_| channel()).unzip();
    right_ins.rotate_right(1);
    let ((enter_out, enter), (leave_out, leave)) = (channel(), channel());
    let (_, eaten, _, ()) = par! {
        for (left, right) in left_ins.into_iter().zip(right_ins) => fork(left, right),
        for (left, right) in lefts.into_iter().zip(rights) => philosopher(left, right, enter_out.clone(), leave_out.clone(), meals),
        butler(enter, leave, guests - 1),
        { drop((enter_out, leave_out)) },
    };
    assert_eq!(eaten, vec![meals; guests as usize]);
}

/// One cell of a systolic array: multiplies what comes from west and north, and passes both on.
#[process]
fn cell(
    west: Receiver<i64>,
    north: Receiver<i64>,
    east: Sender<i64>,
    south: Sender<i64>,
    steps: usize,
) -> Result<i64, Stopped> {
    here();
    let mut sum = 0;
    for _ in 0..steps {
        let (a, b) = (west.recv()?, north.recv()?);
        sum += a * b;
        let _ = east.send(a); // at the rim nobody reads
        let _ = south.send(b);
    }
    Ok(sum)
}

fn a_matrix_is_multiplied_by_a_grid() {
    let n = scale(5, 3);
    let entry = |row: usize, column: usize, salt: i64| ((row * 3 + column * 5) as i64 + salt) % 11 - 5;
    let mut rows: Vec<_> = (0..n).map(|_| channel()).collect();
    let mut columns: Vec<_> = (0..n).map(|_| channel()).collect();
    let feeds: Vec<_> = (0..n)
        .flat_map(|k| {
            [
                (rows[k].0.clone(), (0..n).map(|j| entry(k, j, 1)).collect()),
                (columns[k].0.clone(), (0..n).map(|i| entry(i, k, 2)).collect()),
            ]
        })
        .collect();
    let mut cells = Vec::new();
    for row in &mut rows {
        for column in &mut columns {
            let ((east, next_west), (south, next_north)) = (channel(), channel());
            let (_, west) = std::mem::replace(row, (east.clone(), next_west));
            let (_, north) = std::mem::replace(column, (south.clone(), next_north));
            cells.push(cell(west, north, east, south, n));
        }
    }
    drop((rows, columns));
    let (_, product) =
        par! { for (out, values) in feeds => super::support::source(values, out), for cell in cells => cell };
    for (at, sum) in product.into_iter().enumerate() {
        let expected: i64 = (0..n).map(|k| entry(at / n, k, 1) * entry(k, at % n, 2)).sum();
        assert_eq!(sum, Ok(expected), "element {at}");
    }
}

#[process]
fn throws(bags: Receiver<u64>, hits: Sender<u64>, darts: u64) {
    here();
    for mut state in &bags {
        let mut inside = 0;
        for _ in 0..darts {
            let mut next = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) as f64 / (1u64 << 31) as f64
            };
            let (x, y) = (next(), next());
            inside += u64::from(x * x + y * y < 1.0);
        }
        hits.send(inside)?;
    }
}

fn monte_carlo_by_workers() {
    let (bags, darts) = (scale(40, 10) as u64, 200);
    let ((bags_out, bags_in), (hits_out, hits_in)) = (channel(), channel());
    let (_, _, hits) = par! { super::support::source((1..=bags).collect(), bags_out), 5 * throws(bags_in, hits_out, darts), sink(hits_in) };
    assert_eq!(hits.len() as u64, bags, "one result for each bag");
    let pi = 4.0 * hits.iter().sum::<u64>() as f64 / (bags * darts) as f64;
    assert!((2.9..3.4).contains(&pi), "{pi}");
}

#[process]
fn server(requests: Receiver<(u64, u64)>, answers: Vec<Sender<u64>>) {
    here();
    for (client, value) in &requests {
        answers[client as usize].send(value * 3)?;
    }
}

#[process]
fn client(number: u64, requests: Sender<(u64, u64)>, answer: Receiver<u64>, rounds: u64) {
    here();
    for value in 0..rounds {
        requests.send((number, value))?;
        assert_eq!(answer.recv()?, value * 3);
    }
}

fn clients_and_servers_over_shared_ends() {
    let ((requests_out, requests_in), rounds) = (channel(), scale(100, 5) as u64);
    let (answer_outs, answers): (Vec<_>, Vec<_>) = (0..6).map(|_| channel()).unzip();
    par! {
        3 * server(requests_in, answer_outs),
        for (number, answer) in (0..).zip(answers) => client(number, requests_out.clone(), answer, rounds),
        { drop(requests_out) },
    };
}

#[process]
fn bounded_buffer(input: Receiver<u32>, out: Sender<u32>, capacity: usize) {
    here();
    let mut held = std::collections::VecDeque::new();
    let mut open = true;
    while open || !held.is_empty() {
        alt! {
            (open && held.len() < capacity) & input ? value => held.push_back(value),
            (!held.is_empty()) & out ! held.pop_front().expect("not empty, says the precondition") => {},
            stopped why => { assert!(why.is_retired()); open = false },
        }
    }
}

fn a_bounded_buffer_built_from_a_choice() {
    let count = scale(300, 15) as u32;
    let ((out, input), (buffered_out, buffered)) = (channel(), channel());
    let (_, _, got) = par! {
        super::support::source((0..count).collect(), out),
        bounded_buffer(input, buffered_out, 4),
        sink(buffered),
    };
    assert!(got.into_iter().eq(0..count));
}
