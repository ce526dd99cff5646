//! What kustomize cannot carry is an error that names the object, and nothing is written.

use fixative::flux::{Export, Substitution, export};
use fixative::output::{Style, diagnostic};
use fixative::policy::Door;

use crate::generated::{plan, set};

/// A policy with one rule.
fn policy(rule: &str) -> String {
    format!(
        "apiVersion: fixative.dev/v1alpha1\nkind: Policy\nmetadata: {{name: demo}}\nspec:\n  title: A demonstration\n  \
         description: It changes something.\n  severity: low\n  action: Warn\n  subject: Object\n  \
         match: {{kinds: [ConfigMap]}}\n  rules: [{{name: rule, {rule}}}]\n"
    )
}

const ADD: &str = "merge: {data: {new: value}}";
const TEXT: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n";

fn exported(rule: &str, stream: &str) -> Result<Export, String> {
    let set = set(&policy(rule));
    export(&set, &plan(&set, stream, Door::Flux)).map_err(|all| diagnostic::errors(&all, Style::default()))
}

#[test]
fn every_refusal_names_the_object_and_says_what_to_do() {
    let cases = [
        (
            "no name of its own",
            ADD,
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: a-}\n",
        ),
        (
            "the same object twice",
            ADD,
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: default}\n",
        ),
        (
            "a key twice, in an object that nothing changes",
            ADD,
            "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n  type: ClusterIP\n  type: NodePort\n",
        ),
        (
            "kept from the cluster by kustomize",
            ADD,
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n  annotations: {config.kubernetes.io/local-config: \"true\"}\n",
        ),
        (
            "another reading",
            ADD,
            "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {publishNotReadyAddresses: yes}\n",
        ),
        (
            "an item that leaves its kind to the list",
            ADD,
            "apiVersion: v1\nkind: ConfigMapList\nitems:\n- metadata: {name: a}\n",
        ),
        (
            "a control character in the chart",
            ADD,
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: \"a\\x85b\"}\n",
        ),
        (
            "a control character in a patch",
            "merge: {data: {new: \"a\\x7fb\"}}",
            TEXT,
        ),
        ("a rename", "merge: {metadata: {name: other}}", TEXT),
        (
            "an annotation that kustomize keeps",
            "merge: {metadata: {annotations: {config.kubernetes.io/index: '1'}}}",
            TEXT,
        ),
        (
            "a list beside an integer that float64 cannot hold",
            "merge: {metadata: {finalizers: [a.b/c]}}",
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, big: 9007199254740993}\n",
        ),
    ];
    let all: String = cases
        .into_iter()
        .map(|(name, rule, stream)| format!("## {name}\n{}\n", exported(rule, stream).unwrap_err()))
        .collect();
    insta::assert_snapshot!(all);
}

#[test]
fn variables_of_post_build_are_escaped_or_refused() {
    let export = exported("merge: {data: {new: 'in ${HOME}'}}", TEXT).unwrap();
    let unsaid = export.fragment(Substitution::Unsaid).unwrap_err().to_string();
    insta::assert_snapshot!(unsaid, @"the patch of ConfigMap a holds ${: if the Kustomization that applies the HelmRelease has spec.postBuild, say --post-build used, and it is written $${; if not, say --post-build unused, or annotate the HelmRelease with kustomize.toolkit.fluxcd.io/substitute: disabled");
    let has = |substitution, text: &str| export.fragment(substitution).unwrap().contains(text);
    assert!(has(Substitution::PostBuild, "new: in $${HOME}\n"));
    assert!(has(Substitution::Off, "new: in ${HOME}\n"));
}

#[test]
fn a_target_finds_its_object_and_no_other() {
    let stream = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a.b}}\n---\n\
                  {apiVersion: v1, kind: ConfigMap, metadata: {name: a.b, namespace: other}}\n---\n\
                  {apiVersion: v1, kind: ConfigMap, metadata: {name: axb}}\n";
    let export = exported(
        "match: {names: [a.b], namespaces: [other]}, merge: {data: {new: value}}",
        stream,
    )
    .unwrap();
    let targets: Vec<String> = export
        .patches
        .iter()
        .map(|patch| serde_json::to_string(&patch.target).unwrap())
        .collect();
    insta::assert_snapshot!(targets.join("\n"), @r#"{"group":"^$","kind":"ConfigMap","name":"a\\.b","namespace":"other"}"#);
    let export = exported(
        "match: {names: [a.b]}, where: \"!has(object.metadata.namespace)\", merge: {data: {new: value}}",
        stream,
    )
    .unwrap();
    let text = serde_json::to_string(&export.patches[0].target).unwrap();
    insta::assert_snapshot!(text, @r#"{"group":"^$","kind":"ConfigMap","name":"a\\.b","namespace":"default"}"#);
}
