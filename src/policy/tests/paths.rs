//! Typed paths as they are written.

use super::super::path::parse;
use super::*;

fn field(name: &str) -> Segment {
    Segment::Field(name.into())
}

fn selected(key: &str, value: &str) -> Segment {
    Segment::Where {
        key: key.into(),
        value: value.into(),
    }
}

#[test]
fn paths_of_pods() {
    let some = |names: &[&str]| Root::Containers(Some(names.iter().map(|name| (*name).to_owned()).collect()));
    let cases = [
        ("spec", Root::Subject, vec![field("spec")]),
        (
            "spec.tolerations",
            Root::Subject,
            vec![field("spec"), field("tolerations")],
        ),
        (
            "spec.volumes[name=data].nfs",
            Root::Subject,
            vec![
                field("spec"),
                field("volumes"),
                selected("name", "data"),
                field("nfs"),
            ],
        ),
        (
            "metadata.annotations[\"a.b/c\"]",
            Root::Subject,
            vec![field("metadata"), field("annotations"), field("a.b/c")],
        ),
        ("data[*]", Root::Subject, vec![field("data"), Segment::Each]),
        (
            "spec.rules[*].http.paths[path=/api]",
            Root::Subject,
            vec![
                field("spec"),
                field("rules"),
                Segment::Each,
                field("http"),
                field("paths"),
                selected("path", "/api"),
            ],
        ),
        ("containers[*]", Root::Containers(None), vec![]),
        ("containers[server]", some(&["server"]), vec![]),
        (
            "containers[server, machine-learning].env[*]",
            some(&["server", "machine-learning"]),
            vec![field("env"), Segment::Each],
        ),
        ("containers", Root::Subject, vec![field("containers")]),
    ];
    for (text, root, segments) in cases {
        let text_too = text.to_owned();
        assert_eq!(
            parse(text, true),
            Ok(Path {
                root,
                segments,
                text: text_too
            }),
            "{text}"
        );
    }
}

/// In an object `containers` is a field like any other.
#[test]
fn paths_of_objects_know_no_components() {
    let path = parse("containers[*].image", false).unwrap();
    assert_eq!(path.root, Root::Subject);
    assert_eq!(
        path.segments,
        [field("containers"), Segment::Each, field("image")]
    );
    assert!(parse("containers[server]", false).is_err());
}

/// The bytes that an error points at.
#[test]
fn errors_point_at_what_is_wrong() {
    let cases = [
        ("", ""),
        ("spec.", "."),
        ("spec..volumes", "."),
        ("spec.a/b", "a/b"),
        ("spec.volumes[0].x", "[0]"),
        ("spec.volumes[name=data", "[name=data"),
        ("spec.volumes[name=]", "[name=]"),
        ("containers[server,a b]", "a b"),
        ("spec.volumes[*]x", "x"),
    ];
    for (text, wrong) in cases {
        let error = parse(text, true).unwrap_err();
        assert_eq!(text.get(error.at..error.end).unwrap_or_default(), wrong, "{text}");
    }
}

#[test]
fn paths_are_as_long_as_objects_are_deep_and_no_longer() {
    let of = |steps: usize| parse(&vec!["a"; steps].join("."), false);
    assert_eq!(of(128).unwrap().segments.len(), 128);
    let error = of(129).unwrap_err();
    assert_eq!(error.to_string(), "a path has 128 steps at most");
}
