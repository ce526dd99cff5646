//! `src/schema/table.rs` is what the generator makes of the pinned version of Kubernetes.

#![allow(clippy::expect_used, reason = "a test that unwraps fails with a good message")]

use std::path::{Path, PathBuf};
use std::process::Command;

#[path = "../tools/generate_schema.rs"]
#[allow(dead_code)]
mod generate_schema;

/// The version that the table says it was made of.
fn version(table: &str) -> &str {
    let (_, rest) = table
        .split_once("of Kubernetes v")
        .expect("the table's first line names the version of Kubernetes");
    let line = rest.lines().next().unwrap_or_default();
    line.trim_end_matches('.')
}

/// The folder of the OpenAPI documents, if Go is there and has or gets the module.
fn documents(version: &str) -> Option<PathBuf> {
    let answer = Command::new("go")
        .args(["mod", "download", "-json"])
        .arg(format!("k8s.io/kubernetes@v{version}"))
        .env("GOFLAGS", "-mod=mod")
        .current_dir(std::env::temp_dir())
        .output()
        .ok()?;
    let module: serde_json::Value = serde_json::from_slice(&answer.stdout).ok()?;
    Some(Path::new(module.get("Dir")?.as_str()?).join("api/openapi-spec/v3"))
}

#[test]
fn the_table_is_fresh() {
    let table = include_str!("../src/schema/table.rs");
    let version = version(table);
    let Some(folder) = documents(version) else {
        eprintln!("not compared: Go cannot get the module k8s.io/kubernetes v{version}");
        return;
    };
    // Not assert_eq: nobody wants to read the table twice.
    assert!(
        generate_schema::generate(&folder) == table,
        "src/schema/table.rs is stale: run `make generate` and commit what it writes"
    );
}
