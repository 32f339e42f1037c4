//! The scenarios: a few processes each. Their ends say what came of each operation; whoever meets an error leaves.

use super::ends::{In, Numbered, Out, recv_any, send_any};
use super::world::World;
use crate::channel::{Receiver, Sender};
use crate::choice::Order::{Fair, Priority};
use crate::rendezvous::core::Side;
use crate::shared::{census, recover};

/// A process that sends `numbers`, until the channel ends.
fn sends<T: Numbered>(world: &mut World, name: &'static str, wire: usize, numbers: [u32; 2]) -> usize {
    let process = world.process(name, false);
    sends_as::<T>(world, process, wire, numbers);
    process
}

fn sends_as<T: Numbered>(world: &mut World, process: usize, wire: usize, numbers: [u32; 2]) {
    let out: Out<T> = world.out(process, wire);
    world.body(process, move || {
        let _ = numbers.iter().try_for_each(|number| out.send(*number));
    });
}

/// A process that receives until the channel ends.
fn receives<T: Numbered>(world: &mut World, name: &'static str, wire: usize) -> usize {
    let process = world.process(name, false);
    receives_as::<T>(world, process, wire);
    process
}

fn receives_as<T: Numbered>(world: &mut World, process: usize, wire: usize) {
    let input: In<T> = world.input(process, wire);
    world.body(process, move || input.recv_all());
}

fn one_to_one_of<T: Numbered>(world: &mut World) {
    let wire = world.channel::<T>(0);
    sends::<T>(world, "sender", wire, [1, 2]);
    receives::<T>(world, "receiver", wire);
}

pub(super) fn one_to_one(world: &mut World) {
    one_to_one_of::<u32>(world);
}

pub(super) fn one_to_one_in_blocks(world: &mut World) {
    one_to_one_of::<[u64; 8]>(world);
}

pub(super) fn one_to_one_in_envelopes(world: &mut World) {
    one_to_one_of::<String>(world);
}

pub(super) fn one_to_one_in_parts(world: &mut World) {
    one_to_one_of::<Vec<u64>>(world);
}

pub(super) fn two_receivers_in_parts(world: &mut World) {
    let wire = world.channel::<Vec<u64>>(0);
    sends::<Vec<u64>>(world, "sender", wire, [1, 2]);
    receives::<Vec<u64>>(world, "receiver", wire);
    receives::<Vec<u64>>(world, "other receiver", wire);
}

pub(super) fn two_senders_in_parts(world: &mut World) {
    let wire = world.channel::<Vec<u64>>(0);
    sends::<Vec<u64>>(world, "sender", wire, [1, 2]);
    sends::<Vec<u64>>(world, "other sender", wire, [3, 4]);
    receives::<Vec<u64>>(world, "receiver", wire);
}

/// Under `.catch()` a sender that dies in the middle of a message leaves its receiver to the others.
pub(super) fn a_caught_sender_in_parts(world: &mut World) {
    a_caught_sender_of::<Vec<u64>>(world);
}

pub(super) fn two_senders(world: &mut World) {
    let wire = world.channel::<u32>(0);
    sends::<u32>(world, "sender", wire, [1, 2]);
    sends::<u32>(world, "other sender", wire, [3, 4]);
    receives::<u32>(world, "receiver", wire);
}

pub(super) fn two_receivers(world: &mut World) {
    let wire = world.channel::<u32>(0);
    sends::<u32>(world, "sender", wire, [1, 2]);
    receives::<u32>(world, "receiver", wire);
    receives::<u32>(world, "other receiver", wire);
}

/// Under `.catch()` a death is a retirement: the others go on.
pub(super) fn a_caught_sender(world: &mut World) {
    a_caught_sender_of::<String>(world);
}

fn a_caught_sender_of<T: Numbered>(world: &mut World) {
    let wire = world.channel::<T>(0);
    let caught = world.process("caught", true);
    sends_as::<T>(world, caught, wire, [1, 2]);
    sends::<T>(world, "sender", wire, [3, 4]);
    let process = world.process("receiver", false);
    let input: In<T> = world.input(process, wire);
    world.body(process, move || {
        let mut got = Vec::new();
        let end = loop {
            match input.recv() {
                Ok(number) => got.push(number),
                Err(end) => break end,
            }
        };
        assert!(end.is_retired(), "{end:?}");
        assert!(got.contains(&3) && got.contains(&4), "{got:?}");
    });
}

pub(super) fn a_caught_receiver(world: &mut World) {
    let wire = world.channel::<u32>(0);
    let caught = world.process("caught", true);
    receives_as::<u32>(world, caught, wire);
    let process = world.process("sender", false);
    let out: Out<u32> = world.out(process, wire);
    world.body(process, move || (1..4).for_each(|number| assert_eq!(out.send(number), Ok(()))));
    receives::<u32>(world, "receiver", wire);
}

pub(super) fn bystanders(world: &mut World) {
    let wire = world.channel::<String>(0);
    sends::<String>(world, "sender", wire, [1, 2]);
    receives::<String>(world, "receiver", wire);
    let wire = world.channel::<String>(0);
    world.wires[wire].undisturbed = true;
    sends::<String>(world, "bystander", wire, [3, 4]);
    receives::<String>(world, "other bystander", wire);
}

fn chooses_inputs(world: &mut World, name: &'static str, wires: [usize; 2], keeps: bool, seconds: Option<u64>) {
    let process = world.process(name, false);
    let (a, b): (In<u32>, In<u32>) = (world.input(process, wires[0]), world.input(process, wires[1]));
    world.body(process, move || while recv_any(Fair, &[&a, &b], keeps, seconds).is_ok() {});
}

fn chooses_outputs(world: &mut World, name: &'static str, wires: [usize; 2], numbers: [u32; 2]) {
    let process = world.process(name, false);
    let (a, b): (Out<u32>, Out<u32>) = (world.out(process, wires[0]), world.out(process, wires[1]));
    world.body(process, move || {
        let _ = numbers.iter().try_for_each(|number| send_any(Priority, &[&a, &b], *number, false));
    });
}

pub(super) fn a_choice_of_inputs(world: &mut World) {
    let wires = [world.channel::<u32>(0), world.channel::<u32>(0)];
    chooses_inputs(world, "choice", wires, false, None);
    sends::<u32>(world, "sender", wires[0], [1, 2]);
    sends::<u32>(world, "other sender", wires[1], [3, 4]);
}

pub(super) fn a_choice_of_outputs(world: &mut World) {
    let wires = [world.channel::<u32>(0), world.channel::<u32>(0)];
    chooses_outputs(world, "choice", wires, [1, 2]);
    receives::<u32>(world, "receiver", wires[0]);
    receives::<u32>(world, "other receiver", wires[1]);
}

pub(super) fn choices_meet(world: &mut World) {
    let wires = [world.channel::<u32>(0), world.channel::<u32>(0)];
    chooses_outputs(world, "outputs", wires, [1, 2]);
    chooses_inputs(world, "inputs", [wires[1], wires[0]], false, None);
}

pub(super) fn crossed_choices(world: &mut World) {
    let wires = [world.channel::<u32>(0), world.channel::<u32>(0)];
    chooses_outputs(world, "outputs", wires, [1, 2]);
    chooses_inputs(world, "inputs", wires, false, None);
    chooses_inputs(world, "other inputs", [wires[1], wires[0]], false, None);
}

pub(super) fn timeouts(world: &mut World) {
    let wire = world.channel::<String>(0);
    let process = world.process("sender", false);
    let out: Out<String> = world.out(process, wire);
    world.body(process, move || {
        let _ = (1..4_u32).try_for_each(|number| out.send_within(number, u64::from(number) * 2).map(drop));
    });
    let process = world.process("receiver", false);
    let input: In<String> = world.input(process, wire);
    world.body(process, move || {
        let _ = (1..4).try_for_each(|second| input.recv_within(second * 2 + 1).map(drop));
    });
}

pub(super) fn a_choice_with_a_timeout(world: &mut World) {
    let wires = [world.channel::<u32>(0), world.channel::<u32>(0)];
    let process = world.process("choice", false);
    let (a, b): (In<u32>, In<u32>) = (world.input(process, wires[0]), world.input(process, wires[1]));
    world.body(process, move || {
        let _ = (1..4).try_for_each(|second| recv_any(Priority, &[&a, &b], false, Some(second)).map(drop));
    });
    sends::<u32>(world, "sender", wires[0], [1, 2]);
    sends::<u32>(world, "other sender", wires[1], [3, 4]);
}

pub(super) fn a_buffer_of_one(world: &mut World) {
    let wire = world.channel::<u32>(1);
    sends::<u32>(world, "sender", wire, [1, 2]);
    receives::<u32>(world, "receiver", wire);
}

pub(super) fn a_buffer_and_two_senders(world: &mut World) {
    let wire = world.channel::<u32>(2);
    sends::<u32>(world, "sender", wire, [1, 2]);
    sends::<u32>(world, "other sender", wire, [3, 4]);
    receives::<u32>(world, "receiver", wire);
}

pub(super) fn a_buffer_of_envelopes(world: &mut World) {
    let wire = world.channel::<String>(2);
    let process = world.process("sender", false);
    let out: Out<String> = world.out(process, wire);
    world.body(process, move || {
        let _ = [2, 4, 6].iter().try_for_each(|number| out.send(*number));
    });
    let process = world.process("receiver", false);
    let input: In<String> = world.input(process, wire);
    world.body(process, move || drop(input.recv()));
}

fn receives_extended<T: Numbered>(world: &mut World, wire: usize) {
    let process = world.process("receiver", false);
    let input: In<T> = world.input(process, wire);
    world.body(process, move || while input.recv_extended().is_ok() {});
}

pub(super) fn extended_inputs(world: &mut World) {
    let wire = world.channel::<[u64; 8]>(0);
    sends::<[u64; 8]>(world, "sender", wire, [1, 2]);
    receives_extended::<[u64; 8]>(world, wire);
}

pub(super) fn extended_inputs_of_a_choice(world: &mut World) {
    let wires = [world.channel::<u32>(0), world.channel::<u32>(0)];
    chooses_inputs(world, "choice", wires, true, None);
    sends::<u32>(world, "sender", wires[0], [1, 2]);
    sends::<u32>(world, "other sender", wires[1], [3, 4]);
}

pub(super) fn an_extended_input_from_a_buffer(world: &mut World) {
    let wire = world.channel::<String>(1);
    sends::<String>(world, "sender", wire, [1, 2]);
    receives_extended::<String>(world, wire);
}

/// What a dead process kept of a buffer is given back: the others need it.
pub(super) fn a_caught_extended_input_from_a_buffer(world: &mut World) {
    let wire = world.channel::<u32>(1);
    let process = world.process("caught", true);
    let input: In<u32> = world.input(process, wire);
    world.body(process, move || while input.recv_extended().is_ok() {});
    sends::<u32>(world, "sender", wire, [1, 2]);
    sends::<u32>(world, "other sender", wire, [3, 4]);
    receives::<u32>(world, "receiver", wire);
}

pub(super) fn a_caught_output_guard_and_a_buffer(world: &mut World) {
    let wire = world.channel::<u32>(1);
    let process = world.process("caught", true);
    let out: Out<u32> = world.out(process, wire);
    world.body(process, move || {
        let _ = (1..3).try_for_each(|number| send_any(Priority, &[&out], number, false));
    });
    sends::<u32>(world, "sender", wire, [3, 4]);
    receives::<u32>(world, "receiver", wire);
}

pub(super) fn an_output_guard_meets_an_extended_input(world: &mut World) {
    let wires = [world.channel::<u32>(0), world.channel::<u32>(0)];
    chooses_outputs(world, "outputs", wires, [1, 2]);
    chooses_inputs(world, "inputs", wires, true, None);
}

pub(super) fn an_output_guard_and_a_buffer(world: &mut World) {
    let wires = [world.channel::<u32>(1), world.channel::<u32>(0)];
    chooses_outputs(world, "outputs", wires, [1, 2]);
    receives::<u32>(world, "receiver", wires[0]);
    receives::<u32>(world, "other receiver", wires[1]);
}

pub(super) fn an_abandoned_output_guard(world: &mut World) {
    let wire = world.channel::<u32>(0);
    let process = world.process("outputs", false);
    let out: Out<u32> = world.out(process, wire);
    world.body(process, move || {
        let _ = send_any(Priority, &[&out], 1, false);
        let _ = send_any(Priority, &[&out], 2, true);
    });
    receives::<u32>(world, "receiver", wire);
}

pub(super) fn poison(world: &mut World) {
    let wire = world.channel::<String>(1);
    sends::<String>(world, "sender", wire, [1, 2]);
    receives::<String>(world, "receiver", wire);
    let process = world.process("poisoner", false);
    let out: Out<String> = world.out(process, wire);
    world.body(process, move || {
        let _ = out.send(6);
        out.sender.poison();
    });
}

pub(super) fn a_moving_sender(world: &mut World) {
    moves_a_sender(world, 0, 1);
}

pub(super) fn moving_ends_in_a_buffer(world: &mut World) {
    moves_a_sender(world, 2, 2);
}

/// Senders of `numbers` pass from one process to another, which uses them; a third receives.
fn moves_a_sender(world: &mut World, capacity: usize, count: usize) {
    let (carrier, numbers) = (world.channel::<Sender<u32>>(capacity), world.channel::<u32>(0));
    let process = world.process("mover", false);
    let out: Sender<Sender<u32>> = crate::channel::sender_in_arena(world.pass(process, carrier, Side::Senders));
    let ends: Vec<Out<u32>> = (0..count).map(|_| world.out(process, numbers)).collect();
    world.body(process, move || {
        for end in ends {
            let _ = out.send(end.sender);
        }
    });
    let process = world.process("user", false);
    let input: Receiver<Sender<u32>> = crate::channel::receiver_in_arena(world.pass(process, carrier, Side::Receivers));
    let notes = world.notes(process, numbers);
    world.body(process, move || {
        let mut number = 0;
        while let Ok(sender) = input.recv() {
            let out = Out { sender, notes: notes.clone() };
            number += 1;
            let _ = out.send(number);
        }
    });
    receives::<u32>(world, "receiver", numbers);
}

pub(super) fn a_moving_receiver(world: &mut World) {
    let (carrier, numbers) = (world.channel::<Receiver<u32>>(0), world.channel::<u32>(0));
    let process = world.process("mover", false);
    let out: Sender<Receiver<u32>> = crate::channel::sender_in_arena(world.pass(process, carrier, Side::Senders));
    let end: In<u32> = world.input(process, numbers);
    world.body(process, move || {
        let _ = end.recv();
        let _ = out.send(end.receiver);
    });
    let process = world.process("user", false);
    let input: Receiver<Receiver<u32>> =
        crate::channel::receiver_in_arena(world.pass(process, carrier, Side::Receivers));
    let notes = world.notes(process, numbers);
    world.body(process, move || {
        while let Ok(receiver) = input.recv() {
            In { receiver, notes: notes.clone() }.recv_all();
        }
    });
    sends::<u32>(world, "sender", numbers, [1, 2]);
}

/// The way of the benchmark: 8 bytes there and back.
pub(super) fn a_pingpong(world: &mut World) {
    let (ping, pong) = (world.channel::<u32>(0), world.channel::<u32>(0));
    let process = world.process("ping", false);
    let (out, input): (Out<u32>, In<u32>) = (world.out(process, ping), world.input(process, pong));
    world.body(process, move || {
        let _ = (1..4).try_for_each(|number| out.send(number).and_then(|()| input.recv()).map(drop));
    });
    let process = world.process("pong", false);
    let (input, out): (In<u32>, Out<u32>) = (world.input(process, ping), world.out(process, pong));
    world.body(process, move || while input.recv().and_then(|number| out.send(number)).is_ok() {});
}

pub(super) fn a_ring(world: &mut World) {
    let wires: [usize; 3] = std::array::from_fn(|_| world.channel::<u32>(0));
    for place in 0..3 {
        let process = world.process(["first", "second", "third"][place], false);
        let (input, out): (In<u32>, Out<u32>) =
            (world.input(process, wires[place]), world.out(process, wires[(place + 1) % 3]));
        world.body(process, move || {
            let begin = if place == 0 { out.send(1).and_then(|()| input.recv()).map(drop) } else { Ok(()) };
            let _ = begin.and_then(|()| input.recv()).and_then(|number| out.send(number + 1));
        });
    }
}

/// It makes a slot, passes an end to it, and takes all back, because the fork fails.
pub(super) fn a_parent_prepares_a_child(world: &mut World) {
    let wire = world.channel::<u32>(0);
    let process = world.process("preparer", false);
    let (out, link): (Out<u32>, _) = (world.out(process, wire), world.link(wire));
    world.body(process, move || {
        let me = census::me();
        let child = census::admit("child", me.owner().number()).expect("there is a free slot");
        link.pass(Side::Senders, child, false).expect("there is room");
        link.pass(Side::Senders, child, true).expect("there is room");
        link.pass_back(Side::Senders, child, true);
        link.pass_back(Side::Senders, child, false);
        recover::bury(child, None);
        census::dismiss(child);
        let _ = out.send(1);
    });
    receives::<u32>(world, "receiver", wire);
}

/// An end was in a closure that nobody could look into: it is still counted as its parent's.
pub(super) fn an_end_that_came_along_unseen(world: &mut World) {
    let wire = world.channel::<u32>(0);
    let link = world.link(wire);
    let child = world.process("child", false);
    link.pass(Side::Senders, world.parent_of(child), true).expect("there is room");
    let out: Out<u32> = Out { sender: crate::channel::sender_in_arena(link), notes: world.notes(child, wire) };
    world.body(child, move || {
        let _ = out.send(1);
        let _ = out.send(2);
    });
    receives::<u32>(world, "receiver", wire);
}

/// Each waits for the one before, and one for itself: only the deadlock's end ends them. Then each tells the next one, which waits for that: no
/// judge comes late and ends that too, and no poison spreads from whoever has communicated in between.
pub(super) fn a_deadlock(world: &mut World) {
    world.judges = true;
    let wires: [usize; 4] = std::array::from_fn(|_| world.channel::<u32>(0));
    let notes: [usize; 4] = std::array::from_fn(|_| world.channel::<u32>(1));
    for (place, name) in ["first", "second", "third", "fourth"].into_iter().enumerate() {
        let next = (place + 1) % 4;
        let waits_for = if place == 3 { 3 } else { (place + 1) % 3 };
        let process = world.process(name, false);
        let (input, out): (In<u32>, Out<u32>) =
            (world.input(process, wires[place]), world.out(process, wires[waits_for]));
        let (read, write): (In<u32>, Out<u32>) = (world.input(process, notes[place]), world.out(process, notes[next]));
        world.body(process, move || {
            let _ = input.recv();
            let told = write.send(1);
            drop(out);
            let _ = told.and_then(|()| read.recv());
        });
    }
}
