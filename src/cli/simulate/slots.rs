//! `rkv simulate slots`: what a cluster would carry, refuse, and have to move.

use super::super::args::{FilterArgs, OutputArgs, ReportArgs};
use super::super::exit::{CliError, Exit};
use super::super::rdb::check_ending;
use super::super::slots::layout;
use super::super::{Context, Done, EXIT_STATUS, aof, rdb};
use crate::base::json::read_visible;
use crate::base::range;
use crate::cluster::Layout;
use crate::tool::simulate::plan::Balance;
use crate::tool::simulate::slots::{Options, Pattern, map_lines, map_pattern, report, traffic};
use crate::tool::slots::{self, SlotMap};
use clap::{Args, ValueEnum};
use std::ffi::OsString;
use std::io::{self, BufReader};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Most keys that are generated.
const COUNT_MAX: u64 = 10_000_000_000;
/// Longest list of the biggest.
const TOP_MAX: usize = 1000;

const AFTER_HELP: &str = "\
Examples:
  rkv simulate slots --rdb dump.rdb --nodes 3
  rkv simulate slots --rdb dump.rdb --aof appendonlydir --nodes 6   and what would be refused
  rkv simulate slots --keys names.txt --nodes nodes.conf --balance slots
  rkv simulate slots --generate '{user:%1000d}:session:%r' --count 100000 --nodes 3
  rkv simulate slots --rdb dump.rdb --nodes nodes.conf --weights 1,1,2 --json

In a pattern, %d is the number of the key from 0, %100d that number modulo 100, %r 16 random
hexadecimal digits, %100r a random number below 100, and %% a percent sign.

A command is refused (CROSSSLOT) if its keys are in several slots, even if one node has them all; so
is a transaction. An append-only file or capture holds writes alone, so that shares are those of
writes.

The plan moves what nodes have too much by their weights, and no more. A node of weight 0 gives away
all it has. Nodes within --tolerance of their share keep what they have.";

/// What is to be balanced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum BalanceArg {
    /// The number of slots
    Slots,
    /// The number of keys
    Keys,
    /// The bytes of keys
    Bytes,
    /// The commands of --aof
    Commands,
}

/// Tell what a cluster would carry on each node, which commands it would refuse, and which slots to move
#[derive(Debug, Args)]
#[command(after_help = format!("{AFTER_HELP}\n\n{EXIT_STATUS}"))]
#[command(group = clap::ArgGroup::new("set").args(["rdb", "keys", "generate"]))]
#[command(group = clap::ArgGroup::new("data").required(true).multiple(true).args(["rdb", "keys", "generate", "aof"]))]
pub struct SlotsArgs {
    /// Keys: those of an RDB file, or - for standard input
    #[arg(long, value_name = "FILE")]
    rdb: Option<PathBuf>,
    /// Keys: one per line of a file, or - for standard input (\xNN for bytes that are no text)
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Keys: made by a pattern
    #[arg(long, value_name = "PATTERN")]
    generate: Option<OsString>,
    /// How many keys the pattern makes
    #[arg(long, value_name = "N", default_value_t = 100_000, requires = "generate", conflicts_with_all = ["rdb", "keys"])]
    count: u64,
    /// Bytes of the value of each key of --keys and --generate
    #[arg(long, value_name = "SIZE", default_value = "100", conflicts_with = "rdb")]
    value_size: String,
    /// What random parts of keys follow from
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Commands: those of an append-only file or a capture
    #[arg(long, value_name = "CAPTURE|AOF")]
    aof: Option<PathBuf>,
    /// Who owns the slots: a nodes.conf (or what CLUSTER NODES prints), or a number of primaries
    /// that share them equally
    #[arg(long, value_name = "FILE|N")]
    nodes: OsString,
    /// Weights of the nodes, in their order or as ID=WEIGHT [default: 1 each]
    #[arg(long, value_name = "WEIGHTS", value_delimiter = ',')]
    weights: Vec<String>,
    /// What is balanced [default: bytes, or commands if there are no keys]
    #[arg(long, value_name = "WHAT", value_enum)]
    balance: Option<BalanceArg>,
    /// Per cent of its share by which a node may carry too much
    #[arg(long, value_name = "N", default_value_t = 2.0)]
    tolerance: f64,
    /// Length of the lists of the biggest (at most 1000)
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
    #[command(flatten)]
    report: ReportArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    filter: FilterArgs,
}

fn weight(text: &str) -> Result<f64, CliError> {
    let number = text.trim().parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0);
    number.ok_or_else(|| CliError::usage(format!("--weights: \"{text}\" is no weight")))
}

/// Reads `--weights`.
fn weights(texts: &[String], layout: &Layout) -> Result<Vec<f64>, CliError> {
    let owners = layout.owners();
    let mut weights = vec![1.0; owners.len()];
    if texts.iter().all(|text| !text.contains('=')) {
        if !texts.is_empty() && texts.len() != owners.len() {
            let what = format!("--weights: expected one for each of {} nodes", owners.len());
            return Err(CliError::usage(what));
        }
        for (place, text) in weights.iter_mut().zip(texts) {
            *place = weight(text)?;
        }
    } else {
        for text in texts {
            let (id, number) = text
                .split_once('=')
                .ok_or_else(|| CliError::usage(format!("--weights: \"{text}\" is no ID=WEIGHT")))?;
            let mut named = weights.iter_mut().zip(owners).filter(|(_, o)| o.id.starts_with(id));
            match (named.next(), named.next()) {
                (Some((place, _)), None) => *place = weight(number)?,
                (None, _) => {
                    return Err(CliError::usage(format!("--weights: there is no node \"{id}\"")));
                }
                (Some(_), Some(_)) => {
                    let what = format!("--weights: several nodes begin with \"{id}\"");
                    return Err(CliError::usage(what));
                }
            }
        }
    }
    match weights.iter().sum::<f64>() > 0.0 {
        true => Ok(weights),
        false => Err(CliError::usage("--weights: one node must carry something")),
    }
}

impl SlotsArgs {
    fn options(&self, layout: Layout) -> Result<Options, CliError> {
        let balance = match self.balance {
            Some(BalanceArg::Commands) if self.aof.is_none() => {
                return Err(CliError::usage("--balance commands: there are none without --aof"));
            }
            Some(BalanceArg::Slots) => Balance::Slots,
            Some(BalanceArg::Keys) => Balance::Keys,
            Some(BalanceArg::Commands) => Balance::Commands,
            None if !self.has_keys() => Balance::Commands,
            Some(BalanceArg::Bytes) | None => Balance::Bytes,
        };
        if self.rdb.is_none() && !self.filter.filter()?.is_empty() {
            return Err(CliError::usage("filters are for the keys of --rdb"));
        }
        if !(0.0..=100.0).contains(&self.tolerance) {
            return Err(CliError::usage("--tolerance: expected 0 to 100 per cent"));
        }
        if self.count > COUNT_MAX {
            return Err(CliError::usage(format!("--count: expected at most {COUNT_MAX}")));
        }
        Ok(Options {
            weights: weights(&self.weights, &layout)?,
            layout,
            balance,
            tolerance: self.tolerance / 100.0,
            top: self.top.min(TOP_MAX),
        })
    }

    fn has_keys(&self) -> bool {
        self.rdb.is_some() || self.keys.is_some() || self.generate.is_some()
    }

    /// Counts the keys; the second part is what is wrong with the file that they stand in.
    fn map(&self, context: &Context) -> Result<(SlotMap, Result<(), CliError>), CliError> {
        let value_bytes = range::parse_size(&self.value_size);
        let value_bytes = value_bytes.map_err(|e| CliError::usage(format!("--value-size: {e}")))?;
        if let Some(path) = &self.rdb {
            return self.map_rdb(context, path);
        }
        if let Some(path) = &self.keys {
            let name =
                if path.as_os_str() == "-" { "<stdin>".into() } else { path.display().to_string() };
            let read = |line: &[u8]| read_visible(line).unwrap_or_else(|| line.to_vec());
            let in_file = |e: io::Error| CliError::from(e).in_file(&name);
            let map = if path.as_os_str() == "-" {
                map_lines(name.clone(), &mut io::stdin().lock(), value_bytes, read)
            } else {
                let file = std::fs::File::open(path).map_err(in_file)?;
                map_lines(name.clone(), &mut BufReader::new(file), value_bytes, read)
            };
            return Ok((map.map_err(in_file)?, Ok(())));
        }
        if let Some(pattern) = &self.generate {
            let name = format!("{} keys of {}", self.count, pattern.display());
            let pattern = Pattern::parse(pattern.as_bytes());
            let pattern = pattern.map_err(|e| CliError::usage(format!("--generate: {e}")))?;
            let map = map_pattern(&pattern, self.count, value_bytes, self.seed, name);
            return Ok((map, Ok(())));
        }
        let no_keys = self.aof.as_deref().unwrap_or(Path::new("")).display().to_string();
        let mut none = io::empty();
        Ok((map_lines(no_keys, &mut none, 0, <[u8]>::to_vec)?, Ok(())))
    }

    fn map_rdb(
        &self,
        context: &Context,
        path: &Path,
    ) -> Result<(SlotMap, Result<(), CliError>), CliError> {
        let threads = context.global.threads();
        let options = slots::Options { filter: self.filter.filter()?, threads };
        let input = rdb::open(path)?;
        let name = input.name.clone();
        let (map, done) = rdb::with_progress(context, input, |input, control| {
            Ok::<_, CliError>(slots::map(input, &options, control))
        })?;
        let done = done.map_err(|failure| CliError::from(failure).in_file(&name));
        // A file of which nothing could be read gets no report.
        if map.total().count == 0 {
            done?;
            return Ok((map, Ok(())));
        }
        let done = done.and_then(|()| match &map.ending {
            Some(ending) => check_ending(context, &name, ending),
            None => Ok(()),
        });
        Ok((map, done))
    }

    /// Runs the command.
    pub(crate) fn run(self, context: &Context) -> Done {
        let options = self.options(layout(&self.nodes)?)?;
        let set = self.aof.as_deref().map(aof::open).transpose()?;
        let (map, done) = self.map(context)?;
        let counted = match &set {
            Some(set) => Some(aof::with_progress(context, set, |control| traffic(set, control))?),
            None => None,
        };
        let traffic = counted.as_ref().map(|(traffic, _)| traffic);
        self.report.write(context, &report(&map, traffic, &options), &self.output)?;
        done?;
        match (&set, counted) {
            (Some(set), Some((_, ended))) => aof::finish(context, set, ended),
            _ => Ok(Exit::Clean),
        }
    }
}
