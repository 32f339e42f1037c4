//! The rules of this repository that a program can hold. Who breaks one is told which, and where.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Where `unsafe` may stand, and why it has to.
const UNSAFE: &[(&str, &str)] = &[
    ("csp-runtime/src/sync.rs", "data that a channel's lock protects: the proof of the lock, and the cell"),
    ("csp-runtime/src/rendezvous/home.rs", "the trait that follows links and moves messages: its contracts"),
    ("csp-runtime/src/rendezvous/local.rs", "the home in this process's memory: links and places are pointers"),
    ("csp-runtime/src/rendezvous/lock.rs", "unlocking is the holder's right alone"),
    ("csp-runtime/src/rendezvous/bias.rs", "unlocking is the holder's right alone"),
    ("csp-runtime/src/barrier.rs", "a system call that no crate wraps"),
    ("csp-runtime/src/rendezvous/neighbours.rs", "the same as in meet.rs, under a lock that is this thread's own"),
    ("csp-runtime/src/channel/lease.rs", "a channel is held without a reference while its senders keep it"),
    ("csp-runtime/src/channel/short.rs", "one operation between neighbours: its offer lies in its own frame"),
    ("csp-runtime/src/choice/glance.rs", "a message comes to the place of the chosen guard"),
    ("csp-runtime/src/choice/few.rs", "a list that stands in place as long as it is short"),
    ("csp-runtime/src/hosted.rs", "lists of contexts that their worker's thread writes"),
    ("csp-runtime/src/backend/coroutines/ahead.rs", "memory is fetched ahead, which reads nothing"),
    ("csp-runtime/src/backend/coroutines/mod.rs", "the record behind a coroutine's parker"),
    ("csp-runtime/src/backend/coroutines/nursery.rs", "what its lock protects"),
    ("csp-runtime/src/model/locks.rs", "model tests of the locks"),
    ("csp-runtime/src/rendezvous/offer.rs", "entries point to their offer, which lies where its owner waits"),
    ("csp-runtime/src/shared/deaths/world.rs", "a model calls operations below the ends, for processes of its own"),
    ("csp-runtime/src/arena/mod.rs", "blocks are places in one mapping"),
    ("csp-runtime/src/arena/map.rs", "the mapping itself"),
    ("csp-runtime/src/shared/bell.rs", "decisions of coroutines that wait are looked at by a thread that listens"),
    ("csp-runtime/src/shared/census.rs", "slots lie in the arena"),
    ("csp-runtime/src/shared/channel.rs", "channels and holdings lie in the arena"),
    ("csp-runtime/src/shared/text.rs", "texts in the arena are written before they are seen, or under a lock"),
    ("csp-runtime/src/shared/desk.rs", "a journal knows places, and what stood there"),
    (
        "csp-runtime/src/shared/following.rs",
        "a long message is copied by two at the same time, behind its head in the arena",
    ),
    ("csp-runtime/src/shared/frame.rs", "offers and their seats lie in the arena"),
    ("csp-runtime/src/shared/futex.rs", "a system call that no crate wraps"),
    ("csp-runtime/src/shared/home.rs", "the home in the arena: links and places are pointers"),
    ("csp-runtime/src/shared/judge.rs", "frames and reports in the arena are looked at"),
    ("csp-runtime/src/shared/message.rs", "messages move through the arena without their type"),
    ("csp-runtime/src/shared/operation.rs", "one operation: its offer lies in a frame in the arena"),
    ("csp-runtime/src/shared/recover.rs", "frames of the dead are looked at"),
    ("csp-runtime/src/shared/ring.rs", "the messages of a buffered channel lie in a block"),
    ("csp-runtime/src/channel/moved.rs", "a channel's place in the arena is kept as a pointer"),
    ("csp-runtime/src/channel/handover_between.rs", "an end is given up without being dropped"),
    ("csp-runtime/src/choice/guard.rs", "a guard's entry comes to a channel of either home"),
    ("csp-runtime/src/process/forked.rs", "what a child has left lies in a block"),
    ("csp-runtime/src/backend/processes/mod.rs", "a job that is forked is a pointer to a frame elsewhere"),
    ("csp-runtime/src/backend/processes/fork.rs", "the fork"),
    ("csp-runtime/src/backend/processes/child.rs", "a child's life and its end"),
    ("csp-runtime/src/backend/processes/forker.rs", "who asks for a fork waits in its own frame"),
    ("csp-runtime/src/backend/processes/watch.rs", "how children end is asked of the system"),
    ("csp-runtime/src/rendezvous/queue.rs", "the queues are linked through the entries"),
    ("csp-runtime/src/rendezvous/core.rs", "the lock and the buffer that it protects"),
    ("csp-runtime/src/rendezvous/meet.rs", "messages move from place to place without their type"),
    ("csp-runtime/src/channel/inner.rs", "one operation: its offer lies in its own frame"),
    ("csp-runtime/src/channel/sender.rs", "the end knows the message's type, the protocol only its place"),
    ("csp-runtime/src/channel/receiver.rs", "the end knows the message's type, the protocol only its place"),
    ("csp-runtime/src/channel/release.rs", "a kept sender is followed, and completed once"),
    ("csp-runtime/src/message/mod.rs", "a message may be looked at where its bytes lie, as long as they do"),
    ("csp-runtime/src/message/encode.rs", "writes into memory that other processes see"),
    ("csp-runtime/src/message/decode.rs", "reads from memory that other processes see, and validates what it has read"),
    ("csp-runtime/src/message/region.rs", "a message as bytes: its place is known, its type only to the caller"),
    ("csp-runtime/src/message/collections.rs", "arrays and boxes are filled in place"),
    ("csp-runtime/src/message/storage.rs", "allocates mobile data, and frees it once"),
    ("csp-runtime/src/message/mobile.rs", "owns storage, as a box does"),
    ("csp-runtime/src/shared/mobile.rs", "mobile data in the arena: where it lies in its block, and whose that is"),
    ("tests/tests/forks.rs", "an allocator that counts"),
    ("csp-runtime/src/message/tests/mod.rs", "tests call what works on bare memory"),
    ("csp-runtime/src/choice/choose.rs", "a choice's offers lie in its own frame"),
    ("csp-runtime/src/choice/commit.rs", "a claimed partner is completed once"),
    ("csp-runtime/src/choice/slot.rs", "the place where the chosen guard's message comes to lie"),
    ("csp-runtime/src/process/branch.rs", "branches run in their starter's frame"),
    ("csp-runtime/src/process/context.rs", "the running process's context lies in its own frame"),
    (
        "csp-runtime/src/process/probe.rs",
        "a place that a macro names is looked at, and a `&mut` copied as the pointer that it is",
    ),
    ("csp-runtime/src/process/released.rs", "the starter's copy of what a forked process took along is dropped"),
    ("csp-runtime/src/process/taken.rs", "channels are noted for a block that is sent to another thread"),
    ("csp-runtime/src/process/visit.rs", "what a child wrote behind a `&mut` is carried back without its type"),
    ("csp-runtime/src/process/visit_tests.rs", "plays the child that gives its values away"),
    ("csp-runtime/src/process/spawn.rs", "a spawned process's frame is given up by exactly one owner"),
    ("csp-runtime/src/backend/mod.rs", "a job is a pointer to a frame elsewhere"),
    ("csp-runtime/src/backend/pool.rs", "a job is handed to a thread that waits in its own frame"),
    ("csp-runtime/src/backend/coroutines/record.rs", "records live for ever; a yielder lies in its coroutine"),
    (
        "csp-runtime/src/backend/coroutines/worker.rs",
        "what the worker's thread alone uses; the inbox is linked through records",
    ),
    (
        "csp-runtime/src/backend/coroutines/panics.rs",
        "a panic hook's argument is carried to another stack of its thread",
    ),
    ("csp-runtime/src/backend/coroutines/stack.rs", "stacks are mapped, guarded and given back"),
    ("csp-runtime/src/backend/coroutines/overflow.rs", "a signal handler"),
    ("csp-runtime/src/arena/mod.rs", "the address of a block in the mapping"),
    ("csp-runtime/src/arena/map.rs", "the mapping, and the words that lie at its start"),
    ("csp-runtime/src/arena/tests.rs", "tests write into blocks of their own"),
    ("csp-runtime/src/arena/steps.rs", "tests write into blocks of their own"),
    ("csp-runtime/src/arena/model.rs", "a model's cells, which loom checks"),
    ("csp-runtime/tests/arena.rs", "a test that forks, and kills its children"),
    ("csp-runtime/src/io.rs", "a call on another thread uses the frame of the process that waits for it"),
    ("csp-runtime/src/backend/seeded.rs", "players live for ever; a boxed job is given up once"),
    ("csp-runtime/src/deadlock.rs", "the report looks at the contexts of sleeping processes"),
    ("csp-runtime/src/model.rs", "model tests call the operations below the ends"),
    ("bench/src/shared.rs", "memory that forked processes share is mapped and unmapped"),
    ("bench/src/forked.rs", "the fork, and the end without the parent's exit handlers"),
    ("bench/src/rivals/between/shm_raw.rs", "raw shared memory is what is measured: whose a slot is, counters say"),
    ("ui-tests/fail/process/qualified_function.rs", "shows that an unsafe function is refused as a process"),
];

/// Where a compare-and-swap may stand.
const COMPARE_AND_SWAP: &[(&str, &str)] = &[
    ("csp-runtime/src/rendezvous/decision.rs", "the decision word: every change is a named transition there"),
    ("csp-runtime/src/rendezvous/lock.rs", "the lock of a channel in this process's memory"),
    ("csp-runtime/src/rendezvous/bias.rs", "whose that lock is"),
    ("csp-runtime/src/arena/blocks/words.rs", "who owns a block or a granule of the arena: named transitions"),
    ("csp-runtime/src/backend/coroutines/worker.rs", "the inbox of a worker"),
    ("csp-runtime/src/shared/census.rs", "whose a slot is"),
    ("csp-runtime/src/shared/following.rs", "whose a block is whose receiver died while it was filled"),
    ("csp-runtime/src/shared/home.rs", "the lock of a channel in the arena"),
    ("csp-runtime/src/shared/ownership.rs", "whose a block is"),
    ("csp-runtime/src/shared/recover.rs", "who repairs"),
    ("csp-runtime/src/backend/coroutines/stack.rs", "the fallback counts how many mappings are left"),
];

/// Where an atomic swap may stand.
const SWAP: &[(&str, &str)] = &[
    ("csp-runtime/src/backend/idleness.rs", "idle or awake: whoever comes first counts the worker in"),
    ("csp-runtime/src/backend/posted.rs", "a wake-up is posted once"),
    ("csp-runtime/src/backend/coroutines/worker.rs", "the inbox is emptied at once"),
    ("csp-runtime/src/model.rs", "a model empties its inbox at once"),
    ("csp-runtime/src/arena/blocks/words.rs", "a spare run takes the place of another in the list"),
    ("csp-runtime/src/io.rs", "a signal is used up"),
    ("csp-runtime/src/rendezvous/decision.rs", "completion learns how the owner sleeps"),
    ("csp-runtime/src/config.rs", "a complaint about the environment is made once"),
    ("csp-runtime/src/deadlock.rs", "a standstill is reported once"),
    ("csp-runtime/src/channel/oddity.rs", "a channel is counted once"),
    ("csp-runtime/src/shared/judge.rs", "so is one of all OS processes"),
    ("csp-runtime/src/shared/census.rs", "one thread of a process rests for it"),
    ("csp-runtime/src/shared/channel.rs", "the ends of a channel that moves are counted elsewhere from then on"),
];

/// Where a thread may sleep: never for the correctness of a test.
const SLEEP: &[(&str, &str)] = &[
    ("csp-runtime/src/sync.rs", "the last resort of a busy wait, where yielding may never let the other one run"),
    ("examples/examples/delay_output.rs", "sleeping is what the example shows"),
    ("bench/src/death.rs", "the partner falls asleep meanwhile; if it does not, it is only quicker"),
    ("bench/src/harness.rs", "between the tries of `--quiet`"),
    ("bench/src/kills/attempt.rs", "between two looks at the processes, and before a kill, whose moment is the seed's"),
    ("tests/src/harness/parent.rs", "between two looks at the children"),
    ("tests/src/scenarios/deadlock.rs", "gives a hasty detector time to be wrong; nothing depends on it"),
    ("tests/src/scenarios/foreign.rs", "gives a hasty detector time to be wrong; nothing depends on it"),
    ("tests/src/scenarios/time.rs", "a sleeping thread's lateness is what a timeout's is compared with"),
];

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
    violations.extend(unused.iter().map(|path| format!("{path} is listed in tidy.rs without need")));
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
    no_violations("`unsafe` stands outside the modules that are listed in tidy.rs:", &violations);
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
