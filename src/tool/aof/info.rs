//! `aof info`: what a set is and holds: its files, commands by name, times, and the state of its tail.

use super::chain::{self, AofError, Ended, Look, Place};
use super::timeline::Timeline;
use crate::aof::manifest::Kind;
use crate::aof::reader::{Item, Reader, Role};
use crate::aof::set::{Member, Set};
use crate::feed::{Control, Ending};
use crate::report::{Cell, Column, Fields, Report, Table};
use crate::tool::info;
use std::collections::HashMap;

/// Names of commands that are counted apart; there are some hundreds.
const NAMES_MAX: usize = 4096;

/// Longest name that is counted apart.
const NAME_BYTES_MAX: usize = 64;

/// How often something came, and its bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Volume {
    /// Number.
    pub count: u64,
    /// Bytes.
    pub bytes: u64,
}

impl Volume {
    fn add(&mut self, bytes: u64) {
        self.count += 1;
        self.bytes += bytes;
    }
}

/// Commands by name.
#[derive(Debug, Clone, Default)]
pub struct ByName(HashMap<Vec<u8>, Volume, foldhash::fast::RandomState>);

impl ByName {
    /// Counts a command.
    pub fn add(&mut self, name: &[u8], bytes: u64) {
        let mut upper = [0; NAME_BYTES_MAX];
        let name = name.get(..NAME_BYTES_MAX).unwrap_or(name);
        let Some(upper) = upper.get_mut(..name.len()) else { return };
        upper.copy_from_slice(name);
        upper.make_ascii_uppercase();
        if let Some(volume) = self.0.get_mut(&*upper) {
            return volume.add(bytes);
        }
        let name = if self.0.len() < NAMES_MAX { &*upper } else { b"(other)" };
        self.0.entry(name.to_vec()).or_default().add(bytes);
    }

    /// The names with their volumes, most frequent first.
    pub fn sorted(&self) -> Vec<(&[u8], Volume)> {
        let mut all: Vec<_> =
            self.0.iter().map(|(name, volume)| (name.as_slice(), *volume)).collect();
        all.sort_by(|a, b| b.1.count.cmp(&a.1.count).then(a.0.cmp(b.0)));
        all
    }

    /// The counts as a table.
    pub fn table(&self) -> Table {
        let columns = [
            Column::left("command", "Command"),
            Column::right("count", "Count"),
            Column::right("count_share", "Of commands"),
            Column::right("size_bytes", "Size"),
            Column::right("size_share", "Of bytes"),
        ];
        let mut table = Table::new("commands", "Commands", &columns);
        let all = self.sorted();
        let count = all.iter().map(|(_, volume)| volume.count).sum();
        let bytes = all.iter().map(|(_, volume)| volume.bytes).sum();
        for (name, volume) in all {
            table.push(vec![
                Cell::bytes(name),
                Cell::Count(volume.count),
                Cell::ratio(volume.count, count),
                Cell::Size(volume.bytes),
                Cell::ratio(volume.bytes, bytes),
            ]);
        }
        table
    }
}

/// How a file ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// With a complete command.
    Sound,
    /// Inside a command or a transaction.
    Torn,
    /// Inside a command that is being written.
    BeingWritten,
    /// It holds something else than commands.
    Damaged,
    /// It was not read, since a file in front of it is damaged.
    NotRead,
}

impl Tail {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Tail::Sound => "sound",
            Tail::Torn => "torn",
            Tail::BeingWritten => "being written",
            Tail::Damaged => "damaged",
            Tail::NotRead => "not read",
        }
    }
}

/// What is known of a file.
#[derive(Debug, Clone)]
pub struct FileInfo {
    /// Its name.
    pub name: String,
    /// What it is in its set.
    pub kind: Option<Kind>,
    /// Its number in its set.
    pub seq: Option<i64>,
    /// Replication offset at its start.
    pub start_offset: Option<i64>,
    /// Its size.
    pub size_bytes: u64,
    /// Dialect and version of its RDB part.
    pub header: Option<String>,
    /// Size of its RDB part.
    pub rdb_bytes: u64,
    /// Keys of its RDB part.
    pub rdb_keys: u64,
    /// Its commands.
    pub commands: u64,
    /// Transactions among them.
    pub transactions: u64,
    /// Bytes up to the end of the last complete unit.
    pub sound_bytes: u64,
    /// The earliest timestamp in it, in unix seconds.
    pub first_s: Option<i64>,
    /// The latest timestamp in it, in unix seconds.
    pub last_s: Option<i64>,
    /// How it ends.
    pub tail: Tail,
}

/// What is known of a set.
#[derive(Debug, Default)]
pub struct Info {
    /// The files in the order of loading.
    pub files: Vec<FileInfo>,
    /// Commands by name.
    pub names: ByName,
    /// Commands by database.
    pub dbs: HashMap<u64, Volume>,
    /// Commands over time, if there are timestamps.
    pub timeline: Timeline,
    /// Where reading ended too early.
    pub ended: Option<Ended>,
    now_ms: i64,
}

impl FileInfo {
    fn new(member: &Member) -> FileInfo {
        let listed = member.listed.as_ref();
        FileInfo {
            name: member.name().to_owned(),
            kind: listed.map(|listed| listed.kind),
            seq: listed.map(|listed| listed.seq),
            start_offset: listed.and_then(|listed| listed.start_offset),
            size_bytes: member.bytes().len() as u64,
            header: None,
            rdb_bytes: 0,
            rdb_keys: 0,
            commands: 0,
            transactions: 0,
            sound_bytes: 0,
            first_s: None,
            last_s: None,
            tail: Tail::NotRead,
        }
    }

    /// What it is made of.
    pub fn content(&self) -> &'static str {
        match (self.rdb_bytes, self.size_bytes) {
            (_, 0) => "empty",
            (0, _) => "commands",
            (rdb, size) if rdb == size => "rdb",
            _ => "rdb and commands",
        }
    }
}

impl Look for Info {
    fn file(&mut self, index: usize, member: &Member, control: &Control) -> Result<u64, AofError> {
        let Some(file) = self.files.get_mut(index) else { return Ok(0) };
        if !member.is_rdb() {
            return Ok(0);
        }
        file.tail = Tail::Damaged;
        let (rdb, done) = info::info(&mut member.share(), self.now_ms, control);
        file.header = rdb.tally.header.map(|header| header.to_string());
        file.rdb_keys = rdb.tally.keys();
        file.rdb_bytes = rdb.tally.bytes();
        done.map_err(|failure| chain::rdb_failure(member.name(), failure))?;
        let end = rdb.ending.as_ref().map_or(0, |ending: &Ending| ending.end);
        if let Some(ending) = &rdb.ending {
            chain::checked(member.name(), ending)?;
        }
        file.rdb_bytes = end;
        Ok(end)
    }

    fn item(&mut self, place: Place<'_>, item: &Item<'_>) -> Result<bool, AofError> {
        let Some(file) = self.files.get_mut(place.index) else { return Ok(true) };
        match item {
            Item::Command(command) => {
                let bytes = command.span.end - command.span.start;
                file.commands += 1;
                file.transactions += u64::from(command.role == Role::Multi);
                self.names.add(command.args.name(), bytes);
                self.dbs.entry(command.db).or_default().add(bytes);
                if let Some(time_s) = command.time_s {
                    self.timeline.add(time_s, bytes);
                }
            }
            Item::Note(note) => {
                if let Some(time_s) = note.time_s {
                    file.first_s = Some(file.first_s.map_or(time_s, |first| first.min(time_s)));
                    file.last_s = Some(file.last_s.map_or(time_s, |last| last.max(time_s)));
                }
            }
        }
        Ok(true)
    }

    fn file_end(&mut self, place: Place<'_>, reader: &Reader<'_>) -> Result<(), AofError> {
        if let Some(file) = self.files.get_mut(place.index) {
            file.sound_bytes = reader.sound_end();
            file.tail = Tail::Sound;
        }
        Ok(())
    }
}

/// Reads a set once. What stands in front of damage is counted all the same.
pub fn info(set: &Set, now_ms: i64, control: &Control) -> (Info, Result<(), AofError>) {
    let files = set.members.iter().map(FileInfo::new).collect();
    let mut info = Info { files, now_ms, ..Info::default() };
    let ended = match chain::look(set, control, &mut info) {
        Ok(ended) => ended,
        Err(error) => return (info, Err(error)),
    };
    let error = ended.as_ref().and_then(|ended| ended.error(set));
    if let Some(ended) = &ended
        && let Some(file) = info.files.get_mut(ended.member)
    {
        file.tail = match (ended.cause.is_truncated(), ended.is_growing) {
            (true, true) => Tail::BeingWritten,
            (true, false) => Tail::Torn,
            (false, _) => Tail::Damaged,
        };
    }
    info.ended = ended;
    (info, error.map_or(Ok(()), Err))
}

fn optional<T>(value: Option<T>, cell: impl FnOnce(T) -> Cell) -> Cell {
    value.map_or(Cell::None, cell)
}

fn seconds(value: Option<i64>) -> Cell {
    optional(value, |s| Cell::Time(s.saturating_mul(1000)))
}

/// Makes the report.
pub fn report(set: &Set, info: &Info) -> Report {
    let mut report = Report::new("Append-only file", set.name.clone());
    report.push(overview(set, info));
    report.push(files(info));
    report.push(info.names.table());
    report.push(databases(info));
    report.push(info.timeline.table("rate", "Commands over time"));
    if let Some(table) = others(set) {
        report.push(table);
    }
    report
}

fn overview(set: &Set, info: &Info) -> Fields {
    let mut fields = Fields::new("set", "Set");
    let manifest = set.listing.as_ref().map(|listing| listing.path.display().to_string());
    fields.push("manifest", "Manifest", optional(manifest, Cell::Text));
    let base = info.files.iter().find(|file| file.kind != Some(Kind::Incr));
    let base = base.map(|file| match file.rdb_bytes {
        0 => "commands",
        _ => "rdb",
    });
    fields.push("base", "Base", Cell::text(base.unwrap_or("none")));
    let count = |kind| info.files.iter().filter(|file| file.kind == Some(kind)).count() as u64;
    fields.push("incremental_files", "Incremental files", Cell::Count(count(Kind::Incr)));
    fields.push("size_bytes", "Size", Cell::Size(set.size_bytes()));
    let commands = info.files.iter().map(|file| file.commands).sum();
    fields.push("commands", "Commands", Cell::Count(commands));
    let transactions = info.files.iter().map(|file| file.transactions).sum();
    fields.push("transactions", "Transactions", Cell::Count(transactions));
    fields.push("first_at_ms", "First timestamp", seconds(info.timeline.first_s()));
    fields.push("last_at_ms", "Last timestamp", seconds(info.timeline.last_s()));
    let rate = info.timeline.commands_per_s();
    fields.push("commands_per_s", "Commands per second", optional(rate, Cell::Float));
    let tail = info.files.last().map(|file| file.tail.name());
    fields.push("tail", "Tail", optional(tail, Cell::text));
    let torn = info.files.last().map(|file| file.size_bytes.saturating_sub(file.sound_bytes));
    let torn = torn.filter(|_| info.ended.is_some());
    fields.push("tail_bytes", "Bytes behind the last complete unit", Cell::Size(torn.unwrap_or(0)));
    fields
}

fn files(info: &Info) -> Table {
    let columns = [
        Column::left("file", "File"),
        Column::left("role", "Role"),
        Column::right("seq", "Seq"),
        Column::right("size_bytes", "Size"),
        Column::left("content", "Content"),
        Column::left("rdb", "RDB"),
        Column::right("rdb_keys", "Keys"),
        Column::right("commands", "Commands"),
        Column::left("first_at_ms", "First"),
        Column::left("last_at_ms", "Last"),
        Column::right("start_offset", "Replication offset"),
        Column::left("tail", "Tail"),
    ];
    let mut table = Table::new("files", "Files", &columns);
    for file in &info.files {
        table.push(vec![
            Cell::text(&file.name),
            Cell::text(file.kind.map_or("single", Kind::name)),
            optional(file.seq, Cell::Number),
            Cell::Size(file.size_bytes),
            Cell::text(file.content()),
            optional(file.header.clone(), Cell::Text),
            optional(file.header.as_ref(), |_| Cell::Count(file.rdb_keys)),
            Cell::Count(file.commands),
            seconds(file.first_s),
            seconds(file.last_s),
            optional(file.start_offset, Cell::Number),
            Cell::text(file.tail.name()),
        ]);
    }
    table
}

fn databases(info: &Info) -> Table {
    let columns = [
        Column::right("db", "DB"),
        Column::right("commands", "Commands"),
        Column::right("size_bytes", "Size"),
    ];
    let mut table = Table::new("databases", "Commands by database", &columns);
    let mut dbs: Vec<_> = info.dbs.iter().collect();
    dbs.sort_by_key(|(db, _)| **db);
    for (db, volume) in dbs {
        let db = i64::try_from(*db).unwrap_or(i64::MAX);
        table.push(vec![Cell::Number(db), Cell::Count(volume.count), Cell::Size(volume.bytes)]);
    }
    table
}

/// Files that are not loaded.
fn others(set: &Set) -> Option<Table> {
    let columns = [
        Column::left("file", "File"),
        Column::left("state", "State"),
        Column::right("size_bytes", "Size"),
    ];
    let mut table = Table::new("other_files", "Files that are not loaded", &columns);
    for missing in &set.missing {
        let name = missing.path.display().to_string();
        table.push(vec![Cell::Text(name), Cell::text("missing"), Cell::None]);
    }
    for history in set.listing.iter().flat_map(|listing| listing.manifest.history()) {
        let name = history.name.escape_ascii().to_string();
        table.push(vec![Cell::Text(name), Cell::text("history"), Cell::None]);
    }
    for extra in &set.extra {
        let state = if extra.is_temporary { "temporary" } else { "not listed" };
        let name = extra.path.display().to_string();
        table.push(vec![Cell::Text(name), Cell::text(state), Cell::Size(extra.size_bytes)]);
    }
    (!table.rows.is_empty()).then_some(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_counted_in_any_case_and_bounded_in_number() {
        let mut names = ByName::default();
        names.add(b"set", 10);
        names.add(b"SET", 20);
        names.add(&[b'x'; 1000], 1);
        for n in 0..2 * NAMES_MAX {
            names.add(n.to_string().as_bytes(), 1);
        }
        assert!(names.0.len() <= NAMES_MAX + 1);
        let all = names.sorted();
        assert_eq!(all[0].0, b"(other)");
        assert_eq!(all[1], (&b"SET"[..], Volume { count: 2, bytes: 30 }));
    }
}
