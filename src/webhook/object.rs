//! An object of a review, read without the record of who wrote which field.

use bytes::Bytes;
use serde::de::DeserializeSeed as _;

use crate::json::{Reading, Value};
use crate::resource::MANAGED_FIELDS;

/// Why an object of a review is no value.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// It is no JSON that can be held.
    #[error("the object of the request cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// It is no text.
    #[error("the object of the request cannot be read: {0}")]
    Encoding(#[from] std::str::Utf8Error),
}

/// Reads an object of a review.
pub(super) fn read(object: &Bytes) -> Result<Value, ObjectError> {
    // Checked once and not for every string in it.
    let text = std::str::from_utf8(object)?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let reading = Reading {
        text: object,
        without: &MANAGED_FIELDS,
    };
    let object = reading.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(object)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::json::json;

    #[test]
    fn who_wrote_which_field_is_left_out() {
        let fields = json!([{"manager": "helm", "fieldsV1": {"f:spec": {}}}]);
        let cases = [
            (
                json!({"kind": "Pod", "metadata": {"name": "a", "managedFields": fields, "uid": "u"}, "spec": {}}),
                json!({"kind": "Pod", "metadata": {"name": "a", "uid": "u"}, "spec": {}}),
            ),
            (json!({"metadata": {"managedFields": 1}}), json!({"metadata": {}})),
            // Only there: it is a field of one's own anywhere else.
            (json!({"managedFields": [1]}), json!({"managedFields": [1]})),
            (
                json!({"spec": {"metadata": {"managedFields": [1]}}}),
                json!({"spec": {"metadata": {"managedFields": [1]}}}),
            ),
            (
                json!({"metadata": [{"managedFields": 1}]}),
                json!({"metadata": [{"managedFields": 1}]}),
            ),
            (json!({"metadata": null}), json!({"metadata": null})),
        ];
        for (sent, kept) in cases {
            assert_eq!(read(&Bytes::from(sent.to_string())).unwrap(), kept, "{sent}");
        }
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in [
            "",
            "{",
            "{} {}",
            "{\"metadata\": {\"managedFields\": [}}",
            "nul",
            "\"\u{1}\"",
        ] {
            assert!(
                matches!(
                    read(&Bytes::from(text.to_owned())),
                    Err(ObjectError::Unreadable(_))
                ),
                "{text}"
            );
        }
        assert!(matches!(
            read(&Bytes::from_static(b"{\"a\": \"\xff\"}")),
            Err(ObjectError::Encoding(_))
        ));
        let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        for path in ["metadata", "managedFields", "spec"] {
            let text = format!("{{\"metadata\": {{\"{path}\": {deep}}}, \"{path}\": {deep}}}");
            assert!(read(&Bytes::from(text.to_owned())).is_err(), "{path}");
        }
    }

    /// JSON as anybody may send it, with the keys that matter more often than chance would have them.
    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            (-1e9..1e9).prop_map(Value::from),
            ".{0,6}".prop_map(Value::from),
        ];
        let key = prop_oneof![
            Just("metadata".to_owned()),
            Just("managedFields".to_owned()),
            ".{0,3}"
        ];
        leaf.prop_recursive(5, 40, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((key.clone(), inner), 0..4)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn everything_else_is_read_as_by_the_library(sent in value()) {
            let mut kept: Value = serde_json::from_str(&sent.to_string()).unwrap();
            if let Some(metadata) = kept.get_mut("metadata").and_then(Value::as_object_mut) {
                metadata.shift_remove("managedFields");
            }
            prop_assert_eq!(read(&Bytes::from(sent.to_string())).unwrap(), kept);
        }
    }
}
