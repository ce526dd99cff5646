//! What people and machines read: one file per format, no I/O.

pub mod cases;
pub mod clean;
pub mod diagnostic;
pub mod diff;
pub mod digest;
pub mod explain;
pub mod flux;
pub mod github;
pub mod human;
pub mod json;
pub mod junit;
mod lines;
pub mod openreports;
pub mod policies;
pub mod rbac;
pub mod reference;
pub mod render;
pub mod sarif;
pub mod style;
pub mod webhook_rules;

pub use clean::clean;
pub use style::Style;
