//! The parameters of a workload: which there are, and those of one row.

use serde::{Deserialize, Serialize};

use crate::mandelbrot::{self, Picture};
use crate::workload::{Kind, Measure, Op, Payload, Way};

/// The parameters of one row; absent ones do not apply to the workload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) n: Option<usize>,
    /// How many of the `n` pass something on at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tokens: Option<usize>,
    /// How many share a channel, where `n` is the number of channels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) writers: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) op: Option<Op>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<Kind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) payload: Option<Payload>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) way: Option<Way>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<usize>,
    /// How far a light worker iterates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) iterations: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) workers: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) measure: Option<Measure>,
}

impl Params {
    /// # Panics
    /// If the workload has no such parameter; so do those below.
    pub(crate) fn n(self) -> usize {
        self.n.expect("a workload with a number of processes")
    }

    pub(crate) fn tokens(self) -> usize {
        self.tokens.expect("a workload with a number of tokens")
    }

    pub(crate) fn writers(self) -> usize {
        self.writers.expect("a workload with writers that share a channel")
    }

    pub(crate) fn op(self) -> Op {
        self.op.expect("a workload with constructs")
    }

    pub(crate) fn kind(self) -> Kind {
        self.kind.expect("a workload with kinds of choice")
    }

    pub(crate) fn workers(self) -> usize {
        self.workers.expect("a workload with a number of workers")
    }

    pub(crate) fn payload(self) -> Payload {
        self.payload.expect("a workload with kinds of message")
    }

    pub(crate) fn way(self) -> Way {
        self.way.expect("a workload with a way to go")
    }

    pub(crate) fn size(self) -> usize {
        self.size.expect("a workload with a size")
    }

    pub(crate) fn picture(self) -> Picture {
        let iterations = self.iterations.map_or(mandelbrot::ITERATIONS, |most| most as u16);
        Picture { size: self.size(), iterations }
    }
}

impl Payload {
    pub(crate) fn is_floats(self) -> bool {
        self == Self::Floats
    }
}
