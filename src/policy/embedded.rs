//! The packs in the binary.

use super::PackSource;
use crate::source::Source;

/// Name of the pack, and its files with their texts; `build.rs` writes the list.
type Packs = &'static [(&'static str, &'static [(&'static str, &'static str)])];

static PACKS: Packs = include!(concat!(env!("OUT_DIR"), "/packs.rs"));

/// The packs in the binary.
pub fn embedded() -> Vec<PackSource> {
    PACKS
        .iter()
        .map(|(name, files)| {
            let sources = files.iter().map(|(path, text)| Source::new(*path, *text));
            let (tests, files) = sources.partition(|source| source.name().ends_with(".test.yaml"));
            PackSource {
                origin: format!("{name} (embedded)"),
                files,
                tests,
            }
        })
        .collect()
}

/// The embedded pack of that name.
pub(super) fn named(wanted: &str) -> Option<PackSource> {
    let position = PACKS.iter().position(|(name, _)| *name == wanted)?;
    embedded().into_iter().nth(position)
}

/// The names of the embedded packs.
pub(super) fn names() -> Vec<&'static str> {
    PACKS.iter().map(|(name, _)| *name).collect()
}
