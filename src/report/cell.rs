//! A cell: one value with its unit, in a form for people and a form for machines.

use std::borrow::Cow;

use serde::ser::{Serialize, Serializer};

use super::binary::Binary;
use super::{escape, human};

/// Characters of a key or text that the form for people shows; machines get all of it.
pub const SHOWN_CHARS_MAX: usize = 200;

/// A value with its unit. `Serialize` gives the machine form: plain numbers in the unit that the column's
/// name ends with.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Words.
    Text(String),
    /// A name as Redis holds it, in any bytes.
    Bytes(Vec<u8>),
    /// How many; shown with thousands separators.
    Count(u64),
    /// A number that is a name, such as a database or slot; shown as it is.
    Number(i64),
    /// A size in bytes.
    Size(u64),
    /// A position in a file, in bytes; shown in hexadecimal.
    Offset(u64),
    /// A span of time in milliseconds, negative for the past.
    Duration(i64),
    /// A point in time in milliseconds since 1970 in UTC.
    Time(i64),
    /// A part of a whole; 1.0 is all of it.
    Ratio(f64),
    /// A number without a unit, such as a score.
    Float(f64),
    /// Yes or no.
    Bool(bool),
    /// No value.
    None,
}

impl Cell {
    /// A text cell.
    pub fn text(text: impl Into<String>) -> Self {
        Cell::Text(text.into())
    }

    /// A cell of raw bytes.
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Cell::Bytes(bytes.into())
    }

    /// The ratio of `part` to `whole`; no value when the whole is zero.
    pub fn ratio(part: u64, whole: u64) -> Self {
        match whole {
            0 => Cell::None,
            _ => Cell::Ratio(part as f64 / whole as f64),
        }
    }

    /// The form for people, on one line and without characters that could drive a terminal. Not yet escaped
    /// for HTML.
    pub fn human(&self) -> String {
        match self {
            Cell::Text(text) => human_text(text),
            Cell::Bytes(bytes) if bytes.is_empty() => "\"\"".to_owned(),
            Cell::Bytes(bytes) => escape::printable_short(bytes, SHOWN_CHARS_MAX),
            Cell::Count(n) => human::count(*n),
            Cell::Number(n) => n.to_string(),
            Cell::Size(bytes) => human::size(*bytes),
            Cell::Offset(offset) => format!("{offset:#x}"),
            Cell::Duration(ms) => human::duration(*ms),
            Cell::Time(ms) => human::time(*ms),
            Cell::Ratio(ratio) => human::percent(*ratio),
            Cell::Float(value) => human::float(*value),
            Cell::Bool(true) => "yes".to_owned(),
            Cell::Bool(false) => "no".to_owned(),
            Cell::None => "-".to_owned(),
        }
    }

    /// The machine form where only text can stand, such as a CSV field; empty for no value.
    pub fn machine(&self) -> Cow<'_, str> {
        match self {
            Cell::Text(text) => Cow::Borrowed(text),
            Cell::Bytes(bytes) => Binary(bytes).text(),
            Cell::Count(n) | Cell::Size(n) | Cell::Offset(n) => Cow::Owned(n.to_string()),
            Cell::Number(n) | Cell::Duration(n) | Cell::Time(n) => Cow::Owned(n.to_string()),
            Cell::Ratio(value) if !value.is_finite() => Cow::Borrowed(""),
            Cell::Float(value) if !value.is_finite() => Cow::Borrowed(human::float_name(*value)),
            Cell::Ratio(value) | Cell::Float(value) => Cow::Owned(value.to_string()),
            Cell::Bool(true) => Cow::Borrowed("true"),
            Cell::Bool(false) => Cow::Borrowed("false"),
            Cell::None => Cow::Borrowed(""),
        }
    }

    /// Whether the value is a number, which sorts by its machine form.
    pub fn is_number(&self) -> bool {
        !matches!(self, Cell::Text(_) | Cell::Bytes(_) | Cell::Bool(_) | Cell::None)
    }
}

/// Text for people: visible characters, cut when long.
fn human_text(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((cut, _)) => format!("{}…", escape::visible(text.get(..cut).unwrap_or(text))),
        None => escape::visible(text),
    }
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Cell::Text(text) => serializer.serialize_str(text),
            Cell::Bytes(bytes) => Binary(bytes).serialize(serializer),
            Cell::Count(n) | Cell::Size(n) | Cell::Offset(n) => serializer.serialize_u64(*n),
            Cell::Number(n) | Cell::Duration(n) | Cell::Time(n) => serializer.serialize_i64(*n),
            Cell::Ratio(value) if !value.is_finite() => serializer.serialize_none(),
            Cell::Float(value) if !value.is_finite() => {
                serializer.serialize_str(human::float_name(*value))
            }
            Cell::Ratio(value) | Cell::Float(value) => serializer.serialize_f64(*value),
            Cell::Bool(value) => serializer.serialize_bool(*value),
            Cell::None => serializer.serialize_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cell: Cell, human: &str, machine: &str, json: &str) {
        assert_eq!(cell.human(), human);
        assert_eq!(cell.machine(), machine);
        assert_eq!(serde_json::to_string(&cell).unwrap_or_default(), json);
    }

    #[test]
    fn every_cell_has_three_forms() {
        check(Cell::text("a\tb"), "a\\tb", "a\tb", r#""a\tb""#);
        check(Cell::bytes(*b"k\xff"), "k\\xff", r#"{"base64":"a/8="}"#, r#"{"base64":"a/8="}"#);
        check(Cell::bytes([]), "\"\"", "", "\"\"");
        check(Cell::Count(1234), "1,234", "1234", "1234");
        check(Cell::Number(16383), "16383", "16383", "16383");
        check(Cell::Size(2048), "2.0 KiB", "2048", "2048");
        check(Cell::Offset(6703), "0x1a2f", "6703", "6703");
        check(Cell::Duration(-1500), "-1.5 s", "-1500", "-1500");
        check(Cell::Time(0), "1970-01-01T00:00:00Z", "0", "0");
        check(Cell::Ratio(0.5), "50.0 %", "0.5", "0.5");
        check(Cell::Float(f64::INFINITY), "inf", "inf", "\"inf\"");
        check(Cell::Float(2.0), "2", "2", "2.0");
        check(Cell::Bool(true), "yes", "true", "true");
        check(Cell::None, "-", "", "null");
        check(Cell::ratio(1, 0), "-", "", "null");
    }

    #[test]
    fn people_get_long_values_cut() {
        assert_eq!(Cell::text("x".repeat(201)).human().chars().count(), 201);
        assert!(Cell::bytes("x".repeat(201)).human().ends_with("… (201 bytes)"));
    }
}
