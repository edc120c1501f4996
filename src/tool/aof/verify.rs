//! `aof verify`: checks a set as strictly as servers and `redis-check-aof` together, and goes on behind damage.
//!
//! The RDB part is checked by [`crate::tool::verify`] as any RDB file; its findings keep their names.

use super::chain::AofError;
use super::rules::{Id, RULES};
use super::table::{self, Verdict as Judgement};
use crate::aof::manifest::{Kind, Manifest};
use crate::aof::reader::{Command, ErrorKind, Item, ReadError, Reader, Role};
use crate::aof::repair::resync;
use crate::aof::set::{Member, OpenError, Set};
use crate::base::reason::reason;
use crate::feed::Control;
use crate::rdb::Class;
use crate::report::{Finding, Rule, Severity};
use crate::tool::verify::{self as rdb_verify, VerifyError};
use std::collections::{BTreeMap, HashSet};

/// Highest database number with the servers' default setting.
const DB_DEFAULT_MAX: u64 = 15;

/// Databases that are told of at most once each.
const DBS_TOLD_MAX: usize = 1 << 14;

/// How to check.
#[derive(Debug, Clone)]
pub struct Options {
    /// Check of the RDB part only structure and checksum.
    pub quick: bool,
    /// Threads that decode the RDB part.
    pub threads: usize,
    /// Findings to keep; those beyond are counted, except that the first of each rule is always kept.
    pub max_findings: usize,
}

/// What a set is, in short; decides the exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Neither errors nor warnings.
    Clean,
    /// Errors or warnings.
    Found,
    /// The last file is cut, and nothing else is wrong.
    Truncated,
    /// Not an append-only file.
    NotAof,
}

/// What is known of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileState {
    /// Its name.
    pub name: String,
    /// Its size.
    pub size_bytes: u64,
    /// Bytes of its RDB part.
    pub rdb_bytes: u64,
    /// Commands that could be read.
    pub commands: u64,
    /// Offset behind the last complete unit in front of the first damage.
    pub sound_bytes: u64,
}

/// The result of a check.
#[derive(Debug)]
pub struct Verdict {
    /// What the user named.
    pub name: String,
    /// What was found, in the order of loading.
    pub findings: Vec<Finding>,
    /// How many findings of each rule there are, kept or not.
    pub counts: BTreeMap<&'static str, (Severity, u64)>,
    /// The files.
    pub files: Vec<FileState>,
    /// Keys of the RDB part, if they were counted.
    pub keys: Option<u64>,
    max_findings: usize,
    cut: bool,
    not_aof: bool,
}

/// All rules: those of the commands and those of the RDB part.
pub fn rules() -> Vec<Rule> {
    let rdb = rdb_verify::RULES.iter().map(rdb_verify::Rule::to_report);
    RULES.iter().map(super::rules::Rule::to_report).chain(rdb).collect()
}

impl Verdict {
    fn new(name: String, max_findings: usize) -> Verdict {
        Verdict {
            name,
            findings: Vec::new(),
            counts: BTreeMap::new(),
            files: Vec::new(),
            keys: None,
            max_findings,
            cut: false,
            not_aof: false,
        }
    }

    /// Findings of one severity.
    pub fn of_severity(&self, severity: Severity) -> u64 {
        self.counts.values().filter(|(s, _)| *s == severity).map(|(_, n)| n).sum()
    }

    /// Commands of all files.
    pub fn commands(&self) -> u64 {
        self.files.iter().map(|file| file.commands).sum()
    }

    /// What it comes to.
    pub fn state(&self) -> State {
        let torn: u64 = [Id::TornTail.rule().name, "rdb/truncated"]
            .iter()
            .filter_map(|name| self.counts.get(name).map(|(_, n)| n))
            .sum();
        let found = self.of_severity(Severity::Error) + self.of_severity(Severity::Warning);
        match found {
            _ if self.not_aof => State::NotAof,
            0 => State::Clean,
            n if self.cut && n == torn => State::Truncated,
            _ => State::Found,
        }
    }

    fn add(&mut self, finding: Finding) {
        let (_, count) = self.counts.entry(finding.rule_id).or_insert((finding.level, 0));
        *count += 1;
        if *count == 1 || self.findings.len() < self.max_findings {
            self.findings.push(finding);
        }
    }

    fn find(&mut self, id: Id, file: &str, message: impl Into<String>) {
        let rule = id.rule();
        self.add(Finding::new(rule.name, rule.severity, file, message));
    }

    fn find_at(&mut self, id: Id, file: &str, offset: u64, length: Option<u64>, message: String) {
        let rule = id.rule();
        let mut finding = Finding::new(rule.name, rule.severity, file, message);
        finding.byte_offset = Some(offset);
        finding.byte_length = length;
        self.add(finding);
    }
}

/// The verdict on what cannot be opened as a set, if that is because of what is in it.
pub fn unreadable(name: String, error: OpenError, options: &Options) -> Result<Verdict, AofError> {
    let mut verdict = Verdict::new(name, options.max_findings);
    match error {
        OpenError::Manifest { path, error } => {
            let message = error.to_string();
            let file = path.display().to_string();
            verdict.find_at(Id::Manifest, &file, error.offset, None, message);
            Ok(verdict)
        }
        OpenError::NotAof { path, start } => {
            let message = format!("no append-only file: it starts with {start}");
            verdict.find_at(Id::Damage, &path.display().to_string(), 0, None, message);
            verdict.not_aof = true;
            Ok(verdict)
        }
        error => Err(error.into()),
    }
}

/// Checks a set. Damage is never an error of this function.
pub fn verify(set: &Set, options: &Options, control: &Control) -> Result<Verdict, AofError> {
    let mut verdict = Verdict::new(set.name.clone(), options.max_findings);
    check_listing(set, &mut verdict);
    let mut dbs = HashSet::new();
    for (i, member) in set.members.iter().enumerate() {
        let is_last = i + 1 == set.members.len();
        check_member(member, is_last, options, control, &mut verdict, &mut dbs)?;
    }
    Ok(verdict)
}

fn check_listing(set: &Set, verdict: &mut Verdict) {
    let Some(listing) = &set.listing else { return };
    let file = listing.path.display().to_string();
    for missing in &set.missing {
        let path = missing.path.display().to_string();
        let error = reason(&missing.error);
        let line = missing.listed.line;
        verdict.find(
            Id::MissingFile,
            &path,
            format!("line {line} of the manifest lists it: {error}"),
        );
    }
    if listing.manifest.loaded().next().is_none() {
        verdict.find(Id::EmptySet, &file, "the manifest lists no file to load");
    }
    check_lines(&listing.manifest, &file, verdict);
    for extra in &set.extra {
        let path = extra.path.display().to_string();
        let what = match extra.is_temporary {
            true => "a temporary file that a server left behind",
            false => "the manifest does not list it",
        };
        verdict.find(Id::ExtraFile, &path, format!("{what} ({} bytes)", extra.size_bytes));
    }
    for member in &set.members {
        check_name(member, verdict);
    }
}

fn check_lines(manifest: &Manifest, file: &str, verdict: &mut Verdict) {
    let mut last_offset = None;
    for listed in &manifest.files {
        let (line, name) = (listed.line, listed.name.escape_ascii());
        for (key, value) in &listed.unknown {
            let (key, value) = (key.escape_ascii(), value.escape_ascii());
            verdict.find(Id::UnknownPair, file, format!("line {line}: \"{key}\" \"{value}\""));
        }
        if listed.kind == Kind::History {
            let message = format!("line {line}: \"{name}\" waits for its removal");
            verdict.find(Id::HistoryFile, file, message);
        }
        if listed.kind != Kind::Incr {
            continue;
        }
        for offset in [listed.start_offset, listed.end_offset].into_iter().flatten() {
            if last_offset.is_some_and(|last| offset < last) {
                let message =
                    format!("line {line}: replication offset {offset} of \"{name}\" falls");
                verdict.find(Id::ReplicationOffsets, file, message);
            }
            last_offset = Some(offset);
        }
    }
}

fn check_name(member: &Member, verdict: &mut Verdict) {
    let Some(listed) = &member.listed else { return };
    if member.bytes().is_empty() {
        return;
    }
    let message = match (listed.name.ends_with(b".rdb"), member.is_rdb()) {
        (true, false) => "named as an RDB file, but holds commands",
        (false, true) => "named as a file of commands, but begins as an RDB file",
        _ => return,
    };
    verdict.find(Id::BaseName, member.name(), message);
}

fn check_member(
    member: &Member,
    is_last: bool,
    options: &Options,
    control: &Control,
    verdict: &mut Verdict,
    dbs: &mut HashSet<u64>,
) -> Result<(), AofError> {
    let mut state = FileState {
        name: member.name().to_owned(),
        size_bytes: member.bytes().len() as u64,
        rdb_bytes: 0,
        commands: 0,
        sound_bytes: 0,
    };
    let start = match member.is_rdb() {
        false => Some(0),
        true => check_rdb(member, is_last, options, control, verdict)?,
    };
    if let Some(start) = start {
        state.rdb_bytes = start;
        let behind_damage = false;
        let mut check = Check { member, is_last, verdict, dbs, state, behind_damage, control };
        check.commands(start);
        state = check.state;
    }
    verdict.files.push(state);
    Ok(())
}

/// Checks an RDB part; gives its end if it was found.
fn check_rdb(
    member: &Member,
    is_last: bool,
    options: &Options,
    control: &Control,
    verdict: &mut Verdict,
) -> Result<Option<u64>, AofError> {
    let rdb_options = rdb_verify::Options {
        quick: options.quick,
        threads: options.threads,
        max_findings: options.max_findings,
    };
    let file = || member.name().to_owned();
    let rdb = rdb_verify::verify(member.share(), &rdb_options, control).map_err(|e| match e {
        VerifyError::Read(error) => AofError::Read { file: file(), error },
        VerifyError::Temp(error) => AofError::Read { file: "temporary file".into(), error },
        VerifyError::Interrupted => AofError::Interrupted,
    })?;
    // Commands are what follows an RDB part here.
    let is_tail = |id| matches!(id, rdb_verify::Id::AofTail | rdb_verify::Id::TrailingGarbage);
    for finding in rdb.findings.iter().filter(|finding| !is_tail(finding.rule.id)) {
        verdict.add(finding.to_report(member.name()));
    }
    for (rule, n) in rdb.counts.iter().filter(|(rule, _)| !is_tail(rule.id)) {
        let (_, count) = verdict.counts.entry(rule.name).or_insert((rule.severity, 0));
        *count = (*count).max(n);
    }
    verdict.keys = rdb.keys.or(verdict.keys);
    if rdb.stopped_class() == Some(Class::Truncated) && is_last {
        verdict.cut = true;
    }
    Ok(rdb.ending.map(|ending| ending.end))
}

struct Check<'v> {
    member: &'v Member,
    is_last: bool,
    verdict: &'v mut Verdict,
    dbs: &'v mut HashSet<u64>,
    state: FileState,
    control: &'v Control,
    /// Nothing has told yet whether a transaction is open, since damage may have swallowed its start.
    behind_damage: bool,
}

impl Check<'_> {
    fn find_at(&mut self, id: Id, offset: u64, length: Option<u64>, message: String) {
        self.verdict.find_at(id, self.member.name(), offset, length, message);
    }

    fn commands(&mut self, start: u64) {
        let bytes = self.member.bytes();
        let mut reader = Reader::new(bytes, start);
        let mut first_damage = None;
        loop {
            let before_s = reader.time_s();
            let error = match reader.next() {
                Ok(Some(Item::Command(command))) => {
                    self.command(&command);
                    continue;
                }
                Ok(Some(Item::Note(note))) => {
                    if let (Some(before), Some(now)) = (before_s, note.time_s)
                        && now < before
                    {
                        let message = format!("timestamp {now} follows {before}");
                        self.find_at(Id::TimeBackwards, note.span.start, None, message);
                    }
                    continue;
                }
                Ok(None) => break,
                Err(error) => error,
            };
            first_damage.get_or_insert(reader.sound_end());
            match self.damage(bytes, &reader, error) {
                Some(next) => reader.jump(next),
                None => {
                    self.state.sound_bytes = first_damage.unwrap_or(0);
                    return;
                }
            }
            self.behind_damage = true;
        }
        self.state.sound_bytes = first_damage.unwrap_or(reader.sound_end());
        if let Some(multi) = reader.open_multi() {
            let length = bytes.len() as u64 - multi;
            self.torn(multi, length, "a transaction without EXEC".into());
        }
    }

    /// Takes down damage; gives the place of the next command behind it.
    fn damage(&mut self, bytes: &[u8], reader: &Reader<'_>, error: ReadError) -> Option<u64> {
        let next = resync(bytes, error.start + 1);
        let end = next.unwrap_or(bytes.len() as u64);
        match error.kind {
            ErrorKind::TruncatedNote if next.is_none() => {
                let length = end - error.start;
                self.find_at(Id::TornNote, error.start, Some(length), error.kind.to_string());
            }
            ErrorKind::Truncated(_) if next.is_none() => {
                let from = reader.sound_end();
                let mut message = error.kind.to_string();
                if reader.open_multi().is_some() {
                    message += ", in a transaction";
                }
                self.torn(from, end - from, message);
            }
            _ => {
                let mut message = error.kind.to_string();
                message += match next {
                    Some(_) => "; commands follow",
                    None => "; no command follows",
                };
                let length = Some(end.saturating_sub(error.offset));
                self.find_at(Id::Damage, error.offset, length, message);
            }
        }
        next
    }

    /// Takes down that the file ends too early.
    fn torn(&mut self, offset: u64, length: u64, message: String) {
        let id = match (self.is_last, self.is_last && self.member.has_grown()) {
            (_, true) => Id::BeingWritten,
            (true, false) => Id::TornTail,
            (false, false) => Id::Truncated,
        };
        self.verdict.cut |= id == Id::TornTail;
        let message = format!("{message}; {length} bytes belong to no complete unit");
        self.find_at(id, offset, Some(length), message);
    }

    fn command(&mut self, command: &Command<'_>) {
        self.state.commands += 1;
        if self.state.commands.is_multiple_of(4096) {
            let passed = self.member.position + command.span.start;
            self.control.pass(passed);
        }
        let (start, length) = (command.span.start, Some(command.span.end - command.span.start));
        match command.role {
            Role::NestedMulti => {
                let message = "MULTI inside a transaction".to_owned();
                self.find_at(Id::NestedMulti, start, length, message);
            }
            Role::LoneExec if !self.behind_damage => {
                self.find_at(Id::LoneExec, start, length, "EXEC without MULTI".to_owned());
            }
            Role::BadSelect => {
                let name = command.args.get(1).unwrap_or(&[]).escape_ascii();
                let message = format!("SELECT of \"{name}\", which is no database");
                self.find_at(Id::BadSelect, start, length, message);
            }
            Role::Select if command.db > DB_DEFAULT_MAX => self.high_db(command.db, start),
            _ => {}
        }
        if matches!(command.role, Role::Multi | Role::LoneExec) {
            self.behind_damage = false;
        }
        self.judge(command, start, length);
    }

    fn high_db(&mut self, db: u64, offset: u64) {
        if self.dbs.len() < DBS_TOLD_MAX && self.dbs.insert(db) {
            let message = format!("database {db} needs a server with more than 16 databases");
            self.find_at(Id::DbNumber, offset, None, message);
        }
    }

    fn judge(&mut self, command: &Command<'_>, start: u64, length: Option<u64>) {
        let (id, message) = match table::judge(&command.args) {
            Judgement::Fine => return,
            Judgement::Unknown => {
                let name = command.args.name();
                let name = name.get(..64).unwrap_or(name).escape_ascii();
                (Id::UnknownCommand, format!("\"{name}\" is no command"))
            }
            Judgement::Arity(name, arity) => {
                let given = command.args.len();
                let takes = match arity {
                    n if n < 0 => format!("at least {}", n.unsigned_abs()),
                    n => n.to_string(),
                };
                let name = name.to_ascii_uppercase();
                let message = format!("{name} with {given} words instead of {takes}");
                (Id::Arity, message)
            }
            Judgement::NoWrite(name) => {
                (Id::NoWrite, format!("{} changes nothing", name.to_ascii_uppercase()))
            }
        };
        self.find_at(id, start, length, message);
    }
}
