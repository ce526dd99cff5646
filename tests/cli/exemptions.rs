//! Exemptions: what they do, and how those are found that exempt nothing any more.

use serde_json::Value;

use crate::pack::{self, STREAM};
use crate::program::Run;

const HEAD: &str = "apiVersion: fixative.dev/v1alpha1\nkind: Config\npacks: [{path: pack}]\nexemptions:\n";

fn check(exemptions: &str, more: &[&str]) -> Run {
    let folder = pack::folder().with("fixative.yaml", format!("{HEAD}{exemptions}"));
    folder.run(&[&["check"], more].concat(), STREAM)
}

#[test]
fn what_covers_something_is_counted_and_not_reported() {
    let run = check(
        "  - {policies: [links], match: {names: [photo*]}, reason: one node}\n",
        &[],
    );
    assert_eq!((run.status, run.stdout.as_str()), (0, ""), "{}", run.stderr);
    assert!(
        run.stderr
            .ends_with("fixative: 2 objects: nothing denies, 1 exempt\n"),
        "{}",
        run.stderr
    );
    assert!(!run.stderr.contains("exemption"), "{}", run.stderr);
    // Each of two that cover the same object has a reason to be there.
    let twice =
        "  - {policies: [links], reason: a}\n  - {policies: ['l*'], match: {kinds: [Pod]}, reason: b}\n";
    let run = check(twice, &[]);
    assert!(!run.stderr.contains("exempts nothing"), "{}", run.stderr);
}

#[test]
fn what_covers_nothing_or_is_over_is_reported_with_its_line() {
    let exemptions = "  - {policies: [links], match: {names: [gone]}, reason: old phone app}\n  - {policies: [links], reason: until spring, until: 2020-03-01}\n";
    let run = check(exemptions, &[]);
    assert_eq!(run.status, 1, "one that is over exempts nothing: {}", run.stderr);
    let said: Vec<&str> = run.stderr.lines().skip(1).collect();
    insta::assert_snapshot!(said.join("\n"));
    let json = check(exemptions, &["--format", "json"]).stdout;
    let found: Value = serde_json::from_str(&json).unwrap();
    let stale = found["staleExemptions"].as_array().unwrap();
    assert_eq!(stale.len(), 2);
    assert_eq!(
        (&stale[0]["over"], &stale[1]["over"]),
        (&Value::from(false), &Value::from(true))
    );
    assert_eq!(
        (&stale[1]["line"], &stale[1]["until"]),
        (&Value::from(6), &Value::from("2020-03-01"))
    );
    let github = check(exemptions, &["--format", "github"]).stdout;
    assert!(
        github.contains("::warning file=fixative.yaml,line=5,title=exemption::"),
        "{github}"
    );
    let folder = pack::folder().with("fixative.yaml", format!("{HEAD}{exemptions}"));
    let rendered = folder.run(&["render"], STREAM).stderr;
    let note = "note: ./fixative.yaml:6:5: the exemption from links (until spring) ended on 2020-03-01\n";
    assert!(
        rendered.contains(note) && !rendered.contains("exempts nothing"),
        "{rendered}"
    );
    let quiet = check(exemptions, &["-q"]);
    assert_eq!(quiet.stderr, "");
}

#[test]
fn an_exemption_by_annotation_is_counted_too() {
    let stream = STREAM.replace(
        "  name: photos   # the one\n",
        "  name: photos\n  annotations: {fixative.dev/exempt: links}\n",
    );
    let folder = pack::folder();
    let run = folder.run(&["check", "--policies", "pack", "--format", "json"], stream);
    let found: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(found["exempt"][0]["policy"], "links");
    assert_eq!(
        found["exempt"][0]["reason"],
        "exempt by its annotation fixative.dev/exempt"
    );
}

#[test]
fn a_wrong_exemption_is_status_2_with_its_place() {
    let cases: [(&str, &[&str]); 4] = [
        (
            "  - {policies: [lnks], reason: x}\n",
            &["fixative.yaml:5:", "there is no policy `lnks`", "links"],
        ),
        (
            "  - {policies: [links], match: {names: [1]}, reason: x}\n",
            &["fixative.yaml:5:"],
        ),
        (
            "  - {policies: [links], reason: x, until: soon}\n",
            &["fixative.yaml:5:", "`soon` is no day"],
        ),
        ("  - {policies: [links]}\n", &["fixative.yaml:5:", "reason"]),
    ];
    for (exemption, parts) in cases {
        check(exemption, &[]).cannot_answer(parts);
    }
}

#[test]
fn severities_and_actions_are_the_configurations() {
    let config = "apiVersion: fixative.dev/v1alpha1\nkind: Config\npacks: [{path: pack}]\npolicies: {links: {severity: low, action: Audit}}\n";
    let folder = pack::folder().with("fixative.yaml", config);
    let run = folder.run(&["check", "--format", "json"], STREAM);
    let found: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(run.status, 0, "{}", run.stderr);
    let finding = &found["findings"][0];
    assert_eq!(
        (&finding["severity"], &finding["action"]),
        (&Value::from("low"), &Value::from("Audit"))
    );
    assert_eq!(folder.run(&["check"], STREAM).stdout, "", "people see it with -v");
    let verbose = folder.run(&["check", "-v"], STREAM);
    assert!(
        verbose.stdout.starts_with("audit[links/disable]: "),
        "{}",
        verbose.stdout
    );
    assert_eq!(folder.run(&["check", "--fail-on", "audit"], STREAM).status, 1);
}
