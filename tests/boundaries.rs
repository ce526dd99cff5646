//! The engine knows no command line, no server and no client: every door stands on it, and none in it.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails with a good message")]

use std::fs;
use std::path::{Path, PathBuf};

/// What holds whichever door an object comes through.
const ENGINE: [&str; 10] = [
    "manifest", "schema", "kube", "cel", "policy", "plan", "finding", "world", "stream", "flux",
];

/// Crates of doors. `kube` is the client; the module of that name is `crate::kube`.
const DOORS: [&str; 11] = [
    "axum",
    "arc_swap",
    "clap",
    "clap_complete",
    "clap_mangen",
    "hyper",
    "indicatif",
    "kube",
    "kube_client",
    "kube_runtime",
    "tokio",
];

/// Modules of doors: those look at the engine, never the other way.
const DOOR_MODULES: [&str; 4] = ["crate::cli", "crate::cluster", "crate::command", "crate::output"];

#[test]
fn the_engine_imports_no_door() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    for module in ENGINE {
        let before = files.len();
        rust_files(&source.join(module), &mut files);
        assert!(files.len() > before, "no Rust file in src/{module}");
    }
    let mut wrong = Vec::new();
    for file in &files {
        let text = fs::read_to_string(file).unwrap();
        // Tests may draw what users would see.
        let lines = text.lines().take_while(|line| !line.contains("#[cfg(test)]"));
        for (number, line) in lines.enumerate().filter(|(_, line)| is_door(line)) {
            wrong.push(format!("{}:{}: {}", file.display(), number + 1, line.trim()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // Tests may draw what users would see.
        if path.is_dir() && !path.ends_with("tests") {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            files.push(path);
        }
    }
}

/// Whether a line uses a door: imports one, or names one in a path without importing it.
fn is_door(line: &str) -> bool {
    let line = line.trim_start();
    let code = line.split("//").next().unwrap_or_default();
    let import = code.strip_prefix("pub ").unwrap_or(code).strip_prefix("use ");
    let imported = import.is_some_and(|path| {
        let end = path
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(path.len());
        path.get(..end).is_some_and(|name| DOORS.contains(&name))
    });
    let absolute = DOORS.iter().any(|name| code.contains(&format!(" ::{name}::")));
    imported || absolute || DOOR_MODULES.iter().any(|module| code.contains(module))
}

#[test]
fn doors_are_recognised() {
    for line in [
        "use clap::Parser;",
        "    pub use tokio;",
        "use kube::{Api, Client};",
        "let x = ::clap::Arg::new(y);",
        "use crate::output;",
    ] {
        assert!(is_door(line), "{line}");
    }
    for line in [
        "use crate::kube::image;",
        "// use clap::Parser;",
        "use serde_json::Value;",
        "use kubernetes::X;",
    ] {
        assert!(!is_door(line), "{line}");
    }
}

/// The client of a cluster is spoken to in one place, and by the webhook.
#[test]
fn only_cluster_and_webhook_know_the_client() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&source, &mut files);
    let is_outside = |file: &&PathBuf| {
        let below = file.strip_prefix(&source).unwrap();
        !(below.starts_with("cluster") || below.starts_with("webhook"))
    };
    let is_client = |line: &str| {
        let line = line.trim_start().trim_start_matches("pub ");
        line.replace("crate::kube::", "").contains("::kube::") || line.starts_with("use kube::")
    };
    let mut wrong = Vec::new();
    for file in files.iter().filter(is_outside) {
        let text = fs::read_to_string(file).unwrap();
        let lines = text.lines().enumerate().filter(|(_, line)| is_client(line));
        wrong.extend(lines.map(|(number, line)| format!("{}:{}: {line}", file.display(), number + 1)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
