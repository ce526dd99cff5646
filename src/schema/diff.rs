//! The keyed structural diff.

use std::collections::{HashMap, HashSet};

use super::keys;
use super::types::{ListKind, Type};
use crate::change::{Action, Change};
use crate::json::Value;
use crate::pointer::{Pointer, Token};

/// The keyed structural diff: the least set of changes that makes `before` into `after` exactly (not just
/// semantically). Keyed lists are matched by key, other lists by position with common head and tail;
/// a list whose kept items changed their order is replaced as a whole.
pub fn diff(ty: Type, before: &Value, after: &Value) -> Vec<Change> {
    let mut changes = Vec::new();
    compare(ty, before, after, &At::Root, &mut changes);
    changes
}

/// A place on the way down; it becomes a pointer only where something differs.
enum At<'a> {
    Root,
    Key(&'a At<'a>, &'a str),
    Index(&'a At<'a>, usize),
}

impl At<'_> {
    fn pointer(&self) -> Pointer {
        match self {
            At::Root => Pointer::root(),
            At::Key(above, key) => {
                let mut pointer = above.pointer();
                pointer.push(Token::Key((*key).into()));
                pointer
            }
            At::Index(above, index) => {
                let mut pointer = above.pointer();
                pointer.push(Token::Index(*index));
                pointer
            }
        }
    }
}

fn compare(ty: Type, before: &Value, after: &Value, at: &At<'_>, changes: &mut Vec<Change>) {
    match (before, after) {
        (before, after) if before.is(after) => {}
        (Value::Object(before), Value::Object(after)) => {
            // What was copied and changed a little still has its keys in their order: no need to look them up.
            let mut in_order = after.iter();
            for (key, old) in before {
                let neighbour = in_order.next().filter(|(other, _)| *other == key);
                match neighbour.map(|(_, new)| new).or_else(|| after.get(key)) {
                    // Before the field's type is looked up.
                    Some(new) if old.is(new) => {}
                    Some(new) => compare(ty.field(key), old, new, &At::Key(at, key), changes),
                    None => changes.push(remove(&At::Key(at, key), old)),
                }
            }
            let mut in_order = before.keys();
            let added = after
                .iter()
                .filter(|(key, _)| in_order.next() != Some(*key) && !before.contains_key(key));
            changes.extend(added.map(|(key, new)| add(&At::Key(at, key), new)));
        }
        (before, after) if before == after => {}
        (Value::Array(before), Value::Array(after)) => lists(ty, before, after, at, changes),
        (before, after) => changes.push(replace(at, before, after)),
    }
}

fn lists(ty: Type, before: &[Value], after: &[Value], at: &At<'_>, changes: &mut Vec<Change>) {
    if belong_by_position(ty, before, after) {
        for (index, (old, new)) in before.iter().zip(after).enumerate() {
            compare(ty.items(), old, new, &At::Index(at, index), changes);
        }
        return;
    }
    by_identity(ty, before, after, at, changes);
}

fn by_identity(ty: Type, before: &[Value], after: &[Value], at: &At<'_>, changes: &mut Vec<Change>) {
    let keyed = match ty.list_kind() {
        ListKind::Map(names) => keys_of(ty, names, before).zip(keys_of(ty, names, after)),
        _ => None,
    };
    match keyed {
        Some((old_keys, new_keys)) => by_key(ty, before, after, (&old_keys, &new_keys), at, changes),
        None => by_position(ty, before, after, at, changes),
    }
}

/// Whether no item came, went or moved, which is so for most lists in which something changed: both ways below would pair
/// the items so.
fn belong_by_position(list: Type, before: &[Value], after: &[Value]) -> bool {
    let is_other = |(old, new): &(&Value, &Value)| match list.list_kind() {
        ListKind::Map(names) => {
            old != new && keys::of_item(list, names, old) != keys::of_item(list, names, new)
        }
        ListKind::Atomic | ListKind::Set => false,
    };
    before.len() == after.len() && !before.iter().zip(after).any(|pair| is_other(&pair))
}

/// The keys of all items; of items with one key each is told by which one it is as well.
fn keys_of(list: Type, names: &[&str], items: &[Value]) -> Option<Vec<Vec<String>>> {
    let mut seen: HashMap<Vec<String>, usize> = HashMap::new();
    items
        .iter()
        .map(|item| {
            let mut key = keys::of_item(list, names, item)?;
            let occurrence = seen.entry(key.clone()).or_default();
            key.push(occurrence.to_string());
            *occurrence += 1;
            Some(key)
        })
        .collect()
}

type Keys = [Vec<String>];

fn by_key(
    ty: Type,
    before: &[Value],
    after: &[Value],
    (old_keys, new_keys): (&Keys, &Keys),
    at: &At<'_>,
    changes: &mut Vec<Change>,
) {
    let old_index: HashMap<&Vec<String>, usize> = old_keys
        .iter()
        .enumerate()
        .map(|(index, key)| (key, index))
        .collect();
    let kept: Vec<Option<usize>> = new_keys.iter().map(|key| old_index.get(key).copied()).collect();
    if !kept.iter().flatten().is_sorted() {
        let list = |items: &[Value]| Value::Array(items.to_vec().into());
        changes.push(replace(at, &list(before), &list(after)));
        return;
    }
    let kept = with_renamed(before, after, kept);
    let stays: HashSet<usize> = kept.iter().flatten().copied().collect();
    for (index, old) in before
        .iter()
        .enumerate()
        .filter(|(index, _)| !stays.contains(index))
    {
        changes.push(remove(&At::Index(at, index), old));
    }
    // A new item goes in front of the next kept one.
    let mut next = before.len();
    let mut places: Vec<usize> = Vec::with_capacity(kept.len());
    for index in kept.iter().rev() {
        next = index.unwrap_or(next);
        places.push(next);
    }
    places.reverse();
    for ((new, kept), place) in after.iter().zip(&kept).zip(places) {
        match kept.and_then(|index| before.get(index).map(|old| (index, old))) {
            Some((index, old)) => compare(ty.items(), old, new, &At::Index(at, index), changes),
            None => changes.push(add(&At::Index(at, place), new)),
        }
    }
}

/// Items whose key changed, but not their name, stay what they are: a mount that moves keeps its comments.
/// Such an item stands between the same kept ones; the order of the kept stays ascending.
fn with_renamed(before: &[Value], after: &[Value], kept: Vec<Option<usize>>) -> Vec<Option<usize>> {
    let stays: HashSet<usize> = kept.iter().flatten().copied().collect();
    let name = |value: &Value| value.get("name").and_then(Value::as_str).map(str::to_owned);
    let mut all = kept.clone();
    let mut from = 0;
    for (position, new) in after.iter().enumerate() {
        if let Some(Some(index)) = kept.get(position) {
            from = index + 1;
            continue;
        }
        let Some(wanted) = name(new) else { continue };
        let gap = before
            .iter()
            .enumerate()
            .skip(from)
            .take_while(|(index, _)| !stays.contains(index));
        let found = gap
            .filter(|(_, old)| name(old).as_ref() == Some(&wanted))
            .map(|(index, _)| index)
            .next();
        if let (Some(index), Some(slot)) = (found, all.get_mut(position)) {
            *slot = Some(index);
            from = index + 1;
        }
    }
    all
}

fn by_position(ty: Type, before: &[Value], after: &[Value], at: &At<'_>, changes: &mut Vec<Change>) {
    let head = before
        .iter()
        .zip(after)
        .take_while(|(old, new)| old == new)
        .count();
    let room = before.len().min(after.len()) - head;
    let tail = before
        .iter()
        .rev()
        .zip(after.iter().rev())
        .take(room)
        .take_while(|(old, new)| old == new)
        .count();
    let old = before.get(head..before.len() - tail).unwrap_or_default();
    let new = after.get(head..after.len() - tail).unwrap_or_default();
    for (offset, (old, new)) in old.iter().zip(new).enumerate() {
        compare(ty.items(), old, new, &At::Index(at, head + offset), changes);
    }
    let paired = old.len().min(new.len());
    for (offset, old) in old.iter().enumerate().skip(paired) {
        changes.push(remove(&At::Index(at, head + offset), old));
    }
    for new in new.iter().skip(paired) {
        changes.push(add(&At::Index(at, head + paired), new));
    }
}

fn add(at: &At<'_>, new: &Value) -> Change {
    Change {
        pointer: at.pointer(),
        action: Action::Add(new.clone()),
    }
}

fn remove(at: &At<'_>, old: &Value) -> Change {
    Change {
        pointer: at.pointer(),
        action: Action::Remove { old: old.clone() },
    }
}

fn replace(at: &At<'_>, old: &Value, new: &Value) -> Change {
    Change {
        pointer: at.pointer(),
        action: Action::Replace {
            old: old.clone(),
            new: new.clone(),
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::{pod, pod_spec};
    use super::*;

    proptest! {
        #[test]
        fn items_that_stayed_are_paired_alike_in_every_way(before in pod(), after in pod(), typed in any::<bool>()) {
            for list in ["ports", "env", "args", "volumeMounts"] {
                let ty = if typed { pod_spec().field("containers").items().field(list) } else { Type::UNKNOWN };
                let of = |pod: &Value| pod.pointer(&format!("/containers/0/{list}")).cloned().unwrap_or_default();
                let (Value::Array(before), Value::Array(after)) = (of(&before), of(&after)) else { continue };
                if belong_by_position(ty, &before, &after) {
                    let (mut quick, mut slow) = (Vec::new(), Vec::new());
                    lists(ty, &before, &after, &At::Root, &mut quick);
                    by_identity(ty, &before, &after, &At::Root, &mut slow);
                    prop_assert_eq!(quick, slow);
                }
            }
        }
    }
}
