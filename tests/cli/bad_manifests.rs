//! Input that check, diff and explain must not stumble over.

use serde_json::Value;

use crate::pack::{self, STREAM, denied};
use crate::program::{Folder, Run};

fn check(folder: &Folder, more: &[&str], stdin: impl Into<Vec<u8>>) -> Run {
    folder.run(
        &[&["check", "--policies", "pack", "--format", "json"], more].concat(),
        stdin,
    )
}

fn findings(run: &Run) -> Vec<Value> {
    let found: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}", run.stderr));
    found["findings"].as_array().unwrap().clone()
}

/// A policy that asks for a ConfigMap by a name that another one gives.
const ASKS: &str = "\
apiVersion: fixative.dev/v1alpha1
kind: Policy
metadata: {name: asks}
spec:
  title: T
  severity: low
  action: Warn
  unknown: Warn
  match: {components: [app]}
  rules:
    - name: colour
      assert: world.get('v1', 'ConfigMap', '', 'colours').orValue({}).?data.?ours.orValue('') == 'red'
";

fn colours(ours: &str) -> String {
    format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: colours}}\ndata: {{ours: {ours}}}\n")
}

#[test]
fn broken_facts_are_status_2_with_their_place() {
    let folder = pack::folder()
        .with("facts.yaml", "apiVersion: v1\nkind: [\n")
        .with("binary.yaml", [0xff, 0xfe, 0x00]);
    for command in ["check", "diff", "explain"] {
        let run = |facts: &str| folder.run(&[command, "--policies", "pack", "--facts", facts], STREAM);
        run("facts.yaml").cannot_answer(&["facts.yaml:"]);
        run("binary.yaml").cannot_answer(&["binary.yaml is not UTF-8"]);
        run("nowhere.yaml").cannot_answer(&["cannot read nowhere.yaml"]);
    }
}

#[test]
fn the_stream_counts_where_facts_say_otherwise() {
    let folder = pack::folder()
        .with("pack/asks.yaml", ASKS)
        .with("facts.yaml", colours("blue"));
    let asked = |run: &Run| findings(run).iter().any(|finding| finding["policy"] == "asks");
    let facts = ["--facts", "facts.yaml"];
    assert!(asked(&check(&folder, &facts, STREAM)), "the facts say blue");
    assert!(
        !asked(&check(&folder, &facts, format!("{STREAM}{}", colours("red")))),
        "the stream says red"
    );
    assert!(asked(&check(&folder, &[], STREAM)), "nobody knows");
}

#[test]
fn the_same_object_twice_is_judged_twice_and_said() {
    let folder = pack::folder().with("a.yaml", STREAM).with("b.yaml", denied());
    let run = check(&folder, &["a.yaml", "b.yaml"], "");
    assert_eq!(findings(&run).len(), 3);
    assert!(
        run.stderr
            .contains("note: b.yaml:3:1: Pod photos stands at a.yaml:3:1 already\n"),
        "{}",
        run.stderr
    );
}

#[test]
fn references_in_circles_end() {
    let claim = "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec: {volumeName: data, storageClassName: data}\n---\napiVersion: v1\nkind: PersistentVolume\nmetadata: {name: data}\nspec: {storageClassName: data, claimRef: {name: data}, nodeAffinity: {required: {nodeSelectorTerms: []}}}\n---\napiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: data, ownerReferences: [{kind: StorageClass, name: data}]}\nprovisioner: data\n";
    let pod = STREAM.replace(
        "    image: example.com/photos:v1\n",
        "    image: example.com/photos:v1\n    env: [{name: A, value: $(B)}, {name: B, value: $(A)}]\n    envFrom: [{configMapRef: {name: colours}}]\n    volumeMounts: [{name: data, mountPath: /data}]\n  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]\n",
    );
    let policy = "apiVersion: fixative.dev/v1alpha1\nkind: Policy\nmetadata: {name: circles}\nspec:\n  title: T\n  severity: low\n  action: Warn\n  match: {components: [app]}\n  rules:\n    - name: kept\n      at: containers[app].volumeMounts[*]\n      assert: volumes[item.name].persistent && env(outer, 'A').orValue('') != 'x'\n";
    let folder = pack::folder().with("pack/circles.yaml", policy);
    for command in ["check", "diff", "explain"] {
        let run = folder.run(&[command, "--policies", "pack"], format!("{pod}{claim}"));
        assert!(matches!(run.status, 0 | 1), "{command}: {}", run.stderr);
    }
}

#[test]
fn a_world_of_many_objects_is_asked_and_not_walked() {
    let folder = pack::folder().with("pack/asks.yaml", ASKS);
    let others: String = (0..100_000)
        .map(|n| format!("---\n{{apiVersion: v1, kind: ConfigMap, metadata: {{name: c{n}}}}}\n"))
        .collect();
    let folder = folder.with("facts.yaml", format!("{others}{}", colours("red")));
    let run = check(&folder, &["--facts", "facts.yaml"], STREAM);
    assert!(
        findings(&run).iter().all(|finding| finding["policy"] != "asks"),
        "{}",
        run.stdout
    );
}

#[cfg(unix)]
#[test]
fn an_unreadable_file_in_a_folder_is_named() {
    let folder = pack::folder().with("in/good.yaml", STREAM);
    // A link to nowhere is unreadable for root, too.
    std::os::unix::fs::symlink("nowhere", folder.path("in/lost.yaml")).unwrap();
    for command in ["check", "diff", "explain", "render"] {
        let run = folder.run(&[command, "--policies", "pack", "in"], "");
        run.cannot_answer(&["cannot read in/lost.yaml"]);
    }
    let folder = folder.with("in/cut.json", [0xC3]);
    for other in 0..10 {
        std::os::unix::fs::symlink("nowhere", folder.path(&format!("in/x{other}.yaml"))).unwrap();
    }
    let run = check(&folder, &["in"], "");
    run.cannot_answer(&[
        "in/cut.json is not UTF-8",
        "in/lost.yaml",
        "in/x7.yaml",
        "; and 2 more",
    ]);
}

#[test]
fn what_is_no_manifest_in_a_folder_is_left_alone() {
    let folder = pack::folder()
        .with("in/good.yaml", STREAM)
        .with("in/values.yaml", "image: {tag: v1}\nlist: [1, 2]\n")
        .with("in/list.json", "[1, 2, \"photos\"]")
        .with("in/empty.yaml", "")
        .with("in/comment.yaml", "# photos\n")
        .with("in/chart.yaml", "{{- if .Values.x }}\nkind: A\n{{- end }}\n");
    let run = check(&folder, &["in"], "");
    assert_eq!(findings(&run).len(), 1, "{}", run.stderr);
    let explained = folder.run(
        &[
            "explain",
            "--policies",
            "pack",
            "in/good.yaml",
            "in/chart.yaml",
            "in/values.yaml",
        ],
        "",
    );
    assert_eq!(explained.status, 0, "{}", explained.stderr);
    // What may be a manifest and cannot be read is no answer.
    let folder = folder.with("in/template.yaml", "image: photos\n{{- if .Values.x }}\n");
    check(&folder, &["in"], "").cannot_answer(&["in/template.yaml:2:"]);
}
