//! `diff`: what render would change, for people, for patch(1) and for a tool.

use std::fs;

use crate::pack::{self, STREAM};
use crate::program::{Folder, Run};

fn diff(folder: &Folder, more: &[&str], stdin: &str) -> Run {
    folder.run(&[&["diff", "--policies", "pack"], more].concat(), stdin)
}

#[test]
fn a_unified_diff_is_what_patch_takes() {
    let stream = format!("{STREAM}{}", STREAM.replace("name: photos ", "name: second "));
    let folder = pack::folder()
        .with("in/a.yaml", &stream)
        .with("in/b.yaml", STREAM.replace('\n', "\r\n"))
        .with("in/same.yaml", "kind: A\napiVersion: v1\n");
    let run = diff(&folder, &["in"], "");
    assert_eq!(run.status, 1, "{}", run.stderr);
    insta::assert_snapshot!(run.stdout.replace('\r', "␍"));
    for (name, diff) in ["in/a.yaml", "in/b.yaml"]
        .iter()
        .zip(run.stdout.split("--- ").skip(1))
    {
        let old = fs::read_to_string(folder.path(name)).unwrap();
        let expected = folder.run(&["render", "--policies", "pack", name], "");
        assert_eq!(patched(&old, diff), expected.stdout, "{name}");
    }
}

/// The text with the hunks of a unified diff applied, as strictly as can be: each line where the hunk says.
fn patched(old: &str, diff: &str) -> String {
    let old: Vec<&str> = old.split_inclusive('\n').collect();
    let (mut new, mut at) = (String::new(), 0);
    for line in diff.split_inclusive('\n').skip(2) {
        if let Some(header) = line.strip_prefix("@@ -") {
            let start: usize = header.split([',', ' ']).next().unwrap().parse().unwrap();
            new.extend(old[at..start - 1].iter().copied());
            at = start - 1;
            continue;
        }
        let (sign, text) = line.split_at(1);
        if sign != "+" {
            assert_eq!(old[at], text, "line {}", at + 1);
            at += 1;
        }
        if sign != "-" {
            new += text;
        }
    }
    new.extend(old[at..].iter().copied());
    new
}

#[test]
fn nothing_to_change_is_status_0() {
    let folder = pack::folder();
    let rendered = folder.run(&["render", "--policies", "pack"], STREAM).stdout;
    let run = diff(&folder, &[], &rendered);
    assert_eq!((run.status, run.stdout.as_str()), (0, ""), "{}", run.stderr);
    assert!(
        run.stderr.ends_with("fixative: nothing to change\n"),
        "{}",
        run.stderr
    );
}

#[test]
fn colours_are_for_terminals() {
    let folder = pack::folder();
    assert!(!diff(&folder, &[], STREAM).stdout.contains('\u{1b}'));
    let colored = diff(&folder, &["--color", "always"], STREAM).stdout;
    assert!(
        colored.contains("\u{1b}[1m\u{1b}[92m+  enableServiceLinks: false"),
        "{colored:?}"
    );
}

#[test]
fn a_tool_gets_two_folders_with_what_differs() {
    let folder = pack::folder()
        .with("in/a.yaml", STREAM)
        .with("in/same.yaml", "kind: A\napiVersion: v1\n");
    let with = |tool: &str, stream: &str| {
        let mut command = folder.command(&["diff", "--policies", "pack", "in", "-"]);
        Run::of(command.env("FIXATIVE_DIFF", tool).write_stdin(stream))
    };
    let run = with("diff -r -U0", STREAM);
    assert_eq!(run.status, 1, "{}", run.stderr);
    assert_eq!(
        run.stdout.matches("+  enableServiceLinks: false\n").count(),
        2,
        "{}",
        run.stdout
    );
    assert!(
        run.stdout.contains("after/0000-in_a.yaml") && run.stdout.contains("0001-_stdin_"),
        "{}",
        run.stdout
    );
    assert!(!run.stdout.contains("same"), "{}", run.stdout);
    with("no-such-tool", STREAM).cannot_answer(&["cannot compare with no-such-tool"]);
    with("sh -c 'exit 3'", STREAM).cannot_answer(&["FIXATIVE_DIFF names: it ended with status"]);
}
