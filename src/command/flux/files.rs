//! Files with HelmReleases: found, and written whole or not at all.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use crate::command::{Failure, input};
use crate::flux::{self, HelmRelease, Splice};
use crate::source::Source;
use crate::whole_file::{Readers, Unfinished};

/// A file and its HelmReleases.
pub(super) struct File {
    pub path: PathBuf,
    pub source: Source,
    pub releases: Vec<HelmRelease>,
}

/// The files among `paths` that hold HelmReleases; folders are searched.
pub(super) fn read(paths: &[PathBuf]) -> Result<Vec<File>, Failure> {
    let mut files = Vec::new();
    let mut seen = BTreeSet::new();
    for path in paths {
        let is_folder = path.is_dir();
        let found = if is_folder {
            input::files_below(path, &["yaml", "yml"], input::DEEPEST)?
        } else {
            vec![path.clone()]
        };
        let mut is_any = false;
        for path in found {
            let source = input::read(&path)?;
            let releases = flux::releases(&source)?;
            is_any |= !releases.is_empty();
            // A file that is named twice, by itself and by its folder, is written once.
            let is_new = seen.insert(fs::canonicalize(&path).unwrap_or_else(|_| path.clone()));
            if is_new && !releases.is_empty() {
                files.push(File {
                    path,
                    source,
                    releases,
                });
            }
        }
        if !is_any {
            return Err(Failure::Usage(format!(
                "{} holds no HelmRelease (kind HelmRelease, group helm.toolkit.fluxcd.io)",
                path.display()
            )));
        }
    }
    Ok(files)
}

/// The file with other texts for some of its HelmReleases.
pub(super) fn spliced(file: &File, splices: &[&Splice]) -> String {
    let text = file.source.text();
    let mut out = String::new();
    let mut at = 0;
    for splice in splices {
        out.push_str(text.get(at..splice.span.start).unwrap_or_default());
        out.push_str(&splice.text);
        at = splice.span.end;
    }
    out + text.get(at..).unwrap_or_default()
}

/// Writes a file whole or not at all, with the permissions that it has.
pub(super) fn write(file: &File, splices: &[&Splice]) -> Result<(), Failure> {
    let unwritable = |error| Failure::Unwritable(file.source.name().to_owned(), error);
    // A link stays one: what it leads to is written.
    let path = fs::canonicalize(&file.path).map_err(unwritable)?;
    let permissions = fs::metadata(&path).map_err(unwritable)?.permissions();
    let mut fresh = Unfinished::beside(&path, Readers::Owner).map_err(unwritable)?;
    fresh
        .file
        .write_all(spliced(file, splices).as_bytes())
        .and_then(|()| fresh.file.set_permissions(permissions))
        .and_then(|()| fresh.finish(&path))
        .map_err(unwritable)
}
