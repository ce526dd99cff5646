//! The JSON schemas, as editors use them: what the program reads is never marked, what it does not know is.

use std::fs;
use std::path::{Path, PathBuf};

use fixative::manifest;
use fixative::source::Source;
use serde_json::{Value, json};

use crate::program::Folder;

fn schema(kind: &str) -> jsonschema::Validator {
    let run = Folder::new().run(&["policies", "schema", kind], "");
    assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{kind}");
    let schema: Value = serde_json::from_str(&run.stdout).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

fn read(path: &Path) -> Value {
    let source = Source::new(path.display().to_string(), fs::read_to_string(path).unwrap());
    let documents = manifest::split(&source);
    assert_eq!(documents.len(), 1, "{}", path.display());
    manifest::read(&source, &documents[0]).unwrap().value.into()
}

/// The YAML files of a folder.
fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = fs::read_dir(folder).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    paths
}

#[test]
fn files_that_load_follow_their_schemas() {
    let schemas = ["Config", "Policy", "Pack", "Test"].map(|kind| (kind, schema(&kind.to_lowercase())));
    let mut seen = [0; 4];
    let mut paths = files("policies/immich");
    paths.extend(files("tests/fixtures/docs/mine"));
    paths.extend(files("tests/fixtures/docs/paperless"));
    paths.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/fixative.yaml"));
    for path in paths {
        let value = read(&path);
        let index = schemas
            .iter()
            .position(|(kind, _)| value["kind"] == *kind)
            .unwrap();
        let errors = schemas[index].1.iter_errors(&value);
        let wrong: Vec<String> = errors
            .map(|error| format!("{} {error}", error.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{}: {wrong:#?}", path.display());
        seen[index] += 1;
    }
    assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
}

#[test]
fn what_no_file_has_is_marked() {
    let head = |kind: &str, more: Value| {
        let mut value =
            json!({"apiVersion": "fixative.dev/v1alpha1", "kind": kind, "metadata": {"name": "x"}});
        for (key, part) in more.as_object().unwrap() {
            value[key] = part.clone();
        }
        value
    };
    let policy = json!({"title": "x", "severity": "high", "action": "Deny", "rules": [{"name": "x", "assert": "true"}]});
    assert!(schema("policy").is_valid(&head("Policy", json!({"spec": policy}))));
    for (field, value) in [
        ("severty", json!("high")),
        ("severity", json!("bad")),
        ("rules", json!({})),
    ] {
        let mut wrong = policy.clone();
        wrong[field] = value;
        assert!(
            !schema("policy").is_valid(&head("Policy", json!({"spec": wrong}))),
            "{wrong}"
        );
    }
    assert!(!schema("pack").is_valid(&head(
        "Pack",
        json!({"spec": {"components": {"app": {"image": []}}}})
    )));
    assert!(!schema("config").is_valid(&json!({"policies": {"x": {"param": {}}}})));
    let test = |expect: Value| json!({"apiVersion": "fixative.dev/v1alpha1", "kind": "Test", "cases": [{"name": "x", "expect": expect}]});
    assert!(schema("test").is_valid(&test(json!({"becomes": {}}))));
    assert!(!schema("test").is_valid(&test(json!({"become": {}}))));
}
