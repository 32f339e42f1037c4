//! Durations and points in time.

use std::time::{Duration, SystemTime};

use super::{Malformed, Message, through};

impl Message for Duration {
    through!(
        Duration as (u64, u32),
        |_| size_of::<(u64, u32)>(),
        |duration| (duration.as_secs(), duration.subsec_nanos()),
        |(seconds, nanoseconds)| {
            if nanoseconds < 1_000_000_000 {
                Ok(Duration::new(seconds, nanoseconds))
            } else {
                Err(Malformed::new("a second has too many nanoseconds"))
            }
        }
    );
}

/// As the time since, or until, the first second of 1970. (An `Instant` means nothing to another process.)
impl Message for SystemTime {
    through!(
        SystemTime as (bool, Duration),
        |_| size_of::<(u64, u32)>() + 1,
        |time| match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => (false, since),
            Err(error) => (true, error.duration()),
        },
        |(earlier, by)| {
            let start = SystemTime::UNIX_EPOCH;
            let time = if earlier { start.checked_sub(by) } else { start.checked_add(by) };
            time.ok_or(Malformed::new("a time is out of all bounds"))
        }
    );
}
