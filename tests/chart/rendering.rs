//! The whole: lint, the rendering that people read, and where its objects go.

use crate::chart::{EVERYTHING, HELMS, NAMESPACE, NO_API, names, objects, template};
use crate::program::{Folder, repository, run, tool};

#[test]
fn both_helms_find_nothing_to_complain_of() {
    for helm in HELMS {
        for values in ["", EVERYTHING, NO_API] {
            let folder = Folder::new().with("values.yaml", values);
            let mut command = folder.command(tool(helm));
            command.args([
                "lint",
                "--strict",
                "--kube-version",
                "1.36.3",
                "--values",
                "values.yaml",
            ]);
            let lint = run(command.arg(repository("charts/fixative")), b"");
            assert!(lint.good().contains("0 chart(s) failed"), "{helm}");
        }
    }
}

#[test]
fn the_default_is() {
    insta::assert_snapshot!("default", template("helm3", "").good());
}

#[test]
fn every_switch_makes_its_objects() {
    let expected = [
        "Certificate fixative-ca",
        "Certificate fixative-tls",
        "ClusterRole fixative-facts",
        "ClusterRole fixative-webhooks",
        "ClusterRoleBinding fixative-facts",
        "ClusterRoleBinding fixative-webhooks",
        "ConfigMap fixative-config",
        "ConfigMap fixative-dashboard",
        "ConfigMap fixative-policies-mine",
        "Deployment fixative",
        "Issuer fixative-ca",
        "Issuer fixative-self-signed",
        "MutatingWebhookConfiguration fixative",
        "NetworkPolicy fixative",
        "Pod fixative-test",
        "Pod fixative-test-webhook",
        "PodDisruptionBudget fixative",
        "PrometheusRule fixative",
        "Role fixative-events",
        "Role fixative-test-webhook",
        "RoleBinding fixative-events",
        "RoleBinding fixative-test-webhook",
        "Service fixative",
        "Service fixative-metrics",
        "ServiceAccount fixative",
        "ServiceAccount fixative-test-webhook",
        "ServiceMonitor fixative",
        "ValidatingWebhookConfiguration fixative",
    ];
    assert_eq!(names(&objects(EVERYTHING)), expected);
}

#[test]
fn what_is_switched_off_is_not_made() {
    let values = "
webhook: {mutate: {enabled: false}}
podDisruptionBudget: {enabled: false}
serviceAccount: {create: false, name: mine}
rbac: {create: false}
networkPolicy: {enabled: false}
metrics: {service: {enabled: false}}
test: {enabled: false}
";
    let expected = [
        "ConfigMap fixative-config",
        "Deployment fixative",
        "Secret fixative-tls",
        "Service fixative",
        "ValidatingWebhookConfiguration fixative",
    ];
    let objects = objects(values);
    assert_eq!(names(&objects), expected);
    assert_eq!(
        objects[1]["spec"]["template"]["spec"]["serviceAccountName"],
        "mine"
    );
}

#[test]
fn only_what_has_no_namespace_and_what_is_tried_is_outside_the_release() {
    let cluster = [
        "ClusterRole",
        "ClusterRoleBinding",
        "MutatingWebhookConfiguration",
        "ValidatingWebhookConfiguration",
    ];
    for values in ["", EVERYTHING, NO_API] {
        for object in objects(values) {
            let namespace = &object["metadata"]["namespace"];
            if cluster.iter().any(|kind| object["kind"] == *kind) {
                assert!(namespace.is_null(), "{object:#}");
            } else {
                // What `helm test` may do is allowed where it is tried.
                let is_try = object["metadata"]["name"] == "fixative-test-webhook"
                    && (object["kind"] == "Role" || object["kind"] == "RoleBinding");
                let expected = if is_try { "default" } else { NAMESPACE };
                assert_eq!(namespace, expected, "{object:#}");
            }
            let labels = &object["metadata"]["labels"];
            assert_eq!(labels["app.kubernetes.io/instance"], "fixative", "{object:#}");
        }
    }
}

#[test]
fn names_follow_the_release() {
    for (release, expected) in [
        ("fixative", "fixative"),
        ("my-fixative", "my-fixative"),
        ("guard", "guard-fixative"),
        ("team.guard", "team-guard-fixative"),
    ] {
        let folder = Folder::new();
        let mut command = folder.command(tool("helm3"));
        command.args(["template", release, "--kube-version", "1.36.3"]);
        let text = run(command.arg(repository("charts/fixative")), b"").good();
        let objects = crate::chart::read(&text);
        crate::chart::object(&objects, "Service", expected);
        crate::chart::object(&objects, "MutatingWebhookConfiguration", expected);
    }
}

#[test]
fn no_private_key_is_ever_printed() {
    for helm in HELMS {
        for values in ["", EVERYTHING, NO_API] {
            let text = template(helm, values).good();
            for secret in ["PRIVATE KEY", "tls.key", "ca.key"] {
                assert!(!text.contains(secret), "{secret} in\n{text}");
            }
        }
    }
    // Made at each rendering, it would change the Secret and the CA apart from each other.
    let templates = std::fs::read_dir(repository("charts/fixative/templates")).unwrap();
    for template in templates
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
    {
        let text = std::fs::read_to_string(&template).unwrap();
        for function in [
            "genCA",
            "genSelfSignedCert",
            "genSignedCert",
            "genPrivateKey",
            "randAlpha",
        ] {
            assert!(!text.contains(function), "{function} in {}", template.display());
        }
    }
}

/// Helm 4 only: Helm 3 asks for a cluster even in a dry run.
#[test]
fn the_notes_say() {
    let notes = |values: &str| {
        let folder = Folder::new().with("values.yaml", values);
        let mut command = folder.command(tool("helm4"));
        command
            .args([
                "install",
                "fixative",
                "--namespace",
                NAMESPACE,
                "--dry-run=client",
            ])
            .args(["--values", "values.yaml"])
            .arg(repository("charts/fixative"));
        let said = run(&mut command, b"").good();
        let (_, notes) = said.split_once("\nNOTES:\n").expect("notes");
        notes.to_owned()
    };
    insta::assert_snapshot!("notes", notes(""));
    insta::assert_snapshot!("notes_of_everything", notes(EVERYTHING));
}
