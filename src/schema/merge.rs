//! Strategic merge, after apimachinery's `strategicpatch` and kyaml's `merge2`, with the order kept.

use super::equal::{equal, is_nothing};
use super::keys;
use super::types::{ListKind, Type};
use crate::json::{List, Map, Value};
use crate::pointer::{KeyedPath, Pointer, Step};

/// The patch of a strategic merge.
#[derive(Clone, Debug, PartialEq)]
pub enum Patch {
    /// `null` as a policy writes it: the field is to be absent.
    Absent,
    /// A scalar, `$(null)`, or a whole computed value: maps and lists of it are merged like written ones.
    Value(Value),
    /// Merge field by field.
    Map(Vec<(String, Patch)>),
    /// Merge item by item where the list has keys, else replace.
    List(Vec<Patch>),
}

/// What a merge met that a person should hear of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeNote {
    /// Where, below the merged value.
    pub pointer: Pointer,
    /// What: `two items are named X; the last one was edited`.
    pub message: String,
}

/// Why a patch cannot be merged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// An item of the patch lacks a merge key.
    #[error("an item for {at} needs the key {key}")]
    NoMergeKey {
        /// The list.
        at: KeyedPath,
        /// The key.
        key: String,
    },
    /// A map is to be merged into something else.
    #[error("{at} is {found}, not {expected}")]
    Shape {
        /// Where.
        at: KeyedPath,
        /// What is there.
        found: String,
        /// What the patch wants.
        expected: String,
    },
}

/// Strategic merge, semantically idempotent: a field that is already semantically equal keeps its spelling;
/// existing items stay where they are, new ones are appended; key defaults count when matching.
pub fn merge(ty: Type, target: &mut Value, patch: &Patch) -> Result<Vec<MergeNote>, MergeError> {
    let mut merge = Merge {
        notes: Vec::new(),
        pointer: Pointer::root(),
        path: KeyedPath::default(),
    };
    merge.value(ty, target, patch)?;
    Ok(merge.notes)
}

/// The state of one merge: where it is.
struct Merge {
    notes: Vec<MergeNote>,
    pointer: Pointer,
    path: KeyedPath,
}

impl Patch {
    /// A computed map or list is merged like a written one; its nulls are explicit.
    fn structured(&self) -> Option<Patch> {
        let of = |value: &Value| Patch::Value(value.clone());
        match self {
            Patch::Value(Value::Object(map)) => Some(Patch::Map(
                map.iter()
                    .map(|(key, value)| (key.to_string(), of(value)))
                    .collect(),
            )),
            Patch::Value(Value::Array(items)) => Some(Patch::List(items.iter().map(of).collect())),
            _ => None,
        }
    }

    /// A field of a map patch, as far as it is a plain value.
    fn field(&self, name: &str) -> Option<&Value> {
        match self {
            Patch::Map(entries) => entries
                .iter()
                .find(|(key, _)| key == name)
                .and_then(|(_, patch)| match patch {
                    Patch::Value(value) => Some(value),
                    _ => None,
                }),
            Patch::Value(value) => value.get(name),
            _ => None,
        }
    }
}

impl Merge {
    /// Merges into a value that is there.
    fn value(&mut self, ty: Type, target: &mut Value, patch: &Patch) -> Result<(), MergeError> {
        let structured = patch.structured();
        match structured.as_ref().unwrap_or(patch) {
            Patch::Absent => *target = Value::Null,
            Patch::Value(value) if equal(ty, target, value) => {}
            Patch::Value(value) => *target = value.clone(),
            Patch::Map(entries) => self.map(ty, target, entries)?,
            Patch::List(items) => self.list(ty, target, items)?,
        }
        Ok(())
    }

    fn map(&mut self, ty: Type, target: &mut Value, entries: &[(String, Patch)]) -> Result<(), MergeError> {
        if target.is_null() {
            if let Some(fresh) = self.fresh_map(ty, entries)? {
                *target = fresh;
            }
            return Ok(());
        }
        if !target.is_object() {
            return Err(self.shape(target, "a map"));
        }
        let is_null = |(_, patch): &&(String, Patch)| *patch == Patch::Value(Value::Null);
        let nulls: Vec<&(String, Patch)> = entries.iter().filter(is_null).collect();
        let before = (!nulls.is_empty()).then(|| target.clone());
        for (key, patch) in entries {
            let Some(map) = target.as_object_mut() else { break };
            self.field(ty.field(key), map, key, patch)?;
        }
        // Server-side apply owns what it is sent, so a null must be sent with what it belongs to; alone it says
        // nothing.
        if before.is_some_and(|before| before != *target)
            && let Some(map) = target.as_object_mut()
        {
            map.extend(nulls.iter().map(|(key, _)| (key.clone(), Value::Null)));
        }
        Ok(())
    }

    fn field(&mut self, ty: Type, map: &mut Map, key: &str, patch: &Patch) -> Result<(), MergeError> {
        self.enter(key);
        match (map.get_mut(key), patch) {
            // A null says no more than an absent field, so it may stay.
            (Some(Value::Null) | None, Patch::Absent) => {}
            (Some(_), Patch::Absent) => {
                map.shift_remove(key);
            }
            (Some(value), patch) => self.value(ty, value, patch)?,
            (None, patch) => {
                if let Some(fresh) = self.fresh(ty, patch)?.filter(|fresh| !is_nothing(fresh)) {
                    map.insert(key.into(), fresh);
                }
            }
        }
        self.leave();
        Ok(())
    }

    /// The value where there was none; `None` where nothing is to be written.
    fn fresh(&mut self, ty: Type, patch: &Patch) -> Result<Option<Value>, MergeError> {
        let structured = match patch {
            // An empty computed map or list is written as it is.
            Patch::Value(Value::Object(map)) if map.is_empty() => None,
            Patch::Value(Value::Array(items)) if items.is_empty() => None,
            patch => patch.structured(),
        };
        match structured.as_ref().unwrap_or(patch) {
            Patch::Absent => Ok(None),
            Patch::Value(value) => Ok(Some(value.clone())),
            Patch::Map(entries) => self.fresh_map(ty, entries),
            Patch::List(patches) => {
                let mut fresh = Value::Array(List::default());
                self.list(ty, &mut fresh, patches)?;
                Ok(Some(fresh).filter(|fresh| !is_nothing(fresh)))
            }
        }
    }

    fn fresh_map(&mut self, ty: Type, entries: &[(String, Patch)]) -> Result<Option<Value>, MergeError> {
        let mut map = Map::new();
        for (key, patch) in entries {
            self.enter(key);
            let fresh = self.fresh(ty.field(key), patch)?;
            self.leave();
            map.extend(fresh.map(|fresh| (key.clone(), fresh)));
        }
        Ok((!map.is_empty()).then_some(Value::Object(map)))
    }

    fn fresh_items(&mut self, list: Type, patches: &[Patch]) -> Result<Vec<Value>, MergeError> {
        let mut items = Vec::with_capacity(patches.len());
        for patch in patches {
            items.extend(self.fresh(list.items(), patch)?);
        }
        Ok(items)
    }

    fn enter(&mut self, key: &str) {
        self.pointer.push(crate::pointer::Token::Key(key.into()));
        self.path.0.push(Step::Field(key.into()));
    }

    fn leave(&mut self) {
        self.pointer.0.pop();
        self.path.0.pop();
    }

    fn list(&mut self, ty: Type, target: &mut Value, patches: &[Patch]) -> Result<(), MergeError> {
        if target.is_null() {
            *target = Value::Array(List::default());
        }
        let Some(items) = target.as_array_mut() else {
            return Err(self.shape(target, "a list"));
        };
        match ty.list_kind() {
            ListKind::Map(keys) => {
                for patch in patches {
                    self.item(ty, keys, items, patch)?;
                }
            }
            ListKind::Set => {
                for fresh in self.fresh_items(ty, patches)? {
                    if !items.iter().any(|item| equal(ty.items(), item, &fresh)) {
                        items.push(fresh);
                    }
                }
            }
            ListKind::Atomic => {
                let fresh = Value::Array(self.fresh_items(ty, patches)?.into());
                if !equal(ty, target, &fresh) {
                    *target = fresh;
                }
            }
        }
        Ok(())
    }

    fn item(
        &mut self,
        list: Type,
        names: &[&str],
        items: &mut Vec<Value>,
        patch: &Patch,
    ) -> Result<(), MergeError> {
        let wanted = self.keys_of(list, names, patch)?;
        let mut matching = items
            .iter()
            .enumerate()
            .filter(|(_, item)| keys::of_item(list, names, item).as_ref() == Some(&wanted))
            .map(|(index, _)| index);
        let (first, last) = (matching.next(), matching.next_back());
        let Some(index) = last.or(first) else {
            items.extend(self.fresh(list.items(), patch)?);
            return Ok(());
        };
        let pairs: Vec<(String, String)> = names.iter().map(|name| (*name).to_owned()).zip(wanted).collect();
        let step = Step::Item(pairs);
        self.pointer.push(crate::pointer::Token::Index(index));
        self.path.0.push(step);
        if last.is_some() {
            let message = format!(
                "several items are {}; the last one, which counts, was edited",
                self.path
            );
            self.notes.push(MergeNote {
                pointer: self.pointer.clone(),
                message,
            });
        }
        if let Some(item) = items.get_mut(index) {
            self.value(list.items(), item, patch)?;
        }
        self.pointer.0.pop();
        self.path.0.pop();
        Ok(())
    }

    /// The merge keys of an item of the patch.
    fn keys_of(&self, list: Type, names: &[&str], patch: &Patch) -> Result<Vec<String>, MergeError> {
        let own: Map = names
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), patch.field(name)?.clone())))
            .collect();
        let own = Value::Object(own);
        keys::of_item(list, names, &own).ok_or_else(|| {
            let is_missing = |name: &&&str| own.get(**name).is_none() && list.key_default(name).is_none();
            let key = names
                .iter()
                .find(is_missing)
                .or(names.first())
                .copied()
                .unwrap_or_default();
            MergeError::NoMergeKey {
                at: self.path.clone(),
                key: key.to_owned(),
            }
        })
    }

    fn shape(&self, found: &Value, expected: &str) -> MergeError {
        MergeError::Shape {
            at: self.path.clone(),
            found: super::check::describe(found),
            expected: expected.to_owned(),
        }
    }
}
