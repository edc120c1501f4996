//! Commands that add and remove entries.

use super::super::super::Ctx;
use super::super::super::error::Error;
use super::super::super::parse::{int, is};
use super::idempotence::iid_of;
use super::trim::{NewId, Options, references};
use super::{Done, ID_MAX, ID_ZERO, ids, next_id, reply_id, strict_id};
use crate::keyspace::{Change, Event};
use crate::rdb::StreamId;
use crate::value::stream::{References, Stream};
use smallvec::SmallVec;

const NOT_ABOVE: &str =
    "ERR The ID specified in XADD is equal or smaller than the target stream top item";
const EXHAUSTED: &str =
    "ERR The stream has exhausted the last possible ID, unable to add more items";

/// What XADD came to.
enum Added {
    /// The key was not to be made.
    NoStream,
    /// The producer had added it before.
    Before(StreamId),
    /// An entry was added and others were trimmed; what others run instead.
    Entry { id: StreamId, trimmed: bool, instead: Option<Vec<Vec<u8>>> },
}

/// The id of a new entry behind `last`.
fn find_id(wanted: NewId, last: StreamId, now_ms: i64) -> Result<StreamId, Error> {
    if last == ID_MAX {
        return Err(Error::text(EXHAUSTED));
    }
    let id = match wanted {
        NewId::Auto => {
            let ms = u64::try_from(now_ms).unwrap_or_default();
            let now = StreamId { ms, seq: 0 };
            if ms > last.ms { Some(now) } else { next_id(last) }
        }
        NewId::AutoSeq(ms) if ms == last.ms => {
            last.seq.checked_add(1).map(|seq| StreamId { ms, seq })
        }
        NewId::AutoSeq(ms) => Some(StreamId { ms, seq: 0 }),
        NewId::Exact(id) => Some(id),
    };
    id.filter(|id| *id > last).ok_or(Error::text(NOT_ABOVE))
}

pub(super) fn xadd(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let options = Options::parse(ctx, args, true)?;
    let words = args.get(options.id_at + 1..).unwrap_or_default();
    if words.is_empty() || words.len() % 2 == 1 {
        return Err(Error::arity("xadd"));
    }
    if options.id == NewId::Exact(ID_ZERO) {
        return Err(Error::text("ERR The ID specified in XADD must be greater than 0-0"));
    }
    let fields: SmallVec<[(&[u8], &[u8]); 8]> =
        words.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
    let (now_ms, replayed, is_heard) = (ctx.now_ms(), ctx.is_replayed(), ctx.is_heard());
    let added = ctx.update(args[1], |place| {
        let stream = place.read::<Stream>()?;
        if stream.is_none() && options.no_mkstream {
            return Ok((Added::NoStream, Change::None));
        }
        let last_id = stream.map_or(ID_ZERO, Stream::last_id);
        let iid = options.producer.map(|producer| match producer.iid {
            Some(iid) => (producer.name, iid.to_vec()),
            None => (producer.name, iid_of(&fields)),
        });
        if let Some((producer, iid)) = &iid
            && options.id == NewId::Auto
        {
            let known = stream.and_then(Stream::idempotence).is_some();
            if known && let Some((stream, _)) = place.get::<Stream>()? {
                let idempotence = stream.idempotence_mut();
                if !replayed {
                    idempotence.forget_old(producer, u64::try_from(now_ms).unwrap_or_default());
                }
                if let Some(id) = idempotence.find(producer, iid) {
                    idempotence.duplicates += 1;
                    return Ok((Added::Before(id), Change::Silent { dirty: 1 }));
                }
            }
            if replayed {
                // Whoever sent it knew the entry; here it has been forgotten.
                return Ok((Added::NoStream, Change::None));
            }
        }
        let id = find_id(options.id, last_id, now_ms)?;
        let (stream, limits) = place.get_or_create::<Stream>()?;
        stream.append(id, &fields, limits);
        if let Some((producer, iid)) = &iid {
            stream.idempotence_mut().record(producer, iid, id);
        }
        let trim = options.trim.map(|trim| (trim, trim.run(stream, options.references)));
        let trimmed = trim.is_some_and(|(_, done)| done.removed > 0);
        let mut rewritten = !matches!(options.id, NewId::Exact(_));
        let mut instead: Vec<Vec<u8>> = Vec::new();
        if is_heard {
            instead.extend(args.iter().map(|arg| arg.to_vec()));
            if rewritten {
                instead[options.id_at] = id.to_string().into_bytes();
            }
            if let Some((trim, done)) = trim {
                rewritten |= trim.rewrite(&mut instead, stream, options.references, done);
            }
        }
        let added = Added::Entry { id, trimmed, instead: rewritten.then_some(instead) };
        Ok((added, Change::wrote(Event::stream("xadd"), 1)))
    })?;
    match added {
        Added::NoStream => ctx.reply.null(),
        Added::Before(id) => reply_id(ctx.reply, id),
        Added::Entry { id, trimmed, instead } => {
            if trimmed {
                ctx.unit.event(Event::stream("xtrim"), args[1]);
            }
            if let Some(instead) = instead {
                super::propagate_lines(ctx, [instead]);
            }
            reply_id(ctx.reply, id);
        }
    }
    Ok(())
}

pub(super) fn xtrim(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let options = Options::parse(ctx, args, false)?;
    let mut instead: Vec<Vec<u8>> = args.iter().map(|arg| arg.to_vec()).collect();
    let (removed, rewritten) = ctx.update(args[1], |place| {
        let (Some(trim), Some((stream, _))) = (options.trim, place.get::<Stream>()?) else {
            return Ok(((0, false), Change::None));
        };
        let done = trim.run(stream, options.references);
        let removed = done.removed;
        let rewritten = removed > 0 && trim.rewrite(&mut instead, stream, options.references, done);
        Ok(((removed, rewritten), Change::wrote(Event::stream("xtrim"), removed)))
    })?;
    if rewritten {
        super::propagate_lines(ctx, [instead]);
    }
    ctx.reply.count(removed);
    Ok(())
}

pub(super) fn xdel(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let deleted = ctx.update(args[1], |place| {
        let Some((stream, _)) = place.get::<Stream>()? else { return Ok((0, Change::None)) };
        let ids = ids(&args[2..])?;
        let deleted = ids.into_iter().filter(|id| stream.delete(*id)).count() as u64;
        Ok((deleted, Change::wrote(Event::stream("xdel"), deleted)))
    })?;
    ctx.reply.count(deleted);
    Ok(())
}

/// What became of an entry that XDELEX or XACKDEL was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is not there.
    Absent,
    /// It was deleted, or acknowledged and deleted.
    Deleted,
    /// It stays, as groups refer to it.
    Kept,
}

impl Fate {
    /// Writes what became of each.
    pub(super) fn reply(fates: &[Fate], ctx: &mut Ctx<'_, '_>) {
        ctx.reply.array(fates.len());
        for fate in fates {
            ctx.reply.int(match fate {
                Fate::Absent => -1,
                Fate::Deleted => 1,
                Fate::Kept => 2,
            });
        }
    }
}

/// Reads `[KEEPREF|DELREF|ACKED] IDS numids id…` from an argument on: what becomes of references, and the texts of the ids.
pub(super) fn deletion<'b, 'a>(
    args: &'b [&'a [u8]],
    mut at: usize,
) -> Result<(References, &'b [&'a [u8]]), Error> {
    let (mut wanted, mut texts) = (None, None);
    while let Some(word) = args.get(at) {
        if is(word, "ids") && at + 1 < args.len() {
            let found = counted_ids(&args[at + 1..])?;
            texts = Some(found);
            at += 2 + found.len();
        } else if wanted.is_none() && references(word).is_some() {
            wanted = references(word);
            at += 1;
        } else {
            return Err(Error::Syntax);
        }
    }
    Ok((wanted.unwrap_or_default(), texts.ok_or(Error::Syntax)?))
}

/// The ids behind their number.
pub(super) fn counted_ids<'b, 'a>(args: &'b [&'a [u8]]) -> Result<&'b [&'a [u8]], Error> {
    let (count, rest) = args.split_first().ok_or(Error::Syntax)?;
    let count = int(count).ok().and_then(|n| usize::try_from(n).ok());
    let count = count
        .filter(|count| *count > 0)
        .ok_or(Error::text("ERR Number of IDs must be a positive integer"))?;
    rest.get(..count)
        .ok_or(Error::text("ERR The `numids` parameter must match the number of arguments"))
}

/// Deletes an entry if its references allow it. Returns what became of it, and how many references went.
pub(super) fn delete_entry(
    stream: &mut Stream,
    id: StreamId,
    references: References,
) -> (Fate, u64) {
    if references == References::Acknowledged && stream.is_referenced(id) {
        return (Fate::Kept, 0);
    }
    let removed = match references {
        References::Delete => stream.remove_references(id),
        References::Keep | References::Acknowledged => 0,
    };
    (if stream.delete(id) { Fate::Deleted } else { Fate::Absent }, removed)
}

pub(super) fn xdelex(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    ctx.unit.read::<Stream>(args[1])?;
    let (references, texts) = deletion(args, 2)?;
    let (fates, loose) = ctx.update(args[1], |place| {
        let Some((stream, _)) = place.get::<Stream>()? else {
            return Ok(((vec![Fate::Absent; texts.len()], 0), Change::None));
        };
        let (mut fates, mut loose) = (Vec::new(), 0);
        for id in ids(texts)? {
            let (fate, removed) = delete_entry(stream, id, references);
            if fate != Fate::Deleted {
                loose += removed;
            }
            fates.push(fate);
        }
        let deleted = fates.iter().filter(|fate| **fate == Fate::Deleted).count() as u64;
        Ok(((fates, loose), Change::wrote(Event::stream("xdel"), deleted)))
    })?;
    // References to entries that were gone before.
    ctx.unit.add_dirty(loose);
    Fate::reply(&fates, ctx);
    Ok(())
}

pub(super) fn xsetid(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let id = strict_id(args[2], 0)?;
    let (mut entries_added, mut max_deleted_id, mut at) = (None, ID_ZERO, 3);
    while at < args.len() {
        let operand = args.get(at + 1);
        match (args[at], operand) {
            (word, Some(operand)) if is(word, "entriesadded") => {
                let count = u64::try_from(int(operand)?)
                    .map_err(|_| Error::text("ERR entries_added must be positive"))?;
                entries_added = Some(count);
            }
            (word, Some(operand)) if is(word, "maxdeletedid") => {
                max_deleted_id = strict_id(operand, 0)?;
                if id < max_deleted_id {
                    return Err(Error::text(
                        "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id",
                    ));
                }
            }
            _ => return Err(Error::Syntax),
        }
        at += 2;
    }
    ctx.update(args[1], |place| {
        let Some((stream, _)) = place.get::<Stream>()? else { return Err(Error::NoSuchKey) };
        if id < stream.max_deleted_id() {
            return Err(Error::text(
                "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id",
            ));
        }
        if stream.last_entry_id().is_some_and(|last| id < last) {
            return Err(Error::text(
                "ERR The ID specified in XSETID is smaller than the target stream top item",
            ));
        }
        if !stream.is_empty() && entries_added.is_some_and(|count| stream.len() > count) {
            return Err(Error::text(
                "ERR The entries_added specified in XSETID is smaller than the target stream length",
            ));
        }
        stream.set_last_id(id);
        if let Some(count) = entries_added {
            stream.set_entries_added(count);
        }
        if max_deleted_id != ID_ZERO {
            stream.set_max_deleted_id(max_deleted_id);
        }
        Ok(((), Change::wrote(Event::stream("xsetid"), 1)))
    })?;
    ctx.reply.ok();
    Ok(())
}
