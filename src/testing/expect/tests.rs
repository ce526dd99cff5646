use super::*;
use crate::finding::RuleRef;
use crate::json::json;
use crate::plan::Decision;
use crate::pointer::{KeyedPath, Place, Step};
use crate::policy::{Disposition, Severity};
use crate::resource::{Origin, Resource};
use crate::source::Source;
use crate::stream::{ObjectPlan, SourcePlan};
use crate::unknown::{Unknown, Why};

fn pod() -> Arc<Value> {
    Arc::new(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"hostname": "x"}}))
}

fn finding(rule: &str, action: Disposition, container: &str) -> Finding {
    let steps = vec![
        Step::Field("spec".into()),
        Step::Field("containers".into()),
        Step::Item(vec![("name".into(), container.into())]),
    ];
    Finding {
        by: RuleRef {
            policy: "p".into(),
            rule: rule.into(),
        },
        severity: Severity::Low,
        action,
        object: Resource::new(pod(), Origin::Api).unwrap().id,
        place: Place {
            keyed: KeyedPath(steps),
            ..Place::default()
        },
        message: format!("{container} is wrong"),
        fix: None,
        kind: Kind::Violation,
        sensitive: false,
        transition: false,
        location: None,
        replacement: None,
    }
}

fn plan_with(findings: &[Finding]) -> StreamPlan {
    let object = ObjectPlan {
        id: Resource::new(pod(), Origin::Api).unwrap().id,
        document: 0,
        template: None,
        location: None,
        explanations: std::collections::BTreeMap::new(),
        before: pod(),
        after: pod(),
        edits: Vec::new(),
        verdicts: Vec::new(),
        decision: Decision {
            warnings: findings.to_vec(),
            ..Decision::default()
        },
    };
    StreamPlan {
        sources: vec![SourcePlan {
            source: Source::new("x", ""),
            documents: Vec::new(),
            objects: vec![object],
        }],
        notes: Vec::new(),
    }
}

fn judged(expect: Value, findings: &[Finding]) -> Vec<Problem> {
    let expect: Expect = serde_json::from_value(expect.into()).unwrap();
    let objects = Objects {
        before: vec![pod()],
        after: vec![pod()],
    };
    problems(&expect, &plan_with(findings), &objects, &|_| true)
}

#[test]
fn findings_are_paired_one_to_one_whatever_their_order() {
    use Disposition::{Audit, Warn};
    let unknown = Unknown::new("the claim", Why::NotInInput);
    let cannot_tell = Finding {
        kind: Kind::Unknown(unknown),
        ..finding("r", Audit, "b")
    };
    let made = [finding("r", Warn, "a"), cannot_tell];
    let good = [
        json!([{"rule": "r"}, {"rule": "p/r"}]),
        // The first could take either; it must leave the one that the second needs.
        json!([{"rule": "r"}, {"rule": "r", "action": "Warn"}]),
        json!([{"rule": "r", "unknown": true}, {"rule": "r", "unknown": false}]),
        json!([{"rule": "r", "at": "containers[name=b]"}, {"rule": "r", "at": "[name=a]"}]),
        json!([{"rule": "r", "at": "spec.containers[name=b]"}, {"rule": "r", "object": "a"}]),
        json!([{"rule": "r", "message": "b is wrong"}, {"rule": "r", "messageContains": "is"}]),
    ];
    for expected in good {
        let problems = judged(json!({"findings": expected}), &made);
        assert!(problems.is_empty(), "{expected}: {problems:?}");
    }
    let bad = [
        json!([]),
        json!([{"rule": "r"}]),
        json!([{"rule": "r"}, {"rule": "r"}, {"rule": "r"}]),
        json!([{"rule": "r"}, {"rule": "q/r"}]),
        json!([{"rule": "r"}, {"rule": "r", "action": "Deny"}]),
        json!([{"rule": "r"}, {"rule": "r", "at": "name=b]"}]),
        json!([{"rule": "r"}, {"rule": "r", "at": "ers[name=b]"}]),
        json!([{"rule": "r"}, {"rule": "r", "object": "c"}]),
        json!([{"rule": "r"}, {"rule": "r", "message": "wrong"}]),
    ];
    for expected in bad {
        assert!(
            !judged(json!({"findings": expected}), &made).is_empty(),
            "{expected}"
        );
    }
    assert!(
        judged(json!({"unchanged": true}), &made).is_empty(),
        "findings that are not named are not checked"
    );
}

#[test]
fn a_patch_gives_exactly_what_is_written() {
    let good = [
        json!([]),
        json!([{"op": "test", "path": "/spec/hostname", "value": "x"}]),
    ];
    for patch in good {
        assert!(judged(json!({"patch": patch}), &[]).is_empty(), "{patch}");
    }
    let bad = [
        json!([{"op": "add", "path": "/spec/hostIPC", "value": true}]),
        json!([{"op": "remove", "path": "/spec/hostname"}]),
        json!([{"op": "remove", "path": "/spec/nodeName"}]),
    ];
    for patch in bad {
        assert_eq!(judged(json!({"patch": patch}), &[]).len(), 1, "{patch}");
    }
}

#[test]
fn an_object_is_found_by_what_is_expected_of_it() {
    assert!(judged(json!({"becomes": {"spec": {"hostname": "x"}}}), &[]).is_empty());
    assert!(judged(json!({"becomes": [{"kind": "Pod"}]}), &[]).is_empty());
    for wrong in [
        json!({"kind": "Job"}),
        json!({"metadata": {"name": "b"}}),
        json!({"spec": {"hostname": null}}),
    ] {
        assert_eq!(judged(json!({"becomes": wrong}), &[]).len(), 1, "{wrong}");
    }
    assert_eq!(judged(json!({}), &[]).len(), 1, "a case that expects nothing");
    assert_eq!(judged(json!({"unchanged": false}), &[]).len(), 1);
}
