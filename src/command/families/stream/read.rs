//! Commands that read entries.

use super::super::super::error::Error;
use super::super::super::parse::{int, int_between, is};
use super::super::super::{Ctx, WaitFor};
use super::{
    Done, ID_MAX, ID_ZERO, end_id, next_id, previous_id, reply_entry, start_id, strict_id,
};
use crate::rdb::StreamId;
use crate::resp::encode::Reply;
use crate::value::stream::{Iter, Stream};

pub(super) fn xlen(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let len = ctx.unit.read::<Stream>(args[1])?.map_or(0, Stream::len);
    ctx.reply.count(len);
    Ok(())
}

pub(super) fn xrange(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    range(ctx, args, args[2], args[3], false)
}

pub(super) fn xrevrange(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    range(ctx, args, args[3], args[2], true)
}

fn range(ctx: &mut Ctx<'_, '_>, args: &[&[u8]], start: &[u8], end: &[u8], backwards: bool) -> Done {
    let (start, end) = (start_id(start)?, end_id(end)?);
    let mut count = None;
    for option in args[4..].chunks(2) {
        match option {
            [word, n] if is(word, "count") => {
                count = Some(usize::try_from(int(n)?).unwrap_or_default());
            }
            _ => return Err(Error::Syntax),
        }
    }
    ctx.unit.read::<Stream>(args[1])?;
    match ctx.unit.peek_as::<Stream>(args[1])? {
        None => ctx.reply.array(0),
        Some(_) if count == Some(0) => ctx.reply.null_array(),
        Some(stream) => {
            reply_entries(ctx.reply, stream.range(start, end, backwards), count);
        }
    }
    Ok(())
}

/// Writes entries, at most `count` if that is given.
pub(super) fn reply_entries(reply: &mut Reply, entries: Iter<'_>, count: Option<usize>) {
    let Ok(()) = reply.array_later(|reply| {
        let entries = entries.take(count.unwrap_or(usize::MAX));
        Ok::<_, std::convert::Infallible>(entries.map(|entry| reply_entry(reply, &entry)).count())
    });
}

/// How much is read: of each stream, and of all together.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Budget {
    /// Most entries of one stream.
    count: Option<usize>,
    /// Most entries of all streams.
    max_count: Option<usize>,
    /// Bytes of reply behind which no further entry is read.
    max_bytes: Option<usize>,
    /// Entries read so far.
    entries: usize,
    /// Bytes of reply about streams that are done with.
    bytes: usize,
}

impl Budget {
    /// Whether nothing more is read, with so many bytes of reply about the stream at hand. The first entry is always read.
    pub(super) fn is_used_up(&self, bytes: usize) -> bool {
        let by_count = self.max_count.is_some_and(|max| self.entries >= max);
        let by_bytes = self.max_bytes.is_some_and(|max| self.bytes + bytes >= max);
        by_count || by_bytes && self.entries > 0
    }

    /// Most entries of the next stream.
    pub(super) fn of_stream(&self) -> usize {
        let left = self.max_count.map_or(usize::MAX, |max| max.saturating_sub(self.entries));
        left.min(self.count.unwrap_or(usize::MAX))
    }

    /// Notes that an entry was read.
    pub(super) fn take_entry(&mut self) {
        self.entries += 1;
    }

    /// Notes that all that is read of a stream takes so many bytes of reply.
    pub(super) fn end_stream(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    /// Reads one of the options; false if the word is another one.
    fn option(&mut self, word: &[u8], operand: &[u8]) -> Result<bool, Error> {
        let most = |message| int_between(operand, 1, i64::MAX, message).map(|n| n as usize);
        match word {
            _ if is(word, "count") => {
                self.count = usize::try_from(int(operand)?).ok().filter(|n| *n > 0);
            }
            _ if is(word, "maxcount") => {
                self.max_count = Some(most("ERR MAXCOUNT must be a positive integer")?);
            }
            _ if is(word, "maxsize") => {
                self.max_bytes = Some(most("ERR MAXSIZE must be a positive integer")?);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self) -> Result<(), Error> {
        match (self.count, self.max_count) {
            (Some(count), Some(max_count)) if count > max_count => {
                Err(Error::text("ERR MAXCOUNT must be greater than or equal to COUNT"))
            }
            _ => Ok(()),
        }
    }
}

/// The arguments of XREAD and XREADGROUP.
#[derive(Debug, Default)]
pub(super) struct ReadOptions<'b, 'a> {
    /// How long a client waits, in milliseconds and 0 for ever, if it does.
    pub(super) block_ms: Option<i64>,
    /// How much is read.
    pub(super) budget: Budget,
    /// Group and consumer.
    pub(super) group: Option<(&'a [u8], &'a [u8])>,
    /// Whether what is read counts as acknowledged.
    pub(super) no_ack: bool,
    /// Pending entries that nobody has touched for so many milliseconds are taken over first.
    pub(super) claim_idle_ms: Option<i64>,
    /// The streams.
    pub(super) keys: &'b [&'a [u8]],
    /// Their ids.
    pub(super) ids: &'b [&'a [u8]],
}

impl<'b, 'a> ReadOptions<'b, 'a> {
    /// Reads the arguments of one or the other.
    pub(super) fn parse(
        args: &'b [&'a [u8]],
        now_ms: i64,
        with_group: bool,
    ) -> Result<ReadOptions<'b, 'a>, Error> {
        let mut options = ReadOptions::default();
        let only_group = |option: &str| {
            Err(Error::text(format!(
                "ERR The {option} option is only supported by XREADGROUP. You called XREAD instead."
            )))
        };
        let mut at = 1;
        while at < args.len() {
            let more = args.len() - 1 - at;
            match args[at] {
                word if is(word, "block") && more > 0 => {
                    at += 1;
                    options.block_ms = Some(block_ms(args[at], now_ms)?);
                }
                word if is(word, "streams") && more > 0 => {
                    options.split_streams(&args[at + 1..], with_group)?;
                    break;
                }
                word if is(word, "group") && more > 1 => {
                    if !with_group {
                        return only_group("GROUP");
                    }
                    options.group = Some((args[at + 1], args[at + 2]));
                    at += 2;
                }
                word if is(word, "noack") => {
                    if !with_group {
                        return only_group("NOACK");
                    }
                    options.no_ack = true;
                }
                word if is(word, "claim") && more > 0 => {
                    if !with_group {
                        return only_group("CLAIM");
                    }
                    at += 1;
                    options.claim_idle_ms = Some(min_idle(args[at])?);
                }
                word if more > 0 && options.budget.option(word, args[at + 1])? => at += 1,
                _ => return Err(Error::Syntax),
            }
            at += 1;
        }
        if options.keys.is_empty() {
            return Err(Error::Syntax);
        }
        options.budget.check()?;
        if with_group && options.group.is_none() {
            return Err(Error::text("ERR Missing GROUP option for XREADGROUP"));
        }
        Ok(options)
    }

    fn split_streams(&mut self, rest: &'b [&'a [u8]], with_group: bool) -> Result<(), Error> {
        if rest.len() % 2 == 1 {
            return Err(Error::text(if with_group {
                "ERR Unbalanced 'xreadgroup' list of streams: for each stream key an ID or '>' must be specified."
            } else {
                "ERR Unbalanced 'xread' list of streams: for each stream key an ID, '+', or '$' must be specified."
            }));
        }
        (self.keys, self.ids) = rest.split_at(rest.len() / 2);
        Ok(())
    }
}

fn min_idle(text: &[u8]) -> Result<i64, Error> {
    match int(text) {
        Ok(n) if n >= 0 => Ok(n),
        Ok(_) => Err(Error::text("ERR min-idle-time must be a positive integer")),
        Err(_) => Err(Error::text("ERR min-idle-time is not an integer or out of range")),
    }
}

/// Reads how long a client would wait, in milliseconds.
fn block_ms(text: &[u8], now_ms: i64) -> Result<i64, Error> {
    let Ok(timeout_ms) = int(text) else {
        return Err(Error::text("ERR timeout is not an integer or out of range"));
    };
    if timeout_ms < 0 {
        return Err(Error::text("ERR timeout is negative"));
    }
    if now_ms.checked_add(timeout_ms).is_none() {
        return Err(Error::text("ERR timeout is out of range"));
    }
    Ok(timeout_ms)
}

/// Behind which id XREAD reads a stream.
fn read_behind(stream: Option<&Stream>, text: &[u8]) -> Result<StreamId, Error> {
    match text {
        b"$" => Ok(stream.map_or(ID_ZERO, Stream::last_id)),
        b"+" => {
            let last = stream.and_then(Stream::last_entry_id).and_then(previous_id);
            Ok(last.unwrap_or_else(|| stream.map_or(ID_ZERO, Stream::last_id)))
        }
        b">" => Err(Error::text(
            "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.",
        )),
        _ => strict_id(text, 0),
    }
}

pub(super) fn xread(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let options = ReadOptions::parse(args, ctx.now_ms(), false)?;
    let (mut wanted, mut behinds) = (Vec::new(), Vec::new());
    for (key, text) in options.keys.iter().zip(options.ids) {
        let stream = ctx.unit.read::<Stream>(key)?;
        let behind = read_behind(stream, text)?;
        behinds.push(behind);
        if stream.and_then(Stream::last_entry_id).is_some_and(|last| last > behind)
            && let Some(start) = next_id(behind)
        {
            wanted.push((*key, start));
        }
    }
    if wanted.is_empty() {
        if let Some(block_ms) = options.block_ms {
            ctx.wait(WaitFor::Stream, options.keys, block_ms);
            // What `$` stands for is what it stood for when the client came.
            let ids = behinds.iter().map(|id| id.to_string().into_bytes());
            let words = args[..args.len() - options.ids.len()].iter().map(|word| word.to_vec());
            ctx.wait_with(words.chain(ids).collect());
        }
        ctx.reply.null_array();
        return Ok(());
    }
    let mut budget = options.budget;
    let (mut replies, mut streams) = (Reply::new(ctx.reply.is_resp3()), 0);
    for (key, start) in wanted {
        if budget.is_used_up(replies.len()) {
            break;
        }
        streams += 1;
        open_stream(&mut replies, key);
        let before = replies.len();
        let entries = ctx.unit.peek_as::<Stream>(key)?;
        let entries = entries.into_iter().flat_map(|stream| stream.range(start, ID_MAX, false));
        let Ok(()) = replies.array_later(|reply| {
            let (mut entries, mut len) = (entries.take(budget.of_stream()), 0);
            while !budget.is_used_up(before + reply.len())
                && let Some(entry) = entries.next()
            {
                reply_entry(reply, &entry);
                budget.take_entry();
                len += 1;
            }
            Ok::<_, std::convert::Infallible>(len)
        });
    }
    open_streams(ctx.reply, streams);
    ctx.reply.raw(replies.as_bytes());
    Ok(())
}

/// Opens the reply for so many streams.
pub(super) fn open_streams(reply: &mut Reply, len: usize) {
    if reply.is_resp3() { reply.map(len) } else { reply.array(len) }
}

/// Opens what is told of one stream.
pub(super) fn open_stream(reply: &mut Reply, key: &[u8]) {
    if !reply.is_resp3() {
        reply.array(2);
    }
    reply.bulk(key);
}
