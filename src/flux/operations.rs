//! Edits as JSON patch operations, each guarded by `test`s: where the chart has changed under a patch, the release
//! stops with the old revision running.
//! Source: github.com/evanphx/json-patch, which kustomize uses: a `test` for `null` holds where nothing is, too.

use std::collections::HashSet;

use crate::change::{self, Action, Change};
use crate::json::Value;
use crate::pointer::{Pointer, Token};
use crate::rfc6902::Operation;
use crate::schema::{ListKind, Type};

/// First what must be so, then what is done. `changes` are those of one diff of `before`.
pub(super) fn guarded(ty: Type, before: &Value, changes: &[Change]) -> Vec<Operation> {
    let changes = widened(ty, before, &beside_notes(changes));
    let mut tests = Tests::default();
    for change in &changes {
        tests.of(ty, before, change);
    }
    let mut operations = tests.operations;
    let ordered: Vec<&Change> = change::in_order(&changes).collect();
    // Behind the last item they go one after the other, in front of others from the last to the first.
    for run in ordered.chunk_by(|a, b| a.pointer == b.pointer && is_append(before, a)) {
        let is_append = run.first().is_some_and(|change| is_append(before, change));
        if is_append {
            operations.extend(run.iter().rev().map(|change| operation(before, change)));
        } else {
            operations.extend(run.iter().map(|change| operation(before, change)));
        }
    }
    operations
}

/// kustomize keeps notes of its own among an object's annotations while it patches, so these are always there and
/// must not be written as a whole.
fn beside_notes(changes: &[Change]) -> Vec<Change> {
    let annotations = Pointer::root().key("metadata").key("annotations");
    let apart = |change: &Change| match (&change.action, change.pointer == annotations) {
        (
            Action::Add(Value::Object(map))
            | Action::Replace {
                new: Value::Object(map),
                ..
            },
            true,
        ) => map
            .iter()
            .map(|(key, value)| Change {
                pointer: annotations.key(key),
                action: Action::Add(value.clone()),
            })
            .collect(),
        (
            Action::Remove {
                old: Value::Object(map),
            },
            true,
        ) => map
            .iter()
            .map(|(key, value)| Change {
                pointer: annotations.key(key),
                action: Action::Remove { old: value.clone() },
            })
            .collect(),
        _ => vec![change.clone()],
    };
    changes.iter().flat_map(apart).collect()
}

/// Changes inside a list whose items have no keys of their own are a change of the whole list.
fn widened(ty: Type, before: &Value, changes: &[Change]) -> Vec<Change> {
    let mut lists: Vec<Pointer> = Vec::new();
    let mut kept: Vec<Change> = Vec::new();
    for change in changes {
        match loose_list(ty, before, &change.pointer) {
            Some(list) if !lists.contains(&list) => lists.push(list),
            Some(_) => {}
            None => kept.push(change.clone()),
        }
    }
    for list in lists {
        let Some(old) = list.get(before) else { continue };
        let inner: Vec<Change> = changes
            .iter()
            .filter_map(|change| {
                Some(Change {
                    pointer: change.pointer.strip_prefix(&list)?,
                    action: change.action.clone(),
                })
            })
            .collect();
        let mut new = old.clone();
        change::apply(&mut new, &inner);
        kept.push(Change {
            pointer: list,
            action: Action::Replace {
                old: old.clone(),
                new,
            },
        });
    }
    kept
}

/// The first list on the way whose items cannot be told apart by their keys.
fn loose_list(ty: Type, before: &Value, pointer: &Pointer) -> Option<Pointer> {
    let mut at = Pointer::root();
    let mut here = Some(before);
    let mut ty = ty;
    for token in &pointer.0 {
        match token {
            Token::Key(key) => {
                here = here.and_then(|value| value.get(key.as_str()));
                ty = ty.field(key);
            }
            Token::Index(index) => {
                let items = here.and_then(Value::as_array);
                if !items.is_some_and(|items| are_told_apart(ty, items)) {
                    return Some(at);
                }
                here = here.and_then(|value| value.get(*index));
                ty = ty.items();
            }
        }
        at.push(token.clone());
    }
    None
}

fn are_told_apart(list: Type, items: &[Value]) -> bool {
    let ListKind::Map(keys) = list.list_kind() else {
        return false;
    };
    let mut seen = HashSet::new();
    items.iter().all(|item| {
        let own: Vec<Option<&Value>> = keys.iter().map(|key| item.get(key)).collect();
        own.iter().flatten().any(|value| !value.is_null()) && seen.insert(own)
    })
}

fn is_append(before: &Value, change: &Change) -> bool {
    let Some((list, Token::Index(index))) = change.pointer.split_last() else {
        return false;
    };
    let items = list.get(before).and_then(Value::as_array);
    matches!(change.action, Action::Add(_)) && items.is_some_and(|items| items.len() == *index)
}

fn operation(before: &Value, change: &Change) -> Operation {
    let path = change.pointer.to_string();
    match &change.action {
        Action::Add(new) if is_append(before, change) => {
            let list = change.pointer.split_last().map(|(list, _)| list.to_string());
            Operation::Add {
                path: list.unwrap_or_default() + "/-",
                value: new.clone(),
            }
        }
        Action::Add(new) => Operation::Add {
            path,
            value: new.clone(),
        },
        Action::Replace { new, .. } => Operation::Replace {
            path,
            value: new.clone(),
        },
        Action::Remove { .. } => Operation::Remove { path },
    }
}

/// What must be so, each said once.
#[derive(Debug, Default)]
struct Tests {
    operations: Vec<Operation>,
}

impl Tests {
    fn of(&mut self, ty: Type, before: &Value, change: &Change) {
        self.items_on_the_way(ty, before, &change.pointer);
        match &change.action {
            // An item has no place of its own before it is there.
            Action::Add(_) if matches!(change.pointer.0.last(), Some(Token::Index(_))) => {}
            Action::Add(_) => self.push(&change.pointer, &Value::Null),
            Action::Replace { old, .. } | Action::Remove { old } => self.push(&change.pointer, old),
        }
    }

    /// Each position in a list on the way is told by the keys of what stands there.
    fn items_on_the_way(&mut self, ty: Type, before: &Value, pointer: &Pointer) {
        let mut at = Pointer::root();
        let mut here = Some(before);
        let mut ty = ty;
        for token in &pointer.0 {
            at.push(token.clone());
            match token {
                Token::Key(key) => {
                    here = here.and_then(|value| value.get(key.as_str()));
                    ty = ty.field(key);
                }
                Token::Index(index) => {
                    here = here.and_then(|value| value.get(*index));
                    if let (Some(item), ListKind::Map(keys)) = (here, ty.list_kind()) {
                        for key in keys {
                            self.push(&at.key(*key), item.get(key).unwrap_or(&Value::Null));
                        }
                    }
                    ty = ty.items();
                }
            }
        }
    }

    fn push(&mut self, at: &Pointer, value: &Value) {
        let test = Operation::Test {
            path: at.to_string(),
            value: value.clone(),
        };
        if !self.operations.contains(&test) {
            self.operations.push(test);
        }
    }
}
