//! What the builders of packed structures write is valid and reads back the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rkv::base::bulk::Bulk;
use rkv::packed::{
    BacklenDialect, Kind, ListpackBuilder, Walk, ZiplistBuilder, validate, write_intset,
};

/// An element to put into a structure.
#[derive(Debug, arbitrary::Arbitrary)]
enum Item {
    Int(i64),
    Text(Vec<u8>),
    /// A run of one byte, to reach the long encodings.
    Long(u8, u16),
}

impl Item {
    fn text(&self) -> Vec<u8> {
        match self {
            Item::Int(n) => n.to_string().into_bytes(),
            Item::Text(text) => text.clone(),
            Item::Long(byte, len) => vec![*byte; (*len).into()],
        }
    }
}

/// Reads all elements as text.
fn read(kind: Kind, bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut walk = Walk::start(kind, bytes).expect("own header is sound");
    let mut items = Vec::new();
    while let Some(item) = walk.next(bytes).expect("own elements are sound") {
        items.push(item.to_vec());
    }
    items
}

fuzz_target!(|items: Vec<Item>| {
    let texts: Vec<_> = items.iter().map(Item::text).collect();
    for dialect in [BacklenDialect::Old, BacklenDialect::New] {
        let mut listpack = ListpackBuilder::new(dialect);
        for (item, text) in items.iter().zip(&texts) {
            match item {
                Item::Int(n) => listpack.push(Bulk::Int(*n)).unwrap(),
                _ => listpack.push_bytes(text).unwrap(),
            }
        }
        assert_eq!(listpack.count(), texts.len());
        let bytes = listpack.finish();
        assert_eq!(validate(Kind::Listpack, bytes), Ok(texts.len()));
        assert_eq!(read(Kind::Listpack, bytes), texts);
    }
    let mut ziplist = ZiplistBuilder::new();
    for (item, text) in items.iter().zip(&texts) {
        match item {
            Item::Int(n) => ziplist.push_int(*n).unwrap(),
            _ => ziplist.push_bytes(text).unwrap(),
        }
    }
    let bytes = ziplist.finish();
    assert_eq!(validate(Kind::Ziplist, bytes), Ok(texts.len()));
    assert_eq!(read(Kind::Ziplist, bytes), texts);

    let mut members: Vec<i64> = items
        .iter()
        .filter_map(|item| if let Item::Int(n) = item { Some(*n) } else { None })
        .collect();
    members.sort_unstable();
    members.dedup();
    let mut intset = Vec::new();
    write_intset(&members, &mut intset).expect("sorted members are taken");
    if !members.is_empty() {
        assert_eq!(validate(Kind::Intset, &intset), Ok(members.len()));
    }
    let written: Vec<_> = members.iter().map(|n| n.to_string().into_bytes()).collect();
    assert_eq!(read(Kind::Intset, &intset), written);
});
