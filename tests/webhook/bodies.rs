//! Bodies that nobody should send: each is answered, with a status that lets `failurePolicy` decide or rightly,
//! and the server goes on.

use serde_json::json;

use crate::process::Server;
use crate::reviews::{create, server, with_object};

#[test]
fn bodies_that_are_no_review_are_400() {
    let server_ = Server::start();
    let good = create(&server());
    let cases: [(&str, Vec<u8>); 11] = [
        ("empty", Vec::new()),
        ("truncated", good.as_bytes()[..good.len() / 2].to_vec()),
        ("trailing", [good.as_bytes(), b"{}"].concat()),
        ("BOM", ["\u{FEFF}".as_bytes(), good.as_bytes()].concat()),
        (
            "invalid UTF-8",
            good.replace("photos", "ph\u{1}tos")
                .into_bytes()
                .iter()
                .map(|b| if *b == 1 { 0xff } else { *b })
                .collect(),
        ),
        (
            "an array for a struct",
            br#"["admission.k8s.io/v1","AdmissionReview",null]"#.to_vec(),
        ),
        (
            "an array for the request",
            br#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":["u"]}"#.to_vec(),
        ),
        (
            "duplicate keys",
            good.replacen(r#""uid":"#, r#""uid":"first","uid":"#, 1)
                .into_bytes(),
        ),
        (
            "v1beta1",
            good.replace("admission.k8s.io/v1", "admission.k8s.io/v1beta1")
                .into_bytes(),
        ),
        (
            "another kind",
            good.replace("AdmissionReview", "TokenReview").into_bytes(),
        ),
        ("not JSON", b"apiVersion: v1".to_vec()),
    ];
    let count = cases.len() as f64;
    for (what, body) in cases {
        let answer = server_.connect().post("/mutate?timeout=3s", &body);
        assert_eq!(answer.status, 400, "{what}: {}", answer.text());
        assert!(
            answer.text().contains("AdmissionReview"),
            "{what} says what is wrong: {}",
            answer.text()
        );
    }
    assert_eq!(
        server_.metric(r#"fixative_admission_failures_total{reason="bad_request"}"#),
        count
    );
    assert_eq!(server_.review("/mutate", &good)["patchType"], "JSONPatch");
}

#[test]
fn odd_reviews_are_answered_like_others() {
    let server_ = Server::start();
    let good = create(&server());
    let odd = [
        good.replace(r#""dryRun":false"#, r#""dryRun":null"#),
        good.replace(r#""dryRun":false"#, r#""dryRun":true"#),
        good.replace(
            r#""userInfo":{"username":"admin","groups":["system:masters"]},"#,
            "",
        ),
        good.replace(r#""oldObject":null,"#, ""),
        good.replace(r#""operation""#, r#""unknownField":[1,{"a":2}],"operation""#),
        format!(" \n{good}\n "),
    ];
    for body in odd {
        assert_eq!(
            server_.review("/mutate?timeout=3s", &body)["patchType"],
            "JSONPatch",
            "{body}"
        );
    }
}

#[test]
fn objects_that_cannot_be_held_leave_it_to_the_failure_policy_with_their_uid() {
    let server_ = Server::start();
    let nested = |depth: usize| {
        format!(
            r#"{{"image":"immich-server","deep":{}1{}}}"#,
            "[".repeat(depth),
            "]".repeat(depth)
        )
    };
    let cases = [
        nested(200),
        nested(100_000),
        r#"{"image":"immich-server","lone":"\ud800"}"#.to_owned(),
        r#"{"image":"immich-server","huge":1e400}"#.to_owned(),
        r#"{"image":"immich-server"}"#.to_owned(),
    ];
    for object in cases {
        let answer = server_
            .connect()
            .post("/mutate?timeout=3s", with_object(&object).as_bytes());
        let shown: String = object.chars().take(60).collect();
        assert_eq!(answer.status, 500, "{shown}: {}", answer.text());
        assert_eq!(answer.json()["response"]["uid"], "the-uid", "{shown}");
    }
    // What no policy is about is not even read.
    let response = server_.review(
        "/mutate",
        &with_object(&nested(100_000).replace("immich-server", "nginx")),
    );
    assert_eq!(response, json!({"uid": "the-uid", "allowed": true}));
}

#[test]
fn numbers_at_the_edges_are_no_reason_to_fail() {
    let server_ = Server::start();
    let mut object = server();
    object["spec"]["big"] = json!(u64::MAX);
    let body = create(&object).replace("18446744073709551615", "18446744073709551616");
    assert_eq!(server_.review("/mutate", &body)["patchType"], "JSONPatch");
    let mut object = server();
    object["spec"]["deep"] =
        serde_json::from_str(&format!("{}1{}", "[".repeat(110), "]".repeat(110))).unwrap();
    assert_eq!(
        server_.review("/mutate", &create(&object))["patchType"],
        "JSONPatch"
    );
}

#[test]
fn a_body_at_the_limit_is_judged_and_one_over_it_is_413() {
    let server_ = Server::start();
    let sized = |size: usize| {
        let mut object = server();
        object["metadata"]["annotations"] = json!({"big": "x".repeat(size)});
        create(&object)
    };
    let response = server_.review("/mutate", &sized(7 << 20));
    assert_eq!(response["patchType"], "JSONPatch");
    let head = "POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    let mut stated = server_.connect();
    stated.send(format!("{head}Content-Length: {}\r\n\r\n", 9 << 20).as_bytes());
    let answer = stated.answer().unwrap();
    assert_eq!(answer.status, 413, "refused before it comes: {}", answer.text());
    // One that does not say how long it is ends where it is too long; the answer may be lost with the connection.
    let mut chunked = server_.connect();
    chunked.send(format!("{head}Transfer-Encoding: chunked\r\n\r\n").as_bytes());
    for _ in 0..9 {
        chunked.send(format!("{:x}\r\n{}\r\n", 1 << 20, "x".repeat(1 << 20)).as_bytes());
    }
    assert!(chunked.answer().is_none_or(|answer| answer.status == 413));
    assert_eq!(
        server_.review("/mutate", &create(&server()))["patchType"],
        "JSONPatch"
    );
}

#[test]
fn other_types_methods_and_paths_are_refused() {
    let server_ = Server::start();
    let good = create(&server());
    let answer = server_
        .connect()
        .post_as("/mutate", "application/yaml", good.as_bytes());
    assert_eq!(answer.status, 415);
    let answer = server_
        .connect()
        .post_as("/mutate", "application/json; charset=utf-8", good.as_bytes());
    assert_eq!(answer.status, 200);
    assert_eq!(server_.connect().post("/other", good.as_bytes()).status, 404);
    let mut client = server_.connect();
    client.send(b"GET /mutate HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(client.answer().unwrap().status, 405);
}
