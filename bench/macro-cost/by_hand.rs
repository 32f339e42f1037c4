//! The program of `with_macros.rs`, written by hand against what the macros expand to: no macro of ours is used.

use csp::__private::{
    Decoder, Encoder, GuardList, Malformed, Meta, Order, OutputSlot, ParSettings, Quit, Slot, Visitor, branch,
    is_plain, par, process, quiet, replicate,
};
use csp::{Message, Process, Receiver, Sender, Stopped, channel};

struct Square {
    of: u64,
    is: u64,
}

impl Message for Square {
    const PLAIN: bool = true && <u64 as Message>::PLAIN && <u64 as Message>::PLAIN;

    fn __encoded_len(&self) -> usize {
        if is_plain::<Self>() {
            return size_of::<Self>();
        }
        self.of.__encoded_len() + self.is.__encoded_len()
    }

    fn __encode(self, out: &mut Encoder<'_>) {
        if is_plain::<Self>() {
            return out.plain(self);
        }
        self.of.__encode(out);
        self.is.__encode(out);
    }

    fn __decode(input: &mut Decoder<'_>) -> Result<Self, Malformed> {
        if is_plain::<Self>() {
            return input.plain();
        }
        Ok(Self { of: u64::__decode(input)?, is: u64::__decode(input)? })
    }

    fn __each_end(&self, visitor: &mut Visitor<'_>) {
        if is_plain::<Self>() {
            return;
        }
        self.of.__each_end(visitor);
        self.is.__each_end(visitor);
    }
}

type Farmer = (Sender<u64>, Receiver<Square>, u64);

fn farmer(args: Farmer) -> Process<Farmer, Result<u64, Stopped>> {
    process(
        Meta::new("farmer"),
        args,
        |(jobs, squares, count)| {
            let (mut next, mut missing, mut sum) = (0, count, 0);
            while missing > 0 {
                let (square, job) = (Slot::new(), OutputSlot::new());
                let mut guards = GuardList::<8>::new();
                let chosen = guards
                    .gather()
                    .input(0, 0, Some(squares.__csp_receiver()), &square)
                    .output(1, 0, (next < count).then(|| jobs.__csp_sender()), &job)
                    .choose(Order::Fair)?;
                if chosen.branch() == 0 {
                    let square: Square = square.take();
                    assert_eq!(square.of * square.of, square.is);
                    sum += square.is;
                    missing -= 1;
                } else {
                    job.commit().send(next);
                    next += 1;
                }
            }
            Ok(sum)
        },
        |_, _| {},
    )
}

type Worker = (Receiver<u64>, Sender<Square>);

fn worker(args: Worker) -> Process<Worker, ()> {
    process(
        Meta::new("worker"),
        args,
        |(jobs, squares)| {
            quiet(move || -> Result<(), Quit> {
                for of in &jobs {
                    squares.send(Square { of, is: of * of })?;
                }
                Ok(())
            })
        },
        |_, _| {},
    )
}

type Prefix = (u64, Receiver<u64>, Sender<u64>);

fn prefix(args: Prefix) -> Process<Prefix, ()> {
    process(
        Meta::new("prefix"),
        args,
        |(first, input, output)| {
            quiet(move || -> Result<(), Quit> {
                output.send(first)?;
                for number in &input {
                    output.send(number)?;
                }
                Ok(())
            })
        },
        |_, _| {},
    )
}

type Delta = (Receiver<u64>, Sender<u64>, Sender<u64>);

fn delta(args: Delta) -> Process<Delta, ()> {
    process(
        Meta::new("delta"),
        args,
        |(input, first, second)| {
            quiet(move || -> Result<(), Quit> {
                for number in &input {
                    first.send(number)?;
                    second.send(number)?;
                }
                Ok(())
            })
        },
        |_, _| {},
    )
}

type Successor = (Receiver<u64>, Sender<u64>);

fn successor(args: Successor) -> Process<Successor, ()> {
    process(
        Meta::new("successor"),
        args,
        |(input, output)| {
            quiet(move || -> Result<(), Quit> {
                for number in &input {
                    output.send(number + 1)?;
                }
                Ok(())
            })
        },
        |_, _| {},
    )
}

type Last = (Receiver<u64>, usize);

fn last(args: Last) -> Process<Last, Result<u64, Stopped>> {
    process(
        Meta::new("last"),
        args,
        |(numbers, count)| {
            for _ in 1..count {
                numbers.recv()?;
            }
            numbers.recv()
        },
        |_, _| {},
    )
}

fn main() -> Result<(), Stopped> {
    let (jobs_out, jobs_in) = channel();
    let (squares_out, squares_in) = channel();
    let farmer = branch(farmer((jobs_out, squares_in, 100)));
    let workers = replicate(4, branch(worker((jobs_in, squares_out))));
    let (sum, _) = par(ParSettings::new(), (farmer, (workers, ())));
    println!("{}", sum?);

    let (prefix_out, delta_in) = channel();
    let (delta_out, successor_in) = channel();
    let (successor_out, prefix_in) = channel();
    let (numbers_out, numbers) = channel();
    let prefix = branch(prefix((0, prefix_in, prefix_out)));
    let delta = branch(delta((delta_in, numbers_out, delta_out)));
    let successor = branch(successor((successor_in, successor_out)));
    let last = branch(last((numbers, 100)));
    let (_, (_, (_, (number, ())))) = par(ParSettings::new(), (prefix, (delta, (successor, (last, ())))));
    println!("{}", number?);
    Ok(())
}
