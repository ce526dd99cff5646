//! Values are what `serde_json`'s are, whatever is done with them.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};

use proptest::prelude::*;

use super::*;

/// Tests build objects as they would with `serde_json`: a key that is not there is made.
impl<I: IndexMut> std::ops::IndexMut<I> for Value {
    fn index_mut(&mut self, index: I) -> &mut Value {
        index.place(self)
    }
}

/// What tests write at.
pub trait IndexMut: Index {
    /// The place of it.
    fn place<'v>(&self, value: &'v mut Value) -> &'v mut Value;
}

impl IndexMut for &str {
    fn place<'v>(&self, value: &'v mut Value) -> &'v mut Value {
        if value.is_null() {
            *value = Value::Object(Map::new());
        }
        let map = value.as_object_mut().expect("a map");
        map.entry(*self).or_insert(Value::Null)
    }
}

impl IndexMut for usize {
    fn place<'v>(&self, value: &'v mut Value) -> &'v mut Value {
        &mut value.as_array_mut().expect("a list")[*self]
    }
}

/// Few keys, so that they meet; sometimes so many that a map is searched by hash.
pub(super) fn values() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<u64>().prop_map(serde_json::Value::from),
        any::<f64>().prop_map(serde_json::Value::from),
        ".{0,30}".prop_map(serde_json::Value::from),
    ];
    let key = prop_oneof!["[a-c]", "[a-z]{2}", "[~/a]{1,3}", ".{0,30}"];
    leaf.prop_recursive(4, 60, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            prop::collection::vec((key.clone(), inner.clone()), 0..4)
                .prop_map(|entries| entries.into_iter().collect()),
            prop::collection::vec(("[a-z]{2}", inner), 20..60)
                .prop_map(|entries| entries.into_iter().collect()),
        ]
    })
}

fn hash(value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Every pointer into a value.
fn pointers(value: &serde_json::Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    match value {
        serde_json::Value::Array(items) => {
            for (position, item) in items.iter().enumerate() {
                pointers(item, &format!("{at}/{position}"), all);
            }
        }
        serde_json::Value::Object(map) => {
            for (key, value) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                pointers(value, &format!("{at}/{key}"), all);
            }
        }
        _ => {}
    }
}

/// One thing that is done to a map.
#[derive(Clone, Debug)]
enum Deed {
    Insert(String, i32),
    Remove(String),
    OrInsert(String, i32),
    Retain(u64),
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let key = || "[a-h]{1,2}";
    let deed = prop_oneof![
        4 => (key(), 0..256).prop_map(|(key, value)| Deed::Insert(key, value)),
        2 => key().prop_map(Deed::Remove),
        2 => (key(), 0..256).prop_map(|(key, value)| Deed::OrInsert(key, value)),
        1 => (0..200_u64).prop_map(Deed::Retain),
    ];
    prop::collection::vec(deed, 0..120)
}

proptest! {
    #[test]
    fn text_is_read_and_written_alike(theirs in values()) {
        let text = theirs.to_string();
        let theirs: serde_json::Value = serde_json::from_str(&text).unwrap();
        let ours: Value = text.parse().unwrap();
        prop_assert_eq!(&ours, &Value::from(theirs.clone()));
        prop_assert_eq!(ours.to_string(), theirs.to_string());
        prop_assert_eq!(format!("{ours:#}"), format!("{theirs:#}"));
        prop_assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
        prop_assert_eq!(serde_json::Value::from(ours.clone()), theirs);
        prop_assert_eq!(&serde_json::from_slice::<Value>(text.as_bytes()).unwrap(), &ours);
        prop_assert_eq!(to_value(&ours).unwrap(), ours);
    }

    #[test]
    fn everything_is_found_where_it_is(theirs in values()) {
        let mut ours = Value::from(theirs.clone());
        let mut all = Vec::new();
        pointers(&theirs, "", &mut all);
        for pointer in all {
            let there = theirs.pointer(&pointer).cloned().map(Value::from);
            prop_assert_eq!(ours.pointer(&pointer).cloned(), there.clone());
            prop_assert_eq!(ours.pointer_mut(&pointer).cloned(), there);
        }
        for nowhere in ["x", "/nowhere", "/00", "/+1", "/-"] {
            prop_assert_eq!(ours.pointer(nowhere).is_some(), theirs.pointer(nowhere).is_some());
        }
    }

    #[test]
    fn values_are_equal_when_theirs_are(a in values(), b in values()) {
        let (our_a, our_b) = (Value::from(a.clone()), Value::from(b.clone()));
        prop_assert_eq!(our_a == our_b, a == b);
        prop_assert!(our_a == a);
        prop_assert_eq!(our_a == b, a == b);
        // The order of entries does not count.
        if let Value::Object(map) = &our_a {
            let mut entries: Vec<_> = map.clone().into_iter().collect();
            entries.reverse();
            let turned = Value::Object(entries.into_iter().collect());
            prop_assert_eq!(&turned, &our_a);
            prop_assert_eq!(hash(&turned), hash(&our_a));
        }
    }

    #[test]
    fn maps_do_what_theirs_do(deeds in deeds()) {
        let (mut ours, mut theirs) = (Map::new(), serde_json::Map::new());
        for deed in deeds {
            let (copy, before) = (ours.clone(), serde_json::Value::Object(theirs.clone()));
            prop_assert!(copy.is(&ours));
            match deed {
                Deed::Insert(key, value) => {
                    let was = theirs.insert(key.clone(), value.into());
                    prop_assert_eq!(ours.insert(key.into(), value.into()), was.map(Value::from));
                }
                Deed::Remove(key) => {
                    let was = theirs.shift_remove(&key);
                    prop_assert_eq!(ours.shift_remove(&key).is_none(), ours.is(&copy), "shared until it changes");
                    prop_assert_eq!(copy.get(&key).cloned(), was.map(Value::from));
                }
                Deed::OrInsert(key, value) => {
                    let there = theirs.entry(key.clone()).or_insert(value.into()).clone();
                    prop_assert_eq!(&*ours.entry(key).or_insert(value.into()), &there);
                }
                Deed::Retain(least) => {
                    theirs.retain(|_, value| value.as_u64() >= Some(least));
                    ours.retain(|_, value| value.as_u64() >= Some(least));
                }
            }
            prop_assert_eq!(ours.len(), theirs.len());
            prop_assert!(ours.keys().map(|key| key.as_str()).eq(theirs.keys()));
            for (key, value) in &theirs {
                prop_assert_eq!(ours.get(key), Some(&Value::from(value.clone())));
            }
            prop_assert!(!ours.contains_key("never"));
            prop_assert_eq!(Value::Object(copy), before, "a copy keeps what it had");
        }
    }
}

#[test]
fn what_is_no_json_is_refused() {
    for text in [
        "",
        "{",
        "[1,]",
        "{\"a\": 1} x",
        "nul",
        "\"\u{1}\"",
        "1e400",
        "{1: 2}",
    ] {
        assert!(text.parse::<Value>().is_err(), "{text}");
    }
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    assert!(deep.parse::<Value>().is_err());
}

#[test]
fn of_two_equal_keys_the_last_one_counts_where_the_first_one_was() {
    let value: Value = r#"{"a": 1, "b": 2, "a": 3}"#.parse().unwrap();
    assert_eq!(value.to_string(), r#"{"a":3,"b":2}"#);
}

#[test]
fn values_are_small() {
    // Each entry of each map of each object is one of these; serde_json's has 72 bytes.
    assert_eq!(size_of::<Value>(), 32);
}
