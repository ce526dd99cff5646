//! How the items of a list are told apart: by merge keys, key defaults filled in.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::types::{ListKind, Type};
use crate::json::{List, Value};
use crate::pointer::{KeyedPath, Place, Pointer, Step, Token};

/// The values of an item's merge keys; `None` where one is missing and has no default. Numbers and texts
/// that look alike are alike (`80`, `"80"`), as in [`super::equal`].
pub(super) fn of_item(list: Type, keys: &[&str], item: &Value) -> Option<Vec<String>> {
    keys.iter()
        .map(|key| match item.get(*key) {
            None | Some(Value::Null) => list.key_default(key).map(str::to_owned),
            Some(value) => as_text(value),
        })
        .collect()
}

fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.to_string()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

/// The keyed form of a pointer into `root`: an item is told by its `name` where that is unique in the list,
/// else by its merge keys, else by its position.
pub fn keyed_path(ty: Type, root: &Value, pointer: &Pointer) -> KeyedPath {
    KeyedPaths::new(ty, root).path(pointer)
}

/// The keyed forms of many pointers into one value; each list is looked at once.
#[derive(Debug)]
pub struct KeyedPaths<'v> {
    ty: Type,
    root: &'v Value,
    /// How the items of a list are told, by the list's place.
    lists: RefCell<HashMap<Vec<Token>, Rc<[Step]>>>,
}

impl<'v> KeyedPaths<'v> {
    /// For pointers into `root`, which has the type `ty`.
    pub fn new(ty: Type, root: &'v Value) -> Self {
        Self {
            ty,
            root,
            lists: RefCell::default(),
        }
    }

    /// A place in both forms.
    pub fn place(&self, pointer: Pointer) -> Place {
        Place {
            keyed: self.path(&pointer),
            pointer,
        }
    }

    /// The keyed form of one pointer.
    pub fn path(&self, pointer: &Pointer) -> KeyedPath {
        let mut path = KeyedPath::default();
        let mut here = Some(self.root);
        let mut ty = self.ty;
        for (depth, token) in pointer.0.iter().enumerate() {
            match token {
                Token::Key(key) => {
                    path.0.push(Step::Field(key.clone()));
                    here = here.and_then(|value| value.get(key.as_str()));
                    ty = ty.field(key);
                }
                Token::Index(index) => {
                    let items = here.and_then(Value::as_array).map_or(&[][..], List::as_slice);
                    let place = pointer.0.get(..depth).unwrap_or_default();
                    let steps = self.steps(ty, place, items);
                    path.0
                        .push(steps.get(*index).cloned().unwrap_or(Step::Position(*index)));
                    here = items.get(*index);
                    ty = ty.items();
                }
            }
        }
        path
    }

    fn steps(&self, list: Type, place: &[Token], items: &[Value]) -> Rc<[Step]> {
        if let Some(known) = self.lists.borrow().get(place) {
            return Rc::clone(known);
        }
        let steps: Rc<[Step]> = steps(list, items).into();
        self.lists.borrow_mut().insert(place.to_vec(), Rc::clone(&steps));
        steps
    }
}

/// How each item of a list is told.
fn steps(list: Type, items: &[Value]) -> Vec<Step> {
    let names: Vec<Option<&str>> = items
        .iter()
        .map(|item| item.get("name").and_then(Value::as_str))
        .collect();
    let mut count: HashMap<&str, usize> = HashMap::new();
    for name in names.iter().flatten() {
        *count.entry(name).or_default() += 1;
    }
    let keys: &[&str] = match list.list_kind() {
        ListKind::Map(keys) => keys,
        _ => &[],
    };
    let own: Vec<Option<Vec<String>>> = items
        .iter()
        .map(|item| (!keys.is_empty()).then(|| of_item(list, keys, item)).flatten())
        .collect();
    let mut same: HashMap<&Vec<String>, usize> = HashMap::new();
    for keys in own.iter().flatten() {
        *same.entry(keys).or_default() += 1;
    }
    let tell = |index: usize, name: &Option<&str>, values: &Option<Vec<String>>| match (name, values) {
        (Some(name), _) if count.get(name) == Some(&1) => Step::Item(vec![("name".into(), (*name).into())]),
        (_, Some(values)) if same.get(values) == Some(&1) => Step::Item(
            keys.iter()
                .map(|key| (*key).to_owned())
                .zip(values.iter().cloned())
                .collect(),
        ),
        _ => Step::Position(index),
    };
    names
        .iter()
        .zip(&own)
        .enumerate()
        .map(|(index, (name, values))| tell(index, name, values))
        .collect()
}
