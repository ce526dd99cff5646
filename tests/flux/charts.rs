//! From HelmRelease to HelmRelease in one command: the user's own helm renders, both Helms.

use std::os::unix::fs::symlink;

use crate::post_renderer::{flux, normal, objects};
use crate::program::{Folder, Run, repository, run, tool};

const HELMS: [&str; 2] = ["helm3", "helm4"];

/// A HelmRelease whose values come from everywhere.
const RELEASE: &str = "\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: immich, namespace: flux-system}
spec:
  targetNamespace: photos
  chart: {spec: {chart: ./charts/immich, version: 0.13.1}}
  valuesFrom:
  - {kind: ConfigMap, name: shared-values}
  - {kind: Secret, name: secret-values, valuesKey: tag, targetPath: image.tag}
  - {kind: Secret, name: secret-values, valuesKey: path, targetPath: library.path}
  - {kind: ConfigMap, name: not-there, optional: true}
  values:
    library: {claim: own-library, path: /data}
";

const FACTS: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: shared-values, namespace: flux-system}
data:
  values.yaml: |
    library: {claim: shared-library}
    image: {tag: v0.0.1}
---
apiVersion: v1
kind: Secret
metadata: {name: secret-values, namespace: flux-system}
data: {tag: djIuNS4w, path: L3NlY3JldA==}
---
apiVersion: v1
kind: Secret
metadata: {name: secret-values, namespace: another}
data: {tag: d3Jvbmc=}
";

fn folder() -> Folder {
    let folder = Folder::new()
        .with_example()
        .with("immich.yaml", RELEASE)
        .with("facts.yaml", FACTS);
    symlink(repository("tests/charts"), folder.path("charts")).unwrap();
    folder
}

fn fixative(folder: &Folder, helm: &str, arguments: &[&str]) -> Run {
    let mut command = folder.command(crate::program::FIXATIVE);
    command
        .env("FIXATIVE_HELM", tool(helm))
        .arg("flux")
        .args(arguments);
    run(&mut command, b"")
}

fn read(folder: &Folder, file: &str) -> String {
    std::fs::read_to_string(folder.path(file)).unwrap()
}

#[test]
fn a_release_is_rendered_with_the_values_that_flux_would_give() {
    for helm in HELMS {
        let folder = folder();
        let written = [
            "--write",
            "immich.yaml",
            "--chart",
            "charts/immich",
            "--facts",
            "facts.yaml",
        ];
        fixative(&folder, helm, &written).good();
        let release = read(&folder, "immich.yaml");
        // As Flux merges them: its own values win over valuesFrom, whatever the order.
        let values = [
            "image.tag=v2.5.0",
            "library.claim=own-library",
            "library.path=/data",
        ];
        let mut command = folder.command(tool(helm));
        command.args([
            "template",
            "photos-immich",
            "charts/immich",
            "--namespace",
            "photos",
        ]);
        command.args(values.iter().flat_map(|value| ["--set", value]));
        let stream = run(&mut command, b"").good();
        let rendered = folder.fixative(&["render", "-q", "--namespace", "photos"], stream.as_bytes());
        let by_flux = normal(flux(&release, &stream).unwrap());
        assert_eq!(by_flux, objects(&rendered.good()), "{helm}");
        assert_ne!(by_flux, objects(&stream), "{helm}: nothing was patched");
        let checked = [
            "--check",
            "immich.yaml",
            "--chart",
            "charts",
            "--facts",
            "facts.yaml",
        ];
        fixative(&folder, helm, &checked).good();
    }
}

#[test]
fn what_helm_or_the_values_lack_is_said() {
    let cases = [
        (
            RELEASE.to_owned(),
            vec!["--chart", "charts"],
            "valuesFrom asks for ConfigMap shared-values, key values.yaml",
        ),
        (
            RELEASE.replace("shared-values", "secret-values"),
            vec!["--chart", "charts", "--facts", "facts.yaml"],
            "valuesFrom asks for ConfigMap secret-values",
        ),
        (
            RELEASE.replace("./charts/immich", "unknown"),
            vec!["--chart", "charts", "--facts", "facts.yaml"],
            "charts holds no chart unknown",
        ),
        (
            RELEASE.replace("./charts/immich, version: 0.13.1", "immich, version: 9.9.9"),
            vec!["--chart", "charts", "--facts", "facts.yaml"],
            "charts holds no chart immich 9.9.9",
        ),
        (
            RELEASE.replace(
                "chart: {spec: {chart: ./charts/immich, version: 0.13.1}}",
                "interval: 1m",
            ),
            vec!["--chart", "charts", "--facts", "facts.yaml"],
            "it names no chart",
        ),
        (
            RELEASE.replace("version: 0.13.1", "valuesFiles: [values-home.yaml]"),
            vec!["--chart", "charts", "--facts", "facts.yaml"],
            "spec.chart.spec.valuesFiles is not followed",
        ),
        (
            RELEASE.replace("path: /data", "path: [}"),
            vec!["--chart", "charts"],
            "not YAML",
        ),
        (
            RELEASE.replace("{claim: own-library, path: /data}", "7"),
            vec!["--chart", "charts", "--facts", "facts.yaml"],
            "helm cannot render it",
        ),
    ];
    for (release, arguments, said) in cases {
        let folder = folder().with("immich.yaml", release.as_str());
        let run = fixative(
            &folder,
            "helm3",
            &[&["--write", "immich.yaml"][..], &arguments].concat(),
        );
        assert_eq!(run.status, Some(2), "{}", run.stderr);
        assert!(run.stderr.contains(said), "no {said:?} in {}", run.stderr);
        assert_eq!(read(&folder, "immich.yaml"), release);
    }
    let folder = folder();
    let mut command = folder.command(crate::program::FIXATIVE);
    command.env("PATH", "/nowhere");
    command.args([
        "flux",
        "--write",
        "immich.yaml",
        "--chart",
        "charts",
        "--facts",
        "facts.yaml",
    ]);
    run(&mut command, b"").failed(2, &["cannot run helm", "$FIXATIVE_HELM"]);
}

#[test]
fn secret_values_are_never_said() {
    let facts = FACTS.replace("L3NlY3JldA==", "aGVsbG86IFtodW50ZXIy");
    let release = RELEASE.replace(", targetPath: library.path", "");
    let folder = folder().with("facts.yaml", facts).with("immich.yaml", release);
    let arguments = [
        "--write",
        "immich.yaml",
        "--chart",
        "charts",
        "--facts",
        "facts.yaml",
    ];
    let run = fixative(&folder, "helm3", &arguments);
    assert_eq!(run.status, Some(2), "{}", run.stderr);
    assert!(
        run.stderr
            .contains("cannot be read as values: line 1 is not YAML"),
        "{}",
        run.stderr
    );
    assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
}

#[test]
fn a_repository_of_releases_ends_in_one_table() {
    let simple = |name: &str, chart: &str| {
        format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: {name}, namespace: photos}}\nspec:\n  chart: {{spec: {{chart: {chart}}}}}\n"
        )
    };
    let folder = folder()
        .with("clusters/home/immich.yaml", simple("immich", "immich"))
        .with("clusters/home/old.yaml", simple("old", "immich-0.9"))
        .with("clusters/home/nothing.yaml", simple("nothing", "comments"))
        .with("clusters/shop/gone.yaml", simple("gone", "no-such-chart"))
        .with(
            "clusters/namespace.yaml",
            "apiVersion: v1\nkind: Namespace\nmetadata: {name: photos}\n",
        );
    let write = [
        "-q",
        "--write",
        "clusters",
        "--chart",
        "charts",
        "--on-deny",
        "warn",
    ];
    let first = fixative(&folder, "helm4", &write);
    insta::assert_snapshot!(String::from_utf8(first.stdout).unwrap());
    assert_eq!(first.status, Some(2), "{}", first.stderr);
    std::fs::remove_file(folder.path("clusters/shop/gone.yaml")).unwrap();
    let check = [
        "-q",
        "--check",
        "clusters",
        "--chart",
        "charts",
        "--on-deny",
        "warn",
    ];
    let second = fixative(&folder, "helm3", &check);
    insta::assert_snapshot!(String::from_utf8(second.stdout).unwrap());
    assert_eq!(second.status, Some(0), "{}", second.stderr);
}
