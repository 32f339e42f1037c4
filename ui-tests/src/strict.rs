//! Every construct as a strict crate writes it: what the macros emit gives rustc and clippy nothing to say.
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, clippy::all)]

use std::time::Duration;

use csp::prelude::*;

/// A row of a picture.
#[message]
#[derive(Debug, Clone)]
pub struct Tile {
    /// Its number.
    pub row: u32,
    /// Its colours.
    pub pixels: Vec<u8>,
}

/// Plain, and so is a slice of it.
#[message]
#[derive(Debug, Clone, Copy)]
pub struct Pixel(pub u8, pub [f32; 3]);

/// Nothing but a name.
#[message]
#[derive(Debug)]
pub struct Ready;

/// Moves without being copied.
#[message]
#[derive(Debug)]
pub struct Picture<T, const WIDTH: usize> {
    /// Its rows.
    pub rows: Mobile<[[T; WIDTH]]>,
    done: Option<Sender<Ready>>,
}

/// Holds itself.
#[message]
#[derive(Debug)]
pub enum Tree<T> {
    /// A value.
    Leaf(T),
    /// Two trees.
    Node(Box<Tree<T>>, Box<Tree<T>>),
}

/// Renders rows.
#[process]
pub fn worker(rows: Receiver<u32>, tiles: Sender<Tile>) {
    for row in &rows {
        tiles.send(Tile { row, pixels: vec![0; 4] })?;
    }
}

/// Hands out rows and collects tiles.
#[process(name = "boss", stack = "256 KiB", backend = threads)]
pub fn farmer(rows: Sender<u32>, tiles: Receiver<Tile>, height: u32) -> Result<u32, Stopped> {
    let (mut next, mut missing) = (0, height);
    while missing > 0 {
        alt! {
            tiles ? tile                  => missing -= u32::from(!tile.pixels.is_empty()),
            (next < height) & rows ! next => next += 1,
        }
    }
    Ok(next)
}

/// A body of one expression.
#[process]
pub fn short() -> u32 {
    5
}

/// Ends when its channel does.
#[process]
pub fn endless(ticks: &Sender<u32>, mut tick: u32) {
    loop {
        tick += 1;
        ticks.send(tick)?;
    }
}

/// Everything unnamed that a signature may hold.
#[process]
pub fn unnamed<const N: usize>(
    numbers: &[f64],
    (low, high): (f64, f64),
    _unused: &mut [u8; N],
    map: &(impl Fn(&f64) -> f64 + Sync),
    report: Box<dyn Fn(&f64) + Send + '_>,
) {
    if numbers.is_empty() {
        return;
    }
    for number in numbers {
        report(&map(number).clamp(low, high));
    }
}

/// A process with a state of its own.
#[derive(Debug)]
pub struct Server {
    inputs: Vec<Receiver<u32>>,
    replies: Sender<u32>,
    count: u32,
}

impl Server {
    /// A server of these ends.
    pub fn new(inputs: Vec<Receiver<u32>>, replies: Sender<u32>) -> Self {
        Self { inputs, replies, count: 0 }
    }

    /// Serves once.
    #[process]
    pub fn once<const N: usize>(&mut self, limits: &[u32; N]) -> Result<u32, Stopped> {
        self.count += 1;
        let request = self.inputs[0].recv()?;
        Ok(request.clamp(limits[0], limits[N - 1]))
    }

    /// Serves until its channels end, or nothing comes for a second.
    #[process]
    pub fn run(mut self) {
        loop {
            alt! {
                self.replies ! self.next() => if self.count > 100 { return; }
                for (i, input) in self.inputs.iter().enumerate() {
                    (self.count > 3) & input ? request => self.count += request,
                    input ?? _ => println!("{i}"),
                }
                after Duration::from_secs(1) => break,
                stopped _ => return,
            }
        }
    }

    fn next(&mut self) -> u32 {
        self.count += 1;
        self.count
    }
}

/// Reads a file.
#[io]
pub fn read(name: &str) -> std::io::Result<String> {
    std::fs::read_to_string(name)
}

/// Awaits a number.
#[io]
pub async fn later(number: &u32) -> Option<u32> {
    Some(std::future::ready(*number).await)
}

/// Says something.
#[io]
pub fn greet() {
    println!("hello");
}

/// Runs a farm.
///
/// # Errors
/// [`Stopped`] if the farmer met the end of its channels.
pub fn farm(height: u32) -> Result<u32, Stopped> {
    let (rows_out, rows_in) = channel();
    let (tiles_out, tiles_in) = channel();
    let factor = 2;
    let (count, _, squares, (), doubled) = par! {
        backend = threads;
        farmer(rows_out, tiles_in, height),
        4 * worker(rows_in, tiles_out),
        for i in 0..4 => { i * i },
        { greet(); }
        move(factor) { factor * 2 }
    };
    let first: u32 = par! { short() };
    let (second, third) = seq! { short(), short() };
    let handle = spawn!(short());
    let squares: u32 = squares.into_iter().sum();
    Ok(count? + first + second + third + squares + doubled + handle.join())
}

/// Chooses in every way.
///
/// # Errors
/// [`Stopped`] if all channels of a choice have ended.
pub fn choose(numbers: &Receiver<u32>, pairs: &Sender<(u32, u32)>) -> Result<u32, Stopped> {
    let first = alt! { numbers ? n => { n } <> pairs ! (1, 2) => { 3 } };
    let second = pri_alt! { numbers ? n => n, (first > 1) & pairs ! (first, 2) => 4, skip => 2 };
    let mut third = 0;
    while third < 10 {
        alt! {
            for limit in 1..3 {
                for factor in [10, 20] {
                    (first > limit) & pairs ! (limit, factor) => third += limit * factor,
                }
                numbers ?? n => third += n + limit,
            }
            stopped _ => break,
        }
    }
    let ended: Result<u32, Stopped> = par! { { Ok(numbers.recv()? + second) } };
    Ok(first + third + ended?)
}
