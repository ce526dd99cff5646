//! Fixative repairs what a Helm chart rendered and holds the cluster to the same repair.
//!
//! One straight way for data:
//!
//! ```text
//! bytes ─► manifest ─► Resource ─┐
//! AdmissionReview ─► Resource ───┼─► plan(&PolicySet, &dyn World, &Attributes) ─► Plan ─► gate, decide ─► sinks
//! cluster list ─► Resource ──────┘            pure, synchronous, no I/O
//! ```
//!
//! The modules below are in the order in which data meets them. Everything above `command` is free of
//! I/O, clap and terminals.

pub mod change;
pub mod json;
pub mod pointer;
pub mod rfc6902;
pub mod source;
pub mod unknown;

mod parallel;
mod whole_file;

pub mod cel;
pub mod kube;
pub mod manifest;
pub mod policy;
pub mod schema;

pub mod attributes;
pub mod finding;
pub mod plan;

pub mod flux;
pub mod resource;
pub mod stream;
pub mod testing;
pub mod world;

pub mod cli;
pub mod cluster;
pub mod command;
pub mod output;
pub mod webhook;
