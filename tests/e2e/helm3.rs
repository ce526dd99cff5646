//! Helm 3 runs an executable without arguments, puts what it says into `template`'s output unread, and prints
//! hooks beside it.

use crate::go_yaml::{documents, object};
use crate::program::{FIXATIVE, Folder, Run, repository, run, tool};

fn template(folder: &Folder, chart: &str, more: &[&str]) -> Run {
    let chart = repository("tests/charts").join(chart);
    let mut command = folder.command(tool("helm3"));
    command.args(["template", "immich"]).arg(chart);
    command.args(["--namespace", "photos", "--kube-version", "1.34.2"]);
    run(command.args(more), b"")
}

fn rendered(folder: &Folder, chart: &str, more: &[&str]) -> Run {
    template(folder, chart, &[&["--post-renderer", FIXATIVE], more].concat())
}

#[test]
fn the_pinned_helm_runs() {
    let folder = Folder::new();
    let version = run(
        folder
            .command(tool("helm3"))
            .args(["version", "--template={{.Version}}"]),
        b"",
    );
    assert_eq!(version.good(), "v3.21.4");
}

#[test]
fn the_official_chart_comes_out_repaired() {
    let folder = Folder::new().with_example();
    let before = documents(&template(&folder, "immich", &[]).good());
    let text = rendered(&folder, "immich", &[]).good();
    let after = documents(&text);
    assert_eq!(before.len(), after.len());
    let server = &object(&after, "Deployment", "immich-server")["spec"]["template"]["spec"];
    assert_eq!(server["containers"][0]["volumeMounts"][0]["mountPath"], "/photos");
    let learning = &object(&after, "Deployment", "immich-machine-learning")["spec"]["template"]["spec"];
    assert_eq!(learning["runtimeClassName"], "nvidia");
    for document in before.iter().filter(|object| object["kind"] != "Deployment") {
        let name = document["metadata"]["name"].as_str().unwrap();
        assert_eq!(document, object(&after, document["kind"].as_str().unwrap(), name));
    }
    // Hooks go past a post-renderer in Helm 3.
    let hook = object(&after, "Job", "immich-prepare");
    assert_eq!(hook, object(&before, "Job", "immich-prepare"));
}

#[test]
fn chart_0_9_and_app_template_get_no_service_links() {
    for chart in ["immich-0.9", "app-template"] {
        let folder = Folder::new();
        let after = documents(&rendered(&folder, chart, &[]).good());
        for object in after.iter().filter(|object| object["kind"] == "Deployment") {
            let links = &object["spec"]["template"]["spec"]["enableServiceLinks"];
            assert_eq!(links, false, "{chart}: {}", object["metadata"]["name"]);
        }
    }
}

#[test]
fn show_only_still_finds_templates() {
    let folder = Folder::new().with_example();
    let more = ["--show-only", "templates/server.yaml"];
    let text = rendered(&folder, "immich", &more).good();
    assert!(
        text.starts_with("---\n# Source: immich/templates/server.yaml\n"),
        "{text}"
    );
    assert_eq!(documents(&text).len(), 3);
    assert!(text.contains("mountPath: /photos"), "{text}");
}

#[test]
fn lists_separators_and_comments_stay() {
    let folder = Folder::new();
    let before = template(&folder, "shapes", &["--no-hooks"]).good();
    let after = rendered(&folder, "shapes", &["--no-hooks"]).good();
    assert_eq!(documents(&before).len(), documents(&after).len());
    assert_eq!(after.replace("    enableServiceLinks: false\n", ""), before);
    let documents = documents(&after);
    let list = documents.iter().find(|object| object["kind"] == "List").unwrap();
    assert_eq!(list["items"][1]["spec"]["enableServiceLinks"], false);
}

#[test]
fn nothing_in_is_nothing_out() {
    let folder = Folder::new();
    for chart in ["hooks-only", "nothing", "comments"] {
        let before = template(&folder, chart, &[]).good();
        assert_eq!(rendered(&folder, chart, &[]).good(), before, "{chart}");
    }
    let more = ["--output-dir", "out"];
    rendered(&folder, "immich", &more).good();
    assert!(folder.path("out/immich/templates/server.yaml").exists());
}

#[test]
fn a_finding_that_denies_stops_helm_and_is_seen() {
    let folder = Folder::new();
    // An old release that would write beside its mount.
    let run = rendered(&folder, "immich", &["--set", "image.tag=v1.130.0"]);
    run.failed(1, &["error while running post render", "media-location"]);
}

#[test]
fn a_configuration_that_is_none_stops_helm() {
    let folder = Folder::new().with("fixative.yaml", "kind: Nothing\n");
    rendered(&folder, "immich", &[]).failed(1, &["error while running post render", "fixative.yaml"]);
}
