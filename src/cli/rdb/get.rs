//! `rkv rdb get`: single keys of a file.

use super::super::args::{EncodingArg, FilterArgs, OutputArgs};
use super::super::exit::{CliError, Exit};
use super::super::out::Sink;
use super::super::{Context, Done, EXIT_STATUS};
use super::dump::FormatArg;
use super::{check_ending, open, sidecar, with_progress};
use crate::base::json::read_visible;
use crate::tool::dump;
use crate::tool::get::{self, Got, Options};
use crate::tool::ttl::TtlPolicy;
use clap::Args;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Examples:
  rkv rdb get dump.rdb user:1 user:2            a JSON object per key
  rkv rdb get --raw dump.rdb page > page.html   the bytes of a string
  rkv rdb get --db 3 --format commands dump.rdb user:1
  rkv rdb get --escaped dump.rdb 'bin\\x00key'

A key that several databases have is printed once for each. With an index beside the file (see
`rkv rdb index`) keys are found at once; without, the whole file is read.";

/// Print single keys
#[derive(Debug, Args)]
#[command(after_help = format!("{AFTER_HELP}\n\n{EXIT_STATUS}"))]
pub struct GetArgs {
    /// The file, or - for standard input; gzip, zstd and LZ4 are recognised
    #[arg(value_name = "FILE")]
    input: PathBuf,
    /// The keys; they are printed in this order
    #[arg(value_name = "KEY", required = true)]
    keys: Vec<OsString>,
    /// Keys are written with \xNN for any byte and \\ for a backslash
    #[arg(long)]
    escaped: bool,
    /// Databases to look in, as N or a range A-B [default: all]
    #[arg(long, value_name = "N", value_delimiter = ',')]
    db: Vec<String>,
    /// Print each key once only, and stop reading when all are found
    #[arg(long)]
    first: bool,
    /// What to write
    #[arg(long, value_name = "FORMAT", default_value = "jsonl")]
    format: FormatArg,
    /// How to write bytes that are no text
    #[arg(long, value_name = "ENCODING", default_value = "auto")]
    encoding: EncodingArg,
    /// Write one RESTORE per key (with resp and commands)
    #[arg(long)]
    restore: bool,
    /// Write the bytes of string values exactly, and nothing else
    #[arg(long, conflicts_with_all = ["format", "encoding", "restore"])]
    raw: bool,
    /// Read the whole file even if an index is beside it
    #[arg(long)]
    no_index: bool,
    #[command(flatten)]
    output: OutputArgs,
}

impl GetArgs {
    fn options(&self, context: &Context) -> Result<Options, CliError> {
        let format = self.format.resolve(context, self.restore)?;
        let filter = FilterArgs { db: self.db.clone(), ..FilterArgs::default() };
        Ok(Options {
            keys: self.keys.iter().map(|key| self.key(key)).collect::<Result<_, _>>()?,
            first: self.first,
            raw: self.raw,
            dump: dump::Options {
                format,
                encoding: self.encoding.into(),
                restore: self.restore,
                ttl: TtlPolicy::Keep,
                filter: filter.filter()?,
                threads: context.global.threads(),
            },
        })
    }

    /// A key as typed.
    fn key(&self, text: &OsString) -> Result<Vec<u8>, CliError> {
        let bytes = text.clone().into_vec();
        if !self.escaped {
            return Ok(bytes);
        }
        read_visible(&bytes).ok_or_else(|| {
            let text = text.to_string_lossy();
            CliError::usage(format!("--escaped: \"{text}\" has a backslash without xNN behind it"))
        })
    }

    /// Runs the verb.
    pub(crate) fn run(self, context: &Context) -> Done {
        let options = self.options(context)?;
        let input = open(&self.input)?;
        let name = input.name.clone();
        let index = if self.no_index { None } else { sidecar::find(context, &self.input, &input) };
        let mut sink = Sink::open(self.output.output.as_deref(), self.output.force)?;
        let got = with_progress(context, input, |input, control| {
            get::get(input, index.as_ref(), &options, &mut sink, control)
        });
        match got {
            Ok(got) => {
                sink.finish()?;
                conclude(context, &name, &got)
            }
            Err(error) => {
                sink.abandon();
                Err(error)
            }
        }
    }
}

/// Tells what is missing and what is wrong with the file as a whole.
fn conclude(context: &Context, name: &str, got: &Got) -> Done {
    for key in &got.missing {
        let message = format!("key \"{}\" not found", key.escape_ascii());
        let mut error = CliError::new(Exit::Found, message).in_file(name);
        error.key = Some(key.clone());
        context.ui.error(&error);
    }
    if let Some(ending) = &got.ending {
        check_ending(context, name, ending)?;
    }
    Ok(if got.missing.is_empty() { Exit::Clean } else { Exit::Found })
}
