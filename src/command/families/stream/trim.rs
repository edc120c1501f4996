//! The options of XADD and XTRIM.

use super::super::super::Ctx;
use super::super::super::error::Error;
use super::super::super::parse::{int, is};
use super::{ID_MAX, ID_ZERO, INVALID_ID, IdText, id_text, next_id, strict_id};
use crate::rdb::StreamId;
use crate::value::stream::{Keep, References, Stream, Trimmed};

/// How a stream is trimmed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trim {
    /// What stays.
    pub(super) keep: Keep,
    /// Whether only whole nodes go.
    pub(super) approximate: bool,
    /// Most entries that go, 0 for no limit.
    pub(super) limit: u64,
    /// The argument that says what stays.
    at: usize,
}

impl Trim {
    /// Trims a stream.
    pub(super) fn run(&self, stream: &mut Stream, references: References) -> Trimmed {
        stream.trim_with(self.keep, self.approximate, self.limit, references)
    }

    /// Makes the arguments say exactly what was done, so that others do the same. False if they do already.
    pub(super) fn rewrite(
        &self,
        args: &mut [Vec<u8>],
        stream: &Stream,
        references: References,
        trimmed: Trimmed,
    ) -> bool {
        if !self.approximate {
            return false;
        }
        args[self.at - 1] = b"=".to_vec();
        if references == References::Acknowledged {
            // What was passed over still stands before what went, so neither length nor first id would do.
            let end = trimmed.last_id.and_then(next_id).unwrap_or(ID_ZERO);
            args[self.at - 2] = b"MINID".to_vec();
            args[self.at] = end.to_string().into_bytes();
            return true;
        }
        args[self.at] = match self.keep {
            Keep::Last(_) => stream.len().to_string().into_bytes(),
            // Of an emptied stream nothing stays.
            Keep::From(_) if stream.is_empty() => ID_MAX.to_string().into_bytes(),
            Keep::From(_) => stream.first_id().to_string().into_bytes(),
        };
        true
    }
}

/// The id that XADD was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NewId {
    /// `*`
    Auto,
    /// `ms-*`
    AutoSeq(u64),
    /// An id.
    Exact(StreamId),
}

/// How an idempotent producer names what it adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Producer<'a> {
    /// Its name.
    pub(super) name: &'a [u8],
    /// Its own id of the entry; made from the fields if there is none.
    pub(super) iid: Option<&'a [u8]>,
}

/// What stands before the fields of XADD, or behind the key of XTRIM.
#[derive(Debug)]
pub(super) struct Options<'a> {
    /// How the stream is trimmed, if at all.
    pub(super) trim: Option<Trim>,
    /// What becomes of references to entries that go.
    pub(super) references: References,
    /// Whether a stream that is not there is not made.
    pub(super) no_mkstream: bool,
    /// Who adds, if that is remembered.
    pub(super) producer: Option<Producer<'a>>,
    /// The new entry's id.
    pub(super) id: NewId,
    /// The argument with it; the number of arguments if there is none.
    pub(super) id_at: usize,
}

/// Nodes that are trimmed at most unless a LIMIT is given.
const LIMIT_NODES: i64 = 100;
/// The limit in entries where nodes have none.
const LIMIT_WITHOUT_NODES: i64 = 10_000;
/// Highest limit that is not given, in entries.
const LIMIT_MAX: i64 = 1_000_000;

const BOTH_STRATEGIES: &str =
    "ERR syntax error, MAXLEN and MINID options at the same time are not compatible";

impl<'a> Options<'a> {
    /// Reads the options of XADD, or those of XTRIM.
    pub(super) fn parse(
        ctx: &Ctx<'_, '_>,
        args: &[&'a [u8]],
        is_xadd: bool,
    ) -> Result<Options<'a>, Error> {
        let mut options = Options {
            trim: None,
            references: References::Keep,
            no_mkstream: false,
            producer: None,
            id: NewId::Auto,
            id_at: args.len(),
        };
        let (mut limit, mut references_said, mut at) = (None, false, 2);
        while at < args.len() {
            let more = args.len() - 1 - at;
            match args[at] {
                b"*" if is_xadd => {
                    options.id_at = at;
                    break;
                }
                word if (is(word, "maxlen") || is(word, "minid")) && more > 0 => {
                    if options.trim.is_some() {
                        return Err(Error::text(BOTH_STRATEGIES));
                    }
                    let trim = parse_strategy(args, at)?;
                    at = trim.at;
                    options.trim = Some(trim);
                }
                word if is(word, "limit") && more > 0 => {
                    at += 1;
                    limit = Some(parse_limit(args[at])?);
                }
                word if is_xadd && is(word, "nomkstream") => options.no_mkstream = true,
                word if !references_said && references(word).is_some() => {
                    references_said = true;
                    options.references = references(word).unwrap_or_default();
                }
                word if is_xadd && is(word, "idmpauto") && more > 0 => {
                    options.set_producer(args[at + 1], None)?;
                    at += 1;
                }
                word if is_xadd && is(word, "idmp") && more > 1 => {
                    options.set_producer(args[at + 1], Some(args[at + 2]))?;
                    at += 2;
                }
                word if is_xadd => {
                    options.id = new_id(word)?;
                    options.id_at = at;
                    break;
                }
                _ => return Err(Error::Syntax),
            }
            at += 1;
        }
        options.check(ctx, limit, is_xadd)?;
        Ok(options)
    }

    fn set_producer(&mut self, name: &'a [u8], iid: Option<&'a [u8]>) -> Result<(), Error> {
        if self.producer.is_some() {
            return Err(Error::text("ERR syntax error, IDMP/IDMPAUTO specified multiple times"));
        }
        if name.is_empty() {
            return Err(Error::text(if iid.is_some() {
                "ERR syntax error, IDMP requires a non-empty producer ID"
            } else {
                "ERR syntax error, IDMPAUTO requires a non-empty producer ID"
            }));
        }
        if iid.is_some_and(<[u8]>::is_empty) {
            return Err(Error::text("ERR syntax error, IDMP requires a non-empty idempotent ID"));
        }
        self.producer = Some(Producer { name, iid });
        Ok(())
    }

    /// Checks what can only be told when all is read, and sets the limit.
    fn check(&mut self, ctx: &Ctx<'_, '_>, limit: Option<u64>, is_xadd: bool) -> Result<(), Error> {
        if limit.is_some_and(|limit| limit > 0) && self.trim.is_none() {
            return Err(Error::text(
                "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy",
            ));
        }
        if !is_xadd && self.trim.is_none() {
            return Err(Error::text(
                "ERR syntax error, XTRIM must be called with a trimming strategy",
            ));
        }
        if self.producer.is_some() && self.id != NewId::Auto && !ctx.is_replayed() {
            return Err(Error::text(
                "ERR syntax error, IDMP/IDMPAUTO can be used only with auto-generated IDs",
            ));
        }
        if ctx.is_replayed() {
            return Ok(());
        }
        let approximate = self.trim.is_some_and(|trim| trim.approximate);
        let limit = match limit {
            Some(_) if !approximate => {
                return Err(Error::text(
                    "ERR syntax error, LIMIT cannot be used without the special ~ option",
                ));
            }
            Some(limit) => limit,
            None if approximate => default_limit(ctx),
            None => 0,
        };
        if let Some(trim) = &mut self.trim {
            trim.limit = limit;
        }
        Ok(())
    }
}

/// Reads what stays, behind MAXLEN or MINID at `at`.
fn parse_strategy(args: &[&[u8]], at: usize) -> Result<Trim, Error> {
    let is_marked = args.len() - 1 - at >= 2 && matches!(args[at + 1], b"~" | b"=");
    let approximate = is_marked && args[at + 1] == b"~";
    let value_at = at + 1 + usize::from(is_marked);
    let keep = if is(args[at], "minid") {
        Keep::From(strict_id(args[value_at], 0)?)
    } else {
        let max = u64::try_from(int(args[value_at])?)
            .map_err(|_| Error::text("ERR The MAXLEN argument must be >= 0."))?;
        Keep::Last(max)
    };
    Ok(Trim { keep, approximate, limit: 0, at: value_at })
}

fn parse_limit(text: &[u8]) -> Result<u64, Error> {
    u64::try_from(int(text)?).map_err(|_| Error::text("ERR The LIMIT argument must be >= 0."))
}

fn default_limit(ctx: &Ctx<'_, '_>) -> u64 {
    let entries = i64::try_from(ctx.unit.limits().stream_node_max_entries).unwrap_or(i64::MAX);
    match entries.saturating_mul(LIMIT_NODES) {
        0 => LIMIT_WITHOUT_NODES.unsigned_abs(),
        limit => limit.min(LIMIT_MAX).unsigned_abs(),
    }
}

/// What a word says of references.
pub(super) fn references(word: &[u8]) -> Option<References> {
    match word {
        _ if is(word, "keepref") => Some(References::Keep),
        _ if is(word, "delref") => Some(References::Delete),
        _ if is(word, "acked") => Some(References::Acknowledged),
        _ => None,
    }
}

fn new_id(text: &[u8]) -> Result<NewId, Error> {
    match id_text(text).ok_or(INVALID_ID)? {
        IdText::Full(id) => Ok(NewId::Exact(id)),
        IdText::Ms(ms) => Ok(NewId::Exact(StreamId { ms, ..ID_ZERO })),
        IdText::AutoSeq(ms) => Ok(NewId::AutoSeq(ms)),
    }
}
