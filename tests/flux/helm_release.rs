//! `--write` and `--check`: our entry of a HelmRelease, and nothing else of the file.

use crate::program::Folder;

/// A file with a HelmRelease as people write them.
const FILE: &str = "\
# Photos
apiVersion: v1
kind: Namespace
metadata: {name: photos}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: immich      # the app
  namespace: photos
spec:
  interval: 30m
  chart:
    spec:
        chart: immich   # oddly indented
        version: 0.10.3
  postRenderers:
  - kustomize:
      images:
        - {name: ghcr.io/immich-app/immich-server, newTag: v2.0.0}
  values: {a: 1}
---
# the end
";

const STREAM: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: immich-server, namespace: photos}
spec:
  template:
    metadata: {labels: {app.kubernetes.io/name: immich}}
    spec:
      containers:
      - {name: main, image: ghcr.io/immich-app/immich-server:v2.0.0}
      volumes: []
";

/// A pack with one policy, so that the snapshots stand still when others are added.
const POLICY: &str = "\
apiVersion: fixative.dev/v1alpha1
kind: Policy
metadata: {name: demo}
spec:
  title: A demonstration
  description: It changes something.
  severity: low
  action: Warn
  rules:
  - name: links
    merge: {spec: {enableServiceLinks: false}}
  - name: variable
    at: containers[*]
    merge: {env: [{name: TZ, value: Europe/Berlin}]}
";

fn folder(file: &str) -> Folder {
    Folder::new()
        .with("release.yaml", file)
        .with("stream.yaml", STREAM)
        .with("policy.yaml", POLICY)
}

fn flux(folder: &Folder, arguments: &[&str]) -> crate::program::Run {
    let all = [&["flux", "--policies", "policy.yaml"], arguments].concat();
    folder.fixative(&all, b"")
}

fn text(folder: &Folder) -> String {
    std::fs::read_to_string(folder.path("release.yaml")).unwrap()
}

/// The file without the digests, which name the policy and this stream.
fn without_digests(text: &str) -> String {
    text.lines()
        .map(|line| match line.split_once(" from policies ") {
            Some((before, _)) => format!("{before} from …\n"),
            None => format!("{line}\n"),
        })
        .collect()
}

#[test]
fn the_entry_is_written_and_every_other_byte_stays() {
    let folder = folder(FILE);
    flux(&folder, &["--write", "release.yaml", "stream.yaml"]).good();
    let written = text(&folder);
    insta::assert_snapshot!(without_digests(&written));
    let ours = written.find("  # Made by fixative").unwrap();
    let behind = written.find("  values: {a: 1}").unwrap();
    assert_eq!([&written[..ours], &written[behind..]].concat(), FILE);
    // What is there is found again and replaced, not written a second time.
    flux(&folder, &["--write", "release.yaml", "stream.yaml"]).good();
    assert_eq!(text(&folder), written);
    flux(&folder, &["--check", "release.yaml", "stream.yaml"]).good();
}

#[test]
fn a_file_that_is_named_twice_is_written_once() {
    let (once, twice) = (folder(FILE), folder(FILE));
    let written = ["--write", "release.yaml", "stream.yaml"];
    flux(&once, &written).good();
    flux(&twice, &[&written[..], &["--write", "./release.yaml"]].concat()).good();
    assert_eq!(text(&twice), text(&once));
}

#[test]
fn files_of_all_forms_take_the_entry() {
    let release = |spec: &str| {
        format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: a, namespace: photos}}\nspec:\n{spec}"
        )
    };
    let forms = [
        ("no list", release("  interval: 1m\n")),
        ("an empty list", release("  postRenderers: []\n  interval: 1m\n")),
        ("a blank list", release("  postRenderers:\n  interval: 1m\n")),
        (
            "indented items",
            release("  postRenderers:\n    - kustomize: {}\n  interval: 1m\n"),
        ),
        (
            "carriage returns",
            release("  interval: 1m\n  postRenderers:\n  - kustomize: {}\n").replace('\n', "\r\n"),
        ),
        (
            "no line break at the end",
            release("  postRenderers:\n  - kustomize: {}"),
        ),
    ];
    let mut all = String::new();
    for (name, before) in forms {
        let folder = folder(&before);
        flux(&folder, &["--write", "release.yaml", "stream.yaml"]).good();
        let written = text(&folder);
        let breaks = written.matches('\n').count();
        assert_eq!(
            written.matches("\r\n").count(),
            if before.contains('\r') { breaks } else { 0 }
        );
        flux(&folder, &["--check", "release.yaml", "stream.yaml"]).good();
        all += &format!("## {name}\n{}\n", without_digests(&written));
        // A policy that wants nothing takes the entry away again.
        let nothing = POLICY.replace("action: Warn", "action: Warn\n  match: {names: [nobody]}");
        let folder = folder.with("policy.yaml", nothing);
        flux(&folder, &["--write", "release.yaml", "stream.yaml"]).good();
        let left = text(&folder);
        assert!(!left.contains("fixative"), "{name}: {left}");
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_stale_entry_is_told_with_a_diff() {
    let folder = folder(FILE);
    flux(&folder, &["--write", "release.yaml", "stream.yaml"]).good();
    let newer = STREAM.replace(
        "containers:\n",
        "containers:\n      - {name: proxy, image: envoy}\n",
    );
    let folder = folder.with("stream.yaml", newer);
    let before = text(&folder);
    let run = flux(&folder, &["--check", "release.yaml", "stream.yaml"]);
    assert_eq!(run.status, Some(1), "{}", run.stderr);
    insta::assert_snapshot!(without_digests(&String::from_utf8(run.stdout).unwrap()));
    assert_eq!(text(&folder), before, "--check writes nothing");
}

#[test]
fn a_target_that_matches_nothing_is_told() {
    let idle = FILE.replace(
        "      images:\n",
        "      patches:\n      - target: {kind: Deployment, name: gone}\n        patch: \"[]\"\n      images:\n",
    );
    let folder = folder(&idle);
    flux(&folder, &["--write", "release.yaml", "stream.yaml"]).good();
    let run = flux(&folder, &["--check", "release.yaml", "stream.yaml"]);
    assert_eq!(run.status, Some(1), "{}", run.stderr);
    let said = r#"the target {"kind":"Deployment","name":"gone"} of spec.postRenderers[0] matches no object of the chart"#;
    assert!(run.stderr.contains(said), "{}", run.stderr);
}

#[test]
fn only_the_digests_differ_is_up_to_date() {
    let folder = folder(FILE);
    flux(&folder, &["--write", "release.yaml", "stream.yaml"]).good();
    let folder = folder.with(
        "stream.yaml",
        format!("# another chart, the same patches\n{STREAM}"),
    );
    flux(&folder, &["--check", "release.yaml", "stream.yaml"]).good();
}

#[test]
fn hooks_are_patched_by_the_strategy_that_does() {
    let hook = STREAM.replace(
        "namespace: photos}",
        "namespace: photos, annotations: {helm.sh/hook: pre-install}}",
    );
    let folder = folder(FILE).with("stream.yaml", hook.as_str());
    flux(&folder, &["--write", "release.yaml", "stream.yaml"]).good();
    assert!(
        text(&folder).contains("\n  postRenderStrategy: combined\n"),
        "{}",
        text(&folder)
    );
    let refusing = FILE.replace(
        "  interval: 30m\n",
        "  interval: 30m\n  postRenderStrategy: nohooks\n",
    );
    let folder = folder.with("release.yaml", refusing.as_str());
    flux(&folder, &["--write", "release.yaml", "stream.yaml"]).failed(2, &["keeps hooks from being patched"]);
    assert_eq!(text(&folder), refusing);
}

#[test]
fn what_cannot_be_done_leaves_the_file_as_it_is() {
    let two = FILE.replace(
        "  - kustomize:\n",
        "  # Made by fixative 0.1.0\n  - kustomize: {}\n  # Made by fixative 0.1.0\n  - kustomize:\n",
    );
    let brackets = FILE.replace(
        "  postRenderers:\n  - kustomize:\n      images:\n        - {name: ghcr.io/immich-app/immich-server, newTag: v2.0.0}\n",
        "  postRenderers: [{kustomize: {}}]\n",
    );
    let cases = [
        (two.as_str(), 2, "has two entries"),
        (brackets.as_str(), 2, "is written in brackets"),
        ("kind: ConfigMap\napiVersion: v1\n", 2, "holds no HelmRelease"),
        ("kind: HelmRelease\napiVersion: v1\n  x: y\n", 2, "not YAML"),
    ];
    for (file, status, said) in cases {
        let folder = folder(file);
        flux(&folder, &["--write", "release.yaml", "stream.yaml"]).failed(status, &[said]);
        assert_eq!(text(&folder), file);
    }
    let twice = format!("{FILE}---\n{}", FILE.split("---\n").nth(1).unwrap());
    let folder = folder(&twice);
    flux(&folder, &["--write", "release.yaml", "stream.yaml"]).failed(2, &["there are 2 HelmReleases"]);
}
