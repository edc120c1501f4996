//! `rkv slots`: the cluster slots of keys, and how the keys of a file spread over nodes.

use super::args::{FilterArgs, OutputArgs, ReportArgs};
use super::exit::{CliError, Exit};
use super::out::Sink;
use super::rdb::{check_ending, open, with_progress};
use super::{Context, Done, EXIT_STATUS};
use crate::base::json::{BinaryEncoding, write_bytes, write_visible};
use crate::base::slot::{hash_tag, key_slot};
use crate::cluster::{Layout, NodesConf};
use crate::report::Format;
use crate::tool::slots::{self, Detail, Options};
use clap::{Args, Subcommand};
use std::ffi::OsString;
use std::io::{self, BufRead, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

const AFTER_HELP: &str = "\
Examples:
  rkv slots user:1 '{user:1}:cart'           slot, hash tag and key, a line each
  rkv rdb dump --format keys x.rdb | rkv slots -
  rkv slots -- map                           the key \"map\"
  rkv slots map --rdb x.rdb --nodes nodes.conf
  rkv slots map --rdb x.rdb --nodes 6        if six primaries shared the slots equally";

/// Tell the cluster slots of keys, or how a file's keys spread over nodes
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, arg_required_else_help = true)]
#[command(after_help = format!("{AFTER_HELP}\n\n{EXIT_STATUS}"))]
pub struct SlotsArgs {
    #[command(subcommand)]
    command: Option<SlotsCommand>,
    /// Keys; - reads them from standard input, one per line
    #[arg(value_name = "KEY")]
    keys: Vec<OsString>,
}

#[derive(Debug, Subcommand)]
enum SlotsCommand {
    Map(MapArgs),
}

/// Tell how a file's keys spread over slots and nodes
#[derive(Debug, Args)]
#[command(after_help = format!("{AFTER_HELP}\n\n{EXIT_STATUS}"))]
struct MapArgs {
    /// The file, or - for standard input; gzip, zstd and LZ4 are recognised
    #[arg(long, value_name = "FILE", default_value = "dump.rdb")]
    rdb: PathBuf,
    /// Who owns the slots: a nodes.conf (or what CLUSTER NODES prints), or a number of primaries
    /// that share them equally
    #[arg(long, value_name = "FILE|N")]
    nodes: OsString,
    /// Length of the lists of the biggest
    #[arg(long, value_name = "N", default_value = "10")]
    top: usize,
    #[command(flatten)]
    report: ReportArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    filter: FilterArgs,
}

impl SlotsArgs {
    /// Runs the command.
    pub(crate) fn run(self, context: &Context) -> Done {
        match self.command {
            Some(SlotsCommand::Map(args)) => args.run(context),
            None => tell(&self.keys, context.global.json),
        }
    }
}

/// Writes what one key's slot is.
struct Teller<'s> {
    sink: &'s mut Sink,
    json: bool,
    line: Vec<u8>,
    told: u64,
}

impl Teller<'_> {
    fn key(&mut self, key: &[u8]) -> io::Result<()> {
        self.line.clear();
        if self.json {
            self.object(key)
        } else {
            self.text(key)
        };
        self.told += 1;
        self.sink.write_all(&self.line)
    }

    fn text(&mut self, key: &[u8]) {
        self.line.extend(key_slot(key).to_string().bytes());
        self.line.push(b'\t');
        if let Some(tag) = hash_tag(key) {
            write_visible(&mut self.line, tag);
        }
        self.line.push(b'\t');
        write_visible(&mut self.line, key);
        self.line.push(b'\n');
    }

    fn object(&mut self, key: &[u8]) {
        self.line.extend(if self.told == 0 { &b"\n"[..] } else { b",\n" });
        self.line.extend(b"{\"slot\":");
        self.line.extend(key_slot(key).to_string().bytes());
        self.line.extend(b",\"tag\":");
        match hash_tag(key) {
            Some(tag) => write_bytes(&mut self.line, tag, BinaryEncoding::Auto),
            None => self.line.extend(b"null"),
        }
        self.line.extend(b",\"key\":");
        write_bytes(&mut self.line, key, BinaryEncoding::Auto);
        self.line.push(b'}');
    }

    fn lines(&mut self, input: &mut dyn BufRead) -> Result<(), CliError> {
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = input.read_until(b'\n', &mut line);
            if read.map_err(|e| CliError::from(e).in_file("<stdin>"))? == 0 {
                return Ok(());
            }
            let key = line.strip_suffix(b"\n").unwrap_or(&line);
            self.key(key.strip_suffix(b"\r").unwrap_or(key))?;
        }
    }
}

fn tell(keys: &[OsString], json: bool) -> Done {
    let mut sink = Sink::open(None, false)?;
    if json {
        sink.write_all(b"[")?;
    }
    let mut teller = Teller { sink: &mut sink, json, line: Vec::new(), told: 0 };
    for key in keys {
        match key.as_bytes() {
            b"-" => teller.lines(&mut io::stdin().lock())?,
            key => teller.key(key)?,
        }
    }
    if json {
        sink.write_all(b"\n]\n")?;
    }
    sink.finish().map(|()| Exit::Clean)
}

/// Reads `--nodes`.
pub(super) fn layout(nodes: &OsString) -> Result<Layout, CliError> {
    if let Some(count) = nodes.to_str().and_then(|text| text.parse::<usize>().ok()) {
        let none = || CliError::usage("--nodes: expected 1 to 16384 nodes, or a nodes.conf");
        return Layout::equal(count).ok_or_else(none);
    }
    let name = Path::new(nodes).display().to_string();
    let text = std::fs::read(nodes).map_err(|e| CliError::from(e).in_file(&name))?;
    let conf = NodesConf::parse(&text);
    let conf = conf.map_err(|e| CliError::new(Exit::Unsupported, e.to_string()).in_file(&name))?;
    let layout = Layout::of_conf(&conf);
    if layout.owners().is_empty() {
        return Err(CliError::new(Exit::Unsupported, "no primary is listed").in_file(&name));
    }
    Ok(layout)
}

impl MapArgs {
    fn run(self, context: &Context) -> Done {
        let layout = layout(&self.nodes)?;
        let options = Options { filter: self.filter.filter()?, threads: context.global.threads() };
        let input = open(&self.rdb)?;
        let name = input.name.clone();
        let (map, done) = with_progress(context, input, |input, control| {
            Ok::<_, CliError>(slots::map(input, &options, control))
        })?;
        let detail = match self.report.format(&context.global) {
            Format::Json | Format::Ndjson | Format::Csv => Detail::EverySlot,
            Format::Table | Format::Html => Detail::Summary,
        };
        let report = slots::report(&map, &layout, self.top, detail);
        // A file of which nothing could be read gets no report.
        if done.is_ok() || map.total().count > 0 {
            self.report.write(context, &report, &self.output)?;
        }
        done.map_err(|failure| CliError::from(failure).in_file(&name))?;
        match &map.ending {
            Some(ending) => check_ending(context, &name, ending).map(|()| Exit::Clean),
            None => Ok(Exit::Clean),
        }
    }
}
