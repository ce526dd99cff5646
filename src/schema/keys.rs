//! How the items of a list are told apart: by merge keys, key defaults filled in.

use serde_json::Value;

use super::types::{ListKind, Type};
use crate::pointer::{KeyedPath, Pointer, Step, Token};

/// The values of an item's merge keys; `None` where one is missing and has no default. Numbers and texts
/// that look alike are alike (`80`, `"80"`), as in [`super::equal`].
pub(super) fn of_item(list: Type, keys: &[&str], item: &Value) -> Option<Vec<String>> {
    keys.iter()
        .map(|key| match item.get(*key) {
            None | Some(Value::Null) => list.key_default(key).map(str::to_owned),
            Some(value) => as_text(value),
        })
        .collect()
}

fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

/// The keyed form of a pointer into `root`: an item is told by its `name` where that is unique in the list,
/// else by its merge keys, else by its position.
pub fn keyed_path(ty: Type, root: &Value, pointer: &Pointer) -> KeyedPath {
    let mut path = KeyedPath::default();
    let mut here = Some(root);
    let mut ty = ty;
    for token in &pointer.0 {
        match token {
            Token::Key(key) => {
                path.0.push(Step::Field(key.clone()));
                here = here.and_then(|value| value.get(key));
                ty = ty.field(key);
            }
            Token::Index(index) => {
                let items = here.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                path.0.push(step(ty, items, *index));
                here = items.get(*index);
                ty = ty.items();
            }
        }
    }
    path
}

fn step(list: Type, items: &[Value], index: usize) -> Step {
    let Some(item) = items.get(index) else {
        return Step::Position(index);
    };
    by_name(items, item)
        .or_else(|| by_merge_keys(list, items, item))
        .unwrap_or(Step::Position(index))
}

fn by_name(items: &[Value], item: &Value) -> Option<Step> {
    let name = item.get("name")?.as_str()?;
    let same = |other: &&Value| other.get("name").and_then(Value::as_str) == Some(name);
    (items.iter().filter(same).count() == 1).then(|| Step::Item(vec![("name".into(), name.into())]))
}

fn by_merge_keys(list: Type, items: &[Value], item: &Value) -> Option<Step> {
    let ListKind::Map(keys) = list.list_kind() else {
        return None;
    };
    let own = of_item(list, keys, item)?;
    let same = |other: &&Value| of_item(list, keys, other).as_ref() == Some(&own);
    let is_unique = items.iter().filter(same).count() == 1;
    is_unique.then(|| Step::Item(keys.iter().map(|key| (*key).to_owned()).zip(own).collect()))
}
