//! Attributes of elements: fields of a JSON object.

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use std::fmt;

/// What a field holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Attribute {
    /// A number; 1 and 0 for true and false.
    Number(f64),
    /// A text.
    Text(Vec<u8>),
    /// Several of these.
    List(Vec<Attribute>),
    /// JSON's null.
    Null,
}

impl Attribute {
    /// A value of JSON; `None` for objects, and for lists that hold any.
    fn of(value: serde_json::Value) -> Option<Attribute> {
        Some(match value {
            serde_json::Value::Null => Attribute::Null,
            serde_json::Value::Bool(value) => Attribute::Number(f64::from(u8::from(value))),
            serde_json::Value::Number(number) => Attribute::Number(number.as_f64()?),
            serde_json::Value::String(text) => Attribute::Text(text.into_bytes()),
            serde_json::Value::Array(items) => {
                Attribute::List(items.into_iter().map(Attribute::of).collect::<Option<_>>()?)
            }
            serde_json::Value::Object(_) => return None,
        })
    }
}

/// The fields of these names in an object; `None` if the text is no object, or one of them is missing or cannot be used. Of
/// fields with one name it is the first that counts. How deep values go is bounded by the reader of JSON.
pub(super) fn fields(json: &[u8], names: &[String]) -> Option<Vec<Attribute>> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    let found = Object(names).deserialize(&mut reader).ok()?;
    reader.end().ok()?;
    found.into_iter().map(|value| Attribute::of(value?)).collect()
}

/// An object of which only some fields are wanted.
struct Object<'n>(&'n [String]);

impl<'de> DeserializeSeed<'de> for Object<'_> {
    type Value = Vec<Option<serde_json::Value>>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = Vec<Option<serde_json::Value>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = vec![None; self.0.len()];
        while let Some(wanted) = map.next_key_seed(Key(self.0))? {
            match wanted.and_then(|index| found.get_mut(index)) {
                Some(slot @ None) => *slot = Some(map.next_value()?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }
}

/// A field's name: which of those wanted it is.
struct Key<'n>(&'n [String]);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|wanted| wanted == name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(json: &str) -> Option<Attribute> {
        fields(json.as_bytes(), &["a".to_owned()])?.pop()
    }

    #[test]
    fn fields_are_found() {
        let text = |text: &str| Attribute::Text(text.into());
        assert_eq!(field(r#"{"a":1.5}"#), Some(Attribute::Number(1.5)));
        assert_eq!(field(r#" { "b": {"a": 2}, "a" : true } "#), Some(Attribute::Number(1.0)));
        assert_eq!(field(r#"{"a":"x","a":"y"}"#), Some(text("x")));
        assert_eq!(field(r#"{"a":"\"\\\n\u00e4"}"#), Some(text("\"\\\nä")));
        assert_eq!(field(r#"{"a":null}"#), Some(Attribute::Null));
        let list = vec![Attribute::Number(1.0), text("b"), Attribute::List(Vec::new())];
        assert_eq!(field(r#"{"a":[1,"b",[]]}"#), Some(Attribute::List(list)));
    }

    #[test]
    fn what_is_no_field_is_not_found() {
        let deep = format!("{{\"a\":{}", "[".repeat(100_000));
        for json in ["", "{}", "[1]", "1", "{\"a\":{}}", "{\"a\":[{}]}", "{\"a\":1", &deep] {
            assert_eq!(field(json), None, "{json:.20}");
        }
        assert_eq!(field("{\"a\":1} x"), None);
        assert_eq!(fields(b"{\"a\":\"\xff\"}", &["a".to_owned()]), None);
    }
}
