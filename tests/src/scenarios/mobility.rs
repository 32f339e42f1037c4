//! Ends are messages: they travel, and the network follows them.

use csp::prelude::*;

use super::support::{filled, nobody, retired, source};
use crate::harness::{here, scale, scenarios};

scenarios![
    replies_come_on_a_channel_in_the_request,
    a_receiver_moves_from_process_to_process,
    both_ends_of_a_channel_are_given_away,
    three_channels_are_swapped_between_processes,
    a_channel_of_channels_of_channels,
    an_end_that_comes_back_still_works(main_only),
    an_end_lost_in_a_buffer_retires_its_channel(main_only),
    an_end_refused_with_its_message_still_lives(main_only),
    messages_of_users_types_cross_whole,
    a_ring_grows_while_it_runs,
    an_end_sent_over_its_own_channel,
    ends_in_containers_travel,
];

#[message]
struct Request {
    question: u64,
    reply: Sender<u64>,
}

#[process]
fn squares(requests: Receiver<Request>) {
    here();
    for Request { question, reply } in &requests {
        reply.send(question * question)?;
    }
}

#[process]
fn asks(number: u64, requests: Sender<Request>, rounds: u64) {
    here();
    for round in 0..rounds {
        let question = number * rounds + round;
        let (reply, answer) = channel();
        requests.send(Request { question, reply })?;
        assert_eq!(answer.recv()?, question * question);
        retired(answer.recv()); // the server has dropped its end
    }
}

/// S53.
fn replies_come_on_a_channel_in_the_request() {
    let (requests_out, requests_in) = channel();
    par! {
        for number in 0..4 => asks(number, requests_out.clone(), scale(100, 5) as u64),
        3 * squares(requests_in),
        { drop(requests_out) },
    };
}

#[process]
fn reads_some_and_passes_on(
    arrives: Receiver<Receiver<u32>>,
    leaves: Sender<Receiver<u32>>,
    count: usize,
) -> Result<Vec<u32>, Stopped> {
    here();
    let input = arrives.recv()?;
    let got = (0..count).map(|_| input.recv()).collect::<Result<_, _>>()?;
    leaves.send(input)?;
    Ok(got)
}

#[process]
fn drains(arrives: Receiver<Receiver<u32>>) -> Result<Vec<u32>, Stopped> {
    here();
    Ok(arrives.recv()?.iter().collect())
}

fn a_receiver_moves_from_process_to_process() {
    let ((out, input), (a_out, a_in), (b_out, b_in), (c_out, c_in)) = (channel(), channel(), channel(), channel());
    let (_, (), first, second, third) = par! {
        source((0..10).collect(), out),
        { a_out.send(input).unwrap() },
        reads_some_and_passes_on(a_in, b_out, 3),
        reads_some_and_passes_on(b_in, c_out, 4),
        drains(c_in),
    };
    assert_eq!((first, second, third), (Ok(vec![0, 1, 2]), Ok(vec![3, 4, 5, 6]), Ok(vec![7, 8, 9])));
}

#[process]
fn sends_on_what_it_gets(ends: Receiver<Sender<u32>>) {
    here();
    let out = ends.recv()?;
    for value in 0..10 {
        out.send(value)?;
    }
}

/// The main function wires two strangers together.
fn both_ends_of_a_channel_are_given_away() {
    let ((left_out, left_in), (right_out, right_in)) = (channel(), channel());
    let ((), got, ()) = par! {
        sends_on_what_it_gets(left_in),
        drains(right_in),
        {
            let (out, input) = channel();
            left_out.send(out).unwrap();
            right_out.send(input).unwrap();
        },
    };
    assert!(got.unwrap().into_iter().eq(0..10));
}

#[process]
fn echoes_its_number(number: usize, inputs: Receiver<Receiver<Sender<usize>>>) {
    here();
    for requests in &inputs {
        for reply in &requests {
            reply.send(number)?;
        }
    }
}

/// S55: the servers keep, the receiving ends go round; whoever holds the end answers.
fn three_channels_are_swapped_between_processes() {
    let (links, inputs): (Vec<_>, Vec<_>) = (0..3).map(|_| channel()).unzip();
    par! {
        for (number, input) in inputs.into_iter().enumerate() => echoes_its_number(number, input),
        move(links) {
            for shift in 0..5 {
                let (mut outs, mut ends): (Vec<_>, Vec<_>) = (0..3).map(|_| channel()).unzip();
                ends.rotate_left(shift % 3);
                for (link, end) in links.iter().zip(ends) {
                    link.send(end).unwrap(); // server k gets what asks on channel k + shift
                }
                for (number, out) in outs.drain(..).enumerate() {
                    let (reply, answer) = channel();
                    out.send(reply).unwrap();
                    assert_eq!(answer.recv(), Ok((number + 3 - shift % 3) % 3));
                }
            }
        },
    };
}

#[process]
fn unwraps_three_levels(outer: Receiver<Receiver<Receiver<Receiver<String>>>>) -> Result<String, Stopped> {
    here();
    outer.recv()?.recv()?.recv()?.recv()
}

fn a_channel_of_channels_of_channels() {
    let ((a_out, a_in), (b_out, b_in), (c_out, c_in), (d_out, d_in)) = (channel(), channel(), channel(), channel());
    let (got, ()) = par! {
        unwraps_three_levels(a_in),
        {
            a_out.send(b_in).unwrap();
            b_out.send(c_in).unwrap();
            c_out.send(d_in).unwrap();
            d_out.send("deep".to_string()).unwrap();
        },
    };
    assert_eq!(got.as_deref(), Ok("deep"));
}

fn an_end_that_comes_back_still_works() {
    let ((mut out, input), (carrier_out, carrier_in)) = (channel::buffered::<u32>(1), channel::buffered(1));
    for value in 0..5 {
        carrier_out.send(out).unwrap();
        out = carrier_in.recv().unwrap();
        out.send(value).unwrap();
        assert_eq!(input.recv(), Ok(value));
    }
    drop(out);
    retired(input.recv());
}

fn an_end_lost_in_a_buffer_retires_its_channel() {
    let (out, input) = channel::<u32>();
    let (carrier_out, carrier_in) = filled([out]);
    drop(carrier_out);
    nobody(input.try_recv());
    drop(carrier_in);
    retired(input.recv());

    let (out, input) = channel::<u32>();
    let (_carrier_out, carrier_in) = filled([input]);
    carrier_in.poison();
    assert!(out.send(1).is_err(), "the end went with the buffer");
}

fn an_end_refused_with_its_message_still_lives() {
    let ((out, input), (carrier_out, carrier_in)) = (channel::buffered::<u32>(1), channel());
    drop(carrier_in);
    let out = carrier_out.send_or_return(out).unwrap_err().value;
    assert_eq!((out.send(3), input.recv()), (Ok(()), Ok(3)));
}

#[message]
#[derive(Clone, Debug, PartialEq)]
enum Shape {
    Point,
    Circle { radius: f64 },
    Group(Vec<Shape>),
    Tagged(String, Option<Box<Shape>>),
}

#[message]
#[derive(Clone, Debug, PartialEq)]
struct Pair<T>(T, Vec<T>);

#[process]
fn returns_all<T: Message>(input: Receiver<T>, out: Sender<T>) {
    here();
    for value in input {
        out.send(value)?;
    }
}

fn messages_of_users_types_cross_whole() {
    let shapes = vec![
        Shape::Point,
        Shape::Circle { radius: 0.5 },
        Shape::Group(vec![Shape::Point, Shape::Group(vec![])]),
        Shape::Tagged("box".into(), Some(Box::new(Shape::Circle { radius: 1.5 }))),
    ];
    let ((there_out, there_in), (back_out, back_in)) = (channel(), channel());
    let (_, (), got) = par! {
        source(shapes.iter().map(|shape| Pair(shape.clone(), shapes.clone())).collect(), there_out),
        returns_all(there_in, back_out),
        super::support::sink(back_in),
    };
    assert_eq!(got.len(), 4);
    assert!(got.iter().zip(&shapes).all(|(pair, shape)| pair.0 == *shape && pair.1 == shapes));
}

/// Passes the token on, and once lets a newcomer in between itself and its successor.
#[process]
fn ring_element(input: Receiver<u32>, mut out: Sender<u32>, grow: u32) {
    here();
    if grow > 0 {
        let (to_newcomer, from_here) = channel();
        let old = std::mem::replace(&mut out, to_newcomer);
        par! { ring_element(from_here, old, grow - 1), passes_on(input, out) };
    } else {
        passes_on(input, out).run();
    }
}

#[process]
fn passes_on(input: Receiver<u32>, out: Sender<u32>) {
    here();
    for value in &input {
        out.send(value + 1)?;
    }
}

fn a_ring_grows_while_it_runs() {
    let grow = scale(20, 6) as u32;
    let ((first, entry), (exit, last)) = (channel(), channel());
    par! {
        ring_element(entry, exit, grow),
        {
            for round in 0..10 {
                first.send(round).unwrap();
                assert_eq!(last.recv(), Ok(round + grow + 1));
            }
        },
    };
}

#[message]
struct SelfCarrier(Option<Sender<SelfCarrier>>);

fn an_end_sent_over_its_own_channel() {
    let (out, input) = channel::<SelfCarrier>();
    let ((), ()) = par! {
        move(out) {
            let copy = out.clone();
            out.send(SelfCarrier(Some(copy))).unwrap();
            drop(out);
        },
        takes_its_own_sender(input),
    };
}

#[process]
fn takes_its_own_sender(input: Receiver<SelfCarrier>) {
    here();
    let carried = input.recv()?.0.expect("it was sent with one");
    assert!(carried.try_send(SelfCarrier(None)).is_err(), "nobody waits to receive");
    drop(carried);
    retired(input.recv().map(|_| ()));
}

#[process]
fn uses_ends_from_a_map(boxes: Receiver<std::collections::BTreeMap<String, (Sender<u32>, Option<Receiver<u32>>)>>) {
    here();
    for (name, (out, input)) in boxes.recv()? {
        let got = input.map_or(Ok(0), |input| input.recv())?;
        out.send(got + name.len() as u32)?;
    }
}

fn ends_in_containers_travel() {
    let ((boxes_out, boxes_in), (result, results), (_extra_out, extra)) = (channel(), channel(), filled([100]));
    let ((), ()) = par! {
        uses_ends_from_a_map(boxes_in),
        {
            let map = [("a".to_string(), (result.clone(), None)), ("bb".to_string(), (result, Some(extra)))];
            boxes_out.send(map.into()).unwrap();
            assert_eq!((results.recv(), results.recv()), (Ok(1), Ok(102)));
        },
    };
}
