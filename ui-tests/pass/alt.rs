//! Every form of a branch in `alt!`, and what its bodies may do.
#![forbid(unsafe_code)]
#![deny(warnings)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use csp::prelude::*;

struct Hub {
    inputs: Vec<Receiver<u32>>,
    out: Sender<u32>,
    count: u32,
}

impl Hub {
    fn next(&mut self) -> u32 {
        self.count += 1;
        self.count
    }

    fn input(&self, index: usize) -> &Receiver<u32> {
        &self.inputs[index]
    }

    /// Fields, indices, calls; an output whose value borrows the whole; a body that changes what a guard named.
    fn serve(&mut self) -> Result<u32, Stopped> {
        let chosen = alt! {
            self.out ! self.next() => 0,
            self.inputs[0] ? n => { self.inputs.remove(0); n }
            self.input(1) ? n => n,
            (self.input(1)) ? n => n,
        };
        Ok(chosen + self.count)
    }
}

fn full<T: Message>(values: impl IntoIterator<Item = T>) -> Receiver<T> {
    let values: Vec<T> = values.into_iter().collect();
    let (out, back) = channel::buffered(values.len().max(1));
    for value in values {
        out.send(value).expect("the receiver is there");
    }
    back
}

/// Channels named as the contextual keywords.
fn keywords(after: &Receiver<u32>, skip: &Receiver<u32>, stopped: &Sender<u32>) -> Result<u32, Stopped> {
    let first = alt! { after ? n => n, };
    let second = alt! { skip ?? n => n };
    Ok(first + second + alt! { stopped ! 1 => 1, after Duration::from_secs(60) => 0 })
}

/// `,`, none after a block, and `<>`; commas inside bodies; values of several shapes.
fn separators(pairs: &Receiver<(u32, Option<u32>)>, out: &Sender<(u32, u32)>) -> Result<u32, Stopped> {
    let mut got = std::collections::BTreeMap::<u32, Option<u32>>::new();
    alt! {
        pairs ? (key, value) => { got.insert(key, value); }
        (got.len() > 1) & out ! (1, 2) => {}
        after Duration::from_secs(60) => drop(std::collections::HashMap::<u32, u32>::new()),
    }
    alt! { pairs ? (key, value) => { got.insert(key, value); } <> (false) & out ! (1, 2) => {} <> stopped _ => {} }
    let found = alt! {
        pairs ? (a, b) => match b { Some(b) => a + b, None => a }
        (false) & out ! { if got.len() > 9 { return Ok(0) } (1, 2) } => 0,
    };
    Ok(found + got.into_iter().map(|(a, b)| a + b.unwrap_or(0)).sum::<u32>())
}

/// Ways out of a body.
fn ways_out(numbers: &Receiver<u32>) -> Result<u32, Stopped> {
    let mut sum = 0;
    'outer: loop {
        loop {
            alt! {
                numbers ? n => match n {
                    0 => continue,
                    1 => break,
                    2 => continue 'outer,
                    3 => break 'outer,
                    4 => return Ok(sum),
                    n => sum += n + numbers.recv()?,
                },
            }
        }
        sum += 100;
    }
    Ok(sum + 1000)
}

/// A false precondition's expressions are not evaluated.
fn preconditions(numbers: &[Receiver<u32>], out: &Sender<u32>) -> Result<u32, Stopped> {
    Ok(alt! {
        (numbers.len() > 5) & numbers[5] ? n => n,
        (numbers.len() > 5) & numbers[5] ?? n => n,
        (numbers.len() > 5) & out ! numbers[5].recv()? => 0,
        (numbers.len() > 5) & after Duration::from_secs(u64::try_from(numbers.len() - 6).unwrap_or(0)) => 0,
        (false) & skip => 0,
        numbers[0] ? n => n,
    })
}

/// Replicated guards: by index, by reference, several in one, nested, none at all.
fn replicated(inputs: &[Receiver<u32>], outs: &[(Receiver<u32>, Sender<u32>)]) -> Result<(usize, u32), Stopped> {
    alt! { for i in 0..0 { inputs[i] ? _ => {} } skip => {} }
    let first = alt! {
        for (i, input) in inputs.iter().enumerate() { (i > 0) & input ? n => (i, n), }
    };
    let second = alt! {
        for (i, (back, out)) in outs.iter().enumerate() {
            back ?? n => (i, n),
            (false) & out ! u32::try_from(i).unwrap_or(0) => (i, 0),
            for mut step in [1_u32, 2] {
                (step > 2) & back ? n => { step += n; (i, step) }
                (false) & out ! step => (i, step),
            }
        }
        (false) & after Duration::ZERO => (9, 9),
        stopped _ => (8, 8),
    };
    let names = [String::from("zero"), String::from("one")];
    let third = alt! {
        for name in names { (name == "one") & inputs[0] ? n => (name.len(), n) }
        skip => (0, 0),
    };
    Ok((first.0 + second.0 + third.0, first.1 + second.1 + third.1))
}

/// Ends behind smart pointers and in temporaries.
fn behind(shared: &Arc<Receiver<u32>>, boxed: Box<Receiver<u32>>) -> Result<u32, Stopped> {
    let cell = std::cell::RefCell::new(full([3]));
    let third = alt! { cell.borrow() ? n => n, };
    Ok(third + alt! { shared ? n => n, } + alt! { boxed ? n => n })
}

fn main() -> Result<(), Stopped> {
    let (out, _kept) = channel::buffered(1);
    let mut hub = Hub { inputs: vec![full([7]), full([])], out, count: 0 };
    assert!(matches!(hub.serve(), Ok(1 | 7)));

    let (stopped, _kept) = channel::buffered(1);
    assert_eq!(keywords(&full([1]), &full([2]), &stopped), Ok(4));
    let (out, _kept) = channel();
    assert_eq!(separators(&full([(1, None), (2, Some(3)), (4, Some(5))]), &out), Ok(15));
    assert_eq!(ways_out(&full([0, 1, 2, 5, 6, 3])), Ok(1111));
    assert_eq!(ways_out(&full([5, 6, 4])), Ok(11));
    assert_eq!(ways_out(&full([])), Err(Stopped::Retired));
    let (out, _kept) = channel();
    assert_eq!(preconditions(&[full([6])], &out), Ok(6));
    let (out, _kept) = channel();
    assert_eq!(replicated(&[full([1]), full([2])], &[(full([4]), out)]), Ok((4, 7)));
    assert_eq!(behind(&Arc::new(full([1])), Box::new(full([2]))), Ok(6));

    // The reason, in a function that cannot pass it on; a deadline; `alt!` as a statement and as a value.
    let (out, never) = channel::<u32>();
    drop(out);
    alt! { never ? _ => unreachable!(), stopped reason => assert_eq!(reason, Stopped::Retired) }
    alt! { after Instant::now() => {} }
    let closure = || -> Result<u32, Stopped> { Ok(alt! { never ? n => n }) };
    assert!(closure().is_err());
    Ok(())
}
