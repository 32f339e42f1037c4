//! How a process ended.

use std::any::Any;
use std::panic::resume_unwind;

/// What a panic carries.
pub(crate) type Payload = Box<dyn Any + Send>;

/// An OS process was killed, and how: what its branch carries instead of a panic.
#[cfg_attr(not(feature = "backend-processes"), allow(dead_code))]
pub(crate) struct Killed(pub(crate) String);

/// The text of a panic.
pub(crate) fn message_of(payload: &(dyn Any + Send)) -> String {
    match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        _ => "a panic without a text".to_owned(),
    }
}

/// Goes on with a process's panic in its parent, under the process's name. A payload that is no text passes unchanged. The hook has seen that panic already, but for
/// one: whoever was killed has said nothing.
pub(crate) fn raise_again(name: &str, payload: Payload) -> ! {
    if let Some(Killed(how)) = payload.downcast_ref() {
        panic!("process `{name}` {how}");
    }
    if payload.is::<&str>() || payload.is::<String>() {
        resume_unwind(Box::new(format!("process `{name}` panicked: {}", message_of(&*payload))))
    }
    resume_unwind(payload)
}
