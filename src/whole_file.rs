//! A file that is written whole or not at all: under another name beside it first, which then takes its place.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Who may read the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Its owner only.
    Owner,
    /// Whoever the user's umask lets.
    Anybody,
}

/// A file that is removed unless it is finished.
pub(crate) struct Unfinished {
    pub(crate) file: File,
    path: PathBuf,
    is_finished: bool,
}

impl Unfinished {
    pub(crate) fn beside(path: &Path, readers: Readers) -> io::Result<Self> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let name = format!(".{}.{}", name.to_string_lossy(), std::process::id());
        let path = path.with_file_name(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        if readers == Readers::Owner {
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        Ok(Self {
            file: options.open(&path)?,
            path,
            is_finished: false,
        })
    }

    pub(crate) fn finish(mut self, path: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.path, path)?;
        self.is_finished = true;
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.is_finished {
            // What cannot be removed either stays under its odd name; the error is said already.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Writes a text. A device or a pipe that the user names is written to and not replaced.
pub(crate) fn write(path: &Path, text: &str, readers: Readers) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        let mut file = OpenOptions::new().write(true).open(path)?;
        return file.write_all(text.as_bytes());
    }
    let mut unfinished = Unfinished::beside(path, readers)?;
    unfinished.file.write_all(text.as_bytes())?;
    unfinished.finish(path)
}
