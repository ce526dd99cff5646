//! Connections that nobody should make: each ends, and who comes after is answered.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use crate::process::{PATIENCE, Server};
use crate::reviews::{create, server};

fn is_well(server_: &Server) {
    assert_eq!(
        server_.review("/mutate?timeout=3s", &create(&server()))["patchType"],
        "JSONPatch"
    );
}

/// Reads up to the end of the connection; how long that took.
fn until_end(stream: &mut TcpStream) -> Duration {
    let start = Instant::now();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut rest = Vec::new();
    if let Err(error) = stream.read_to_end(&mut rest) {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}");
    }
    start.elapsed()
}

#[test]
fn what_is_no_tls_ends_at_once() {
    let server_ = Server::start();
    let mut plain = TcpStream::connect(server_.address).unwrap();
    plain
        .write_all(b"POST /mutate HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    until_end(&mut plain);
    is_well(&server_);
}

#[test]
fn half_a_hello_and_silence_end_and_hold_up_nobody() {
    let server_ = Server::start();
    let mut half = TcpStream::connect(server_.address).unwrap();
    // A TLS record that promises 512 bytes, and a few of them.
    half.write_all(&[0x16, 3, 1, 2, 0, 1, 0, 1]).unwrap();
    let mut silent = TcpStream::connect(server_.address).unwrap();
    is_well(&server_);
    until_end(&mut half);
    until_end(&mut silent);
}

#[test]
fn a_slow_head_ends_and_so_does_a_connection_without_a_request() {
    let server_ = Server::start();
    let mut slow = server_.connect();
    slow.send(b"POST /mutate HTTP/1.1\r\nHost:");
    is_well(&server_);
    // It may still be told that its time is over.
    if let Some(answer) = slow.answer() {
        assert_eq!(answer.status, 408);
    }
    assert!(slow.is_ended());
}

#[test]
fn a_slow_body_is_answered_within_the_deadline() {
    let server_ = Server::start();
    let mut slow = server_.connect();
    slow.send(b"POST /mutate?timeout=1s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{\"a\":");
    assert_eq!(slow.answer().unwrap().status, 408);
    is_well(&server_);
}

#[test]
fn a_thousand_idle_connections_keep_nobody_out() {
    let server_ = Server::with(|_| vec!["--max-connections=64".into()]);
    let idle: Vec<TcpStream> = (0..1000)
        .map(|_| TcpStream::connect(server_.address).unwrap())
        .collect();
    for _ in 0..5 {
        is_well(&server_);
    }
    let open = server_.metric("fixative_connections");
    assert!(open > 1.0 && open <= 64.0, "{open}");
    drop(idle);
}

#[test]
fn a_connection_that_was_used_stays_open_while_it_is_idle() {
    let server_ = Server::start();
    let mut client = server_.connect();
    let body = create(&server());
    assert_eq!(client.post("/mutate", body.as_bytes()).status, 200);
    // Longer than what a connection without a request is given.
    thread::sleep(Duration::from_secs(12));
    assert_eq!(client.post("/mutate", body.as_bytes()).status, 200);
}

#[test]
fn both_lengths_at_once_and_a_huge_head_are_refused() {
    let server_ = Server::start();
    let mut both = server_.connect();
    both.send(b"POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n");
    let first = both.answer();
    assert!(
        first.as_ref().is_none_or(|answer| answer.status == 400),
        "{first:?}"
    );
    assert!(
        both.answer().is_none(),
        "nothing behind it is taken for a request"
    );

    let mut head = server_.connect();
    head.send(b"POST /mutate HTTP/1.1\r\nHost: x\r\n");
    for _ in 0..900 {
        head.send(format!("X-Filler: {}\r\n", "x".repeat(1000)).as_bytes());
    }
    head.send(b"\r\n");
    assert!(head.answer().is_none_or(|answer| answer.status == 431));
    is_well(&server_);
}

#[test]
fn a_policy_that_never_ends_is_cut_off_at_the_deadline_and_others_are_answered() {
    let loops = "object.spec.template.spec.containers.all(a, range.all(b, range.all(c, range.all(d, b + c + d >= 0))))";
    let range: Vec<String> = (0..300).map(|number| number.to_string()).collect();
    let expression = loops.replace("range", &format!("[{}]", range.join(",")));
    let server_ = Server::with(|folder| {
        let policy = format!(
            "apiVersion: fixative.dev/v1alpha1\nkind: Policy\nmetadata: {{name: silly}}\nspec:\n  title: t\n  description: d\n  severity: low\n  action: Deny\n  subject: Object\n  match: {{kinds: [Deployment.apps]}}\n  rules:\n  - {{name: a, assert: \"{expression}\"}}\n"
        );
        std::fs::create_dir(folder.join("pack")).unwrap();
        std::fs::write(folder.join("pack/silly.yaml"), policy).unwrap();
        vec!["--policies=pack".into()]
    });
    let start = Instant::now();
    let answer = server_
        .connect()
        .post("/validate?timeout=2s", create(&server()).as_bytes());
    assert!(start.elapsed() < Duration::from_secs(5));
    // The budget ends it with a warning, or the deadline with a status: a request is never denied by it.
    match answer.status {
        200 => assert_eq!(answer.json()["response"]["allowed"], true, "{}", answer.text()),
        status => assert!(status >= 500, "{}", answer.text()),
    }
    let other = create(&server()).replace("Deployment", "StatefulSet");
    assert_eq!(server_.review("/validate", &other)["allowed"], true);
}

#[test]
fn many_at_once_are_all_answered() {
    let server_ = Server::start();
    let body = create(&server());
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                let mut client = server_.connect();
                for _ in 0..50 {
                    let answer = client.post("/mutate?timeout=10s", body.as_bytes());
                    assert_eq!(answer.status, 200, "{}", answer.text());
                }
            });
        }
    });
    assert_eq!(
        server_.metric(r#"fixative_admission_requests_total{webhook="mutate",result="patched"}"#),
        800.0
    );
    assert!(server_.memory() < 200 << 10, "{} KB", server_.memory());
}

#[test]
fn streams_of_http_2_that_are_reset_at_once_hold_up_nobody() {
    let server_ = Server::start();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut client = server_.connect_h2().await;
        for _ in 0..20_000 {
            let request = http::Request::post("https://localhost/mutate").body(()).unwrap();
            // The server ends the connection of whoever goes on like this.
            let Ok(ready) = client.ready().await else { return };
            client = ready;
            let Ok((_, mut stream)) = client.send_request(request, false) else {
                return;
            };
            // Until the head is on its way.
            tokio::task::yield_now().await;
            stream.send_reset(h2::Reason::CANCEL);
        }
        panic!("20000 resets are too many");
    });
    is_well(&server_);
}

#[test]
fn large_bodies_at_once_are_held_within_bounds() {
    let server_ = Server::start();
    let mut object = server();
    object["metadata"]["annotations"] = serde_json::json!({"big": "x".repeat(6 << 20)});
    let body = create(&object);
    thread::scope(|scope| {
        for _ in 0..24 {
            scope.spawn(|| {
                let answer = server_.connect().post("/mutate?timeout=30s", body.as_bytes());
                assert!(matches!(answer.status, 200 | 503), "{}", answer.status);
            });
        }
    });
    // Of 24 bodies of 6 MB not all are there at once, nor their parsed objects: the chart's limit is 128 MiB.
    assert!(server_.peak() < 128 << 10, "{} KB", server_.peak());
    is_well(&server_);
}
