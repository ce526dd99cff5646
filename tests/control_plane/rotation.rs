//! Certificates that the webhook makes itself are renewed in a cluster that calls it all the time: by two replicas of the
//! chart, under a steady load, and without one call that fails.
//!
//! Nobody waits for months: the Secret is given a CA that is old, and the day on which the newest one was made is moved.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fixative::webhook::issue::{authority, leaf};
use serde_json::{Value, json};

use crate::api::Patch;
use crate::installation::{CONFIGURATIONS, Release};
use crate::load::Load;
use crate::process::wait;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// The replicas look every 30 seconds.
const PATIENCE: Duration = Duration::from_secs(75);

#[test]
fn a_ca_and_its_leaf_are_renewed_and_no_call_fails() {
    let release = Release::new("helm4", "rotation");
    let fail = json!({"failurePolicy": "Fail"});
    release.apply("install", &json!({"webhook": {"mutate": fail, "validate": fail}}));
    let old = hold_old_ca(&release);
    let (_service, running) = release.run();
    let load = Load::start(&release.photos);
    load.go_on(50);

    // The CA was due at once. The new one stands in front of it, and the old leaf is served on.
    let bundle = bundles(&release, 2);
    assert!(bundle.ends_with(&old.ca), "the old CA is still trusted");
    assert_eq!(text(&secret(&release), "tls.crt"), old.leaf);
    load.go_on(50);

    // Five minutes later everybody knows the new CA: each replica serves a leaf of it.
    made_before(&release, Duration::from_secs(10 * 60));
    wait(PATIENCE, "a leaf of the new CA", || {
        running
            .iter()
            .all(|pod| pod.said().matches("a new certificate is served").count() == 2)
            .then_some(())
    });
    assert_ne!(text(&secret(&release), "tls.crt"), old.leaf);
    load.go_on(50);

    // No leaf of the old CA can be served any more: it is trusted no longer, and the new one alone is enough.
    made_before(&release, 22 * DAY);
    let bundle = bundles(&release, 1);
    assert!(!bundle.contains(&old.ca), "the old CA is gone");
    load.go_on(50);
    load.end().none_failed();
    for pod in &running {
        let said = pod.said();
        assert!(!said.contains("the certificates cannot be kept"), "{said}");
    }
}

/// What the Secret held at first, as PEM.
struct Old {
    ca: String,
    leaf: String,
}

/// Puts a CA of 300 days and a leaf of yesterday into the release's Secret.
fn hold_old_ca(release: &Release) -> Old {
    let host = format!("{}.{}", release.name, release.api.namespace);
    let names = [format!("{host}.svc"), host];
    let now = SystemTime::now();
    let ca = authority("fixative", now - 300 * DAY).unwrap();
    let leaf = leaf(&ca, &names, now - DAY).unwrap();
    let data = [
        ("ca.crt", &ca.certificate),
        ("ca.key", &ca.key),
        ("tls.crt", &leaf.certificate),
        ("tls.key", &leaf.key),
    ];
    let data: Value = data
        .iter()
        .map(|(key, text)| ((*key).to_owned(), json!(STANDARD.encode(text))))
        .collect();
    let patch = json!({"data": data});
    release
        .api
        .patch(&named_secret(release), Patch::Merge, &patch)
        .accepts();
    made_before(release, 300 * DAY);
    Old {
        ca: ca.certificate,
        leaf: leaf.certificate,
    }
}

/// The newest CA was made that long ago, as far as the replicas are told.
fn made_before(release: &Release, age: Duration) {
    let since = (SystemTime::now() - age).duration_since(UNIX_EPOCH).unwrap();
    let annotations = json!({"fixative.dev/ca-since": since.as_secs().to_string()});
    let patch = json!({"metadata": {"annotations": annotations}});
    release
        .api
        .patch(&named_secret(release), Patch::Merge, &patch)
        .accepts();
}

fn named_secret(release: &Release) -> Value {
    let name = format!("{}-tls", release.name);
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}})
}

fn secret(release: &Release) -> Value {
    release.api.get(&named_secret(release)).accepts().body.clone()
}

fn text(secret: &Value, key: &str) -> String {
    decoded(&secret["data"][key])
}

fn decoded(value: &Value) -> String {
    String::from_utf8(STANDARD.decode(value.as_str().unwrap()).unwrap()).unwrap()
}

/// Waits until both configurations trust the Secret's bundle, which holds so many CAs.
#[track_caller]
fn bundles(release: &Release, cas: usize) -> String {
    let bundle = wait(PATIENCE, "the renewed bundle", || {
        let bundle = text(&secret(release), "ca.crt");
        (bundle.matches("BEGIN CERTIFICATE").count() == cas).then_some(bundle)
    });
    for kind in CONFIGURATIONS {
        wait(PATIENCE, "the bundle in the configurations", || {
            let found = release.api.get(&release.configuration(kind)).body;
            (decoded(&found["webhooks"][0]["clientConfig"]["caBundle"]) == bundle).then_some(())
        });
    }
    bundle
}
