//! Measures our communication beside that of other crates: `cargo run --release -p csp-bench -- --help`.

mod args;
mod cell;
mod death;
mod forked;
mod harness;
mod kills;
mod machine;
mod macro_cost;
mod mandelbrot;
mod ours;
mod primes;
mod report;
mod rivals;
mod shared;
mod stamp;
mod timing;
mod workload;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1);
    match words.next() {
        Some(word) if word == cell::SUBCOMMAND => return cell::main(words.next()),
        Some(word) if word == kills::SUBCOMMAND => return kills::main(words.next()),
        _ => {}
    }
    match args::parse(lexopt::Parser::from_env()) {
        Ok(args::Request::Help) => {
            print!("{}", args::HELP);
            ExitCode::SUCCESS
        }
        Ok(args::Request::Kill(campaign)) => kills::run(&campaign),
        Ok(args::Request::Measure(request)) => {
            for &workload in &request.workloads {
                let results = harness::run(workload, &request);
                if request.json {
                    report::json(&results.records);
                } else {
                    report::table(workload, &results);
                }
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("csp-bench: {error}");
            ExitCode::from(2)
        }
    }
}
