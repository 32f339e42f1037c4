//! Every form of `spawn!`.
#![forbid(unsafe_code)]
#![deny(warnings)]

use csp::prelude::*;

#[process]
fn double(n: u32) -> u32 {
    2 * n
}

fn main() {
    let handle: Handle<u32> = spawn!(double(2));
    assert_eq!(handle.join(), 4);
    assert_eq!(spawn!(backend = threads; double(3)).join(), 6);
    let (out, back) = channel();
    let sender = spawn!(move(out) { out.send(1_u32)?; });
    let receiver = spawn! { { back.recv() } };
    sender.join();
    assert_eq!(receiver.join(), Ok(1));
}
