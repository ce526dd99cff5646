//! Helm 4 runs a plugin by name, sends hooks too, re-serialises both ways and throws stderr away.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::go_yaml::{documents, object};
use crate::program::{FIXATIVE, Folder, Run, repository, run, tool};

/// A folder in whose data home the plugin is installed, as `make plugin` lays it out.
pub fn installed(folder: Folder) -> Folder {
    let program = fs::read(FIXATIVE).unwrap();
    installed_as(folder, &program)
}

/// The same with another program in the plugin.
fn installed_as(folder: Folder, text: &[u8]) -> Folder {
    let manifest = fs::read(repository("plugin/helm4/plugin.yaml")).unwrap();
    let folder = folder.with("plugin/plugin.yaml", manifest);
    let program = folder.path("plugin/bin/fixative");
    fs::create_dir_all(program.parent().unwrap()).unwrap();
    fs::write(&program, text).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = folder.command(tool("helm4"));
    command.args(["plugin", "install"]).arg(folder.path("plugin"));
    run(&mut command, b"").good();
    folder
}

fn template(folder: &Folder, chart: &str, more: &[&str]) -> Run {
    let chart = repository("tests/charts").join(chart);
    let mut command = folder.command(tool("helm4"));
    command.args(["template", "immich"]).arg(chart);
    command.args(["--namespace", "photos", "--kube-version", "1.34.2"]);
    run(command.args(more), b"")
}

fn rendered(folder: &Folder, chart: &str, more: &[&str]) -> Run {
    template(folder, chart, &[&["--post-renderer", "fixative"], more].concat())
}

#[test]
fn the_pinned_helm_knows_the_plugin() {
    let folder = installed(Folder::new());
    let version = run(
        folder
            .command(tool("helm4"))
            .args(["version", "--template={{.Version}}"]),
        b"",
    );
    assert_eq!(version.good(), "v4.2.4");
    let list = run(folder.command(tool("helm4")).args(["plugin", "list"]), b"");
    assert!(list.good().contains("postrenderer/v1"), "{list:?}");
    assert!(!list.stderr.contains("WARN"), "{list:?}");
}

#[test]
fn the_plugin_has_the_version_of_the_program() {
    let manifest = fs::read_to_string(repository("plugin/helm4/plugin.yaml")).unwrap();
    let version = format!("\nversion: {}\n", env!("CARGO_PKG_VERSION"));
    assert!(manifest.contains(&version), "{manifest}");
}

#[test]
fn the_official_chart_and_its_hooks_come_out_repaired() {
    let folder = installed(Folder::new().with_example());
    let before = documents(&template(&folder, "immich", &[]).good());
    let text = rendered(&folder, "immich", &[]).good();
    assert!(!text.contains("postrenderer.helm.sh"), "{text}");
    let after = documents(&text);
    assert_eq!(before.len(), after.len());
    let pod = |kind, name| &object(&after, kind, name)["spec"]["template"]["spec"];
    let server = pod("Deployment", "immich-server");
    assert_eq!(server["containers"][0]["volumeMounts"][0]["mountPath"], "/photos");
    assert_eq!(
        pod("Deployment", "immich-machine-learning")["runtimeClassName"],
        "nvidia"
    );
    assert_eq!(pod("Job", "immich-prepare")["enableServiceLinks"], false);
}

#[test]
fn show_only_finds_templates_through_the_annotation() {
    let folder = installed(Folder::new().with_example());
    let text = rendered(&folder, "immich", &["--show-only", "templates/server.yaml"]).good();
    assert_eq!(documents(&text).len(), 3, "{text}");
    assert!(text.contains("mountPath: /photos"), "{text}");
}

#[test]
fn files_are_written_where_the_annotation_says() {
    let folder = installed(Folder::new().with_example());
    rendered(&folder, "immich", &["--output-dir", "out"]).good();
    let server = fs::read_to_string(folder.path("out/immich/templates/server.yaml")).unwrap();
    assert!(server.contains("mountPath: /photos"), "{server}");
    // Objects that lost their annotation would be in a file of another name.
    let mut names: Vec<String> = fs::read_dir(folder.path("out/immich/templates"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "machine-learning.yaml",
            "pre-install.yaml",
            "server.yaml",
            "valkey.yaml"
        ]
    );
}

#[test]
fn the_filename_annotation_goes_out_as_it_came_in() {
    // A plugin that keeps what Helm sent and what it was answered.
    let script = format!("#!/bin/sh\ntee sent.yaml | {FIXATIVE} \"$@\" | tee answered.yaml\n");
    let folder = installed_as(Folder::new().with_example(), script.as_bytes());
    rendered(&folder, "immich", &[]).good();
    let stream = |name| fs::read_to_string(folder.path(name)).unwrap();
    let (sent, answered) = (
        documents(&stream("sent.yaml")),
        documents(&stream("answered.yaml")),
    );
    assert_ne!(sent, answered);
    let files = |documents: &[Value]| -> Vec<String> {
        let annotation = |object: &Value| {
            let value = &object["metadata"]["annotations"]["postrenderer.helm.sh/postrender-filename"];
            format!("{} {}: {value}", object["kind"], object["metadata"]["name"])
        };
        documents.iter().map(annotation).collect()
    };
    assert_eq!(files(&sent), files(&answered));
    let server = r#""Deployment" "immich-server": "immich/templates/server.yaml""#;
    assert!(
        files(&answered).iter().any(|file| file == server),
        "{:?}",
        files(&answered)
    );
}

#[test]
fn a_finding_names_the_template_of_the_annotation() {
    let folder = installed(Folder::new());
    rendered(&folder, "immich", &["--set", "image.tag=v1.130.0"]).failed(1, &[]);
    let last = folder.fixative(&["last"], b"").good();
    assert!(
        last.contains("rendered by immich/templates/server.yaml"),
        "{last}"
    );
}

#[test]
fn lists_are_repaired_in_their_items() {
    let folder = installed(Folder::new());
    let after = documents(&rendered(&folder, "shapes", &[]).good());
    assert_eq!(
        object(&after, "Pod", "immich")["spec"]["enableServiceLinks"],
        false
    );
    assert_eq!(object(&after, "ConfigMap", "first")["data"]["a"], "y");
}

#[test]
fn a_chart_without_objects_is_no_error() {
    let folder = installed(Folder::new());
    for chart in ["nothing", "comments"] {
        assert!(
            documents(&rendered(&folder, chart, &[]).good()).is_empty(),
            "{chart}"
        );
    }
    let hooks = documents(&rendered(&folder, "hooks-only", &[]).good());
    assert_eq!(hooks.len(), 1);
}

#[test]
fn the_report_of_a_failed_render_is_found_afterwards() {
    let folder = installed(Folder::new());
    let failed = rendered(&folder, "immich", &["--set", "image.tag=v1.130.0"]);
    failed.failed(1, &["plugin \"fixative\" exited with error"]);
    let last = folder.fixative(&["last"], b"").good();
    assert!(last.contains("media-location"), "{last}");
    assert!(last.contains("immich-server"), "{last}");
}

#[test]
fn helm_3_is_disturbed_by_a_shared_plugins_folder_and_still_renders() {
    let folder = installed(Folder::new());
    let chart = repository("tests/charts/hooks-only");
    let mut command = folder.command(tool("helm3"));
    let command = command
        .args(["template", "immich", "--post-renderer", FIXATIVE])
        .arg(chart);
    let run = run(command, b"");
    run.good();
    assert!(run.stderr.contains("unknown field \"apiVersion\""), "{run:?}");
}
