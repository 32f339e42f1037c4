//! Command lines: a wrong value gets one clear line on standard error and exit code 2.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::process::exit;
use std::str::FromStr;
use std::thread::available_parallelism;

use csp::Backend;
use lexopt::{Arg, Error, Parser};

/// Reads the command line with `read`. For a wrong one it says why, in one line, and ends the program.
pub fn parse<O>(read: impl FnOnce(&mut Parser) -> Result<O, Error>) -> O {
    read(&mut Parser::from_env()).unwrap_or_else(|error| refuse(error))
}

/// Ends the program with exit code 2 because of a wrong value.
pub fn refuse(reason: impl Display) -> ! {
    eprintln!("{}: {reason} (try --help)", program());
    exit(2)
}

/// Answers `--help`.
pub fn help(text: &str) -> ! {
    println!("{}", text.trim_ascii());
    exit(0)
}

/// The value of `option`, or an error that says what is `wanted`.
///
/// # Errors
///
/// There is no value, or `read` does not accept it.
pub fn value<T>(
    parser: &mut Parser,
    option: &str,
    wanted: &str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<T, Error> {
    let value = parser.value()?;
    value.to_str().and_then(read).ok_or_else(|| Error::Custom(format!("{option} {value:?} is not {wanted}").into()))
}

/// The value of `option`, a whole number in `range`.
///
/// # Errors
///
/// There is no value, or it is no such number.
pub fn number<N: FromStr + PartialOrd + Display>(
    parser: &mut Parser,
    option: &str,
    range: RangeInclusive<N>,
) -> Result<N, Error> {
    let wanted = format!("a whole number from {} to {}", range.start(), range.end());
    value(parser, option, &wanted, |text| text.parse().ok().filter(|n| range.contains(n)))
}

/// The value of `--backend`.
///
/// # Errors
///
/// There is no value, or no such backend; the error says which there are.
pub fn backend(parser: &mut Parser) -> Result<Backend, Error> {
    let value = parser.value()?;
    let name = value.to_string_lossy();
    name.parse().map_err(|error| Error::Custom(format!("--backend {value:?}: {error}").into()))
}

/// As many workers as there are cores.
#[must_use]
pub fn cores() -> usize {
    available_parallelism().map_or(1, usize::from)
}

/// Reads a command line of up to `N` numbers, each given by its name, its default and its range.
#[must_use]
pub fn numbers<const N: usize>(wanted: [(&str, usize, RangeInclusive<usize>); N]) -> [usize; N] {
    let mut values = wanted.each_ref().map(|(_, default, _)| *default);
    parse(|args| {
        let mut free = values.iter_mut().zip(&wanted);
        while let Some(arg) = args.next()? {
            match arg {
                Arg::Short('h') | Arg::Long("help") => help(&usage(&wanted)),
                Arg::Value(given) => {
                    let Some((value, (name, _, range))) = free.next() else {
                        return Err(Arg::Value(given).unexpected());
                    };
                    *value =
                        given.to_str().and_then(|text| text.parse().ok()).filter(|n| range.contains(n)).ok_or_else(
                            || {
                                let (least, most) = (range.start(), range.end());
                                Error::Custom(
                                    format!("{name} {given:?} is not a whole number from {least} to {most}").into(),
                                )
                            },
                        )?;
                }
                option => return Err(option.unexpected()),
            }
        }
        Ok(())
    });
    values
}

fn usage(wanted: &[(&str, usize, RangeInclusive<usize>)]) -> String {
    let mut usage = format!("usage: {}", program());
    for (name, default, _) in wanted {
        usage += &format!(" [{name}={default}]");
    }
    usage
}

fn program() -> String {
    let name = std::env::args_os().next().unwrap_or_default();
    std::path::Path::new(&name).file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// Raises this program's limit of open files to `wanted`, or ends it with exit code 2 and the limit's name.
pub fn allow_open_files(wanted: u64) {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let raised = getrlimit(Resource::RLIMIT_NOFILE).and_then(|(soft, hard)| match soft {
        enough if enough >= wanted => Ok(()),
        _ => setrlimit(Resource::RLIMIT_NOFILE, wanted.min(hard), hard).and(if hard >= wanted {
            Ok(())
        } else {
            Err(nix::errno::Errno::EPERM)
        }),
    });
    if let Err(why) = raised {
        refuse(format!("{wanted} files have to be open at once, and `ulimit -n` does not allow that ({why})"));
    }
}
