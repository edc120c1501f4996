//! `rkv rdb verify`: checks files and says what is wrong with them, and where.

use super::super::exit::{CliError, Exit};
use super::super::out::Sink;
use super::super::progress::Progress;
use super::super::{Context, Done, EXIT_STATUS};
use super::{input_path, open};
use crate::feed::Control;
use crate::rdb::Class;
use crate::report::{self, Severity};
use crate::tool::verify::{self, Options, RULES, Verdict, VerifyError};
use clap::{Args, ValueEnum};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

const AFTER_HELP: &str = "\
Examples:
  rkv rdb verify dump.rdb                      everything: structure, checksum, every value
  rkv rdb verify --quick *.rdb                 structure and checksum only
  rkv rdb verify --format sarif -o x.sarif dump.rdb

Findings are errors (data is lost or a server refuses it), warnings and notes. Errors and warnings
give exit status 1; --strict counts notes, too. A file that is cut gives 6, one that is no RDB or
of an unknown version 4. Of several files the highest status counts.";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatArg {
    /// A line per finding, and a summary
    Table,
    /// One object per file, in an array
    Json,
    /// SARIF 2.1.0
    Sarif,
}

/// Check structure, checksum and every value
#[derive(Debug, Args)]
#[command(after_help = format!("{AFTER_HELP}\n\n{EXIT_STATUS}"))]
pub struct VerifyArgs {
    /// The files, or - for standard input [default: dump.rdb]
    #[arg(value_name = "FILE")]
    inputs: Vec<PathBuf>,
    /// Structure and checksum only; no value is decoded
    #[arg(long)]
    quick: bool,
    /// Notes count as findings
    #[arg(long)]
    strict: bool,
    /// Findings to show per file; those beyond are counted
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
    match verdict.stopped_class() {
        Some(Class::Truncated) => return Exit::Truncated,
        Some(Class::Unsupported) if verdict.header.is_none() => return Exit::Unsupported,
        Some(Class::Unsupported | Class::Corrupt) | None => {}
    }
    let count = |severity| verdict.counts.of_severity(severity);
    let found = count(Severity::Error) > 0
        || count(Severity::Warning) > 0
        || strict && count(Severity::Note) > 0;
    if found { Exit::Found } else { Exit::Clean }
}

fn json_of(verdict: &Verdict) -> serde_json::Value {
    let count = |severity| verdict.counts.of_severity(severity);
    let findings: Vec<_> = verdict
        .findings
        .iter()
        .map(|finding| {
            let path = finding.path.as_ref();
            serde_json::json!({
                "rule": finding.rule.name,
                "severity": finding.rule.severity.name(),
                "message": finding.message,
                "offset": finding.byte_offset,
                "length_bytes": finding.byte_length,
                "db": path.map(|path| path.db),
                "key": path.map(|path| report::binary::Binary(&path.key)),
                "type": path.map(|path| path.kind),
                "encoding": path.map(|path| path.encoding),
                "element": finding.element,
            })
        })
        .collect();
    serde_json::json!({
        "file": verdict.name,
        "header": verdict.header.map(|header| header.to_string()),
        "checksum": verdict.checksum().name(),
        "keys": verdict.keys,
        "clean": verdict.is_clean(),
        "errors": count(Severity::Error),
        "warnings": count(Severity::Warning),
        "notes": count(Severity::Note),
        "counts": verdict.counts.iter().filter(|(_, n)| *n > 0)
            .map(|(rule, n)| (rule.name.to_string(), n.into()))
            .collect::<serde_json::Map<String, serde_json::Value>>(),
        "findings": findings,
    })
}

fn write_text(verdict: &Verdict, out: &mut dyn Write) -> std::io::Result<()> {
    for finding in &verdict.findings {
        let severity = finding.rule.severity.name();
        writeln!(out, "{}: {severity} [{}]: {finding}", verdict.name, finding.rule.name)?;
    }
    let count = |severity| verdict.counts.of_severity(severity);
    let (errors, warnings, notes) =
        (count(Severity::Error), count(Severity::Warning), count(Severity::Note));
    let hidden = (errors + warnings + notes).saturating_sub(verdict.findings.len() as u64);
    if hidden > 0 {
        writeln!(out, "{}: {hidden} more findings are not shown", verdict.name)?;
    }
    let header = verdict.header.map_or_else(|| "no header".into(), |header| header.to_string());
    let keys = verdict.keys.map_or_else(String::new, |n| format!(", {n} keys"));
    let state = if errors + warnings > 0 { "found" } else { "ok" };
    writeln!(
        out,
        "{}: {state}: {header}{keys}, checksum {}; {errors} errors, {warnings} warnings, {notes} notes",
        verdict.name,
        verdict.checksum().name(),
    )
}

fn write_rules(out: &mut dyn Write) -> std::io::Result<()> {
    for rule in RULES {
        writeln!(out, "{:<8} {:<36} {}", rule.severity.name(), rule.name, rule.summary)?;
    }
    Ok(())
}

impl VerifyArgs {
    fn one(&self, context: &Context, path: &std::path::Path) -> Result<Verdict, CliError> {
        let input = open(path)?;
        let name = input.name.clone();
        let options = Options {
            quick: self.quick,
            threads: context.global.threads(),
            max_findings: self.max_findings,
        };
        let control = Arc::new(Control::default());
        let progress = Progress::start(context.global.progress, &input, &control);
        let verdict = verify::verify(input, &options, &control);
        drop(progress);
        verdict.map_err(|e| match e {
            VerifyError::Read(e) => CliError::from(e).in_file(name),
            VerifyError::Temp(e) => CliError::from(e).in_file("temporary file"),
            VerifyError::Interrupted => CliError::new(Exit::Io, "interrupted").in_file(name),
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
                let rules: Vec<_> = RULES.iter().map(verify::Rule::to_report).collect();
                let findings: Vec<_> = verdicts
                    .iter()
                    .flat_map(|verdict| verdict.findings.iter().map(|f| f.to_report(&verdict.name)))
                    .collect();
                report::sarif::write(&rules, &findings, env!("CARGO_PKG_VERSION"), true, out)
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
            match self.one(context, path) {
                Ok(verdict) => {
                    let this = status(&verdict, self.strict);
                    exit = if this as u8 > exit as u8 { this } else { exit };
                    verdicts.push(verdict);
                }
                // The other files are checked all the same.
                Err(error) => {
                    context.ui.error(&error);
                    exit = if error.exit as u8 > exit as u8 { error.exit } else { exit };
                }
            }
            if format == FormatArg::Table {
                self.write(format, &verdicts, &mut sink)?;
                verdicts.clear();
            }
        }
        if format != FormatArg::Table {
            self.write(format, &verdicts, &mut sink)?;
        }
        sink.finish()?;
        Ok(exit)
    }
}
