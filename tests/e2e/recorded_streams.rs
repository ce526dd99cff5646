//! Streams as Helm sends them: only what the policies say differs, and Go reads the rest as before.

use std::fs;
use std::path::PathBuf;

use fixative::manifest::split;
use fixative::source::Source;
use serde_json::Value;

use crate::go_yaml::read;
use crate::program::{Folder, repository};

/// Where policies of the pack write; a value that differs anywhere else is a defect.
const PLACES: [&str; 9] = [
    "/enableServiceLinks",
    "/runtimeClassName",
    "/tolerations",
    "/affinity",
    "/strategy",
    "/resources",
    "/env",
    "/volumeMounts",
    "/image",
];

fn streams() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in ["tests/fixtures/streams", "examples", "../shared/data/streams"] {
        let folder = repository(folder);
        // The recorded streams lie beside the repository and not everywhere.
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        let paths = entries.map(|entry| entry.unwrap().path());
        found.extend(paths.filter(|path| path.extension().is_some_and(|extension| extension == "yaml")));
    }
    found.retain(|path| !path.ends_with("examples/fixative.yaml"));
    found.sort();
    found
}

#[test]
fn only_what_the_policies_say_differs() {
    let folder = Folder::new().with_example();
    let streams = streams();
    assert!(streams.len() >= 3, "{streams:?}");
    for path in streams {
        let name = path.display().to_string();
        let before = fs::read(&path).unwrap();
        let mut arguments = vec!["render", "--on-deny", "warn", "--namespace", "photos"];
        if name.ends_with(".helm4.yaml") {
            arguments.push("--helm4");
        }
        let run = folder.fixative(&arguments, &before);
        assert_eq!(run.status, Some(0), "{name}: {}", run.stderr);
        documents_stay(&name, &String::from_utf8(before.clone()).unwrap(), &run.good());
        match (read(&before), read(&run.stdout)) {
            (Ok(before), Ok(after)) => {
                assert_eq!(before.len(), after.len(), "{name}");
                for (before, after) in before.iter().zip(&after) {
                    differs_only_in_places(&name, "", before, after);
                }
            }
            (Err(before), after) => assert!(after.is_err(), "{name}: only refused before: {before}"),
            (Ok(_), Err(after)) => panic!("{name}: Go refuses the answer: {after}"),
        }
        let again = folder.fixative(&arguments, &run.stdout);
        assert_eq!(again.good(), run.good(), "{name}: once is enough");
    }
}

/// A document that has no container is left byte for byte.
fn documents_stay(name: &str, before: &str, after: &str) {
    let (before, after) = (Source::new("before", before), Source::new("after", after));
    let (old, new) = (split(&before), split(&after));
    assert_eq!(old.len(), new.len(), "{name}");
    for (old, new) in old.iter().zip(&new) {
        let text = before.slice(old.body);
        if !text.contains("containers") && !text.contains("instances:") {
            assert_eq!(text, after.slice(new.body), "{name}");
        }
    }
}

#[track_caller]
fn differs_only_in_places(name: &str, at: &str, before: &Value, after: &Value) {
    if before == after || PLACES.iter().any(|place| at.ends_with(place)) {
        return;
    }
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            for key in old.keys().chain(new.keys()) {
                let (old, new) = (old.get(key), new.get(key));
                let null = Value::Null;
                let at = format!("{at}/{key}");
                differs_only_in_places(name, &at, old.unwrap_or(&null), new.unwrap_or(&null));
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                differs_only_in_places(name, &format!("{at}/{index}"), old, new);
            }
        }
        _ => panic!("{name}: {at} was {before} and is {after}"),
    }
}
