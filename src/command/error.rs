//! The errors that commands reply with, in the words of servers.

use crate::keyspace::WrongType;
use std::borrow::Cow;
use std::fmt;

/// Why a command did not do its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The key holds another type of value.
    WrongType,
    /// Words that the command does not know, or not in this place.
    Syntax,
    /// Not a 64-bit integer.
    NotInteger,
    /// Not a floating point number.
    NotFloat,
    /// There is no such key.
    NoSuchKey,
    /// A whole text, with its code.
    Text(Cow<'static, str>),
}

impl Error {
    /// A text with its code.
    pub fn text(text: impl Into<Cow<'static, str>>) -> Error {
        Error::Text(text.into())
    }

    /// An argument as it stands in the text of an error, which servers end at a byte of zero.
    pub fn quoted(arg: &[u8]) -> Cow<'_, str> {
        String::from_utf8_lossy(arg.split(|byte| *byte == 0).next().unwrap_or_default())
    }

    /// A command that does not exist, with the beginning of its arguments.
    pub fn unknown(args: &[&[u8]]) -> Error {
        const SHOWN_BYTES: usize = 128;
        let shorten = |text: &[u8], len: usize| {
            String::from_utf8_lossy(text.get(..len).unwrap_or(text)).into_owned()
        };
        let name = shorten(args.first().copied().unwrap_or_default(), SHOWN_BYTES);
        let mut text = format!("ERR unknown command '{name}', with args beginning with: ");
        let mut shown = 0;
        for arg in args.iter().skip(1) {
            if shown >= SHOWN_BYTES {
                break;
            }
            let arg = shorten(arg, SHOWN_BYTES - shown);
            shown += arg.len() + 3;
            text += &format!("'{arg}' ");
        }
        Error::Text(text.into())
    }

    /// A subcommand that does not exist.
    pub fn unknown_subcommand(args: &[&[u8]]) -> Error {
        let word = |at: usize| Error::quoted(args.get(at).copied().unwrap_or_default());
        let name = word(0).to_ascii_uppercase();
        Error::Text(format!("ERR unknown subcommand '{:.128}'. Try {name} HELP.", word(1)).into())
    }

    /// The wrong number of arguments.
    pub fn arity(name: &str) -> Error {
        Error::Text(format!("ERR wrong number of arguments for '{name}' command").into())
    }

    /// An expiry time that cannot be.
    pub fn expire_time(name: &str) -> Error {
        Error::Text(
            format!("ERR invalid expire time in '{}' command", name.to_ascii_lowercase()).into(),
        )
    }
}

impl From<WrongType> for Error {
    fn from(_: WrongType) -> Self {
        Error::WrongType
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Error::WrongType => "WRONGTYPE Operation against a key holding the wrong kind of value",
            Error::Syntax => "ERR syntax error",
            Error::NotInteger => "ERR value is not an integer or out of range",
            Error::NotFloat => "ERR value is not a valid float",
            Error::NoSuchKey => "ERR no such key",
            Error::Text(text) => text,
        })
    }
}
