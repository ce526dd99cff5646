//! A whole deployment of Immich as its owner had it, and how it is told: found in what a chart renders and in plain
//! manifests, repaired, mended by hand, and then well.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::program::{Folder, Run};
use crate::yaml::objects;

/// A deployment under tests/fixtures/stories.
pub struct Story {
    pub name: &'static str,
    /// What `check` says, as `Deny policy/rule Kind/name /pointer`.
    pub finds: &'static [&'static str],
    /// Each value that `render` writes: the object, the place and what is there then.
    pub repairs: Vec<(&'static str, &'static str, Value)>,
    /// What the owner then does by hand: a text of the manifests, and what it becomes.
    pub remedy: &'static [(&'static str, &'static str)],
}

impl Story {
    pub fn manifests(&self) -> String {
        read(self.name, "manifests.yaml").unwrap()
    }

    fn facts(&self) -> Option<String> {
        read(self.name, "facts.yaml")
    }

    /// A folder with the story's configuration.
    fn folder(&self) -> Folder {
        let folder = Folder::new().with("fixative.yaml", read(self.name, "fixative.yaml").unwrap());
        match self.facts() {
            Some(facts) => folder.with("facts.yaml", facts),
            None => folder,
        }
    }

    pub fn run(&self, command: &[&str], manifests: &str) -> Run {
        let facts: &[&str] = if self.facts().is_some() {
            &["--facts", "facts.yaml"]
        } else {
            &[]
        };
        let arguments = [command, &["--namespace", "photos"], facts].concat();
        self.folder().run(&arguments, manifests)
    }

    pub fn finds_in(&self, manifests: &str) -> BTreeSet<String> {
        findings(&self.run(&["check", "--format", "json"], manifests))
    }

    /// The whole story: found in a chart's output and in plain manifests, repaired, mended by hand, and well.
    pub fn is_told(&self) {
        let manifests = self.manifests();
        let expected: BTreeSet<String> = self.finds.iter().map(ToString::to_string).collect();
        assert_eq!(self.finds_in(&manifests), expected);
        assert_eq!(
            self.finds_in(&plain(&manifests)),
            expected,
            "without the chart's comments"
        );

        let repaired = self.run(&["render", "--on-deny", "warn"], &manifests);
        assert_eq!(repaired.status, 0, "{}", repaired.stderr);
        assert_eq!(changes(&manifests, &repaired.stdout), sorted(&self.repairs));

        let rendered = self.run(&["render"], &manifests);
        let denied = self
            .finds_in(&repaired.stdout)
            .iter()
            .any(|said| said.starts_with("Deny"));
        if denied {
            assert_eq!(
                (rendered.status, rendered.stdout.as_str()),
                (1, ""),
                "{}",
                rendered.stderr
            );
        } else {
            assert_eq!((rendered.status, &rendered.stdout), (0, &repaired.stdout));
        }

        let mended = self.run(&["render"], &replaced(&manifests, self.remedy));
        assert_eq!(mended.status, 0, "{}", mended.stderr);
        assert_eq!(self.finds_in(&mended.stdout), BTreeSet::new(), "all is well");
    }
}

fn read(story: &str, file: &str) -> Option<String> {
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/stories");
    fs::read_to_string(folder.join(story).join(file)).ok()
}

/// As somebody writes it who has no chart.
fn plain(manifests: &str) -> String {
    let lines = manifests.lines().filter(|line| !line.starts_with("# Source:"));
    lines.map(|line| format!("{line}\n")).collect()
}

#[track_caller]
fn replaced(text: &str, pairs: &[(&str, &str)]) -> String {
    pairs.iter().fold(text.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "no {old:?}");
        text.replace(old, new)
    })
}

/// What denies or warns; what cannot be told is left out.
#[track_caller]
pub fn findings(run: &Run) -> BTreeSet<String> {
    assert!(run.status < 2, "{}", run.stderr);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    let found = report["findings"].as_array().unwrap().iter();
    let said = found
        .filter(|finding| finding["action"] != "Audit")
        .map(|finding| {
            let text = |pointer: &str| finding.pointer(pointer).unwrap().as_str().unwrap();
            let (kind, name) = (text("/object/kind"), text("/object/name"));
            format!(
                "{} {}/{} {kind}/{name} {}",
                text("/action"),
                text("/policy"),
                text("/rule"),
                text("/pointer")
            )
        });
    said.collect()
}

pub fn sorted(repairs: &[(&str, &str, Value)]) -> BTreeSet<String> {
    repairs
        .iter()
        .map(|(object, pointer, value)| format!("{object} {pointer} {value}"))
        .collect()
}

/// Each value that is another one in `after`, the outermost of what is new.
#[track_caller]
pub fn changes(before: &str, after: &str) -> BTreeSet<String> {
    let (before, after) = (objects(before), objects(after));
    assert_eq!(before.len(), after.len());
    let mut found = BTreeSet::new();
    for (old, new) in before.iter().zip(&after) {
        let text = |pointer: &str| old.pointer(pointer).unwrap().as_str().unwrap();
        let object = format!("{}/{}", text("/kind"), text("/metadata/name"));
        differences(old, new, "", &mut |pointer, value| {
            found.insert(format!("{object} {pointer} {value}"));
        });
    }
    found
}

fn differences(old: &Value, new: &Value, pointer: &str, say: &mut impl FnMut(&str, &Value)) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for key in keys {
                let place = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
                between(old.get(key), new.get(key), &place, say);
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            for index in 0..old.len().max(new.len()) {
                between(old.get(index), new.get(index), &format!("{pointer}/{index}"), say);
            }
        }
        (old, new) if old != new => say(pointer, new),
        _ => {}
    }
}

fn between(old: Option<&Value>, new: Option<&Value>, pointer: &str, say: &mut impl FnMut(&str, &Value)) {
    match (old, new) {
        (Some(old), Some(new)) => differences(old, new, pointer, say),
        (_, new) => say(pointer, new.unwrap_or(&Value::Null)),
    }
}
