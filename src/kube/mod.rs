//! Pure knowledge of Kubernetes; no client.

pub mod affinity;
pub mod env;
pub mod gvk;
pub mod image;
pub mod quantity;
pub mod resource;
pub mod shares;
pub mod volume;
pub mod workload;

pub use gvk::{GroupKind, Gvk};
pub use image::Image;
pub use quantity::Quantity;
