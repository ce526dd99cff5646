//! What differs between two readings of an object, by place: written apart from the program's own diff.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// One difference: `set Deployment/immich-server spec.strategy.type "Recreate"`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// Kind and name.
    pub object: String,
    /// `add`, `set` or `remove`.
    pub action: String,
    /// The keyed path.
    pub path: String,
    /// The new value as JSON; what was there for `remove`.
    pub value: String,
}

impl std::fmt::Display for Change {
    /// As a line of the table.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {} {}", self.action, self.object, self.path, self.value)
    }
}

impl Change {
    /// The change without its value, as far as standard error tells it.
    pub fn place(&self) -> (String, String, String) {
        (self.object.clone(), self.action.clone(), self.path.clone())
    }
}

/// The differences of two documents; the items of a `List` are objects of their own.
pub fn of_documents(before: &Value, after: &Value) -> Vec<Change> {
    let mut changes = Vec::new();
    let items = |document: &Value| match (&document["kind"], &document["items"]) {
        (Value::String(kind), Value::Array(items)) if kind == "List" => items.clone(),
        _ => vec![document.clone()],
    };
    let (before, after) = (items(before), items(after));
    assert_eq!(before.len(), after.len(), "another number of objects");
    for (before, after) in before.iter().zip(&after) {
        let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
        let object = format!("{}/{}", text(&before["kind"]), text(&before["metadata"]["name"]));
        differ(&object, "", before, after, &mut changes);
    }
    changes
}

fn differ(object: &str, path: &str, before: &Value, after: &Value, changes: &mut Vec<Change>) {
    let change = |action: &str, path: &str, value: &Value| Change {
        object: object.to_owned(),
        action: action.to_owned(),
        path: path.to_owned(),
        value: value.to_string(),
    };
    let (old, new) = match (before, after) {
        (Value::Object(old), Value::Object(new)) => (members(old), members(new)),
        (Value::Array(old), Value::Array(new)) => {
            let named = has_names(old) && has_names(new);
            (items(old, named), items(new, named))
        }
        _ if before == after => return,
        _ => return changes.push(change("set", path, after)),
    };
    let at = |step: &str| format!("{path}{step}").trim_start_matches('.').to_owned();
    for (step, value) in &old {
        if !new.iter().any(|(other, _)| other == step) {
            changes.push(change("remove", &at(step), value));
        }
    }
    for (step, value) in &new {
        match old.iter().find(|(other, _)| other == step) {
            None => changes.push(change("add", &at(step), value)),
            Some((_, before)) => differ(object, &at(step), before, value, changes),
        }
    }
}

fn members(map: &Map<String, Value>) -> Vec<(String, &Value)> {
    let plain = |key: &str| {
        key.chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
    };
    map.iter()
        .map(|(key, value)| match plain(key) {
            true => (format!(".{key}"), value),
            false => (format!("[{key:?}]"), value),
        })
        .collect()
}

/// Items go by name where each has one of its own, else by position.
fn items(list: &[Value], named: bool) -> Vec<(String, &Value)> {
    list.iter()
        .enumerate()
        .map(|(index, item)| match item["name"].as_str() {
            Some(name) if named => (format!("[name={name}]"), item),
            _ => (format!("[{index}]"), item),
        })
        .collect()
}

fn has_names(list: &[Value]) -> bool {
    let names: BTreeSet<&str> = list.iter().filter_map(|item| item["name"].as_str()).collect();
    names.len() == list.len()
}

#[test]
fn places_are_named_as_people_name_them() {
    let before = json!({"kind": "Pod", "metadata": {"name": "p"}, "l": [{"name": "a", "b.c": 1}, {"name": "d"}], "x": null});
    let after = json!({"kind": "Pod", "metadata": {"name": "p"}, "l": [{"name": "e"}, {"name": "a", "b.c": 2}], "x": [1]});
    let found: Vec<String> = of_documents(&before, &after)
        .iter()
        .map(ToString::to_string)
        .collect();
    let expected = [
        r#"remove Pod/p l[name=d] {"name":"d"}"#,
        r#"add Pod/p l[name=e] {"name":"e"}"#,
        r#"set Pod/p l[name=a]["b.c"] 2"#,
        "set Pod/p x [1]",
    ];
    assert_eq!(found, expected);
}
