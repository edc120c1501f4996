//! Exit status and error messages: one place for what scripts depend on.

use crate::base::reason::reason;
use crate::feed::{Failure, InputError};
use crate::rdb::{Class, Error};
use std::io;

/// The exit status of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Clean.
    Clean = 0,
    /// The command ran and found something.
    Found = 1,
    /// Wrong usage.
    Usage = 2,
    /// Input or output could not be read or written.
    Io = 3,
    /// Input not recognised, or of a version or type that cannot be handled.
    Unsupported = 4,
    /// Input is corrupt.
    Corrupt = 5,
    /// Input is truncated.
    Truncated = 6,
}

impl Exit {
    /// The name of the kind of error in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Exit::Clean => "clean",
            Exit::Found => "found",
            Exit::Usage => "usage",
            Exit::Io => "io",
            Exit::Unsupported => "unsupported",
            Exit::Corrupt => "corrupt",
            Exit::Truncated => "truncated",
        }
    }
}

/// What ends a command: a status, and what to say about it.
#[derive(Debug)]
pub struct CliError {
    /// The exit status.
    pub exit: Exit,
    /// The file, where one is at fault.
    pub file: Option<String>,
    /// Offset in the (decompressed) file.
    pub offset: Option<u64>,
    /// The key at fault.
    pub key: Option<Vec<u8>>,
    /// What is wrong; lower case, no full stop. Empty if nothing need be said.
    pub message: String,
    /// What the user can do.
    pub hint: Option<String>,
}

impl CliError {
    /// An error with a message alone.
    pub fn new(exit: Exit, message: impl Into<String>) -> CliError {
        CliError { exit, file: None, offset: None, key: None, message: message.into(), hint: None }
    }

    /// Wrong usage.
    pub fn usage(message: impl Into<String>) -> CliError {
        CliError::new(Exit::Usage, message)
    }

    /// A status without a message: everything has been said.
    pub fn silent(exit: Exit) -> CliError {
        CliError::new(exit, "")
    }

    /// Names the file at fault, unless one is named.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<String>) -> CliError {
        self.file.get_or_insert(file.into());
        self
    }

    /// Adds what the user can do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> CliError {
        self.hint = Some(hint.into());
        self
    }

    /// The message as one line.
    pub fn line(&self) -> String {
        match &self.file {
            Some(file) => format!("rkv: {file}: {}", self.message),
            None => format!("rkv: {}", self.message),
        }
    }

    /// The message as a JSON object.
    pub fn json(&self) -> String {
        let key = self.key.as_ref().map(|key| {
            let mut text = Vec::new();
            crate::base::json::write_bytes(&mut text, key, crate::base::json::BinaryEncoding::Auto);
            serde_json::from_slice::<serde_json::Value>(&text).unwrap_or_default()
        });
        serde_json::json!({
            "code": self.exit as u8,
            "kind": self.exit.name(),
            "file": self.file,
            "offset": self.offset,
            "key": key,
            "message": self.message,
            "hint": self.hint,
        })
        .to_string()
    }
}

/// Wrong usage as clap tells it: its first lines are the message, its tips and the usage are the hint.
pub fn usage_of_clap(e: &clap::Error) -> CliError {
    use clap::error::ErrorKind;
    if e.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return CliError::usage("a subcommand is missing").hint("`rkv --help` lists them");
    }
    let text = e.to_string();
    let mut paragraphs = text.split("\n\n").map(one_line);
    let first = paragraphs.next().unwrap_or_default();
    let message = first.strip_prefix("error: ").unwrap_or(&first);
    let hint: Vec<_> = paragraphs.filter(|paragraph| !paragraph.is_empty()).collect();
    CliError::usage(message).hint(hint.join("; "))
}

/// The words of a text, one blank between them.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text of a system error without its number.
fn io_message(e: &io::Error) -> String {
    let text = reason(e);
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_lowercase().collect::<String>() + chars.as_str())
}

impl From<io::Error> for CliError {
    fn from(e: io::Error) -> Self {
        if e.kind() == io::ErrorKind::BrokenPipe {
            // Whoever read our output has had enough.
            return CliError::silent(Exit::Clean);
        }
        CliError::new(Exit::Io, io_message(&e))
    }
}

impl From<std::convert::Infallible> for CliError {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

impl From<Error> for CliError {
    fn from(e: Error) -> Self {
        let exit = match e.class() {
            Class::Unsupported => Exit::Unsupported,
            Class::Corrupt => Exit::Corrupt,
            Class::Truncated => Exit::Truncated,
        };
        CliError {
            exit,
            file: None,
            offset: Some(e.offset()),
            key: e.path().map(|path| path.key.clone()),
            message: e.to_string(),
            hint: hint_for(&e),
        }
    }
}

fn hint_for(e: &Error) -> Option<String> {
    use crate::rdb::ErrorKind;
    Some(match e.kind() {
        ErrorKind::NotRdb(bytes) if bytes.first() == Some(&b'*') => {
            "this looks like an append-only file of commands".into()
        }
        ErrorKind::UnsupportedVersion(_) => {
            "`rkv --version` lists the versions that are read".into()
        }
        _ => return None,
    })
}

impl From<InputError> for CliError {
    fn from(e: InputError) -> Self {
        match e {
            InputError::Io(e) => e.into(),
            InputError::Truncated | InputError::Cut => {
                CliError::new(Exit::Truncated, e.to_string())
            }
            InputError::Damaged => CliError::new(Exit::Corrupt, e.to_string()),
            InputError::Envelope(_) => CliError::new(Exit::Unsupported, e.to_string()),
        }
    }
}

impl From<crate::tool::Problem> for CliError {
    fn from(e: crate::tool::Problem) -> Self {
        use crate::tool::Problem;
        let message = e.to_string();
        match e {
            Problem::Usage(_) => CliError::new(Exit::Usage, message),
            Problem::Unsupported(_) => CliError::new(Exit::Unsupported, message),
            Problem::Corrupt { offset, .. } => {
                CliError { offset, ..CliError::new(Exit::Corrupt, message) }
            }
            Problem::Refused { hint, .. } => CliError::new(Exit::Found, message).hint(hint),
        }
    }
}

impl From<anyhow::Error> for CliError {
    fn from(e: anyhow::Error) -> Self {
        let e = match e.downcast::<crate::tool::Problem>() {
            Ok(e) => return e.into(),
            Err(e) => e,
        };
        let e = match e.downcast::<Error>() {
            Ok(e) => return e.into(),
            Err(e) => e,
        };
        match e.downcast::<io::Error>() {
            Ok(e) => e.into(),
            Err(e) => CliError::new(Exit::Io, format!("{e:#}")),
        }
    }
}

impl<E: Into<CliError>> From<Failure<E>> for CliError {
    fn from(failure: Failure<E>) -> Self {
        match failure {
            Failure::Input(e) => e.into(),
            Failure::Read(e) => e.into(),
            Failure::Write(e) => CliError::from(e).in_file("output"),
            Failure::Worker(e) => e.into(),
            Failure::Interrupted => CliError::new(Exit::Io, "interrupted"),
        }
    }
}
