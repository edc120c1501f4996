//! XGROUP.

use super::super::super::Ctx;
use super::super::super::error::Error;
use super::super::super::parse::{int, is};
use super::{
    Done, ID_ZERO, any_id, check_subcommand, no_group, propagate_lines, reply_help, setid_line,
    strict_id, subcommand_syntax,
};
use crate::keyspace::{Change, Event};
use crate::value::stream::{Group, Stream};

const NO_KEY: &str = "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the \
                      MKSTREAM option to create an empty stream automatically.";

const HELP: &[&str] = &[
    "CREATE <key> <groupname> <id|$> [option]",
    "    Create a new consumer group. Options are:",
    "    * MKSTREAM",
    "      Create the empty stream if it does not exist.",
    "    * ENTRIESREAD entries_read",
    "      Set the group's entries_read counter (internal use).",
    "CREATECONSUMER <key> <groupname> <consumer>",
    "    Create a new consumer in the specified group.",
    "DELCONSUMER <key> <groupname> <consumer>",
    "    Remove the specified consumer.",
    "DESTROY <key> <groupname>",
    "    Remove the specified group.",
    "SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]",
    "    Set the current group ID and entries_read counter.",
];

pub(super) fn xgroup(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    check_subcommand("xgroup", args)?;
    match args[1] {
        word if is(word, "create") => create(ctx, args),
        word if is(word, "setid") => setid(ctx, args),
        word if is(word, "destroy") => destroy(ctx, args),
        word if is(word, "createconsumer") => create_consumer(ctx, args),
        word if is(word, "delconsumer") => delete_consumer(ctx, args),
        _ => {
            reply_help(ctx.reply, "XGROUP", HELP);
            Ok(())
        }
    }
}

/// The options behind the id: whether the stream is made, and the count of entries read.
fn options(args: &[&[u8]]) -> Result<(bool, Option<u64>), Error> {
    let (mut make, mut entries_read, mut at) = (false, None, 5);
    let creates = is(args[1], "create");
    while at < args.len() {
        match (args[at], args.get(at + 1)) {
            (word, _) if creates && is(word, "mkstream") => make = true,
            (word, Some(operand)) if is(word, "entriesread") => {
                let count = int(operand)?;
                if count < -1 {
                    return Err(Error::text("ERR value for ENTRIESREAD must be positive or -1"));
                }
                entries_read = u64::try_from(count).ok();
                at += 1;
            }
            _ => return Err(subcommand_syntax("XGROUP", args[1])),
        }
        at += 1;
    }
    Ok((make, entries_read))
}

/// A count of entries read, at most as many as there ever were.
fn checked_read(stream: &Stream, entries_read: Option<u64>) -> Option<u64> {
    entries_read.map(|count| count.min(stream.entries_added()))
}

/// Whether there are as many arguments as CREATE or SETID takes.
fn check_count(args: &[&[u8]]) -> Result<(), Error> {
    let takes = if is(args[1], "create") {
        (5..=8).contains(&args.len())
    } else {
        matches!(args.len(), 5 | 7)
    };
    if takes { Ok(()) } else { Err(subcommand_syntax("XGROUP", args[1])) }
}

fn create(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let (make, entries_read) = options(args)?;
    let (name, id_text) = (args[3], args[4]);
    ctx.update(args[2], |place| {
        let stream = place.read::<Stream>()?;
        if stream.is_none() && !make {
            return Err(Error::text(NO_KEY));
        }
        check_count(args)?;
        let id = match id_text {
            b"$" => stream.map_or(ID_ZERO, Stream::last_id),
            text => strict_id(text, 0)?,
        };
        let (stream, _) = place.get_or_create::<Stream>()?;
        let entries_read = checked_read(stream, entries_read);
        if !stream.create_group(name, Group::new(id, entries_read)) {
            return Err(Error::text("BUSYGROUP Consumer Group name already exists"));
        }
        Ok(((), Change::wrote(Event::stream("xgroup-create"), 1)))
    })?;
    ctx.reply.ok();
    Ok(())
}

/// Works on a stream and one of its groups, which must both be there.
fn with_group<R>(
    ctx: &mut Ctx<'_, '_>,
    args: &[&[u8]],
    work: impl FnOnce(&mut Stream) -> Result<(R, Change), Error>,
) -> Result<R, Error> {
    let (key, name) = (args[2], args[3]);
    ctx.update(key, |place| {
        let Some((stream, _)) = place.get::<Stream>()? else { return Err(Error::text(NO_KEY)) };
        if stream.group(name).is_none() {
            return Err(no_group(key, name));
        }
        work(stream)
    })
}

fn setid(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let (_, entries_read) = options(args)?;
    let replayed = ctx.is_replayed();
    let instead = with_group(ctx, args, |stream| {
        check_count(args)?;
        let last_id = stream.last_id();
        let id = if args[4] == b"$" { last_id } else { any_id(args[4], 0)? };
        // A group may have read more than there is; whoever sent that knows.
        let checked = if replayed { entries_read } else { checked_read(stream, entries_read) };
        let mut instead = None;
        if let Some(group) = stream.group_mut(args[3]) {
            group.last_id = id;
            group.entries_read = checked;
            instead = (checked != entries_read).then(|| setid_line(args[2], args[3], group));
        }
        Ok((instead, Change::wrote(Event::stream("xgroup-setid"), 1)))
    })?;
    if let Some(line) = instead {
        propagate_lines(ctx, [line]);
    }
    ctx.reply.ok();
    Ok(())
}

fn destroy(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let destroyed = ctx.update(args[2], |place| {
        let Some((stream, _)) = place.get::<Stream>()? else { return Err(Error::text(NO_KEY)) };
        let destroyed = u64::from(stream.destroy_group(args[3]));
        Ok((destroyed, Change::wrote(Event::stream("xgroup-destroy"), destroyed)))
    })?;
    ctx.reply.count(destroyed);
    Ok(())
}

fn create_consumer(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let now_ms = ctx.now_ms();
    let created = with_group(ctx, args, |stream| {
        let group = stream.group_mut(args[3]);
        let created = group.is_some_and(|group| group.create_consumer(args[4], now_ms));
        let created = u64::from(created);
        Ok((created, Change::wrote(Event::stream("xgroup-createconsumer"), created)))
    })?;
    ctx.reply.count(created);
    Ok(())
}

fn delete_consumer(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let pending = with_group(ctx, args, |stream| {
        let group = stream.group_mut(args[3]);
        let deleted = group.and_then(|group| group.delete_consumer(args[4]));
        let change = Change::wrote(Event::stream("xgroup-delconsumer"), deleted.is_some().into());
        Ok((deleted.unwrap_or_default(), change))
    })?;
    ctx.reply.count(pending);
    Ok(())
}
