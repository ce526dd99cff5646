//! The world of the webhook: objects of the cluster, kept up to date by one watch a kind. What is not there
//! once a kind has synced is really absent.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use ::kube::Client;
use ::kube::runtime::reflector::ObjectRef;
use arc_swap::ArcSwap;
use tokio::runtime::Handle;
use tokio_util::task::AbortOnDropHandle;

use super::discovery::Kinds;
use super::object::Object;
use super::watch::{self, Pace, Shelf, Watched};
use super::{not_known, placed};
use crate::json::Value;
use crate::kube::GroupKind;
use crate::unknown::{Fact, Why};
use crate::world::{Key, Listing, Query, World};

/// How far a kind is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// The first list is not complete.
    #[default]
    NotSynced,
    /// Everything is known.
    Synced,
    /// Its definition is not installed, so no object of it exists. It is looked for again.
    NotInstalled,
    /// The cluster refused to show it. It is asked for again.
    Forbidden,
}

/// One watched kind, for those who look after the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The kind.
    pub kind: GroupKind,
    /// How far it is.
    pub standing: Standing,
    /// What went wrong last, until something goes well. Facts that were known stay known meanwhile.
    pub error: Option<String>,
}

/// A kind and the task that keeps it; dropped together.
#[derive(Debug)]
struct Entry {
    watched: Arc<Watched>,
    _task: AbortOnDropHandle<()>,
}

type Entries = BTreeMap<GroupKind, Arc<Entry>>;

/// Watched facts; watching ends when they are dropped.
pub struct Facts {
    client: Client,
    kinds: Arc<Kinds>,
    pace: Pace,
    tasks: Handle,
    /// Readers never wait: a change of the kinds puts another map in place.
    entries: ArcSwap<Entries>,
    changing: Mutex<()>,
}

impl Facts {
    /// Starts to watch; to be called on a runtime of tokio, whose tasks do the work. Secrets are left out,
    /// whatever `kinds` say.
    pub fn watch(client: Client, kinds: BTreeSet<GroupKind>) -> Self {
        Self::watch_at(client, kinds, Pace::default())
    }

    pub(super) fn watch_at(client: Client, kinds: BTreeSet<GroupKind>, pace: Pace) -> Self {
        let facts = Self {
            kinds: Arc::new(Kinds::new(client.clone())),
            client,
            pace,
            tasks: Handle::current(),
            entries: ArcSwap::default(),
            changing: Mutex::new(()),
        };
        facts.changed(kinds);
        facts
    }

    /// Other policies ask for other kinds: what is watched already goes on, what nobody asks for any more ends.
    pub fn changed(&self, kinds: BTreeSet<GroupKind>) {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.entries.load_full();
        let wanted = kinds.into_iter().filter(|kind| !kind.is_secret());
        let entries: Entries = wanted
            .map(|kind| {
                let entry = before.get(&kind).cloned();
                let entry = entry.unwrap_or_else(|| Arc::new(self.begin(kind.clone())));
                (kind, entry)
            })
            .collect();
        self.entries.store(Arc::new(entries));
    }

    fn begin(&self, kind: GroupKind) -> Entry {
        let watched = Arc::new(Watched::default());
        let (client, kinds) = (self.client.clone(), Arc::clone(&self.kinds));
        let kept = watch::keep(client, kinds, kind, Arc::clone(&watched), self.pace);
        let task = AbortOnDropHandle::new(self.tasks.spawn(kept));
        Entry { watched, _task: task }
    }

    /// How far each kind is, by kind.
    pub fn status(&self) -> Vec<Status> {
        let entries = self.entries.load();
        let status = entries.iter().map(|(kind, entry)| Status {
            kind: kind.clone(),
            standing: **entry.watched.standing.load(),
            error: entry.watched.error.load().as_deref().cloned(),
        });
        status.collect()
    }

    /// Whether everything that can be known is known: no first list is missing.
    pub fn is_synced(&self) -> bool {
        self.status()
            .iter()
            .all(|status| status.standing != Standing::NotSynced)
    }

    /// What is known of a kind; `Ok(None)`: there are no objects of it.
    fn shelf(&self, kind: &GroupKind) -> Result<Option<Arc<Shelf>>, Why> {
        let entries = self.entries.load();
        let Some(entry) = entries.get(kind) else {
            return Err(if kind.is_secret() {
                Why::Secret
            } else {
                Why::NotWatched
            });
        };
        // Objects first: where both change meanwhile, the standing is the later word.
        let objects = entry.watched.objects.load_full();
        match (**entry.watched.standing.load(), objects) {
            (Standing::NotInstalled, _) => Ok(None),
            (Standing::Forbidden, _) => Err(Why::Forbidden),
            (Standing::Synced, Some(objects)) => Ok(Some(objects)),
            (Standing::NotSynced | Standing::Synced, _) => Err(Why::NotSynced),
        }
    }
}

impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Facts").field(&self.status()).finish()
    }
}

impl World for Facts {
    fn get(&self, key: &Key) -> Fact<Option<Arc<Value>>> {
        let shelf = self.shelf(&key.kind).map_err(|why| not_known(key, why))?;
        let Some(shelf) = shelf else { return Ok(None) };
        let namespace = placed(key, shelf.served.namespaced)?;
        let mut wanted = ObjectRef::<Object>::new_with(&key.name, shelf.served.resource.clone());
        if let Some(namespace) = namespace {
            wanted = wanted.within(namespace);
        }
        let found = shelf.store.get(&wanted);
        Ok(found.map(|object| Arc::clone(&object.body)))
    }

    fn list(&self, query: &Query) -> Listing {
        let shelf = match self.shelf(&query.kind) {
            Ok(Some(shelf)) => shelf,
            Ok(None) => return Listing::default(),
            Err(why) => {
                return Listing {
                    items: Vec::new(),
                    missing: Some(query.unknown(why)),
                };
            }
        };
        let wanted = query.namespace.as_deref().filter(|_| shelf.served.namespaced);
        let is_inside = |object: &Object| {
            let namespace = ::kube::Resource::meta(object).namespace.as_deref();
            wanted.is_none() || namespace == wanted
        };
        let found = shelf.store.state_filter(is_inside);
        let mut items: Vec<Arc<Value>> = found.iter().map(|object| Arc::clone(&object.body)).collect();
        items.sort_by_cached_key(|object| identity(object));
        Listing { items, missing: None }
    }
}

/// Namespace and name: the same order at every reading.
fn identity(object: &Value) -> (String, String) {
    let text = |name: &str| {
        let value = object
            .get("metadata")
            .and_then(|metadata| metadata.get(name)?.as_str());
        value.unwrap_or_default().to_owned()
    };
    (text("namespace"), text("name"))
}

#[cfg(test)]
mod tests;
