//! What a forked process leaves to its parent: its output or its panic, and the values behind its `&mut`.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::branch::Runnable;
use super::outcome::{Killed, Payload, message_of};
use super::visit::{Mutable, Visit, Visitor};
use crate::arena::{Block, arena};
use crate::backend::processes::{Ending, Legacy};
use crate::channel::Channel;
use crate::message::{Message, abandon, decode_from, encode_into, encoded_len, tickets};
use crate::rendezvous::core::Side;

/// What is behind the `&mut` that the process has.
pub(super) fn targets<R: Runnable>(runnable: &R) -> Vec<Mutable> {
    struct Targets(Vec<Mutable>);
    impl Visit for Targets {
        fn moved(&mut self, _channel: &std::sync::Arc<Channel>, _side: Side) {}
        fn lent(&mut self, _channel: &std::sync::Arc<Channel>, _side: Side) {}
        fn data(&mut self, _place: std::ptr::NonNull<u8>) {}
        fn mutable(&mut self, target: Mutable) {
            self.0.push(target);
        }
        fn one_way(&mut self, _type_name: &'static str) {}
    }
    let mut targets = Targets(Vec::new());
    runnable.visit(&mut Visitor::new(&mut targets));
    targets.0
}

/// Messages of several types one behind the other, each behind its length.
struct Cursor {
    place: *mut u8,
    left: usize,
}

const LENGTH: usize = size_of::<u64>();

impl Cursor {
    fn of(block: Block) -> Self {
        Self { place: arena().payload(block).as_ptr(), left: arena().capacity(block) }
    }

    /// The next piece, for writing.
    fn write(&mut self, len: usize) -> *mut u8 {
        assert!(LENGTH + len <= self.left, "a legacy is as long as its parts");
        // SAFETY: inside the block.
        unsafe { self.place.cast::<u64>().write_unaligned(len as u64) };
        self.step(len)
    }

    /// The next piece, for reading.
    fn read(&mut self) -> (*mut u8, usize) {
        if self.left < LENGTH {
            crate::shared::home::corrupt();
        }
        // SAFETY: inside the block.
        let len = unsafe { self.place.cast::<u64>().read_unaligned() } as usize;
        if len > self.left - LENGTH {
            crate::shared::home::corrupt();
        }
        (self.step(len), len)
    }

    fn step(&mut self, len: usize) -> *mut u8 {
        // SAFETY: inside the block, as just checked.
        let piece = unsafe { self.place.add(LENGTH) };
        // SAFETY: as above.
        self.place = unsafe { piece.add(len) };
        self.left -= LENGTH + len;
        piece
    }
}

/// In the child: puts all that it leaves into one block.
///
/// # Safety
/// Nobody uses the targets any more, and what is behind them is never dropped here.
pub(super) unsafe fn leave<O: Message>(result: Result<O, Payload>, targets: &[Mutable]) -> Legacy {
    let result = result.map_err(|payload| message_of(&*payload));
    let own = encoded_len(&result);
    let pieces: Vec<(&Mutable, usize)> =
        targets.iter().flat_map(|target| (0..target.pieces()).map(move |piece| (target, piece))).collect();
    // SAFETY: by the caller.
    let lengths: Vec<usize> = pieces.iter().map(|(target, piece)| unsafe { target.encoded_len(*piece) }).collect();
    let block = Legacy::room(LENGTH + own + lengths.iter().map(|len| LENGTH + len).sum::<usize>());
    let mut cursor = Cursor::of(block);
    let region = cursor.write(own);
    let result = std::mem::ManuallyDrop::new(result);
    // SAFETY: the result is given away; the region is as long.
    let encoded = catch_unwind(AssertUnwindSafe(|| unsafe { encode_into(&raw const *result, region, own) }));
    if let Err(panic) = encoded {
        // An end in it cannot move, say: that can be told.
        arena().free(block);
        // SAFETY: by the caller; nothing of the targets has been touched.
        return unsafe { leave(Err::<O, _>(panic), targets) };
    }
    // SAFETY: just written, and no plain message.
    let moves = unsafe { tickets(region, own) }.next().is_some();
    for ((target, piece), len) in pieces.into_iter().zip(lengths) {
        let region = cursor.write(len);
        // SAFETY: by the caller.
        unsafe { target.save(piece, region, len) };
    }
    Legacy { block: Some(block), is_mere_bytes: targets.is_empty() && !moves }
}

/// In the parent: the result, and the values behind `&mut` brought back.
///
/// # Safety
/// The child is gone, and nobody else uses the targets.
pub(super) unsafe fn take_over<O: Message>(ending: Ending, targets: &[Mutable]) -> Result<O, Payload> {
    let block = match ending {
        Ending::Left(Legacy { block: Some(block), .. }) => block,
        Ending::Left(Legacy { block: None, .. }) => return Err(Box::new(Killed("ended without a result".to_owned()))),
        Ending::Killed(how) => return Err(Box::new(Killed(how))),
    };
    // SAFETY: by the caller.
    let taken = catch_unwind(AssertUnwindSafe(|| unsafe { decode::<O>(block, targets) }));
    if taken.is_err() {
        // An end in it finds no room here: the others go with it.
        abandon_all(block, targets);
    }
    arena().free(block);
    taken?.map_err(|text| Box::new(text) as Box<dyn Any + Send>)
}

/// # Safety
/// As for [`take_over`]; the child has left the block to us.
unsafe fn decode<O: Message>(block: Block, targets: &[Mutable]) -> Result<O, String> {
    let mut cursor = Cursor::of(block);
    let (region, len) = cursor.read();
    // SAFETY: by the caller.
    let Ok(result) = (unsafe { decode_from::<Result<O, String>>(region, len) }) else { crate::shared::home::corrupt() };
    for target in targets {
        for piece in 0..target.pieces() {
            let (region, len) = cursor.read();
            // SAFETY: by the caller.
            if unsafe { target.load(piece, region, len) }.is_err() {
                crate::shared::home::corrupt();
            }
        }
    }
    result
}

/// Gives up what is still there of what a child has left.
fn abandon_all(block: Block, targets: &[Mutable]) {
    let mut cursor = Cursor::of(block);
    let pieces = targets.iter().flat_map(|target| (0..target.pieces()).map(|_| target.is_plain()));
    // The result first, which is no plain message.
    for is_plain in std::iter::once(false).chain(pieces) {
        let (region, len) = cursor.read();
        if !is_plain {
            // SAFETY: so many bytes are there, and ours.
            unsafe { abandon(region, len) };
        }
    }
}
