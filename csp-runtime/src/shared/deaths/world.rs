//! A world of simulated processes on one thread, each a coroutine with an identity of its own. One runs at a time; at each step a seed decides
//! who is next, and one of them may die there: it never runs again, and nothing of it is dropped.

mod judgement;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::ptr;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult, Yielder};

use super::dice::Dice;
use super::ends::{Event, Wire};
use crate::arena::{Cache, exchange_cache};
use crate::process::context::Context;
use crate::process::here::exchange_current;
use crate::shared::census::{self, SIMULATED, Slot, State};
use crate::shared::desk::{self, Desk};
use crate::shared::judge;
use crate::shared::recover;
use crate::sync::steps::{CLOCK, HOOK, Moment, STANDS_STILL};

/// Who dies where in a run, and which schedule it takes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Plan {
    pub(super) seed: u64,
    /// The process that dies, and before which of its steps.
    pub(super) victim: Option<(usize, u32)>,
    /// The step before which its supervisor dies, if it does.
    pub(super) supervisor: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Now {
    Ready,
    /// It waits busily for somebody else.
    Paused,
    Asleep {
        word: usize,
        until: Option<Instant>,
    },
    Ended,
    Dead,
}

pub(super) struct Actor {
    pub(super) name: &'static str,
    pub(super) slot: &'static Slot,
    coroutine: Option<Coroutine<(), (), (), DefaultStack>>,
    yielder: *const Yielder<(), ()>,
    /// What it keeps in its thread's locals.
    desk: Option<&'static Desk>,
    kept: ManuallyDrop<Cache>,
    context: *const Context,
    now: Now,
    pub(super) steps: u32,
    dies_at: Option<u32>,
    priority: u32,
}

enum Policy {
    /// Another one goes on with this probability, after each step.
    Often(u32),
    /// The most important one goes on; at these steps it becomes the least important.
    Priorities([u32; 3]),
}

pub(super) struct World {
    pub(super) plan: Plan,
    pub(super) actors: Vec<Actor>,
    pub(super) wires: Vec<Wire>,
    pub(super) events: Rc<RefCell<Vec<Event>>>,
    /// Supervisors that have not been needed yet: whoever sees a process die, and whoever sees that one die.
    supervisors: Vec<&'static Slot>,
    dice: Dice,
    policy: Policy,
    /// All that wait stand still, and are judged.
    pub(super) judges: bool,
    /// Nobody had died when somebody began to end a deadlock.
    judged_alive: bool,
    /// Who has to look, as an end was told.
    news: Vec<&'static Slot>,
    running: usize,
    steps: u32,
    least: u32,
    failure: Option<String>,
    traced: bool,
    trace: VecDeque<(usize, &'static Location<'static>)>,
}

/// More steps than any run takes whose processes get ahead.
const MOST_STEPS: u32 = 60_000;
/// So many are told of a failure.
const KEPT_STEPS: usize = 60;
const STACK: usize = 256 << 10;

const SUPERVISOR: &str = "supervisor";

thread_local! {
    static WORLD: Cell<*mut World> = const { Cell::new(ptr::null_mut()) };
    static STACKS: RefCell<Vec<DefaultStack>> = const { RefCell::new(Vec::new()) };
    static BEGIN: Instant = Instant::now();
}

/// The moment at which the clock of each world begins.
pub(super) fn beginning() -> Instant {
    BEGIN.with(|begin| *begin)
}

/// The world in which the caller runs.
fn world<'a>() -> &'a mut World {
    // SAFETY: set while a world runs, which is on this thread alone; no caller keeps the reference over a switch.
    unsafe { &mut *WORLD.get() }
}

impl World {
    pub(super) fn new(plan: Plan, traced: bool) -> Self {
        let mut dice = Dice::new(plan.seed);
        let policy = match dice.below(5) {
            0 => Policy::Often(2),
            1 => Policy::Often(5),
            2 => Policy::Often(20),
            _ => Policy::Priorities(std::array::from_fn(|_| dice.below(900))),
        };
        let highest = census::admit("grandparent", 0).expect("there is a free slot");
        let parent = census::admit("parent", highest.owner().number()).expect("there is a free slot");
        [highest, parent].iter().for_each(|slot| slot.set_state(State::Running));
        Self {
            plan,
            actors: Vec::new(),
            wires: Vec::new(),
            events: Rc::default(),
            supervisors: vec![highest, parent],
            dice,
            policy,
            judges: false,
            judged_alive: false,
            news: Vec::new(),
            running: 0,
            steps: 0,
            least: u32::MAX / 2,
            failure: None,
            traced,
            trace: VecDeque::new(),
        }
    }

    /// One more process, which has not begun. The one that dies is a child of the supervisor that may die too, all others are not.
    pub(super) fn process(&mut self, name: &'static str, catching: bool) -> usize {
        let number = self.actors.len();
        let victim = self.plan.victim.filter(|(victim, _)| *victim == number);
        let parent = self.supervisors[usize::from(victim.is_some())].owner().number();
        let slot = census::admit(name, parent).expect("there is a free slot");
        slot.catching.store(u32::from(catching), Ordering::Relaxed);
        slot.pid.store(i32::MAX, Ordering::Relaxed);
        slot.set_state(State::Running);
        self.add(name, slot, victim.map(|(_, step)| step))
    }

    fn add(&mut self, name: &'static str, slot: &'static Slot, dies_at: Option<u32>) -> usize {
        let priority = u32::MAX / 2 + self.dice.below(1 << 20);
        self.actors.push(Actor {
            name,
            slot,
            coroutine: None,
            yielder: ptr::null(),
            desk: None,
            kept: ManuallyDrop::new(Cache::new()),
            context: Box::into_raw(Box::new(Context::of_model(&Asleep, false))),
            now: Now::Ready,
            steps: 0,
            dies_at,
            priority,
        });
        self.actors.len() - 1
    }

    /// What process `number` does. It leaves in order afterwards.
    pub(super) fn body(&mut self, number: usize, body: impl FnOnce() + 'static) {
        let slot = self.actors[number].slot;
        self.start(number, move || {
            body();
            recover::leave_in_order(slot, None);
            slot.set_state(State::Clean);
        });
    }

    fn start(&mut self, number: usize, life: impl FnOnce() + 'static) {
        let stack = STACKS.with_borrow_mut(Vec::pop);
        let stack = stack.unwrap_or_else(|| DefaultStack::new(STACK).expect("there is memory for a stack"));
        self.actors[number].coroutine = Some(Coroutine::with_stack(stack, move |yielder: &Yielder<(), ()>, ()| {
            world().actors[number].yielder = ptr::from_ref(yielder);
            if let Err(panic) = catch_unwind(AssertUnwindSafe(life)) {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                world().fail(format!("`{}` panics: {}", world().actors[number].name, text.unwrap_or_default()));
            }
        }));
    }

    fn fail(&mut self, why: String) {
        self.failure.get_or_insert(why);
    }

    /// Runs until all have ended or are dead and buried.
    pub(super) fn run(&mut self) -> Result<(), String> {
        WORLD.set(self);
        HOOK.set(Some(at));
        CLOCK.set(Some(beginning()));
        self.begin_to_judge();
        let result = loop {
            if let Some(why) = self.failure.take() {
                break Err(why);
            }
            let Some(next) = self.choose() else { break self.standstill() };
            self.resume(next);
        };
        HOOK.set(None);
        CLOCK.set(None);
        STANDS_STILL.set(false);
        WORLD.set(ptr::null_mut());
        for actor in &mut self.actors {
            let Some(mut coroutine) = actor.coroutine.take() else { continue };
            if !coroutine.done() && coroutine.started() {
                // SAFETY: nothing on a dead process's stack is used again, and nothing outside points there.
                unsafe { coroutine.force_reset() };
            }
            if coroutine.done() {
                STACKS.with_borrow_mut(|stacks| stacks.push(coroutine.into_stack()));
            } else {
                std::mem::forget(coroutine);
            }
        }
        result
    }

    /// Nobody can go on: is that the end?
    fn standstill(&self) -> Result<(), String> {
        let asleep: Vec<_> = self.actors.iter().filter(|actor| matches!(actor.now, Now::Asleep { .. })).collect();
        if asleep.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = asleep.iter().map(|actor| actor.name).collect();
        Err(format!("{} sleep for ever", names.join(", ")))
    }

    fn choose(&mut self) -> Option<usize> {
        let timed = |actor: &Actor| matches!(actor.now, Now::Asleep { until: Some(_), .. });
        let ready = |world: &Self, now: Now| -> Vec<usize> {
            (0..world.actors.len()).filter(|number| world.actors[*number].now == now).collect()
        };
        let mut candidates = ready(self, Now::Ready);
        let paused = ready(self, Now::Paused);
        if candidates.is_empty() {
            candidates.clone_from(&paused);
        }
        let sleepers: Vec<usize> = (0..self.actors.len()).filter(|number| timed(&self.actors[*number])).collect();
        if !sleepers.is_empty() && (candidates.is_empty() || self.dice.below(30) == 0) {
            let late = sleepers[self.dice.below(sleepers.len() as u32) as usize];
            if let Now::Asleep { until: Some(until), .. } = self.actors[late].now {
                CLOCK.set(CLOCK.get().max(Some(until)));
            }
            self.actors[late].now = Now::Ready;
            candidates = vec![late];
        }
        let many = u32::try_from(candidates.len()).unwrap_or(0);
        let next = match self.policy {
            _ if many == 0 => return None,
            Policy::Often(_) => candidates[self.dice.below(many) as usize],
            Policy::Priorities(_) => *candidates.iter().max_by_key(|number| self.actors[**number].priority)?,
        };
        for number in paused {
            self.actors[number].now = Now::Ready;
        }
        Some(next)
    }

    fn resume(&mut self, number: usize) {
        self.running = number;
        let actor = &mut self.actors[number];
        let Some(mut coroutine) = actor.coroutine.take() else { return actor.now = Now::Ended };
        let around = (SIMULATED.replace(ptr::from_ref(actor.slot).cast_mut()), exchange_current(actor.context));
        let desk = desk::exchange(actor.desk);
        exchange_cache(&actor.kept);
        let result = coroutine.resume(());
        let actor = &mut self.actors[number];
        exchange_cache(&actor.kept);
        actor.desk = desk::exchange(desk);
        SIMULATED.set(around.0);
        exchange_current(around.1);
        actor.coroutine = Some(coroutine);
        if let CoroutineResult::Return(()) = result {
            actor.now = Now::Ended;
        }
        match actor.now {
            Now::Dead => self.died(number),
            Now::Ended if self.judges => self.ended(number),
            _ => {}
        }
    }

    /// Whoever is next in the line of supervisors learns of it, at some time.
    fn died(&mut self, number: usize) {
        if self.traced {
            println!("`{}` dies before its step {}", self.actors[number].name, self.actors[number].steps);
        }
        self.note_whether_judged();
        let Some(slot) = self.supervisors.pop() else { return };
        let first = self.plan.supervisor.filter(|_| self.supervisors.len() == 1);
        let name = if self.supervisors.len() == 1 { SUPERVISOR } else { "second supervisor" };
        let supervisor = self.add(name, slot, first);
        let dead = self.actors[number].slot;
        let all: Vec<_> = self.actors.iter().filter(|actor| actor.now == Now::Dead).map(|actor| actor.slot).collect();
        let judges = self.judges;
        self.start(supervisor, move || {
            all.into_iter().for_each(recover::break_locks);
            recover::bury(dead, Some(&format!("`{}` was killed", dead.name())));
            recover::bury_orphans(dead, &mut |_| false);
            if judges {
                judge::stir();
            }
            census::dismiss(dead);
            recover::leave_in_order(slot, None);
            if !judges {
                slot.set_state(State::Clean);
            }
        });
    }

    /// A step of the one that runs; false: nothing more of it.
    fn step(&mut self, place: &'static Location<'static>) -> Goes {
        self.steps += 1;
        let running = self.running;
        let actor = &mut self.actors[running];
        actor.steps += 1;
        if self.traced {
            println!("{:>5} {:<20} {:>5} {}:{}", self.steps, actor.name, actor.steps, place.file(), place.line());
        } else {
            if self.trace.len() == KEPT_STEPS {
                self.trace.pop_front();
            }
            self.trace.push_back((running, place));
        }
        if actor.dies_at == Some(actor.steps) {
            actor.now = Now::Dead;
            return Goes::Never;
        }
        if self.steps > MOST_STEPS {
            self.fail(format!(
                "`{}` never comes to an end, at {}:{}",
                self.actors[running].name,
                place.file(),
                place.line()
            ));
            return Goes::Later;
        }
        let switch = match &self.policy {
            Policy::Often(one_in) => self.dice.below(*one_in) == 0,
            Policy::Priorities(changes) => {
                changes.contains(&self.steps) && {
                    self.demote(running);
                    true
                }
            }
        };
        if switch { Goes::Later } else { Goes::On }
    }

    fn demote(&mut self, number: usize) {
        self.least -= 1;
        self.actors[number].priority = self.least;
    }

    pub(super) fn parent_of(&self, number: usize) -> &'static Slot {
        census::slot_of(self.actors[number].slot.parent()).expect("a parent is there")
    }

    /// Whether the process has died. None: no model runs here.
    pub(super) fn has_died(slot: &Slot) -> Option<bool> {
        // SAFETY: as for `world`.
        let world = unsafe { WORLD.get().as_ref() }?;
        Some(world.actors.iter().any(|actor| ptr::eq(actor.slot, slot) && actor.now == Now::Dead))
    }

    /// Whether process `number` has died.
    pub(super) fn is_dead(&self, number: usize) -> bool {
        self.actors[number].now == Now::Dead
    }

    /// The supervisors that were not needed go, and the slots of all.
    pub(super) fn dismiss_all(&mut self) {
        // Where all are judged, the end of each process has been told, and supervisors stay.
        let is_there = |actor: &&Actor| !self.judges || actor.name.ends_with(SUPERVISOR);
        for actor in self.actors.iter().filter(|actor| actor.now == Now::Ended).filter(is_there) {
            if self.judges {
                recover::bury(actor.slot, None);
            }
            census::dismiss(actor.slot);
        }
        for slot in self.supervisors.drain(..) {
            recover::bury(slot, None);
            census::dismiss(slot);
        }
        for actor in &mut self.actors {
            // SAFETY: made by `Box::into_raw` in `add`, and not current any more.
            drop(unsafe { Box::from_raw(actor.context.cast_mut()) });
        }
    }

    /// Which processes took the last steps, and where.
    pub(super) fn last_steps(&self) -> String {
        let mut text = String::new();
        for (number, place) in &self.trace {
            let _ = writeln!(text, "    {:<18} {}:{}", self.actors[*number].name, place.file(), place.line());
        }
        text
    }
}

enum Goes {
    On,
    Later,
    Never,
}

/// The hook: at a step, pause, sleep or wake-up of the process that runs.
fn at(moment: Moment<'_>, place: &'static Location<'static>) {
    if std::thread::panicking() {
        return; // the run has failed
    }
    let world = world();
    let goes = world.step(place);
    let running = world.running;
    match moment {
        _ if matches!(goes, Goes::Never) => loop {
            give_way(running);
        },
        Moment::Step if matches!(goes, Goes::On) => {}
        Moment::Step => give_way(running),
        Moment::Pause => {
            world.actors[running].now = Now::Paused;
            world.demote(running);
            give_way(running);
        }
        Moment::Sleep(word, seen, until) => {
            if word.load(Ordering::Relaxed) == seen {
                world.actors[running].now = Now::Asleep { word: address(word), until };
                give_way(running);
            }
        }
        Moment::Wake(word) => {
            let word = address(word);
            for actor in &mut world.actors {
                if matches!(actor.now, Now::Asleep { word: its, .. } if its == word) {
                    actor.now = Now::Ready;
                }
            }
        }
    }
}

fn address(word: &AtomicU32) -> usize {
    ptr::from_ref(word).addr()
}

fn give_way(running: usize) {
    let yielder = world().actors[running].yielder;
    // SAFETY: of the coroutine that runs, which is the caller.
    unsafe { &*yielder }.suspend(());
}

/// The parker of a simulated process: it never waits but on words in the arena.
struct Asleep;

impl crate::backend::Park for Asleep {
    fn spin(&self, _attempt: u32) -> bool {
        false
    }
    fn park(&self, _until: Option<Instant>) {}
    fn unpark(&self) {}
}
