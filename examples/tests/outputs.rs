//! Runs every example and compares what it prints with `expected/NAME.stdout`.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use csp_examples::mandelbrot::{Plan, Region, colours, write_png};
use unicode_segmentation::UnicodeSegmentation as _;

/// The built example; cargo puts it beside the folder of this test.
fn example(name: &str) -> Command {
    let test = std::env::current_exe().unwrap();
    let profile = test.ancestors().nth(2).unwrap();
    let path = profile.join("examples").join(name).with_extension(std::env::consts::EXE_EXTENSION);
    assert!(path.exists(), "{} is not there: run `cargo build --examples` first", path.display());
    Command::new(path)
}

/// Runs an example to its end, or kills it when it hangs.
#[track_caller]
fn run(name: &str, args: &[&str]) -> Output {
    const LIMIT: Duration = Duration::from_secs(120);
    let mut command = example(name);
    command.args(args).current_dir(env!("CARGO_TARGET_TMPDIR"));
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (ended, ends) = mpsc::channel();
    let stdout = collect(child.stdout.take().unwrap(), ended.clone());
    let stderr = collect(child.stderr.take().unwrap(), ended);
    for _ in 0..2 {
        if ends.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout) {
            child.kill().unwrap();
            panic!("{name} {args:?} hangs");
        }
    }
    Output { status: child.wait().unwrap(), stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() }
}

fn collect(mut pipe: impl Read + Send + 'static, ended: mpsc::Sender<()>) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).unwrap();
        let _ = ended.send(());
        bytes
    })
}

#[track_caller]
fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

#[track_caller]
fn check(name: &str, args: &[&str], exit_code: i32) -> String {
    let output = run(name, args);
    let stderr = text(output.stderr);
    assert_eq!(code(&output.status), exit_code, "{name} {args:?} says {stderr}");
    let expected = fs::read_to_string(format!("{}/expected/{name}.stdout", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let printed = text(output.stdout);
    // A busy machine may wake a sleeper later than the next one.
    if name == "delay_output" {
        assert_eq!(sorted(&printed), sorted(&expected), "{name} {args:?}");
    } else {
        assert_eq!(printed, expected, "{name} {args:?}");
    }
    stderr
}

/// The exit code; of a program that a signal has ended, what a shell makes of it.
fn code(status: &ExitStatus) -> i32 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(status) {
        return 128 + signal;
    }
    status.code().expect("it has ended by itself")
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<_> = text.lines().collect();
    lines.sort_unstable();
    lines
}

macro_rules! outputs {
    ($($name:ident $args:expr => $exit_code:expr),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                check(stringify!($name), &$args, $exit_code);
            }
        )*

        #[test]
        fn every_example_is_run() {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
            let stem = |path: PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
            let there: BTreeSet<_> = fs::read_dir(folder).unwrap().map(|entry| stem(entry.unwrap().path())).collect();
            let run: BTreeSet<_> = [$(stringify!($name).to_owned()),*].into();
            assert_eq!(there, run);
        }
    };
}

outputs! {
    commstime ["1000"] => 0,
    deadlock [] => 101,
    delay_output ["150"] => 0,
    echo ["200", "3"] => 0,
    dining_philosophers ["5", "20"] => 0,
    fibonacci [] => 0,
    mandelbrot ["--size", "60x40", "--jobs", "7", "--iterations", "600", "--out", "expected.png"] => 0,
    monte_carlo_pi ["40", "5000"] => 0,
    overflow [] => OVERFLOWED,
    ring ["16", "50"] => 0,
    sieve [] => 0,
    wordcount ["--top", "5", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/texts/occam.txt")] => 0,
}

/// A forked process ends alone, by SIGABRT, and `par!` panics; else the program ends so.
const OVERFLOWED: i32 = if cfg!(feature = "processes") { 101 } else { 128 + 6 };

#[test]
fn an_overflow_is_reported() {
    let report = check("overflow", &[], OVERFLOWED);
    let parts: &[&str] = match cfg!(feature = "coroutines") {
        true => &["process `the counter` has overflowed its stack of 65536 bytes", "CSP_STACK"],
        false => &["has overflowed its stack"],
    };
    for part in parts {
        assert!(report.contains(part), "no {part:?} in {report}");
    }
}

#[test]
fn the_deadlock_report_names_processes_channels_and_lines() {
    let report = check("deadlock", &[], 101);
    for part in ["left to right", "right to left", "deadlock.rs:"] {
        assert!(report.contains(part), "no {part:?} in {report}");
    }
}

/// All sleep at the same time: one after the other would be 55 units. (A busy machine may wake somebody late.)
#[test]
fn sleeps_do_not_add_up() {
    let report = check("delay_output", &["150"], 0);
    let units = report.trim().strip_prefix("all together: ").and_then(|rest| rest.strip_suffix(" s")).unwrap();
    assert!((10.0..40.0).contains(&units.parse::<f64>().unwrap()), "{report}");
}

#[test]
fn the_estimate_of_pi_does_not_depend_on_the_workers() {
    for workers in ["1", "2", "7"] {
        check("monte_carlo_pi", &["40", "5000", workers], 0);
    }
}

#[test]
fn the_picture_is_the_sequential_one_whatever_workers_and_jobs() {
    let whole = Region { x0: -2.2, x1: 0.8, y0: -1.3, y1: 1.2 };
    let paper = Plan { width: 61, height: 47, iterations: 700, ..Plan::PAPER };
    for (plan, region) in [(paper, None), (Plan { region: whole, ..paper }, Some("-2.2,0.8,-1.3,1.2"))] {
        let mut sequential = Vec::new();
        let escapes = plan.compute(0..plan.height);
        write_png(&mut sequential, plan.width, plan.height, &colours(&escapes)).unwrap();

        for workers in ["1", "2", "3", "8"] {
            for jobs in ["1", "5", "47", "100"] {
                let out = format!("{}-{workers}-{jobs}.png", region.map_or("paper", |_| "whole"));
                let mut args = vec!["--size", "61x47", "--iterations", "700", "--workers", workers];
                args.extend(["--jobs", jobs, "--out", &out]);
                args.extend(region.iter().flat_map(|region| ["--region", region]));
                let output = run("mandelbrot", &args);
                assert!(output.status.success(), "{args:?} says {}", text(output.stderr));
                let parallel = fs::read(Path::new(env!("CARGO_TARGET_TMPDIR")).join(&out)).unwrap();
                assert!(parallel == sequential, "{args:?}: another picture");
            }
        }
    }
}

#[test]
fn progress_shows_only_on_a_terminal() {
    let output = run("mandelbrot", &["--size", "20", "--out", "progress.png"]);
    let stderr = text(output.stderr);
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(!stderr.contains('\x1b'), "{stderr}");
}

#[test]
fn jobs_cover_each_row_once() {
    for (height, jobs) in [(1, 1), (47, 5), (1000, 100), (1000, 999), (7, 7)] {
        let plan = Plan { height, jobs, ..Plan::PAPER };
        let rows: Vec<_> = (0..jobs).flat_map(|job| plan.rows(job)).collect();
        assert_eq!(rows, (0..height).collect::<Vec<_>>());
        assert_eq!(plan.pixels(jobs - 1).end, plan.width * height);
    }
}

/// What `wordcount` has to print, counted without it.
fn count_sequentially(texts: &[String]) -> String {
    let mut counts: HashMap<String, u64> = HashMap::new();
    for word in texts.iter().flat_map(|text| text.unicode_words()) {
        *counts.entry(word.to_lowercase()).or_default() += 1;
    }
    let words: u64 = counts.values().sum();
    let different = counts.len();
    let mut sorted: Vec<_> = counts.into_iter().collect();
    sorted.sort_by(|(a, x), (b, y)| (y, a).cmp(&(x, b)));

    let mut expected = String::new();
    for (word, count) in sorted {
        writeln!(expected, "{count:8} {word}").unwrap();
    }
    writeln!(expected, "{words:8} words, {different} different, in {} files", texts.len()).unwrap();
    expected
}

#[test]
fn words_are_counted_as_one_process_would() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("words");
    fs::create_dir_all(&folder).unwrap();
    let sentence = "It isn't «naïve»: THE cafe\u{301}, the Straße,\r\nΟΔΟΣ 3.14 snake_case 東京\n";
    let mut texts = vec![
        String::new(),
        "no line end".into(),
        sentence.into(),
        sentence.repeat(5_000),                                 // several pieces
        "one line of many words, not to be cut ".repeat(5_000), // one large piece
        "\u{feff}the\n\n\n".into(),
    ];
    texts.extend((0..100).map(|n| format!("file number {n}\n").repeat(n)));
    let mut paths = Vec::new();
    for (n, text) in texts.iter().enumerate() {
        let path = folder.join(format!("{n}.txt"));
        fs::write(&path, text).unwrap();
        paths.push(path.to_str().unwrap().to_owned());
    }
    let expected = count_sequentially(&texts);

    for (readers, splitters) in [("1", "1"), ("3", "2"), ("8", "5"), ("2", "16")] {
        let mut args = vec!["--top", "1000000", "--readers", readers, "--splitters", splitters];
        args.extend(paths.iter().map(String::as_str));
        let output = run("wordcount", &args);
        assert!(output.status.success(), "{}", text(output.stderr));
        assert_eq!(text(output.stdout), expected, "{readers} readers, {splitters} splitters");
    }
}

#[test]
fn what_cannot_be_read_is_reported_and_skipped() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("skipped");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("good.txt"), "good words\n").unwrap();
    fs::write(folder.join("latin1.txt"), b"na\xefve words\n").unwrap();
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();

    let output = run("wordcount", &[&path("latin1.txt"), &path("good.txt"), &path("missing.txt"), &path("")]);

    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(output.stdout), "       1 good\n       1 words\n       2 words, 2 different, in 1 file\n");
    let stderr = text(output.stderr);
    let reported: Vec<_> = stderr.lines().filter(|line| line.contains(": skipped: ")).collect();
    assert_eq!(reported.len(), 3, "{stderr}");
    for (line, name) in reported.iter().zip(["latin1.txt", "missing.txt", "skipped/"]) {
        assert!(line.contains(name), "{stderr}");
    }
}

#[test]
fn a_wrong_value_gets_one_line_and_exit_code_2() {
    let wrong: &[(&str, &[&str])] = &[
        ("mandelbrot", &["--size", "0"]),
        ("mandelbrot", &["--size", "10x"]),
        ("mandelbrot", &["--size", "many"]),
        ("mandelbrot", &["--size"]),
        ("mandelbrot", &["--jobs", "0"]),
        ("mandelbrot", &["--jobs", "-3"]),
        ("mandelbrot", &["--workers", "0"]),
        ("mandelbrot", &["--workers", "1.5"]),
        ("mandelbrot", &["--iterations", "0"]),
        ("mandelbrot", &["--region", "1,2,3"]),
        ("mandelbrot", &["--region", "2,1,0,1"]),
        ("mandelbrot", &["--region", "0,1,0,NaN"]),
        ("mandelbrot", &["--region", "0,inf,0,1"]),
        ("mandelbrot", &["--out", "no/such/folder/picture.png"]),
        ("mandelbrot", &["--backend", "fibres"]),
        ("mandelbrot", &["--colour", "red"]),
        ("mandelbrot", &["picture.png"]),
        ("wordcount", &["--top", "-1"]),
        ("wordcount", &["--readers", "0"]),
        ("wordcount", &["--splitters", ""]),
        ("wordcount", &["--backend", ""]),
        ("wordcount", &["--bottom", "3"]),
        ("commstime", &["0"]),
        ("ring", &["1"]),
        ("ring", &["8", "x"]),
        ("ring", &["8", "8", "8"]),
        ("sieve", &["--limit"]),
        ("fibonacci", &["1000"]),
        ("dining_philosophers", &["1"]),
        ("monte_carlo_pi", &["10", "10", "0"]),
    ];
    for (name, args) in wrong {
        let output = run(name, args);
        let stderr = text(output.stderr);
        assert_eq!(output.status.code(), Some(2), "{name} {args:?} says {stderr}");
        assert_eq!(stderr.lines().count(), 1, "{name} {args:?} says {stderr}");
        assert!(stderr.starts_with(&format!("{name}: ")), "{name} {args:?} says {stderr}");
        assert!(output.stdout.is_empty(), "{name} {args:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_picture_that_cannot_be_written_is_an_error() {
    let output = run("mandelbrot", &["--size", "20", "--out", "/dev/full"]);
    let stderr = text(output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.lines().last().unwrap().starts_with("mandelbrot: --out \"/dev/full\": "), "{stderr}");
    assert!(output.stdout.is_empty());
}

#[test]
fn help_is_there() {
    for name in ["mandelbrot", "wordcount", "ring"] {
        let output = run(name, &["--help"]);
        assert!(output.status.success());
        assert!(text(output.stdout).contains("usage: "), "{name}");
    }
}
