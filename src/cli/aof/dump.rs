//! `rkv aof dump`: the commands of a set.

use super::super::args::{EncodingArg, OutputArgs};
use super::super::out::Sink;
use super::super::{Context, Done, EXIT_STATUS};
use super::select::SelectArgs;
use super::{INPUT_HELP, finish, input_path, open, with_progress};
use crate::tool::aof::dump::{self, Format, Options};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Examples:
  rkv aof dump                                     all commands, a line each
  rkv aof dump --no-base --format jsonl x.aof      with file, offset, database and time
  rkv aof dump --format resp | redis-cli --pipe    into a running server
  rkv aof dump --command 'flush*,del' --time -1h~now

The keys of an RDB part are written as the commands that make them; they have neither an offset nor
a time. With filters, SELECT is written where the database changes, and MULTI and EXEC are left out
unless --command asks for them.";

/// What a dump is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatArg {
    /// Text, as typed into redis-cli
    Commands,
    /// The wire format, for redis-cli --pipe
    Resp,
    /// A JSON object per command, with file, offset, position in the chain, database and time
    Jsonl,
}

/// Print the commands, all or some of them
#[derive(Debug, Args)]
#[command(after_help = format!("{AFTER_HELP}\n\n{INPUT_HELP}\n\n{EXIT_STATUS}"))]
pub struct DumpArgs {
    /// A folder, a manifest or a file, or - for standard input [default: appendonlydir]
    #[arg(value_name = "INPUT")]
    input: Option<PathBuf>,
    /// What to write
    #[arg(long, value_name = "FORMAT", default_value = "commands")]
    format: FormatArg,
    /// How JSON tells bytes that are no text
    #[arg(long, value_name = "ENCODING", default_value = "auto")]
    encoding: EncodingArg,
    /// Leave out the keys of the RDB part
    #[arg(long)]
    no_base: bool,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    select: SelectArgs,
}

impl DumpArgs {
    /// Runs the verb.
    pub(crate) fn run(self, context: &Context) -> Done {
        let options = Options {
            format: match self.format {
                FormatArg::Commands if context.global.json => Format::Jsonl,
                FormatArg::Commands => Format::Commands,
                FormatArg::Resp => Format::Resp,
                FormatArg::Jsonl => Format::Jsonl,
            },
            encoding: self.encoding.into(),
            selection: self.select.selection()?,
            no_base: self.no_base,
            threads: context.global.threads(),
        };
        let set = open(&input_path(self.input.as_deref()))?;
        let mut sink = Sink::open(self.output.output.as_deref(), self.output.force)?;
        let done =
            with_progress(context, &set, |control| dump::dump(&set, &options, &mut sink, control));
        match done.map_err(Into::into).and_then(|ended| finish(context, &set, ended)) {
            Ok(exit) => sink.finish().map(|()| exit),
            Err(error) => {
                sink.abandon();
                Err(error)
            }
        }
    }
}
