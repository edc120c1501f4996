//! ARGREP: items by what they hold.

use super::super::super::Ctx;
use super::super::super::error::Error;
use super::super::super::parse::is;
use super::read::{limit, reply_pair};
use super::{Done, index};
use crate::base::glob::Glob;
use crate::value::Array;
use memchr::memmem::Finder;
use regex::bytes::{Regex, RegexBuilder};

/// Most conditions of one command.
const PREDICATES_MAX: usize = 250;

/// Longest regular expression, in bytes.
const REGEX_BYTES_MAX: usize = 2048;

/// Most memory that a regular expression takes once it is compiled, and again while it is used.
const COMPILED_BYTES_MAX: usize = 1 << 18;

/// A condition on an item's value, in lower case if case does not matter.
enum Predicate {
    Exact(Vec<u8>),
    Part(Box<Finder<'static>>),
    Glob(Glob),
    Regex(Regex),
}

impl Predicate {
    /// A condition, if the word is one.
    fn parse(word: &[u8], text: &[u8], no_case: bool) -> Option<Result<Predicate, Error>> {
        let own = || if no_case { text.to_ascii_lowercase() } else { text.to_vec() };
        Some(Ok(match word {
            _ if is(word, "exact") => Predicate::Exact(own()),
            _ if is(word, "match") => Predicate::Part(Box::new(Finder::new(&own()).into_owned())),
            _ if is(word, "glob") => Predicate::Glob(Glob::new(&own())),
            _ if is(word, "re") => return Some(compiled(text, no_case).map(Predicate::Regex)),
            _ => return None,
        }))
    }

    /// Whether a value, and the same in lower case if case does not matter, meets the condition.
    fn holds(&self, value: &[u8], folded: &[u8]) -> bool {
        match self {
            Predicate::Exact(wanted) => folded == wanted,
            Predicate::Part(finder) => finder.find(folded).is_some(),
            Predicate::Glob(glob) => glob.matches(folded),
            Predicate::Regex(regex) => regex.is_match(value),
        }
    }
}

/// A regular expression. Servers take POSIX extended ones, of which nearly all mean the same here: what differs are a few escapes
/// beyond the standard, and words such as `[[.hyphen.]]`.
fn compiled(text: &[u8], no_case: bool) -> Result<Regex, Error> {
    if text.is_empty() {
        return Err(Error::text("ERR regular expression is empty"));
    }
    if text.len() > REGEX_BYTES_MAX {
        return Err(Error::text(format!(
            "ERR regular expression is too long, maximum is {REGEX_BYTES_MAX} bytes"
        )));
    }
    if has_back_reference(text) {
        return Err(Error::text("ERR regular expression backreferences are not supported"));
    }
    let invalid = |why: &str| {
        // Of the several lines that explain it, the last one says what is wrong.
        let why = why.lines().last().unwrap_or_default();
        Error::text(format!("ERR invalid regular expression: {why}"))
    };
    let text = std::str::from_utf8(text).map_err(|_| invalid("it is not UTF-8"))?;
    RegexBuilder::new(text)
        .unicode(text.bytes().any(|byte| !byte.is_ascii()))
        .case_insensitive(no_case)
        .dot_matches_new_line(true)
        .size_limit(COMPILED_BYTES_MAX)
        .dfa_size_limit(COMPILED_BYTES_MAX)
        .build()
        .map_err(|error| invalid(&error.to_string()))
}

/// Whether there is a `\1` or the like.
fn has_back_reference(text: &[u8]) -> bool {
    let mut escaped = false;
    text.iter().any(|byte| {
        let is_reference = escaped && matches!(byte, b'1'..=b'9');
        escaped = !escaped && *byte == b'\\';
        is_reference
    })
}

/// What the command is told.
struct Request {
    predicates: Vec<Predicate>,
    /// Whether an item must meet all conditions.
    all: bool,
    limit: usize,
    with_values: bool,
    no_case: bool,
}

impl Request {
    fn parse(args: &[&[u8]]) -> Result<Request, Error> {
        let mut request = Request {
            predicates: Vec::new(),
            all: false,
            limit: usize::MAX,
            with_values: false,
            no_case: false,
        };
        let mut words: Vec<(&[u8], &[u8])> = Vec::new();
        let mut rest = args;
        while let [word, tail @ ..] = rest {
            rest = tail;
            match word {
                _ if is(word, "and") => request.all = true,
                _ if is(word, "or") => request.all = false,
                _ if is(word, "withvalues") => request.with_values = true,
                _ if is(word, "nocase") => request.no_case = true,
                _ => {
                    let [argument, tail @ ..] = rest else { return Err(Error::Syntax) };
                    rest = tail;
                    if is(word, "limit") {
                        request.limit = limit(argument)?;
                    } else if words.len() < PREDICATES_MAX {
                        words.push((word, argument));
                    } else {
                        return Err(Error::text(format!(
                            "ERR too many predicates, maximum is {PREDICATES_MAX}"
                        )));
                    }
                }
            }
        }
        for (word, argument) in words {
            let predicate = Predicate::parse(word, argument, request.no_case);
            request.predicates.push(predicate.ok_or(Error::Syntax)??);
        }
        if request.predicates.is_empty() { Err(Error::Syntax) } else { Ok(request) }
    }

    fn takes(&self, value: &[u8]) -> bool {
        let folded = self.no_case.then(|| value.to_ascii_lowercase());
        let folded = folded.as_deref().unwrap_or(value);
        let holds = |predicate: &Predicate| predicate.holds(value, folded);
        if self.all { self.predicates.iter().all(holds) } else { self.predicates.iter().any(holds) }
    }
}

/// One end of the range, where `-` and `+` are the ends of the array.
enum Bound {
    First,
    Last,
    At(u64),
}

impl Bound {
    fn parse(text: &[u8]) -> Result<Bound, Error> {
        match text {
            b"-" => Ok(Bound::First),
            b"+" => Ok(Bound::Last),
            _ => index(text).map(Bound::At),
        }
    }

    fn of(&self, array: &Array) -> u64 {
        match self {
            Bound::First => 0,
            Bound::Last => array.len().saturating_sub(1),
            Bound::At(index) => *index,
        }
    }
}

pub(super) fn argrep(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let (from, to) = (Bound::parse(args[2])?, Bound::parse(args[3])?);
    let request = Request::parse(&args[4..])?;
    let Some(array) = ctx.unit.read::<Array>(args[1])? else {
        ctx.reply.array(0);
        return Ok(());
    };
    let items = array.items(from.of(array), to.of(array));
    let found = items.filter(|(_, value)| request.takes(value)).take(request.limit);
    ctx.reply.array_later(|reply| {
        let one = |item: (u64, &[u8])| {
            if request.with_values { reply_pair(reply, item) } else { reply.count(item.0) }
        };
        Ok(found.map(one).count())
    })
}
