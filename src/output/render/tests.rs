use std::sync::Arc;

use super::*;
use crate::change::{Action, Change};
use crate::finding::{Finding, Kind, Location, RuleRef};
use crate::json::{Value, json};
use crate::kube::Gvk;
use crate::manifest::Document;
use crate::pointer::{KeyedPath, Place, Pointer, Step};
use crate::policy::{Disposition, Severity};
use crate::resource::Name;
use crate::source::{Diagnostic, Source, Span};
use crate::stream::ObjectPlan;
use crate::unknown::{Unknown, Why};

const TEXT: &str = "\
# Source: immich/templates/server.yaml
kind: Deployment
env:
  - {name: DB_PASSWORD, value: hunter2}
image: immich-server
";

fn place(fields: &[&str]) -> Place {
    let keyed = KeyedPath(fields.iter().map(|name| Step::Field((*name).into())).collect());
    let pointer = fields.iter().fold(Pointer::root(), |at, name| at.key(*name));
    Place { pointer, keyed }
}

fn location(source: &Source, at: &str) -> Option<Location> {
    let start = source.text().find(at).unwrap();
    Some(Location {
        source: source.clone(),
        span: Span::new(start, start + at.len()),
        template: Some("immich/templates/server.yaml".into()),
    })
}

fn by(policy: &str, rule: &str) -> RuleRef {
    RuleRef {
        policy: policy.into(),
        rule: rule.into(),
    }
}

fn id() -> ResourceId {
    let body = json!({"apiVersion": "apps/v1", "kind": "Deployment"});
    ResourceId {
        gvk: Gvk::of(&body).unwrap(),
        namespace: Some("photos".into()),
        name: Name::Given("immich-server".into()),
    }
}

fn finding(source: &Source, rule: RuleRef, message: &str, at: &str) -> Finding {
    Finding {
        by: rule,
        severity: Severity::High,
        action: Disposition::Deny,
        object: id(),
        place: place(&["spec", "template"]),
        message: message.into(),
        fix: None,
        kind: Kind::Violation,
        sensitive: false,
        transition: false,
        location: location(source, at),
        replacement: None,
    }
}

fn edit(source: &Source, action: Action, sensitive: bool) -> Edit {
    Edit {
        change: Change {
            pointer: place(&["spec", "enableServiceLinks"]).pointer,
            action,
        },
        place: place(&["spec", "enableServiceLinks"]),
        by: vec![by("service-links", "disable")],
        reason: "Immich pods get no service-link variables".into(),
        overrides: false,
        sensitive,
        action: Disposition::Deny,
        severity: Severity::High,
        location: location(source, "kind"),
        replacement: None,
    }
}

fn stream_of(source: &Source, edits: Vec<Edit>, decision: Decision) -> StreamPlan {
    let body = Arc::new(Value::Null);
    let all = Span::new(0, source.text().len());
    let document = Document {
        index: 0,
        span: all,
        body: all,
    };
    let object = ObjectPlan {
        id: id(),
        document: 0,
        template: None,
        location: None,
        explanations: std::collections::BTreeMap::new(),
        before: Arc::clone(&body),
        after: body,
        edits,
        verdicts: Vec::new(),
        decision,
    };
    let reflowed = vec![(place(&["spec"]).pointer, "it stands behind an alias".to_owned())];
    StreamPlan {
        sources: vec![SourcePlan {
            source: source.clone(),
            documents: vec![DocumentPlan {
                document,
                text: None,
                reflowed,
                hidden: Vec::new(),
            }],
            objects: vec![object],
        }],
        notes: vec![Diagnostic::new(
            "duplicate-key",
            source,
            Span::new(39, 43),
            "the key kind stands here twice",
        )],
    }
}

fn everything() -> StreamPlan {
    let source = Source::new("<stdin>", TEXT);
    let unknown = Unknown::new("PersistentVolumeClaim photos/library", Why::NotInInput);
    let decision = Decision {
        denials: vec![finding(
            &source,
            by("media-location", "mounted"),
            "nothing is mounted at /data",
            "image",
        )],
        warnings: vec![finding(
            &source,
            by("image-tags", "moving"),
            "the tag latest moves",
            "image",
        )],
        audits: vec![Finding {
            kind: Kind::Unknown(unknown.clone()),
            ..finding(&source, by("media-location", "kept"), &unknown.to_string(), "env")
        }],
        failures: vec![Finding {
            kind: Kind::Conflict { with: by("b", "off") },
            fix: Some("switch one of them off".into()),
            ..finding(&source, by("a", "on"), "two policies fight", "kind")
        }],
    };
    let old = json!("hunter2");
    let edits = vec![
        edit(&source, Action::Add(json!(false)), false),
        edit(
            &source,
            Action::Replace {
                old: json!(true),
                new: json!(false),
            },
            false,
        ),
        edit(&source, Action::Remove { old }, true),
    ];
    stream_of(&source, edits, decision)
}

#[test]
fn every_change_note_and_finding_has_its_line() {
    let wanted = Wanted {
        verbose: true,
        ..Wanted::default()
    };
    let text = stream(&everything(), wanted, Style::default());
    assert!(!text.contains("hunter2"), "{text}");
    insta::assert_snapshot!(text, @r#"
change: Deployment photos/immich-server: add spec.enableServiceLinks: false (service-links/disable: Immich pods get no service-link variables)
change: Deployment photos/immich-server: set spec.enableServiceLinks to false (was true) (service-links/disable: Immich pods get no service-link variables)
change: Deployment photos/immich-server: remove spec.enableServiceLinks (was …) (service-links/disable: Immich pods get no service-link variables)
note: <stdin>:2:1: the key kind stands here twice
note: <stdin>:1: /spec of this document was written anew: it stands behind an alias
warning[image-tags/moving]: the tag latest moves (Deployment photos/immich-server, spec.template, <stdin>:5)
audit[media-location/kept]: PersistentVolumeClaim photos/library is not in the input (Deployment photos/immich-server, spec.template, <stdin>:3)
error[media-location/mounted]: nothing is mounted at /data
 --> <stdin>:5:1
  |
5 | image: immich-server
  | ^^^^^ Deployment photos/immich-server, spec.template
  |
  = note: rendered by immich/templates/server.yaml
error[a/on]: two policies fight
--> <stdin>:2:1
 = note: Deployment photos/immich-server, spec.template
 = note: rendered by immich/templates/server.yaml
 = note: the other rule is b/off
 = help: switch one of them off
"#);
}

#[test]
fn quiet_still_says_why_the_answer_is_no() {
    let quiet = Wanted {
        quiet: true,
        ..Wanted::default()
    };
    let text = stream(&everything(), quiet, Style::default());
    assert!(text.starts_with("error[media-location/mounted]"), "{text}");
    assert_eq!(text.matches("error[").count(), 2, "{text}");
}

#[test]
fn denials_that_pass_are_warnings() {
    let wanted = Wanted {
        deny_warns: true,
        ..Wanted::default()
    };
    let text = stream(&everything(), wanted, Style::default());
    assert!(
        text.contains("warning[media-location/mounted]: nothing"),
        "{text}"
    );
    assert!(!text.contains("error[media-location/mounted]"), "{text}");
}

#[test]
fn a_line_that_holds_a_secret_is_not_drawn() {
    let source = Source::new("<stdin>", TEXT);
    let secret = Finding {
        sensitive: true,
        ..finding(
            &source,
            by("inline-secrets", "variable"),
            "a literal password",
            "name: DB_PASSWORD",
        )
    };
    let neighbour = finding(&source, by("env", "quoted"), "quote the value", "value:");
    let decision = Decision {
        denials: vec![neighbour, secret],
        ..Decision::default()
    };
    let text = stream(
        &stream_of(&source, Vec::new(), decision),
        Wanted::default(),
        Style::default(),
    );
    assert!(!text.contains("hunter2"), "{text}");
    assert!(text.contains("<stdin>:4:25"), "{text}");
}

#[test]
fn many_errors_become_lines() {
    let source = Source::new("<stdin>", TEXT);
    let denials = (0..200).map(|n| finding(&source, by("p", "r"), &format!("number {n}"), "image"));
    let decision = Decision {
        denials: denials.collect(),
        ..Decision::default()
    };
    let text = stream(
        &stream_of(&source, Vec::new(), decision),
        Wanted::default(),
        Style::default(),
    );
    assert_eq!(text.matches("^^^^^").count(), DRAWN);
    assert!(
        text.contains("error[p/r]: number 199 (Deployment photos/immich-server, spec.template, <stdin>:5)")
    );
}

#[test]
fn a_name_cannot_forge_a_line() {
    let source = Source::new("<stdin>", TEXT);
    let forged = finding(
        &source,
        by("p", "r"),
        "bad\nerror: all is lost \u{1b}[31m",
        "image",
    );
    let decision = Decision {
        warnings: vec![forged.clone()],
        denials: vec![forged],
        ..Decision::default()
    };
    let text = stream(
        &stream_of(&source, Vec::new(), decision),
        Wanted::default(),
        Style::default(),
    );
    assert!(!text.contains('\u{1b}'), "{text}");
    assert!(!text.lines().any(|line| line.starts_with("error: all")), "{text}");
}

#[test]
fn the_summary_counts() {
    assert_eq!(
        summary(&everything()),
        "3 changes in 1 object, 1 warning, 1 finding for -v"
    );
    let source = Source::new("<stdin>", TEXT);
    let nothing = stream_of(&source, Vec::new(), Decision::default());
    assert_eq!(summary(&nothing), "nothing to change");
    assert_eq!(
        judged_by(Some("./fixative.yaml"), "0123456789ab"),
        "fixative: configuration ./fixative.yaml, policies 0123456789ab\n"
    );
}
