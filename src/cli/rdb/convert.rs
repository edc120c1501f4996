//! `rkv rdb convert`: RDB files of any version from RDB files, JSON and commands.

use super::super::args::{FilterArgs, parse_ttl_policy};
use super::super::exit::{CliError, Exit};
use super::super::out::register_unfinished;
use super::super::progress::Progress;
use super::super::{Context, Done, EXIT_STATUS};
use super::{input_path, open};
use crate::base::range::{self, Range};
use crate::cluster::NodesConf;
use crate::feed::{Control, Input, InputError};
use crate::rdb::encode::{TARGETS, Target};
use crate::rdb::{Dialect, Header, Parser};
use crate::report::{self, Cell, Column, Report, Table};
use crate::tool::convert::parts::{Output, Outputs};
use crate::tool::convert::{
    self, OnDuplicate, OnLoss, Options, Rename, SourceFormat, Split, Summary, Transform,
};
use crate::tool::file::AtomicFile;
use crate::tool::ttl::TtlPolicy;
use clap::{Args, ValueEnum};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const AFTER_HELP: &str = "\
Examples:
  rkv rdb convert dump.rdb --to redis-6.2 -o old.rdb
  rkv rdb convert valkey.rdb --to redis-7.4 --dry-run       what would be lost
  rkv rdb convert a.rdb b.rdb --on-duplicate last -o all.rdb
  rkv rdb convert dump.rdb --split-by slot-ranges:0-8191,8192-16383 -o 'node-{}.rdb'
  rkv rdb dump x.rdb | jq -c 'select(.db==0)' | rkv rdb convert - --from jsonl -o y.rdb

Releases for --to: redis-2.2 … redis-8.10, valkey-7.2 … valkey-9.1, or rdb:N and valkey:N for a
version number. What the target knows is copied as it stands.";

/// Bytes at an input's start that tell its format; JSON may have blanks in front.
const SNIFF_BYTES: usize = 4096;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnLossArg {
    /// Stop with status 1
    Fail,
    /// Leave the key out
    Drop,
    /// Write what can be written
    Rewrite,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnDuplicateArg {
    /// Stop with status 1
    Fail,
    /// Keep the first
    First,
    /// Keep the last
    Last,
    /// Keep the one that expires last
    NewestExpiry,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FromArg {
    /// By the first byte
    Auto,
    /// RDB
    Rdb,
    /// JSON of keys, as rdb dump writes it
    Jsonl,
    /// Commands, as rdb dump --format resp writes them
    Resp,
}

/// Write RDB files of any version from RDB files, JSON or commands
#[derive(Debug, Args)]
#[command(after_help = format!("{AFTER_HELP}\n\n{EXIT_STATUS}"))]
pub struct ConvertArgs {
    /// The inputs, or - for standard input [default: dump.rdb]
    #[arg(value_name = "IN")]
    inputs: Vec<PathBuf>,
    /// The output; with --split-by, {} stands for the name of each part
    #[arg(short, long, value_name = "OUT", required_unless_present = "dry_run")]
    output: Option<PathBuf>,
    /// Replace existing outputs
    #[arg(long)]
    force: bool,
    /// The release that shall read the output [default: as the first input]
    #[arg(long, value_name = "RELEASE", value_parser = parse_target)]
    to: Option<Target>,
    /// What the inputs are
    #[arg(long, value_name = "FORMAT", default_value = "auto")]
    from: FromArg,
    /// What to do about what the target cannot hold
    #[arg(long, value_name = "ACTION", default_value = "fail")]
    on_loss: OnLossArg,
    /// Which of several keys of one name to keep
    #[arg(long, value_name = "CHOICE", default_value = "fail")]
    on_duplicate: OnDuplicateArg,
    /// Write several outputs: db, size:BYTES, slot-ranges:A-B,C-D…, or nodes.conf:PATH
    #[arg(long, value_name = "HOW")]
    split_by: Option<String>,
    /// Keys of one database go to another
    #[arg(long, value_name = "FROM:TO", value_parser = crate::cli::args::parse_db_map)]
    db_map: Vec<(u64, u64)>,
    /// Keys change their names: s/RE/REPLACEMENT/
    #[arg(long, value_name = "SED", value_parser = Rename::parse)]
    rename: Vec<Rename>,
    /// What becomes of expiries: keep, strip, rebase or shift:DURATION
    #[arg(long, value_name = "POLICY", default_value = "keep", value_parser = parse_ttl_policy)]
    ttl_policy: TtlPolicy,
    /// Do not compress what is encoded anew
    #[arg(long)]
    no_compression: bool,
    /// Write nothing; say what would be lost
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    filter: FilterArgs,
}

fn parse_target(text: &str) -> Result<Target, String> {
    if let Some(target) = Target::find(text) {
        return Ok(target);
    }
    let numbered = |prefix: &str, dialect| {
        let version = text.strip_prefix(prefix)?.parse().ok()?;
        let header = Header { dialect, version };
        header.is_supported().then(|| Target::like(header))
    };
    numbered("rdb:", Dialect::Redis).or_else(|| numbered("valkey:", Dialect::Valkey)).ok_or_else(
        || {
            let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
            format!("expected one of {}, rdb:N or valkey:N", names.join(", "))
        },
    )
}

fn parse_split(text: &str) -> Result<Split, CliError> {
    let usage = |message: String| CliError::usage(format!("--split-by: {message}"));
    if text == "db" {
        return Ok(Split::Db);
    }
    if let Some(size) = text.strip_prefix("size:") {
        return range::parse_size(size).map(Split::Size).map_err(|e| usage(e.to_string()));
    }
    if let Some(ranges) = text.strip_prefix("slot-ranges:") {
        let parts: Result<Vec<_>, _> = ranges
            .split(',')
            .map(|text| range::counts(text).map(|range| (text.to_string(), vec![range])))
            .collect();
        return parts.map(Split::Slots).map_err(|e| usage(e.to_string()));
    }
    if let Some(path) = text.strip_prefix("nodes.conf:") {
        return split_by_nodes(Path::new(path));
    }
    Err(usage("expected db, size:BYTES, slot-ranges:A-B,… or nodes.conf:PATH".into()))
}

fn split_by_nodes(path: &Path) -> Result<Split, CliError> {
    let name = path.display().to_string();
    let text = std::fs::read(path).map_err(|e| CliError::from(e).in_file(&name))?;
    let conf = NodesConf::parse(&text)
        .map_err(|e| CliError::new(Exit::Unsupported, e.to_string()).in_file(&name))?;
    let nodes = conf.nodes.iter().filter(|node| node.is_primary() && !node.slots.is_empty());
    let range = |(first, last): &(u16, u16)| Range { min: (*first).into(), max: (*last).into() };
    Ok(Split::Slots(
        nodes.map(|node| (node.id.clone(), node.slots.iter().map(range).collect())).collect(),
    ))
}

/// Opens the outputs by a pattern.
struct Files {
    pattern: PathBuf,
    names: Option<Vec<String>>,
    force: bool,
}

impl Files {
    fn path(&self, part: u32) -> PathBuf {
        let Some(names) = &self.names else { return self.pattern.clone() };
        let index = usize::try_from(part).unwrap_or(usize::MAX);
        let name = names.get(index).cloned().unwrap_or_else(|| part.to_string());
        let text = self.pattern.to_string_lossy();
        if text.contains("{}") {
            return text.replace("{}", &name).into();
        }
        // Without a place for the name it goes in front of the extension.
        let extension = self.pattern.extension().map(|e| e.to_string_lossy().into_owned());
        let stem = self.pattern.with_extension("");
        match extension {
            Some(extension) => format!("{}-{name}.{extension}", stem.display()).into(),
            None => format!("{}-{name}", stem.display()).into(),
        }
    }
}

impl Outputs for Files {
    fn create(&mut self, part: u32) -> io::Result<(String, Output)> {
        let path = self.path(part);
        let name = path.display().to_string();
        if path.as_os_str() == "-" {
            return Ok((name, Output::Writer(Box::new(io::stdout()))));
        }
        let file = AtomicFile::create(&path, self.force)
            .map_err(|e| io::Error::new(e.kind(), format!("{name}: {e}")))?;
        if let Some(path) = file.temporary_path() {
            register_unfinished(path);
        }
        Ok((name, Output::File(file)))
    }
}

/// Takes everything and keeps nothing.
struct Nowhere;

impl Outputs for Nowhere {
    fn create(&mut self, part: u32) -> io::Result<(String, Output)> {
        Ok((part.to_string(), Output::Writer(Box::new(io::sink()))))
    }
}

impl ConvertArgs {
    fn options(&self, context: &Context) -> Result<Options, CliError> {
        let split = self.split_by.as_deref().map_or(Ok(Split::None), parse_split)?;
        let on_loss = match self.on_loss {
            _ if self.dry_run => OnLoss::Rewrite,
            OnLossArg::Fail => OnLoss::Fail,
            OnLossArg::Drop => OnLoss::Drop,
            OnLossArg::Rewrite => OnLoss::Rewrite,
        };
        Ok(Options {
            target: self.to,
            filter: self.filter.filter()?,
            transform: Transform {
                db_map: self.db_map.clone(),
                renames: self.rename.clone(),
                ttl: self.ttl_policy,
            },
            on_loss,
            on_duplicate: match self.on_duplicate {
                OnDuplicateArg::Fail => OnDuplicate::Fail,
                OnDuplicateArg::First => OnDuplicate::First,
                OnDuplicateArg::Last => OnDuplicate::Last,
                OnDuplicateArg::NewestExpiry => OnDuplicate::NewestExpiry,
            },
            compress: !self.no_compression,
            split,
            threads: context.global.threads(),
        })
    }

    fn open_inputs(&self, paths: &[PathBuf]) -> Result<Vec<(Input, SourceFormat)>, CliError> {
        let mut inputs = Vec::new();
        for path in paths {
            let mut input = open(path)?;
            let name = input.name.clone();
            let failed = |e: InputError| CliError::from(e).in_file(&name);
            let head = input.peek(SNIFF_BYTES).map_err(failed)?;
            let format = match self.from {
                FromArg::Auto => convert::sniff(&head),
                FromArg::Rdb => SourceFormat::Rdb,
                FromArg::Jsonl => SourceFormat::Jsonl,
                FromArg::Resp => SourceFormat::Resp,
            };
            if format == SourceFormat::Rdb {
                // Before a stream is copied, which may be long and of another kind.
                let start = Parser::new().parse(&head, false).map(drop);
                start.map_err(|e| CliError::from(e).in_file(&name))?;
            }
            let input = input.into_seekable().map_err(failed)?;
            inputs.push((input, format));
        }
        Ok(inputs)
    }

    fn outputs(&self, split: &Split) -> Box<dyn Outputs> {
        let names = match split {
            Split::None => None,
            Split::Db | Split::Size(_) => Some(Vec::new()),
            Split::Slots(nodes) => Some(nodes.iter().map(|(name, _)| name.clone()).collect()),
        };
        match (&self.output, self.dry_run) {
            (Some(pattern), false) => {
                Box::new(Files { pattern: pattern.clone(), names, force: self.force })
            }
            _ => Box::new(Nowhere),
        }
    }

    /// Runs the verb.
    pub(crate) fn run(self, context: &Context) -> Done {
        let options = self.options(context)?;
        let paths =
            if self.inputs.is_empty() { vec![input_path(None)] } else { self.inputs.clone() };
        let mut inputs = self.open_inputs(&paths)?;
        let names: Vec<_> = inputs.iter().map(|(input, _)| input.name.clone()).collect();
        let outputs = self.outputs(&options.split);
        let control = Arc::new(Control::default());
        let total = Some(convert::total_bytes(&inputs));
        let progress = Progress::start_for(context.global.progress, total, None, &control);
        let done = convert::convert(&mut inputs, &options, outputs, &control);
        drop(progress);
        let summary = done.map_err(|(i, e)| {
            let error = CliError::from(e);
            match names.get(i) {
                Some(name) => error.in_file(name),
                None => error,
            }
        })?;
        if self.dry_run {
            return self.tell_losses(context, &summary);
        }
        for (name, bytes) in &summary.outputs {
            context.ui.detail(&format!("{name}: {bytes} bytes"));
        }
        for (loss, (count, key)) in &summary.losses.0 {
            context.ui.note(&format!(
                "{loss}: {count} times, first at \"{}\": {}",
                key.escape_ascii(),
                loss.rewritten()
            ));
        }
        Ok(Exit::Clean)
    }

    fn tell_losses(&self, context: &Context, summary: &Summary) -> Done {
        let mut table = Table::new(
            "losses",
            "What the target cannot hold",
            &[
                Column::left("loss", "Loss"),
                Column::right("count", "Count"),
                Column::left("first_key", "First key"),
                Column::left("rewritten", "When rewritten"),
                Column::left("loses_data", "Loses data"),
            ],
        );
        for (loss, (count, key)) in &summary.losses.0 {
            table.push(vec![
                Cell::text(loss.name()),
                Cell::Count(*count),
                Cell::bytes(key.clone()),
                Cell::text(loss.rewritten()),
                Cell::Bool(loss.is_data()),
            ]);
        }
        let mut fields = report::Fields::new("totals", "Conversion");
        fields.push("keys", "Keys", Cell::Count(summary.keys));
        fields.push("copied", "Copied as they stand", Cell::Count(summary.copied));
        fields.push("skipped", "Left out", Cell::Count(summary.skipped));
        fields.push("functions", "Function libraries", Cell::Count(summary.functions));
        let lossy = summary.losses.0.keys().any(|loss| loss.is_data());
        let mut report = Report::new("Dry run", "");
        report.push(fields);
        report.push(table);
        let format = if context.global.json { report::Format::Json } else { report::Format::Table };
        let options =
            report::Options { color: context.ui.color, width: context.ui.width(), pretty: true };
        let mut stdout = io::stdout().lock();
        report.write(format, &mut stdout, options)?;
        stdout.flush()?;
        Ok(if lossy { Exit::Found } else { Exit::Clean })
    }
}
