//! The picture of the PyCSP paper (Friborg, Bjørndalen, Vinter; CPA 2009), computed by a farm of workers.
//!
//! One producer-consumer chooses, at every step, between handing out a job and taking a result; so a
//! worker never waits for the other workers. This is the paper's Listing 7.
//!
//! ```sh
//! cargo run --release --example mandelbrot                   # then look at mandelbrot.png
//! cargo run --release --example mandelbrot -- --workers 1    # how much slower?
//! cargo run --release --example mandelbrot -- --help
//! ```

use std::error::Error;
use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;
use std::time::Instant;

use csp::prelude::*;
use csp_examples::cli;
use csp_examples::mandelbrot::{Plan, Region, colours, write_png};
use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};

/// A result: how long the pixels of one job take to escape.
#[message]
struct Block {
    job: usize,
    escapes: Vec<f32>,
}

/// Hands out jobs and takes results, in whichever order the workers like.
#[process]
fn farmer(
    plan: Plan,
    jobs: Sender<usize>,
    blocks: Receiver<Block>,
    progress: ProgressBar,
) -> Result<Vec<f32>, Stopped> {
    let mut picture = vec![0.0; plan.width * plan.height];
    let mut next = 0;
    let mut missing = plan.jobs;
    while missing > 0 {
        alt! {
            blocks ? block => {
                picture[plan.pixels(block.job)].copy_from_slice(&block.escapes);
                missing -= 1;
                progress.inc(1);
            }
            (next < plan.jobs) & jobs ! next => next += 1,
        }
    }
    Ok(picture) // `jobs` is dropped here, so every worker's loop ends
}

/// Computes jobs until there are no more.
#[process]
fn worker(plan: Plan, jobs: Receiver<usize>, blocks: Sender<Block>) {
    for job in &jobs {
        let mut escapes = Vec::with_capacity(plan.pixels(job).len());
        for row in plan.rows(job) {
            escapes.extend(plan.compute(row..row + 1));
            csp::yield_now(); // on coroutines the farmer may share this core
        }
        blocks.send(Block { job, escapes })?;
    }
}

fn main() -> Result<(), Stopped> {
    let Options { plan, workers, out, backend } = cli::parse(options);
    let unwritable = |error: &dyn Error| -> ! { cli::refuse(format!("--out {out:?}: {error}")) };
    let file = File::create(&out).unwrap_or_else(|error| unwritable(&error));

    let start = Instant::now();
    let (jobs_out, jobs_in) = channel().named("jobs");
    let (blocks_out, blocks_in) = channel().named("blocks");
    let (picture, _) = par! {
        backend = backend;
        farmer(plan, jobs_out, blocks_in, progress_bar(plan.jobs)),
        workers * worker(plan, jobs_in, blocks_out),
    };
    let picture = picture?;
    eprintln!("{:.3} s with {workers} workers on the {backend} backend", start.elapsed().as_secs_f64());

    write_png(BufWriter::new(file), plan.width, plan.height, &colours(&picture))
        .unwrap_or_else(|error| unwritable(&error));
    let inside = picture.iter().filter(|escape| escape.is_infinite()).count();
    println!("{}: {} × {} pixels, {inside} of them never escape", out.display(), plan.width, plan.height);
    Ok(())
}

/// A bar on standard error, which shows only if that is a terminal, and is gone when the farmer is.
fn progress_bar(jobs: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:50.cyan/blue} {pos}/{len} jobs, {eta} to go");
    ProgressBar::new(jobs as u64)
        .with_style(style.expect("the template is a valid one"))
        .with_finish(ProgressFinish::AndClear)
}

const HELP: &str = "
Renders a part of the Mandelbrot set with a farm of processes.

usage: mandelbrot [OPTION]...

  --size N | WxH          pixels                               [1000]
  --jobs N                blocks of rows, one row or more      [100]
  --workers N             processes that compute them          [one a core]
  --iterations N          where to give up                     [5000]
  --region x0,x1,y0,y1    the part of the plane                [the paper's Figure 7]
  --out FILE              the picture, a PNG                   [mandelbrot.png]
  --backend NAME          threads, coroutines, processes       [CSP_BACKEND, or as built]
  --help                  this text";

struct Options {
    plan: Plan,
    workers: usize,
    out: PathBuf,
    backend: Backend,
}

fn options(args: &mut lexopt::Parser) -> Result<Options, lexopt::Error> {
    use lexopt::prelude::*;

    let mut plan = Plan::PAPER;
    let mut options =
        Options { plan, workers: cli::cores(), out: "mandelbrot.png".into(), backend: csp::current().backend() };
    while let Some(arg) = args.next()? {
        match arg {
            Long("size") => {
                let wanted = "a size: N or WxH, each from 1 to 20000";
                (plan.width, plan.height) = cli::value(args, "--size", wanted, size)?;
            }
            Long("jobs") => plan.jobs = cli::number(args, "--jobs", 1..=20_000)?,
            Long("workers") => options.workers = cli::number(args, "--workers", 1..=100_000)?,
            Long("iterations") => plan.iterations = cli::number(args, "--iterations", 1..=10_000_000)?,
            Long("region") => {
                let wanted = "a region: x0,x1,y0,y1 with x0 < x1 and y0 < y1";
                plan.region = cli::value(args, "--region", wanted, region)?;
            }
            Long("out") => options.out = args.value()?.into(),
            Long("backend") => options.backend = cli::backend(args)?,
            Short('h') | Long("help") => cli::help(HELP),
            other => return Err(other.unexpected()),
        }
    }
    plan.jobs = plan.jobs.min(plan.height);
    Ok(Options { plan, ..options })
}

fn size(text: &str) -> Option<(usize, usize)> {
    let (width, height) = text.split_once('x').unwrap_or((text, text));
    let side = |text: &str| text.parse().ok().filter(|side| (1..=20_000).contains(side));
    Some((side(width)?, side(height)?))
}

fn region(text: &str) -> Option<Region> {
    let edges: Vec<f64> = text.split(',').map(|edge| edge.trim().parse()).collect::<Result<_, _>>().ok()?;
    let &[x0, x1, y0, y1] = edges.as_slice() else { return None };
    let rises = |from: f64, to: f64| from < to && (to - from).is_finite();
    (rises(x0, x1) && rises(y0, y1)).then_some(Region { x0, x1, y0, y1 })
}
