//! Other users of a post-renderer, as far as their programs run here: see docs/other-tools.md.

use std::fs;
use std::os::unix::fs::symlink;

use crate::program::{FIXATIVE, Folder, Run, repository, run, tool};
use crate::yaml::objects;

/// The chart of an application, with programs beside it.
fn application(helm: &str) -> Folder {
    let example = fs::read(repository("examples/fixative.yaml")).unwrap();
    let folder = Folder::new()
        .with("app/fixative.yaml", example)
        .with("bin/none", "");
    symlink(tool(helm), folder.path("bin/helm")).unwrap();
    symlink(FIXATIVE, folder.path("bin/fixative")).unwrap();
    for file in ["Chart.yaml", "values.yaml", "templates"] {
        symlink(
            repository("tests/charts/immich").join(file),
            folder.path("app").join(file),
        )
        .unwrap();
    }
    folder
}

/// Argo CD's own code runs the plugin of our examples in the folder of an application. The variables are those that
/// `reposerver/repository` of github.com/argoproj/argo-cd sets.
fn generate(folder: &Folder) -> Run {
    let path = format!("{}:/usr/bin:/bin", folder.path("bin").display());
    let mut command = folder.command(tool("argocd-plugin"));
    command
        .arg(repository("examples/argocd"))
        .arg(folder.path("app"))
        .env("PATH", path)
        .env("ARGOCD_APP_NAME", "immich")
        .env("ARGOCD_APP_NAMESPACE", "photos")
        .env("KUBE_VERSION", "1.36.3");
    run(&mut command, b"")
}

#[test]
fn argo_cd_generates_what_render_writes() {
    for helm in ["helm3", "helm4"] {
        let folder = application(helm);
        let mut template = folder.command(tool(helm));
        template.args([
            "template",
            "immich",
            "app",
            "--namespace",
            "photos",
            "--kube-version",
            "1.36.3",
        ]);
        let stream = run(&mut template, b"").good();
        let rendered = folder.fixative(
            &["render", "--config", "app/fixative.yaml", "--namespace", "photos"],
            stream.as_bytes(),
        );
        let generated = generate(&folder).good();
        assert_eq!(objects(&generated), objects(&rendered.good()), "{helm}");
        assert_ne!(
            objects(&generated),
            objects(&stream),
            "{helm}: nothing was repaired"
        );
    }
}

#[test]
fn argo_cd_generates_nothing_where_helm_or_a_policy_says_no() {
    let broken = application("helm3").with("app/values.schema.json", "{\"required\": [\"missing\"]}");
    generate(&broken).failed(1, &["missing"]);
    let denied = application("helm3").with(
        "app/fixative.yaml",
        "apiVersion: fixative.dev/v1alpha1\nkind: Config\npolicies: {media-location: {params: {path: relative}}}\n",
    );
    generate(&denied).failed(1, &["media-location"]);
}
