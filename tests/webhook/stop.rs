//! How it ends, and how it does not start.

use std::process::Command;

use crate::process::Server;
use crate::reviews::{create, server};

#[test]
fn sigterm_fails_readiness_first_and_answers_on() {
    let mut server_ = Server::with(|_| vec!["--drain=3".into()]);
    let body = create(&server());
    let mut client = server_.connect();
    assert!(
        !client
            .post("/mutate", body.as_bytes())
            .head
            .to_ascii_lowercase()
            .contains("connection: close")
    );
    server_.signal("TERM");
    server_.wait("/readyz", |status, body| {
        status == 503 && body.contains("about to stop")
    });
    let answer = client.post("/mutate", body.as_bytes());
    assert_eq!(answer.status, 200);
    assert!(
        answer.head.to_ascii_lowercase().contains("connection: close"),
        "{}",
        answer.head
    );
    assert!(client.is_ended());
    assert_eq!(
        server_.connect().post("/mutate", body.as_bytes()).status,
        200,
        "new connections are still taken"
    );
    assert_eq!(server_.ended(), Some(0));
}

#[test]
fn what_it_needs_and_does_not_find_it_says() {
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_fixative"))
            .arg("serve")
            .args(arguments)
            .env_clear()
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let cases: [(&[&str], &str); 4] = [
        (&[], "--tls-dir"),
        (
            &[
                "--tls-dir=/nowhere",
                "--listen=127.0.0.1:0",
                "--health-listen=127.0.0.1:0",
            ],
            "/nowhere/tls.crt cannot be read",
        ),
        (&["--tls-secret=a"], "--service"),
        (&["--tls-dir=a", "--listen=256.0.0.1:1"], "--listen"),
    ];
    for (arguments, expected) in cases {
        let (status, said) = run(arguments);
        assert_eq!(status, Some(2), "{arguments:?}: {said}");
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
}

#[test]
fn a_folder_with_a_certificate_of_another_key_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let certs = folder.path().join("certs");
    crate::process::make_certificates(&certs);
    std::fs::copy(certs.join("ca.key"), certs.join("tls.key")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_fixative"))
        .args([
            "serve",
            "--listen=127.0.0.1:0",
            "--health-listen=127.0.0.1:0",
            "--tls-dir=certs",
        ])
        .current_dir(folder.path())
        .env_clear()
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("certs holds no certificate with its key") && said.contains("fixative certs dev"),
        "{said}"
    );
}

#[test]
fn without_an_api_server_it_starts_is_not_ready_and_says_why() {
    let server_ = Server::managed(|folder| {
        let kubeconfig = "apiVersion: v1\nkind: Config\ncurrent-context: x\ncontexts: [{name: x, context: {cluster: x, user: x}}]\nclusters: [{name: x, cluster: {server: 'http://127.0.0.1:1'}}]\nusers: [{name: x, user: {}}]\n";
        std::fs::write(folder.join("kubeconfig"), kubeconfig).unwrap();
        [
            "--kubeconfig=kubeconfig",
            "--tls-secret=fixative-tls",
            "--service=fixative",
            "--facts",
        ]
        .map(str::to_owned)
        .to_vec()
    });
    server_.wait("/readyz?verbose", |status, body| {
        status == 503
            && body.contains("[-] certificate: the API server")
            && body.contains("[!] facts")
            && body.contains("[+] policies")
    });
}

#[test]
fn an_api_server_that_never_answers_holds_up_nobody() {
    // It takes connections and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let server_ = Server::with(|folder| {
        let kubeconfig = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: x\ncontexts: [{{name: x, context: {{cluster: x, user: x}}}}]\nclusters: [{{name: x, cluster: {{server: 'http://{address}'}}}}]\nusers: [{{name: x, user: {{}}}}]\n"
        );
        std::fs::write(folder.join("kubeconfig"), kubeconfig).unwrap();
        [
            "--kubeconfig=kubeconfig",
            "--webhook-configuration=fixative",
            "--facts",
        ]
        .map(str::to_owned)
        .to_vec()
    });
    server_.wait("/readyz", |status, _| status == 200);
    assert_eq!(
        server_.review("/mutate", &create(&server()))["patchType"],
        "JSONPatch"
    );
    server_.wait("/readyz", |_, _| server_.log().contains("does not answer"));
}
