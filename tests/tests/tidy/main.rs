//! The rules of this repository that a program can hold. Who breaks one is told which, and where.

mod places;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use self::places::{COMPARE_AND_SWAP, SLEEP, SWAP, UNSAFE};

/// The greatest length of a file, so that it can be read in one sitting.
const MOST_LINES: usize = 500;

/// A line, taken apart: strings and characters are emptied.
#[derive(Default)]
struct Line {
    code: String,
    comment: String,
}

struct Source {
    /// From the root of the repository, with `/`.
    path: String,
    lines: Vec<Line>,
}

impl Source {
    fn at(&self, index: usize) -> String {
        format!("{}:{}", self.path, index + 1)
    }

    /// The comment right above the line, over attributes and at most `reach` lines of the same statement.
    fn comment_above(&self, index: usize, reach: usize) -> String {
        let mut text = String::new();
        let mut left = reach;
        for line in self.lines[..index].iter().rev() {
            let code = line.code.trim();
            if code.is_empty() && !line.comment.is_empty() {
                text = format!("{}\n{text}", line.comment);
            } else if !text.is_empty() || code.is_empty() {
                break;
            } else if !code.starts_with("#[") {
                if left == 0 || code.ends_with([';', '}', ',']) {
                    break;
                }
                left -= 1;
            }
        }
        text
    }

    /// Whether the line stands in an `impl` of a trait, which has documented what it asks.
    fn is_in_trait_impl(&self, index: usize) -> bool {
        let indent = |code: &str| code.len() - code.trim_start().len();
        let own = indent(&self.lines[index].code);
        let around = self.lines[..index].iter().rev().map(|line| &line.code);
        let around = around.filter(|code| !code.trim().is_empty()).find(|code| indent(code) < own);
        around.is_some_and(|code| code.trim_start().starts_with("impl") && code.contains(" for "))
    }
}

/// Takes a source apart. It knows comments, strings of all kinds, characters and lifetimes.
fn lines(text: &str) -> Vec<Line> {
    let characters: Vec<char> = text.chars().collect();
    let at = |place: usize| characters.get(place).copied().unwrap_or('\0');
    let mut lines = vec![Line::default()];
    let mut place = 0;
    let mut depth = 0; // of block comments
    while place < characters.len() {
        let line = lines.last_mut().expect("there is always a last line");
        match (at(place), at(place + 1)) {
            ('\n', _) => lines.push(Line::default()),
            ('/', '*') => {
                depth += 1;
                place += 1;
            }
            ('*', '/') if depth > 0 => {
                depth -= 1;
                place += 1;
            }
            (character, _) if depth > 0 => line.comment.push(character),
            ('/', '/') => {
                while place < characters.len() && at(place) != '\n' {
                    line.comment.push(at(place));
                    place += 1;
                }
                continue;
            }
            ('r', '"' | '#') if !at(place.wrapping_sub(1)).is_alphanumeric() || at(place.wrapping_sub(1)) == 'b' => {
                let hashes = characters[place + 1..].iter().take_while(|character| **character == '#').count();
                line.code.push('r');
                if at(place + 1 + hashes) == '"' {
                    let end = format!("\"{}", "#".repeat(hashes));
                    let rest: String = characters[place + hashes + 2..].iter().collect();
                    let length = rest.find(&end).map_or(rest.len(), |bytes| bytes + end.len());
                    let inside = &rest[..length];
                    lines.extend(inside.matches('\n').map(|_| Line::default()));
                    place += hashes + 2 + inside.chars().count();
                    continue;
                }
            }
            ('"', _) => {
                line.code.push('"');
                place += 1;
                while place < characters.len() && at(place) != '"' {
                    if at(place) == '\\' {
                        place += 1;
                    }
                    if at(place) == '\n' {
                        lines.push(Line::default());
                    }
                    place += 1;
                }
                lines.last_mut().expect("there is always a last line").code.push('"');
            }
            ('\'', '\\') => {
                place += 3; // the escaped character may be a quote
                while place < characters.len() && at(place) != '\'' {
                    place += 1;
                }
            }
            ('\'', _) if at(place + 2) == '\'' => place += 2,
            (character, _) => line.code.push(character),
        }
        place += 1;
    }
    lines
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All files below the root with this extension, as paths from there.
fn files(extension: &str) -> Vec<String> {
    fn collect(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder of the repository can be read") {
            let path = entry.expect("a folder of the repository can be read").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                collect(&path, extension, found);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    collect(&root(), extension, &mut found);
    let from_root =
        |path: &PathBuf| path.strip_prefix(root()).expect("it was found there").to_string_lossy().into_owned();
    let mut paths: Vec<_> = found.iter().map(|path| from_root(path).replace('\\', "/")).collect();
    paths.sort();
    paths
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn sources() -> Vec<Source> {
    let sources: Vec<_> = files("rs").into_iter().map(|path| Source { lines: lines(&read(&path)), path }).collect();
    assert!(sources.len() > 100, "only {} sources found", sources.len());
    sources
}

/// Whether `word` stands in `code`, not as a part of a longer name.
fn has_word(code: &str, word: &str) -> bool {
    let is_name = |character: char| character.is_alphanumeric() || character == '_';
    code.match_indices(word)
        .any(|(place, _)| !code[..place].ends_with(is_name) && !code[place + word.len()..].starts_with(is_name))
}

#[track_caller]
fn no_violations(rule: &str, violations: &[String]) {
    assert!(violations.is_empty(), "{rule}\n  {}\n", violations.join("\n  "));
}

/// Where `found` holds outside the listed files, and which of them no longer need to be listed.
fn outside(listed: &[(&str, &str)], found: impl Fn(&Source, &Line) -> bool) -> Vec<String> {
    let mut unused: BTreeSet<&str> = listed.iter().map(|(path, _)| *path).collect();
    let mut violations = Vec::new();
    for source in &sources() {
        for index in (0..source.lines.len()).filter(|index| found(source, &source.lines[*index])) {
            match listed.iter().find(|(path, _)| *path == source.path) {
                Some((path, _)) => _ = unused.remove(path),
                None => violations.push(source.at(index)),
            }
        }
    }
    violations.extend(unused.iter().map(|path| format!("{path} is listed in tidy/places.rs without need")));
    violations
}

#[test]
fn the_decision_word_is_compared_and_swapped_in_one_file() {
    let in_runtime = |source: &Source| source.path.starts_with("csp-runtime/src/");
    let words = ["compare_exchange", "compare_exchange_weak", "compare_and_swap", "fetch_update", "try_update"];
    let violations = outside(COMPARE_AND_SWAP, |source, line| {
        in_runtime(source) && words.iter().any(|word| has_word(&line.code, word))
    });
    no_violations("A compare-and-swap stands outside the files that may have one:", &violations);

    let violations = outside(SWAP, |source, line| {
        let names_an_ordering = line.code.contains("Ordering::") || line.code.contains("ordering)");
        in_runtime(source) && line.code.contains(".swap(") && names_an_ordering
    });
    no_violations("An atomic swap stands outside the files that may have one:", &violations);

    // The word itself is out of everybody else's reach.
    let decision = read(COMPARE_AND_SWAP[0].0);
    assert!(decision.contains("struct Decision(AtomicU32);"), "the decision word is no private field any more");
}

#[test]
fn unsafe_stands_only_in_the_listed_modules() {
    let violations = outside(UNSAFE, |_, line| has_word(&line.code, "unsafe"));
    no_violations("`unsafe` stands outside the modules that are listed in tidy/places.rs:", &violations);
}

#[test]
fn every_unsafe_has_its_argument_right_above() {
    let mut violations = Vec::new();
    for source in sources().iter().filter(|source| source.path.starts_with("csp-runtime/")) {
        for (index, line) in source.lines.iter().enumerate().filter(|(_, line)| has_word(&line.code, "unsafe")) {
            let after = line.code.split("unsafe").nth(1).unwrap_or_default().trim_start();
            let (argued, wanted) = if after.starts_with("fn(") {
                continue; // a type
            } else if after.starts_with("fn ") || after.starts_with("trait ") {
                (source.is_in_trait_impl(index) || source.comment_above(index, 0).contains("# Safety"), "# Safety")
            } else {
                (source.comment_above(index, 3).contains("// SAFETY: "), "// SAFETY: ")
            };
            if !argued {
                violations.push(format!("{}: no `{wanted}`", source.at(index)));
            }
        }
    }
    no_violations("An `unsafe` without its argument:", &violations);
}

/// The sides of one pair of orderings that belong together.
#[derive(Default)]
struct Sync {
    places: Vec<String>,
    acquires: bool,
    releases: bool,
    with_itself: bool,
}

#[test]
fn every_ordering_names_its_partner() {
    let mut violations = Vec::new();
    let mut syncs: BTreeMap<String, Sync> = BTreeMap::new();
    // A model's own bookkeeping is no protocol.
    for source in sources()
        .iter()
        .filter(|source| source.path.starts_with("csp-runtime/src/") && !source.path.ends_with("/model.rs"))
    {
        for (index, line) in source.lines.iter().enumerate() {
            if line.code.contains("Ordering::{") || line.code.contains("Ordering::*") {
                violations.push(format!("{}: write `Ordering::` before each ordering", source.at(index)));
            }
            let has = |names: &[&str]| names.iter().any(|name| has_word(&line.code, &format!("Ordering::{name}")));
            let (acquires, releases) = (has(&["Acquire", "AcqRel", "SeqCst"]), has(&["Release", "AcqRel", "SeqCst"]));
            if !acquires && !releases {
                continue;
            }
            let nearby = source.lines[index.saturating_sub(3)..=index].iter().map(|line| line.comment.as_str());
            let nearby = nearby.collect::<Vec<_>>().join("\n");
            let Some((_, said)) = nearby.rsplit_once("// SYNC ") else {
                violations.push(format!("{}: no `// SYNC name: …` within 3 lines above", source.at(index)));
                continue;
            };
            let name = said.split([':', '.', ',', '\n']).next().unwrap_or_default().trim();
            let sync = syncs.entry(name.to_owned()).or_default();
            sync.places.push(source.at(index));
            sync.acquires |= acquires;
            sync.releases |= releases;
            sync.with_itself |= said.contains("with itself");
        }
    }
    for (name, sync) in syncs {
        let places = sync.places.join(", ");
        if !sync.acquires || !sync.releases {
            let missing = if sync.acquires { "releases" } else { "acquires" };
            violations.push(format!("SYNC {name}: nobody {missing} ({places})"));
        } else if sync.places.len() < 2 && !sync.with_itself {
            violations.push(format!("SYNC {name}: one side only, and it does not say `with itself` ({places})"));
        }
    }
    no_violations("An ordering stronger than Relaxed without its partner:", &violations);
}

/// A forked child has one thread. What another one of its parent's had locked, or was about to make once, it would wait for for ever.
#[test]
fn every_static_that_can_be_waited_for_says_what_a_fork_does_to_it() {
    let kinds = ["Mutex", "RwLock", "Once", "OnceLock", "LazyLock", "Condvar", "Barrier", "Cloakroom", "Regions"];
    let mut violations = Vec::new();
    for source in sources().iter().filter(|source| source.path.starts_with("csp-runtime/src/")) {
        for (index, line) in source.lines.iter().enumerate().filter(|(_, line)| has_word(&line.code, "static")) {
            let kind = line.code.split_once(": ").map_or("", |(_, kind)| kind);
            let is_waited_for = kinds.iter().any(|name| has_word(kind, name)) && !kind.starts_with('&');
            if is_waited_for && line.code.contains('=') && !source.comment_above(index, 0).contains("// FORK: ") {
                violations.push(source.at(index));
            }
        }
    }
    no_violations("A static that threads wait for, without a `// FORK: …` right above:", &violations);
}

#[test]
fn files_fit_in_one_reading() {
    let too_long = |source: &&Source| source.lines.len() > MOST_LINES + 1; // after the last line end
    let tell = |source: &Source| format!("{}: {} lines", source.path, source.lines.len() - 1);
    let violations: Vec<_> = sources().iter().filter(too_long).map(tell).collect();
    no_violations("A file is too long:", &violations);
}

#[test]
fn every_file_begins_with_its_purpose() {
    let says_nothing = |source: &&Source| !source.lines[0].comment.starts_with("//! ");
    let violations: Vec<_> = sources().iter().filter(says_nothing).map(|source| source.at(0)).collect();
    no_violations("The first line of a file is no `//!`:", &violations);
}

#[test]
fn nothing_is_left_to_do_and_no_test_is_ignored() {
    let violations = outside(&[], |_, line| {
        let macros = ["todo", "unimplemented", "dbg"].iter().any(|name| line.code.contains(&format!("{name}!")));
        macros || line.code.contains("#[ignore")
    });
    no_violations("Something is left to do:", &violations);
}

#[test]
fn nobody_sleeps_for_the_correctness_of_a_test() {
    let violations = outside(SLEEP, |_, line| line.code.contains("thread::sleep"));
    no_violations("A thread sleeps:", &violations);
}

#[test]
fn links_in_the_texts_lead_somewhere() {
    let mut violations = Vec::new();
    for text in files("md") {
        let folder = Path::new(&text).parent().expect("a file has a folder").to_owned();
        for link in read(&text).split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next()) {
            if !link.is_empty() && !link.contains("://") && !root().join(&folder).join(link).exists() {
                violations.push(format!("{text}: {link}"));
            }
        }
    }
    no_violations("A link leads nowhere:", &violations);
}

#[test]
fn sources_are_taken_apart() {
    let text = "a /* b\n c */ d // e\n\"f // \\\" g\nh\" 'i' '\\'' 'j r#\"k \" \n\"# l";
    let mut parts = String::new();
    for line in lines(text) {
        let _ = write!(parts, "[{}|{}]", line.code.trim(), line.comment.trim());
    }
    assert_eq!(parts, "[a|b][d|c // e][\"|][\"   'j r|][l|]");
}
