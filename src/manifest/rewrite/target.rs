//! Which node of the text a change is made on; a change that has none is widened until it has one.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::change::{self, Action, Change};
use crate::manifest::layout::{Layout, NodeId, Shape};
use crate::pointer::{Pointer, Token};

/// The changes of one map's entries or one list's items.
#[derive(Debug)]
pub(super) struct Group {
    /// The map or list; never an alias.
    pub node: NodeId,
    /// Steps from the root.
    pub depth: usize,
    /// How it is written.
    pub mode: Mode,
    /// Its changes, by key or position.
    pub changes: Vec<(Token, Action)>,
}

/// How a collection is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    BlockMap,
    BlockList,
    FlowMap,
    FlowList,
}

/// What placing one change comes to.
enum Placed {
    /// It is a change of an entry or item of this node.
    On(NodeId, Mode, Action),
    /// It can be made only by replacing what stands at this place.
    Widen(Pointer, Option<&'static str>),
    /// It lies behind an alias, or replaces one.
    BehindAlias,
}

const ALIAS: &str = "an alias stood there; it is written out, so that no other place changes";
const MERGED: &str = "it came out of a merge key; it is written out, so that no other place changes";
const EXPLICIT: &str = "its keys are written with `?`";

/// Places with the reason why they are written out.
type Widened = Vec<(Pointer, String)>;

/// Groups the changes by the node that they are made on. Changes behind an alias wait for the next round, as
/// long as there are others: the anchor's own change may be all that they need. `None` where only the whole
/// document would do.
pub(super) fn place(layout: &Layout, before: &Value, changes: Vec<Change>) -> Option<(Vec<Group>, Widened)> {
    let mut changes = changes;
    let mut widened = Widened::new();
    let mut wait = true;
    'again: loop {
        let mut groups: BTreeMap<NodeId, Group> = BTreeMap::new();
        for change in &changes {
            match place_one(layout, change, wait) {
                Placed::On(node, mode, action) => {
                    let token = change.pointer.0.last()?.clone();
                    let group = groups.entry(node).or_insert_with(|| Group {
                        node,
                        depth: change.pointer.0.len(),
                        mode,
                        changes: Vec::new(),
                    });
                    group.changes.push((token, action));
                }
                Placed::Widen(at, why) => {
                    widened.extend(why.map(|why| (at.clone(), why.to_owned())));
                    changes = widen(before, changes, &at)?;
                    continue 'again;
                }
                Placed::BehindAlias => {}
            }
        }
        if let Some(emptied) = groups.values().find(|group| is_emptied(layout, group)) {
            let at = pointer_of(&changes, layout, emptied.node)?;
            changes = widen(before, changes, &at)?;
            continue;
        }
        if groups.is_empty() && wait {
            wait = false;
            continue;
        }
        return Some((groups.into_values().collect(), widened));
    }
}

fn place_one(layout: &Layout, change: &Change, wait: bool) -> Placed {
    let Some((parent, last)) = change.pointer.split_last() else {
        return Placed::Widen(Pointer::root(), None);
    };
    let Some(mut here) = layout.root else {
        return Placed::Widen(Pointer::root(), None);
    };
    let mut walked = Pointer::root();
    for token in &parent.0 {
        let Some(next) = layout.child(here, token) else {
            walked.push(token.clone());
            return Placed::Widen(walked, Some(MERGED));
        };
        walked.push(token.clone());
        match (is_alias(layout, next), wait) {
            (true, true) => return Placed::BehindAlias,
            (true, false) => return Placed::Widen(walked, Some(ALIAS)),
            (false, _) => {}
        }
        here = next;
    }
    let target = layout.child(here, last);
    let replaces = matches!(change.action, Action::Replace { .. });
    if wait && replaces && target.is_some_and(|node| is_alias(layout, node)) {
        return Placed::BehindAlias;
    }
    match layout.node(here).map(|node| &node.shape) {
        Some(Shape::Map { entries, .. }) if entries.is_empty() => Placed::Widen(parent, None),
        Some(Shape::List { items, .. }) if items.is_empty() => Placed::Widen(parent, None),
        Some(Shape::Map { flow, entries }) => {
            let mode = if *flow { Mode::FlowMap } else { Mode::BlockMap };
            let is_explicit = |start, key| layout.node(key).is_some_and(|key| key.start() != start);
            if entries.iter().any(|entry| is_explicit(entry.start, entry.key)) {
                return Placed::Widen(parent, Some(EXPLICIT));
            }
            let written = matches!(last, Token::Key(name) if layout.entry(here, name).is_some());
            match (&change.action, written) {
                // An entry of its own outweighs the merged one.
                (Action::Replace { new, .. }, false) => Placed::On(here, mode, Action::Add(new.clone())),
                (Action::Remove { .. }, false) => Placed::Widen(parent, Some(MERGED)),
                (action, _) => Placed::On(here, mode, action.clone()),
            }
        }
        Some(Shape::List { flow, .. }) => {
            let mode = if *flow { Mode::FlowList } else { Mode::BlockList };
            Placed::On(here, mode, change.action.clone())
        }
        _ => Placed::Widen(parent, None),
    }
}

fn is_alias(layout: &Layout, node: NodeId) -> bool {
    matches!(layout.node(node).map(|node| &node.shape), Some(Shape::Alias(_)))
}

/// Whether nothing of what is written stays, so that there is no neighbour to write beside.
fn is_emptied(layout: &Layout, group: &Group) -> bool {
    let is_removed = |token: &Token| {
        let mut changes = group.changes.iter();
        changes.any(|(other, action)| other == token && matches!(action, Action::Remove { .. }))
    };
    match layout.node(group.node).map(|node| &node.shape) {
        Some(Shape::Map { entries, .. }) => entries
            .iter()
            .all(|entry| !entry.merge && is_removed(&Token::Key(entry.name.clone()))),
        Some(Shape::List { items, .. }) => (0..items.len()).all(|index| is_removed(&Token::Index(index))),
        _ => false,
    }
}

/// Where the changed collection `node` is.
fn pointer_of(changes: &[Change], layout: &Layout, node: NodeId) -> Option<Pointer> {
    changes.iter().find_map(|change| {
        let (parent, _) = change.pointer.split_last()?;
        let (found, steps) = layout.walk(&parent)?;
        (found == node && steps == parent.0.len()).then_some(parent)
    })
}

/// Replaces all changes at and below `at` by one of the place itself. `None` at the root: that is written
/// by another hand.
fn widen(before: &Value, changes: Vec<Change>, at: &Pointer) -> Option<Vec<Change>> {
    at.0.last()?;
    let old = at.get(before)?;
    let (below, mut rest): (Vec<Change>, Vec<Change>) = changes
        .into_iter()
        .partition(|change| change.pointer.starts_with(at) && !is_insertion_at(change, at));
    let mut new = old.clone();
    let mut inner = Vec::new();
    for change in below {
        match (change.pointer.strip_prefix(at), change.action) {
            (Some(tail), action) if !tail.0.is_empty() => inner.push(Change {
                pointer: tail,
                action,
            }),
            (_, Action::Replace { new: whole, .. }) => new = whole,
            (_, removal) => {
                let pointer = at.clone();
                rest.push(Change {
                    pointer,
                    action: removal,
                });
                return Some(rest);
            }
        }
    }
    change::apply(&mut new, &inner);
    let action = Action::Replace {
        old: old.clone(),
        new,
    };
    rest.push(Change {
        pointer: at.clone(),
        action,
    });
    Some(rest)
}

/// An item that goes in front of the one at `at` is no change of that one.
fn is_insertion_at(change: &Change, at: &Pointer) -> bool {
    change.pointer == *at
        && matches!(change.action, Action::Add(_))
        && matches!(change.pointer.0.last(), Some(Token::Index(_)))
}
