//! `rkv aof rewrite`: the least that gives the same data.

use super::super::args::{OutputArgs, ReportArgs, ReportFormat, now_ms};
use super::super::exit::{CliError, Exit};
use super::super::out::Sink;
use super::super::{Context, Done, EXIT_STATUS};
use super::{INPUT_HELP, input_path, open, with_progress};
use crate::base::range;
use crate::rdb::encode::{TARGETS, Target};
use crate::report::{Cell, Column, Fields, Report, Table, human};
use crate::tool::aof::plan;
use crate::tool::aof::replay;
use crate::tool::aof::rewrite::{self, Form, Options, Shape};
use clap::{Args, ValueEnum};
use std::io::Write;
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Examples:
  rkv aof rewrite                                 appendonlydir -> appendonlydir.rewritten
  rkv aof rewrite --in-place appendonlydir        keeps the old set as appendonlydir.bak
  rkv aof rewrite --shape file -o dump.rdb        the data as an RDB file
  rkv aof rewrite dump.rdb --shape folder -o appendonlydir
  rkv aof rewrite --format resp --to redis-6.0 -o old-style appendonly.aof
  rkv aof rewrite --at-time 2026-01-31T12:00:00Z -o noon

The set is replayed in memory by the commands' own rules, without a server. Keys whose time has passed
are kept, as servers do when they load. Commands that replied with an error are passed over, as servers
do, and told. A torn tail is an error unless --load-truncated is given. Times need the timestamps that
servers write with aof-timestamp-enabled yes.";

/// The form of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormArg {
    /// An RDB base
    Rdb,
    /// Commands
    Resp,
}

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ShapeArg {
    /// A folder with a manifest
    Folder,
    /// A single file
    File,
}

/// What becomes of what the target has no form for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnLoss {
    /// Nothing is written
    Fail,
    /// It is left out
    Drop,
}

/// Replay a set and write the least that gives the same data
#[derive(Debug, Args)]
#[command(after_help = format!("{AFTER_HELP}\n\n{INPUT_HELP}\n\n{EXIT_STATUS}"))]
pub struct RewriteArgs {
    /// A folder, a manifest or a file, or - for standard input [default: appendonlydir]
    #[arg(value_name = "INPUT")]
    input: Option<PathBuf>,
    /// The release whose servers shall load it [default: the one that wrote the base]
    #[arg(long, value_name = "RELEASE")]
    to: Option<String>,
    /// The form of the data
    #[arg(long, value_name = "FORM", value_enum, default_value = "rdb")]
    format: FormArg,
    /// What is written [default: what was read]
    #[arg(long, value_name = "SHAPE", value_enum)]
    shape: Option<ShapeArg>,
    /// The data as of this time: a date, RFC 3339, unix seconds, or -1h
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    at_time: Option<String>,
    /// Leave a torn tail of the last file out, as servers do with aof-load-truncated yes
    #[arg(long)]
    load_truncated: bool,
    /// What becomes of what the release has no form for
    #[arg(long, value_name = "WHAT", value_enum, default_value = "fail")]
    on_loss: OnLoss,
    /// Replace the input; what was there before is kept with .bak behind its name
    #[arg(long, conflicts_with = "output")]
    in_place: bool,
    /// The new folder or file [default: INPUT.rewritten]
    #[arg(short, long, value_name = "PATH", help_heading = "Output")]
    output: Option<PathBuf>,
    /// Replace an existing file (never a folder)
    #[arg(long, help_heading = "Output")]
    force: bool,
}

impl RewriteArgs {
    fn options(&self) -> Result<Options, CliError> {
        let find = |name: &String| {
            Target::find(name).ok_or_else(|| {
                let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
                CliError::usage(format!("--to: no release \"{name}\""))
                    .hint(format!("one of {}", names.join(", ")))
            })
        };
        let now_ms = now_ms();
        let until_ms = self.at_time.as_ref().map(|time| range::parse_time_ms(time, now_ms));
        let until_ms =
            until_ms.transpose().map_err(|e| CliError::usage(format!("--at-time: {e}")))?;
        Ok(Options {
            target: self.to.as_ref().map(find).transpose()?,
            form: match self.format {
                FormArg::Rdb => Form::Rdb,
                FormArg::Resp => Form::Commands,
            },
            shape: self.shape.map(|shape| match shape {
                ShapeArg::Folder => Shape::Folder,
                ShapeArg::File => Shape::File,
            }),
            drop_losses: self.on_loss == OnLoss::Drop,
            replay: replay::Options {
                until_ms,
                now_ms,
                leave_torn_tail: self.load_truncated,
                ..Default::default()
            },
        })
    }

    /// Runs the verb.
    pub(crate) fn run(self, context: &Context) -> Done {
        let options = self.options()?;
        let path = input_path(self.input.as_deref());
        let place = match (&self.output, self.in_place) {
            (_, true) => plan::Target::InPlace,
            (Some(output), false) => plan::Target::Path(output.clone(), self.force),
            (None, false) if path.as_os_str() == "-" => {
                return Err(CliError::usage("name the output with -o PATH"));
            }
            (None, false) => plan::Target::Path(rewrite::default_output(&path), self.force),
        };
        let set = open(&path)?;
        for path in plan::Plan::unfinished(&set, &place) {
            super::super::out::register_unfinished(&path);
        }
        let done = with_progress(context, &set, |control| {
            rewrite::rewrite(&set, &place, &options, control)
        })?;
        for failed in &done.replayed.failed {
            context.ui.note(&format!(
                "{}: passed over: {} (offset 0x{:x}, {})",
                failed.file, failed.error, failed.offset, failed.offset
            ));
        }
        for loss in done.summary.losses.iter() {
            context.ui.note(&format!("the release has no form for it: {}", loss.name()));
        }
        if let Some(ended) = &done.replayed.ended {
            let file = set.members.get(ended.member).map_or("", |member| member.name());
            context.ui.note(&format!(
                "{file}: left out: {} (offset 0x{:x}, {})",
                ended.cause,
                ended.cause.offset(),
                ended.cause.offset()
            ));
        }
        if context.global.json {
            let nowhere = OutputArgs { output: None, force: false };
            let form = ReportArgs { format: ReportFormat::Table };
            form.write(context, &report(&set.name, &done), &nowhere)?;
            return Ok(Exit::Clean);
        }
        context.ui.note(&format!(
            "{} keys; {} commands replayed, {} failed; {} before, {} now",
            done.summary.keys,
            done.replayed.commands,
            done.replayed.failed_count,
            human::size(done.sizes.0),
            human::size(done.sizes.1)
        ));
        let mut sink = Sink::open(None, false)?;
        writeln!(sink, "{}", done.written.path.display())?;
        sink.finish()?;
        Ok(Exit::Clean)
    }
}

fn report(name: &str, done: &rewrite::Done) -> Report {
    let mut report = Report::new("Append-only file", name.to_owned());
    let mut fields = Fields::new("output", "Output");
    let path = |path: &PathBuf| Cell::Text(path.display().to_string());
    fields.push("written", "Written", path(&done.written.path));
    fields.push(
        "backup",
        "What was there before",
        done.written.backup.as_ref().map_or(Cell::None, path),
    );
    fields.push("keys", "Keys", Cell::Count(done.summary.keys));
    fields.push("expiring", "Of them with an expiry", Cell::Count(done.expiring));
    fields.push("left_out_keys", "Keys left out", Cell::Count(done.summary.left_out));
    fields.push("base_keys", "Keys of the old base", Cell::Count(done.replayed.base_keys));
    fields.push("commands", "Commands replayed", Cell::Count(done.replayed.commands));
    fields.push("failed_commands", "Commands that failed", Cell::Count(done.replayed.failed_count));
    fields.push("old_bytes", "Size before", Cell::Size(done.sizes.0));
    fields.push("new_bytes", "Size now", Cell::Size(done.sizes.1));
    report.push(fields);
    let columns = [
        Column::left("file", "File"),
        Column::right("offset", "Offset"),
        Column::left("error", "Error"),
    ];
    let mut table = Table::new("failed", "Commands that failed", &columns);
    for failed in &done.replayed.failed {
        table.push(vec![
            Cell::text(&failed.file),
            Cell::Offset(failed.offset),
            Cell::text(&failed.error),
        ]);
    }
    if !done.replayed.failed.is_empty() {
        report.push(table);
    }
    report
}
