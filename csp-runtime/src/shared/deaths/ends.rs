//! Ends that write down what comes of each operation, and what must hold of a channel when all is over.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::world::{World, beginning};
use crate::channel::{Receiver, Sender, receiver_in_arena, sender_in_arena};
use crate::choice::{GuardList, Order, OutputSlot, Slot};
use crate::error::{Refusal, Stopped};
use crate::message::Message;
use crate::rendezvous::core::Side;
use crate::shared::channel::ChannelLink;
use crate::shared::message::Of;

/// A message type that stands for a number.
pub(super) trait Numbered: Message + 'static {
    fn of(number: u32) -> Self;
    fn number(&self) -> u32;
}

impl Numbered for u32 {
    fn of(number: u32) -> Self {
        number
    }
    fn number(&self) -> u32 {
        *self
    }
}

/// Plain, and too long for a parcel.
impl Numbered for [u64; 8] {
    fn of(number: u32) -> Self {
        [u64::from(number); 8]
    }
    fn number(&self) -> u32 {
        assert!(self.iter().all(|part| *part == self[0]), "a message in pieces: {self:?}");
        self[0] as u32
    }
}

/// In an envelope, the even ones in a block.
impl Numbered for String {
    fn of(number: u32) -> Self {
        format!("{number}{}", if number % 2 == 0 { " ".repeat(100) } else { String::new() })
    }
    fn number(&self) -> u32 {
        self.trim().parse().unwrap_or_else(|_| panic!("a message in pieces: {self:?}"))
    }
}

/// Long: whoever waits for it copies it while it is written.
impl Numbered for Vec<u64> {
    fn of(number: u32) -> Self {
        vec![u64::from(number); 20]
    }
    fn number(&self) -> u32 {
        assert!(self.len() == 20 && self.iter().all(|part| *part == self[0]), "a message in pieces: {self:?}");
        self[0] as u32
    }
}

/// What a process did, or what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    Tries(u32),
    Sent(u32),
    Kept(u32),
    Got(u32),
    Ended(Stopped),
}

#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) by: usize,
    pub(super) wire: usize,
    pub(super) what: What,
}

/// A channel of the world.
pub(super) struct Wire {
    link: ChannelLink,
    capacity: usize,
    pub(super) users: HashSet<usize>,
    /// Nobody who dies uses it: nothing is lost on it, and it is never poisoned.
    pub(super) undisturbed: bool,
}

type Log = Rc<RefCell<Vec<Event>>>;

/// Who does it, on which channel, and where it is written down.
#[derive(Clone)]
pub(super) struct Notes {
    log: Log,
    pub(super) by: usize,
    pub(super) wire: usize,
}

impl Notes {
    pub(super) fn write(&self, what: What) {
        self.log.borrow_mut().push(Event { by: self.by, wire: self.wire, what });
    }
}

pub(super) struct Out<T> {
    pub(super) sender: Sender<T>,
    pub(super) notes: Notes,
}

pub(super) struct In<T> {
    pub(super) receiver: Receiver<T>,
    pub(super) notes: Notes,
}

impl World {
    pub(super) fn channel<T: Message>(&mut self, capacity: usize) -> usize {
        let link = ChannelLink::new(capacity, Of::<T>::CODEC, None, std::panic::Location::caller());
        let link = link.expect("there is room for a channel");
        self.wires.push(Wire { link, capacity, users: HashSet::new(), undisturbed: false });
        self.wires.len() - 1
    }

    fn end(&mut self, process: usize, wire: usize, side: Side) -> (ChannelLink, Notes) {
        let link = self.wires[wire].link;
        link.pass(side, self.actors[process].slot, true).expect("there is room");
        (link, self.notes(process, wire))
    }

    pub(super) fn notes(&mut self, process: usize, wire: usize) -> Notes {
        self.wires[wire].users.insert(process);
        Notes { log: self.events.clone(), by: process, wire }
    }

    /// One more end, for `process`.
    pub(super) fn pass(&mut self, process: usize, wire: usize, side: Side) -> ChannelLink {
        self.end(process, wire, side).0
    }

    pub(super) fn link(&self, wire: usize) -> ChannelLink {
        self.wires[wire].link
    }

    pub(super) fn out<T: Message>(&mut self, process: usize, wire: usize) -> Out<T> {
        let (link, notes) = self.end(process, wire, Side::Senders);
        Out { sender: sender_in_arena(link), notes }
    }

    pub(super) fn input<T: Message>(&mut self, process: usize, wire: usize) -> In<T> {
        let (link, notes) = self.end(process, wire, Side::Receivers);
        In { receiver: receiver_in_arena(link), notes }
    }

    /// What must hold of messages: none is received twice or out of nothing, those that were sent are received, those that were not are not, but
    /// for one for each user of the channel who died, and for what is in a buffer that is dropped.
    pub(super) fn audit_messages(&self) -> Result<(), String> {
        let events = self.events.borrow();
        for (wire, channel) in self.wires.iter().enumerate() {
            let here = || events.iter().filter(|event| event.wire == wire);
            let dead = channel.users.iter().filter(|user| self.is_dead(**user)).count();
            let (mut tried, mut got, mut sent) = (HashMap::new(), HashSet::new(), HashSet::new());
            for event in here() {
                match event.what {
                    What::Tries(number) => _ = tried.insert(number, event.by),
                    What::Sent(number) => _ = sent.insert(number),
                    What::Got(number) if !got.insert(number) => return Err(format!("{number} is received twice")),
                    _ => {}
                }
            }
            if let Some(number) = got.iter().find(|number| !tried.contains_key(number)) {
                return Err(format!("{number} is received, and was never sent"));
            }
            for event in here() {
                match &event.what {
                    What::Kept(number) if got.contains(number) => {
                        return Err(format!("{number} is received, but its sender was told that it is not"));
                    }
                    What::Ended(Stopped::Poisoned(cause)) if channel.undisturbed => {
                        return Err(format!("a bystander is disturbed: {cause:?}"));
                    }
                    _ => {}
                }
            }
            let lost = sent.difference(&got).count();
            let may = if channel.undisturbed { 0 } else { dead + channel.capacity };
            if lost > may {
                return Err(format!("{lost} messages of channel {wire} are lost, {dead} of its users died"));
            }
        }
        Ok(())
    }
}

impl<T: Numbered> Out<T> {
    pub(super) fn send(&self, number: u32) -> Result<(), Stopped> {
        self.notes.write(What::Tries(number));
        let result = self.sender.send(T::of(number));
        self.notes.sent(number, &result);
        result
    }

    /// True: it was sent in time.
    pub(super) fn send_within(&self, number: u32, seconds: u64) -> Result<bool, Stopped> {
        self.notes.write(What::Tries(number));
        let until = beginning() + std::time::Duration::from_secs(seconds);
        match self.sender.send_deadline(T::of(number), until) {
            Ok(()) => self.notes.sent(number, &Ok(())),
            Err(error) => {
                assert_eq!(error.value.number(), number, "a message comes back as another one");
                self.notes.write(What::Kept(number));
                match error.reason {
                    Refusal::Stopped(stopped) => {
                        self.notes.write(What::Ended(stopped.clone()));
                        return Err(stopped);
                    }
                    _ => return Ok(false),
                }
            }
        }
        Ok(true)
    }
}

impl Notes {
    pub(super) fn sent(&self, number: u32, result: &Result<(), Stopped>) {
        match result {
            Ok(()) => self.write(What::Sent(number)),
            Err(stopped) => {
                self.write(What::Kept(number));
                self.write(What::Ended(stopped.clone()));
            }
        }
    }

    fn got<T: Numbered>(&self, result: Result<T, Stopped>) -> Result<u32, Stopped> {
        match &result {
            Ok(message) => self.write(What::Got(message.number())),
            Err(stopped) => self.write(What::Ended(stopped.clone())),
        }
        result.map(|message| message.number())
    }
}

impl<T: Numbered> In<T> {
    pub(super) fn recv(&self) -> Result<u32, Stopped> {
        self.notes.got(self.receiver.recv())
    }

    pub(super) fn recv_within(&self, seconds: u64) -> Result<Option<u32>, Stopped> {
        match self.receiver.recv_deadline(beginning() + std::time::Duration::from_secs(seconds)) {
            Err(Refusal::Stopped(stopped)) => self.notes.got(Err::<T, _>(stopped)).map(Some),
            Err(_) => Ok(None),
            Ok(message) => self.notes.got(Ok(message)).map(Some),
        }
    }

    /// Keeps the sender for a while.
    pub(super) fn recv_extended(&self) -> Result<u32, Stopped> {
        let result = self.receiver.recv_with(|message| {
            crate::sync::step();
            message
        });
        self.notes.got(result)
    }

    pub(super) fn recv_all(&self) {
        while self.recv().is_ok() {}
    }
}

/// Receives from whichever is ready. None: none within so many seconds.
pub(super) fn recv_any<T: Numbered>(
    order: Order,
    ins: &[&In<T>],
    keeps: bool,
    seconds: Option<u64>,
) -> Result<Option<u32>, Stopped> {
    let slot = Slot::<T>::new();
    let mut list = GuardList::<4>::new();
    let mut guards = list.gather();
    for (n, end) in (0..).zip(ins) {
        let receiver = Some(&end.receiver);
        if keeps {
            guards.extended_input(n, 0, receiver, &slot)
        } else {
            guards.input(n, 0, receiver, &slot)
        };
    }
    if let Some(seconds) = seconds {
        let until = beginning() + std::time::Duration::from_secs(seconds);
        guards.after(u32::MAX, 0, Some(crate::choice::deadline(until)));
    }
    let chosen = guards.choose(order).inspect_err(|stopped| ins[0].notes.write(What::Ended(stopped.clone())))?;
    if chosen.branch() == u32::MAX {
        return Ok(None);
    }
    let notes = &ins[chosen.branch() as usize].notes;
    if !keeps {
        return notes.got(Ok(slot.take())).map(Some);
    }
    let (message, release) = slot.take_extended();
    crate::sync::step();
    let number = notes.got(Ok(message)).map(Some);
    drop(release);
    number
}

/// Sends `number` to whichever is ready, or leaves the output's expression without it.
pub(super) fn send_any<T: Numbered>(order: Order, outs: &[&Out<T>], number: u32, leaves: bool) -> Result<(), Stopped> {
    let slot = OutputSlot::<T>::new();
    let mut list = GuardList::<4>::new();
    let mut guards = list.gather();
    for (n, end) in (0..).zip(outs) {
        guards.output(n, 0, Some(&end.sender), &slot);
    }
    let chosen = guards.choose(order).inspect_err(|stopped| outs[0].notes.write(What::Ended(stopped.clone())))?;
    let commit = slot.commit();
    crate::sync::step();
    if leaves {
        drop(commit);
        return Ok(());
    }
    let notes = &outs[chosen.branch() as usize].notes;
    notes.write(What::Tries(number));
    commit.send(T::of(number));
    Ok(())
}

/// The kinds of what is in the arena; see the audit.
pub(super) fn population() -> Vec<(u32, crate::arena::Kind)> {
    let mut blocks = Vec::new();
    let arena = crate::arena::arena();
    arena.each(|block, _| blocks.push((block.number(), arena.kind(block))));
    blocks
}
