//! `policies list`, `show`, `schema` and `docs`.

use std::fs;
use std::path::Path;

use crate::pack;
use crate::program::Folder;

#[test]
fn what_is_loaded_is_listed() {
    let run = pack::folder().run(&["policies", "list", "--policies", "pack"], "");
    assert_eq!(run.status, 0, "{}", run.stderr);
    let expected = "\
NAME    SEVERITY  STATE   TITLE
links   high      active  Pods get no service-link variables
secret  medium    active  No password in a manifest
tagged  high      active  Images are pinned
";
    assert_eq!(run.stdout, expected);
}

#[test]
fn one_policy_is_shown() {
    let folder = pack::folder();
    let run = folder.run(&["policies", "show", "links", "--policies", "pack"], "");
    assert_eq!(run.status, 0, "{}", run.stderr);
    let expected = "\
links: Pods get no service-link variables

  severity  high
  state     active
  pack      mine 0.1.0
  file      pack/links.yaml

A Service named photos would set PHOTOS_PORT to tcp://….

Rules
  disable: merge; Deny, unknown Audit
";
    assert_eq!(run.stdout, expected);
    folder
        .run(&["policies", "show", "link", "--policies", "pack"], "")
        .cannot_answer(&["there is no policy link; did you mean links?"]);
}

#[test]
fn every_kind_of_file_has_a_schema() {
    let folder = pack::folder();
    for kind in ["policy", "pack", "config", "test"] {
        let run = folder.run(&["policies", "schema", kind], "");
        let schema: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(run.status, 0);
        assert!(
            schema
                .get("properties")
                .is_some_and(|all| all.get("kind").is_some()),
            "{kind}: {schema}"
        );
    }
}

/// A policy with what a page could get wrong, in its words and in its values.
const SIZES: &str = r#"apiVersion: fixative.dev/v1alpha1
kind: Policy
metadata: {name: sizes}
spec:
  title: Pods are <b>small</b> | never *large*
  description: |
    Why it exists.

    More of it.
  sources: ["https://example.com/sizes (what *fits*)", "The manual of <sizes>, page 3"]
  severity: low
  action: Warn
  match: {components: ["*"], kinds: [Pod, Deployment.apps]}
  params:
    type: object
    required: [most]
    properties:
      most: {description: "How much, a | b.", type: integer}
      units: {type: array, items: {type: string, enum: [Mi, Gi]}, default: [Mi]}
      like: {type: string, pattern: "^(a|b)?$", default: ""}
  rules:
    - name: tick
      action: Deny
      unknown: Warn
      doors: [render, check]
      assert: "params.most > 3"
      message: a `tick` of $(params.most)
    - name: label
      match: {kinds: [Pod]}
      merge: {metadata: {annotations: {example.com/most: "```"}}}
"#;

const SIZES_TEST: &str = "\
apiVersion: fixative.dev/v1alpha1
kind: Test
policies: [sizes]
cases:
  - name: without the parameter nothing happens
    object: &pod {apiVersion: v1, kind: Pod, metadata: {name: photos}, spec: {containers: [{name: main, image: photos}]}}
    expect: {unchanged: true}
  - name: a Pod gets the annotation
    config: {policies: {sizes: {params: {most: 4}}}}
    object: *pod
    expect: {findings: []}
";

const SECRET_TEST: &str = "\
apiVersion: fixative.dev/v1alpha1
kind: Test
cases:
  - name: a password is found
    object: {apiVersion: v1, kind: Pod, metadata: {name: photos}, spec: {containers: [{name: main, image: photos, env: [{name: PASSWORD, value: hunter2}]}]}}
    expect: {findings: []}
";

const ALL_TEST: &str = "\
apiVersion: fixative.dev/v1alpha1
kind: Test
cases:
  - name: a Pod without a tag
    object: {apiVersion: v1, kind: Pod, metadata: {name: photos}, spec: {enableServiceLinks: false, containers: [{name: main, image: photos}]}}
    expect: {findings: []}
";

#[test]
fn a_page_tells_all_policies_of_a_pack() {
    let folder = pack::folder()
        .with("pack/sizes.yaml", SIZES)
        .with("pack/sizes.test.yaml", SIZES_TEST)
        .with("pack/secret.test.yaml", SECRET_TEST)
        .with("pack/all.test.yaml", ALL_TEST);
    let run = folder.run(&["policies", "docs", "pack"], "");
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert!(!run.stdout.contains("hunter2"), "{}", run.stdout);
    insta::assert_snapshot!(run.stdout);
}

#[test]
fn a_page_of_what_is_no_pack_is_an_error() {
    let folder = pack::folder().with("empty/notes.txt", "");
    folder
        .run(&["policies", "docs", "empty"], "")
        .cannot_answer(&["empty"]);
    let broken = pack::folder().with("pack/broken.test.yaml", "kind: Test\n");
    broken
        .run(&["policies", "docs", "pack"], "")
        .cannot_answer(&["broken.test.yaml"]);
}

#[test]
fn the_reference_is_what_the_program_prints() {
    let run = Folder::new().run(&["policies", "docs"], "");
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/policy-reference.md");
    // Not assert_eq: nobody wants to read the page twice.
    assert!(
        fs::read_to_string(page).unwrap() == run.stdout,
        "docs/policy-reference.md is stale: run `make reference` and commit what it writes"
    );
}

#[test]
fn every_policy_of_the_pack_says_where_it_can_be_read_up() {
    let page = Folder::new().run(&["policies", "docs"], "").stdout;
    let sections: Vec<&str> = page.split("\n## ").skip(1).collect();
    assert_eq!(sections.len(), 19, "{page}");
    for section in sections {
        assert!(section.contains("\n- Sources:\n  - <https://"), "{section}");
    }
}
