//! `pri_alt!` takes the first ready guard; `skip` stands last.
#![forbid(unsafe_code)]
#![deny(warnings)]

use csp::prelude::*;

fn poll(urgent: &Receiver<u32>, work: &[Receiver<u32>], ready: bool) -> Result<u32, Stopped> {
    Ok(pri_alt! {
        (false) & skip => 100,
        (ready) & urgent ? n => n,
        for (i, work) in work.iter().enumerate() { work ? n => n + 10 * u32::try_from(i).unwrap_or(0) }
        skip => 0,
        stopped reason => return Err(reason),
    })
}

fn main() {
    let (urgent_out, urgent) = channel::buffered(1);
    let (work_out, work) = channel::buffered(1);
    let (_more_out, more) = channel();
    let work = [more, work];
    assert_eq!(poll(&urgent, &work, true), Ok(0));
    assert_eq!((urgent_out.send(1), work_out.send(2)), (Ok(()), Ok(())));
    assert_eq!(poll(&urgent, &work, false), Ok(12));
    assert_eq!(poll(&urgent, &work, true), Ok(1));
}
