//! Reading redis.conf.

use super::args::CommandLine;
use super::kinds::{Rename, SentinelLine};
use super::rule::{Bytes, Origin, Rule};
use super::split::{self, trim};
use super::{Config, Directive, MULTI, NO_EFFECT, find};
use crate::command;

/// How deep files include each other; Redis goes on until its stack ends.
const INCLUDES_MAX: usize = 64;

/// What a configuration needs of the machine. Reasons are those of the system: `No such file or directory`.
pub trait Host {
    /// The bytes of a file.
    fn read(&mut self, path: &[u8]) -> Result<Bytes, String>;

    /// Standard input, to its end.
    fn stdin(&mut self) -> Bytes;

    /// The paths that a pattern of the shell names, in its order.
    fn expand(&mut self, pattern: &[u8]) -> Vec<Bytes>;

    /// Makes a folder the working one; gives its absolute path.
    fn enter(&mut self, dir: &[u8]) -> Result<Bytes, String>;

    /// Whether the log file can be appended to.
    fn append(&mut self, log: &[u8]) -> Result<(), String>;

    /// Whether the rules of a user, its name first, are sound; else the wrong rule and why.
    fn user(&mut self, _words: &[Bytes]) -> Result<(), (Bytes, String)> {
        Ok(())
    }
}

/// Why a configuration was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoadError {
    /// A file cannot be read.
    File {
        /// Its path.
        path: Bytes,
        /// The system's reason.
        reason: String,
    },
    /// A line is wrong.
    Line {
        /// Its number, counted from 1 in the file and the options that follow it.
        number: usize,
        /// The line.
        line: Bytes,
        /// What is wrong.
        reason: Bytes,
    },
    /// Lines do not go together, or the log file cannot be written.
    Whole {
        /// What is wrong.
        reason: Bytes,
    },
}

impl LoadError {
    /// What redis-server prints before it ends with status 1: a message for its log if a file cannot be read, else lines for
    /// standard error.
    pub fn message(&self, version: &str) -> Bytes {
        let head = format!("\n*** FATAL CONFIG FILE ERROR (Redis {version}) ***\n");
        match self {
            LoadError::File { path, reason } => {
                let head = b"Fatal error, can't open config file '".as_slice();
                [head, path, b"': ", reason.as_bytes()].concat()
            }
            LoadError::Line { number, line, reason } => {
                let place = format!("Reading the configuration file, at line {number}\n>>> '");
                [head.as_bytes(), place.as_bytes(), line, b"'\n", reason, b"\n"].concat()
            }
            LoadError::Whole { reason } => [head.as_bytes(), reason, b"\n"].concat(),
        }
    }
}

/// What was read beside the values.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Directives that were given another value than the default and have no effect here.
    pub without_effect: Vec<&'static Directive>,
}

impl Config {
    /// Reads the file, standard input and options of a command line, in this order.
    pub fn load(&mut self, line: &CommandLine, host: &mut dyn Host) -> Result<Loaded, LoadError> {
        let mut reader =
            Reader { config: self, host, sentinel: line.sentinel, named: Vec::new(), depth: 0 };
        let mut text = match &line.file {
            Some(file) => reader.file(file)?,
            None => Bytes::new(),
        };
        if line.stdin {
            text.extend(reader.host.stdin());
        }
        text.push(b'\n');
        text.extend(&line.options);
        reader.text(&text)?;
        let mut without_effect = reader.named;
        without_effect.retain(|directive| directive.is(NO_EFFECT) && !directive.is_default(self));
        Ok(Loaded { without_effect })
    }
}

struct Reader<'a> {
    config: &'a mut Config,
    host: &'a mut dyn Host,
    sentinel: bool,
    /// Directives that a line named.
    named: Vec<&'static Directive>,
    depth: usize,
}

/// Why a line is wrong, or the error of a file that it includes.
enum Wrong {
    Reason(Bytes),
    Included(LoadError),
}

impl From<&str> for Wrong {
    fn from(reason: &str) -> Self {
        Wrong::Reason(reason.into())
    }
}

const BAD_DIRECTIVE: &str = "Bad directive or wrong number of arguments";

impl Reader<'_> {
    /// The bytes of a file, or of all that a pattern names, which may be none.
    fn file(&mut self, path: &[u8]) -> Result<Bytes, LoadError> {
        let is_pattern = path.iter().any(|byte| matches!(byte, b'*' | b'?' | b'['));
        let paths = if is_pattern { self.host.expand(path) } else { vec![path.to_vec()] };
        let mut text = Bytes::new();
        for path in paths {
            match self.host.read(&path) {
                Ok(bytes) => text.extend(bytes),
                Err(reason) => return Err(LoadError::File { path, reason }),
            }
        }
        Ok(text)
    }

    fn text(&mut self, text: &[u8]) -> Result<(), LoadError> {
        for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
            let line = trim(line, b" \t\r\n");
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            self.line(number, line).map_err(|wrong| match wrong {
                Wrong::Reason(reason) => LoadError::Line { number, line: line.to_vec(), reason },
                Wrong::Included(error) => error,
            })?;
        }
        self.whole().map_err(|reason| LoadError::Whole { reason: reason.into() })
    }

    /// What is looked at behind the last line.
    fn whole(&mut self) -> Result<(), String> {
        if !self.config.logfile.is_empty() {
            self.host
                .append(&self.config.logfile)
                .map_err(|reason| format!("Can't open the log file: {reason}"))?;
        }
        if self.config.cluster_enabled && self.config.replicaof.is_some() {
            return Err("replicaof directive not allowed in cluster mode".into());
        }
        Ok(())
    }

    fn line(&mut self, number: usize, line: &[u8]) -> Result<(), Wrong> {
        let words = split::words(line).ok_or("Unbalanced quotes in configuration line")?;
        let Some((name, words)) = words.split_first() else { return Ok(()) };
        if let Some((directive, _)) = find(name) {
            return self.directive(directive, words);
        }
        match (name.to_ascii_lowercase().as_slice(), words) {
            // What older versions knew.
            (
                b"list-max-ziplist-entries"
                | b"list-max-ziplist-value"
                | b"lua-replicate-commands"
                | b"events-per-io-thread",
                [_],
            ) => {}
            (b"include", [path]) => self.include(path)?,
            (b"rename-command", [from, to]) => self.rename(from, to)?,
            (b"user", [user, ..]) => {
                if self.config.other.users.iter().any(|words| words.first() == Some(user)) {
                    let why =
                        "Duplicate user found. A user can only be defined once in config files";
                    return Err(wrong_user(user, why));
                }
                self.host.user(words).map_err(|(rule, why)| wrong_user(&rule, &why))?;
                self.config.other.users.push(words.to_vec());
            }
            (b"loadmodule", [_, ..]) => self.config.other.modules.push(words.to_vec()),
            (lower, _) if lower.contains(&b'.') => {
                if words.is_empty() {
                    return Err("Module config specified without value".into());
                }
                let settings = &mut self.config.other.module_settings;
                settings.retain(|(own, _)| own != lower);
                settings.push((lower.to_vec(), words.join(b" ".as_slice())));
            }
            (b"sentinel", []) => {}
            (b"sentinel", _) if !self.sentinel => {
                return Err("sentinel directive while not in sentinel mode".into());
            }
            (b"sentinel", words) => self.config.other.sentinel.push(SentinelLine {
                words: words.to_vec(),
                number,
                line: line.to_vec(),
            }),
            _ => return Err(BAD_DIRECTIVE.into()),
        }
        Ok(())
    }

    fn directive(&mut self, directive: &'static Directive, words: &[Bytes]) -> Result<(), Wrong> {
        let multi = directive.is(MULTI);
        if !multi && words.len() != 1 {
            return Err("wrong number of arguments".into());
        }
        // Several words may come as one, from the command line; an open quote makes it none.
        let again;
        let words = match words {
            [word] if multi && !word.is_empty() => {
                again = split::words(word).unwrap_or_default();
                again.as_slice()
            }
            words => words,
        };
        if let (Rule::Dir, [dir]) = (directive.rule, words) {
            self.config.dir = self.host.enter(dir).map_err(|why| Wrong::Reason(why.into()))?;
            return Ok(());
        }
        let seen = self.named.iter().any(|own| std::ptr::eq(*own, directive));
        let origin = if seen { Origin::AgainInFile } else { Origin::FirstInFile };
        let words: Vec<&[u8]> = words.iter().map(Bytes::as_slice).collect();
        (directive.value_mut)(self.config)
            .set(&directive.rule, &words, origin)
            .map_err(|refusal| Wrong::Reason(refusal.as_bytes().to_vec()))?;
        if !seen {
            self.named.push(directive);
        }
        Ok(())
    }

    fn include(&mut self, path: &[u8]) -> Result<(), Wrong> {
        if self.depth == INCLUDES_MAX {
            return Err("Too many levels of include".into());
        }
        self.depth += 1;
        let included = self.file(path).and_then(|text| self.text(&text));
        self.depth -= 1;
        included.map_err(Wrong::Included)
    }

    fn rename(&mut self, from: &[u8], to: &[u8]) -> Result<(), Wrong> {
        if !self.config.has_command(from) {
            return Err("No such command in rename-command".into());
        }
        // The old name is free at once, so that a command may be given the name it has.
        self.config.other.renames.push(Rename { from: from.to_vec(), to: Bytes::new() });
        if to.is_empty() {
            return Ok(());
        }
        if self.config.has_command(to) {
            return Err("Target command name already exists".into());
        }
        self.config.other.renames.pop();
        self.config.other.renames.push(Rename { from: from.to_vec(), to: to.to_vec() });
        Ok(())
    }
}

fn wrong_user(rule: &[u8], why: &str) -> Wrong {
    let head = b"Error in user declaration '".as_slice();
    Wrong::Reason([head, rule, b"': ", why.as_bytes()].concat())
}

impl Config {
    /// Whether a command can be called by this name, after all renames.
    pub fn has_command(&self, name: &[u8]) -> bool {
        self.command_name(name).is_some_and(|name| command::lookup(name).is_some())
    }

    /// The name by which the command table has the command that is called by this name, in any case; it may have none.
    pub fn command_name<'a>(&'a self, name: &'a [u8]) -> Option<&'a [u8]> {
        let mut name = name;
        for rename in self.other.renames.iter().rev() {
            if !rename.to.is_empty() && rename.to.eq_ignore_ascii_case(name) {
                name = &rename.from;
            } else if rename.from.eq_ignore_ascii_case(name) {
                return None;
            }
        }
        Some(name)
    }
}
