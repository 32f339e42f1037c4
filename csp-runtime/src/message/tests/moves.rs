//! Ends of channels and mobile data move with a message, and are dropped with one that nobody receives.

use csp_macros::message;

use super::Region;
use crate::channel::{Receiver, Sender, buffered, channel};
use crate::error::Refusal;
use crate::message::{Mobile, TicketKind};

/// A request with the end on which to answer.
#[message]
#[derive(Debug)]
struct Request {
    number: u32,
    reply: Sender<u32>,
    more: Vec<Option<Receiver<Request>>>,
}

fn is_retired<T: Send>(receiver: &Receiver<T>) -> bool {
    matches!(receiver.try_recv(), Err(Refusal::Stopped(stopped)) if stopped.is_retired())
}

#[test]
fn an_end_moves() {
    let (numbers_out, numbers_in) = buffered::<u32>(1);
    let region = Region::encode(numbers_out);
    assert!(!is_retired(&numbers_in), "the end counts while it is under way");
    let numbers_out: Sender<u32> = region.decode().unwrap();
    assert_eq!(numbers_out.send(5), Ok(()));
    assert_eq!(numbers_in.recv(), Ok(5));
    drop(numbers_out);
    assert!(is_retired(&numbers_in), "the end counts once");
    assert!(region.decode::<Sender<u32>>().is_err(), "an end moves once");
}

#[test]
fn ends_inside_a_message_are_found_in_order() {
    let (reply, replies) = buffered::<u32>(1);
    let (_requests_out, requests_in) = channel::<Request>();
    let region = Region::encode(("text".to_owned(), Request { number: 7, reply, more: vec![None, Some(requests_in)] }));
    let kinds: Vec<_> = region.tickets().into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [TicketKind::Sender, TicketKind::Receiver]);
    let (text, request): (String, Request) = region.decode().unwrap();
    assert_eq!((text.as_str(), request.number, request.more.len()), ("text", 7, 2));
    assert_eq!(request.reply.send(8), Ok(()));
    assert_eq!(replies.recv(), Ok(8));
}

#[test]
fn a_message_without_ends_has_no_tickets() {
    assert_eq!(Region::encode("text".to_owned()).tickets(), []);
    assert_eq!(Region::of_bytes(&[]).tickets(), []);
    assert_eq!(Region::of_bytes(&[0xFF; 64]).tickets(), []);
    assert_eq!(Region::of_bytes(&[16; 24]).tickets(), []);
}

#[test]
fn what_nobody_receives_is_dropped_with_its_message() {
    let (reply, replies) = channel::<u32>();
    let (requests_out, requests_in) = channel::<Request>();
    let region = Region::encode(Request { number: 7, reply, more: vec![Some(requests_in)] });
    region.abandon();
    assert!(is_retired(&replies));
    let (reply, _replies) = channel();
    let refused = requests_out.try_send(Request { number: 1, reply, more: Vec::new() });
    assert!(matches!(refused, Err(error) if error.reason.stopped().is_some_and(crate::Stopped::is_retired)));
    region.abandon(); // a ticket is good for one
    assert!(region.decode::<Request>().is_err());
}

#[test]
fn what_was_not_reached_can_still_be_given_up() {
    let (first, firsts) = channel::<u32>();
    let (second, seconds) = channel::<u32>();
    let region = Region::encode((first, 7_u8, second));
    assert!(region.decode::<(Sender<u32>, bool, Sender<u32>)>().is_err());
    assert!(is_retired(&firsts), "it was taken over, and dropped");
    assert!(!is_retired(&seconds));
    region.abandon();
    assert!(is_retired(&seconds));
}

#[test]
fn an_end_is_what_its_ticket_is_for() {
    let (numbers_out, numbers_in) = channel::<u32>();
    let region = Region::encode(numbers_out);
    assert!(region.decode::<Receiver<u32>>().is_err());
    assert!(region.decode::<Sender<u64>>().is_err(), "of another message type");
    assert!(region.decode::<Mobile<u32>>().is_err());
    assert!(!is_retired(&numbers_in), "it is still there");
    assert!(region.decode::<Sender<u32>>().is_ok());
}

#[test]
fn links_that_lead_nowhere_end_the_search() {
    let (ends, _receivers): (Vec<_>, Vec<_>) = (0..4).map(|_| channel::<u32>()).unzip();
    for place in 0..8 + 8 + 4 * 16 {
        for byte in [0, 1, 8, 63, 255] {
            let mut region = Region::encode(ends.clone());
            region.damage(place, byte);
            assert!(region.tickets().len() <= 4, "byte {place} is {byte}");
            region.abandon();
        }
    }
}

#[test]
fn mobile_data_moves_without_being_copied() {
    let data = Mobile::from_fn(1000, |index| index as u64);
    let place = data.as_ptr();
    let region = Region::encode(data);
    assert_eq!(region.len(), 8 + 24);
    assert!(matches!(region.tickets()[..], [(TicketKind::Storage, _)]));
    assert!(region.decode::<Mobile<[u32]>>().is_err(), "of another layout");
    let data: Mobile<[u64]> = region.decode().unwrap();
    assert_eq!((data.as_ptr(), data.len(), data[999]), (place, 1000, 999));
    assert!(region.decode::<Mobile<[u64]>>().is_err(), "it moves once");

    let one = Mobile::new([1_u16; 5]);
    let place = one.as_ptr();
    let region = Region::encode(Some(one));
    let one: Option<Mobile<[u16; 5]>> = region.decode().unwrap();
    assert_eq!(one.as_ref().map(|one| one.as_ptr()), Some(place));
    assert_eq!(one.map(Mobile::into_inner), Some([1; 5]));
}

#[test]
fn mobile_data_of_no_bytes() {
    for length in [0, 3] {
        let data: Mobile<[()]> = Region::encode(Mobile::filled(length, ())).decode().unwrap();
        assert_eq!(data.len(), length);
    }
    let empty: Mobile<[u64]> = Region::encode(Mobile::<[u64]>::from_slice(&[])).decode().unwrap();
    assert!(empty.is_empty());
}

#[test]
fn mobile_data_that_nobody_receives_is_freed() {
    let region = Region::encode(Mobile::filled(100, 1.5));
    region.abandon();
    assert!(region.decode::<Mobile<[f64]>>().is_err());
}

#[test]
fn mobile_data_is_made_in_every_way() {
    assert_eq!(*Mobile::filled(3, 0_u32), [0; 3]);
    assert_eq!(*Mobile::filled(3, -0.0_f64), [-0.0; 3]);
    assert!(Mobile::filled(3, -0.0_f64)[0].is_sign_negative());
    assert_eq!(*Mobile::from_slice(&[(1_u8, 2_u64)]), [(1, 2)]);
    assert_eq!((1..4).collect::<Mobile<[u8]>>().to_vec(), [1, 2, 3]);
    let mut data = Mobile::from(7_u8);
    *data += 1;
    assert_eq!((data.into_inner(), format!("{:?}", Mobile::new(3))), (8, "3".to_owned()));
    let panicked = std::panic::catch_unwind(|| Mobile::<[u8]>::from_fn(10, |index| 3 / (5 - index) as u8));
    assert!(panicked.is_err());
}
