//! `explain`: per object and policy, what decided.

use crate::pack::{self, STREAM};
use crate::program::{Folder, Run};

const DETAILED: &str = "\
apiVersion: fixative.dev/v1alpha1
kind: Policy
metadata: {name: detailed}
spec:
  title: T
  severity: low
  action: Warn
  match: {components: [app]}
  params: {type: object, properties: {wanted: {type: string, default: v9}}}
  variables:
    - {name: image, expression: \"containers[0].image\"}
    - {name: claim, expression: \"volumes['data'].persistent\"}
    - {name: peers, expression: \"world.list('v1', 'ConfigMap', '').size()\"}
  rules:
    - name: newest
      at: containers[app]
      where: variables.image != '' && variables.image.endsWith(params.wanted) && variables.claim
      assert: \"false\"
    - name: volumes
      at: spec.volumes[name=data]
      assert: \"true\"
    - name: elsewhere
      match: {kinds: [Deployment.apps]}
      assert: \"false\"
    - name: switched
      subject: Object
      where: params.wanted == 'v8' && object.kind != 'List'
      assert: \"false\"
    - name: at-admission
      doors: [admission]
      assert: \"false\"
";

fn folder() -> Folder {
    pack::folder().with("pack/detailed.yaml", DETAILED)
}

fn explain(folder: &Folder, more: &[&str], stdin: &str) -> Run {
    folder.run(&[&["explain", "--policies", "pack"], more].concat(), stdin)
}

#[test]
fn every_rule_says_what_decided() {
    let run = explain(&folder(), &[], STREAM);
    assert_eq!(run.status, 0, "{}", run.stderr);
    insta::assert_snapshot!(run.stdout);
}

#[test]
fn one_policy_or_one_object_can_be_asked_for() {
    let folder = folder();
    let run = explain(
        &folder,
        &["--policy", "link*", "--object", "service/photos"],
        STREAM,
    );
    insta::assert_snapshot!(run.stdout);
    explain(&folder, &["--policy", "lnks"], STREAM).cannot_answer(&["there is no policy lnks", "links"]);
    explain(&folder, &["--object", "Pod/gone"], STREAM).cannot_answer(&["there is no object Pod/gone"]);
}

#[test]
fn inactive_and_exempt_say_why() {
    let config = "apiVersion: fixative.dev/v1alpha1\nkind: Config\npacks: [{path: pack}]\npolicies: {tagged: {enabled: false}}\nexemptions: [{policies: [links], reason: one node}]\n";
    let folder = pack::folder().with("fixative.yaml", config);
    let run = folder.run(&["explain", "-v", "--object", "Pod/*"], STREAM);
    insta::assert_snapshot!(run.stdout);
}
