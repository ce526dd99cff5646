//! Files, folders and standard input as [`Source`]s.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::pattern;
use crate::parallel;
use crate::source::{LineColumn, Source};

/// The name of standard input on the command line.
const DASH: &str = "-";

/// Fewer files than this are not worth a thread.
const WORTH_A_THREAD: usize = 16;

/// How many files that cannot be read are named.
const NAMED: usize = 10;

/// Folders below folders, after which a loop of links is more likely than a tree.
pub(super) const DEEPEST: usize = 64;

/// Why something cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InputError {
    /// The system says no.
    #[error("cannot read {name}: {error}")]
    Io {
        /// What.
        name: String,
        /// What the system says.
        error: io::Error,
    },
    /// Bytes that are no text.
    #[error("{name} is not UTF-8 text: byte {offset} (line {}, column {}) {what}{hint}", .at.line, .at.column)]
    NotUtf8 {
        /// What.
        name: String,
        /// Of the first wrong byte, from 0.
        offset: usize,
        /// The same for people.
        at: LineColumn,
        /// Whether the text ends too early or goes wrong.
        what: &'static str,
        /// What it may be instead.
        hint: &'static str,
    },
    /// More than one of them.
    #[error("{}", several(.0))]
    Several(Vec<InputError>),
    /// A folder without manifests.
    #[error("{folder} holds no {wanted}; name the files, or another folder")]
    NothingIn {
        /// The folder.
        folder: String,
        /// Which files would have counted.
        wanted: &'static str,
    },
    /// More folders in folders than anybody has.
    #[error("{folder} is {DEEPEST} folders deep; is there a loop of links?")]
    TooDeep {
        /// The folder.
        folder: String,
    },
    /// A link to a folder that it stands in.
    #[error(
        "{link} leads back to a folder that holds it, so its manifests would come twice; remove the link"
    )]
    Loop {
        /// The link.
        link: String,
    },
    /// A pattern that matches no file.
    #[error(
        "nothing matches {pattern}; is the folder right? `**` stands for folders, `*` for a part of a name"
    )]
    NoMatch {
        /// The pattern.
        pattern: String,
    },
    /// A pattern that is none.
    #[error("{pattern} is no pattern: {why}")]
    BadPattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Standard input twice.
    #[error("standard input (-) can be read only once; name it once")]
    StdinTwice,
}

/// Reads the manifests that `paths` name; none means standard input.
pub(super) fn manifests(paths: &[PathBuf]) -> Result<Vec<Source>, InputError> {
    if paths.is_empty() {
        return Ok(vec![stdin()?]);
    }
    if paths.iter().filter(|path| is_stdin(path)).count() > 1 {
        return Err(InputError::StdinTwice);
    }
    let mut files = Vec::new();
    for path in paths {
        if is_stdin(path) || path.exists() {
            add_files(path, &mut files)?;
        } else {
            for path in pattern::matching(path)? {
                add_files(&path, &mut files)?;
            }
        }
    }
    let read = |path: &PathBuf| if is_stdin(path) { stdin() } else { read(path) };
    let mut sources = Vec::with_capacity(files.len());
    let mut wrong = Vec::new();
    for result in parallel::map(&files, WORTH_A_THREAD, read) {
        match result {
            Ok(source) => sources.push(source),
            Err(error) => wrong.push(error),
        }
    }
    match (wrong.pop(), wrong.is_empty()) {
        (None, _) => Ok(sources),
        (Some(only), true) => Err(only),
        (Some(last), false) => {
            wrong.push(last);
            Err(InputError::Several(wrong))
        }
    }
}

/// All of them as far as anybody reads on.
fn several(errors: &[InputError]) -> String {
    let mut said: Vec<String> = errors.iter().take(NAMED).map(ToString::to_string).collect();
    match errors.len().saturating_sub(NAMED) {
        0 => {}
        more => said.push(format!("and {more} more")),
    }
    said.join("; ")
}

/// The files that a path of the command line stands for.
fn add_files(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), InputError> {
    if is_stdin(path) || !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let found = files_below(path, &["yaml", "yml", "json"], DEEPEST)?;
    if found.is_empty() {
        return Err(nothing_in(path, "manifest (*.yaml, *.yml, *.json)"));
    }
    files.extend(found);
    Ok(())
}

/// Whether standard input is among `paths`.
pub(super) fn wants_stdin(paths: &[PathBuf]) -> bool {
    paths.is_empty() || paths.iter().any(|path| is_stdin(path))
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == DASH
}

fn stdin() -> Result<Source, InputError> {
    let mut bytes = Vec::new();
    let name = "<stdin>";
    let read = io::stdin().lock().read_to_end(&mut bytes);
    read.map_err(|error| unreadable(name, error))?;
    text(name, bytes)
}

/// One file, named as the user named it.
pub(super) fn read(path: &Path) -> Result<Source, InputError> {
    let name = path.display().to_string();
    let bytes = fs::read(path).map_err(|error| unreadable(&name, error))?;
    text(&name, bytes)
}

/// The files with one of the `extensions` in a folder and, `depth` folders down, below it; sorted, without
/// hidden ones.
pub(super) fn files_below(
    folder: &Path,
    extensions: &[&str],
    depth: usize,
) -> Result<Vec<PathBuf>, InputError> {
    let unreadable = |error| unreadable(&folder.display().to_string(), error);
    let mut entries: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            entries.push(entry.path());
        }
    }
    entries.sort();
    let mut files = Vec::new();
    for path in entries {
        let extension = path.extension().and_then(|extension| extension.to_str());
        if path.is_dir() {
            if depth > 0 && leads_back(folder, &path) {
                let link = path.display().to_string();
                return Err(InputError::Loop { link });
            }
            if depth > 1 {
                files.extend(files_below(&path, extensions, depth - 1)?);
            } else if depth == 1 {
                let folder = path.display().to_string();
                return Err(InputError::TooDeep { folder });
            }
        } else if extension.is_some_and(|extension| extensions.contains(&extension)) {
            files.push(path);
        }
    }
    Ok(files)
}

fn leads_back(folder: &Path, below: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(path).ok();
    real(folder)
        .zip(real(below))
        .is_some_and(|(folder, below)| folder.starts_with(below))
}

/// Nothing of what was looked for is in `folder`.
pub(super) fn nothing_in(folder: &Path, wanted: &'static str) -> InputError {
    let folder = folder.display().to_string();
    InputError::NothingIn { folder, wanted }
}

pub(super) fn unreadable(name: &str, error: io::Error) -> InputError {
    let name = name.to_owned();
    InputError::Io { name, error }
}

fn text(name: &str, bytes: Vec<u8>) -> Result<Source, InputError> {
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Source::new(name, text)),
        Err(error) => Err(not_utf8(name, &error)),
    }
}

fn not_utf8(name: &str, error: &std::string::FromUtf8Error) -> InputError {
    let offset = error.utf8_error().valid_up_to();
    let bytes = error.as_bytes();
    let valid = String::from_utf8_lossy(bytes.get(..offset).unwrap_or_default());
    let is_utf16 = bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]);
    InputError::NotUtf8 {
        name: name.to_owned(),
        offset,
        at: Source::new(name, valid.as_ref()).line_column(offset),
        what: match error.utf8_error().error_len() {
            None => "begins a character that is cut off at the end of the input",
            Some(_) => "cannot stand there",
        },
        hint: if is_utf16 {
            "; it looks like UTF-16, convert it to UTF-8"
        } else {
            ""
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_are_named() {
        let cases: [(&[u8], &str); 3] = [
            (
                b"a: 1\nb: \xC3",
                "x is not UTF-8 text: byte 8 (line 2, column 4) begins a character that is cut off at the end of the input",
            ),
            (
                b"\x7fELF\xff",
                "x is not UTF-8 text: byte 4 (line 1, column 5) cannot stand there",
            ),
            (
                b"\xFF\xFEa\0",
                "x is not UTF-8 text: byte 0 (line 1, column 1) cannot stand there; it looks like UTF-16, convert it to UTF-8",
            ),
        ];
        for (bytes, expected) in cases {
            assert_eq!(text("x", bytes.to_vec()).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn folders_are_read_in_order_and_without_hidden_files() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("b/c")).unwrap();
        fs::create_dir_all(at(".git")).unwrap();
        for name in [
            "z.yaml",
            "a.yml",
            "b/c/x.json",
            "notes.txt",
            ".hidden.yaml",
            ".git/y.yaml",
        ] {
            fs::write(at(name), name).unwrap();
        }
        let sources = manifests(&[folder.path().to_owned()]).unwrap();
        let texts: Vec<&str> = sources.iter().map(Source::text).collect();
        assert_eq!(texts, ["a.yml", "b/c/x.json", "z.yaml"]);
        let flat = files_below(folder.path(), &["yaml", "yml"], 0).unwrap();
        assert_eq!(flat, [at("a.yml"), at("z.yaml")]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_back_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.yaml"), "a: 1").unwrap();
        std::os::unix::fs::symlink(".", folder.path().join("self")).unwrap();
        let wrong = manifests(&[folder.path().to_owned()]).unwrap_err();
        assert!(matches!(wrong, InputError::Loop { .. }), "{wrong}");
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let nothing = manifests(&[folder.path().to_owned()]).unwrap_err();
        assert!(matches!(nothing, InputError::NothingIn { .. }));
        let missing = manifests(&[folder.path().join("x.yaml")])
            .unwrap_err()
            .to_string();
        assert!(
            missing.starts_with("cannot read ") && missing.contains("x.yaml"),
            "{missing}"
        );
        let twice = manifests(&["-".into(), "-".into()]).unwrap_err();
        assert!(matches!(twice, InputError::StdinTwice));
    }
}
