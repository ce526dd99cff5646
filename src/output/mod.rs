//! What people and machines read: one file per format, no I/O.

pub mod audit;
pub mod audit_json;
pub mod cases;
pub mod clean;
pub mod diagnostic;
pub mod diff;
pub mod flux;
pub mod policies;
pub mod rbac;
pub mod render;
pub mod style;
pub mod webhook_rules;

pub use clean::clean;
pub use style::Style;
