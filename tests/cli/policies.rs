//! `policies list`, `show` and `schema`.

use crate::pack;

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
