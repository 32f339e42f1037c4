//! The errors of this library, which a process may report as its output.

use super::{Decoder, Encoder, Malformed, Message, sequence, through};
use crate::error::{Cause, CauseKind, ProcessError, Refusal, SendError, Stopped};
use crate::process::Visitor;

/// The number of each kind; that none is forgotten is the compiler's to see.
macro_rules! kinds {
    ($($tag:literal: $kind:ident),* $(,)?) => {
        impl Message for CauseKind {
            through!(
                CauseKind as u8,
                |_| 1,
                |kind| match kind { $(CauseKind::$kind => $tag),* },
                |tag| match tag {
                    $($tag => Ok(CauseKind::$kind),)*
                    _ => Err(Malformed::new("no kind of poison has this tag")),
                }
            );
        }
    };
}

kinds! {
    0: Explicit,
    1: Propagated,
    2: Panicked,
    3: Deadlock,
    4: Abandoned,
    5: Unwinding,
    6: NotStarted,
    7: Killed,
}

impl Message for Cause {
    through!(
        Cause as (CauseKind, String),
        |cause| cause.kind().__encoded_len() + sequence::COUNT + cause.process().len(),
        |cause| (cause.kind(), cause.process().to_owned()),
        |(kind, process)| Ok(Cause::new(kind, &process))
    );
}

impl Message for Stopped {
    through!(
        Stopped as Option<Cause>,
        |stopped| 1 + stopped.cause().map_or(0, Message::__encoded_len),
        |stopped| match stopped {
            Stopped::Retired => None,
            Stopped::Poisoned(cause) => Some(cause),
        },
        |cause| Ok(cause.map_or(Stopped::Retired, Stopped::Poisoned))
    );
}

impl Message for Refusal {
    through!(
        Refusal as Result<Stopped, (u8, usize, usize)>,
        |refusal| 1 + refusal.stopped().map_or((0_u8, 0_usize, 0_usize).__encoded_len(), Message::__encoded_len),
        |refusal| match refusal {
            Refusal::Stopped(stopped) => Ok(stopped),
            Refusal::NotReady => Err((0, 0, 0)),
            Refusal::TimedOut => Err((1, 0, 0)),
            Refusal::TooLarge { bytes, most } => Err((2, bytes, most)),
        },
        |refusal| Ok(match refusal {
            Ok(stopped) => Refusal::Stopped(stopped),
            Err((0, ..)) => Refusal::NotReady,
            Err((1, ..)) => Refusal::TimedOut,
            Err((_, bytes, most)) => Refusal::TooLarge { bytes, most },
        })
    );
}

impl<T: Message> Message for SendError<T> {
    fn __encoded_len(&self) -> usize {
        self.value.__encoded_len() + self.reason.__encoded_len()
    }

    fn __encode(self, out: &mut Encoder<'_>) {
        self.value.__encode(out);
        self.reason.__encode(out);
    }

    fn __decode(input: &mut Decoder<'_>) -> Result<Self, Malformed> {
        Ok(SendError { value: T::__decode(input)?, reason: Refusal::__decode(input)? })
    }

    fn __each_end(&self, visitor: &mut Visitor<'_>) {
        self.value.__each_end(visitor);
    }
}

impl Message for ProcessError {
    fn __encoded_len(&self) -> usize {
        match self {
            ProcessError::Panicked { process, message: text } | ProcessError::Killed { process, how: text } => {
                1 + process.__encoded_len() + text.__encoded_len()
            }
        }
    }

    fn __encode(self, out: &mut Encoder<'_>) {
        match self {
            ProcessError::Panicked { process, message } => {
                out.plain(0_u8);
                process.__encode(out);
                message.__encode(out);
            }
            ProcessError::Killed { process, how } => {
                out.plain(1_u8);
                process.__encode(out);
                how.__encode(out);
            }
        }
    }

    fn __decode(input: &mut Decoder<'_>) -> Result<Self, Malformed> {
        match input.plain::<u8>()? {
            0 => Ok(ProcessError::Panicked { process: String::__decode(input)?, message: String::__decode(input)? }),
            1 => Ok(ProcessError::Killed { process: String::__decode(input)?, how: String::__decode(input)? }),
            _ => Err(Malformed::new("no failure of a process has this tag")),
        }
    }
}
