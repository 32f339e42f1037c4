//! How a process ended.

use std::any::Any;
use std::panic::resume_unwind;

/// What a panic carries.
pub(crate) type Payload = Box<dyn Any + Send>;

/// The text of a panic.
pub(crate) fn message_of(payload: &(dyn Any + Send)) -> String {
    match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        _ => "a panic without a text".to_owned(),
    }
}

/// Goes on with a process's panic in its parent, under the process's name. A payload that is no text passes unchanged.
pub(crate) fn raise_again(name: &str, payload: Payload) -> ! {
    if payload.is::<&str>() || payload.is::<String>() {
        resume_unwind(Box::new(format!("process `{name}` panicked: {}", message_of(&*payload))))
    }
    resume_unwind(payload)
}
