//! The types of Kubernetes' objects, as the generated table has them.

use super::table::{KINDS, POD_TEMPLATE, SHAPES};
use crate::kube::Gvk;

/// The type of a node; `Copy`, cheap. Unknown types (custom resources, free-form maps) are a type too:
/// everything below them is unknown, lists are atomic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Type(pub(crate) u32);

/// One type of the table; numbers are positions in the table, fields are sorted by name.
#[derive(Debug)]
pub(super) enum Shape {
    /// Anything.
    Unknown,
    /// These fields and no others.
    Object(&'static [(&'static str, u32)]),
    /// These fields, and others of which nothing is known.
    Open(&'static [(&'static str, u32)]),
    /// Any keys, with values of one type.
    Map(u32),
    /// A list that is replaced as a whole.
    Atomic(u32),
    /// Scalars, each at most once.
    Set(u32),
    /// Maps told apart by these keys, with the default of each.
    Keyed(u32, &'static [&'static str], &'static [Option<&'static str>]),
    String,
    /// Base64.
    Bytes,
    Integer,
    Number,
    Boolean,
    Quantity,
    IntOrString,
}

/// How the items of a list are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListKind {
    /// Replaced as a whole.
    Atomic,
    /// Scalars, each at most once.
    Set,
    /// Maps, told apart by these keys.
    Map(&'static [&'static str]),
}

/// The type of objects of `gvk`; unknown for kinds that the table does not hold. Another version of a kind
/// that it does hold counts as that.
pub fn of(gvk: &Gvk) -> Type {
    let wanted = (gvk.group.as_str(), gvk.kind.as_str());
    let start = KINDS.partition_point(|(group, kind, _, _)| (*group, *kind) < wanted);
    let mut same = KINDS
        .iter()
        .skip(start)
        .take_while(|(group, kind, _, _)| (*group, *kind) == wanted);
    let exact = same.clone().find(|(_, _, version, _)| *version == gvk.version);
    exact
        .or_else(|| same.next())
        .map_or(Type::UNKNOWN, |(_, _, _, id)| Type(*id))
}

/// The type of a pod template (`metadata`, `spec`), the root of subject Pod.
pub fn pod_template() -> Type {
    Type(POD_TEMPLATE)
}

impl Type {
    /// A type of which nothing is known.
    pub const UNKNOWN: Type = Type(0);

    pub(super) fn shape(self) -> &'static Shape {
        SHAPES.get(self.0 as usize).unwrap_or(&Shape::Unknown)
    }

    /// The type of a map's field.
    pub fn field(self, name: &str) -> Type {
        match self.shape() {
            Shape::Object(fields) | Shape::Open(fields) => find(fields, name).map_or(Type::UNKNOWN, Type),
            Shape::Map(values) => Type(*values),
            _ => Type::UNKNOWN,
        }
    }

    /// The type of a list's items.
    pub fn items(self) -> Type {
        match self.shape() {
            Shape::Atomic(items) | Shape::Set(items) | Shape::Keyed(items, _, _) => Type(*items),
            _ => Type::UNKNOWN,
        }
    }

    /// How this list's items are told apart.
    pub fn list_kind(self) -> ListKind {
        match self.shape() {
            Shape::Set(_) => ListKind::Set,
            Shape::Keyed(_, keys, _) => ListKind::Map(keys),
            _ => ListKind::Atomic,
        }
    }

    /// The value that a merge key of this list has where an item leaves it out.
    pub fn key_default(self, key: &str) -> Option<&'static str> {
        match self.shape() {
            Shape::Keyed(_, keys, defaults) => keys
                .iter()
                .zip(*defaults)
                .find(|(name, _)| **name == key)
                .and_then(|(_, default)| *default),
            _ => None,
        }
    }

    /// Whether a field of that name exists; `None` where the type is unknown.
    pub fn has_field(self, name: &str) -> Option<bool> {
        match self.shape() {
            Shape::Object(fields) => Some(find(fields, name).is_some()),
            Shape::Open(fields) => find(fields, name).map(|_| true),
            Shape::Map(_) => Some(true),
            Shape::Unknown => None,
            _ => Some(false),
        }
    }

    /// The names of a map's fields; empty where they are not known or any name will do.
    pub fn fields(self) -> impl Iterator<Item = &'static str> {
        let fields: &'static [(&'static str, u32)] = match self.shape() {
            Shape::Object(fields) | Shape::Open(fields) => fields,
            _ => &[],
        };
        fields.iter().map(|(name, _)| *name)
    }
}

fn find(fields: &[(&'static str, u32)], name: &str) -> Option<u32> {
    let at = fields.binary_search_by_key(&name, |(name, _)| name).ok()?;
    fields.get(at).map(|(_, id)| *id)
}
