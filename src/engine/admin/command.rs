//! COMMAND: what clients ask about commands; all of it comes from the table.

use super::super::Engine;
use super::super::dispatch::{Call, Handler};
use crate::base::glob::Glob;
use crate::command::spec::{Arg, ArgKind, Begin, Find, Group, KeySpec, NO_MANDATORY_KEYS, Spec};
use crate::command::{self, Error};
use crate::resp::encode::Reply;

pub(super) const HANDLERS: &[(&str, Handler)] = &[("command", command_)];

type Done = Result<(), Error>;

/// All commands, in the order of their names.
fn all() -> Vec<&'static Spec> {
    let mut specs: Vec<_> = command::all().map(|command| command.spec).collect();
    specs.sort_by_key(|spec| spec.name);
    specs
}

fn command_(_: &mut Engine, call: &mut Call<'_>) -> Done {
    let reply = &mut *call.reply;
    let args = call.args;
    match call.subcommand.map(|spec| spec.name) {
        None => {
            let specs = all();
            reply.array(specs.len());
            specs.iter().for_each(|spec| info(reply, spec, None));
        }
        Some("count") => reply.count(command::all().count() as u64),
        Some("list") => list(reply, args)?,
        Some("info") => {
            let specs = asked(args);
            reply.array(specs.len());
            for (container, spec) in specs {
                match spec {
                    Some(spec) => info(reply, spec, container),
                    None => reply.null_array(),
                }
            }
        }
        Some("docs") => {
            let found: Vec<_> = asked(args)
                .into_iter()
                .filter_map(|(container, spec)| Some((container, spec?)))
                .collect();
            reply.map(found.len());
            for (container, spec) in found {
                reply.bulk(full_name(spec, container).as_bytes());
                docs(reply, spec, container);
            }
        }
        Some(name @ ("getkeys" | "getkeysandflags")) => {
            keys(reply, args, name == "getkeysandflags")?
        }
        Some(_) => {
            const HELP: &[&str] = &[
                "COMMAND <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
                "(no subcommand)",
                "    Return details about all Redis commands.",
                "COUNT",
                "    Return the total number of commands in this Redis server.",
                "LIST",
                "    Return a list of all commands in this Redis server.",
                "INFO [<command-name> ...]",
                "    Return details about multiple Redis commands.",
                "    If no command names are given, documentation details for all",
                "    commands are returned.",
                "DOCS [<command-name> ...]",
                "    Return documentation details about multiple Redis commands.",
                "    If no command names are given, documentation details for all",
                "    commands are returned.",
                "GETKEYS <full-command>",
                "    Return the keys from a full Redis command.",
                "GETKEYSANDFLAGS <full-command>",
                "    Return the keys and the access flags from a full Redis command.",
                "HELP",
                "    Print this help.",
            ];
            reply.lines(HELP);
        }
    }
    Ok(())
}

/// The commands named from the second argument on, or all; a subcommand with its container.
fn asked(args: &[&[u8]]) -> Vec<(Option<&'static Spec>, Option<&'static Spec>)> {
    match args.get(2..).unwrap_or_default() {
        [] => all().into_iter().map(|spec| (None, Some(spec))).collect(),
        names => names.iter().map(|name| named(name)).collect(),
    }
}

fn named(name: &[u8]) -> (Option<&'static Spec>, Option<&'static Spec>) {
    let mut parts = name.splitn(2, |byte| *byte == b'|');
    let container = parts.next().and_then(command::lookup);
    match parts.next() {
        None => (None, container),
        Some(sub) => {
            let is_it = |spec: &&Spec| spec.name.as_bytes().eq_ignore_ascii_case(sub);
            (container, container.and_then(|spec| spec.subcommands.iter().find(is_it)))
        }
    }
}

fn full_name(spec: &Spec, container: Option<&Spec>) -> String {
    match container {
        Some(container) => format!("{}|{}", container.name, spec.name),
        None => spec.name.to_owned(),
    }
}

/// The places of keys as the oldest clients understand them: the first, the last and the step.
fn key_range(keys: &[KeySpec]) -> (i64, i64, i64) {
    let of = |key: &KeySpec| match (key.begin, key.find) {
        (Begin::Index(first), Find::Range { last, step, .. }) => {
            let last = if last < 0 { i64::from(last) } else { first as i64 + i64::from(last) };
            Some((first as i64, last, step as i64))
        }
        _ => None,
    };
    match keys {
        [key] => of(key).unwrap_or_default(),
        [key, more @ ..] => {
            let Some((first, mut last, step)) = of(key) else { return (0, 0, 0) };
            for (_, more_last, _) in more.iter().filter_map(of) {
                if last >= 0 && (more_last < 0 || more_last > last) {
                    last = more_last;
                }
            }
            (first, last, step)
        }
        [] => (0, 0, 0),
    }
}

fn info(reply: &mut Reply, spec: &Spec, container: Option<&Spec>) {
    reply.array(10);
    reply.bulk(full_name(spec, container).as_bytes());
    reply.int(i64::from(spec.arity));
    let has_hidden_keys = spec
        .keys
        .iter()
        .any(|key| !matches!((key.begin, key.find), (Begin::Index(_), Find::Range { .. })));
    // Servers keep this one to themselves.
    let own = |flag: &&str| *flag != "may_replicate";
    let mut flags: Vec<&str> = spec.flags.names().filter(own).collect();
    if has_hidden_keys {
        flags.push("movablekeys");
    }
    reply.set(flags.len());
    flags.iter().for_each(|flag| reply.simple(flag));
    let (first, last, step) = key_range(spec.keys);
    [first, last, step].into_iter().for_each(|n| reply.int(n));
    let categories: Vec<String> = spec.categories_all().map(|name| format!("@{name}")).collect();
    reply.set(categories.len());
    categories.iter().for_each(|name| reply.simple(name));
    reply.set(spec.tips.len());
    spec.tips.iter().for_each(|tip| reply.bulk(tip.as_bytes()));
    reply.set(spec.keys.len());
    spec.keys.iter().for_each(|key| key_spec(reply, key));
    reply.array(spec.subcommands.len());
    spec.subcommands.iter().for_each(|sub| info(reply, sub, Some(spec)));
}

fn key_spec(reply: &mut Reply, key: &KeySpec) {
    reply.map(3);
    reply.bulk(b"flags");
    let flags: Vec<_> = key.flags.names().collect();
    reply.set(flags.len());
    flags.iter().for_each(|flag| reply.simple(flag));
    let typed = |reply: &mut Reply, ty: &str, fields: &[(&str, Result<i64, &str>)]| {
        reply.map(2);
        reply.bulk(b"type");
        reply.bulk(ty.as_bytes());
        reply.bulk(b"spec");
        reply.map(fields.len());
        for (name, value) in fields {
            reply.bulk(name.as_bytes());
            match value {
                Ok(n) => reply.int(*n),
                Err(text) => reply.bulk(text.as_bytes()),
            }
        }
    };
    reply.bulk(b"begin_search");
    match key.begin {
        Begin::Index(at) => typed(reply, "index", &[("index", Ok(at as i64))]),
        Begin::Keyword(word, from) => {
            typed(reply, "keyword", &[("keyword", Err(word)), ("startfrom", Ok(i64::from(from)))]);
        }
        Begin::Unknown => typed(reply, "unknown", &[]),
    }
    reply.bulk(b"find_keys");
    match key.find {
        Find::Range { last, step, limit } => typed(
            reply,
            "range",
            &[
                ("lastkey", Ok(i64::from(last))),
                ("keystep", Ok(step as i64)),
                ("limit", Ok(limit as i64)),
            ],
        ),
        Find::Count { at, first, step } => typed(
            reply,
            "keynum",
            &[
                ("keynumidx", Ok(at as i64)),
                ("firstkey", Ok(first as i64)),
                ("keystep", Ok(step as i64)),
            ],
        ),
        Find::Unknown => typed(reply, "unknown", &[]),
    }
}

fn group(group: Group) -> &'static str {
    match group {
        Group::Generic => "generic",
        Group::String => "string",
        Group::Bitmap => "bitmap",
        Group::List => "list",
        Group::Set => "set",
        Group::SortedSet => "sorted-set",
        Group::Hash => "hash",
        Group::Stream => "stream",
        Group::Array => "array",
        Group::Geo => "geo",
        Group::HyperLogLog => "hyperloglog",
        Group::VectorSet => "vector_set",
        Group::Connection => "connection",
        Group::Transactions => "transactions",
        Group::Server => "server",
        Group::PubSub => "pubsub",
        Group::Scripting => "scripting",
        Group::Cluster => "cluster",
    }
}

fn docs(reply: &mut Reply, spec: &Spec, container: Option<&Spec>) {
    let name = full_name(spec, container).replace('|', " ").to_ascii_uppercase();
    let fields = 3
        + usize::from(!spec.complexity.is_empty())
        + usize::from(spec.deprecated_since.is_some()) * 2
        + usize::from(!spec.args.is_empty())
        + usize::from(!spec.subcommands.is_empty());
    reply.map(fields);
    let text = |reply: &mut Reply, name: &str, value: &str| {
        reply.bulk(name.as_bytes());
        reply.bulk(value.as_bytes());
    };
    text(reply, "summary", &name);
    text(reply, "since", spec.since);
    text(reply, "group", group(spec.group));
    if !spec.complexity.is_empty() {
        text(reply, "complexity", spec.complexity);
    }
    if let Some(since) = spec.deprecated_since {
        reply.bulk(b"doc_flags");
        reply.set(1);
        reply.simple("deprecated");
        text(reply, "deprecated_since", since);
    }
    if !spec.args.is_empty() {
        reply.bulk(b"arguments");
        arguments(reply, spec.args);
    }
    if !spec.subcommands.is_empty() {
        reply.bulk(b"subcommands");
        reply.map(spec.subcommands.len());
        for sub in spec.subcommands {
            reply.bulk(full_name(sub, Some(spec)).as_bytes());
            docs(reply, sub, Some(spec));
        }
    }
}

fn arguments(reply: &mut Reply, args: &[Arg]) {
    reply.array(args.len());
    for arg in args {
        let (kind, inner, key): (&str, &[Arg], Option<usize>) = match arg.kind {
            ArgKind::Text => ("string", &[], None),
            ArgKind::Integer => ("integer", &[], None),
            ArgKind::Double => ("double", &[], None),
            ArgKind::Pattern => ("pattern", &[], None),
            ArgKind::Time => ("unix-time", &[], None),
            ArgKind::Token => ("pure-token", &[], None),
            ArgKind::Key(spec) => ("key", &[], Some(spec)),
            ArgKind::OneOf(args) => ("oneof", args, None),
            ArgKind::Block(args) => ("block", args, None),
        };
        let flags: Vec<&str> = [
            (arg.optional, "optional"),
            (arg.many, "multiple"),
            (arg.token_each, "multiple_token"),
        ]
        .into_iter()
        .filter_map(|(holds, name)| holds.then_some(name))
        .collect();
        let fields = 2
            + usize::from(inner.is_empty())
            + usize::from(key.is_some())
            + usize::from(arg.token.is_some())
            + usize::from(!flags.is_empty())
            + usize::from(!inner.is_empty());
        reply.map(fields);
        let mut text = |name: &str, value: &str| {
            reply.bulk(name.as_bytes());
            reply.bulk(value.as_bytes());
        };
        text("name", arg.name);
        text("type", kind);
        if inner.is_empty() {
            text("display_text", arg.name);
        }
        if let Some(token) = arg.token {
            text("token", token);
        }
        if let Some(key) = key {
            reply.bulk(b"key_spec_index");
            reply.count(key as u64);
        }
        if !flags.is_empty() {
            reply.bulk(b"flags");
            reply.set(flags.len());
            flags.iter().for_each(|flag| reply.simple(flag));
        }
        if !inner.is_empty() {
            reply.bulk(b"arguments");
            arguments(reply, inner);
        }
    }
}

/// Chooses commands by name and what is known of them.
type Filter<'a> = Box<dyn Fn(&str, &Spec) -> bool + 'a>;

/// All commands and subcommands with their names.
fn all_named() -> impl Iterator<Item = (String, &'static Spec)> {
    all().into_iter().flat_map(|spec| {
        let subs = spec.subcommands.iter().map(|sub| (full_name(sub, Some(spec)), sub));
        std::iter::once((spec.name.to_owned(), spec)).chain(subs)
    })
}

fn list(reply: &mut Reply, args: &[&[u8]]) -> Done {
    let keeps: Filter<'_> = match args.get(2..).unwrap_or_default() {
        [] => Box::new(|_, _| true),
        [by, kind, value] if by.eq_ignore_ascii_case(b"filterby") => {
            match kind.to_ascii_lowercase().as_slice() {
                b"module" => Box::new(|_, _| false),
                b"aclcat" => Box::new(|_, spec| {
                    spec.categories_all().any(|name| name.as_bytes().eq_ignore_ascii_case(value))
                }),
                b"pattern" => {
                    let glob = Glob::new(&value.to_ascii_lowercase());
                    Box::new(move |name, _| glob.matches(name.as_bytes()))
                }
                _ => return Err(Error::Syntax),
            }
        }
        _ => return Err(Error::Syntax),
    };
    let names: Vec<String> =
        all_named().filter(|(name, spec)| keeps(name, spec)).map(|(name, _)| name).collect();
    reply.array(names.len());
    names.iter().for_each(|name| reply.bulk(name.as_bytes()));
    Ok(())
}

fn keys(reply: &mut Reply, args: &[&[u8]], with_flags: bool) -> Done {
    let inner = args.get(2..).unwrap_or_default();
    let spec = inner.first().and_then(|name| command::lookup(name));
    let spec = spec.and_then(|spec| spec.resolve(inner));
    let spec = spec.ok_or_else(|| Error::text("ERR Invalid command specified"))?;
    let may_lack = spec.flags.contains(NO_MANDATORY_KEYS);
    if spec.keys.is_empty() {
        return Err(Error::text("ERR The command has no key arguments"));
    }
    if !spec.takes(inner.len()) {
        return Err(Error::text("ERR Invalid number of arguments specified for command"));
    }
    let keys = spec
        .keys_of(inner)
        .map_err(|_| Error::text("ERR Invalid arguments specified for command"))?;
    if keys.is_empty() && !may_lack {
        return Err(Error::text("ERR The command has no key arguments"));
    }
    reply.array(keys.len());
    for key in keys {
        let name = inner.get(key.index).copied().unwrap_or_default();
        if with_flags {
            reply.array(2);
            reply.bulk(name);
            let flags: Vec<_> = key.flags.names().collect();
            reply.set(flags.len());
            flags.iter().for_each(|flag| reply.simple(flag));
        } else {
            reply.bulk(name);
        }
    }
    Ok(())
}
