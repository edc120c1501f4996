//! Binary strings in JSON and CSV: as text where they are UTF-8, else as base64, always lossless.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::ser::{Serialize, SerializeMap, Serializer};

/// How a binary string begins where only text can stand.
const MARK: &str = "{\"base64\":\"";

/// Bytes that serialise as a string if they are valid UTF-8, else as `{"base64":"…"}`.
#[derive(Clone, Copy, Debug)]
pub struct Binary<'a>(pub &'a [u8]);

impl<'a> Binary<'a> {
    /// The same in a place that holds only text, such as a CSV field. A valid string that begins like the
    /// base64 form is written in that form too, so that reading back is unambiguous.
    pub fn text(self) -> Cow<'a, str> {
        match std::str::from_utf8(self.0) {
            Ok(text) if !text.starts_with(MARK) => Cow::Borrowed(text),
            _ => Cow::Owned(format!("{MARK}{}\"}}", STANDARD.encode(self.0))),
        }
    }
}

impl Serialize for Binary<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("base64", &STANDARD.encode(self.0))?;
                map.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_form() {
        let json = |bytes: &[u8]| serde_json::to_string(&Binary(bytes)).unwrap_or_default();
        assert_eq!(json(b"a\"\n"), r#""a\"\n""#);
        assert_eq!(json(b"\xff\x00"), r#"{"base64":"/wA="}"#);
    }

    #[test]
    fn text_form_is_unambiguous() {
        assert_eq!(Binary(b"key").text(), "key");
        assert_eq!(Binary(b"\xff\x00").text(), r#"{"base64":"/wA="}"#);
        let twin = Binary(br#"{"base64":"/wA="}"#).text();
        assert_eq!(twin, r#"{"base64":"eyJiYXNlNjQiOiIvd0E9In0="}"#);
    }
}
