//! Text: what it is made of is validated where it arrives.

use std::borrow::Cow;
use std::ffi::CString;
#[cfg(any(unix, windows))]
use std::{ffi::OsString, path::PathBuf};

use super::{Malformed, Message, sequence, through};

impl Message for String {
    through!(String as Vec<u8>, |text| sequence::COUNT + text.len(), String::into_bytes, |bytes| {
        String::from_utf8(bytes).map_err(|_| Malformed::new("a text is not UTF-8"))
    });
}

impl Message for Box<str> {
    through!(Box<str> as String, |text| sequence::COUNT + text.len(), String::from, |text| Ok(text.into_boxed_str()));
}

/// Arrives as owned.
impl Message for Cow<'static, str> {
    through!(Cow<'static, str> as String, |text| sequence::COUNT + text.len(), Cow::into_owned, |text| Ok(text.into()));
}

impl Message for CString {
    through!(CString as Vec<u8>, |text| sequence::COUNT + text.count_bytes(), CString::into_bytes, |bytes| {
        CString::new(bytes).map_err(|_| Malformed::new("a C text has a 0 inside"))
    });
}

#[cfg(unix)]
mod os {
    use std::ffi::{OsStr, OsString};
    use std::os::unix::ffi::OsStringExt;

    use crate::message::sequence::COUNT;

    /// What text of the system consists of.
    pub(super) type Units = Vec<u8>;

    pub(super) fn len(text: &OsStr) -> usize {
        COUNT + text.len()
    }

    pub(super) fn take(text: OsString) -> Units {
        text.into_vec()
    }

    pub(super) fn make(units: Units) -> OsString {
        OsString::from_vec(units)
    }
}

#[cfg(windows)]
mod os {
    use std::ffi::{OsStr, OsString};
    use std::os::windows::ffi::{OsStrExt, OsStringExt};

    use crate::message::sequence::COUNT;

    /// What text of the system consists of.
    pub(super) type Units = Vec<u16>;

    pub(super) fn len(text: &OsStr) -> usize {
        COUNT + size_of::<u16>() * text.encode_wide().count()
    }

    pub(super) fn take(text: OsString) -> Units {
        text.encode_wide().collect()
    }

    pub(super) fn make(units: Units) -> OsString {
        OsString::from_wide(&units)
    }
}

#[cfg(any(unix, windows))]
impl Message for OsString {
    through!(OsString as os::Units, |text| os::len(text), os::take, |units| Ok(os::make(units)));
}

#[cfg(any(unix, windows))]
impl Message for PathBuf {
    through!(PathBuf as OsString, |path| os::len(path.as_os_str()), PathBuf::into_os_string, |text| Ok(text.into()));
}
