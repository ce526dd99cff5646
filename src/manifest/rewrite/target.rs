//! Which node of the text a change is made on; a change that has none is widened until it has one.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::change::{self, Action, Change};
use crate::json::Value;
use crate::manifest::layout::{Entry, Layout, NodeId, Shape};
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
    /// Where it is.
    at: Pointer,
    /// What of it goes.
    removed: HashSet<Token>,
}

impl Group {
    /// Whether the entry or item goes.
    pub fn removes(&self, token: &Token) -> bool {
        self.removed.contains(token)
    }

    fn push(&mut self, token: Token, action: Action) {
        if matches!(action, Action::Remove { .. }) {
            self.removed.insert(token.clone());
        }
        self.changes.push((token, action));
    }
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
    let mut maps = Maps::default();
    loop {
        let mut groups: BTreeMap<NodeId, Group> = BTreeMap::new();
        let mut wider: HashMap<Pointer, Option<&str>> = HashMap::new();
        for change in &changes {
            match place_one(layout, &mut maps, change, wait) {
                Placed::On(node, mode, action) => {
                    let (at, token) = change.pointer.split_last()?;
                    let group = groups.entry(node).or_insert_with(|| Group {
                        node,
                        depth: change.pointer.0.len(),
                        mode,
                        changes: Vec::new(),
                        at,
                        removed: HashSet::new(),
                    });
                    group.push(token.clone(), action);
                }
                Placed::Widen(at, why) => {
                    wider.insert(at, why);
                }
                Placed::BehindAlias => {}
            }
        }
        if wider.is_empty() {
            let emptied = groups.values().filter(|group| is_emptied(layout, group));
            wider.extend(emptied.map(|group| (group.at.clone(), None)));
        }
        if !wider.is_empty() {
            let said = wider
                .iter()
                .filter_map(|(at, why)| Some((at.clone(), why.as_ref()?.to_string())));
            widened.extend(said);
            changes = widen(before, changes, &wider.into_keys().collect())?;
            continue;
        }
        if groups.is_empty() && wait {
            wait = false;
            continue;
        }
        widened.sort();
        return Some((groups.into_values().collect(), widened));
    }
}

/// What is asked of a map once for each of its changes.
#[derive(Default)]
struct Maps<'l>(HashMap<NodeId, MapIndex<'l>>);

#[derive(Default)]
struct MapIndex<'l> {
    /// Some key is written with `?`.
    is_explicit: bool,
    /// The value that counts, by key.
    values: HashMap<&'l str, NodeId>,
}

impl<'l> Maps<'l> {
    fn of(&mut self, layout: &'l Layout, node: NodeId, entries: &'l [Entry]) -> &MapIndex<'l> {
        self.0.entry(node).or_insert_with(|| {
            let explicit = |entry: &Entry| {
                layout
                    .node(entry.key)
                    .is_some_and(|key| key.start() != entry.start)
            };
            let own = entries.iter().filter(|entry| !entry.merge);
            MapIndex {
                is_explicit: entries.iter().any(explicit),
                values: own.map(|entry| (entry.name.as_str(), entry.value)).collect(),
            }
        })
    }
}

fn place_one<'l>(layout: &'l Layout, maps: &mut Maps<'l>, change: &Change, wait: bool) -> Placed {
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
    let target = match (layout.node(here).map(|node| &node.shape), last) {
        (Some(Shape::Map { entries, .. }), Token::Key(name)) => {
            maps.of(layout, here, entries).values.get(name.as_str()).copied()
        }
        _ => layout.child(here, last),
    };
    let replaces = matches!(change.action, Action::Replace { .. });
    if wait && replaces && target.is_some_and(|node| is_alias(layout, node)) {
        return Placed::BehindAlias;
    }
    match layout.node(here).map(|node| &node.shape) {
        Some(Shape::Map { entries, .. }) if entries.is_empty() => Placed::Widen(parent, None),
        Some(Shape::List { items, .. }) if items.is_empty() => Placed::Widen(parent, None),
        // `[a: 1]`: a pair without braces has no room for another one.
        Some(Shape::Map { flow: true, entries }) if !replaces && is_bare_pair(layout, here, entries) => {
            Placed::Widen(parent, None)
        }
        Some(Shape::Map { flow, entries }) => {
            let mode = if *flow { Mode::FlowMap } else { Mode::BlockMap };
            if maps.of(layout, here, entries).is_explicit {
                return Placed::Widen(parent, Some(EXPLICIT));
            }
            let written = target.is_some();
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

fn is_bare_pair(layout: &Layout, map: NodeId, entries: &[Entry]) -> bool {
    let start = layout.node(map).map(|node| node.span.start);
    entries.first().map(|entry| entry.start) == start
}

fn is_alias(layout: &Layout, node: NodeId) -> bool {
    matches!(layout.node(node).map(|node| &node.shape), Some(Shape::Alias(_)))
}

/// Whether nothing of what is written stays, so that there is no neighbour to write beside.
fn is_emptied(layout: &Layout, group: &Group) -> bool {
    match layout.node(group.node).map(|node| &node.shape) {
        Some(Shape::Map { entries, .. }) => entries
            .iter()
            .all(|entry| !entry.merge && group.removes(&Token::Key(entry.name.as_str().into()))),
        Some(Shape::List { items, .. }) => (0..items.len()).all(|index| group.removes(&Token::Index(index))),
        _ => false,
    }
}

/// Replaces all changes at and below each of `places` by one of the place itself; of places within each other
/// the outer one counts. `None` at the root: that is written by another hand.
fn widen(before: &Value, changes: Vec<Change>, places: &HashSet<Pointer>) -> Option<Vec<Change>> {
    let mut below: BTreeMap<Pointer, Vec<Change>> = BTreeMap::new();
    let mut rest = Vec::new();
    for change in changes {
        let outer = (0..=change.pointer.0.len())
            .map(|length| Pointer(change.pointer.0.get(..length).unwrap_or_default().to_vec()))
            .find(|at| places.contains(at) && !is_insertion_at(&change, at));
        match outer {
            Some(at) => below.entry(at).or_default().push(change),
            None => rest.push(change),
        }
    }
    for (at, changes) in below {
        at.0.last()?;
        rest.push(widen_one(before, changes, at)?);
    }
    Some(rest)
}

fn widen_one(before: &Value, changes: Vec<Change>, at: Pointer) -> Option<Change> {
    let old = at.get(before)?;
    let mut new = old.clone();
    let mut inner = Vec::new();
    for change in changes {
        match (change.pointer.strip_prefix(&at), change.action) {
            (Some(tail), action) if !tail.0.is_empty() => inner.push(Change {
                pointer: tail,
                action,
            }),
            (_, Action::Replace { new: whole, .. }) => new = whole,
            (_, removal) => {
                return Some(Change {
                    pointer: at,
                    action: removal,
                });
            }
        }
    }
    change::apply(&mut new, &inner);
    let action = Action::Replace {
        old: old.clone(),
        new,
    };
    Some(Change { pointer: at, action })
}

/// An item that goes in front of the one at `at` is no change of that one.
fn is_insertion_at(change: &Change, at: &Pointer) -> bool {
    change.pointer == *at
        && matches!(change.action, Action::Add(_))
        && matches!(change.pointer.0.last(), Some(Token::Index(_)))
}
