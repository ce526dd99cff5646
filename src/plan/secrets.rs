//! Values of sensitive places, kept out of what every other policy says of the same object: a message may quote what
//! it looked at, and a change of a list names all that was in it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Edit, Verdict};
use crate::change::Action;
use crate::finding::Finding;
use crate::pointer::{KeyedPath, Step};

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

fn secrets(states: [&Value; 2], places: &BTreeSet<KeyedPath>, edits: &[Edit]) -> BTreeSet<String> {
    let mut secrets = BTreeSet::new();
    for place in places {
        for state in states {
            let at = place.find_in(state);
            if at.0.len() == place.0.len() {
                at.get(state)
                    .into_iter()
                    .for_each(|value| add(value, &mut secrets));
            }
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
                secrets.remove(name);
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
