//! What Kubernetes' OpenAPI documents say of types: one generated table, and what stands on it (strategic
//! merge, semantic equality, type checks, the keyed structural diff).

use serde_json::Value;

use crate::change::Change;
use crate::kube::Gvk;
use crate::pointer::{KeyedPath, Pointer};

/// The type of a node; `Copy`, cheap. Unknown types (custom resources, free-form maps) are a type too:
/// everything below them is unknown, lists are atomic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Type(pub(crate) u32);

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

/// The type of objects of `gvk`; unknown for kinds that the table does not hold.
pub fn of(gvk: &Gvk) -> Type {
    let _ = gvk;
    todo!()
}

/// The type of a pod template (`metadata`, `spec`), the root of subject Pod.
pub fn pod_template() -> Type {
    todo!()
}

impl Type {
    /// The type of a map's field.
    pub fn field(self, name: &str) -> Type {
        let _ = name;
        todo!()
    }

    /// The type of a list's items.
    pub fn items(self) -> Type {
        todo!()
    }

    /// How this list's items are told apart.
    pub fn list_kind(self) -> ListKind {
        todo!()
    }

    /// Whether a field of that name exists; `None` where the type is unknown.
    pub fn has_field(self, name: &str) -> Option<bool> {
        let _ = name;
        todo!()
    }
}

/// A value that does not fit its type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{keyed} must be {expected}, but is {found}")]
pub struct Misfit {
    /// Where, below the value that was checked.
    pub pointer: Pointer,
    /// The same, by key.
    pub keyed: KeyedPath,
    /// What the type wants: `a boolean`.
    pub expected: String,
    /// What is there: `the string "false"`.
    pub found: String,
}

/// Checks a value against its type; unknown types accept anything; unknown *fields* of known types are a
/// misfit only where `strict` (literals of policies).
pub fn check(ty: Type, value: &Value, strict: bool) -> Result<(), Misfit> {
    let _ = (ty, value, strict);
    todo!()
}

/// The patch of a strategic merge.
#[derive(Clone, Debug, PartialEq)]
pub enum Patch {
    /// `null` as a policy writes it: the field is to be absent.
    Absent,
    /// A scalar, `$(null)`, or a whole computed value.
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
    let _ = (ty, target, patch);
    todo!()
}

/// Semantic equality (R4): quantities and int-or-strings by value, key defaults filled, null, absent and
/// empty are one. Lists are ordered.
pub fn equal(ty: Type, a: &Value, b: &Value) -> bool {
    let _ = (ty, a, b);
    todo!()
}

/// The keyed structural diff: the least set of changes that makes `before` into `after` exactly (not just
/// semantically). Keyed lists are matched by key, other lists by position with common head and tail;
/// a list whose kept items changed their order is replaced as a whole.
pub fn diff(ty: Type, before: &Value, after: &Value) -> Vec<Change> {
    let _ = (ty, before, after);
    todo!()
}

/// The keyed form of a pointer into `root`; list items that have no merge key in the table, but a `name`,
/// are told by their name.
pub fn keyed_path(ty: Type, root: &Value, pointer: &Pointer) -> KeyedPath {
    let _ = (ty, root, pointer);
    todo!()
}

/// Whether the API server refuses to change the field at `pointer` of an existing object of `gvk`.
pub fn immutable(gvk: &Gvk, pointer: &Pointer) -> bool {
    let _ = (gvk, pointer);
    todo!()
}
