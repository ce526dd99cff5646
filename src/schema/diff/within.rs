//! The same diff where it is known which places were written: everything else is the same and is not looked at.

use super::{At, add, compare, remove};
use crate::change::{Action, Change};
use crate::json::{Map, Value};
use crate::pointer::{Pointer, Token};
use crate::schema::keys;
use crate::schema::same::same;
use crate::schema::types::{ListKind, Type};

/// What differs, where `after` is `before` with `written` changes made, one behind the other: what
/// [`super::diff`] gives.
pub fn diff_within(ty: Type, before: &Value, after: &Value, written: &[Change]) -> Vec<Change> {
    let places: Vec<&[Token]> = written.iter().map(touched).collect();
    let mut changes = Vec::new();
    within(ty, before, after, &places, &At::Root, &mut changes);
    changes
}

/// The value that a change makes another one: of an item that comes or goes the whole list.
fn touched(change: &Change) -> &[Token] {
    let Pointer(tokens) = &change.pointer;
    match (tokens.split_last(), &change.action) {
        (Some((Token::Index(_), list)), Action::Add(_) | Action::Remove { .. }) => list,
        _ => tokens,
    }
}

fn within(
    ty: Type,
    before: &Value,
    after: &Value,
    places: &[&[Token]],
    at: &At<'_>,
    changes: &mut Vec<Change>,
) {
    let is_whole = places.iter().any(|place| place.is_empty());
    match (before, after) {
        (Value::Object(before), Value::Object(after)) if !is_whole => {
            maps(ty, before, after, places, at, changes);
        }
        (Value::Array(before), Value::Array(after))
            if !is_whole && are_alike(ty, before, after, &indices(places)) =>
        {
            for index in indices(places) {
                let (Some(old), Some(new)) = (before.get(index), after.get(index)) else {
                    continue;
                };
                let below = below(places, |token| *token == Token::Index(index));
                within(ty.items(), old, new, &below, &At::Index(at, index), changes);
            }
        }
        _ => compare(ty, before, after, at, changes),
    }
}

/// In the order of [`compare`]: what was there first, then what was added.
fn maps(ty: Type, before: &Map, after: &Map, places: &[&[Token]], at: &At<'_>, changes: &mut Vec<Change>) {
    let is_touched = |key: &str| {
        places
            .iter()
            .any(|place| matches!(place.first(), Some(Token::Key(other)) if other == key))
    };
    for (key, old) in before.iter().filter(|(key, _)| is_touched(key)) {
        let here = At::Key(at, key);
        match after.get(key) {
            Some(new) => {
                let below = below(places, |token| matches!(token, Token::Key(other) if other == key));
                within(ty.field(key), old, new, &below, &here, changes);
            }
            None => changes.push(remove(&here, old)),
        }
    }
    let added = after
        .iter()
        .filter(|(key, _)| is_touched(key) && !before.contains_key(key));
    changes.extend(added.map(|(key, new)| add(&At::Key(at, key), new)));
}

/// What is below the places that begin with such a token.
fn below<'p>(places: &[&'p [Token]], is_it: impl Fn(&Token) -> bool) -> Vec<&'p [Token]> {
    let split = places.iter().filter_map(|place| place.split_first());
    split
        .filter(|(token, _)| is_it(token))
        .map(|(_, rest)| rest)
        .collect()
}

/// The touched items of a list, each once, in order.
fn indices(places: &[&[Token]]) -> Vec<usize> {
    let mut indices: Vec<usize> = places
        .iter()
        .filter_map(|place| match place.first() {
            Some(Token::Index(index)) => Some(*index),
            _ => None,
        })
        .collect();
    indices.sort_unstable();
    indices.dedup();
    indices
}

/// Whether the items of both lists belong together by their positions: none came or went, and none of those that were
/// touched has another key.
fn are_alike(ty: Type, before: &[Value], after: &[Value], touched: &[usize]) -> bool {
    before.len() == after.len()
        && touched
            .iter()
            .all(|index| match (before.get(*index), after.get(*index)) {
                (Some(old), Some(new)) => match ty.list_kind() {
                    ListKind::Map(names) => {
                        same(old, new) || keys::of_item(ty, names, old) == keys::of_item(ty, names, new)
                    }
                    ListKind::Atomic | ListKind::Set => true,
                },
                _ => false,
            })
}
