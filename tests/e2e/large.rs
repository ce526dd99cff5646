//! Large input ends, and ends right; how fast is the business of `make bench`.

use std::fmt::Write as _;

use crate::program::Folder;

/// A Pod that `service-links` changes; `more` goes below its spec.
fn pod(more: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: immich}}\nspec:\n  enableServiceLinks: true\n  containers:\n  - name: \
         learning\n    image: ghcr.io/immich-app/immich-machine-learning:v3.0.0\n{more}"
    )
}

/// Only the one line changes.
#[track_caller]
fn one_line_changes(stream: &str) {
    let run = Folder::new().fixative(&["render", "-q"], stream.as_bytes());
    let expected = stream.replacen("enableServiceLinks: true", "enableServiceLinks: false", 1);
    assert!(run.good() == expected, "another change than the one line");
}

#[test]
fn an_object_of_one_megabyte() {
    let value = "0123456789abcdef".repeat(65_536);
    one_line_changes(&pod(&format!("    env:\n    - {{name: LONG, value: {value}}}\n")));
}

#[test]
fn a_document_with_ten_thousand_containers() {
    let mut more = String::new();
    for number in 0..10_000 {
        writeln!(more, "  - name: c{number}\n    image: example.com/app:v{number}").unwrap();
    }
    one_line_changes(&pod(&more));
}

#[test]
fn a_stream_of_a_hundred_megabytes() {
    let line = "  key: the quick brown fox jumps over the lazy dog, again and again and again and again\n";
    let data: String = (0..550)
        .map(|number| line.replacen("key", &format!("key{number}"), 1))
        .collect();
    let mut stream = pod("");
    for number in 0..2_000 {
        write!(
            stream,
            "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{number}}}\ndata:\n{data}"
        )
        .unwrap();
    }
    assert!(stream.len() > 100_000_000);
    one_line_changes(&stream);
}
