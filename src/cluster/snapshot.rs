//! What was read of a cluster as one YAML List, which `--facts` reads again.

use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use super::lists::Inventory;
use crate::manifest;
use crate::whole_file::{Readers, Unfinished};

/// Writes the file whole or not at all. Only its owner may read it, since objects hold what people put into them.
pub fn write(inventory: &Inventory, path: &Path) -> io::Result<()> {
    let unfinished = Unfinished::beside(path, Readers::Owner)?;
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
