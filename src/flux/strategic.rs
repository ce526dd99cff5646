//! Edits as a strategic merge patch, where that is safe.
//!
//! kustomize reorders keyed lists that it merges, so nothing behind a list goes here; it merges a map into a
//! scalar with an error, and takes `null` for "remove".

use std::collections::HashSet;

use crate::change::{Action, Change};
use crate::json::{Map, Value, json};
use crate::pointer::{Pointer, Token};
use crate::resource::ResourceId;
use crate::schema::{ListKind, Type};

/// Keys that begin so are directives of a strategic merge (`$patch`, `$setElementOrder/containers`).
const DIRECTIVE: char = '$';

/// Whether kustomize leaves the rest of an object alone when it merges something into it: it drops one of two
/// items of a list that it takes for the same, also where the patch does not go.
pub(super) fn keeps_lists(ty: Type, object: &Value) -> bool {
    match object {
        Value::Object(map) => map.iter().all(|(key, value)| keeps_lists(ty.field(key), value)),
        Value::Array(items) => {
            let own: Vec<&Value> = match ty.list_kind() {
                // It tells ports by the number alone where one of them leaves the protocol out.
                ListKind::Map(keys) => items
                    .iter()
                    .map(|item| keys.first().and_then(|key| item.get(key)).unwrap_or(&Value::Null))
                    .collect(),
                ListKind::Set => items.iter().collect(),
                ListKind::Atomic => Vec::new(),
            };
            let mut seen = HashSet::new();
            own.into_iter()
                .all(|value| !value.is_null() && seen.insert(value))
                && items.iter().all(|item| keeps_lists(ty.items(), item))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

/// Whether a merge makes this change and nothing else.
pub(super) fn can_merge(change: &Change) -> bool {
    let is_key = |token: &Token| matches!(token, Token::Key(key) if !key.starts_with(DIRECTIVE));
    if change.pointer.0.is_empty() || !change.pointer.0.iter().all(is_key) {
        return false;
    }
    match &change.action {
        Action::Add(new) => is_mergeable(new),
        Action::Replace { old, new } => is_mergeable(new) && is_scalar(old) && is_scalar(new),
        // kustomize makes the text "null" of a null among the object's own labels and annotations.
        Action::Remove { old } => !old.is_null() && !is_metadata(&change.pointer),
    }
}

fn is_metadata(pointer: &Pointer) -> bool {
    matches!(pointer.0.first(), Some(Token::Key(key)) if key == "metadata")
}

fn is_scalar(value: &Value) -> bool {
    !value.is_object() && !value.is_array()
}

/// Whether a value comes out of a merge as it is: no lists, nothing that means "remove" or "do".
fn is_mergeable(value: &Value) -> bool {
    match value {
        Value::Null | Value::Array(_) => false,
        Value::Object(map) => {
            !map.is_empty()
                && map
                    .iter()
                    .all(|(key, value)| !key.starts_with(DIRECTIVE) && is_mergeable(value))
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

/// The patch: what kind of object it is, its name, and the changed part of it.
pub(super) fn merge_patch(id: &ResourceId, changes: &[Change]) -> Value {
    let mut metadata = json!({ "name": id.name.as_str() });
    if let (Some(namespace), Some(map)) = (&id.namespace, metadata.as_object_mut()) {
        map.insert("namespace".into(), namespace.as_str().into());
    }
    let mut patch = json!({
        "apiVersion": id.gvk.api_version(),
        "kind": id.gvk.kind,
        "metadata": metadata,
    });
    for change in changes {
        let value = match &change.action {
            Action::Add(new) | Action::Replace { new, .. } => new.clone(),
            Action::Remove { .. } => Value::Null,
        };
        put(&mut patch, &change.pointer.0, value);
    }
    patch
}

/// Puts a value at a path of keys, with the maps that lead there.
fn put(into: &mut Value, path: &[Token], value: Value) {
    let (Value::Object(map), Some((Token::Key(key), rest))) = (into, path.split_first()) else {
        return;
    };
    if rest.is_empty() {
        map.insert(key.clone(), value);
    } else {
        let below = map
            .entry(key.clone())
            .or_insert_with(|| Value::Object(Map::new()));
        put(below, rest, value);
    }
}
