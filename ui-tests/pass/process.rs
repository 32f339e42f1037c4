//! Everything that may stand in the signature and in the body of a `#[process]`.
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs)]

use std::fmt::Display;

use csp::prelude::*;

/// Generic, with bounds in both places.
#[process]
pub fn copy<T: Message>(from: Receiver<T>, to: Sender<T>)
where
    T: Clone,
{
    for item in &from {
        to.send(item.clone())?;
    }
}

#[process]
fn elided(numbers: &[u32], names: &Names<'_>, total: &mut u32, ends: (&Sender<u32>, &u32)) {
    *total = numbers.iter().sum::<u32>() + u32::try_from(names.0.len()).unwrap_or(0);
    ends.0.send(*ends.1)?;
}

#[process]
#[allow(elided_lifetimes_in_paths)]
fn hidden(names: Names) -> usize {
    names.0.len()
}

struct Names<'n>(&'n [&'n str]);

#[process]
fn named<'a, 'b: 'a>(left: &'a str, right: &'b str) -> String {
    format!("{left}{right}")
}

#[process]
fn fixed<const N: usize, T: Display + Send + Sync>(row: [u8; N], label: &T) -> String {
    format!("{label}{N}{row:?}")
}

#[process]
fn patterns((low, high): (u32, u32), [first, ..]: [u32; 3], Pair { left, .. }: Pair, _: bool, mut sum: u32) -> u32 {
    sum += low + high + first + left;
    sum
}

struct Pair {
    left: u32,
    #[allow(dead_code)]
    right: u32,
}

#[process]
fn opaque(numbers: impl Iterator<Item = u32> + Send, map: &(impl Fn(&u32) -> u32 + Sync)) -> u32 {
    numbers.map(|n| map(&n)).sum()
}

#[process]
fn boxed(map: Box<dyn Fn(&u32) -> u32 + Send + '_>, function: fn(&u32) -> u32) -> u32 {
    map(&1) + function(&2)
}

#[process]
fn leaves_early(limit: u32, out: Sender<u32>, #[allow(unused_variables)] unused: u32) {
    let twice = |n: u32| {
        if n > 100 {
            return 100;
        }
        2 * n
    };
    if limit == 0 {
        return;
    }
    fn nested() -> u32 {
        return 4;
    }
    out.send(twice(limit) + nested())?;
    loop {
        alt! {
            out ! 1 => {
                pri_alt! {
                    (limit > 1) & skip => return,
                    skip => {}
                }
            }
            stopped _ => return,
        }
    }
}

#[process]
fn unit(out: Sender<u32>) -> () {
    if out.send(1)? == () {
        return drop(out);
    }
    ()
}

#[process]
fn never_ends(ticks: Sender<()>) {
    loop {
        ticks.send(())?;
    }
}

#[process]
fn one_liner() -> u32 { 5 }

#[process]
fn nothing() {}

#[process]
fn fallible(numbers: Receiver<u32>) -> Result<u32, Stopped> {
    let mut sum = 0;
    while sum < 3 {
        sum += numbers.recv()?;
    }
    Ok(sum)
}

#[process]
fn diverges(really: bool) -> Result<u32, Stopped> {
    if really {
        return Ok(1);
    }
    unreachable!()
}

/// The sieve: a process that runs itself.
#[process]
fn sieve(numbers: Receiver<u32>, primes: Sender<u32>) {
    let prime = numbers.recv()?;
    primes.send(prime)?;
    let (rest_out, rest_in) = channel();
    par! {
        { numbers.iter().filter(|n| n % prime != 0).try_for_each(|n| rest_out.send(n))?; }
        sieve(rest_in, primes),
    };
}

#[process(name = "raw", stack = "64 KiB", backend = threads)]
fn r#type(r#in: u32) -> u32 {
    r#in
}

#[process(shares_memory, stack = 65536)]
fn shares(total: &std::sync::atomic::AtomicU32) {
    total.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
}

mod inner {
    use csp::prelude::*;

    #[process]
    pub(super) fn visible(n: u32) -> u32 {
        n
    }
}

/// A counter.
#[derive(Clone)]
pub struct Counter<T> {
    count: T,
    step: u32,
}

impl<T: Message + Clone + Into<u64>> Counter<T> {
    /// By reference.
    #[process]
    pub fn shown<const N: usize>(&self, prefix: &str) -> String
    where
        T: Display + Sync,
    {
        format!("{prefix}{}{N}", self.count)
    }

    #[process]
    fn stepped(&mut self, out: &Sender<u32>) {
        self.step += 1;
        if self.step > 10 {
            return;
        }
        out.send(self.step)?;
    }

    #[process]
    fn consumed(mut self, by: impl Into<u32> + Send) -> u64 {
        self.step += by.into();
        self.count.into() + u64::from(self.step)
    }

    #[process]
    fn from_box(self: Box<Self>) -> u32 {
        self.step
    }

    #[process]
    fn without_receiver(count: T) -> u64 {
        let this = Self { count, step: 0 };
        this.count.into()
    }
}

macro_rules! make {
    ($name:ident, $ty:ty, $body:block) => {
        #[process]
        fn $name(value: $ty) -> $ty {
            let _ = value;
            $body
        }
    };
}

make!(made, u32, { 7 });

fn main() {
    let (a_out, a_in) = channel();
    let (b_out, b_in) = channel();
    let (_, _, got) = par! {
        { a_out.send(3)?; }
        copy(a_in, b_out),
        { b_in.iter().collect::<Vec<u32>>() }
    };
    assert_eq!(got, [3]);

    let mut total = 0;
    let (out, numbers) = channel();
    let (_, number) = par! { elided(&[1, 2], &Names(&["x"]), &mut total, (&out, &9)), { numbers.recv() } };
    assert_eq!((total, number), (4, Ok(9)));

    assert_eq!(hidden(Names(&["x"])).run(), 1);
    assert_eq!(named("a", "b").run(), "ab");
    assert_eq!(fixed([0; 2], &'x').run(), "x2[0, 0]");
    assert_eq!(patterns((1, 2), [3, 0, 0], Pair { left: 4, right: 0 }, true, 5).run(), 15);
    assert_eq!(opaque(1..4, &|n| n + 1).run(), 9);
    let factor = 10;
    assert_eq!(boxed(Box::new(|n| n * factor), |n| *n).run(), 12);

    let (out, numbers) = channel();
    let (_, first) = par! { leaves_early(5, out, 0), move(numbers) { numbers.recv() } };
    assert_eq!(first, Ok(14));
    let (out, numbers) = channel();
    let (_, first) = par! { unit(out), { numbers.recv() } };
    assert_eq!(first, Ok(1));
    let (ticks, ticked) = channel();
    let (_, tick) = par! { never_ends(ticks), { ticked.recv() } };
    assert_eq!(tick, Ok(()));

    assert_eq!(one_liner().run(), 5);
    nothing().run();
    let (out, numbers) = channel();
    drop(out);
    assert!(fallible(numbers).run().is_err());
    assert_eq!(diverges(true).run(), Ok(1));

    let (numbers_out, numbers_in) = channel();
    let (primes_out, primes_in) = channel();
    let (_, _, primes) = par! {
        { for n in 2..20 { numbers_out.send(n)?; } }
        sieve(numbers_in, primes_out),
        { primes_in.iter().collect::<Vec<u32>>() }
    };
    assert_eq!(primes, [2, 3, 5, 7, 11, 13, 17, 19]);

    assert_eq!(r#type(3).run(), 3);
    let shared = std::sync::atomic::AtomicU32::new(0);
    shares(&shared).run();
    assert_eq!(shared.into_inner(), 1);
    assert_eq!(inner::visible(8).run(), 8);

    let mut counter = Counter { count: 2_u32, step: 0 };
    assert_eq!(counter.shown::<4>("n").run(), "n24");
    let (out, steps) = channel();
    let (_, step) = par! { counter.stepped(&out), { steps.recv() } };
    assert_eq!(step, Ok(1));
    assert_eq!(counter.clone().consumed(3_u8).run(), 6);
    assert_eq!(Box::new(counter).from_box().run(), 1);
    assert_eq!(Counter::without_receiver(4_u32).run(), 4);
    assert_eq!(made(1).run(), 7);
}
