//! Ranges of sorted sets, by rank, score or member.

use super::super::super::Ctx;
use super::super::super::error::Error;
use super::super::super::parse::{index_range, int, is};
use super::{Done, Pairs, open_members, reply_pair, store};
use crate::base::bulk::{Bulk, IntBuf};
use crate::base::num::parse_double;
use crate::keyspace::{Change, Event};
use crate::value::Zset;
use crate::value::zset::Edge;
use std::ops::Range;

/// One end of a range of scores.
#[derive(Debug, Clone, Copy, PartialEq)]
struct ScoreEnd {
    score: f64,
    /// Whether the score itself is left out.
    is_open: bool,
}

impl ScoreEnd {
    fn parse(text: &[u8]) -> Result<ScoreEnd, Error> {
        let (is_open, number) = match text.strip_prefix(b"(") {
            Some(number) => (true, number),
            None => (false, text),
        };
        // As `strtod` does, an empty text counts as zero, and what overflows is infinite.
        let score = if number.is_empty() { Some(0.0) } else { parse_double(number) };
        let score = score.filter(|score| !score.is_nan());
        let score = score.ok_or(Error::text("ERR min or max is not a float"))?;
        Ok(ScoreEnd { score, is_open })
    }
}

/// One end of a range of members.
#[derive(Debug, Clone, Copy, PartialEq)]
enum LexEnd<'a> {
    Lowest,
    Highest,
    Open(&'a [u8]),
    Closed(&'a [u8]),
}

impl<'a> LexEnd<'a> {
    fn parse(text: &'a [u8]) -> Result<LexEnd<'a>, Error> {
        match text {
            b"-" => Ok(LexEnd::Lowest),
            b"+" => Ok(LexEnd::Highest),
            [b'(', member @ ..] => Ok(LexEnd::Open(member)),
            [b'[', member @ ..] => Ok(LexEnd::Closed(member)),
            _ => Err(Error::text("ERR min or max not valid string range item")),
        }
    }

    /// The border before the first member of a range that begins here.
    fn before(self) -> Edge<'a> {
        match self {
            LexEnd::Lowest => Edge::Start,
            LexEnd::Highest => Edge::End,
            LexEnd::Open(member) => Edge::AfterMember(member),
            LexEnd::Closed(member) => Edge::BeforeMember(member),
        }
    }

    /// The border behind the last member of a range that ends here.
    fn behind(self) -> Edge<'a> {
        match self {
            LexEnd::Lowest => Edge::Start,
            LexEnd::Highest => Edge::End,
            LexEnd::Open(member) => Edge::BeforeMember(member),
            LexEnd::Closed(member) => Edge::AfterMember(member),
        }
    }
}

/// What a range goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Rank,
    Score,
    Member,
}

/// A range of a sorted set, with its ends in ascending order except where it goes by rank.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Span<'a> {
    Rank(i64, i64),
    Score(ScoreEnd, ScoreEnd),
    Member(LexEnd<'a>, LexEnd<'a>),
}

impl<'a> Span<'a> {
    fn parse(by: By, min: &'a [u8], max: &'a [u8]) -> Result<Span<'a>, Error> {
        Ok(match by {
            By::Rank => Span::Rank(int(min)?, int(max)?),
            By::Score => Span::Score(ScoreEnd::parse(min)?, ScoreEnd::parse(max)?),
            By::Member => Span::Member(LexEnd::parse(min)?, LexEnd::parse(max)?),
        })
    }

    /// The ranks it covers; those by rank are counted from the end if it goes `backwards`.
    fn ranks(&self, set: &Zset, backwards: bool) -> Range<u64> {
        let (before, behind) = match *self {
            Span::Rank(start, end) => {
                let len = set.len();
                let range = index_range(start, end, len as usize);
                let (start, end) = (range.start as u64, range.end as u64);
                return if backwards { len - end..len - start } else { start..end };
            }
            Span::Score(min, max) => (
                if min.is_open {
                    Edge::AfterScore(min.score)
                } else {
                    Edge::BeforeScore(min.score)
                },
                if max.is_open {
                    Edge::BeforeScore(max.score)
                } else {
                    Edge::AfterScore(max.score)
                },
            ),
            Span::Member(min, max) => {
                if let Some(ranks) = walked_ranks(set, min, max, backwards) {
                    return ranks;
                }
                (min.before(), max.behind())
            }
        };
        let (start, end) = (set.count_before(before), set.count_before(behind));
        start..end.max(start)
    }
}

/// The ranks of a range of members in a set whose scores differ, so that its members are in no order. What comes of it is not
/// specified, but servers look first whether the set's ends rule out the range. Of a small set they find the same each time: they
/// walk from the end they begin at to the first member that is in the range or past it, and go on to the first that is past it.
/// `None` for sets whose scores are equal, and for large ones, of which servers find one thing or another.
fn walked_ranks(
    set: &Zset,
    min: LexEnd<'_>,
    max: LexEnd<'_>,
    backwards: bool,
) -> Option<Range<u64>> {
    let (mut first, mut last) = (set.iter(), set.iter_by_rank(set.len().saturating_sub(1), true));
    let (first, last) = (first.next()?, last.next()?);
    if first.1 == last.1 {
        return None;
    }
    let is_below = |(member, score): (Bulk<'_>, f64)| {
        min.before().is_behind(score, member.text(&mut IntBuf::new()))
    };
    let is_above = |(member, score): (Bulk<'_>, f64)| {
        !max.behind().is_behind(score, member.text(&mut IntBuf::new()))
    };
    if is_below(last) || is_above(first) {
        return Some(0..0);
    }
    if !set.is_packed() {
        return None;
    }
    let len = set.len();
    Some(if backwards {
        let members = || set.iter_by_rank(len - 1, true);
        let passed = members().take_while(|pair| is_above(*pair)).count();
        let found = members().skip(passed).take_while(|pair| !is_below(*pair)).count();
        let end = len - passed as u64;
        end - found as u64..end
    } else {
        let passed = set.iter().take_while(|pair| is_below(*pair)).count();
        let found = set.iter().skip(passed).take_while(|pair| !is_above(*pair)).count();
        passed as u64..(passed + found) as u64
    })
}

/// Where the members of a range that are wanted stand: the rank to begin at, and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Window {
    first: u64,
    count: u64,
    backwards: bool,
}

/// Which of a range's members are wanted, and in which direction.
#[derive(Debug, Clone, Copy)]
struct Options {
    by: By,
    backwards: bool,
    offset: i64,
    /// All if negative.
    limit: i64,
    with_scores: bool,
}

impl Options {
    fn new(by: By, backwards: bool) -> Options {
        Options { by, backwards, offset: 0, limit: -1, with_scores: false }
    }

    /// Reads the options behind a range: LIMIT and WITHSCORES.
    fn parse_tail(mut self, args: &[&[u8]], scores: bool) -> Result<Options, Error> {
        let mut at = 0;
        while at < args.len() {
            at += self.take_shared(args, at, scores)?.ok_or(Error::Syntax)?;
        }
        Ok(self)
    }

    /// Reads all options of ZRANGE.
    fn parse_general(args: &[&[u8]], scores: bool) -> Result<Options, Error> {
        let mut options = Options::new(By::Rank, false);
        let mut at = 0;
        while at < args.len() {
            if let Some(taken) = options.take_shared(args, at, scores)? {
                at += taken;
                continue;
            }
            match args[at] {
                word if is(word, "rev") && !options.backwards => options.backwards = true,
                word if is(word, "bylex") && options.by == By::Rank => options.by = By::Member,
                word if is(word, "byscore") && options.by == By::Rank => options.by = By::Score,
                _ => return Err(Error::Syntax),
            }
            at += 1;
        }
        Ok(options)
    }

    /// Reads one option that all have. Returns how many arguments it took.
    fn take_shared(
        &mut self,
        args: &[&[u8]],
        at: usize,
        scores: bool,
    ) -> Result<Option<usize>, Error> {
        if scores && is(args[at], "withscores") {
            self.with_scores = true;
            return Ok(Some(1));
        }
        match &args[at..] {
            [word, offset, limit, ..] if is(word, "limit") => {
                self.offset = int(offset)?;
                self.limit = int(limit)?;
                Ok(Some(3))
            }
            _ => Ok(None),
        }
    }

    /// Refuses options that do not go together.
    fn check(&self) -> Result<(), Error> {
        if self.limit != -1 && self.by == By::Rank {
            return Err(Error::text(
                "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
            ));
        }
        if self.with_scores && self.by == By::Member {
            return Err(Error::text(
                "ERR syntax error, WITHSCORES not supported in combination with BYLEX",
            ));
        }
        Ok(())
    }

    /// Reads the ends of the range, which stand the other way round if it goes backwards by score or member.
    fn span<'a>(&self, first: &'a [u8], second: &'a [u8]) -> Result<Span<'a>, Error> {
        if self.backwards && self.by != By::Rank {
            Span::parse(self.by, second, first)
        } else {
            Span::parse(self.by, first, second)
        }
    }

    /// The members of a set that are wanted.
    fn window(&self, set: &Zset, span: &Span<'_>) -> Window {
        let ranks = span.ranks(set, self.backwards);
        let len = ranks.end - ranks.start;
        // A rank's range has no LIMIT; a negative offset leaves nothing of others.
        let skipped = match self.by {
            By::Rank => 0,
            _ => u64::try_from(self.offset).map_or(len, |offset| offset.min(len)),
        };
        let left = len - skipped;
        let count = u64::try_from(self.limit).map_or(left, |limit| limit.min(left));
        let first = if self.backwards {
            ranks.end.saturating_sub(1 + skipped)
        } else {
            ranks.start + skipped
        };
        Window { first, count, backwards: self.backwards }
    }
}

/// The work of all commands that read a range: `args` are the range's ends.
fn reply_range(ctx: &mut Ctx<'_, '_>, key: &[u8], ends: [&[u8]; 2], options: Options) -> Done {
    options.check()?;
    let span = options.span(ends[0], ends[1])?;
    let Some(set) = ctx.unit.read::<Zset>(key)? else {
        ctx.reply.array(0);
        return Ok(());
    };
    let window = options.window(set, &span);
    open_members(ctx.reply, window.count as usize, options.with_scores);
    let members = set.iter_by_rank(window.first, window.backwards);
    for (member, score) in members.take(window.count as usize) {
        reply_pair(ctx.reply, member, score, options.with_scores);
    }
    Ok(())
}

pub(super) fn zrange(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let options = Options::parse_general(&args[4..], true)?;
    reply_range(ctx, args[1], [args[2], args[3]], options)
}

pub(super) fn zrevrange(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let options = Options::new(By::Rank, true).parse_tail(&args[4..], true)?;
    reply_range(ctx, args[1], [args[2], args[3]], options)
}

pub(super) fn zrangebyscore(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let options = Options::new(By::Score, false).parse_tail(&args[4..], true)?;
    reply_range(ctx, args[1], [args[2], args[3]], options)
}

pub(super) fn zrevrangebyscore(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let options = Options::new(By::Score, true).parse_tail(&args[4..], true)?;
    reply_range(ctx, args[1], [args[2], args[3]], options)
}

pub(super) fn zrangebylex(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let options = Options::new(By::Member, false).parse_tail(&args[4..], true)?;
    reply_range(ctx, args[1], [args[2], args[3]], options)
}

pub(super) fn zrevrangebylex(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let options = Options::new(By::Member, true).parse_tail(&args[4..], true)?;
    reply_range(ctx, args[1], [args[2], args[3]], options)
}

pub(super) fn zrangestore(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let options = Options::parse_general(&args[5..], false)?;
    options.check()?;
    let span = options.span(args[3], args[4])?;
    let pairs = match ctx.unit.read::<Zset>(args[2])? {
        None => Pairs::new(),
        Some(set) => {
            let window = options.window(set, &span);
            set.iter_by_rank(window.first, window.backwards)
                .take(window.count as usize)
                .map(|(member, score)| (member.text(&mut IntBuf::new()).to_vec(), score))
                .collect()
        }
    };
    let stored = store(ctx, args[1], pairs, "zrangestore")?;
    ctx.reply.count(stored);
    Ok(())
}

pub(super) fn zcount(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    count(ctx, args, By::Score)
}

pub(super) fn zlexcount(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    count(ctx, args, By::Member)
}

fn count(ctx: &mut Ctx<'_, '_>, args: &[&[u8]], by: By) -> Done {
    let span = Span::parse(by, args[2], args[3])?;
    let ranks = ctx.unit.read::<Zset>(args[1])?.map_or(0..0, |set| span.ranks(set, false));
    ctx.reply.count(ranks.end - ranks.start);
    Ok(())
}

pub(super) fn zremrangebyrank(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    remove(ctx, args, By::Rank, "zremrangebyrank")
}

pub(super) fn zremrangebyscore(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    remove(ctx, args, By::Score, "zremrangebyscore")
}

pub(super) fn zremrangebylex(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    remove(ctx, args, By::Member, "zremrangebylex")
}

fn remove(ctx: &mut Ctx<'_, '_>, args: &[&[u8]], by: By, event: &'static str) -> Done {
    let span = Span::parse(by, args[2], args[3])?;
    let removed = ctx.update(args[1], |place| {
        let Some(set) = place.read::<Zset>()? else { return Ok((0, Change::None)) };
        let ranks = span.ranks(set, false);
        if ranks.is_empty() {
            return Ok((0, Change::None));
        }
        let Some((set, _)) = place.get::<Zset>()? else { return Ok((0, Change::None)) };
        let removed = set.remove_by_rank(ranks, |_, _| {});
        Ok((removed, Change::wrote(Event::zset(event), removed)))
    })?;
    ctx.reply.count(removed);
    Ok(())
}
