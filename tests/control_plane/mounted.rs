//! A folder as the kubelet mounts a Secret or ConfigMap: files are links through `..data`, which is swapped.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// A mounted Secret or ConfigMap.
pub struct Mounted {
    folder: PathBuf,
    version: u32,
}

impl Mounted {
    /// A folder with nothing in it.
    pub fn new(folder: PathBuf) -> Self {
        fs::create_dir(&folder).unwrap();
        Self { folder, version: 0 }
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where a file of it is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// All files are these now, at one moment.
    pub fn write(&mut self, files: &[(&str, &str)]) {
        self.version += 1;
        let version = format!("..version_{}", self.version);
        let data = self.folder.join(&version);
        fs::create_dir(&data).unwrap();
        for (name, text) in files {
            fs::write(data.join(name), text).unwrap();
        }
        let (next, current) = (self.folder.join("..data_tmp"), self.folder.join("..data"));
        let last = fs::read_link(&current).ok();
        symlink(&version, &next).unwrap();
        fs::rename(&next, &current).unwrap();
        for (name, _) in files {
            let path = self.folder.join(name);
            if path.symlink_metadata().is_err() {
                symlink(Path::new("..data").join(name), path).unwrap();
            }
        }
        if let Some(last) = last {
            fs::remove_dir_all(self.folder.join(last)).unwrap();
        }
    }
}
