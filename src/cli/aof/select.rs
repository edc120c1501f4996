//! Which commands: what was typed, and the step that checks it.

use super::super::args::now_ms;
use super::super::exit::CliError;
use crate::base::glob::Glob;
use crate::base::range;
use crate::tool::aof::select::{Selection, Tests};
use clap::Args;

macro_rules! select_args {
    ($( $(#[doc = $doc:literal])+ $(#[arg($($attr:tt)*)])? $field:ident / $not:ident, $long:literal, $value:literal; )*) => {
        /// Which commands: values of one option are alternatives, different options must all hold,
        /// and each has an inverse `--not-…`.
        #[derive(Debug, Clone, Default, Args)]
        #[command(next_help_heading = "Filters (repeat an option for OR; each has an inverse --not-…)")]
        pub struct SelectArgs {
            $(
                $(#[doc = $doc])+
                #[arg(long = $long, value_name = $value, $($($attr)*)?)]
                $field: Vec<String>,
                #[arg(long = concat!("not-", $long), value_name = $value, hide = true, help = concat!("Inverse of --", $long), $($($attr)*)?)]
                $not: Vec<String>,
            )*
        }

        impl SelectArgs {
            /// What was typed on one side.
            fn side(&self, negated: bool) -> Side<'_> {
                Side { $($field: if negated { &self.$not } else { &self.$field }),* }
            }
        }

        struct Side<'a> {
            $($field: &'a [String],)*
        }
    };
}

select_args! {
    /// Keys, as KEYS takes them; any key of a command counts
    key / not_key, "key", "GLOB";
    /// Keys, by regular expression (bytes that are no UTF-8 as (?-u)\xNN)
    key_regex / not_key_regex, "key-regex", "RE";
    /// Names of commands, as globs in any case
    #[arg(value_delimiter = ',')]
    command / not_command, "command", "GLOB";
    /// Databases, as N or a range A-B
    #[arg(value_delimiter = ',')]
    db / not_db, "db", "N";
    /// Times, such as 2026-01-01~2026-01-02T12:00 or -1h~now; takes timestamps in the files
    #[arg(allow_hyphen_values = true)]
    time / not_time, "time", "RANGE";
    /// Where commands start, in bytes over all files in the order of loading, such as 1000~2000
    offset / not_offset, "offset", "RANGE";
}

fn all<T, E: ToString>(
    option: &str,
    texts: &[String],
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<Vec<T>, CliError> {
    let named = |e: E| CliError::usage(format!("--{option}: {}", e.to_string()));
    texts.iter().map(|text| parse(text).map_err(named)).collect()
}

impl Side<'_> {
    fn tests(&self, now_ms: i64) -> Result<Tests, CliError> {
        let regex = regex::bytes::RegexSet::new(self.key_regex)
            .map_err(|e| CliError::usage(format!("--key-regex: {e}")))?;
        let lower = |text: &String| Glob::new(text.to_ascii_lowercase().as_bytes());
        Ok(Tests {
            keys: self.key.iter().map(|text| Glob::new(text.as_bytes())).collect(),
            regex: (!self.key_regex.is_empty()).then_some(regex),
            commands: self.command.iter().map(lower).collect(),
            dbs: all("db", self.db, range::counts)?,
            times_ms: all("time", self.time, |text| range::times_ms(text, now_ms))?,
            positions: all("offset", self.offset, range::counts)?,
        })
    }
}

impl SelectArgs {
    /// Checks what was typed.
    pub fn selection(&self) -> Result<Selection, CliError> {
        let now_ms = now_ms();
        let (must, must_not) = (self.side(false).tests(now_ms)?, self.side(true).tests(now_ms)?);
        Ok(Selection { must, must_not })
    }
}
