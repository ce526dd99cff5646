//! Packs in folders, and single policy files.

use std::path::Path;

use super::input::{self, InputError};
use crate::policy::PackSource;
use crate::source::Source;

/// What a test file's name ends in.
const TEST: [&str; 2] = [".test.yaml", ".test.yml"];

/// What the file that names components is called.
const PACK: &str = "pack.yaml";

/// The pack in a folder; a file is a pack of one policy, with the components of the `pack.yaml` beside it:
/// without them a policy for components would silently match nothing.
pub(super) fn read(path: &Path) -> Result<PackSource, InputError> {
    let files = if path.is_dir() {
        input::files_below(path, &["yaml", "yml"], 0)?
    } else {
        let pack = path.with_file_name(PACK);
        let has_pack = pack != path && pack.is_file();
        has_pack
            .then_some(pack)
            .into_iter()
            .chain([path.to_owned()])
            .collect()
    };
    let sources: Vec<Source> = files
        .iter()
        .map(|file| input::read(file))
        .collect::<Result<_, _>>()?;
    let (tests, files): (Vec<Source>, Vec<Source>) =
        sources.into_iter().partition(|source| is_test(source.name()));
    if files.is_empty() && path.is_dir() {
        return Err(input::nothing_in(path, "policy (*.yaml)"));
    }
    let origin = path.display().to_string();
    Ok(PackSource { origin, files, tests })
}

/// Whether a file holds tests of policies.
pub(super) fn is_test(name: &str) -> bool {
    TEST.iter().any(|ending| name.ends_with(ending))
}
