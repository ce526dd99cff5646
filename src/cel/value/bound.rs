//! What a scope hands out becomes a value: borrowed where it outlives the evaluation, copied where it does not.

use std::fmt;
use std::rc::Rc;

use super::{Cel, Items, Key, List, Map, Text};
use crate::cel::budget::Budget;
use crate::cel::{Binding, Fault, Given, Lazy};
use crate::json::Value;

/// A map that a scope computes; inner ones are found by walking down from the root again, since an entry
/// borrows from the map that holds it.
#[derive(Clone)]
pub(in crate::cel) struct LazyMap<'a> {
    root: Rc<dyn Lazy + 'a>,
    path: Rc<[String]>,
}

/// [`borrow`] or [`Cel::copied`].
type Take<'v, 'a> = fn(&'v Value, bool, &mut Budget) -> Result<Cel<'a>, Fault>;

fn borrow<'a>(value: &'a Value, hide_null: bool, _: &mut Budget) -> Result<Cel<'a>, Fault> {
    Ok(Cel::borrowed(value, hide_null))
}

impl<'a> Cel<'a> {
    /// A map whose entries are computed when asked for.
    pub fn lazy(map: Box<dyn Lazy + 'a>) -> Self {
        Cel::Map(Map::Lazy(LazyMap {
            root: Rc::from(map),
            path: Rc::new([]),
        }))
    }

    /// What a scope hands out.
    pub fn bound(binding: Binding<'a>, budget: &mut Budget) -> Result<Self, Fault> {
        taken(binding, borrow, Cel::lazy, budget)
    }
}

/// A binding of which `take` takes the values and `lazy` the map.
fn taken<'v, 'a>(
    binding: Binding<'v>,
    take: Take<'v, 'a>,
    lazy: impl FnOnce(Box<dyn Lazy + 'v>) -> Cel<'a>,
    budget: &mut Budget,
) -> Result<Cel<'a>, Fault> {
    Ok(match binding {
        Binding::Borrowed { value, hide_null } => take(value, hide_null, budget)?,
        Binding::Items { items, hide_null } => {
            budget.charge(items.len() as u64)?;
            let items = items.into_iter().map(|item| take(item, hide_null, budget));
            Cel::list(items.collect::<Result<_, _>>()?)
        }
        Binding::Owned(value) => Cel::copied(&value, false, budget)?,
        Binding::Lazy(map) => lazy(map),
        Binding::Optional(None) => Cel::none(),
        Binding::Optional(Some(value)) => Cel::some(given(value, take, budget)?),
        Binding::Listing { items, missing } => {
            let items = items.into_iter().map(|item| given(item, take, budget));
            Cel::List(List::Owned(Rc::new(Items {
                items: items.collect::<Result<_, _>>()?,
                missing,
            })))
        }
    })
}

fn given<'v, 'a>(value: Given<'v>, take: Take<'v, 'a>, budget: &mut Budget) -> Result<Cel<'a>, Fault> {
    budget.element()?;
    match value {
        Given::Computed(value) => Cel::copied(&value, false, budget),
        Given::Kept(value) => take(value, false, budget),
        Given::Record(parts) => {
            let parts = parts
                .into_iter()
                .map(|(name, value)| Ok((Key::String(Text::Borrowed(name)), take(value, false, budget)?)));
            Ok(Cel::map(parts.collect::<Result<_, Fault>>()?))
        }
    }
}

impl<'a> LazyMap<'a> {
    /// The entry of a text key.
    pub(super) fn field(&self, name: &str, budget: &mut Budget) -> Result<Option<Cel<'a>>, Fault> {
        budget.charge(10)?;
        let inner = || LazyMap {
            root: Rc::clone(&self.root),
            path: self.path.iter().cloned().chain([name.to_owned()]).collect(),
        };
        descend(&*self.root, &self.path, &mut |map| {
            let Some(binding) = map.get(name)? else {
                return Ok(None);
            };
            taken(binding, Cel::copied, |_| Cel::Map(Map::Lazy(inner())), budget).map(Some)
        })
        .map(Option::flatten)
    }

    /// Its keys, in order.
    pub(super) fn keys(&self) -> Result<Vec<Key<'a>>, Fault> {
        let keys = descend(&*self.root, &self.path, &mut |map| Ok(map.keys()))?;
        Ok(keys
            .unwrap_or_default()
            .into_iter()
            .map(|key| Key::String(Text::from(key)))
            .collect())
    }
}

/// Walks down to the map at `path` and asks it; `None` if there is no such map any more.
fn descend<T>(
    map: &dyn Lazy,
    path: &[String],
    ask: &mut dyn FnMut(&dyn Lazy) -> Result<T, Fault>,
) -> Result<Option<T>, Fault> {
    match path.split_first() {
        None => ask(map).map(Some),
        Some((first, rest)) => match map.get(first)? {
            Some(Binding::Lazy(inner)) => descend(&*inner, rest, ask),
            _ => Ok(None),
        },
    }
}

impl fmt::Debug for LazyMap<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LazyMap({:?} at {:?})", self.root, self.path)
    }
}
