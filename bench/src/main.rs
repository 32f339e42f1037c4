//! Measures our communication beside that of other crates: `cargo run --release -p csp-bench -- --help`.

mod args;
mod cell;
mod check;
mod death;
mod forked;
mod fresh;
mod harness;
mod instructions;
mod kills;
mod machine;
mod macro_cost;
mod mandelbrot;
mod ours;
mod paper;
mod params;
mod pi;
mod primes;
mod report;
mod rivals;
mod shared;
mod sizes;
mod stamp;
mod statistics;
mod tables;
mod timing;
mod workload;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1);
    let first = words.next();
    match first.as_ref().and_then(|word| word.to_str()) {
        Some(cell::SUBCOMMAND) => return cell::main(words.next()),
        Some(kills::SUBCOMMAND) => return kills::main(words.next()),
        Some("check") => return check::main(lexopt::Parser::from_args(words)),
        Some("instructions") => return instructions::main(lexopt::Parser::from_args(words)),
        Some("report") => return report::main(lexopt::Parser::from_args(words)),
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
                    tables::json(&results.records);
                } else {
                    tables::table(workload, &results);
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
