//! Loading policies: what they become, and what is said of those that are wrong.

mod asks;
mod diagnostics;
mod docs;
mod matching;
mod params;
mod paths;
mod sets;

use super::*;
use crate::kube::GroupKind;
use crate::source::Diagnostic;

/// A pack with a server, a database that anybody may use, and one function.
const PACK: &str = "\
apiVersion: fixative.dev/v1alpha1
kind: Pack
metadata: {name: mine}
spec:
  version: 1.0.0
  components:
    server: {images: [my-server]}
    database: {generic: [postgres], objects: [{kind: Cluster.postgresql.cnpg.io, image: spec.imageName}]}
  ours: labels[?'app'].orValue('') == 'mine'
  functions:
    - {name: mounts, args: [c], expression: \"c.?volumeMounts.orValue([])\"}
";

/// A policy named `demo`; `spec` is what stands below `action`, without its indent.
fn policy(spec: &str) -> String {
    let spec: String = spec.lines().map(|line| format!("  {line}\n")).collect();
    format!(
        "apiVersion: fixative.dev/v1alpha1\nkind: Policy\nmetadata: {{name: demo}}\nspec:\n  title: A demo\n  severity: low\n  action: Deny\n{spec}"
    )
}

/// A policy with one rule, of which `body` is what stands below its name.
fn rule(body: &str) -> String {
    let body: String = body.lines().map(|line| format!("    {line}\n")).collect();
    policy(&format!("rules:\n  - name: only\n{body}"))
}

fn pack_of(files: &[(&str, &str)]) -> PackSource {
    PackSource {
        origin: "mine".into(),
        files: files
            .iter()
            .map(|(name, text)| Source::new(*name, *text))
            .collect(),
        tests: Vec::new(),
    }
}

fn options(policies: &[&str]) -> LoadOptions {
    let names: Vec<String> = (1..=policies.len())
        .map(|number| format!("policy-{number}.yaml"))
        .collect();
    let mut files = vec![("pack.yaml", PACK)];
    files.extend(names.iter().map(String::as_str).zip(policies.iter().copied()));
    LoadOptions {
        packs: Some(vec![pack_of(&files)]),
        ..LoadOptions::default()
    }
}

/// The set of `PACK` and these policies.
#[track_caller]
fn loaded(policies: &[&str]) -> PolicySet {
    loaded_with(options(policies))
}

#[track_caller]
fn loaded_with(options: LoadOptions) -> PolicySet {
    load(&options).unwrap_or_else(|wrong| panic!("{}", drawn(&wrong)))
}

fn drawn(wrong: &[Diagnostic]) -> String {
    crate::output::diagnostic::errors(wrong, crate::output::Style::default())
}
