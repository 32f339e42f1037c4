//! What the macros cost the compiler: `cargo build` after touching a program, with them and by hand.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::cell::{Cell, Outcome};
use crate::machine::cpu_time_of_children;
use crate::workload::Subject;

const WITH_MACROS: &str = include_str!("../macro-cost/with_macros.rs");
const BY_HAND: &str = include_str!("../macro-cost/by_hand.rs");

/// The package that holds both programs; `LIBRARY` becomes the path of csp-runtime.
const MANIFEST: &str = r#"
[package]
name = "macro-cost"
edition = "2024"

[dependencies]
csp = { package = "csp-runtime", path = "LIBRARY" }

[workspace]
"#;

/// Milliseconds that cargo takes to build the subject's program once it has been touched.
///
/// # Panics
/// If the program does not build.
pub(crate) fn run(cell: Cell) -> Outcome {
    let program = if cell.subject == Subject::ByHand { "by_hand" } else { "with_macros" };
    let package = package().expect("a package to build beside this program");
    build(&package, program); // the library, and after a change of the sources the program
    touch(&package, program).expect("a program to touch");
    let (cpu, start) = (cpu_time_of_children(), Instant::now());
    build(&package, program);
    let (wall, cpu) = (start.elapsed(), cpu_time_of_children() - cpu);
    Outcome::of_wall_and_cpu(wall, cpu, printed(&package, program))
}

/// What the program prints, as one number: both must print the same.
fn printed(package: &Path, program: &str) -> u64 {
    let ran = Command::new(package.join("target/debug").join(program)).output().expect("the program that was built");
    assert!(ran.status.success(), "{program}: {}", String::from_utf8_lossy(&ran.stderr));
    let mut hash = DefaultHasher::new();
    ran.stdout.hash(&mut hash);
    hash.finish()
}

/// The package's folder, which stays from one cell to the next so that the library is built once.
fn package() -> io::Result<PathBuf> {
    let package = std::env::current_exe()?.with_file_name("csp-bench-macro-cost");
    let programs = package.join("src/bin");
    fs::create_dir_all(&programs)?;
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    let library = workspace.join("csp-runtime");
    write_if_changed(&package.join("Cargo.toml"), &MANIFEST.replace("LIBRARY", &library.display().to_string()))?;
    write_if_changed(&programs.join("with_macros.rs"), WITH_MACROS)?;
    write_if_changed(&programs.join("by_hand.rs"), BY_HAND)?;
    if !package.join("Cargo.lock").exists() {
        fs::copy(workspace.join("Cargo.lock"), package.join("Cargo.lock"))?; // the versions that are there already
    }
    Ok(package)
}

fn write_if_changed(path: &Path, text: &str) -> io::Result<()> {
    if fs::read_to_string(path).is_ok_and(|existing| existing == text) {
        return Ok(());
    }
    fs::write(path, text)
}

/// Makes cargo believe that the program has changed.
fn touch(package: &Path, program: &str) -> io::Result<()> {
    let path = package.join(format!("src/bin/{program}.rs"));
    fs::File::options().append(true).open(path)?.set_modified(std::time::SystemTime::now())
}

fn build(package: &Path, program: &str) {
    let built = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--quiet", "--bin", program])
        .current_dir(package)
        .env("CARGO_TARGET_DIR", package.join("target"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .expect("cargo");
    assert!(built.success(), "{program} does not build");
}
