//! What is to be appended to the append-only file: commands, and annotations that tell where they stand in the replication
//! stream, so that a server that was killed can go on with its replicas, or its primary, without all of the data.
//!
//! On a primary a command goes to the file and to the stream with the same bytes, a SELECT in front of it in both or in neither.
//! What is in the stream alone, such as a PING, is a gap that is told where it is.
//!
//! On a replica the stream is its primary's, and what comes to the file is made anew of its effects. Of each unit of the stream,
//! a command or a transaction, this is mostly the same bytes; where it is not, the file tells in front of it that the place is
//! not known any more, and behind it what it is: a reader never counts what was only made of half a unit.

use crate::aof::place::PlaceNote;
use crate::aof::writer::Writer;
use crate::base::bulk::IntBuf;
use crate::repl::offset::Place;

/// Commands on their way to the append-only file.
#[derive(Debug, Default)]
pub(super) struct Feed {
    writer: Writer,
    pub(super) bytes: Vec<u8>,
    /// The place behind the commands so far, as a reader of the file counts it; none where it cannot know.
    told: Option<Place>,
    /// What was made of the unit of the primary's stream that is being run.
    unit: Option<Unit>,
    /// Bytes of the SELECT with which the primary's stream ends so far, if it does.
    select_bytes: u64,
    /// Gaps without a command in front of them that may be told before the next second.
    gaps_left: u8,
    /// There was a command since a place was told, so that the next one would tell of the gap anyway.
    has_command: bool,
}

/// Most gaps that are told in a second without a command between them: messages that are published must not fill the disk.
const GAPS_MAX: u8 = 20;

/// A place in a stream that this server makes itself.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) struct Own {
    /// Where the next command stands.
    pub(in crate::engine) place: Place,
    /// The database that the stream has selected.
    pub(in crate::engine) db: usize,
    /// Whether the next command gets a SELECT in the stream.
    pub(in crate::engine) selects: bool,
}

/// What was made of a unit of the primary's stream.
#[derive(Debug, Clone, Copy)]
struct Unit {
    /// Where it begins among the bytes.
    start: usize,
    /// Bytes of commands.
    bytes: u64,
    /// Those of the SELECT in front of them.
    select_bytes: u64,
    commands: u64,
    is_transaction: bool,
}

impl Feed {
    /// Appends a command; whether it has a SELECT in front of it. What is no part of a unit of the primary's stream stands where
    /// `own` says.
    pub(super) fn command(
        &mut self,
        db: usize,
        time_s: Option<i64>,
        args: &[&[u8]],
        own: Option<Own>,
    ) -> bool {
        if self.unit.is_none() {
            self.tell(own.map(|own| (own.place, own.db)));
            if own.is_some_and(|own| own.selects) {
                self.writer.forget_db();
            }
        }
        let db = db as u64;
        let selects = self.writer.selects(db);
        if selects && self.told.is_some() {
            PlaceNote::Gap(0).write(&mut self.bytes);
        }
        let start = self.writer.command(&mut self.bytes, db, time_s, args);
        let bytes = self.bytes.len().saturating_sub(start) as u64;
        self.has_command = true;
        match (&mut self.unit, &mut self.told) {
            (Some(unit), _) => {
                if unit.commands == 0 {
                    unit.is_transaction = args == [b"MULTI"];
                    if selects {
                        unit.select_bytes = bytes - command_bytes(args);
                    }
                }
                unit.commands += 1;
                unit.bytes += bytes;
            }
            (None, Some(told)) => told.offset = told.offset.plus(bytes),
            (None, None) => {}
        }
        selects
    }

    /// A second has passed.
    pub(super) fn tell_each_second(&mut self, place: Option<(Place, usize)>) {
        self.tell(place);
        self.gaps_left = GAPS_MAX;
    }

    /// Lets the file tell where the stream is before what was collected goes to it, so that this is known if nothing follows.
    pub(super) fn tell_at_end(&mut self, place: Option<(Place, usize)>) {
        if !self.has_command && self.gaps_left == 0 {
            return;
        }
        let before = self.bytes.len();
        self.tell(place);
        if self.bytes.len() > before && !std::mem::take(&mut self.has_command) {
            self.gaps_left -= 1;
        }
    }

    /// Lets the file tell where the stream is, if that is not what a reader would count. No unit may be running.
    fn tell(&mut self, place: Option<(Place, usize)>) {
        let note = match (&self.told, &place) {
            (None, None) => return,
            (Some(_), None) => PlaceNote::Nowhere,
            (told, Some((place, db))) => match told {
                Some(told) if is_same(told, place) && told.offset == place.offset => return,
                Some(told) if is_same(told, place) && told.offset < place.offset => {
                    PlaceNote::Gap(place.offset.since(told.offset))
                }
                _ => return self.tell_anew(*place, *db),
            },
        };
        note.write(&mut self.bytes);
        self.told = place.map(|(place, _)| place);
    }

    fn tell_anew(&mut self, place: Place, db: usize) {
        let (mut offset, mut number) = (IntBuf::new(), IntBuf::new());
        let offset = offset.format(place.offset.get()).as_bytes();
        let db = number.format(db).as_bytes();
        PlaceNote::At { replid: place.replid.as_bytes(), offset, db }.write(&mut self.bytes);
        self.told = Some(place);
    }

    /// Lets the next command have a SELECT in front of it.
    pub(super) fn forget_db(&mut self) {
        self.writer.forget_db();
    }

    /// What is appended from now on goes to a new file.
    pub(super) fn begin_file(&mut self) {
        *self = Feed { bytes: std::mem::take(&mut self.bytes), ..Feed::default() };
    }

    /// A command of the primary's stream is about to run.
    pub(super) fn begin_unit(&mut self) {
        let start = self.bytes.len();
        self.unit =
            Some(Unit { start, bytes: 0, select_bytes: 0, commands: 0, is_transaction: false });
    }

    /// It was only the next one of a transaction that is still open.
    pub(super) fn forget_unit(&mut self) {
        self.unit = None;
    }

    /// A unit of the primary's stream has run, which begins at a place and has so many bytes. `selected` is the database that the
    /// stream has selected behind it, `is_select` whether this is all that it does.
    pub(super) fn end_unit(&mut self, before: Place, bytes: u64, selected: usize, is_select: bool) {
        let Some(unit) = self.unit.take() else { return };
        if unit.commands == 0 {
            self.select_bytes = if is_select { bytes } else { 0 };
            if is_select {
                // So that who reads the file selects it at the same place.
                self.writer.forget_db();
            }
            return;
        }
        let select_bytes = std::mem::take(&mut self.select_bytes);
        let after = Place { offset: before.offset.plus(bytes), ..before };
        // A SELECT of the file is that of the stream, which stands directly in front of this unit, or none.
        let gap = self.told.filter(|told| is_same(told, &before)).and_then(|told| {
            let gap = before.offset.get().checked_sub(told.offset.get())?;
            gap.checked_sub(unit.select_bytes)
        });
        let is_one = unit.commands == 1 || unit.is_transaction;
        let is_same_select = unit.select_bytes == select_bytes;
        let mut note = Vec::new();
        match gap {
            Some(gap) if is_one && is_same_select && unit.bytes == bytes + unit.select_bytes => {
                if gap > 0 {
                    PlaceNote::Gap(gap).write(&mut note);
                }
                self.told = Some(after);
            }
            _ => {
                if self.told.is_some() {
                    PlaceNote::Nowhere.write(&mut note);
                }
                self.tell_anew(after, selected);
            }
        }
        if !note.is_empty() {
            self.bytes.splice(unit.start..unit.start, note);
        }
    }
}

/// Whether two places are in the same stream.
fn is_same(a: &Place, b: &Place) -> bool {
    a.replid.as_bytes() == b.replid.as_bytes()
}

/// Bytes of a command as files and streams hold it.
fn command_bytes(args: &[&[u8]]) -> u64 {
    let mut number = IntBuf::new();
    let mut line = |n: usize| number.format(n).len() as u64 + 3;
    line(args.len()) + args.iter().map(|arg| line(arg.len()) + arg.len() as u64 + 2).sum::<u64>()
}
