//! The fields of a JSON object, with their paths.

use std::fmt;

use facade::codec::Path;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::field::Value;

/// A field of a record: its path, the path of what it is in, its key, and its value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) path: String,
    pub(super) parent: String,
    pub(super) key: String,
    pub(super) value: Value,
}

/// Collects the fields of a value.
///
/// Of an array, the first element stands for all.
pub(super) struct Collect<'f> {
    pub(super) fields: &'f mut Vec<Found>,
    /// The path of the value, empty for a record.
    pub(super) path: String,
    pub(super) parent: String,
    pub(super) key: String,
}

impl<'f> Collect<'f> {
    /// Returns the seed of a record.
    pub(super) fn record(fields: &'f mut Vec<Found>) -> Self {
        Self { fields, path: String::new(), parent: String::new(), key: String::new() }
    }

    fn push(self, value: Value) {
        let Self { fields, path, parent, key } = self;
        // A record that is not an object has no fields.
        if !path.is_empty() {
            fields.push(Found { path, parent, key, value });
        }
    }
}

impl<'de> DeserializeSeed<'de> for Collect<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Collect<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.push(Value::Null);
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.push(Value::Boolean(value));
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.push(Value::Number(value.to_string()));
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.push(Value::Number(value.to_string()));
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        let number = serde_json::Number::from_f64(value);
        self.push(number.map_or(Value::Null, |number| Value::Number(number.to_string())));
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.push(Value::Text(value.to_owned()));
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let step = Path::key(&key).to_string();
            let path = if self.path.is_empty() { step } else { format!("{}.{step}", self.path) };
            let parent = self.path.clone();
            map.next_value_seed(Collect { fields: self.fields, path, parent, key })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let path = format!("{}[0]", self.path);
        let first = Collect { fields: self.fields, path, parent: self.path, key: self.key };
        if list.next_element_seed(first)?.is_some() {
            while list.next_element::<IgnoredAny>()?.is_some() {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_have_paths_that_can_be_typed() {
        let text =
            r#"{"a":{"b.c":1,"d":[{"e":"x"},2]},"f g":null,"h":0.5,"i":-1,"j":[],"@file":true}"#;
        let mut fields = Vec::new();
        let mut json = serde_json::Deserializer::from_str(text);
        Collect::record(&mut fields).deserialize(&mut json).unwrap();
        let found: Vec<_> =
            fields.iter().map(|field| (field.path.as_str(), field.value.clone())).collect();
        let number = |text: &str| Value::Number(text.to_owned());
        let expected = [
            ("a.\"b.c\"", number("1")),
            ("a.d[0].e", Value::Text("x".to_owned())),
            ("\"f g\"", Value::Null),
            ("h", number("0.5")),
            ("i", number("-1")),
            ("\"@file\"", Value::Boolean(true)),
        ];
        assert_eq!(found, expected);
        for field in &fields {
            assert_eq!(Path::parse(&field.path).unwrap().to_string(), field.path);
        }
    }
}
