//! The rows of the workload `sizes`.

use crate::workload::{Params, Payload, Way};

/// Every payload, both ways, of every size, or of one.
pub(crate) fn sizes(size: Option<usize>) -> Vec<Params> {
    let sizes = size.map_or_else(|| vec![8, 1 << 10, 64 << 10, 1 << 20, 16 << 20], |size| vec![size]);
    let mut rows = Vec::new();
    for &payload in Payload::ALL {
        for &way in Way::ALL {
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
