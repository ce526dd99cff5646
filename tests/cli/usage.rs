//! Help, completions, man pages and usage errors.

use crate::program::{Folder, shell};

#[test]
fn help_teaches_with_examples() {
    let folder = Folder::new();
    let cases: [(&[&str], &[&str]); 12] = [
        (
            &["--help"],
            &[
                "--post-renderer fixative",
                "Exit status",
                "policies list",
                "render",
            ],
        ),
        (
            &["render", "--help"],
            &[
                "--on-deny",
                "--facts",
                "kubectl get",
                "FIXATIVE_CONFIG",
                "stdout is empty",
            ],
        ),
        (
            &["check", "--help"],
            &[
                "--format sarif",
                "--fail-on",
                "--cluster",
                "'apps/**/*.yaml'",
                "Exit status",
            ],
        ),
        (
            &["diff", "--help"],
            &["FIXATIVE_DIFF=meld", "patch -p0", "Exit status"],
        ),
        (
            &["explain", "--help"],
            &["--policy", "--object Deployment/immich-server"],
        ),
        (&["test", "--help"], &["kind: Test", "expect:", ".test.yaml"]),
        (
            &["policies", "--help"],
            &["schema config", "policies show nvme-affinity"],
        ),
        (
            &["audit", "--help"],
            &[
                "--snapshot",
                "--kubeconfig",
                "--format json",
                "Exit status",
                "--door audit",
            ],
        ),
        (&["policies", "docs", "--help"], &["Markdown", "policies/mine"]),
        (&["policies", "rbac", "--help"], &["Secrets", "--door audit"]),
        (
            &["policies", "webhook-rules", "--help"],
            &["webhooks[].rules", "--policies mine"],
        ),
        (&["last", "--help"], &["FIXATIVE_REPORT"]),
    ];
    for (arguments, parts) in cases {
        let run = folder.run(arguments, "");
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{arguments:?}");
        for part in parts {
            assert!(
                run.stdout.contains(part),
                "{arguments:?}: no {part:?} in\n{}",
                run.stdout
            );
        }
    }
    assert!(folder.run(&["--version"], "").stdout.starts_with("fixative 0."));
}

#[test]
fn usage_errors_are_status_2_and_say_what_to_write() {
    let folder = Folder::new();
    let cases: [(&[&str], &str); 10] = [
        (&["rendr"], "'render'"),
        (&["--on-deny=warn"], "unexpected argument"),
        (
            &["render", "--on-deny", "perhaps"],
            "[possible values: deny, warn]",
        ),
        (&["render", "--param", "path=/data"], "write POLICY.NAME=VALUE"),
        (&["render", "--namespace", "Photos"], "lower-case"),
        (&["render", "--kube-version", "latest"], "two or three numbers"),
        (&["render", "--quiet", "--verbose"], "cannot be used with"),
        (&["policies", "schema", "polici"], "'policy'"),
        (&["policies"], "list"),
        (
            &["man", "nothing"],
            "there is no command nothing; there are render",
        ),
    ];
    for (arguments, part) in cases {
        folder.run(arguments, "").cannot_answer(&[part]);
    }
}

#[test]
fn completions_and_man_pages_are_printed() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = folder.run(&["completions", shell], "");
        assert_eq!(run.status, 0, "{shell}");
        assert!(run.stdout.contains("on-deny"), "{shell}");
    }
    let page = folder.run(&["man"], "").stdout;
    assert!(page.contains(".TH fixative 1"), "{page}");
    let page = folder.run(&["man", "render"], "").stdout;
    assert!(page.contains(".TH fixative-render 1"), "{page}");
    assert!(page.contains("on\\-deny"), "{page}");
}

#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_does_not_get_out_is_status_2() {
    let folder = Folder::new();
    let broken = [
        "\"$0\" man > /dev/full",
        "\"$0\" completions bash > /dev/full",
        "\"$0\" --help > /dev/full",
        "{ sleep 0.3; \"$0\" completions bash; echo $? >&2; } | :",
    ];
    for line in broken {
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
