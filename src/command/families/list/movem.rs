//! LMOVEM and BLMOVEM: several elements from one list to another.

use super::super::super::error::Error;
use super::super::super::parse::{int_between, is, timeout_ms};
use super::super::super::{Ctx, WaitFor};
use super::{Done, Side, reply_all, take};
use crate::keyspace::Change;
use crate::value::List;
use crate::value::limits::Limits;

/// How elements stand in the list they come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// As if they had been moved one by one.
    OneByOne,
    /// As they stood before.
    Bulk,
}

impl Order {
    fn word(self) -> &'static [u8] {
        if self == Order::OneByOne { b"OBO" } else { b"BULK" }
    }
}

/// What the commands are told.
struct Request<'a> {
    source: &'a [u8],
    target: &'a [u8],
    from: Side,
    to: Side,
    count: u64,
    /// Whether fewer than `count` are as good as none.
    exactly: bool,
    order: Order,
}

impl<'a> Request<'a> {
    /// Reads the arguments, with those that say how many from `at` on.
    fn parse(args: &[&'a [u8]], at: usize) -> Result<Request<'a>, Error> {
        const NO_COUNT: &str = "ERR count should be greater than 0";
        let (from, to) = (Side::parse(args[3])?, Side::parse(args[4])?);
        let (count, exactly, order) = match &args[at..] {
            [] => (1, false, Order::OneByOne),
            [selector, count, order] => {
                let exactly = match selector {
                    word if is(word, "exactly") => true,
                    word if is(word, "count") => false,
                    _ => return Err(Error::Syntax),
                };
                let count = int_between(count, 1, i64::MAX, NO_COUNT)?;
                let order = match order {
                    word if is(word, "obo") => Order::OneByOne,
                    word if is(word, "bulk") => Order::Bulk,
                    _ => return Err(Error::Syntax),
                };
                (count.unsigned_abs(), exactly, order)
            }
            _ => return Err(Error::Syntax),
        };
        Ok(Request { source: args[1], target: args[2], from, to, count, exactly, order })
    }

    /// How many elements there are to move now.
    fn movable(&self, ctx: &mut Ctx<'_, '_>) -> Result<u64, Error> {
        let len = ctx.unit.read::<List>(self.source)?.map_or(0, List::len);
        let is_enough = !self.exactly || len >= self.count;
        Ok(if is_enough { len.min(self.count) } else { 0 })
    }

    /// Brings elements, which were taken the outermost first, into the order in which they stand at their new place.
    fn arrange(&self, elements: &mut [Vec<u8>]) {
        let end = if self.order == Order::Bulk { Side::Right } else { Side::Left };
        let side = if self.order == Order::Bulk { self.from } else { self.to };
        if side == end {
            elements.reverse();
        }
    }

    fn put(&self, list: &mut List, elements: &[Vec<u8>], limits: &Limits) {
        match self.to {
            Side::Left => {
                elements.iter().rev().for_each(|element| list.push_front(element, limits));
            }
            Side::Right => elements.iter().for_each(|element| list.push_back(element, limits)),
        }
    }

    /// Moves so many elements, which are there, and replies with them. All are taken before the first is put back.
    fn run(&self, ctx: &mut Ctx<'_, '_>, count: u64) -> Done {
        ctx.unit.read::<List>(self.target)?;
        let moved = if self.source == self.target {
            // In one change, so that a list that is moved as a whole stays with its expiry time.
            let moved = ctx.update(self.source, |place| {
                let Some((list, limits)) = place.get::<List>()? else {
                    return Ok((Vec::new(), Change::None));
                };
                let pop = || match self.from {
                    Side::Left => list.pop_front(),
                    Side::Right => list.pop_back(),
                };
                let mut moved: Vec<Vec<u8>> =
                    std::iter::from_fn(pop).take(count as usize).collect();
                self.arrange(&mut moved);
                self.put(list, &moved, limits);
                Ok((moved, Change::wrote(self.to.push_event(), count)))
            })?;
            ctx.unit.event(self.from.pop_event(), self.source);
            moved
        } else {
            let mut moved = take(ctx, self.source, self.from, count)?.unwrap_or_default();
            self.arrange(&mut moved);
            ctx.update(self.target, |place| {
                let (list, limits) = place.get_or_create::<List>()?;
                self.put(list, &moved, limits);
                Ok::<_, Error>(((), Change::wrote(self.to.push_event(), count)))
            })?;
            moved
        };
        reply_all(ctx.reply, &moved);
        Ok(())
    }
}

pub(super) fn lmovem(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let request = Request::parse(args, 5)?;
    match request.movable(ctx)? {
        0 => ctx.reply.null_array(),
        count => request.run(ctx, count)?,
    }
    Ok(())
}

pub(super) fn blmovem(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let request = Request::parse(args, 6)?;
    let timeout_ms = timeout_ms(args[5], ctx.now_ms())?;
    let count = request.movable(ctx)?;
    if count == 0 {
        ctx.wait(WaitFor::List, &[request.source], timeout_ms);
        ctx.reply.null_array();
        return Ok(());
    }
    request.run(ctx, count)?;
    ctx.propagate(&[
        b"LMOVEM",
        request.source,
        request.target,
        request.from.word(),
        request.to.word(),
        b"EXACTLY",
        count.to_string().as_bytes(),
        request.order.word(),
    ]);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::super::check::{
        check_effects, check_propagated, check_replies, check_replies_in,
    };

    #[test]
    fn ends_and_orders() {
        for (ends, order, moved, list) in [
            ("LEFT LEFT", "OBO", "$1 b $1 a", "$1 b $1 a $1 x $1 y"),
            ("LEFT LEFT", "BULK", "$1 a $1 b", "$1 a $1 b $1 x $1 y"),
            ("LEFT RIGHT", "OBO", "$1 a $1 b", "$1 x $1 y $1 a $1 b"),
            ("left right", "bulk", "$1 a $1 b", "$1 x $1 y $1 a $1 b"),
            ("RIGHT LEFT", "OBO", "$1 c $1 d", "$1 c $1 d $1 x $1 y"),
            ("RIGHT LEFT", "BULK", "$1 c $1 d", "$1 c $1 d $1 x $1 y"),
            ("RIGHT RIGHT", "OBO", "$1 d $1 c", "$1 x $1 y $1 d $1 c"),
            ("RIGHT RIGHT", "BULK", "$1 c $1 d", "$1 x $1 y $1 c $1 d"),
        ] {
            check_replies(&[
                ("RPUSH s a b c d", ":4"),
                ("RPUSH t x y", ":2"),
                (&format!("LMOVEM s t {ends} COUNT 2 {order}"), &format!("*2 {moved}")),
                ("LRANGE t 0 -1", &format!("*4 {list}")),
                ("LLEN s", ":2"),
            ]);
        }
    }

    #[test]
    fn how_many() {
        check_replies(&[
            ("LMOVEM s t LEFT LEFT", "*-1"),
            ("LMOVEM s t LEFT LEFT COUNT 2 OBO", "*-1"),
            ("RPUSH s a b c", ":3"),
            ("LMOVEM s t LEFT RIGHT", "*1 $1 a"),
            ("LMOVEM s t LEFT RIGHT EXACTLY 3 BULK", "*-1"),
            ("LMOVEM s t LEFT RIGHT COUNT 9 BULK", "*2 $1 b $1 c"),
            ("EXISTS s", ":0"),
            ("LMOVEM t t LEFT LEFT EXACTLY 2 OBO", "*2 $1 b $1 a"),
            ("LRANGE t 0 -1", "*3 $1 b $1 a $1 c"),
            ("LMOVEM t t LEFT RIGHT COUNT 2 BULK", "*2 $1 b $1 a"),
            ("LMOVEM t t RIGHT RIGHT COUNT 9 BULK", "*3 $1 c $1 b $1 a"),
            ("BLMOVEM t s LEFT LEFT 0 EXACTLY 3 OBO", "*3 $1 a $1 b $1 c"),
            ("BLMOVEM t s LEFT LEFT 0 EXACTLY 3 OBO", "*-1"),
        ]);
        check_replies_in(true, &[("LMOVEM s t LEFT LEFT", "_")]);
    }

    #[test]
    fn what_is_not_taken() {
        check_replies(&[
            ("RPUSH s a b", ":2"),
            ("SET k v", "+OK"),
            ("LMOVEM s t LEFT RIGHT COUNT 2", "-ERR syntax error"),
            ("LMOVEM s t LEFT RIGHT COUNT 2 OBO more", "-ERR syntax error"),
            ("LMOVEM s t LEFT RIGHT ABOUT 2 OBO", "-ERR syntax error"),
            ("LMOVEM s t LEFT RIGHT COUNT 2 UPWARDS", "-ERR syntax error"),
            ("LMOVEM s t LEFT BEHIND COUNT 2 OBO", "-ERR syntax error"),
            ("LMOVEM s t LEFT RIGHT COUNT 0 OBO", "-ERR count should be greater than 0"),
            ("LMOVEM s t LEFT RIGHT EXACTLY x OBO", "-ERR count should be greater than 0"),
            ("BLMOVEM s t LEFT RIGHT x", "-ERR timeout is not a float or out of range"),
            ("BLMOVEM s t LEFT RIGHT -1", "-ERR timeout is negative"),
            (
                "LMOVEM s k LEFT RIGHT COUNT 2 OBO",
                "-WRONGTYPE Operation against a key holding the wrong kind of value",
            ),
            (
                "LMOVEM k s LEFT RIGHT",
                "-WRONGTYPE Operation against a key holding the wrong kind of value",
            ),
            ("LLEN s", ":2"),
        ]);
    }

    #[test]
    fn what_others_are_told() {
        check_propagated(&[
            ("RPUSH s a b c d e", None),
            ("LMOVEM s t LEFT RIGHT COUNT 1 BULK", None),
            (
                "BLMOVEM s t left right 0 COUNT 2 bulk",
                Some(&["LMOVEM s t LEFT RIGHT EXACTLY 2 BULK"]),
            ),
            ("BLMOVEM s t RIGHT LEFT 0", Some(&["LMOVEM s t RIGHT LEFT EXACTLY 1 OBO"])),
            ("BLMOVEM s t RIGHT LEFT 0 EXACTLY 9 OBO", None),
        ]);
        check_effects(&[
            ("RPUSH s a b", 2, &["new", "rpush"]),
            ("LMOVEM s t LEFT RIGHT COUNT 2 OBO", 4, &["lpop", "del", "new", "rpush"]),
            ("LMOVEM t t RIGHT LEFT COUNT 2 OBO", 2, &["lpush", "rpop"]),
        ]);
    }
}
