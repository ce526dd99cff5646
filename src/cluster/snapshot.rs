//! What was read of a cluster as one YAML List, which `--facts` reads again.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use super::lists::Inventory;
use crate::manifest;

/// Writes the file whole or not at all: under another name beside it first, which then takes its place. Only
/// its owner may read it, since objects hold what people put into them.
pub fn write(inventory: &Inventory, path: &Path) -> io::Result<()> {
    let unfinished = Unfinished::beside(path)?;
    let mut file = BufWriter::new(&unfinished.file);
    file.write_all(b"apiVersion: v1\nkind: List\n")?;
    let mut objects = inventory.all().peekable();
    let items: &[u8] = if objects.peek().is_some() {
        b"items:\n"
    } else {
        b"items: []\n"
    };
    file.write_all(items)?;
    for object in objects {
        file.write_all(manifest::yaml_item(object).as_bytes())?;
    }
    file.flush()?;
    drop(file);
    unfinished.finish(path)
}

/// A file that is removed unless it is finished.
struct Unfinished {
    file: File,
    path: PathBuf,
    is_finished: bool,
}

impl Unfinished {
    fn beside(path: &Path) -> io::Result<Self> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let name = format!(".{}.{}", name.to_string_lossy(), std::process::id());
        let path = path.with_file_name(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self {
            file: options.open(&path)?,
            path,
            is_finished: false,
        })
    }

    fn finish(mut self, path: &Path) -> io::Result<()> {
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
