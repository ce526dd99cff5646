//! The world of a stream: its own objects in their present state, then the facts that the user gave.
//! Documents that no policy can match are read only when somebody asks for their kind.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use super::StreamOptions;
use super::document::{Text, objects_of};
use crate::json::Value;
use crate::kube::GroupKind;
use crate::manifest;
use crate::source::Diagnostic;
use crate::unknown::Fact;
use crate::world::{Key, Listing, Objects, Query, World};

#[derive(Debug)]
pub(super) struct StreamWorld<'t> {
    texts: &'t [Text],
    options: &'t StreamOptions,
    /// The stream's objects that a policy may match, in their present state.
    present: Vec<Arc<Value>>,
    objects: RwLock<Objects>,
    skipped: Mutex<Skipped>,
}

/// What was read of the documents that no policy matches.
#[derive(Debug, Default)]
struct Skipped {
    /// What each document may hold, by input and position.
    mentioned: HashMap<(usize, u32), Kinds>,
    /// Kinds that were asked for.
    kinds: HashSet<String>,
    /// Documents that are read: input and position.
    read: HashSet<(usize, u32)>,
    /// Their objects, by input and position: the order of the stream, whoever asked first.
    objects: BTreeMap<(usize, u32), Vec<Arc<Value>>>,
    error: Option<Box<Diagnostic>>,
}

/// Which kinds of objects a document may hold, told from its text.
#[derive(Debug)]
enum Kinds {
    /// What stands behind `kind` on each line that has it.
    Lines(Vec<String>),
    /// It does not say on one line.
    Any,
}

impl Kinds {
    /// A document without a backslash, which could spell anything.
    fn of(text: &str) -> Self {
        let mut lines = Vec::new();
        for at in memchr::memmem::find_iter(text.as_bytes(), b"kind") {
            let behind = text.get(at + b"kind".len()..).unwrap_or_default();
            let line = behind.lines().next().unwrap_or_default();
            let value = line.trim_start_matches(['"', '\'', ':', ' ', '\t']);
            // A value on the next line, an alias, a block scalar.
            if value.is_empty() || value.starts_with(['#', '*', '&', '!', '|', '>', '?']) {
                return Self::Any;
            }
            lines.push(line.to_owned());
        }
        Self::Lines(lines)
    }

    fn may_be(&self, kind: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Lines(lines) => lines.iter().any(|line| line.contains(kind)),
        }
    }
}

impl<'t> StreamWorld<'t> {
    pub(super) fn new(texts: &'t [Text], options: &'t StreamOptions) -> Self {
        Self {
            texts,
            options,
            present: Vec::new(),
            objects: RwLock::default(),
            skipped: Mutex::default(),
        }
    }

    /// Puts the stream's objects into a new state.
    pub(super) fn fill<'o>(&mut self, present: impl Iterator<Item = &'o Arc<Value>>) {
        self.present = present.map(Arc::clone).collect();
        let skipped = self.skipped.lock().unwrap_or_else(PoisonError::into_inner);
        let objects = self.known(&skipped);
        drop(skipped);
        self.objects = RwLock::new(objects);
    }

    /// All that is known now. Of two objects with one name the first counts: the stream's own in their order,
    /// then the facts.
    fn known(&self, skipped: &Skipped) -> Objects {
        let mut objects = Objects::new(self.options.namespace.clone());
        let read = skipped.objects.values().flatten();
        let all = self.present.iter().chain(read).chain(&self.options.facts);
        all.for_each(|object| objects.add(Arc::clone(object)));
        objects
    }

    /// The first document that was asked for and could not be read.
    pub(super) fn into_error(self) -> Option<Box<Diagnostic>> {
        self.skipped
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
            .error
    }

    /// Reads the skipped documents that may hold objects of this kind.
    fn load(&self, kind: &GroupKind) {
        let mut skipped = self.skipped.lock().unwrap_or_else(PoisonError::into_inner);
        if !skipped.kinds.insert(kind.kind.clone()) {
            return;
        }
        for (index, text) in self.texts.iter().enumerate() {
            for slot in text.documents.iter().filter(|slot| !slot.relevant) {
                let key = (index, slot.document.index);
                let mentioned = skipped
                    .mentioned
                    .entry(key)
                    .or_insert_with(|| Kinds::of(text.source.slice(slot.document.body)));
                if !mentioned.may_be(&kind.kind) || !skipped.read.insert(key) {
                    continue;
                }
                match manifest::read(&text.source, &slot.document) {
                    Ok(tree) => {
                        let found = objects_of(&tree.value).into_iter().map(|(_, object)| object);
                        skipped
                            .objects
                            .insert((index, slot.document.index), found.collect());
                    }
                    Err(error) => skipped.error = skipped.error.take().or(Some(Box::new(error))),
                }
            }
        }
        let objects = self.known(&skipped);
        *self.objects.write().unwrap_or_else(PoisonError::into_inner) = objects;
    }
}

/// The world as one object sees it; remembers what it was asked for.
#[derive(Debug)]
pub(super) struct Asking<'w> {
    world: &'w StreamWorld<'w>,
    asked: Mutex<BTreeSet<GroupKind>>,
}

impl<'w> Asking<'w> {
    pub(super) fn new(world: &'w StreamWorld<'w>) -> Self {
        Self {
            world,
            asked: Mutex::default(),
        }
    }

    /// The kinds that were asked for.
    pub(super) fn into_asked(self) -> BTreeSet<GroupKind> {
        self.asked.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known once the documents that may hold this kind are read; that it was asked for is remembered.
    fn objects(&self, kind: &GroupKind) -> RwLockReadGuard<'_, Objects> {
        self.remember(kind);
        self.world.load(kind);
        self.world.objects.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, kind: &GroupKind) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if !asked.contains(kind) {
            asked.insert(kind.clone());
        }
    }
}

impl World for Asking<'_> {
    fn get(&self, key: &Key) -> Fact<Option<Arc<Value>>> {
        self.objects(&key.kind).get(key)
    }

    fn list(&self, query: &Query) -> Listing {
        self.objects(&query.kind).list(query)
    }

    fn list_of_release(&self, query: &Query, release: &str) -> Listing {
        self.objects(&query.kind).list_of_release(query, release)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_tells_its_kinds_or_may_be_any() {
        let cases = [
            (
                "apiVersion: v1\nkind: Service\n",
                &["Service"][..],
                &["Secret"][..],
            ),
            ("{\"kind\":\"Service\",\"a\":1}", &["Service"], &["Secret"]),
            (
                "kind : 'ServiceList'\nitems: [{metadata: {}}]",
                &["Service"],
                &["Secret"],
            ),
            (
                "kind: List\nitems:\n- kind: Secret\n- {kind: Service}\n",
                &["Service", "Secret"],
                &["Pod"],
            ),
            ("kind:\n  Service\n", &["Service", "Pod"], &[]),
            ("a: &k Service\nkind: *k\n", &["Service", "Pod"], &[]),
            ("? kind\n: Service\n", &["Service", "Pod"], &[]),
            ("kind: >-\n  Service\n", &["Service", "Pod"], &[]),
            ("data: {a: b}\n", &[], &["Service"]),
        ];
        for (text, may_be, is_not) in cases {
            let kinds = Kinds::of(text);
            assert!(may_be.iter().all(|kind| kinds.may_be(kind)), "{text}");
            assert!(!is_not.iter().any(|kind| kinds.may_be(kind)), "{text}");
        }
    }
}
