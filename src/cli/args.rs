//! Groups of arguments that several commands share: what was typed, and the step that checks it.

use super::exit::CliError;
use super::out::{ColorChoice, Sink, Ui};
use super::{Context, progress};
use crate::base::glob::Glob;
use crate::base::json::{BinaryEncoding, read_visible};
use crate::base::range;
use crate::feed::filter::{Filter, Test, Ttl};
use crate::rdb::Kind;
use crate::report::{self, Format, Report};
use crate::tool::ttl::TtlPolicy;
use clap::{Args, ValueEnum};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Options of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "General options")]
pub struct GlobalArgs {
    /// Say nothing but errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say more; twice for even more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Write reports and errors as JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
    /// When to show progress
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub progress: progress::Mode,
    /// Threads that decode [default: one per core]
    #[arg(long, global = true, value_name = "N")]
    pub threads: Option<usize>,
}

impl GlobalArgs {
    /// How the command talks.
    pub fn ui(&self) -> Ui {
        Ui {
            quiet: self.quiet,
            verbose: self.verbose,
            json_errors: self.json,
            color: Ui::wants_color(self.color),
        }
    }

    /// Threads that decode.
    pub fn threads(&self) -> usize {
        self.threads.unwrap_or_else(crate::feed::parallel::default_threads).clamp(1, 256)
    }
}

/// Reads `FROM:TO`, two numbers of databases.
pub(crate) fn parse_db_map(text: &str) -> Result<(u64, u64), String> {
    let pair =
        text.split_once(':').and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
    pair.ok_or_else(|| "expected FROM:TO, two database numbers".into())
}

/// Where data goes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "PATH")]
    pub output: Option<PathBuf>,
    /// Replace an existing output
    #[arg(long)]
    pub force: bool,
}

/// What a report is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ReportFormat {
    /// Text for people
    #[default]
    Table,
    /// One JSON object
    Json,
    /// Comma-separated values
    Csv,
    /// One self-contained HTML page
    Html,
}

/// How a report is written.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Output")]
pub struct ReportArgs {
    /// What to write
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: ReportFormat,
}

impl ReportArgs {
    /// The format, with `--json` heeded.
    pub fn format(self, global: &GlobalArgs) -> Format {
        match self.format {
            ReportFormat::Table if global.json => Format::Json,
            ReportFormat::Table => Format::Table,
            ReportFormat::Json => Format::Json,
            ReportFormat::Csv => Format::Csv,
            ReportFormat::Html => Format::Html,
        }
    }

    /// Writes a report where the output goes.
    pub(crate) fn write(
        self,
        context: &Context,
        report: &Report,
        output: &OutputArgs,
    ) -> Result<(), CliError> {
        let to_stdout = output.output.as_ref().is_none_or(|path| path.as_os_str() == "-");
        let options = report::Options {
            color: to_stdout && context.ui.color,
            width: context.ui.width().filter(|_| to_stdout),
            pretty: true,
        };
        let mut sink = Sink::open(output.output.as_deref(), output.force)?;
        match report.write(self.format(&context.global), &mut sink, options) {
            Ok(()) => sink.finish(),
            Err(e) => {
                sink.abandon();
                Err(e.into())
            }
        }
    }
}

/// How bytes that are no text are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum EncodingArg {
    /// Text as it is, other bytes as {"base64":"…"}
    #[default]
    Auto,
    /// Text; other bytes become U+FFFD
    Utf8,
    /// Every byte visible, as \xNN
    Escape,
    /// All as base64
    Base64,
    /// All as hexadecimal digits
    Hex,
}

impl From<EncodingArg> for BinaryEncoding {
    fn from(arg: EncodingArg) -> Self {
        match arg {
            EncodingArg::Auto => BinaryEncoding::Auto,
            EncodingArg::Utf8 => BinaryEncoding::Utf8,
            EncodingArg::Escape => BinaryEncoding::Escape,
            EncodingArg::Base64 => BinaryEncoding::Base64,
            EncodingArg::Hex => BinaryEncoding::Hex,
        }
    }
}

/// Now, in unix milliseconds.
pub fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// Reads `keep`, `strip`, `rebase` or `shift:DURATION`.
pub fn parse_ttl_policy(text: &str) -> Result<TtlPolicy, String> {
    Ok(match text {
        "keep" => TtlPolicy::Keep,
        "strip" => TtlPolicy::Strip,
        "rebase" => TtlPolicy::Rebase { now_ms: now_ms() },
        _ => {
            let duration = text
                .strip_prefix("shift:")
                .ok_or("expected keep, strip, rebase or shift:DURATION (as in shift:+1d12h)")?;
            TtlPolicy::Shift(range::parse_duration_ms(duration).map_err(|e| e.to_string())?)
        }
    })
}

/// What `--type` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)]
pub enum TypeArg {
    String,
    List,
    Set,
    Zset,
    Hash,
    Stream,
    Module,
    Array,
    Function,
}

impl TypeArg {
    fn kind(self) -> Option<Kind> {
        Some(match self {
            TypeArg::String => Kind::String,
            TypeArg::List => Kind::List,
            TypeArg::Set => Kind::Set,
            TypeArg::Zset => Kind::Zset,
            TypeArg::Hash => Kind::Hash,
            TypeArg::Stream => Kind::Stream,
            TypeArg::Module => Kind::Module,
            TypeArg::Array => Kind::Array,
            TypeArg::Function => return None,
        })
    }
}

macro_rules! filter_args {
    ($( $(#[doc = $doc:literal])+ $(#[arg($($attr:tt)*)])? $field:ident / $not:ident : $ty:ty, $long:literal, $value:literal; )*) => {
        /// Which keys: values of one option are alternatives, different options must all hold,
        /// and each has an inverse `--not-…`.
        #[derive(Debug, Clone, Default, Args)]
        #[command(next_help_heading = "Filters (repeat an option for OR; each has an inverse --not-…)")]
        pub struct FilterArgs {
            $(
                $(#[doc = $doc])+
                #[arg(long = $long, value_name = $value, $($($attr)*)?)]
                pub $field: Vec<$ty>,
                #[arg(long = concat!("not-", $long), value_name = $value, hide = true, help = concat!("Inverse of --", $long), $($($attr)*)?)]
                #[allow(missing_docs)]
                pub $not: Vec<$ty>,
            )*
        }
    };
}

filter_args! {
    /// Databases, as N or a range A-B
    #[arg(value_delimiter = ',')]
    db / not_db: String, "db", "N";
    /// Types
    #[arg(value_delimiter = ',', value_enum)]
    kind / not_kind: TypeArg, "type", "TYPE";
    /// Key names, as KEYS takes them
    key / not_key: String, "key", "GLOB";
    /// Key names, by regular expression (bytes that are no UTF-8 as (?-u)\xNN)
    key_regex / not_key_regex: String, "key-regex", "RE";
    /// Key names, one per line of a file (\xNN for bytes that are no text)
    keys_from / not_keys_from: PathBuf, "keys-from", "FILE";
    /// Cluster slots, as N or A-B
    #[arg(value_delimiter = ',')]
    slot / not_slot: String, "slot", "A-B";
    /// Time to live: a range such as 5m~inf or now~+1d, or none, any, expired
    #[arg(allow_hyphen_values = true)]
    ttl / not_ttl: String, "ttl", "RANGE";
    /// Size of the value in the file, such as 1KB~10MB
    size / not_size: String, "size", "RANGE";
    /// Number of elements, such as 1000~inf
    elements / not_elements: String, "elements", "RANGE";
    /// Time since the last access, such as 1d~inf
    idle / not_idle: String, "idle", "RANGE";
    /// Access frequency (LFU), such as 0~10
    freq / not_freq: String, "freq", "RANGE";
}

type Parsed<T> = Result<T, CliError>;

fn all<S, T, E: ToString>(
    option: &str,
    texts: &[S],
    parse: impl Fn(&S) -> Result<T, E>,
) -> Parsed<Vec<T>> {
    texts
        .iter()
        .map(|text| {
            parse(text).map_err(|e| CliError::usage(format!("--{option}: {}", e.to_string())))
        })
        .collect()
}

/// Whether no end of a range is a date: `from_0` is the range if now is 0.
fn is_relative(text: &str, from_0: range::Range<i64>) -> bool {
    let moves = |end: i64, later: i64| end != later || matches!(end, i64::MIN | i64::MAX);
    range::times_ms(text, 1000)
        .is_ok_and(|later| moves(from_0.min, later.min) && moves(from_0.max, later.max))
}

fn parse_ttl(text: &str, now_ms: i64) -> Result<Ttl, range::RangeError> {
    Ok(match text {
        "none" => Ttl::None,
        "any" => Ttl::Any,
        "expired" => Ttl::Expired,
        _ => match range::durations_ms(text) {
            Ok(left) => Ttl::Left(left),
            Err(e) => match (range::times_ms(text, now_ms), range::times_ms(text, 0)) {
                (Ok(_), Ok(left)) if is_relative(text, left) => Ttl::Left(left),
                (Ok(at), _) => Ttl::At(at),
                (Err(_), _) => return Err(e),
            },
        },
    })
}

/// Reads key names, one per line.
fn read_names(path: &Path) -> Parsed<Vec<Vec<u8>>> {
    let text =
        std::fs::read(path).map_err(|e| CliError::from(e).in_file(path.display().to_string()))?;
    let text = text.strip_suffix(b"\n").unwrap_or(&text);
    if text.is_empty() {
        return Ok(Vec::new());
    }
    text.split(|byte| *byte == b'\n')
        .map(|line| {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            // A line that is no escaped text stands for itself.
            Ok(read_visible(line).unwrap_or_else(|| line.to_vec()))
        })
        .collect()
}

impl FilterArgs {
    /// Checks what was typed and makes the filter.
    pub fn filter(&self) -> Parsed<Filter> {
        self.filter_at(now_ms())
    }

    /// The same for another now, in unix milliseconds.
    pub fn filter_at(&self, now_ms: i64) -> Parsed<Filter> {
        let mut filter = Filter::new(now_ms);
        self.add_side(&mut filter, now_ms, false)?;
        self.add_side(&mut filter, now_ms, true)?;
        let listed = |types: &[TypeArg]| types.contains(&TypeArg::Function);
        if listed(&self.not_kind) {
            filter.set_functions(false);
        } else if listed(&self.kind) {
            filter.set_functions(true);
        }
        Ok(filter)
    }

    fn add_side(&self, filter: &mut Filter, now_ms: i64, negated: bool) -> Parsed<()> {
        let pick = |yes, no| if negated { no } else { yes };
        let mut add = |test, given: bool| {
            if given {
                filter.add(test, negated);
            }
        };
        let texts: &[String] = pick(&self.db, &self.not_db);
        add(Test::Db(all("db", texts, |t| range::counts(t))?), !texts.is_empty());
        let kinds: &[TypeArg] = if negated { &self.not_kind } else { &self.kind };
        let only_functions = kinds.iter().all(|kind| kind.kind().is_none());
        let kinds_given = !(kinds.is_empty() || negated && only_functions);
        add(Test::Kind(kinds.iter().filter_map(|kind| kind.kind()).collect()), kinds_given);
        let texts: &[String] = pick(&self.key, &self.not_key);
        let globs = texts.iter().map(|text| Glob::new(text.as_bytes())).collect();
        add(Test::Key(globs), !texts.is_empty());
        let texts: &[String] = pick(&self.key_regex, &self.not_key_regex);
        let set = regex::bytes::RegexSet::new(texts)
            .map_err(|e| CliError::usage(format!("--key-regex: {e}")))?;
        add(Test::Regex(set), !texts.is_empty());
        let paths: &[PathBuf] = if negated { &self.not_keys_from } else { &self.keys_from };
        let mut names = HashSet::new();
        for path in paths {
            names.extend(read_names(path)?);
        }
        add(Test::Names(names), !paths.is_empty());
        let texts: &[String] = pick(&self.slot, &self.not_slot);
        add(Test::Slot(all("slot", texts, |t| range::counts(t))?), !texts.is_empty());
        let texts: &[String] = pick(&self.ttl, &self.not_ttl);
        add(Test::Ttl(all("ttl", texts, |t| parse_ttl(t, now_ms))?), !texts.is_empty());
        let texts: &[String] = pick(&self.size, &self.not_size);
        add(Test::Size(all("size", texts, |t| range::sizes(t))?), !texts.is_empty());
        let texts: &[String] = pick(&self.elements, &self.not_elements);
        add(Test::Elements(all("elements", texts, |t| range::counts(t))?), !texts.is_empty());
        let texts: &[String] = pick(&self.idle, &self.not_idle);
        add(Test::Idle(all("idle", texts, |t| range::seconds(t))?), !texts.is_empty());
        let texts: &[String] = pick(&self.freq, &self.not_freq);
        add(Test::Freq(all("freq", texts, |t| range::counts(t))?), !texts.is_empty());
        Ok(())
    }
}
