//! Wrong values are refused, and the reason says which and why.

use crate::chart::{EVERYTHING, HELMS, NO_API, template};

/// Values, and what the refusal says of them.
const CASES: [(&str, &str); 39] = [
    ("nope: 1", "additional properties 'nope' not allowed"),
    (
        "webhook: {nope: 1}",
        "at '/webhook': additional properties 'nope' not allowed",
    ),
    ("replicas: 0", "at '/replicas': minimum: got 0, want 1"),
    ("replicas: two", "at '/replicas': got string, want integer"),
    (
        "image: {digest: latest}",
        "at '/image/digest': 'latest' does not match pattern",
    ),
    (
        "image: {pullPolicy: Sometimes}",
        "at '/image/pullPolicy': value must be one of",
    ),
    ("image: {repository: ''}", "at '/image/repository': minLength"),
    (
        "fullnameOverride: My_Name",
        "at '/fullnameOverride': 'My_Name' does not match pattern",
    ),
    (
        "config: {polices: {}}",
        "at '/config': additional properties 'polices' not allowed",
    ),
    (
        "config: {kind: Pack}",
        "at '/config/kind': value must be 'Config'",
    ),
    (
        "config: {packs: [{path: /tmp/x}]}",
        "at '/config/packs/0/path': '/tmp/x' does not match pattern",
    ),
    ("config: {packs: [{}]}", "at '/config/packs/0': minProperties"),
    (
        "policies: {Mine: {pack.yaml: x}}",
        "'Mine' does not match pattern",
    ),
    (
        "policies: {mine: {links.yaml: x}}",
        "at '/policies/mine': missing property 'pack.yaml'",
    ),
    (
        "policies: {mine: {pack.yaml: x, a/b.yaml: y}}",
        "'a/b.yaml' does not match pattern",
    ),
    (
        "policies: {mine: {pack.yaml: {kind: Pack}}}",
        "at '/policies/mine/pack.yaml': got object, want string",
    ),
    (
        "webhook: {mutate: {failurePolicy: ignore}}",
        "at '/webhook/mutate/failurePolicy': value must be one of",
    ),
    (
        "webhook: {validate: {timeoutSeconds: 31}}",
        "at '/webhook/validate/timeoutSeconds': maximum: got 31, want 30",
    ),
    (
        "webhook: {mutate: {timeoutSeconds: 0}}",
        "at '/webhook/mutate/timeoutSeconds': minimum: got 0, want 1",
    ),
    (
        "webhook: {mutate: null}",
        "at '/webhook': missing property 'mutate'",
    ),
    (
        "webhook: {excludeNamespaces: [Photos]}",
        "at '/webhook/excludeNamespaces/0': 'Photos' does not match pattern",
    ),
    (
        "webhook: {rules: [{apiGroups: [''], apiVersions: [v1], operations: [DELETE], resources: [pods]}]}",
        "at '/webhook/rules/0/operations/0': value must be one of 'CREATE', 'UPDATE'",
    ),
    (
        "webhook: {rules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [pods/eviction]}]}",
        "at '/webhook/rules/0/resources/0': 'pods/eviction' does not match pattern",
    ),
    (
        "webhook: {rules: [{apiGroups: ['']}]}",
        "missing properties 'apiVersions', 'operations', 'resources'",
    ),
    (
        "webhook: {namespaceSelector: {names: [a]}}",
        "additional properties 'names' not allowed",
    ),
    (
        "certificates: {source: cert-manager}",
        "at '/certificates/source': value must be one of",
    ),
    (
        "certificates: {source: existingSecret}",
        "set certificates.existingSecret.name",
    ),
    (
        "certificates: {source: existingSecret, existingSecret: {name: a}}",
        "set certificates.caBundle, or webhook.annotations",
    ),
    (
        "certificates: {existingSecret: {name: a}}",
        "certificates.source is selfManaged: set it to existingSecret",
    ),
    (
        "certificates: {caBundle: '-----BEGIN CERTIFICATE-----'}",
        "with certificates.source selfManaged it is written by others",
    ),
    (
        "certificates: {caBundle: L3S0t}",
        "at '/certificates/caBundle': 'L3S0t' does not match pattern",
    ),
    (
        "certificates: {caBundle: \"-----BEGIN CERTIFICATE-----\\n-----BEGIN PRIVATE KEY-----\"}",
        "at '/certificates/caBundle': 'not' failed",
    ),
    (
        "facts: {enabled: true, rules: [{apiGroups: [''], resources: [secrets], verbs: [delete]}]}",
        "at '/facts/rules/0/verbs/0': value must be one of 'get', 'list', 'watch'",
    ),
    (
        "ports: {webhook: 443}",
        "at '/ports/webhook': minimum: got 443, want 1,024",
    ),
    (
        "ports: {webhook: 8080}",
        "ports.webhook and ports.health are both 8080",
    ),
    (
        "podDisruptionBudget: {maxUnavailable: 0}",
        "at '/podDisruptionBudget/maxUnavailable': minimum: got 0, want 1",
    ),
    (
        "networkPolicy: {apiServer: {ports: null}}",
        "at '/networkPolicy/apiServer': missing property 'ports'",
    ),
    (
        "metrics: {service: {enabled: false}, serviceMonitor: {enabled: true}}",
        "set metrics.service.enabled",
    ),
    (
        "metrics: {prometheusRule: {disabled: [Slow]}}",
        "at '/metrics/prometheusRule/disabled/0': value must be one of",
    ),
];

#[test]
fn wrong_values_are_refused() {
    for helm in HELMS {
        for (values, reason) in CASES {
            let run = template(helm, values);
            assert_ne!(run.status, Some(0), "{helm} takes {values}");
            assert!(run.stderr.contains(reason), "{helm}, {values}: {}", run.stderr);
        }
    }
}

#[test]
fn right_values_are_taken() {
    let cases = [
        "",
        EVERYTHING,
        NO_API,
        // What a parent chart hands down.
        "global: {anything: true}\nenabled: true",
        "podDisruptionBudget: {maxUnavailable: 50%}",
        "resources: {}",
        "resources: null",
        "config: {exemptAnnotation: false, components: {server: {images: [mirror.example.com/server]}}}",
    ];
    for helm in HELMS {
        for values in cases {
            template(helm, values).good();
        }
    }
}

#[test]
fn a_cluster_that_is_too_old_is_refused() {
    for helm in HELMS {
        let folder = crate::program::Folder::new();
        let mut command = folder.command(crate::program::tool(helm));
        command.args(["template", "fixative", "--kube-version", "1.29.0"]);
        let run = crate::program::run(command.arg(crate::program::repository("charts/fixative")), b"");
        run.failed(1, &["requires kubeVersion: >=1.30.0-0"]);
    }
}
