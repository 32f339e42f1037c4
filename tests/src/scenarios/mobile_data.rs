//! Mobile data moves: whoever has received it owns it, and nobody else has it.

use csp::prelude::*;

use super::support::retired;
use crate::harness::{here, scale, scenarios};

scenarios![
    mobile_data_goes_through_a_pipeline,
    two_processes_play_with_one_buffer,
    mobile_data_inside_a_message_of_the_users,
    mobile_data_is_chosen_as_input_and_as_output,
    mobile_data_is_looked_at_in_place,
    mobile_data_waits_in_a_buffer,
    mobile_data_that_was_not_sent_comes_back(main_only),
    mobile_data_is_an_output_and_an_argument,
    mobile_values_of_every_plain_kind,
];

/// Adds one to each number.
#[process]
fn increments(numbers: Receiver<Mobile<[u64]>>, more: Sender<Mobile<[u64]>>) {
    here();
    for mut block in &numbers {
        block.iter_mut().for_each(|number| *number += 1);
        more.send(block)?;
    }
}

/// Each process sees what those before it have written, and only that.
fn mobile_data_goes_through_a_pipeline() {
    let (rounds, length) = (scale(20, 4) as u64, scale(100_000, 100));
    let ((a_out, a_in), (b_out, b_in), (c_out, c_in), (d_out, d_in)) = (channel(), channel(), channel(), channel());
    par! {
        move(a_out) {
            here();
            for round in 0..rounds {
                a_out.send(Mobile::from_fn(length, |index| index as u64 + round))?;
            }
        },
        increments(a_in, b_out),
        increments(b_in, c_out),
        increments(c_in, d_out),
        move(d_in) {
            here();
            for (round, block) in d_in.iter().enumerate() {
                assert_eq!(block.len(), length);
                assert!(block.iter().enumerate().all(|(index, number)| *number == (index + round + 3) as u64));
            }
        },
    };
}

/// Writes its number at its turn, and gives the buffer away again.
#[process]
fn plays(number: u8, arrives: Receiver<Mobile<[u8]>>, leaves: Sender<Mobile<[u8]>>) {
    here();
    for mut buffer in &arrives {
        let turn = usize::from(buffer[0]);
        if turn + 1 == buffer.len() {
            return; // the buffer ends with the game
        }
        assert_eq!(buffer[turn], if turn == 0 { 0 } else { 3 - number }, "the other one's turn was before");
        buffer[turn + 1] = number;
        buffer[0] += 1;
        leaves.send(buffer)?;
    }
}

fn two_processes_play_with_one_buffer() {
    let turns = scale(200, 20);
    let ((there, arrives), (back, returns)) = (channel(), channel());
    let (first, starts) = (there.clone(), Mobile::filled(turns + 1, 0));
    par! {
        plays(1, arrives, back),
        plays(2, returns, there),
        move(first, starts) {
            here();
            first.send(starts)?;
        },
    };
}

#[message]
struct Picture {
    name: String,
    pixels: Mobile<[(u8, f32)]>,
    size: Mobile<[u32; 2]>,
    next: Option<Box<Picture>>,
}

#[process]
fn counts_pixels(pictures: Receiver<Picture>) -> Result<usize, Stopped> {
    here();
    let picture = pictures.recv()?;
    assert_eq!((picture.name.as_str(), *picture.size), ("first", [2, 3]));
    let second = picture.next.expect("two were sent");
    assert_eq!((second.name.as_str(), second.pixels[1]), ("second", (1, 0.5)));
    Ok(picture.pixels.len() + second.pixels.len())
}

fn mobile_data_inside_a_message_of_the_users() {
    let (out, input) = channel();
    let (count, ()) = par! {
        counts_pixels(input),
        move(out) {
            here();
            let pixels = || Mobile::from_fn(6, |index| (index as u8, index as f32 / 2.0));
            let second = Picture { name: "second".into(), pixels: pixels(), size: Mobile::new([6, 1]), next: None };
            let next = Some(Box::new(second));
            out.send(Picture { name: "first".into(), pixels: pixels(), size: Mobile::new([2, 3]), next })?;
        },
    };
    assert_eq!(count, Ok(12));
}

#[process]
fn chooses(input: Receiver<Mobile<u64>>, output: Sender<Mobile<u64>>, count: u64) -> Result<u64, Stopped> {
    here();
    let (mut sum, mut sent) = (0, 0);
    while sent < count {
        alt! {
            input ? number => sum += number.into_inner(),
            output ! Mobile::new(sent) => sent += 1,
        }
    }
    for number in &input {
        sum += *number;
    }
    Ok(sum)
}

fn mobile_data_is_chosen_as_input_and_as_output() {
    let count = scale(100, 10) as u64;
    let ((a_out, a_in), (b_out, b_in)) = (channel(), channel());
    let (sum, (), other) = par! {
        chooses(a_in, b_out, count),
        move(a_out) {
            here();
            for number in 0..count {
                a_out.send(Mobile::new(number))?;
            }
        },
        move(b_in) {
            here();
            b_in.iter().map(Mobile::into_inner).sum::<u64>()
        },
    };
    assert_eq!((sum, other), (Ok(count * (count - 1) / 2), count * (count - 1) / 2));
}

fn mobile_data_is_looked_at_in_place() {
    let (out, input) = channel();
    let length = scale(100_000, 10);
    par! {
        move(out) {
            here();
            for value in 1..=3_u16 {
                out.send(Mobile::filled(length, value))?;
            }
        },
        move(input) {
            here();
            let is_all = |data: &Mobile<[u16]>, value| data.len() == length && data.iter().all(|found| *found == value);
            assert!(input.recv_in_place(|data| is_all(data, 1)).unwrap());
            let kept = input.recv_with(|data| data).unwrap();
            assert!(is_all(&kept, 2));
            alt! { input ?? data => assert!(is_all(&data, 3)) }
            assert!(is_all(&kept, 2), "what was received stays the receiver's");
        },
    };
}

fn mobile_data_waits_in_a_buffer() {
    let (out, input) = channel::buffered(3);
    let ((), sum) = par! {
        move(out) {
            here();
            for number in 0..10_u8 {
                out.send(Mobile::filled(100, number))?;
            }
        },
        move(input) {
            here();
            input.iter().map(|data| data.iter().map(|number| u32::from(*number)).sum::<u32>()).sum::<u32>()
        },
    };
    assert_eq!(sum, 100 * 45);
    let (out, input) = channel::buffered(3);
    out.send(Mobile::new([1_u8; 1000])).unwrap();
    drop(input); // and with it what is in the buffer
    retired(out.send(Mobile::new([2; 1000])));
}

fn mobile_data_that_was_not_sent_comes_back() {
    let (out, input) = channel();
    let refused = out.try_send(Mobile::from_slice(&[1_i64, 2, 3])).unwrap_err();
    assert_eq!(*refused.value, [1, 2, 3]);
    drop(input);
    let refused = out.send_or_return(refused.into_value()).unwrap_err();
    assert_eq!(refused.into_value().to_vec(), [1, 2, 3]);
}

#[process]
fn doubles(mut data: Mobile<[f64]>) -> Mobile<[f64]> {
    here();
    for number in &mut data {
        *number *= 2.0;
    }
    data
}

#[process]
fn fills(data: &mut Mobile<[u8]>, from: usize) {
    here();
    for (byte, index) in data.iter_mut().zip(from..) {
        *byte = index as u8;
    }
}

fn mobile_data_is_an_output_and_an_argument() {
    let mut borrowed = Mobile::filled(4, 0);
    let (doubled, ()) = par! { doubles(Mobile::from_slice(&[0.5, 1.5])), fills(&mut borrowed, 3) };
    assert_eq!((&*doubled, &*borrowed), (&[1.0, 3.0][..], &[3, 4, 5, 6][..]));
}

#[message]
#[derive(Debug, PartialEq, Clone, Copy)]
struct Plain {
    small: u8,
    large: u128,
    both: ([i16; 3], f32),
}

fn mobile_values_of_every_plain_kind() {
    type Kinds = (Mobile<Plain>, Mobile<[Plain]>, Mobile<()>, Mobile<[u8]>, Mobile<[[u32; 2]]>);
    let plain = |small| Plain { small, large: u128::MAX - u128::from(small), both: ([1, -2, 3], 0.25) };
    let (out, input) = channel::<Kinds>();
    par! {
        move(out) {
            here();
            let many = Mobile::from_fn(5, |index| plain(index as u8));
            out.send((Mobile::new(plain(9)), many, Mobile::new(()), Mobile::from_slice(&[]), Mobile::filled(2, [7, 8])))?;
        },
        move(input) {
            here();
            let (one, many, _, none, pairs) = input.recv()?;
            assert_eq!((*one, many.len(), many[4], none.len(), &*pairs), (plain(9), 5, plain(4), 0, &[[7, 8]; 2][..]));
        },
    };
}
