//! Three sources of certificates, and who fills in what the API server trusts.

use serde_json::{Value, json};

use crate::chart::{NAMESPACE, NO_API, names, object, objects};

const KINDS: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

fn trusted(objects: &[Value]) -> Vec<Value> {
    let bundle = |kind| object(objects, kind, "fixative")["webhooks"][0]["clientConfig"]["caBundle"].clone();
    KINDS.map(bundle).to_vec()
}

fn pod(objects: &[Value]) -> &Value {
    &object(objects, "Deployment", "fixative")["spec"]["template"]["spec"]
}

/// The Secret's keys, and `caBundle`, are the program's: a field that no rendering holds is taken away by neither
/// Helm 3's merge nor Helm 4's apply.
#[test]
fn the_program_writes_its_own() {
    let objects = objects("");
    let secret = object(&objects, "Secret", "fixative-tls");
    assert_eq!(secret["type"], "Opaque");
    assert!(secret["data"].is_null() && secret["stringData"].is_null());
    assert_eq!(trusted(&objects), [Value::Null, Value::Null]);
    for kind in KINDS {
        assert!(object(&objects, kind, "fixative")["metadata"]["annotations"].is_null());
    }
    let mounts = pod(&objects)["containers"][0]["volumeMounts"].as_array().unwrap();
    assert!(mounts.iter().all(|mount| mount["name"] != "tls"));
}

#[test]
fn cert_manager_makes_a_ca_for_this_webhook_alone() {
    let objects = objects("certificates: {source: certManager}");
    let leaf = &object(&objects, "Certificate", "fixative-tls")["spec"];
    let host = format!("fixative.{NAMESPACE}.svc");
    assert_eq!(leaf["dnsNames"], json!([host, format!("fixative.{NAMESPACE}")]));
    assert_eq!(leaf["secretName"], "fixative-tls");
    // Self-signed, then a CA, then the issuer of that CA, then the certificate.
    assert_eq!(leaf["issuerRef"]["name"], "fixative-ca");
    let issuer = object(&objects, "Issuer", "fixative-ca");
    let ca = &object(&objects, "Certificate", "fixative-ca")["spec"];
    assert_eq!(issuer["spec"]["ca"]["secretName"], ca["secretName"]);
    assert_eq!(ca["isCA"], true);
    assert_eq!(ca["issuerRef"]["name"], "fixative-self-signed");
    let first = object(&objects, "Issuer", "fixative-self-signed");
    assert_eq!(first["spec"], json!({"selfSigned": {}}));
    assert_eq!(trusted(&objects), [Value::Null, Value::Null]);
    for kind in KINDS {
        let expected = json!({"cert-manager.io/inject-ca-from": format!("{NAMESPACE}/fixative-tls")});
        assert_eq!(
            object(&objects, kind, "fixative")["metadata"]["annotations"],
            expected
        );
    }
    mounted(&objects, "fixative-tls");
}

#[test]
fn an_issuer_of_ones_own_signs_only() {
    let values =
        "certificates: {source: certManager, certManager: {issuerRef: {name: house, kind: ClusterIssuer}}}";
    let objects = objects(values);
    let issuer = &object(&objects, "Certificate", "fixative-tls")["spec"]["issuerRef"];
    assert_eq!(*issuer, json!({"name": "house", "kind": "ClusterIssuer"}));
    assert!(names(&objects).iter().all(|name| !name.starts_with("Issuer")));
}

#[test]
fn a_secret_of_ones_own_is_mounted_and_its_ca_trusted() {
    let objects = objects(NO_API);
    // The PEM of the values, encoded once.
    let expected = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCmJtOTBJSEpsWVdRZ2FHVnlaUT09Ci0tLS0tRU5EIENFUlRJRklDQVRFLS0tLS0K";
    assert_eq!(trusted(&objects), [json!(expected), json!(expected)]);
    mounted(&objects, "mine-tls");
    assert!(!names(&objects).iter().any(|name| name.starts_with("Secret")));
    let filled = "
certificates: {source: existingSecret, existingSecret: {name: mine-tls}}
webhook: {annotations: {cert-manager.io/inject-ca-from-secret: guard/mine-tls}}
";
    let objects = crate::chart::objects(filled);
    assert_eq!(trusted(&objects), [Value::Null, Value::Null]);
}

#[track_caller]
fn mounted(objects: &[Value], secret: &str) {
    let pod = pod(objects);
    let volumes = pod["volumes"].as_array().unwrap();
    let volume = volumes.iter().find(|volume| volume["name"] == "tls").unwrap();
    // Octal in the chart: for the group of the program only.
    assert_eq!(
        volume["secret"],
        json!({"secretName": secret, "defaultMode": 0o440})
    );
    let mounts = pod["containers"][0]["volumeMounts"].as_array().unwrap();
    // A folder, never a file in it: the kubelet changes only folders.
    let mount = json!({"name": "tls", "mountPath": "/etc/fixative/tls", "readOnly": true});
    assert!(mounts.contains(&mount), "{mounts:#?}");
}
