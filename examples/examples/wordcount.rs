//! Counts the words of files in a pipeline of processes.
//!
//! ```text
//!            files              pieces of text         tallies
//!     main ─────────► readers ──────────────► splitters ══════► counter
//!                        └────────────── skipped ──────────────────▲
//! ```
//!
//! The readers wait for the disk (their reading is marked `#[io]`), the splitters compute. The counter
//! chooses over one channel from each splitter, and one on which the readers report what they had to skip.
//!
//! ```sh
//! cargo run --release --example wordcount              # this repository's own texts
//! cargo run --release --example wordcount -- --top 3 README.md
//! cargo run --release --example wordcount -- --help
//! ```

use std::collections::HashMap;
use std::fs;
use std::io::{self, Write as _};
use std::iter::{repeat_n, zip};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use csp::prelude::*;
use csp_examples::cli;
use unicode_segmentation::UnicodeSegmentation as _;

/// A file that could not be read, by its place on the command line.
#[message]
struct Skipped {
    file: usize,
    why: String,
}

/// How often each word occurs; of one piece of text, or of all.
#[message]
#[derive(Default)]
struct Tally {
    words: u64,
    counts: HashMap<String, u64>,
}

impl Tally {
    /// Words as Unicode defines them (UAX #29), in lower case.
    fn of(text: &str) -> Self {
        let mut tally = Self::default();
        for word in text.unicode_words() {
            tally.words += 1;
            *tally.counts.entry(word.to_lowercase()).or_default() += 1;
        }
        tally
    }

    fn add(&mut self, other: Self) {
        self.words += other.words;
        for (word, count) in other.counts {
            *self.counts.entry(word).or_default() += count;
        }
    }

    /// The `n` commonest words, the commonest first.
    fn top(&self, n: usize) -> Vec<(&str, u64)> {
        let mut counts: Vec<_> = self.counts.iter().map(|(word, count)| (word.as_str(), *count)).collect();
        counts.sort_unstable_by(|(a, x), (b, y)| y.cmp(x).then_with(|| a.cmp(b)));
        counts.truncate(n);
        counts
    }
}

#[io]
fn read(path: &Path) -> io::Result<String> {
    fs::read_to_string(path)
}

/// Reads files, and cuts them into pieces.
#[process]
fn reader(paths: &[PathBuf], files: Receiver<usize>, pieces: Sender<String>, skipped: Sender<Skipped>) {
    for file in &files {
        match read(&paths[file]) {
            Ok(text) => {
                for piece in cut(&text) {
                    pieces.send(piece.to_owned())?;
                }
            }
            Err(error) => skipped.send(Skipped { file, why: error.to_string() })?,
        }
    }
}

/// Cuts a text into pieces of 64 KiB or a little more, at line ends, because no word contains one.
fn cut(mut text: &str) -> impl Iterator<Item = &str> {
    const ENOUGH: usize = 64 * 1024;
    std::iter::from_fn(move || {
        let line_end = text.bytes().skip(ENOUGH).position(|byte| byte == b'\n');
        let (piece, rest) = text.split_at(line_end.map_or(text.len(), |at| ENOUGH + at + 1));
        text = rest;
        (!piece.is_empty()).then_some(piece)
    })
}

/// Counts the words of pieces.
#[process]
fn splitter(pieces: Receiver<String>, tallies: Sender<Tally>) {
    for piece in &pieces {
        tallies.send(Tally::of(&piece))?;
    }
}

/// Adds up what the splitters have counted, and collects what the readers have skipped.
#[process]
fn counter(tallies: Vec<Receiver<Tally>>, skipped: Receiver<Skipped>) -> Result<(Tally, Vec<Skipped>), Stopped> {
    let mut total = Tally::default();
    let mut missing = Vec::new();
    loop {
        alt! {
            for tallies in &tallies {
                tallies ? tally => total.add(tally),
            }
            skipped ? file => missing.push(file),
            stopped why => return if why.is_retired() { Ok((total, missing)) } else { Err(why) },
        }
    }
}

fn main() -> Result<ExitCode, Stopped> {
    let Options { paths, top, readers, splitters, backend } = cli::parse(options);
    let paths = paths.as_slice();

    let start = Instant::now();
    let (files_out, files_in) = channel().named("files");
    let (pieces_out, pieces_in) = channel().named("pieces");
    let (skipped_out, skipped_in) = channel().named("skipped");
    let (tallies_out, tallies_in): (Vec<_>, Vec<_>) = (0..splitters).map(|_| channel().named("tallies")).unzip();
    let (_, _, _, result) = par! {
        backend = backend;
        {
            for file in 0..paths.len() {
                files_out.send(file)?;
            }
        },
        readers * reader(paths, files_in, pieces_out, skipped_out),
        for (pieces, tallies) in zip(repeat_n(pieces_in, splitters), tallies_out) => splitter(pieces, tallies),
        counter(tallies_in, skipped_in),
    };
    let (total, mut skipped) = result?;
    eprintln!(
        "{:.3} s with {readers} readers and {splitters} splitters on the {backend} backend",
        start.elapsed().as_secs_f64()
    );

    skipped.sort_unstable_by_key(|skipped| skipped.file);
    for Skipped { file, why } in &skipped {
        eprintln!("{}: skipped: {why}", paths[*file].display());
    }
    if let Err(error) = print(&total, paths.len() - skipped.len(), top)
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        eprintln!("standard output: {error}");
        return Ok(ExitCode::FAILURE);
    }
    Ok(if skipped.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(total: &Tally, files: usize, top: usize) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for (word, count) in total.top(top) {
        writeln!(out, "{count:8} {word}")?;
    }
    let plural = if files == 1 { "" } else { "s" };
    writeln!(out, "{:8} words, {} different, in {files} file{plural}", total.words, total.counts.len())
}

const HELP: &str = "
Counts words, whatever their case, with a pipeline of processes.

usage: wordcount [OPTION]... [FILE]...

Without a FILE it counts this repository's own texts (*.md and *.rs).

  --top N           the commonest words to show         [10]
  --readers N       processes that read                 [4]
  --splitters N     processes that count                [one a core]
  --backend NAME    threads, coroutines, processes      [CSP_BACKEND, or as built]
  --help            this text

Files that cannot be read, or are not UTF-8, are reported and skipped; the exit code is then 1.";

struct Options {
    paths: Vec<PathBuf>,
    top: usize,
    readers: usize,
    splitters: usize,
    backend: Backend,
}

fn options(args: &mut lexopt::Parser) -> Result<Options, lexopt::Error> {
    use lexopt::prelude::*;

    let mut options =
        Options { paths: Vec::new(), top: 10, readers: 4, splitters: cli::cores(), backend: csp::current().backend() };
    while let Some(arg) = args.next()? {
        match arg {
            Long("top") => options.top = cli::number(args, "--top", 0..=1_000_000)?,
            Long("readers") => options.readers = cli::number(args, "--readers", 1..=100_000)?,
            Long("splitters") => options.splitters = cli::number(args, "--splitters", 1..=100_000)?,
            Long("backend") => options.backend = cli::backend(args)?,
            Short('h') | Long("help") => cli::help(HELP),
            Value(path) => options.paths.push(path.into()),
            other => return Err(other.unexpected()),
        }
    }
    if options.paths.is_empty() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the examples are a workspace member");
        find_texts(root, &mut options.paths).map_err(|error| format!("{}: {error}", root.display()))?;
    }
    Ok(options)
}

/// Adds every `*.md` and `*.rs` below `folder`, in order; not what is hidden, nor what cargo has built.
fn find_texts(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_unstable_by_key(|entry| entry.file_name());
    for entry in entries {
        let (name, path) = (entry.file_name(), entry.path());
        if name.as_encoded_bytes().starts_with(b".") || name == "target" {
            continue;
        }
        if entry.file_type()?.is_dir() {
            find_texts(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "md" || extension == "rs") {
            found.push(path);
        }
    }
    Ok(())
}
