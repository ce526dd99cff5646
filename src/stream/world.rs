//! The world of a stream: its own objects in their present state, then the facts that the user gave.
//! Documents that no policy can match are read only when somebody asks for their kind.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use serde_json::Value;

use super::StreamOptions;
use super::document::{Text, objects_of};
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
    /// Kinds that were asked for.
    kinds: HashSet<String>,
    /// Documents that are read: input and position.
    read: HashSet<(usize, u32)>,
    /// Their objects, by input and position: the order of the stream, whoever asked first.
    objects: BTreeMap<(usize, u32), Vec<Arc<Value>>>,
    error: Option<Box<Diagnostic>>,
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
        let finder = memchr::memmem::Finder::new(kind.kind.as_bytes());
        for (index, text) in self.texts.iter().enumerate() {
            for slot in text.documents.iter().filter(|slot| !slot.relevant) {
                let bytes = text.source.slice(slot.document.body).as_bytes();
                if finder.find(bytes).is_none() || !skipped.read.insert((index, slot.document.index)) {
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

    fn remember(&self, kind: &GroupKind) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if !asked.contains(kind) {
            asked.insert(kind.clone());
        }
    }
}

impl World for Asking<'_> {
    fn get(&self, key: &Key) -> Fact<Option<Arc<Value>>> {
        self.remember(&key.kind);
        self.world.load(&key.kind);
        self.world
            .objects
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(key)
    }

    fn list(&self, query: &Query) -> Listing {
        self.remember(&query.kind);
        self.world.load(&query.kind);
        self.world
            .objects
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .list(query)
    }
}
