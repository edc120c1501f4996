//! Searches for places in a circle or a box.

use super::super::super::Ctx;
use super::super::super::error::Error;
use super::super::super::parse::{float_or, int, is};
use super::hash::{self, Shape};
use super::{Done, position, radius, reply_distance, reply_place, unit_m};
use crate::command::families::zset;
use crate::value::Zset;
use crate::value::zset::Edge;

/// Which command searches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// GEORADIUS and its kin.
    Radius {
        stores: bool,
    },
    Search,
    SearchStore,
}

/// What is searched for and what is told of it.
#[derive(Debug, Clone, Default)]
struct Request<'a> {
    center: Option<[f64; 2]>,
    /// The shape and the metres in its unit.
    shape: Option<(Shape, f64)>,
    with_distance: bool,
    with_hash: bool,
    with_place: bool,
    any: bool,
    /// Whether the nearest come first, or last.
    ascending: Option<bool>,
    /// Most places; 0 for all.
    count: u64,
    target: Option<&'a [u8]>,
    stores_distance: bool,
}

/// A place that was found.
#[derive(Debug, Clone)]
struct Found {
    member: Vec<u8>,
    score: f64,
    distance_m: f64,
    place: [f64; 2],
}

fn circle(number: &[u8], unit: &[u8]) -> Result<(Shape, f64), Error> {
    let (radius, unit_m) = radius(number, unit)?;
    Ok((Shape::Circle { radius: radius * unit_m }, unit_m))
}

fn rectangle(width: &[u8], height: &[u8], unit: &[u8]) -> Result<(Shape, f64), Error> {
    let width = float_or(width, "ERR need numeric width")?;
    let height = float_or(height, "ERR need numeric height")?;
    if width < 0.0 || height < 0.0 {
        return Err(Error::text("ERR height or width cannot be negative"));
    }
    let unit = unit_m(unit)?;
    Ok((Shape::Box { width: width * unit, height: height * unit }, unit))
}

/// The place of a member. Where the key is missing any place does, as nothing will be found.
fn place_of(set: Option<&Zset>, member: &[u8]) -> Result<[f64; 2], Error> {
    let Some(set) = set else { return Ok([0.0, 0.0]) };
    let score = set.score(member);
    score.map(hash::decode).ok_or(Error::text("ERR could not decode requested zset member"))
}

impl<'a> Request<'a> {
    fn parse_options(
        &mut self,
        set: Option<&Zset>,
        mut options: &'a [&'a [u8]],
        form: Form,
    ) -> Result<(), Error> {
        let searches = !matches!(form, Form::Radius { .. });
        let (mut from_member, mut from_place) = (false, false);
        let (mut by_radius, mut by_box) = (false, false);
        while let [word, rest @ ..] = options {
            let taken = match (*word, rest) {
                (word, _) if is(word, "withdist") => set_flag(&mut self.with_distance),
                (word, _) if is(word, "withhash") => set_flag(&mut self.with_hash),
                (word, _) if is(word, "withcoord") => set_flag(&mut self.with_place),
                (word, _) if is(word, "any") => set_flag(&mut self.any),
                (word, _) if is(word, "asc") || is(word, "desc") => {
                    self.ascending = Some(is(word, "asc"));
                    0
                }
                (word, [count, ..]) if is(word, "count") => {
                    let count = int(count)?;
                    if count <= 0 {
                        return Err(Error::text("ERR COUNT must be > 0"));
                    }
                    self.count = count.unsigned_abs();
                    1
                }
                (word, [key, ..])
                    if form == (Form::Radius { stores: true })
                        && (is(word, "store") || is(word, "storedist")) =>
                {
                    self.target = Some(key);
                    self.stores_distance = is(word, "storedist");
                    1
                }
                (word, _) if form == Form::SearchStore && is(word, "storedist") => {
                    set_flag(&mut self.stores_distance)
                }
                (word, [member, ..]) if searches && !from_place && is(word, "frommember") => {
                    self.center = Some(place_of(set, member)?);
                    from_member = true;
                    1
                }
                (word, [x, y, ..]) if searches && !from_member && is(word, "fromlonlat") => {
                    self.center = Some(position(x, y)?);
                    from_place = true;
                    2
                }
                (word, [number, unit, ..]) if searches && !by_box && is(word, "byradius") => {
                    self.shape = Some(circle(number, unit)?);
                    by_radius = true;
                    2
                }
                (word, [width, height, unit, ..])
                    if searches && !by_radius && is(word, "bybox") =>
                {
                    self.shape = Some(rectangle(width, height, unit)?);
                    by_box = true;
                    3
                }
                _ => return Err(Error::Syntax),
            };
            options = &rest[taken..];
        }
        Ok(())
    }

    fn check(&self, form: Form, name: &[u8]) -> Result<(), Error> {
        if self.target.is_some() && (self.with_distance || self.with_hash || self.with_place) {
            let what = if form == Form::SearchStore {
                "GEOSEARCHSTORE"
            } else {
                "STORE option in GEORADIUS"
            };
            return Err(Error::text(format!(
                "ERR {what} is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
            )));
        }
        let name = String::from_utf8_lossy(name);
        let searches = !matches!(form, Form::Radius { .. });
        if searches && self.center.is_none() {
            return Err(Error::text(format!(
                "ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for {name}"
            )));
        }
        if searches && self.shape.is_none() {
            return Err(Error::text(format!(
                "ERR exactly one of BYRADIUS and BYBOX can be specified for {name}"
            )));
        }
        if self.any && self.count == 0 {
            return Err(Error::text("ERR the ANY argument requires COUNT argument"));
        }
        Ok(())
    }

    /// The places in the shape, in the order that is wanted.
    fn find(&self, set: &Zset) -> Vec<Found> {
        let (Some(center), Some((shape, _))) = (self.center, self.shape) else { return Vec::new() };
        let wanted = if self.count == 0 { usize::MAX } else { self.count as usize };
        let enough = if self.any { wanted } else { usize::MAX };
        let mut found = Vec::new();
        for cell in shape.cells(center) {
            let (low, high) = cell.scores();
            let first = set.count_before(Edge::BeforeScore(low));
            for (member, score) in set.iter_by_rank(first, false) {
                if score >= high || found.len() >= enough {
                    break;
                }
                let place = hash::decode(score);
                if let Some(distance_m) = shape.distance_m(center, place) {
                    found.push(Found { member: member.to_vec(), score, distance_m, place });
                }
            }
        }
        // A limit without an order means the nearest.
        let nearest = (self.count > 0 && !self.any).then_some(true);
        match self.ascending.or(nearest) {
            Some(true) => found.sort_by(|a, b| a.distance_m.total_cmp(&b.distance_m)),
            Some(false) => found.sort_by(|a, b| b.distance_m.total_cmp(&a.distance_m)),
            None => {}
        }
        found.truncate(wanted);
        found
    }

    fn reply(&self, ctx: &mut Ctx<'_, '_>, found: &[Found], unit_m: f64) {
        let more = [self.with_distance, self.with_hash, self.with_place];
        let more = more.into_iter().filter(|wanted| *wanted).count();
        ctx.reply.array(found.len());
        for one in found {
            if more > 0 {
                ctx.reply.array(1 + more);
            }
            ctx.reply.bulk(&one.member);
            if self.with_distance {
                reply_distance(ctx.reply, one.distance_m / unit_m);
            }
            if self.with_hash {
                ctx.reply.int(one.score as i64);
            }
            if self.with_place {
                reply_place(ctx.reply, one.place);
            }
        }
    }
}

fn set_flag(flag: &mut bool) -> usize {
    *flag = true;
    0
}

/// Reads the options, searches, and replies or stores.
fn search<'a>(
    ctx: &mut Ctx<'_, '_>,
    args: &'a [&'a [u8]],
    source: &[u8],
    form: Form,
    mut request: Request<'a>,
    options: &'a [&'a [u8]],
) -> Done {
    let set = ctx.unit.read::<Zset>(source)?;
    request.parse_options(set, options, form)?;
    request.check(form, args[0])?;
    let found = set.map(|set| request.find(set)).unwrap_or_default();
    let unit_m = request.shape.map_or(1.0, |(_, unit_m)| unit_m);
    let Some(target) = request.target else {
        request.reply(ctx, &found, unit_m);
        return Ok(());
    };
    let pairs = found.into_iter().map(|one| {
        (one.member, if request.stores_distance { one.distance_m / unit_m } else { one.score })
    });
    let event = if form == Form::SearchStore { "geosearchstore" } else { "georadiusstore" };
    let stored = zset::store(ctx, target, pairs.collect(), event)?;
    ctx.unit.add_dirty(stored.saturating_sub(1));
    ctx.reply.count(stored);
    Ok(())
}

pub(super) fn geosearch(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    search(ctx, args, args[1], Form::Search, Request::default(), &args[2..])
}

pub(super) fn geosearchstore(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let request = Request { target: Some(args[1]), ..Request::default() };
    search(ctx, args, args[2], Form::SearchStore, request, &args[3..])
}

fn around_place(ctx: &mut Ctx<'_, '_>, args: &[&[u8]], stores: bool) -> Done {
    ctx.unit.read::<Zset>(args[1])?;
    let request = Request {
        center: Some(position(args[2], args[3])?),
        shape: Some(circle(args[4], args[5])?),
        ..Request::default()
    };
    search(ctx, args, args[1], Form::Radius { stores }, request, &args[6..])
}

fn around_member(ctx: &mut Ctx<'_, '_>, args: &[&[u8]], stores: bool) -> Done {
    let mut request = Request::default();
    if let Some(set) = ctx.unit.read::<Zset>(args[1])? {
        request.center = Some(place_of(Some(set), args[2])?);
        request.shape = Some(circle(args[3], args[4])?);
    }
    search(ctx, args, args[1], Form::Radius { stores }, request, &args[5..])
}

pub(super) fn georadius(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    around_place(ctx, args, true)
}

pub(super) fn georadius_ro(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    around_place(ctx, args, false)
}

pub(super) fn georadiusbymember(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    around_member(ctx, args, true)
}

pub(super) fn georadiusbymember_ro(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    around_member(ctx, args, false)
}
