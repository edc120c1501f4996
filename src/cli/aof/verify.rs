//! `rkv aof verify`: checks a set and says what is wrong with it, and where.

use super::super::exit::{CliError, Exit};
use super::super::out::Sink;
use super::super::{Context, Done, EXIT_STATUS};
use super::{INPUT_HELP, input_path, with_progress};
use crate::aof::set::Set;
use crate::report::{self, Severity};
use crate::tool::aof::rules::RULES;
use crate::tool::aof::verify::{self, Options, State, Verdict};
use clap::{Args, ValueEnum};
use std::io::Write;
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Examples:
  rkv aof verify                               manifest, files, every command, the RDB part
  rkv aof verify --quick appendonlydir         of the RDB part structure and checksum only
  rkv aof verify --format sarif -o x.sarif appendonly.aof

Findings are errors (data is lost or a server refuses it), warnings and notes. Errors and warnings
give exit status 1; --strict counts notes, too. A set of which only the last file is cut gives 6, a
file that is nothing of this sort 4. Of several inputs the highest status counts. Nothing is written
to the input.";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatArg {
    /// A line per finding, and a summary
    Table,
    /// One object per input, in an array
    Json,
    /// SARIF 2.1.0
    Sarif,
}

/// Check the manifest against the files, and every command
#[derive(Debug, Args)]
#[command(after_help = format!("{AFTER_HELP}\n\n{INPUT_HELP}\n\n{EXIT_STATUS}"))]
pub struct VerifyArgs {
    /// Folders, manifests or files, or - for standard input [default: appendonlydir]
    #[arg(value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    /// Of the RDB part, structure and checksum only
    #[arg(long)]
    quick: bool,
    /// Notes count as findings
    #[arg(long)]
    strict: bool,
    /// Findings to show per input; those beyond are counted
    #[arg(long, value_name = "N", default_value_t = 1000)]
    max_findings: usize,
    /// What to write
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: FormatArg,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Replace an existing output
    #[arg(long)]
    force: bool,
    /// List the rules and leave
    #[arg(long)]
    rules: bool,
}

/// The status that a verdict asks for.
fn status(verdict: &Verdict, strict: bool) -> Exit {
    match verdict.state() {
        State::NotAof => Exit::Unsupported,
        State::Truncated => Exit::Truncated,
        State::Found => Exit::Found,
        State::Clean if strict && verdict.of_severity(Severity::Note) > 0 => Exit::Found,
        State::Clean => Exit::Clean,
    }
}

fn json_of(verdict: &Verdict) -> serde_json::Value {
    let findings: Vec<_> = verdict
        .findings
        .iter()
        .map(|finding| {
            serde_json::json!({
                "rule": finding.rule_id,
                "severity": finding.level.name(),
                "message": finding.message,
                "file": finding.file,
                "offset": finding.byte_offset,
                "length_bytes": finding.byte_length,
                "db": finding.db,
                "key": finding.key.as_ref().map(|key| report::binary::Binary(key)),
            })
        })
        .collect();
    let files: Vec<_> = verdict
        .files
        .iter()
        .map(|file| {
            serde_json::json!({
                "file": file.name,
                "size_bytes": file.size_bytes,
                "rdb_bytes": file.rdb_bytes,
                "commands": file.commands,
                "sound_bytes": file.sound_bytes,
            })
        })
        .collect();
    serde_json::json!({
        "input": verdict.name,
        "clean": verdict.state() == State::Clean,
        "truncated": verdict.state() == State::Truncated,
        "files": files,
        "keys": verdict.keys,
        "commands": verdict.commands(),
        "errors": verdict.of_severity(Severity::Error),
        "warnings": verdict.of_severity(Severity::Warning),
        "notes": verdict.of_severity(Severity::Note),
        "counts": verdict.counts.iter()
            .map(|(rule, (_, n))| ((*rule).to_owned(), (*n).into()))
            .collect::<serde_json::Map<String, serde_json::Value>>(),
        "findings": findings,
    })
}

fn write_text(verdict: &Verdict, out: &mut dyn Write) -> std::io::Result<()> {
    for finding in &verdict.findings {
        let (level, rule) = (finding.level.name(), finding.rule_id);
        let line = finding.to_string();
        // The file stands first, as in all messages.
        let rest = line.strip_prefix(&format!("{}: ", report::escape::visible(&finding.file)));
        let file = report::escape::visible(&finding.file);
        writeln!(out, "{file}: {level} [{rule}]: {}", rest.unwrap_or(&line))?;
    }
    let (errors, warnings, notes) = (
        verdict.of_severity(Severity::Error),
        verdict.of_severity(Severity::Warning),
        verdict.of_severity(Severity::Note),
    );
    let hidden = (errors + warnings + notes).saturating_sub(verdict.findings.len() as u64);
    let name = report::escape::visible(&verdict.name);
    if hidden > 0 {
        writeln!(out, "{name}: {hidden} more findings are not shown")?;
    }
    let keys = verdict.keys.map_or_else(String::new, |n| format!(", {n} keys in the RDB part"));
    let state = match verdict.state() {
        State::Clean => "ok",
        State::Truncated => "truncated",
        State::Found | State::NotAof => "found",
    };
    let files = verdict.files.len();
    let plural = if files == 1 { "" } else { "s" };
    writeln!(
        out,
        "{name}: {state}: {files} file{plural}{keys}, {} commands; {errors} errors, {warnings} warnings, {notes} notes",
        verdict.commands(),
    )
}

fn write_rules(out: &mut dyn Write) -> std::io::Result<()> {
    for rule in RULES {
        writeln!(out, "{:<8} {:<26} {}", rule.severity.name(), rule.name, rule.summary)?;
    }
    writeln!(out, "The RDB part is checked by the rules of `rkv rdb verify --rules`.")
}

impl VerifyArgs {
    fn one(&self, context: &Context, path: &std::path::Path) -> Result<Verdict, CliError> {
        let options = Options {
            quick: self.quick,
            threads: context.global.threads(),
            max_findings: self.max_findings,
        };
        let name = path.display().to_string();
        Ok(match Set::open(path) {
            Ok(set) => {
                with_progress(context, &set, |control| verify::verify(&set, &options, control))?
            }
            Err(error) => verify::unreadable(name, error, &options)?,
        })
    }

    fn write(
        &self,
        format: FormatArg,
        verdicts: &[Verdict],
        out: &mut dyn Write,
    ) -> std::io::Result<()> {
        match format {
            FormatArg::Table => verdicts.iter().try_for_each(|verdict| write_text(verdict, out)),
            FormatArg::Json => {
                let all: Vec<_> = verdicts.iter().map(json_of).collect();
                serde_json::to_writer_pretty(&mut *out, &all)?;
                writeln!(out)
            }
            FormatArg::Sarif => {
                let findings: Vec<_> =
                    verdicts.iter().flat_map(|verdict| verdict.findings.iter().cloned()).collect();
                let version = env!("CARGO_PKG_VERSION");
                report::sarif::write(&verify::rules(), &findings, version, true, out)
            }
        }
    }

    /// Runs the verb.
    pub(crate) fn run(self, context: &Context) -> Done {
        let mut sink = Sink::open(self.output.as_deref(), self.force)?;
        if self.rules {
            write_rules(&mut sink)?;
            sink.finish()?;
            return Ok(Exit::Clean);
        }
        let format = match self.format {
            FormatArg::Table if context.global.json => FormatArg::Json,
            format => format,
        };
        let inputs =
            if self.inputs.is_empty() { vec![input_path(None)] } else { self.inputs.clone() };
        let mut exit = Exit::Clean;
        let mut verdicts = Vec::new();
        for path in &inputs {
            let this = match self.one(context, path) {
                Ok(verdict) => {
                    let this = status(&verdict, self.strict);
                    verdicts.push(verdict);
                    this
                }
                // The other inputs are checked all the same.
                Err(error) => {
                    context.ui.error(&error);
                    error.exit
                }
            };
            exit = if this as u8 > exit as u8 { this } else { exit };
        }
        self.write(format, &verdicts, &mut sink)?;
        sink.finish()?;
        Ok(exit)
    }
}
