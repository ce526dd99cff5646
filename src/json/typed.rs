//! From values to Rust types, without a text or another kind of value in between. Keys of maps are texts.

use serde::de::value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, Error as _, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Error;

use super::{Map, Value};

impl<'de> IntoDeserializer<'de, Error> for &'de Value {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for &'de Value {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Value::Null => visitor.visit_unit(),
            Value::Bool(truth) => visitor.visit_bool(*truth),
            Value::Number(number) => number.deserialize_any(visitor),
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(items) => {
                let mut items = SeqDeserializer::new(items.iter());
                let typed = visitor.visit_seq(&mut items)?;
                items.end()?;
                Ok(typed)
            }
            Value::Object(map) => {
                let mut entries = entries(map);
                let typed = visitor.visit_map(&mut entries)?;
                entries.end()?;
                Ok(typed)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self {
            Value::String(variant) => visitor.visit_enum(variant.as_str().into_deserializer()),
            Value::Object(map) if map.len() == 1 => {
                visitor.visit_enum(MapAccessDeserializer::new(entries(map)))
            }
            Value::Object(_) => Err(Error::invalid_value(Unexpected::Map, &"a map with one key")),
            _ => Err(Error::invalid_type(self.unexpected(), &"a string or a map")),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

type Entries<'de, I> = MapDeserializer<'de, I, Error>;

fn entries(map: &Map) -> Entries<'_, impl Iterator<Item = (&str, &Value)>> {
    MapDeserializer::new(map.iter().map(|(key, value)| (key.as_str(), value)))
}

impl Value {
    fn unexpected(&self) -> Unexpected<'_> {
        match self {
            Value::Null => Unexpected::Unit,
            Value::Bool(truth) => Unexpected::Bool(*truth),
            Value::Number(_) => Unexpected::Other("number"),
            Value::String(text) => Unexpected::Str(text),
            Value::Array(_) => Unexpected::Seq,
            Value::Object(_) => Unexpected::Map,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::super::json;
    use super::*;

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(default, deny_unknown_fields)]
    struct Typed {
        truth: bool,
        small: u8,
        real: f64,
        text: String,
        list: Vec<Option<i32>>,
        pair: Option<(u8, String)>,
        one: Option<Choice>,
        either: Option<Either>,
        wrapped: Option<Wrapped>,
        rest: Option<Value>,
        by_name: BTreeMap<String, u8>,
        nothing: (),
    }

    #[derive(Debug, Deserialize, PartialEq)]
    enum Choice {
        Alone,
        Of(u8),
        Both(u8, u8),
        Named { a: u8 },
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(untagged)]
    enum Either {
        Number(i64),
        Text(String),
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Wrapped(u16);

    #[test]
    fn types_are_read_as_serde_json_reads_them() {
        let cases = [
            (json!({}), true),
            (
                json!({"truth": true, "small": 7, "real": 1, "text": "é", "nothing": null}),
                true,
            ),
            (json!({"list": [1, null, -3], "pair": [1, "a"]}), true),
            (json!({"one": "Alone"}), true),
            (json!({"one": {"Alone": null}}), true),
            (json!({"one": {"Of": 3}}), true),
            (json!({"one": {"Both": [1, 2]}}), true),
            (json!({"one": {"Named": {"a": 1}}}), true),
            (
                json!({"either": 5, "wrapped": 9, "rest": {"a": [1.5, "b"]}}),
                true,
            ),
            (json!({"either": "five", "one": null, "pair": null}), true),
            (
                json!([true, 1, 2.5, "a", [], null, null, null, null, null, {}, null]),
                true,
            ),
            (json!({"by_name": {"a": 1, "b": 2}}), true),
            (json!({"by_name": {"a": "1"}}), false),
            (json!({"by_name": []}), false),
            (json!({"unknown": 1}), false),
            (json!({"small": 256}), false),
            (json!({"small": -1}), false),
            (json!({"small": 1.0}), false),
            (json!({"truth": "true"}), false),
            (json!({"text": 1}), false),
            (json!({"text": null}), false),
            (json!({"pair": [1]}), false),
            (json!({"pair": [1, "a", 2]}), false),
            (json!({"one": "None"}), false),
            (json!({"one": {}}), false),
            (json!({"one": 1}), false),
            (json!({"one": {"Of": 1, "Alone": null}}), false),
            (json!({"one": "Of"}), false),
            (json!({"one": {"Both": [1, 2, 3]}}), false),
            (json!({"either": [1]}), false),
            (json!("text"), false),
            (json!(null), false),
        ];
        for (value, is_typed) in cases {
            let theirs = Typed::deserialize(serde_json::Value::from(value.clone())).ok();
            assert_eq!(theirs.is_some(), is_typed, "{value}");
            assert_eq!(Typed::deserialize(&value).ok(), theirs, "{value}");
        }
    }
}
