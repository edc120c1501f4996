//! Which commands: what was typed, and the step that checks it.

use super::super::args::now_ms;
use super::super::exit::CliError;
use crate::base::glob::Glob;
use crate::base::range;
use crate::tool::aof::select::Selection;
use clap::Args;

/// Which commands: values of one option are alternatives, different options must all hold.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Filters (repeat an option for OR)")]
pub struct SelectArgs {
    /// Keys, as KEYS takes them; any key of a command counts
    #[arg(long, value_name = "GLOB")]
    key: Vec<String>,
    /// Keys, by regular expression (bytes that are no UTF-8 as (?-u)\xNN)
    #[arg(long, value_name = "RE")]
    key_regex: Vec<String>,
    /// Names of commands, as globs in any case
    #[arg(long, value_name = "GLOB", value_delimiter = ',')]
    command: Vec<String>,
    /// Databases, as N or a range A-B
    #[arg(long, value_name = "N", value_delimiter = ',')]
    db: Vec<String>,
    /// Times, such as 2026-01-01~2026-01-02T12:00 or -1h~now; takes timestamps in the files
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true)]
    time: Vec<String>,
    /// Where commands start, in bytes over all files in the order of loading, such as 1000~2000
    #[arg(long, value_name = "RANGE")]
    offset: Vec<String>,
}

fn all<T, E: ToString>(
    option: &str,
    texts: &[String],
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<Vec<T>, CliError> {
    let named = |e: E| CliError::usage(format!("--{option}: {}", e.to_string()));
    texts.iter().map(|text| parse(text).map_err(named)).collect()
}

impl SelectArgs {
    /// Checks what was typed.
    pub fn selection(&self) -> Result<Selection, CliError> {
        let now_ms = now_ms();
        let regex = regex::bytes::RegexSet::new(&self.key_regex)
            .map_err(|e| CliError::usage(format!("--key-regex: {e}")))?;
        let lower = |text: &String| Glob::new(text.to_ascii_lowercase().as_bytes());
        Ok(Selection {
            keys: self.key.iter().map(|text| Glob::new(text.as_bytes())).collect(),
            regex: (!self.key_regex.is_empty()).then_some(regex),
            commands: self.command.iter().map(lower).collect(),
            dbs: all("db", &self.db, range::counts)?,
            times_ms: all("time", &self.time, |text| range::times_ms(text, now_ms))?,
            positions: all("offset", &self.offset, range::counts)?,
        })
    }
}
