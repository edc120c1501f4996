//! Whatever a file holds is written for every release and read again: the same elements, or a loss that says why not.
//!
//! Used by `tests/roundtrip.rs` on files, and by `fuzz/fuzz_targets/roundtrip.rs` on anything.

use rkv::base::bulk::Bulk;
use rkv::rdb::dialect::{REDIS_VERSION_MAX, VALKEY_VERSIONS};
use rkv::rdb::encode::{self, Encoded, Encoder, Hint, Loss, Losses, TARGETS, Target};
use rkv::rdb::event::ArrayValue;
use rkv::rdb::{
    Attributes, Dialect, Elem, Entry, Error, Header, Kind, Parser, Record, Scratch, Step,
    StreamMeta, Visit,
};

/// Sound values that are written again; the rest of a file is left aside.
const KEYS_MAX: usize = 200;

/// One part of a value in a form that can be compared: what it is, and its text.
type Note = (&'static str, String);

/// Writes down what a value holds, without what the losses explain; damage stops it.
struct Notes<'l> {
    losses: &'l Losses,
    notes: Vec<Note>,
}

fn text(bulk: &Bulk<'_>) -> String {
    bulk.to_vec().escape_ascii().to_string()
}

fn lost(losses: &Losses, loss: Loss) -> bool {
    losses.iter().any(|l| l == loss)
}

impl Visit for Notes<'_> {
    type Error = Error;

    fn elem(&mut self, elem: &Elem<'_>) -> Result<(), Error> {
        let lost = |loss| lost(self.losses, loss);
        let note = match elem {
            Elem::Str(bulk) => ("string", text(bulk)),
            Elem::Item(bulk) => ("item", text(bulk)),
            Elem::Member(bulk) => ("member", text(bulk)),
            // Both zeros have a text of their own.
            Elem::Scored { member, score } => ("scored", format!("{} {score:?}", text(member))),
            Elem::Field { field, value, expire_at_ms } => {
                // Redis writes 0 where there is none, and so a field of the first moment gets the second.
                let at = expire_at_ms.filter(|_| !lost(Loss::FieldExpiry)).map(|ms| ms.max(1));
                ("field", format!("{} = {} until {at:?}", text(field), text(value)))
            }
            Elem::StreamEntry { id, fields } => {
                let pairs = fields.iter().map(|(f, v)| format!(" {}={}", text(f), text(v)));
                ("entry", format!("{id}{}", pairs.collect::<String>()))
            }
            Elem::StreamMeta(meta) => {
                let counted = StreamMeta {
                    length: meta.length,
                    last_id: meta.last_id,
                    ..StreamMeta::default()
                };
                let meta = if lost(Loss::StreamCounters) { counted } else { *meta };
                ("meta", format!("{meta:?}"))
            }
            Elem::Group { name, last_id, entries_read } => {
                let read = entries_read.filter(|_| !lost(Loss::StreamCounters));
                ("group", format!("{} {last_id} {read:?}", text(name)))
            }
            // They have got an owner.
            Elem::Consumer { .. } | Elem::Claimed(_) | Elem::Nacked(_)
                if lost(Loss::NackedEntries) =>
            {
                return Ok(());
            }
            Elem::Consumer { name, seen_time_ms, active_time_ms } => {
                let active = active_time_ms.filter(|_| !lost(Loss::ConsumerActiveTime));
                ("consumer", format!("{} {seen_time_ms} {active:?}", text(name)))
            }
            Elem::Pending { .. } | Elem::Claimed(_) | Elem::Nacked(_) => {
                ("pending", format!("{elem:?}"))
            }
            Elem::IdmpConfig { .. }
            | Elem::Producer(_)
            | Elem::ProducerId { .. }
            | Elem::IdmpCounters { .. }
                if lost(Loss::IdempotentProducers) =>
            {
                return Ok(());
            }
            Elem::IdmpCounters { .. } if lost(Loss::StreamCounters) => return Ok(()),
            // What a stream without producers has where the form has no place for them.
            Elem::IdmpConfig { duration_s: 100, max_entries: 100 }
            | Elem::IdmpCounters { added: 0, duplicates: 0 } => return Ok(()),
            Elem::IdmpConfig { .. } | Elem::IdmpCounters { .. } => ("idmp", format!("{elem:?}")),
            Elem::Producer(name) => ("producer", text(name)),
            Elem::ProducerId { iid, id } => ("producer id", format!("{} {id}", text(iid))),
            Elem::ArrayMeta { .. } => ("array", format!("{elem:?}")),
            Elem::ArrayItem { index, value } => {
                let value = match value {
                    ArrayValue::Str(bulk) => text(bulk),
                    ArrayValue::Int(n) => format!("int {n}"),
                    ArrayValue::Float(n) => format!("float {:x}", n.to_bits()),
                };
                ("array item", format!("{index} {value}"))
            }
            // Modules are copied, never encoded.
            Elem::Module(_)
            | Elem::ModuleItem(_)
            | Elem::VectorSet { .. }
            | Elem::Vector { .. } => {
                return Ok(());
            }
        };
        self.notes.push(note);
        Ok(())
    }
}

/// What a value holds, in an order of its own where the type has none; `None` if it is damaged.
fn notes(entry: &Entry<'_>, losses: &Losses, scratch: &mut Scratch) -> Option<Vec<Note>> {
    let mut notes = Notes { losses, notes: Vec::new() };
    entry.visit(scratch, &mut notes).ok()?;
    if matches!(entry.ty.kind, Kind::Set | Kind::Zset | Kind::Hash) {
        notes.notes.sort();
    }
    Some(notes.notes)
}

/// Feeds a value to an encoder.
struct Feed<'e>(&'e mut Encoder);

/// What stops a walk.
struct Stopped;

impl From<Error> for Stopped {
    fn from(_: Error) -> Stopped {
        Stopped
    }
}

impl Visit for Feed<'_> {
    type Error = Stopped;

    fn elem(&mut self, elem: &Elem<'_>) -> Result<(), Stopped> {
        self.0.elem(elem).map_err(|_| Stopped)
    }
}

/// The attributes that are expected back.
fn kept(attributes: &Attributes, losses: &Losses) -> Attributes {
    let mut kept = *attributes;
    if lost(losses, Loss::AccessInfo) {
        (kept.idle_s, kept.freq) = (None, None);
    }
    let up = |ms: i64| ms.div_euclid(1000).saturating_add(i64::from(ms.rem_euclid(1000) != 0));
    if lost(losses, Loss::ExpiryMilliseconds) {
        kept.expire_at_ms = kept.expire_at_ms.map(|ms| up(ms).saturating_mul(1000));
    }
    if lost(losses, Loss::ExpiryRange) {
        let clamp = |ms: i64| up(ms).clamp(i32::MIN.into(), i32::MAX.into()) * 1000;
        kept.expire_at_ms = kept.expire_at_ms.map(clamp);
    }
    kept
}

/// Writes a value for a target, reads it again and compares.
fn check(entry: &Entry<'_>, encoder: &mut Encoder, hint: Hint, scratch: &mut Scratch) {
    let target = encoder.target();
    encoder.begin(entry.ty.kind, hint);
    if entry.visit(scratch, &mut Feed(encoder)).is_err() {
        return;
    }
    let what = format!("type {} for {} with {hint:?}", entry.ty.code, target.name);
    let encoded = encoder.finish().expect("memory suffices");
    let mut losses = Losses::default();
    encoder.losses.iter().for_each(|loss| losses.add(loss));
    let type_byte = match encoded {
        Encoded::Type(type_byte) => type_byte,
        Encoded::Empty => {
            let none = notes(entry, &losses, scratch).is_none_or(|notes| notes.is_empty());
            assert!(none || entry.ty.kind == Kind::Array, "{what}: elements became nothing");
            return;
        }
        Encoded::Nothing => {
            assert!(losses.iter().any(Loss::is_whole), "{what}: nothing is left, and no loss");
            return;
        }
    };
    let key = entry.key().expect("the value has been read").into_owned();
    let mut file = target.header.to_bytes().to_vec();
    if entry.db != 0 {
        encode::write_select(&mut file, entry.db);
    }
    encode::write_head(&mut file, target, &entry.attributes, None, type_byte, &key, &mut losses);
    let before = file.len();
    encoder
        .each(|piece| -> std::io::Result<()> {
            file.extend_from_slice(piece);
            Ok(())
        })
        .expect("memory suffices");
    assert_eq!((file.len() - before) as u64, encoder.len(), "{what}");
    file.push(0xff);
    if target.header.has_checksum() {
        file.extend_from_slice(&[0; 8]);
    }
    let expected = notes(entry, &losses, scratch);
    let mut keys = 0;
    each_key(&file, |again, scratch| {
        keys += 1;
        assert_eq!(again.db, entry.db, "{what}");
        assert_eq!(again.key().expect("own key").as_ref(), key, "{what}");
        assert_eq!(again.ty.kind, entry.ty.kind, "{what}");
        assert_eq!(again.attributes, kept(&entry.attributes, &losses), "{what}: {losses:?}");
        let got = notes(again, &losses, scratch);
        assert!(got.is_some(), "{what} as type {type_byte}: own value is damaged: {expected:?}");
        assert_eq!(got, expected, "{what} as type {type_byte}: {losses:?}");
    })
    .unwrap_or_else(|e| panic!("{what} as type {type_byte}: own file is damaged: {e}"));
    assert_eq!(keys, 1, "{what}");
}

/// Shows each key of a file.
fn each_key(bytes: &[u8], mut show: impl FnMut(&Entry<'_>, &mut Scratch)) -> Result<(), Error> {
    let (mut parser, mut scratch) = (Parser::new(), Scratch::default());
    let mut at = 0;
    while !parser.is_done() {
        match parser.parse(&bytes[at..], true)? {
            Step::Need(_) => unreachable!("these are all bytes"),
            Step::Record(consumed, record) => {
                at += consumed;
                if let Record::Key(entry) = record {
                    show(&entry, &mut scratch);
                }
            }
        }
    }
    Ok(())
}

/// Releases whose files differ from those of the ones before, and versions that no release wrote.
pub fn targets() -> Vec<Target> {
    let redis = (1..=REDIS_VERSION_MAX).map(|version| Header { dialect: Dialect::Redis, version });
    let valkey = VALKEY_VERSIONS.map(|version| Header { dialect: Dialect::Valkey, version });
    let mut targets: Vec<Target> = Vec::new();
    for target in TARGETS.iter().copied().chain(redis.chain(valkey).map(Target::like)) {
        let same = |t: &Target| t.header == target.header && t.new_backlen == target.new_backlen;
        if !targets.iter().any(same) {
            targets.push(target);
        }
    }
    targets
}

/// Writes every sound value of a file for every release, and compares; gives the number of keys. Panics at a difference.
pub fn roundtrip(bytes: &[u8]) -> usize {
    let mut encoders: Vec<Encoder> = targets()
        .into_iter()
        .flat_map(|target| [true, false].map(|compress| Encoder::new(target, compress)))
        .collect();
    let mut keys = 0;
    // What stands before damage is written all the same.
    let _ = each_key(bytes, |entry, scratch| {
        if entry.ty.kind == Kind::Module || keys >= KEYS_MAX {
            return;
        }
        if entry.key().is_err() || notes(entry, &Losses::default(), scratch).is_none() {
            return;
        }
        keys += 1;
        let hints = [Hint::of_encoding(entry.ty.encoding), Hint::Auto, Hint::Plain];
        for encoder in &mut encoders {
            for hint in hints {
                check(entry, encoder, hint, scratch);
            }
        }
    });
    keys
}
