//! `rkv restore`: the data of a capture as they were at an earlier moment.

use super::args::now_ms;
use super::exit::CliError;
use super::out::{self, Sink, register_unfinished};
use super::progress::Progress;
use super::{Context, Done, EXIT_STATUS};
use crate::base::range;
use crate::feed::Control;
use crate::repl::offset::Offset;
use crate::tool::aof::plan::{Plan, Target};
use crate::tool::aof::truncate::Pattern;
use crate::tool::restore::{self, Output, Until};
use clap::{Args, ValueEnum};
use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

const AFTER_HELP: &str = "\
Examples:
  rkv restore 10.0.0.5-6379.capture --to-time 2026-01-31T12:00:00Z -o noon.rdb
  rkv restore capture --to-offset 734003 --format aof -o appendonlydir
  rkv restore capture --before-command FLUSHALL -o before.rdb
  rkv restore capture --before-command 'DEL user:*' --serve /srv/before

CAPTURE is the folder that `rkv replicate` keeps, or any append-only file with timestamps. It may be
written to meanwhile. Closed files are compared with their checksums first. The cut never goes through
a transaction. For an older generation name its list: capture/generation-1.list.";

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatArg {
    /// An RDB file
    Rdb,
    /// A folder that servers load
    Aof,
}

/// Give the data of a capture as they were at an earlier moment
#[derive(Debug, Args)]
#[command(after_help = format!("{AFTER_HELP}\n\n{EXIT_STATUS}"))]
#[command(group = clap::ArgGroup::new("limit"))]
#[command(group = clap::ArgGroup::new("place").required(true).args(["output", "serve"]))]
pub struct RestoreArgs {
    /// The folder of a capture, or a list of its files
    #[arg(value_name = "CAPTURE")]
    capture: PathBuf,
    /// Keep what was written up to this time: a date, RFC 3339, unix seconds, or -1h
    #[arg(long, value_name = "TIME", group = "limit", allow_hyphen_values = true)]
    to_time: Option<String>,
    /// Keep what stands in front of this offset of the stream
    #[arg(long, value_name = "N", group = "limit")]
    to_offset: Option<u64>,
    /// Keep what stands in front of the first command that matches: NAME, or NAME and arguments
    /// joined by blanks, as globs
    #[arg(long, value_name = "PATTERN", group = "limit")]
    before_command: Option<String>,
    /// Write to this path
    #[arg(short, long, value_name = "PATH", help_heading = "Output")]
    output: Option<PathBuf>,
    /// What to write
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "rdb", help_heading = "Output")]
    format: FormatArg,
    /// Replace an existing file (never a folder)
    #[arg(long, help_heading = "Output")]
    force: bool,
    /// Write an appendonlydir to this folder, and serve it with `rkv serve`
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    serve: Option<PathBuf>,
    /// The port to serve at
    #[arg(long, value_name = "PORT", requires = "serve", help_heading = "Output")]
    port: Option<u16>,
}

impl RestoreArgs {
    fn until(&self) -> Result<Until, CliError> {
        Ok(match (&self.to_time, self.to_offset, &self.before_command) {
            (Some(time), _, _) => {
                let time = range::parse_time_ms(time, now_ms());
                Until::Time(time.map_err(|e| CliError::usage(format!("--to-time: {e}")))?)
            }
            (_, Some(offset), _) => Until::Offset(Offset::new(offset)),
            (_, _, Some(pattern)) => Until::Command(Pattern::new(pattern)),
            (None, None, None) => Until::End,
        })
    }

    /// What is written, and where.
    fn target(&self) -> Result<(Output, PathBuf), CliError> {
        match (&self.serve, &self.output, self.format) {
            (Some(dir), _, _) => {
                std::fs::create_dir_all(dir)
                    .map_err(|e| CliError::from(e).in_file(dir.display().to_string()))?;
                Ok((Output::Folder, dir.join("appendonlydir")))
            }
            (_, Some(path), FormatArg::Rdb) => Ok((Output::Rdb, path.clone())),
            (_, Some(path), FormatArg::Aof) => Ok((Output::Folder, path.clone())),
            (None, None, _) => Err(CliError::usage("name the output with -o PATH")),
        }
    }

    /// Runs the command.
    pub(crate) fn run(self, context: &Context) -> Done {
        if self.serve.is_none() {
            // A server heeds signals itself.
            out::watch_signals();
        }
        let until = self.until()?;
        let (output, path) = self.target()?;
        let set = restore::open(&self.capture)?;
        let checked = restore::check_files(&set)?;
        context.ui.detail(&format!("{checked} files have the checksums that were noted"));
        let control = Arc::new(Control::default());
        let mode = context.global.progress;
        let progress = Progress::start_for(mode, Some(set.size_bytes()), None, &control);
        let plan = restore::plan(&set, &until, &control)?;
        let target = Target::Path(path, self.force);
        for path in Plan::unfinished(&set, &target) {
            register_unfinished(&path);
        }
        let written = restore::write(&set, &plan, output, &target, now_ms(), &control)?;
        drop(progress);
        let left_out: u64 = plan.cuts.iter().map(|cut| cut.commands).sum();
        context.ui.note(&format!("commands left out behind that: {left_out}"));
        match &self.serve {
            Some(dir) => super::serve::run(self.server_args(dir.clone()), &context.ui),
            None => {
                let mut sink = Sink::open(None, false)?;
                writeln!(sink, "{}", written.path.display())?;
                sink.finish()?;
                Ok(super::exit::Exit::Clean)
            }
        }
    }

    fn server_args(&self, dir: PathBuf) -> Vec<OsString> {
        let mut args: Vec<OsString> =
            vec!["--dir".into(), dir.into(), "--appendonly".into(), "yes".into()];
        if let Some(port) = self.port {
            args.extend(["--port".into(), port.to_string().into()]);
        }
        args
    }
}
