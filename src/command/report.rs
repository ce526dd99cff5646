//! The report of a failed render, for Helm 4, which throws a post-renderer's stderr away.
//!
//! It goes to a file that `fixative last` finds again, and to where a person may be looking. Nothing here can
//! make a render fail: it has failed already.

use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::clock;

/// A terminal that is stopped or a pipe that nobody empties is given up after this.
const PATIENCE: Duration = Duration::from_secs(1);

/// Publishes what a failed render said. Without Helm 4 stderr is seen, and only a file that the user named
/// is written.
pub(super) fn publish(said: &str, helm4: bool) {
    let named = std::env::var_os("FIXATIVE_REPORT").filter(|name| !name.is_empty());
    if !helm4 && named.is_none() {
        return;
    }
    if let Some(path) = path() {
        let _ = write(&path, &report(said));
    }
    if helm4 && !io::stderr().is_terminal() {
        show(said.to_owned());
    }
}

/// Where the report is: `$FIXATIVE_REPORT`, else the state directory; `None` where the user has no home.
pub(super) fn path() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(named) = variable("FIXATIVE_REPORT") {
        return Some(named.into());
    }
    let state = variable("XDG_STATE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| std::env::home_dir().map(|home| home.join(".local").join("state")))?;
    Some(state.join("fixative").join("last-render.txt"))
}

fn report(said: &str) -> String {
    let folder = std::env::current_dir().map_or_else(|_| "?".to_owned(), |path| path.display().to_string());
    format!("fixative render failed on {} in {folder}\n{said}", clock::now())
}

/// The whole file or none of it, and only for its owner: manifests may hold more than names.
fn write(path: &Path, text: &str) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        // A device or a named pipe that the user chose must not be replaced by a file.
        return fs::OpenOptions::new()
            .append(true)
            .open(path)?
            .write_all(text.as_bytes());
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        create_private_folder(folder)?;
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let fresh = path.with_file_name(name);
    let written = create_private_file(&fresh)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| fs::rename(&fresh, path));
    if written.is_err() {
        let _ = fs::remove_file(&fresh);
    }
    written
}

#[cfg(unix)]
fn create_private_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn create_private_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

fn create_private_file(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}

/// Shows the report where a person may be looking, for no longer than [`PATIENCE`].
fn show(said: String) {
    let (done, finished) = mpsc::channel();
    thread::spawn(move || {
        if !show_to_parent(&said) {
            show_on_terminal(&said);
        }
        let _ = done.send(());
    });
    let _ = finished.recv_timeout(PATIENCE);
}

/// Writes to the stderr of the program that called us, where that is a pipe or a terminal: a file would have
/// to be open for appending. True where the terminal has it now.
#[cfg(target_os = "linux")]
fn show_to_parent(said: &str) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    let parent = format!("/proc/{}/fd/2", std::os::unix::process::parent_id());
    let kind = fs::metadata(&parent).map(|metadata| metadata.file_type());
    if !kind.is_ok_and(|kind| kind.is_fifo() || kind.is_char_device()) {
        return false;
    }
    let Ok(mut stderr) = fs::OpenOptions::new().append(true).open(&parent) else {
        return false;
    };
    stderr.write_all(said.as_bytes()).is_ok() && stderr.is_terminal()
}

#[cfg(not(target_os = "linux"))]
fn show_to_parent(_said: &str) -> bool {
    false
}

fn show_on_terminal(said: &str) {
    if cfg!(unix)
        && let Ok(mut terminal) = fs::OpenOptions::new().append(true).open("/dev/tty")
    {
        let _ = terminal.write_all(said.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_is_whole_private_and_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a").join("last.txt");
        write(&path, "first, and long\n").unwrap();
        write(&path, "second\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "second\n");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&path), 0o600);
            assert_eq!(mode(path.parent().unwrap()), 0o700);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_written_and_not_replaced() {
        use std::os::unix::fs::FileTypeExt as _;
        write(Path::new("/dev/null"), "gone").unwrap();
        assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
        assert!(write(Path::new("/dev/full"), "x").is_err());
    }
}
