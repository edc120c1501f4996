//! Whatever a file holds is converted as a whole: the output is sound, and converting it again changes nothing.
//!
//! Used by `tests/roundtrip.rs` on files, and by `fuzz/fuzz_targets/convert.rs` on anything.

use rkv::base::crc::crc64;
use rkv::feed::{Control, Filter, Input};
use rkv::rdb::encode::Target;
use rkv::rdb::{Parser, Record, Step, Stored};
use rkv::tool::convert::parts::{Output, Outputs};
use rkv::tool::convert::{
    OnDuplicate, OnLoss, Options, SourceFormat, Split, Transform, convert as run,
};
use std::io::{self, Cursor, Write};
use std::sync::{Arc, Mutex};

/// An output in memory.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Outputs for Memory {
    fn create(&mut self, _: u32) -> io::Result<(String, Output)> {
        Ok((String::new(), Output::Writer(Box::new(self.clone()))))
    }
}

/// Converts a file; gives the output and the number of keys in it, or what is wrong with the input.
fn converted(bytes: &[u8], target: Target) -> Result<(Vec<u8>, u64), String> {
    let reader = Box::new(Cursor::new(bytes.to_vec()));
    let opened = Input::from_reader(String::new(), reader, None).and_then(Input::into_seekable);
    let input = opened.map_err(|e| e.to_string())?;
    let options = Options {
        target: Some(target),
        filter: Filter::default(),
        transform: Transform::default(),
        on_loss: OnLoss::Rewrite,
        on_duplicate: OnDuplicate::Fail,
        compress: true,
        split: Split::None,
        threads: 1,
    };
    let memory = Memory::default();
    let outputs = Box::new(memory.clone());
    let inputs = &mut [(input, SourceFormat::Rdb)];
    let done = run(inputs, &options, outputs, &Control::default());
    let summary = done.map_err(|(_, e)| format!("{e:?}"))?;
    let bytes = std::mem::take(&mut *memory.0.lock().unwrap());
    Ok((bytes, summary.keys))
}

/// Reads a file to its end, where its bytes end, too; gives the number of keys.
fn keys_of(bytes: &[u8], what: &str) -> u64 {
    let mut parser = Parser::new();
    let (mut at, mut keys) = (0, 0);
    loop {
        match parser.parse(&bytes[at..], true) {
            Ok(Step::Record(consumed, record)) => {
                at += consumed;
                match record {
                    Record::Key(_) => keys += 1,
                    Record::End(stored) => {
                        if let Stored::Crc64(stored) = stored {
                            assert_eq!(stored, crc64(0, &bytes[..at - 8]), "{what}: checksum");
                        }
                        break;
                    }
                    _ => {}
                }
            }
            other => panic!("{what}: at {at}: {other:?}"),
        }
    }
    assert_eq!(at, bytes.len(), "{what}: more follows");
    keys
}

/// Converts a file, reads the output, and converts it again; `false` if the input is too damaged. Panics at a difference.
pub fn convert_twice(bytes: &[u8], target: Target) -> bool {
    let mut bytes = bytes.to_vec();
    // Damage shall not end with the checksum: zeros mean that there is none.
    if let Some((rest, sum)) = bytes.split_last_chunk_mut::<8>()
        && rest.last() == Some(&0xff)
    {
        *sum = [0; 8];
    }
    let Ok((first, keys)) = converted(&bytes, target) else { return false };
    let what = format!("for {}", target.header);
    assert_eq!(keys_of(&first, &what), keys, "{what}: keys");
    let (again, _) =
        converted(&first, target).unwrap_or_else(|e| panic!("{what}: own output is not read: {e}"));
    assert!(again == first, "{what}: {}\nthen {}", first.escape_ascii(), again.escape_ascii());
    true
}
