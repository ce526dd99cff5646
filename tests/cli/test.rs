//! `fixative test` on a user's own pack.

use crate::pack;
use crate::program::Folder;

const HEAD: &str = "apiVersion: fixative.dev/v1alpha1\nkind: Test\ncases:\n";

const POD: &str = "{apiVersion: v1, kind: Pod, metadata: {name: photos}, spec: {containers: [{name: main, image: 'photos:v1'}]}}";

fn folder(cases: &str) -> Folder {
    let cases = cases.replace("POD", POD);
    pack::folder().with("pack/links.test.yaml", format!("{HEAD}{cases}"))
}

#[test]
fn cases_that_hold_pass() {
    let folder = folder(
        "
  - name: the field is added
    object: POD
    expect:
      becomes: {spec: {enableServiceLinks: false, containers: [{name: main}], nodeName: null}}
      unchanged: false
      findings: []
  - name: nothing else changes
    object: POD
    expect:
      patch: [{op: add, path: /spec/enableServiceLinks, value: false}]
  - name: an object of nobody's rests
    object: {apiVersion: v1, kind: Pod, metadata: {name: x}, spec: {containers: [{name: main, image: busybox}]}}
    expect: {unchanged: true, findings: []}
  - name: a policy can be switched off
    config: {policies: {links: {enabled: false}}}
    object: POD
    expect: {unchanged: true}
  - name: streams and findings
    stream: |
      apiVersion: v1
      kind: Pod
      metadata: {name: photos}
      spec: {containers: [{name: main, image: photos}]}
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: photos}
    expect:
      becomes: [{kind: Pod, spec: {enableServiceLinks: false}}, {kind: Service}]
      findings: [{rule: tagged/tag, action: Deny, at: 'containers[name=main]', message: the image of main has no tag}]
  - name: files beside the test
    file: in/pod.yaml
    expect: {becomes: {spec: {enableServiceLinks: false}}}
",
    )
    .with("pack/in/pod.yaml", POD);
    let run = folder.run(&["test", "pack"], "");
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    assert!(
        run.stdout
            .starts_with("ok    pack/links.test.yaml: the field is added\n"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.ends_with("\n6 cases pass\n"), "{}", run.stdout);
    let one = folder.run(&["test", "-q", "pack/links.test.yaml"], "");
    assert_eq!(
        (one.status, one.stdout.as_str()),
        (0, "6 cases pass\n"),
        "{}",
        one.stderr
    );
}

#[test]
fn a_case_that_does_not_hold_shows_what_differs() {
    let folder = folder(
        "
  - name: wrong
    object: POD
    expect:
      becomes: {spec: {enableServiceLinks: true, hostname: x}}
      unchanged: true
      findings: [{rule: tag, at: spec}]
",
    );
    let run = folder.run(&["test", "pack"], "");
    let expected = "\
FAIL  pack/links.test.yaml:5: wrong
      Pod photos, spec.enableServiceLinks:
        expected  true
        found     false
      Pod photos, spec.hostname:
        expected  \"x\"
        found     nothing
      nothing was to change:
        add spec.enableServiceLinks: false
      this finding was not made: tag at spec
0 cases pass, 1 fails
";
    assert_eq!((run.status, run.stdout.as_str()), (1, expected), "{}", run.stderr);
}

#[test]
fn a_test_file_that_is_none_is_status_2() {
    let cases = [
        ("  - {name: a, object: POD, expect: {become: {}}}\n", "become"),
        ("  - {object: POD, expect: {unchanged: true}}\n", "name"),
        ("  - [\n", "error["),
    ];
    for (text, part) in cases {
        let run = folder(text).run(&["test", "pack"], "");
        assert_eq!(run.status, 2, "{text}: {}", run.stderr);
        assert!(
            run.stderr.contains("pack/links.test.yaml:") && run.stderr.contains(part),
            "{}",
            run.stderr
        );
    }
    pack::folder()
        .run(&["test", "pack/links.yaml"], "")
        .cannot_answer(&["pack/links.yaml is no test"]);
    let none = pack::folder().run(&["test", "pack"], "");
    assert_eq!(none.status, 2);
    assert!(none.stderr.contains("there are no tests here"), "{}", none.stderr);
}

#[test]
fn a_case_that_makes_no_sense_fails() {
    let folder = folder("  - {name: a, expect: {unchanged: true}}\n  - {name: b, object: POD, expect: {}}\n");
    let run = folder.run(&["test", "pack"], "");
    assert_eq!(run.status, 1, "{}", run.stderr);
    assert!(
        run.stdout.contains("give one of object, stream and file"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("it expects nothing"), "{}", run.stdout);
}

#[test]
fn cases_may_list_the_findings_of_some_policies() {
    const CASE: &str = "
  - name: an image without a tag
    object: {apiVersion: v1, kind: Pod, metadata: {name: photos}, spec: {containers: [{name: main, image: photos}]}}
    expect: {unchanged: false, findings: []}
";
    let told = |policies: &str| {
        let head = HEAD.replace("cases:", &format!("{policies}cases:"));
        let folder = pack::folder().with("pack/links.test.yaml", format!("{head}{CASE}"));
        let run = folder.run(&["test", "pack"], "");
        (run.status, format!("{}{}", run.stdout, run.stderr))
    };
    let (status, text) = told("policies: [links]\n");
    assert_eq!(status, 0, "{text}");
    let (status, text) = told("policies: [links, tagged]\n");
    assert!(
        status == 1 && text.contains("this finding was not expected: tagged/tag"),
        "{text}"
    );
    let (status, text) = told("policies: [link]\n");
    assert!(
        status == 1 && text.contains("policies: there is no policy link"),
        "{text}"
    );
}
