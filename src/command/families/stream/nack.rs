//! XNACK: entries that a consumer gives back to its group.

use super::super::super::Ctx;
use super::super::super::error::Error;
use super::super::super::parse::{is, positive_or};
use super::write::counted_ids;
use super::{DELIVERIES_MAX, Done, ids, no_key_or_group};
use crate::keyspace::Change;
use crate::value::stream::Stream;

/// What becomes of the number of deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// The last one does not count.
    Silent,
    /// It counts.
    Fail,
    /// There must not be another one.
    Fatal,
}

impl Mode {
    fn parse(word: &[u8]) -> Result<Mode, Error> {
        match word {
            _ if is(word, "silent") => Ok(Mode::Silent),
            _ if is(word, "fail") => Ok(Mode::Fail),
            _ if is(word, "fatal") => Ok(Mode::Fatal),
            _ => Err(Error::text("ERR mode must be SILENT, FAIL, or FATAL")),
        }
    }

    /// The number of deliveries of an entry that had so many.
    fn deliveries(self, before: u64) -> u64 {
        match self {
            Mode::Silent => before.saturating_sub(1),
            Mode::Fail => before,
            Mode::Fatal => DELIVERIES_MAX,
        }
    }
}

/// What the command is told.
struct Request<'b, 'a> {
    mode: Mode,
    ids: &'b [&'a [u8]],
    /// The number of deliveries, whatever the mode.
    retry_count: Option<u64>,
    /// Whether entries that are not pending become so.
    force: bool,
}

impl<'b, 'a> Request<'b, 'a> {
    fn parse(args: &'b [&'a [u8]]) -> Result<Request<'b, 'a>, Error> {
        const NO_COUNT: &str = "ERR Invalid RETRYCOUNT option argument for XNACK";
        let mut request =
            Request { mode: Mode::parse(args[3])?, ids: &[], retry_count: None, force: false };
        let mut at = 4;
        while let Some(word) = args.get(at) {
            at += match args.get(at + 1) {
                Some(_) if is(word, "ids") && request.ids.is_empty() => {
                    request.ids = counted_ids(&args[at + 1..])?;
                    2 + request.ids.len()
                }
                Some(count) if is(word, "retrycount") => {
                    request.retry_count = Some(positive_or(count, NO_COUNT)?);
                    2
                }
                _ if is(word, "force") => {
                    request.force = true;
                    1
                }
                _ => return Err(Error::Syntax),
            };
        }
        if request.ids.is_empty() { Err(Error::Syntax) } else { Ok(request) }
    }
}

pub(super) fn xnack(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let (key, name) = (args[1], args[2]);
    let request = Request::parse(args)?;
    let ids = ids(request.ids)?;
    let given_back = ctx.update(key, |place| {
        let stream = place.get::<Stream>()?.map(|(stream, _)| stream);
        let Some(stream) = stream.filter(|stream| stream.group(name).is_some()) else {
            return Err(no_key_or_group(key, name, ""));
        };
        let mut given_back = 0;
        for id in ids {
            let is_there = stream.get(id).is_some();
            let Some(group) = stream.group_mut(name) else { continue };
            let deliveries = match group.pending(id) {
                Some(pending) => request.mode.deliveries(pending.delivery_count),
                None if request.force && is_there => request.mode.deliveries(0),
                None => continue,
            };
            // A delivery time of zero lets anybody claim it at once.
            group.give_back(id, 0, request.retry_count.unwrap_or(deliveries));
            given_back += 1;
        }
        let dirty = given_back;
        let change = if dirty == 0 { Change::None } else { Change::Silent { dirty } };
        Ok((given_back, change))
    })?;
    ctx.reply.count(given_back);
    Ok(())
}
