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
    let expected = folder.run(&["render", "--policies", "pack", "in"], "");
    let patched = folder.program("/bin/sh", &["-c", "patch -p0 --binary"]);
    let mut patched = patched;
    // Where patch(1) is not installed the snapshot says it all.
    if let Ok(output) = patched.write_stdin(run.stdout).output()
        && output.status.success()
    {
        let texts = ["a", "b", "same"]
            .map(|name| fs::read_to_string(folder.path(&format!("in/{name}.yaml"))).unwrap());
        let joined = texts.concat().replace(
            "  enableServiceLinks: false\r\n",
            "  enableServiceLinks: false\r\n",
        );
        for part in expected.stdout.split("---\n").filter(|part| !part.is_empty()) {
            assert!(joined.contains(part), "{part:?} is not in {joined:?}");
        }
        let again = diff(&folder, &["in"], "");
        assert_eq!((again.status, again.stdout.as_str()), (0, ""), "{}", again.stderr);
    }
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
