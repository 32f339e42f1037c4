//! The macros inside a user's `macro_rules!`, whose fragments arrive as groups.
#![forbid(unsafe_code)]
#![deny(warnings)]

use std::time::Duration;

use csp::prelude::*;

macro_rules! define {
    ($name:ident, $arg:pat, $ty:ty, $end:ident: $end_ty:ty, $out:ty, $body:block) => {
        #[process]
        fn $name($arg: $ty, $end: $end_ty) -> $out $body
    };
}

define!(send_sum, (a, b), (u32, u32), end: &Sender<u32>, (), {
    end_of(end).send(a + b)?;
});

define!(text, number, u32, end: &str, String, { format!("{number}{end}") });

macro_rules! end_of {
    ($end:expr) => {
        $end
    };
}

fn end_of<T>(end: T) -> T {
    end_of!(end)
}

macro_rules! choose {
    ($receiver:expr, $sender:expr, $message:pat => $body:expr, $ready:expr, $value:expr) => {
        alt! {
            $receiver ? $message => $body,
            ($ready) & $sender ! $value => 0,
            after Duration::from_secs(60) => 1,
            stopped _ => 2,
        }
    };
    ($($receiver:ident => $body:expr;)*) => {
        pri_alt! { $($receiver ? value => $body + value,)* skip => 0 }
    };
}

macro_rules! both {
    ($($branch:expr),*; $block:block) => {
        par! { $($branch,)* $block }
    };
}

fn last(first: Receiver<u32>, second: Receiver<u32>) -> Result<u32, Stopped> {
    Ok(choose! { first => 10; second => 20; })
}

fn main() {
    let (out, back) = channel();
    let (sent, name, copies, got) = both!(send_sum((1, 2), &out), text(3, "x"), 2 * text(4, "y"); { back.recv() });
    assert_eq!((sent, name.as_str(), copies.len(), got), ((), "3x", 2, Ok(3)));

    struct Ends(Receiver<(u32, u32)>, Sender<u32>);
    let (pairs, pair) = channel::buffered(1);
    let (out, _kept) = channel();
    let ends = Ends(pair, out);
    assert_eq!(pairs.send((1, 2)), Ok(()));
    assert_eq!(choose!(ends.0, ends.1, (a, b) => a + b, false, 5), 3);

    let (_first, idle) = channel();
    let (second, ready) = channel::buffered(1);
    assert_eq!(second.send(1), Ok(()));
    assert_eq!(last(idle, ready), Ok(21));
}
