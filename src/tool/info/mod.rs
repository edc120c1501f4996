//! `rdb info`: what a file is and holds, from one quick pass that decodes no value.
//!
//! Records are counted as the pass goes over them, so more threads would not help. Every byte of
//! the data is counted as a value or in exactly one [`Part`].

mod count;
mod report;
mod tally;

pub use self::report::report;
pub use self::tally::{
    AuxField, Database, Expiries, LeftOff, Library, Module, Part, SlotSums, Tally, Templates,
    Volume,
};

use self::count::Counter;
use super::verify::Checksum;
use crate::feed::{self, Compression, Control, Ending, Failure, Input};
use std::convert::Infallible;
use std::sync::atomic::Ordering;

/// What is known of a file.
#[derive(Debug)]
pub struct Info {
    /// The input's name.
    pub name: String,
    /// How the input is compressed as a whole, if it is.
    pub compression: Option<Compression>,
    /// Size of the input as it stands, in bytes, if it is known.
    pub stored_bytes: Option<u64>,
    /// What was counted.
    pub tally: Tally,
    /// The end of the data, if it was reached.
    pub ending: Option<Ending>,
    /// The time that expiries and the file's age are compared with, in unix milliseconds.
    pub now_ms: i64,
}

impl Info {
    /// What the checksum says.
    pub fn checksum(&self) -> Checksum {
        Checksum::of(self.ending.as_ref())
    }
}

/// Reads an input once. What stands before damage is counted all the same.
pub fn info(
    input: &mut Input,
    now_ms: i64,
    control: &Control,
) -> (Info, Result<(), Failure<Infallible>>) {
    let mut counter = Counter::new(now_ms);
    let surveyed = feed::survey(input, &mut counter, control);
    let tally = counter.into_tally();
    let (ending, done) = match surveyed {
        Ok(ending) => (Some(ending), Ok(())),
        Err(failure) => (None, Err(failure)),
    };
    let read_bytes = Some(input.read_bytes.load(Ordering::Relaxed)).filter(|n| *n > 0);
    let info = Info {
        name: input.name.clone(),
        compression: input.compression,
        stored_bytes: input.stored_bytes.or(read_bytes),
        tally,
        ending,
        now_ms,
    };
    (info, done)
}

#[cfg(test)]
mod tests;
