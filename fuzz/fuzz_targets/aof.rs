//! Hostile files of commands: no panic, each command stands where it says, and what is called sound is sound.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rkv::aof::reader::{ErrorKind, Frame, Item, Reader, frame};
use rkv::aof::repair::{Sound, prefix, skip_damage};

/// A piece gives what the whole gives, or says that it is cut.
fn pieces(bytes: &[u8]) {
    let mut spans = Vec::new();
    let whole = frame(bytes, &mut spans);
    if let Ok(Frame::Command(len) | Frame::Note(len)) = whole {
        for cut in 0..len.min(64) {
            let piece = frame(&bytes[..cut], &mut spans);
            assert!(matches!(piece, Err((_, ErrorKind::Truncated(_) | ErrorKind::TruncatedNote))));
        }
    }
}

/// What is kept can be read to its end, and together with what is not it is everything.
fn check(bytes: &[u8], sound: &Sound) {
    let mut kept = Vec::new();
    for piece in &sound.pieces {
        kept.extend_from_slice(&bytes[piece.bytes.start as usize..piece.bytes.end as usize]);
    }
    assert_eq!(kept.len() as u64 + sound.cut_bytes(), bytes.len() as u64);
    let mut reader = Reader::new(&kept, 0);
    while reader.next().expect("what is kept is sound").is_some() {}
    assert_eq!(reader.open_multi(), None);
}

fuzz_target!(|bytes: &[u8]| {
    pieces(bytes);
    let mut reader = Reader::new(bytes, 0);
    let mut end = 0;
    while let Ok(Some(item)) = reader.next() {
        let span = match &item {
            Item::Command(command) => command.span.clone(),
            Item::Note(note) => note.span.clone(),
        };
        assert!(span.start == end && span.end > end);
        end = span.end;
    }
    check(bytes, &prefix(bytes, 0));
    check(bytes, &skip_damage(bytes, 0));
});
