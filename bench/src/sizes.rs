//! The rows of the workload `sizes`.

use crate::workload::{Params, Payload, Way};

/// Every payload, each way that it has, of every size, or of one.
pub(crate) fn sizes(size: Option<usize>) -> Vec<Params> {
    let sizes = size.map_or_else(|| vec![8, 1 << 10, 64 << 10, 1 << 20, 16 << 20], |size| vec![size]);
    let mut rows = Vec::new();
    for &payload in Payload::ALL {
        // What moves goes to and fro; what is read in place costs its reader, who sends nothing back.
        let ways = match payload {
            Payload::Bytes | Payload::Floats => Way::ALL,
            Payload::InPlace | Payload::InPlaceSeldom => &[Way::OneWay],
            Payload::Mobile => &[Way::RoundTrip],
        };
        for &way in ways {
            rows.extend(sizes.iter().map(|&size| Params {
                payload: Some(payload),
                way: Some(way),
                size: Some(size),
                ..Params::default()
            }));
        }
    }
    rows
}
