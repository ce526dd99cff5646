//! Pure knowledge of Kubernetes; no client.

pub mod gvk;
pub mod image;
pub mod quantity;
pub mod workload;

pub use gvk::{GroupKind, Gvk};
pub use image::Image;
pub use quantity::Quantity;
