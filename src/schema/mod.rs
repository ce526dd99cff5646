//! What Kubernetes' OpenAPI documents say of types: one generated table, and what stands on it (strategic
//! merge, semantic equality, type checks, the keyed structural diff).

mod check;
mod diff;
mod equal;
mod immutable;
mod keys;
mod merge;
mod table;
#[cfg(test)]
mod tests;
mod types;

pub use check::{Misfit, check};
pub use diff::diff;
pub use equal::equal;
pub use immutable::immutable;
pub use keys::{KeyedPaths, keyed_path};
pub use merge::{MergeError, MergeNote, Patch, merge};
pub use types::{ListKind, Type, of, pod_template};
