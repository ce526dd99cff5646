//! The world of a stream: its own objects in their present state, then the facts that the user gave.
//! Documents that no policy can match are read only when somebody asks for their kind.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
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
    objects: Vec<Arc<Value>>,
    error: Option<Box<Diagnostic>>,
}

impl<'t> StreamWorld<'t> {
    pub(super) fn new(texts: &'t [Text], options: &'t StreamOptions) -> Self {
        Self {
            texts,
            options,
            objects: RwLock::default(),
            skipped: Mutex::default(),
        }
    }

    /// Puts the stream's objects into a new state.
    pub(super) fn fill<'o>(&mut self, present: impl Iterator<Item = &'o Arc<Value>>) {
        let mut objects = Objects::new(self.options.namespace.clone());
        let skipped = self.skipped.get_mut().unwrap_or_else(PoisonError::into_inner);
        present.for_each(|object| objects.add(Arc::clone(object)));
        skipped
            .objects
            .iter()
            .chain(&self.options.facts)
            .for_each(|object| objects.add(Arc::clone(object)));
        self.objects = RwLock::new(objects);
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
                    Ok(tree) => self.add(&mut skipped, &tree.value),
                    Err(error) => skipped.error = skipped.error.take().or(Some(Box::new(error))),
                }
            }
        }
    }

    fn add(&self, skipped: &mut Skipped, value: &Value) {
        let mut objects = self.objects.write().unwrap_or_else(PoisonError::into_inner);
        for (_, object) in objects_of(value) {
            objects.add_first(Arc::clone(&object));
            skipped.objects.push(object);
        }
    }
}

/// The world as one object sees it; remembers whether it was asked.
#[derive(Debug)]
pub(super) struct Asking<'w> {
    world: &'w StreamWorld<'w>,
    asked: AtomicBool,
}

impl<'w> Asking<'w> {
    pub(super) fn new(world: &'w StreamWorld<'w>) -> Self {
        Self {
            world,
            asked: AtomicBool::new(false),
        }
    }

    pub(super) fn asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }
}

impl World for Asking<'_> {
    fn get(&self, key: &Key) -> Fact<Option<Arc<Value>>> {
        self.asked.store(true, Ordering::Relaxed);
        self.world.load(&key.kind);
        self.world
            .objects
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(key)
    }

    fn list(&self, query: &Query) -> Listing {
        self.asked.store(true, Ordering::Relaxed);
        self.world.load(&query.kind);
        self.world
            .objects
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .list(query)
    }
}
