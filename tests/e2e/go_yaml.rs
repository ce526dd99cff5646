//! What Go's sigs.k8s.io/yaml, and so Helm, reads in a stream.

use serde_json::Value;

use crate::program::{Folder, run, tool};

/// The documents of a stream; the reason where Go refuses it.
pub fn read(stream: &[u8]) -> Result<Vec<Value>, String> {
    let folder = Folder::new();
    let run = run(&mut folder.command(tool("goyaml")), stream);
    if run.status != Some(0) {
        return Err(run.stderr);
    }
    let lines = String::from_utf8(run.stdout).unwrap();
    Ok(lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect())
}

/// The documents of a stream that Go can read.
#[track_caller]
pub fn documents(stream: &str) -> Vec<Value> {
    read(stream.as_bytes()).unwrap()
}

/// The object with this kind and name.
#[track_caller]
pub fn object<'a>(documents: &'a [Value], kind: &str, name: &str) -> &'a Value {
    let found = documents
        .iter()
        .find(|object| object["kind"] == kind && object["metadata"]["name"] == name);
    found.unwrap_or_else(|| panic!("no {kind} {name}"))
}

#[test]
fn values_are_what_go_reads() {
    let stream = "a: yes\nb: 0123\nc: '0123'\n---\n# empty\n---\nd: 12:30:45\n";
    let expected = [
        serde_json::json!({"a": true, "b": 83, "c": "0123"}),
        serde_json::json!({"d": "12:30:45"}),
    ];
    assert_eq!(documents(stream), expected);
    assert!(read(b"a: [").is_err());
}
