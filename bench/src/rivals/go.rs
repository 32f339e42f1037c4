//! Go's unbuffered channels and goroutines: the program in `rivals-go`, built on first use.

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::cell::Cell;
use crate::workload::Kind;

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/rivals-go");

/// Whether its program has been built, or why not; one line says so then.
pub(super) fn built() -> &'static Result<(), String> {
    static BUILT: OnceLock<Result<(), String>> = OnceLock::new();
    BUILT.get_or_init(|| build().inspect_err(|why| eprintln!("csp-bench: the rival go is skipped: {why}")))
}

fn build() -> Result<(), String> {
    let program = program().map_err(|error| error.to_string())?;
    let built = Command::new("go")
        .args([OsStr::new("build"), OsStr::new("-o"), program.as_os_str(), OsStr::new(".")])
        .current_dir(SOURCES)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status();
    match built {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err("its program does not build".into()),
        Err(error) => Err(format!("`go`: {error}")),
    }
}

fn program() -> io::Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name("csp-bench-go"))
}

/// Becomes the Go program, which then prints the outcome in our place: on the core and with the parent that we have.
///
/// # Panics
/// If there is no such program; see [`built`].
pub(super) fn run(cell: Cell) -> ! {
    let processors = cell.subject.go_processors().expect("a subject that is Go");
    let workload = cell.params.kind.map_or(cell.workload.name(), Kind::name);
    let number = |value: Option<usize>| value.unwrap_or(0).to_string();
    let error = Command::new(program().expect("a path beside this program"))
        .args([workload, &number(cell.params.n), &number(cell.params.tokens.or(cell.params.writers))])
        .env("GOMAXPROCS", processors)
        .exec();
    panic!("the Go program: {error}");
}
