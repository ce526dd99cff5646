//! What changes while it runs: policies, configuration, certificates; also as the kubelet changes them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::process::{Server, make_certificates};
use crate::reviews::{create, server};

/// A folder as the kubelet mounts a ConfigMap: files are links into `..data`, which is a link that is swapped.
fn mount(folder: &Path, version: &str, files: &[(&str, &str)]) {
    let real = folder.join(format!("..{version}"));
    fs::create_dir_all(&real).unwrap();
    for (name, text) in files {
        fs::write(real.join(name), text).unwrap();
        let link = folder.join(name);
        if !link.exists() {
            symlink(format!("..data/{name}"), link).unwrap();
        }
    }
    let next = folder.join("..data_tmp");
    symlink(format!("..{version}"), &next).unwrap();
    fs::rename(next, folder.join("..data")).unwrap();
}

const OFF: &str = "kind: Config\npolicies: {service-links: {enabled: false}}\n";
const ON: &str = "kind: Config\n";

fn is_patched(server_: &Server) -> bool {
    server_
        .review("/mutate", &create(&server()))
        .get("patch")
        .is_some()
}

#[test]
fn a_swapped_config_map_counts_and_a_broken_one_does_not() {
    let server_ = Server::with(|folder| {
        mount(&folder.join("config"), "one", &[("fixative.yaml", OFF)]);
        vec!["--config=config/fixative.yaml".into()]
    });
    assert!(!is_patched(&server_));
    let first = digest(&server_);

    mount(&server_.path("config"), "two", &[("fixative.yaml", ON)]);
    server_.wait("/readyz?verbose", |_, body| !body.contains(&first));
    assert!(is_patched(&server_));
    let second = digest(&server_);

    mount(
        &server_.path("config"),
        "three",
        &[("fixative.yaml", "kind: Config\npolicis: {}\n")],
    );
    server_.wait("/readyz?verbose", |status, body| {
        status == 200 && body.contains("[!] policies") && body.contains("there is no field `policis`")
    });
    assert!(is_patched(&server_), "the last good set stays");
    assert_eq!(server_.metric("fixative_policies_last_load_success"), 0.0);
    assert_eq!(
        server_.metric(&format!("fixative_policies_loaded{{digest=\"{second}\"}}")),
        1.0
    );

    mount(&server_.path("config"), "four", &[("fixative.yaml", OFF)]);
    server_.wait("/readyz?verbose", |_, body| {
        body.contains(&first) && body.contains("[+] policies")
    });
    assert!(!is_patched(&server_));
    assert_eq!(server_.metric("fixative_policies_last_load_success"), 1.0);
}

fn digest(server_: &Server) -> String {
    let (_, body) = server_.get("/readyz?verbose").unwrap();
    let line = body
        .lines()
        .find(|line| line.contains("policies"))
        .unwrap()
        .to_owned();
    line.split([' ', ',']).nth(2).unwrap().to_owned()
}

#[test]
fn without_any_policies_it_is_not_ready_and_mends_itself() {
    let server_ = Server::with(|folder| {
        mount(&folder.join("config"), "one", &[("fixative.yaml", "kind: [")]);
        vec!["--config=config/fixative.yaml".into()]
    });
    server_.wait("/readyz", |status, body| {
        status == 503 && body.contains("cannot be loaded")
    });
    let answer = server_.connect().post("/mutate", create(&server()).as_bytes());
    assert_eq!(answer.status, 503, "failurePolicy decides: {}", answer.text());
    mount(&server_.path("config"), "two", &[("fixative.yaml", ON)]);
    server_.wait("/readyz", |status, _| status == 200);
    assert!(is_patched(&server_));
}

#[test]
fn a_new_certificate_is_served_without_a_dropped_connection() {
    let server_ = Server::start();
    let body = create(&server());
    let mut old = server_.connect();
    assert_eq!(old.post("/mutate", body.as_bytes()).status, 200);
    let first = old.certificate();

    // A pair that does not belong together: the old one stays.
    let good_key = fs::read(server_.certs().join("tls.key")).unwrap();
    let ca_key = fs::read(server_.certs().join("ca.key")).unwrap();
    fs::write(server_.certs().join("tls.key"), ca_key).unwrap();
    server_.wait("/metrics", |_, text| {
        text.contains(r#"fixative_certificate_reloads_total{result="error"} 1"#)
    });
    let mut still = server_.connect();
    assert_eq!(still.post("/mutate", body.as_bytes()).status, 200);
    assert_eq!(still.certificate(), first);
    fs::write(server_.certs().join("tls.key"), good_key).unwrap();

    make_certificates(&server_.certs());
    server_.wait("/metrics", |_, text| {
        text.contains(r#"fixative_certificate_reloads_total{result="success"} 2"#)
    });
    let mut new = server_.connect();
    assert_eq!(new.post("/mutate", body.as_bytes()).status, 200);
    assert_ne!(new.certificate(), first);
    assert_eq!(
        old.post("/mutate", body.as_bytes()).status,
        200,
        "the old connection lives on"
    );
}
