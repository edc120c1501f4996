//! `rkv rdb index`: writes the sidecar through which single keys are found at once.

use super::super::exit::{CliError, Exit};
use super::super::out::Sink;
use super::super::{Context, Done, EXIT_STATUS};
use super::{check_ending, input_path, open, with_progress};
use crate::feed::input::Bytes;
use crate::feed::{Control, Failure, Input};
use crate::tool::index::{Index, IndexError, build, sidecar_path};
use clap::Args;
use std::io;
use std::path::{Path, PathBuf};

const AFTER_HELP: &str = "\
Examples:
  rkv rdb index dump.rdb            write dump.rdb.rkvx, which get and dump use from then on
  rkv rdb index --check dump.rdb    see whether dump.rdb.rkvx says what the file holds
  rkv rdb index --force dump.rdb    write it again after the file has changed";

/// Write an index beside the file, through which get and filtered dumps find keys at once
#[derive(Debug, Args)]
#[command(after_help = format!("{AFTER_HELP}\n\n{EXIT_STATUS}"))]
pub struct IndexArgs {
    /// The file, plain and uncompressed [default: dump.rdb]
    #[arg(value_name = "FILE")]
    input: Option<PathBuf>,
    /// Where the index goes; only FILE.rkvx is found by other commands [default: FILE.rkvx]
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Replace an existing index
    #[arg(long)]
    force: bool,
    /// Compare an existing index with the file instead of writing one
    #[arg(long, conflicts_with = "force")]
    check: bool,
}

/// Input that is no plain file cannot be indexed.
fn require_plain(input: &Input) -> Result<(), CliError> {
    if matches!(input.bytes, Bytes::Map(_)) {
        return Ok(());
    }
    let what = match input.compression {
        Some(compression) => format!("compressed ({}); only plain files", compression.name()),
        None => "not a regular file; only those".into(),
    };
    let error = CliError::new(Exit::Unsupported, format!("{what} can be indexed"));
    Err(error.in_file(&input.name).hint("store it decompressed in a file and index that"))
}

/// An index that cannot be used, as an error.
fn unusable(e: IndexError, path: &Path) -> CliError {
    let file = path.display().to_string();
    let error = match e {
        IndexError::Io(e) => CliError::from(e),
        IndexError::Unsupported(_) => CliError::new(Exit::Unsupported, e.to_string()),
        IndexError::Damaged(_) | IndexError::Foreign(_) => {
            CliError::new(Exit::Found, e.to_string())
                .hint("write it again with `rkv rdb index --force`")
        }
    };
    error.in_file(file)
}

impl IndexArgs {
    /// Runs the verb.
    pub(crate) fn run(self, context: &Context) -> Done {
        let path = input_path(self.input.as_deref());
        let input = open(&path)?;
        require_plain(&input)?;
        let sidecar = self.output.unwrap_or_else(|| sidecar_path(&path));
        if self.check {
            return check(context, input, &sidecar);
        }
        write(context, input, &sidecar, self.force)
    }
}

fn write(context: &Context, input: Input, sidecar: &Path, force: bool) -> Done {
    let name = input.name.clone();
    let mut sink = Sink::open(Some(sidecar), force)?;
    let built = with_progress(context, input, |input, control| build(input, &mut sink, control));
    let checked = built.and_then(|built| {
        check_ending(context, &name, &built.ending)?;
        Ok(built)
    });
    match checked {
        Ok(built) => {
            sink.finish()?;
            let (keys, bytes) = (built.entries, built.bytes);
            context.ui.note(&format!("{}: {keys} keys, {bytes} bytes", sidecar.display()));
            Ok(Exit::Clean)
        }
        Err(error) => {
            sink.abandon();
            Err(error)
        }
    }
}

/// Opens an index and builds it anew in mind; both must have the same length and checksum.
fn check(context: &Context, input: Input, sidecar: &Path) -> Done {
    let name = input.name.clone();
    let rebuild = |input: &mut Input, control: &Control| -> Result<_, Failure<CliError>> {
        let Bytes::Map(rdb) = &input.bytes else { return Ok(None) };
        let index = Index::open(sidecar, rdb).map_err(|e| Failure::Worker(unusable(e, sidecar)))?;
        let built =
            build(input, &mut io::sink(), control).map_err(|e| Failure::Worker(e.into()))?;
        Ok(Some((index.sum(), built)))
    };
    let Some((sum, built)) = with_progress(context, input, rebuild)? else {
        return Ok(Exit::Clean);
    };
    check_ending(context, &name, &built.ending)?;
    if sum == (built.bytes, built.checksum) {
        context.ui.note(&format!("{}: fits, {} keys", sidecar.display(), built.entries));
        return Ok(Exit::Clean);
    }
    let error = CliError::new(Exit::Found, "the index does not say what the file holds");
    Err(error
        .in_file(sidecar.display().to_string())
        .hint("write it again with `rkv rdb index --force`"))
}
