//! Every stream of the repository, and the recorded ones where they are, through Flux and through real kustomize.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::post_renderer::{flux, normal, objects};
use crate::program::{Folder, Run, repository, run, tool};

/// A stream as Helm sent it.
pub struct Stream {
    /// Its file's name.
    pub name: String,
    /// What it holds.
    pub text: String,
}

/// All of them.
pub fn streams() -> Vec<Stream> {
    let mut paths: Vec<PathBuf> = vec![repository("examples/immich.yaml")];
    for folder in ["tests/fixtures/streams", "../shared/data/streams"] {
        // The recorded streams lie beside the repository and not everywhere.
        let Ok(entries) = fs::read_dir(repository(folder)) else {
            continue;
        };
        let found = entries.map(|entry| entry.unwrap().path());
        paths.extend(found.filter(|path| path.extension().is_some_and(|extension| extension == "yaml")));
    }
    paths.sort();
    let read = |path: PathBuf| Stream {
        name: path.file_stem().unwrap().to_string_lossy().into_owned(),
        text: fs::read_to_string(path).unwrap(),
    };
    paths.into_iter().map(read).collect()
}

impl Stream {
    /// Fixative's answer at a door, with the example's configuration.
    pub fn door(&self, door: &str) -> Run {
        let arguments = [door, "-q", "--namespace", "photos", "--on-deny", "warn"];
        Folder::new()
            .with_example()
            .fixative(&arguments, self.text.as_bytes())
    }
}

/// Streams that kustomize itself reads otherwise than Helm, and what is said of them.
const REFUSED: [(&str, &str); 4] = [
    ("shapes.helm3", "reads `on`"),
    ("traps.helm3", "reads `"),
    ("traps.helm4", "reads `"),
    ("traps-list-anchors.helm4", "there is no anchor"),
];

/// A HelmRelease with a fragment as its spec.
fn release(fragment: &str) -> String {
    let spec: String = fragment.lines().map(|line| format!("  {line}\n")).collect();
    format!(
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: a, namespace: photos}}\nspec:\n{spec}"
    )
}

/// What `kustomize build` makes of a stream with the patches of a fragment.
fn kustomize(fragment: &str, stream: &str) -> Vec<Value> {
    let spec = &objects(&release(fragment))[0]["spec"];
    let patches = spec["postRenderers"][0]["kustomize"]["patches"].clone();
    let patches = if patches.is_null() {
        Value::Array(Vec::new())
    } else {
        patches
    };
    let kustomization = serde_json::json!({"resources": ["stream.yaml"], "patches": patches});
    let folder = Folder::new()
        .with("stream.yaml", stream)
        .with("kustomization.yaml", kustomization.to_string());
    objects(&run(folder.command(tool("kustomize")).args(["build", "."]), b"").good())
}

#[test]
fn every_stream_ends_as_render_writes_it() {
    let (mut patched, mut wrong) = (0, Vec::new());
    for stream in streams() {
        let exported = stream.door("flux");
        if let Some((_, says)) = REFUSED.iter().find(|(name, _)| *name == stream.name) {
            exported.failed(2, &[says]);
            continue;
        }
        let fragment = exported.good();
        patched += usize::from(!fragment.contains("postRenderers: []"));
        let rendered = stream.door("render").good();
        let expected = objects(&rendered);
        let by_flux = flux(&release(&fragment), &stream.text).map(normal);
        if by_flux.as_ref() != Ok(&expected) {
            wrong.push(format!("{}: Flux {by_flux:?}\nrender {expected:?}", stream.name));
        }
        if kustomize(&fragment, &stream.text) != expected {
            wrong.push(format!("{}: kustomize differs from render", stream.name));
        }
        // Law 2: what render wrote needs no patch.
        let again = Stream {
            name: stream.name.clone(),
            text: rendered,
        };
        let again = again.door("flux").good();
        if !again.ends_with("postRenderers: []\n") {
            wrong.push(format!("{}: patched twice\n{again}", stream.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(patched >= 3, "only {patched} streams were patched");
}
