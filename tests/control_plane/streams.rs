//! The streams of the repository, and the recorded ones where they are: as Go reads them, raw and rendered.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::process::{FIXATIVE, repository, tool};

/// A stream as Helm sent it.
pub struct Stream {
    /// Its file's name.
    pub name: String,
    text: Vec<u8>,
    helm4: bool,
}

/// A rendered stream, and what the report said.
pub struct Rendered {
    /// The objects.
    pub objects: Vec<Value>,
    /// Standard error.
    pub report: String,
}

/// All of them.
pub fn streams() -> Vec<Stream> {
    let mut paths: Vec<PathBuf> = vec![repository("examples/immich.yaml")];
    for folder in ["tests/fixtures/streams", "../shared/data/streams"] {
        // The recorded streams lie beside the repository and not everywhere.
        let Ok(entries) = fs::read_dir(repository(folder)) else {
            continue;
        };
        let found = entries.map(|entry| entry.unwrap().path());
        paths.extend(found.filter(|path| path.extension().is_some_and(|extension| extension == "yaml")));
    }
    paths.sort();
    let streams = paths.iter().map(|path| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let helm4 = name.ends_with(".helm4");
        let text = fs::read(path).unwrap();
        Stream { name, text, helm4 }
    });
    streams.collect()
}

impl Stream {
    /// What Helm sent.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// The objects as Helm would send them to the API server without us; nothing where Helm itself gives up.
    #[track_caller]
    pub fn raw(&self) -> Option<Vec<Value>> {
        let read = read(&self.text);
        let known = self.name == "traps-list-anchors.helm4";
        assert_eq!(read.is_err(), known, "{}: {read:?}", self.name);
        read.ok()
    }

    /// The objects behind our post-renderer.
    #[track_caller]
    pub fn rendered(&self, config: &str) -> Rendered {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("fixative.yaml"), config).unwrap();
        let mut command = Command::new(FIXATIVE);
        command
            .current_dir(folder.path())
            .env_clear()
            .env("HOME", folder.path())
            .args(["render", "--namespace", "photos", "--on-deny", "warn"]);
        if self.helm4 {
            command.arg("--helm4");
        }
        let (status, stdout, report) = run(&mut command, &self.text);
        assert_eq!(status, Some(0), "{}: {report}", self.name);
        Rendered {
            objects: read(&stdout).unwrap(),
            report,
        }
    }
}

/// The objects of a stream by Go's reading; the items of a List are objects.
fn read(stream: &[u8]) -> Result<Vec<Value>, String> {
    let (status, stdout, stderr) = run(&mut Command::new(tool("goyaml")), stream);
    if status != Some(0) {
        return Err(stderr);
    }
    let documents = String::from_utf8(stdout).unwrap();
    let documents = documents
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let objects = documents
        .flat_map(|document| match document["kind"].as_str() {
            Some(kind) if kind.ends_with("List") => {
                let item = kind.trim_end_matches("List");
                let items = document["items"].as_array().cloned().unwrap_or_default();
                items
                    .into_iter()
                    .map(|mut object| {
                        // The items of a ConfigMapList need not say what they are.
                        if object["kind"].is_null() && !item.is_empty() {
                            object["kind"] = item.into();
                            object["apiVersion"] = document["apiVersion"].clone();
                        }
                        object
                    })
                    .collect()
            }
            _ => vec![document],
        })
        .filter(|object| object["kind"].is_string());
    Ok(objects.collect())
}

/// Runs a program to its end: its status, its answer, what it said.
pub fn run(command: &mut Command, stdin: &[u8]) -> (Option<i32>, Vec<u8>, String) {
    let input = tempfile::NamedTempFile::new().unwrap();
    fs::write(input.path(), stdin).unwrap();
    let output = command
        .stdin(Stdio::from(input.reopen().unwrap()))
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), output.stdout, stderr)
}
