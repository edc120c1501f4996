//! A whole file of hostile bytes: no panic, and pieces give what the whole gives.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rkv::rdb::{Elem, Error, Parser, Record, Scratch, Step, Visit};

/// Writes down what a value holds and goes on behind damage.
#[derive(Default)]
struct Notes(Vec<String>);

impl Visit for Notes {
    type Error = Error;

    fn elem(&mut self, elem: &Elem<'_>) -> Result<(), Error> {
        self.0.push(format!("{elem:?}"));
        Ok(())
    }

    fn damage(&mut self, error: Error) -> Result<(), Error> {
        self.0.push(error.to_string());
        Ok(())
    }
}

/// Reads pieces of `step` bytes, keeping what is incomplete; notes each record and the end.
fn read(bytes: &[u8], step: usize) -> Vec<String> {
    let mut parser = Parser::new();
    let mut scratch = Scratch::default();
    let mut notes = Notes::default();
    let (mut from, mut have) = (0, step.min(bytes.len()));
    while !parser.is_done() {
        match parser.parse(&bytes[from..have], have == bytes.len()) {
            Ok(Step::Need(n)) => {
                assert!(n > 0 && have < bytes.len());
                have = (have + step).min(bytes.len());
            }
            Ok(Step::Record(consumed, record)) => {
                assert!(consumed > 0 && from + consumed <= have);
                from += consumed;
                match record {
                    Record::Key(entry) => {
                        notes.0.push(format!("{:?} {:?}", entry.key(), entry.attributes));
                        if let Err(error) = entry.visit(&mut scratch, &mut notes) {
                            notes.0.push(error.to_string());
                        }
                    }
                    other => notes.0.push(format!("{other:?}")),
                }
            }
            Err(error) => {
                notes.0.push(format!("{:?}", error.class()));
                break;
            }
        }
    }
    notes.0
}

fuzz_target!(|input: (u8, &[u8])| {
    let (step, bytes) = input;
    let whole = read(bytes, bytes.len().max(1));
    assert_eq!(read(bytes, usize::from(step) + 1), whole);
});
