//! `render`: what comes out, what is said, and every way in which it cannot be answered.

use crate::pack::{self, STREAM, denied};
use crate::program::{Folder, Run};

const RENDER: [&str; 3] = ["render", "--policies", "pack"];

fn render(folder: &Folder, more: &[&str], stdin: impl Into<Vec<u8>>) -> Run {
    folder.run(&[&RENDER, more].concat(), stdin)
}

fn repaired() -> String {
    STREAM.replace(
        "    image: example.com/photos:v1\n",
        "    image: example.com/photos:v1\n  enableServiceLinks: false\n",
    )
}

#[test]
fn the_repaired_stream_comes_out_and_every_change_is_said() {
    let run = render(&pack::folder(), &[], STREAM);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(run.stdout, repaired());
    let lines: Vec<&str> = run.stderr.lines().collect();
    assert_eq!(lines.len(), 3, "{}", run.stderr);
    assert!(
        lines[0].starts_with("fixative: no configuration file, policies "),
        "{}",
        run.stderr
    );
    assert_eq!(
        lines[0].len(),
        "fixative: no configuration file, policies ".len() + 12
    );
    assert_eq!(
        lines[1],
        "change: Pod photos: add spec.enableServiceLinks: false (links/disable: Pods get no service-link variables)"
    );
    assert_eq!(lines[2], "fixative: 1 change in 1 object");
}

#[test]
fn what_came_out_goes_in_and_stays() {
    let folder = pack::folder();
    let run = render(&folder, &[], repaired());
    assert_eq!((run.status, run.stdout), (0, repaired()));
    assert!(
        run.stderr.ends_with("fixative: nothing to change\n"),
        "{}",
        run.stderr
    );
    let quiet = render(&folder, &["-q"], STREAM);
    assert_eq!((quiet.stdout, quiet.stderr.as_str()), (repaired(), ""));
}

#[test]
fn one_policy_file_brings_the_components_beside_it() {
    let run = pack::folder().run(&["render", "--policies", "pack/links.yaml"], denied());
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stdout.contains("enableServiceLinks: false"), "{}", run.stderr);
}

#[test]
fn a_finding_that_denies_leaves_stdout_empty() {
    let folder = pack::folder();
    let run = render(&folder, &[], denied());
    assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{}", run.stderr);
    for part in [
        "error[tagged/tag]: the image of main has no tag",
        "--> <stdin>:9:",
        "rendered by photos/templates/pod.yaml",
        "1 finding denies, so nothing was written",
    ] {
        assert!(run.stderr.contains(part), "no {part:?} in\n{}", run.stderr);
    }
    let passed = [
        render(&folder, &["--on-deny", "warn"], denied()),
        Run::of(
            folder
                .command(&RENDER)
                .env("FIXATIVE_ON_DENY", "warn")
                .write_stdin(denied()),
        ),
    ];
    for run in passed {
        assert_eq!(run.status, 0, "{}", run.stderr);
        assert!(run.stdout.contains("enableServiceLinks: false"));
        assert!(
            run.stderr
                .contains("warning[tagged/tag]: the image of main has no tag"),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn a_secret_is_named_and_not_shown() {
    let env = "    env: [{name: PASSWORD, value: hunter2}]\n";
    let stream = denied().replace("    image:", &format!("{env}    image:"));
    let run = render(&pack::folder(), &["-v"], stream);
    assert_eq!(run.status, 1, "{}", run.stderr);
    assert!(
        run.stderr
            .contains("warning[secret/literal]: PASSWORD stands in the manifest"),
        "{}",
        run.stderr
    );
    assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
}

#[test]
fn files_folders_and_stdin_are_read_in_order() {
    let folder = pack::folder()
        .with("in/b.yaml", "kind: B\napiVersion: v1")
        .with("in/a.yml", "kind: A\napiVersion: v1\n")
        .with("c.json", "{\"kind\": \"C\", \"apiVersion\": \"v1\"}\n");
    let run = render(&folder, &["in", "-", "c.json"], "---\nkind: S\napiVersion: v1\n");
    let expected = "kind: A\napiVersion: v1\n---\nkind: B\napiVersion: v1\n---\nkind: S\napiVersion: v1\n---\n{\"kind\": \"C\", \"apiVersion\": \"v1\"}\n";
    assert_eq!((run.status, run.stdout.as_str()), (0, expected), "{}", run.stderr);
}

#[test]
fn nothing_in_is_nothing_out_and_a_comment_for_helm_4() {
    let folder = pack::folder();
    for empty in ["", "\n", "---\n"] {
        let run = render(&folder, &[], empty);
        assert_eq!((run.status, run.stdout.as_str()), (0, empty), "{}", run.stderr);
        let run = render(&folder, &["--helm4"], empty);
        assert_eq!(
            (run.status, run.stdout.as_str()),
            (0, "# fixative: no objects came in\n")
        );
    }
}

#[test]
fn no_arguments_and_a_pipe_is_render() {
    let run = Folder::new().run(&[], "");
    assert_eq!((run.status, run.stdout.as_str()), (0, ""), "{}", run.stderr);
    let config = "apiVersion: fixative.dev/v1alpha1\nkind: Config\npacks: [{path: pack}]\n";
    let folder = pack::folder().with("fixative.yaml", config);
    let run = folder.run(&[], STREAM);
    assert_eq!((run.status, run.stdout), (0, repaired()), "{}", run.stderr);
    assert!(
        run.stderr
            .starts_with("fixative: configuration ./fixative.yaml, policies "),
        "{}",
        run.stderr
    );
}

#[test]
fn bad_input_is_status_2_with_its_place() {
    let folder = pack::folder();
    let pod = "apiVersion: v1\nkind: Pod\nspec:\n  containers: [{image: photos";
    let deep = format!("{pod}}}]\n  x: {}1{}\n", "[".repeat(10_000), "]".repeat(10_000));
    let bomb: String = (1..12)
        .map(|n| {
            format!(
                "  a{n}: &a{n} [{}]\n",
                vec![format!("*a{}", n - 1); 10].join(", ")
            )
        })
        .collect();
    let bomb = format!("{pod}}}]\n  a0: &a0 [x, x]\n{bomb}");
    let cases: [(Vec<u8>, &[&str]); 7] = [
        (format!("{pod}\n").into_bytes(), &["error[", "--> <stdin>:", "^"]),
        (
            format!("{pod}}}]\n bad: - x\n").into_bytes(),
            &["error[", "--> <stdin>:5:"],
        ),
        (
            b"photos: \xff\xfe\n".to_vec(),
            &["not UTF-8", "byte 8 (line 1, column 9)"],
        ),
        (b"photos: \xf0\x9f".to_vec(), &["cut off at the end"]),
        (b"\x7fELF\x02\x01\x00photos\x80".to_vec(), &["not UTF-8"]),
        (deep.into_bytes(), &["error[", "--> <stdin>:5"]),
        (bomb.into_bytes(), &["error[", "--> <stdin>:"]),
    ];
    for (stdin, parts) in cases {
        render(&folder, &[], stdin).cannot_answer(parts);
    }
    render(&folder, &["nowhere.yaml"], "").cannot_answer(&["cannot read nowhere.yaml"]);
    render(&folder, &["-", "-"], "").cannot_answer(&["only once"]);
}

#[test]
fn bad_policies_and_configurations_are_status_2() {
    let folder = pack::folder()
        .with("notes.yaml", "just: notes\n")
        .with("empty/readme.txt", "")
        .with(
            "bad.yaml",
            "apiVersion: fixative.dev/v1alpha1\nkind: Config\npolicys: {}\n",
        );
    let cases: [(&[&str], &[&str]); 6] = [
        (
            &["render", "--config", "nowhere.yaml"],
            &["cannot read nowhere.yaml"],
        ),
        (
            &["render", "--config", "bad.yaml"],
            &["bad.yaml:3:1", "policys", "policies"],
        ),
        (&["render", "--policies", "nowhere"], &["cannot read nowhere"]),
        (&["render", "--policies", "notes.yaml"], &["notes.yaml"]),
        (&["render", "--policies", "empty"], &["empty holds no policy"]),
        (
            &["render", "--policies", "pack", "--param", "links.colour=red"],
            &["colour"],
        ),
    ];
    for (arguments, parts) in cases {
        folder.run(arguments, STREAM).cannot_answer(parts);
    }
}

#[test]
fn two_policies_that_fight_are_status_2() {
    let fight = |name: &str, value: bool| {
        format!(
            "apiVersion: fixative.dev/v1alpha1\nkind: Policy\nmetadata: {{name: {name}}}\nspec:\n  title: T\n  severity: low\n  action: Warn\n  match: {{components: [app]}}\n  rules:\n    - name: set\n      merge: {{spec: {{hostIPC: {value}}}}}\n"
        )
    };
    let folder = pack::folder()
        .with("pack/share.yaml", fight("share", true))
        .with("pack/keep.yaml", fight("keep", false));
    render(&folder, &[], STREAM).cannot_answer(&["share/set", "keep/set", "nothing was written"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_and_a_closed_pipe_are_status_2() {
    use crate::program::shell;
    let folder = pack::folder().with("in.yaml", STREAM);
    let lines = [
        "\"$0\" render --policies pack in.yaml > /dev/full",
        "{ sleep 0.3; \"$0\" render --policies pack in.yaml; echo $? >&2; } | :",
    ];
    for line in lines {
        let run = shell(&folder, line);
        assert!(
            run.stderr.contains("cannot write to standard output"),
            "{line}: {}",
            run.stderr
        );
        assert!(
            run.status == 2 || run.stderr.ends_with("2\n"),
            "{line}: {} {}",
            run.status,
            run.stderr
        );
    }
}
