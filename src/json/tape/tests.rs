//! A tape holds what its text does, whatever was looked at.

use std::fmt;

use proptest::prelude::*;
use serde::de::{Deserializer as _, IgnoredAny, SeqAccess, Visitor};

use super::*;
use crate::json::tests::values;

/// What is inside of a longer text, as the object of a review is.
fn taped(json: &str) -> Result<Value, serde_json::Error> {
    let text = Bytes::from(format!("[\"é\", {json}, \"behind\"]"));
    let mut seen = None;
    struct Inside<'s, 't>(&'t Bytes, &'s mut Option<Value>);
    impl<'t> Visitor<'t> for Inside<'_, 't> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'t>>(self, mut items: A) -> Result<(), A::Error> {
            items.next_element::<IgnoredAny>()?;
            *self.1 = items.next_element_seed(Reading {
                text: self.0,
                without: &["out", "side"],
            })?;
            items.next_element::<IgnoredAny>()?;
            Ok(())
        }
    }
    let whole = std::str::from_utf8(&text).unwrap();
    let mut deserializer = serde_json::Deserializer::from_str(whole);
    deserializer.deserialize_any(Inside(&text, &mut seen))?;
    deserializer.end()?;
    Ok(seen.unwrap())
}

proptest! {
    #[test]
    fn a_tape_holds_what_the_text_does(theirs in values()) {
        let text = theirs.to_string();
        let eager: Value = text.parse().unwrap();
        let lazy = taped(&text).unwrap();
        prop_assert_eq!(&lazy.clone(), &eager);
        prop_assert_eq!(lazy.to_string(), eager.to_string());
    }

    #[test]
    fn a_text_is_found_made_or_not(theirs in values(), key in "[a-c]", text in ".{0,3}", end in 0_usize..5) {
        let mut theirs = theirs;
        if let serde_json::Value::Array(items) = &mut theirs {
            items.push(serde_json::json!({ key.clone(): text.clone() }));
            items.push(serde_json::json!({ "c": text.clone() }));
        }
        let json = theirs.to_string();
        let (lazy, made) = (taped(&json).unwrap(), Value::from(theirs));
        prop_assert_eq!(lazy.text(&key), made.text(&key));
        if let (Value::Array(lazy), Value::Array(made)) = (&lazy, &made) {
            for end in [end, usize::MAX] {
                prop_assert_eq!(lazy.rfind(&key, &text, end), made.rfind(&key, &text, end));
            }
        }
        prop_assert_eq!(&lazy, &made);
        prop_assert_eq!(lazy.text(&key), made.text(&key));
    }
}

#[test]
fn of_two_equal_keys_the_last_one_counts_where_the_first_one_was() {
    let value = taped(r#"{"a": "x", "b": 2, "\u0061": "y"}"#).unwrap();
    assert_eq!(value.text("a"), Some("y"));
    assert_eq!(value.to_string(), r#"{"a":"y","b":2}"#);
    assert_eq!(taped(r#"{"a": "x", "a": 3}"#).unwrap().text("a"), None);
}

#[test]
fn keys_are_found_in_maps_of_any_size_made_or_not() {
    for size in [0, 1, LARGEST_SEARCHED, LARGEST_SEARCHED + 1, 100] {
        let entries: Vec<String> = (0..size)
            .map(|number| format!("\"k{number}\": {number}"))
            .collect();
        let text = format!("{{{}}}", entries.join(","));
        for asked in 0..size + 2 {
            let value = taped(&text).unwrap();
            for _ in 0..2 {
                let found = value.get(format!("k{asked}")).and_then(Value::as_u64);
                assert_eq!(found, (asked < size).then_some(asked as u64), "{size}");
                assert_eq!(value.get("other"), None);
            }
        }
    }
}

#[test]
fn what_is_left_out_is_not_there() {
    let cases = [
        (
            r#"{"out": {"a": [1], "side": {"deep": [2]}, "b": "c"}}"#,
            r#"{"out":{"a":[1],"b":"c"}}"#,
        ),
        (
            r#"{"out": {"side": 1, "\u0073ide": 2}, "side": 3}"#,
            r#"{"out":{},"side":3}"#,
        ),
        (
            r#"{"a": {"out": {"side": 1}}, "out": [{"side": 1}]}"#,
            r#"{"a":{"out":{"side":1}},"out":[{"side":1}]}"#,
        ),
    ];
    for (text, kept) in cases {
        assert_eq!(taped(text).unwrap().to_string(), kept);
    }
}

#[test]
fn copies_are_told_from_what_was_changed() {
    let value = taped(r#"{"a": {"b": [1, {"c": "d"}]}}"#).unwrap();
    let mut other = value.clone();
    let map = |value: &Value| value.as_object().cloned().unwrap();
    assert!(map(&value).is(&map(&other)));
    *other.pointer_mut("/a/b/1/c").unwrap() = "e".into();
    assert_eq!(value.to_string(), r#"{"a":{"b":[1,{"c":"d"}]}}"#);
    assert_eq!(other.to_string(), r#"{"a":{"b":[1,{"c":"e"}]}}"#);
    assert!(!map(&value).is(&map(&other)));
}

#[test]
fn what_is_no_json_is_refused_though_nobody_looks_at_it() {
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    for text in [
        "{",
        "[1,]",
        "nul",
        "\"\u{1}\"",
        "1e400",
        "{1: 2}",
        r#""\ud800""#,
        &deep,
    ] {
        assert!(taped(text).is_err(), "{text}");
        assert!(taped(&format!("{{\"a\": [{text}]}}")).is_err(), "{text}");
    }
}
