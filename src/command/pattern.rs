//! Patterns of files, for where no shell expands them: in quotes, in a list of arguments of CI, on Windows.

use std::path::{Path, PathBuf};

use super::input::{InputError, unreadable};

/// What a pattern stands for, by name, as a shell would say it; a path without `*`, `?` and `[` stands for itself.
pub(super) fn matching(path: &Path) -> Result<Vec<PathBuf>, InputError> {
    let text = path.to_string_lossy();
    if !text.contains(['*', '?', '[']) {
        return Ok(vec![path.to_owned()]);
    }
    let pattern = text.into_owned();
    // A shell's `*` leaves hidden files out, too.
    let options = glob::MatchOptions {
        require_literal_separator: true,
        require_literal_leading_dot: true,
        ..glob::MatchOptions::default()
    };
    let found = match glob::glob_with(&pattern, options) {
        Ok(found) => found,
        Err(error) => {
            let why = error.msg;
            return Err(InputError::BadPattern { pattern, why });
        }
    };
    let mut paths = Vec::new();
    for path in found {
        paths.push(path.map_err(|error| {
            let name = error.path().display().to_string();
            unreadable(&name, error.into())
        })?);
    }
    if paths.is_empty() {
        return Err(InputError::NoMatch { pattern });
    }
    Ok(paths)
}
