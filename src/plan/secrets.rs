//! Values of sensitive places, kept out of what every other policy says of the same object: a message may quote what
//! it looked at, and a change of a list names all that was in it.

use std::collections::BTreeSet;

use super::{Edit, Verdict};
use crate::change::Action;
use crate::finding::Finding;
use crate::json::Value;
use crate::pointer::{KeyedPath, Pointer, Step};

/// Stands for a value.
const MASK: &str = "…";

/// Shorter texts are no secrets and are part of too many words.
const SHORTEST: usize = 4;

/// Marks the edits that touch a sensitive place, and takes its values out of all other words.
pub(super) fn keep(
    states: [&Value; 2],
    edits: &mut [Edit],
    findings: &mut [Finding],
    verdicts: &mut [Verdict],
) {
    let places: BTreeSet<KeyedPath> = findings
        .iter()
        .filter(|finding| finding.sensitive)
        .map(|finding| finding.place.keyed.clone())
        .chain(
            edits
                .iter()
                .filter(|edit| edit.sensitive)
                .map(|edit| edit.place.keyed.clone()),
        )
        .filter(|place| states.iter().any(|state| place_in(place, state).is_some()))
        .collect();
    if places.is_empty() {
        return;
    }
    let secrets = secrets(states, &places, edits);
    for edit in edits.iter_mut() {
        edit.sensitive |= places.iter().any(|place| overlap(place, &edit.place.keyed));
        mask(&mut edit.reason, &secrets);
    }
    for finding in findings.iter_mut().filter(|finding| !finding.sensitive) {
        mask(&mut finding.message, &secrets);
        if let Some(fix) = &mut finding.fix {
            mask(fix, &secrets);
        }
    }
    for verdict in verdicts {
        mask(&mut verdict.why, &secrets);
    }
}

/// Where a sensitive place is in a state of the object; `None` where it is not there, or is the whole pod or object: a
/// rule without a place of its own says nothing of what is secret in it.
pub fn place_in(place: &KeyedPath, state: &Value) -> Option<Pointer> {
    let at = place.find_in(state);
    let is_root = place.0.is_empty() || at.get(state).is_some_and(|value| value.get("spec").is_some());
    (at.0.len() == place.0.len() && !is_root).then_some(at)
}

fn secrets(states: [&Value; 2], places: &BTreeSet<KeyedPath>, edits: &[Edit]) -> BTreeSet<String> {
    let mut secrets = BTreeSet::new();
    for place in places {
        for state in states {
            let value = place_in(place, state).and_then(|at| at.get(state));
            value.into_iter().for_each(|value| add(value, &mut secrets));
        }
    }
    for edit in edits.iter().filter(|edit| edit.sensitive) {
        match &edit.change.action {
            Action::Add(value) | Action::Remove { old: value } => add(value, &mut secrets),
            Action::Replace { old, new } => {
                add(old, &mut secrets);
                add(new, &mut secrets);
            }
        }
    }
    // What a place is called is said anyway.
    let named = places.iter().flat_map(|place| &place.0);
    for step in named {
        match step {
            Step::Item(keys) => keys.iter().for_each(|(_, value)| {
                secrets.remove(value);
            }),
            Step::Field(name) => {
                secrets.remove(name.as_str());
            }
            Step::Position(_) => {}
        }
    }
    secrets
}

/// The texts in a value, but not what its items are called by.
fn add(value: &Value, secrets: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if text.trim().len() >= SHORTEST => {
            secrets.insert(text.trim().to_owned());
        }
        Value::Array(items) => items.iter().for_each(|item| add(item, secrets)),
        Value::Object(map) => {
            let values = map.iter().filter(|(key, _)| *key != "name");
            values.for_each(|(_, value)| add(value, secrets));
        }
        _ => {}
    }
}

fn overlap(a: &KeyedPath, b: &KeyedPath) -> bool {
    a.0.starts_with(&b.0) || b.0.starts_with(&a.0)
}

fn mask(text: &mut String, secrets: &BTreeSet<String>) {
    for secret in secrets {
        if text.contains(secret.as_str()) {
            *text = text.replace(secret.as_str(), MASK);
        }
        // Values are quoted as JSON, where a line break is two characters.
        let quoted = Value::from(secret.as_str()).to_string();
        let quoted = quoted.trim_matches('"');
        if text.contains(quoted) {
            *text = text.replace(quoted, MASK);
        }
    }
}

/// What explains an object in words of other places.
pub fn masked(text: &str, edits: &[Edit], findings: &[&Finding], states: [&Value; 2]) -> String {
    let places: BTreeSet<KeyedPath> = findings
        .iter()
        .filter(|finding| finding.sensitive)
        .map(|finding| finding.place.keyed.clone())
        .collect();
    let mut text = text.to_owned();
    mask(&mut text, &secrets(states, &places, edits));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    fn field(names: &[&str]) -> KeyedPath {
        KeyedPath(names.iter().map(|name| Step::Field((*name).into())).collect())
    }

    #[test]
    fn a_whole_pod_is_no_secret() {
        let object = json!({"spec": {"template": {"spec": {"env": "hunter2"}}}, "data": {"key": "x"}});
        for place in [&[][..], &["spec", "template"], &["gone"], &["data", "gone"]] {
            assert_eq!(place_in(&field(place), &object), None, "{place:?}");
        }
        for place in [
            &["spec", "template", "spec", "env"][..],
            &["data"],
            &["data", "key"],
        ] {
            assert!(place_in(&field(place), &object).is_some(), "{place:?}");
        }
    }

    #[test]
    fn long_texts_are_masked_and_names_are_not() {
        let place = KeyedPath(vec![
            Step::Field("env".into()),
            Step::Item(vec![("name".into(), "PASSWORD".into())]),
        ]);
        let value = "two\nlines of it";
        let object = json!({"env": [{"name": "PASSWORD", "value": value, "on": "yes", "note": "PASSWORD"}]});
        let secrets = secrets([&object, &object], &BTreeSet::from([place]), &[]);
        assert_eq!(secrets, BTreeSet::from([value.to_owned()]));
        let mut text = format!("PASSWORD is {value}, or as JSON {}", json!(value));
        mask(&mut text, &secrets);
        assert_eq!(text, "PASSWORD is …, or as JSON \"…\"");
    }
}
