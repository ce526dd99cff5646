//! Input that is wrong in one way each: status 2, nothing on stdout, and a sentence that says where.

use std::fs::OpenOptions;
use std::process::Stdio;

use crate::program::{FIXATIVE, Folder, repository};

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: immich}
spec:
  containers:
  - name: server
    image: ghcr.io/immich-app/immich-server:v3.0.0
";

/// A stream in which the bad thing stands behind an object that policies look at.
#[track_caller]
fn refused(stream: &[u8], parts: &[&str]) {
    Folder::new().fixative(&["render"], stream).failed(2, parts);
}

#[test]
fn no_input_is_an_empty_answer() {
    let folder = Folder::new();
    assert_eq!(folder.fixative(&["render"], b"").good(), "");
    assert!(
        folder
            .fixative(&["render", "--helm4"], b"")
            .good()
            .starts_with('#')
    );
}

#[test]
fn comments_alone_stay_as_they_came() {
    let folder = Folder::new();
    let comments = b"---\n# Source: photos/templates/none.yaml\n# nothing here\n---\n\n# nor here";
    for arguments in [&["render"][..], &["render", "--helm4"]] {
        assert_eq!(folder.fixative(arguments, comments).good().as_bytes(), comments);
    }
    // Helm 4 calls blank output an error.
    let blank = folder.fixative(&["render", "--helm4"], b"\n---\n\n").good();
    assert!(blank.contains('#'), "{blank:?}");
}

#[test]
fn a_file_that_is_not_there() {
    Folder::new()
        .fixative(&["render", "none.yaml"], b"")
        .failed(2, &["cannot read none.yaml"]);
}

#[test]
fn not_yaml() {
    refused(
        format!("{POD}    env: [a, }}\n").as_bytes(),
        &["<stdin>:8:", "env: [a, }", "^"],
    );
}

#[test]
fn half_a_document() {
    let half = POD.replace("image: ghcr.io", "image: \"ghcr.io");
    refused(half.as_bytes(), &["<stdin>:", "immich-server"]);
}

#[test]
fn binary() {
    refused(b"\x7fELF\x02\x01\x01\0\xff\xfe", &["is not UTF-8 text"]);
}

#[test]
fn a_truncated_utf_8_sequence() {
    let mut stream = POD.as_bytes().to_vec();
    stream.extend_from_slice(b"    # \xE2\x82");
    refused(&stream, &["is not UTF-8 text", "cut off"]);
}

#[test]
fn ten_thousand_levels() {
    let deep = format!("{POD}    x: {}1{}\n", "[".repeat(10_000), "]".repeat(10_000));
    refused(deep.as_bytes(), &["<stdin>:8:"]);
    let block = format!("{POD}x:\n{}\n", "- ".repeat(10_000));
    refused(block.as_bytes(), &["<stdin>:9:"]);
}

#[test]
fn alias_bombs() {
    let mut bomb = String::from("    x:\n    - &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for level in 1..30 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        bomb += &format!("    - &a{level} [{aliases}]\n");
    }
    refused(format!("{POD}{bomb}").as_bytes(), &["<stdin>:"]);
}

#[test]
fn a_policy_file_that_is_not_one() {
    let folder = Folder::new().with("mine.yaml", POD);
    folder
        .fixative(&["render", "--policies", "mine.yaml"], POD.as_bytes())
        .failed(2, &["mine.yaml"]);
}

#[test]
fn a_missing_configuration() {
    Folder::new()
        .fixative(&["render", "--config", "none.yaml"], POD.as_bytes())
        .failed(2, &["none.yaml"]);
}

#[test]
fn an_unknown_parameter() {
    Folder::new()
        .fixative(
            &["render", "--param", "media-location.paht=/photos"],
            POD.as_bytes(),
        )
        .failed(2, &["paht", "path"]);
}

#[test]
fn a_full_disk_is_never_success() {
    let folder = Folder::new();
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = folder
        .command(FIXATIVE)
        .args(["render", "--on-deny", "warn"])
        .arg(repository("examples/immich.yaml"))
        .stdin(Stdio::null())
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

#[test]
fn a_reader_that_went_away_is_never_success() {
    let folder = Folder::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = folder
        .command(FIXATIVE)
        .args(["render", "--on-deny", "warn"])
        .arg(repository("examples/immich.yaml"))
        .stdin(Stdio::null())
        .stdout(writer)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

#[test]
fn two_policies_that_fight() {
    let policy = |name: &str, links: bool| {
        format!(
            "apiVersion: fixative.dev/v1alpha1\nkind: Policy\nmetadata: {{name: {name}}}\nspec:\n  title: {name}\n  \
             severity: low\n  action: Warn\n  match: {{kinds: [Pod]}}\n  rules:\n    - name: links\n      \
             merge: {{spec: {{enableServiceLinks: {links}}}}}\n"
        )
    };
    let folder = Folder::new()
        .with("no.yaml", policy("fewer", false))
        .with("yes.yaml", policy("more", true));
    let arguments = ["render", "--policies", "no.yaml", "--policies", "yes.yaml"];
    folder
        .fixative(&arguments, POD.as_bytes())
        .failed(2, &["fewer/links", "more/links", "spec.enableServiceLinks"]);
}
