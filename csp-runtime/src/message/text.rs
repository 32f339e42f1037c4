//! Text: what it is made of is validated where it arrives.

use std::borrow::Cow;
use std::ffi::{CString, OsString};
use std::path::PathBuf;

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
impl Message for OsString {
    through!(
        OsString as Vec<u8>,
        |text| sequence::COUNT + text.len(),
        std::os::unix::ffi::OsStringExt::into_vec,
        |bytes| { Ok(std::os::unix::ffi::OsStringExt::from_vec(bytes)) }
    );
}

#[cfg(windows)]
impl Message for OsString {
    through!(
        OsString as Vec<u16>,
        |text| sequence::COUNT + size_of::<u16>() * std::os::windows::ffi::OsStrExt::encode_wide(&**text).count(),
        |text| std::os::windows::ffi::OsStrExt::encode_wide(&*text).collect(),
        |wide| Ok(std::os::windows::ffi::OsStringExt::from_wide(&wide))
    );
}

#[cfg(any(unix, windows))]
impl Message for PathBuf {
    through!(
        PathBuf as OsString,
        |path| path.as_os_str().to_os_string().__encoded_len(),
        PathBuf::into_os_string,
        |text| Ok(text.into())
    );
}
