//! The real helmfile with our example, by Helm 3 and by Helm 4: what comes out is what `render` writes.

use std::fs;
use std::os::unix::fs::symlink;

use crate::go_yaml::documents;
use crate::helm4;
use crate::program::{FIXATIVE, Folder, Run, repository, run, tool};

const HELMS: [&str; 2] = ["helm3", "helm4"];

/// The example as it stands in a repository of its user, with the chart that it names.
fn repository_of_a_user(helm: &str) -> Folder {
    let example = fs::read(repository("examples/helmfile/helmfile.yaml")).unwrap();
    let config = fs::read(repository("examples/fixative.yaml")).unwrap();
    let folder = Folder::new()
        .with("clusters/home/helmfile.yaml", example)
        .with("clusters/home/fixative.yaml", config)
        .with("bin/none", "")
        .with("charts/none", "");
    symlink(tool(helm), folder.path("bin/helm")).unwrap();
    symlink(repository("tests/charts/immich"), folder.path("charts/immich")).unwrap();
    if helm == "helm4" {
        // Helm 4 takes no programs, only plugins.
        return helm4::installed(folder);
    }
    symlink(FIXATIVE, folder.path("bin/fixative")).unwrap();
    folder
}

fn helmfile(folder: &Folder, within: &str, arguments: &[&str]) -> Run {
    let path = format!("{}:/usr/bin:/bin", folder.path("bin").display());
    let mut command = folder.command(tool("helmfile"));
    command
        .current_dir(folder.path(within))
        .env("PATH", path)
        .args(["--log-level", "error"])
        .args(arguments);
    run(&mut command, b"")
}

const TEMPLATE: [&str; 3] = ["template", "--skip-deps", "--kube-version=1.36.3"];

#[test]
fn helmfile_renders_what_render_writes() {
    for helm in HELMS {
        let folder = repository_of_a_user(helm);
        let mut template = folder.command(tool(helm));
        template.args(["template", "immich", "charts/immich", "--namespace", "photos"]);
        template.arg("--kube-version=1.36.3");
        let stream = run(&mut template, b"").good();
        let config = "clusters/home/fixative.yaml";
        let rendered = folder.fixative(
            &["render", "--config", config, "--namespace", "photos"],
            stream.as_bytes(),
        );
        let found = documents(&helmfile(&folder, "clusters/home", &TEMPLATE).good());
        let mut expected = documents(&rendered.good());
        if helm == "helm3" {
            // Hooks go past a post-renderer in Helm 3.
            let raw = documents(&stream);
            for object in &mut expected {
                let same = |other: &&serde_json::Value| {
                    (&other["kind"], &other["metadata"]["name"])
                        == (&object["kind"], &object["metadata"]["name"])
                };
                let before = raw.iter().find(same).unwrap();
                if !before["metadata"]["annotations"]["helm.sh/hook"].is_null() {
                    *object = before.clone();
                }
            }
        }
        assert_eq!(found, expected, "{helm}");
        assert_ne!(found, documents(&stream), "{helm}: nothing was repaired");
    }
}

#[test]
fn helmfile_fails_where_a_policy_says_no() {
    for helm in HELMS {
        let folder = repository_of_a_user(helm).with(
            "clusters/home/fixative.yaml",
            "apiVersion: fixative.dev/v1alpha1\nkind: Config\npolicies: {media-location: {params: {path: relative}}}\n",
        );
        let run = helmfile(&folder, "clusters/home", &TEMPLATE);
        assert_ne!(run.status, Some(0), "{helm}: {run:?}");
        assert!(run.stdout.is_empty(), "{helm}: {run:?}");
    }
}

/// Named from elsewhere, helm and with it fixative run in the folder of the helmfile.
#[test]
fn the_configuration_beside_the_helmfile_is_found_from_elsewhere() {
    for helm in HELMS {
        let folder = repository_of_a_user(helm);
        let there = helmfile(&folder, "clusters/home", &TEMPLATE).good();
        let file = ["--file", "clusters/home/helmfile.yaml"];
        let elsewhere = helmfile(&folder, ".", &[&file[..], &TEMPLATE].concat()).good();
        assert_eq!(documents(&elsewhere), documents(&there), "{helm}");
    }
}
