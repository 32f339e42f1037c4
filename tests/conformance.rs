//! Runs every scenario of the conformance suite on every backend; see README.md for the options.

use std::process::ExitCode;

fn main() -> ExitCode {
    csp_tests::main()
}
