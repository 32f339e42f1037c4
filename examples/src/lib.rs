//! What several of the example programs share. The programs themselves are in `examples/examples/`,
//! one per file; run one with `cargo run --release --example NAME`.

#![forbid(unsafe_code)]

pub mod cli;
pub mod mandelbrot;
pub mod plugs;
