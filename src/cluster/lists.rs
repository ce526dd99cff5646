//! Everything of some kinds, read once in pages: what an audit judges and asks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ::kube::api::ListParams;
use ::kube::{Api, Client, Error, ResourceExt as _};

use super::discovery::{Kinds, Served};
use super::object::Object;
use super::{code, not_known, placed, sentence};
use crate::json::Value;
use crate::kube::GroupKind;
use crate::unknown::{Fact, Unknown, Why};
use crate::world::{Key, Listing, Query, World};

/// Objects a page; what kubectl asks for.
const PAGE: u32 = 500;
/// How often a list is begun anew when its pages expire.
const RESTARTS: usize = 3;

/// Which part of the cluster is read. Kinds without namespaces are read whole either way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Within {
    /// Every namespace.
    Cluster,
    /// One namespace.
    Namespace(String),
}

/// Why an inventory could not be made.
#[derive(Debug, thiserror::Error)]
#[error("cannot list every {kind}: {}", sentence(.error))]
pub struct ListError {
    /// The kind.
    pub kind: GroupKind,
    /// What the client says.
    pub error: Box<Error>,
}

/// What is there of one kind.
#[derive(Debug)]
enum Shelf {
    /// These objects, by namespace and name.
    Objects {
        namespaced: bool,
        by_name: BTreeMap<(Option<String>, String), Arc<Value>>,
    },
    /// Its definition is not installed, so there are none.
    NotInstalled,
    /// It may not be listed.
    Forbidden,
}

/// The objects of some kinds, all as they were read; also the world in which they are judged.
#[derive(Debug)]
pub struct Inventory {
    within: Within,
    shelves: BTreeMap<GroupKind, Shelf>,
}

/// How far reading is: the kind, and how many of its objects were read.
pub type Progress<'p> = &'p mut (dyn FnMut(&GroupKind, usize) + Send);

impl Inventory {
    /// Reads everything of `kinds`; a kind that may not be listed is noted, any other failure ends it. Secrets
    /// are left out whatever `kinds` say.
    pub async fn read(
        client: &Client,
        kinds: &BTreeSet<GroupKind>,
        within: Within,
        progress: Progress<'_>,
    ) -> Result<Self, ListError> {
        let known = Kinds::new(client.clone());
        let mut shelves = BTreeMap::new();
        for kind in kinds.iter().filter(|kind| !kind.is_secret()) {
            let shelf = match shelf(client, &known, kind, &within, progress).await {
                Ok(shelf) => shelf,
                Err(error) if code(&error) == Some(403) => Shelf::Forbidden,
                Err(error) => {
                    let (kind, error) = (kind.clone(), Box::new(error));
                    return Err(ListError { kind, error });
                }
            };
            shelves.insert(kind.clone(), shelf);
        }
        Ok(Self { within, shelves })
    }

    /// The objects of these kinds, by kind, namespace and name.
    pub fn objects<'i>(
        &'i self,
        kinds: impl IntoIterator<Item = &'i GroupKind> + 'i,
    ) -> impl Iterator<Item = &'i Arc<Value>> + 'i {
        let shelves = kinds.into_iter().filter_map(|kind| self.shelves.get(kind));
        shelves.flat_map(Shelf::objects)
    }

    /// Everything that was read.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Value>> {
        self.shelves.values().flat_map(Shelf::objects)
    }

    /// The kinds that may not be listed.
    pub fn forbidden(&self) -> impl Iterator<Item = &GroupKind> {
        let shelves = self.shelves.iter();
        shelves.filter_map(|(kind, shelf)| matches!(shelf, Shelf::Forbidden).then_some(kind))
    }

    /// Whether some of these kinds may not be listed, and none of them was.
    pub fn is_closed_to<'k>(&self, kinds: impl IntoIterator<Item = &'k GroupKind>) -> bool {
        let shelves: Vec<&Shelf> = kinds
            .into_iter()
            .filter_map(|kind| self.shelves.get(kind))
            .collect();
        let is_open = |shelf: &&Shelf| matches!(shelf, Shelf::Objects { .. });
        let is_forbidden = |shelf: &&Shelf| matches!(shelf, Shelf::Forbidden);
        shelves.iter().any(is_forbidden) && !shelves.iter().any(is_open)
    }

    /// A question about a namespace that was not read, if it is one.
    fn outside(&self, kind_is_namespaced: bool, namespace: Option<&str>) -> bool {
        match &self.within {
            Within::Namespace(read) if kind_is_namespaced => namespace != Some(read),
            _ => false,
        }
    }
}

impl Shelf {
    fn objects(&self) -> impl Iterator<Item = &Arc<Value>> {
        let by_name = match self {
            Shelf::Objects { by_name, .. } => Some(by_name),
            Shelf::NotInstalled | Shelf::Forbidden => None,
        };
        by_name.into_iter().flat_map(BTreeMap::values)
    }
}

async fn shelf(
    client: &Client,
    known: &Kinds,
    kind: &GroupKind,
    within: &Within,
    progress: Progress<'_>,
) -> Result<Shelf, Error> {
    let Some(served) = known.served(kind).await? else {
        return Ok(Shelf::NotInstalled);
    };
    let objects = match list(client, &served, within, &mut |read| progress(kind, read)).await {
        // The definition went away since.
        Err(error) if code(&error) == Some(404) => return Ok(Shelf::NotInstalled),
        listed => listed?,
    };
    let named = objects
        .into_iter()
        .map(|object| ((object.namespace(), object.name_any()), object.body));
    Ok(Shelf::Objects {
        namespaced: served.namespaced,
        by_name: named.collect(),
    })
}

/// All objects of a kind, page by page. Pages expire after some minutes (410 Gone): then the list is begun
/// anew, since what was read and what comes would be of two times.
async fn list(
    client: &Client,
    served: &Served,
    within: &Within,
    progress: &mut (dyn FnMut(usize) + Send),
) -> Result<Vec<Object>, Error> {
    let api: Api<Object> = match within {
        Within::Namespace(namespace) if served.namespaced => {
            Api::namespaced_with(client.clone(), namespace, &served.resource)
        }
        _ => Api::all_with(client.clone(), &served.resource),
    };
    let first = first_page(served, within);
    let mut restarts = 0;
    let mut objects = Vec::new();
    let mut page = first.clone();
    loop {
        let found = match api.list(&page).await {
            Err(error) if code(&error) == Some(410) && restarts < RESTARTS => {
                restarts += 1;
                objects.clear();
                page = first.clone();
                continue;
            }
            found => found?,
        };
        objects.extend(found.items);
        progress(objects.len());
        match found.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => page.continue_token = Some(token),
            None => break,
        }
    }
    for object in &mut objects {
        object.complete(&served.resource);
    }
    Ok(objects)
}

/// Of the Namespaces only the one that is read is asked for: who may see one need not see all.
fn first_page(served: &Served, within: &Within) -> ListParams {
    let first = ListParams::default().limit(PAGE);
    let is_namespace = served.resource.kind == "Namespace" && served.resource.group.is_empty();
    match within {
        Within::Namespace(name) if is_namespace => first.fields(&format!("metadata.name={name}")),
        _ => first,
    }
}

impl World for Inventory {
    fn get(&self, key: &Key) -> Fact<Option<Arc<Value>>> {
        match self.shelves.get(&key.kind) {
            None if key.kind.is_secret() => Err(not_known(key, Why::Secret)),
            None => Err(key.unknown(Why::NotRead)),
            Some(Shelf::Forbidden) => Err(key.unknown(Why::Forbidden)),
            Some(Shelf::NotInstalled) => Ok(None),
            Some(Shelf::Objects { namespaced, by_name }) => {
                let namespace = placed(key, *namespaced)?.map(str::to_owned);
                if self.outside(*namespaced, namespace.as_deref()) {
                    return Err(key.unknown(Why::OtherNamespace));
                }
                Ok(by_name.get(&(namespace, key.name.clone())).map(Arc::clone))
            }
        }
    }

    fn list(&self, query: &Query) -> Listing {
        let unknown = |why| Listing {
            items: Vec::new(),
            missing: Some(query.unknown(why)),
        };
        match self.shelves.get(&query.kind) {
            None if query.kind.is_secret() => unknown(Why::Secret),
            None => unknown(Why::NotRead),
            Some(Shelf::Forbidden) => unknown(Why::Forbidden),
            Some(Shelf::NotInstalled) => Listing::default(),
            Some(Shelf::Objects { namespaced, by_name }) => {
                let wanted = query.namespace.as_deref().filter(|_| *namespaced);
                let items = by_name
                    .iter()
                    .filter(|((namespace, _), _)| wanted.is_none() || namespace.as_deref() == wanted)
                    .map(|(_, object)| Arc::clone(object));
                let missing: Option<Unknown> = self
                    .outside(*namespaced, wanted)
                    .then(|| query.unknown(Why::OtherNamespace));
                Listing {
                    items: items.collect(),
                    missing,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
