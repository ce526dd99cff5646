//! Lists the shipped packs, so that a new policy is one file and no Rust.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=policies");
    let root = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let mut code = String::from("&[\n");
    for pack in sorted(&Path::new(&root).join("policies")) {
        if !pack.is_dir() {
            continue;
        }
        let name = file_name(&pack);
        let _ = writeln!(code, "({name:?}, &[");
        for file in sorted(&pack) {
            println!("cargo::rerun-if-changed={}", file.display());
            if file.extension().is_some_and(|extension| extension == "yaml") {
                let _ = writeln!(
                    code,
                    "({:?}, include_str!({:?})),",
                    format!("policies/{name}/{}", file_name(&file)),
                    file
                );
            }
        }
        code.push_str("] as &[(&str, &str)]),\n");
    }
    code.push(']');
    let out = env::var("OUT_DIR").unwrap_or_default();
    if let Err(error) = fs::write(Path::new(&out).join("packs.rs"), code) {
        println!("cargo::error=the list of packs cannot be written: {error}");
    }
}

fn sorted(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    paths
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
