//! The chart rendered with values, by both Helms.

use fixative::manifest;
use fixative::source::Source;
use serde_json::Value;

use crate::program::{Folder, Run, repository, run, tool};

/// Both Helms; the chart is the same for them.
pub const HELMS: [&str; 2] = ["helm3", "helm4"];

/// The namespace of the release.
pub const NAMESPACE: &str = "guard";

/// The name of the release, and so of its objects.
pub const NAME: &str = "fixative";

/// `helm template` with the values of a text of YAML.
pub fn template(helm: &str, values: &str) -> Run {
    let folder = Folder::new().with("values.yaml", values);
    let mut command = folder.command(tool(helm));
    command
        .args(["template", NAME])
        .arg(repository("charts/fixative"));
    command.args([
        "--namespace",
        NAMESPACE,
        "--kube-version",
        "1.36.3",
        "--values",
        "values.yaml",
    ]);
    run(&mut command, b"")
}

/// The objects that the chart makes of these values, sorted: the same ones with both Helms, which have orders of
/// their own for kinds.
#[track_caller]
pub fn objects(values: &str) -> Vec<Value> {
    let [three, four] = HELMS.map(|helm| {
        let mut objects = read(&template(helm, values).good());
        objects.sort_by_key(title);
        objects
    });
    assert_eq!(three, four, "the two Helms differ");
    three
}

/// The documents of a stream that hold something.
#[track_caller]
pub fn read(text: &str) -> Vec<Value> {
    let source = Source::new("the chart", text);
    let documents = manifest::split(&source);
    let trees = documents.iter().map(|document| {
        let tree = manifest::read(&source, document).unwrap_or_else(|wrong| panic!("{}", wrong.message));
        assert!(tree.notes.is_empty(), "{:?} in {:#}", tree.notes, tree.value);
        tree.value
    });
    trees.filter(|value| !value.is_null()).map(Value::from).collect()
}

/// The object with this kind and name.
#[track_caller]
pub fn object<'a>(objects: &'a [Value], kind: &str, name: &str) -> &'a Value {
    let found = objects
        .iter()
        .find(|object| object["kind"] == kind && object["metadata"]["name"] == name);
    found.unwrap_or_else(|| panic!("no {kind} {name} in {:?}", names(objects)))
}

/// Kind and name of an object.
fn title(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    format!("{} {}", text(&object["kind"]), text(&object["metadata"]["name"]))
}

/// Kind and name of each object, sorted.
pub fn names(objects: &[Value]) -> Vec<String> {
    let mut names: Vec<String> = objects.iter().map(title).collect();
    names.sort();
    names
}

/// Values with every switch on that goes with the others.
pub const EVERYTHING: &str = "
commonLabels: {team: storage}
config: {policies: {media-location: {params: {path: /photos}}}}
policies:
  mine:
    pack.yaml: |
      apiVersion: fixative.dev/v1alpha1
      kind: Pack
      metadata: {name: mine}
      spec: {version: 0.1.0, components: {app: {images: [photos]}}}
    links.yaml: |
      apiVersion: fixative.dev/v1alpha1
      kind: Policy
      metadata: {name: links}
      spec:
        title: Pods get no service-link variables
        severity: high
        action: Deny
        match: {components: [app]}
        rules: [{name: disable, merge: {spec: {enableServiceLinks: false}}}]
webhook:
  mutate: {failurePolicy: Fail}
  validate: {failurePolicy: Fail, timeoutSeconds: 10}
  excludeNamespaces: [monitoring]
  namespaceSelector:
    matchLabels: {fixative: please}
    matchExpressions: [{key: team, operator: Exists}]
  objectSelector: {matchLabels: {judged: please}}
  matchConditions: [{name: mine, expression: 'true'}]
  annotations: {a.example.com/x: there}
certificates: {source: certManager}
facts: {enabled: true}
drainSeconds: 30
ports: {webhook: 10250, health: 9090}
service: {clusterIP: 10.0.0.7, annotations: {a.example.com/x: there}}
priorityClassName: important
hostNetwork: true
imagePullSecrets: [{name: registry}]
nodeSelector: {kubernetes.io/arch: amd64}
tolerations: [{key: infra, operator: Exists}]
affinity: {nodeAffinity: {}}
podLabels: {a: b}
podAnnotations: {c: d}
serviceAccount: {annotations: {e: f}}
networkPolicy:
  webhookFrom: [{ipBlock: {cidr: 10.0.0.1/32}}]
  metricsFrom: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}]
  apiServer: {to: [{ipBlock: {cidr: 10.0.0.1/32}}], ports: [6443]}
metrics:
  serviceMonitor: {enabled: true, labels: {release: prometheus}}
  prometheusRule: {enabled: true, labels: {release: prometheus}}
  dashboard: {enabled: true}
";

/// Values with which the program needs no API server: what a certificate's Secret is for it stands in `caBundle`.
pub const NO_API: &str = "
certificates:
  source: existingSecret
  existingSecret: {name: mine-tls}
  caBundle: |
    -----BEGIN CERTIFICATE-----
    bm90IHJlYWQgaGVyZQ==
    -----END CERTIFICATE-----
webhook: {recordDigest: false}
";
