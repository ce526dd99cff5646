//! Globs, label selectors, and `match` as it is compiled.

use std::collections::BTreeMap;

use super::*;

#[test]
fn globs() {
    let cases = [
        ("", "", true),
        ("", "a", false),
        ("*", "", true),
        ("*", "immich", true),
        ("immich", "immich", true),
        ("immich", "immich-server", false),
        ("immich-*", "immich-server", true),
        ("immich-*", "immich-", true),
        ("immich-*", "immich", false),
        ("*-server", "immich-server", true),
        ("*-server", "-server", true),
        ("*-server", "server", false),
        ("a*b*c", "aXbYc", true),
        ("a*b*c", "abc", true),
        ("a*b*c", "acb", false),
        ("a*b*c", "abcbc", true),
        ("a*a", "a", false),
        ("ab*ba", "aba", false),
        ("**", "x", true),
        ("ä*", "äö", true),
        ("a?", "ab", false),
        ("A", "a", false),
    ];
    for (pattern, text, expected) in cases {
        assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
    }
}

/// The table of apimachinery's `labels.Requirement.Matches`: labels {a: x}.
#[test]
fn label_selectors() {
    use LabelOperator::{DoesNotExist, Exists, In, NotIn};
    let labels = BTreeMap::from([("a".to_owned(), "x".to_owned()), ("e".to_owned(), String::new())]);
    let cases: [(&str, LabelOperator, &[&str], bool); 13] = [
        ("a", In, &["x", "y"], true),
        ("a", In, &["y"], false),
        ("a", In, &[], false),
        ("b", In, &["x"], false),
        ("a", NotIn, &["x"], false),
        ("a", NotIn, &["y"], true),
        ("b", NotIn, &["x"], true),
        ("a", Exists, &[], true),
        ("e", Exists, &[], true),
        ("b", Exists, &[], false),
        ("a", DoesNotExist, &[], false),
        ("b", DoesNotExist, &[], true),
        ("e", In, &[""], true),
    ];
    for (key, operator, values, expected) in cases {
        let requirement = LabelRequirement {
            key: key.into(),
            operator,
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        let selector = LabelSelector {
            match_labels: BTreeMap::new(),
            match_expressions: vec![requirement],
        };
        assert_eq!(
            selector.matches(&labels),
            expected,
            "{key} {operator:?} {values:?}"
        );
    }
    let both = |label: &str, exists: &str| LabelSelector {
        match_labels: BTreeMap::from([("a".into(), label.into())]),
        match_expressions: vec![LabelRequirement {
            key: exists.into(),
            operator: Exists,
            values: vec![],
        }],
    };
    assert!(
        LabelSelector::default().matches(&labels),
        "an empty selector matches everything"
    );
    assert!(both("x", "e").matches(&labels));
    assert!(!both("x", "b").matches(&labels), "every requirement must hold");
    assert!(!both("y", "e").matches(&labels), "every label must hold");
}

#[test]
fn params_stand_in_match() {
    let text = policy(
        "params:\n  type: object\n  properties:\n    components: {type: array, default: [server, database]}\n    name: {type: string, default: a-*}\nmatch:\n  components: $(params.components)\n  names: [$(params.name), b]\n  kinds: [Deployment.apps, Pod]\nrules:\n  - name: one\n    match: {components: [server], operations: [CREATE]}\n    assert: 'true'\n  - name: two\n    assert: 'true'",
    );
    let set = loaded(&[&text]);
    let [one, two] = set.policies[0].rules.as_slice() else {
        panic!("two rules")
    };
    let [of_policy, of_rule] = one.matchers.as_slice() else {
        panic!("the policy's matcher and the rule's")
    };
    let texts = |list: &Option<Vec<String>>| list.clone().unwrap_or_default();
    assert_eq!(texts(&of_policy.components), ["server", "database"]);
    assert_eq!(texts(&of_policy.names), ["a-*", "b"]);
    let kinds = of_policy.kinds.clone().unwrap_or_default();
    assert_eq!(
        kinds,
        [GroupKind::parse("Deployment.apps"), GroupKind::parse("Pod")]
    );
    assert_eq!(texts(&of_rule.components), ["server"]);
    assert_eq!(of_rule.operations, Some(vec![Operation::Create]));
    assert!(of_policy.operations.is_none() && of_rule.names.is_none());
    assert_eq!(two.matchers.len(), 1);
}

/// What a document must hold for a rule to match.
#[test]
fn needles() {
    let needles = |bodies: &[&str]| {
        let rules: String = bodies
            .iter()
            .enumerate()
            .map(|(index, body)| format!("  - {{name: r{index}, {body}}}\n"))
            .collect();
        let found = loaded(&[&policy(&format!("rules:\n{rules}"))]).needles()?;
        let text = |needle: &needles::Needle| match &needle.and {
            Some(kind) => format!("{} and {kind}", needle.text),
            None => needle.text.clone(),
        };
        Some(found.iter().map(text).collect::<Vec<_>>())
    };
    let some = |texts: &[&str]| Some(texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
    let cases: [(&[&str], Option<Vec<String>>); 11] = [
        (&["assert: 'true'"], None),
        (
            &["at: 'containers[server]', assert: 'true'"],
            some(&["my-server"]),
        ),
        (
            &["match: {components: [server]}, assert: 'true'"],
            some(&["my-server"]),
        ),
        (
            &["match: {components: [database]}, assert: 'true'"],
            some(&["Cluster", "postgres"]),
        ),
        (
            &["match: {components: ['*']}, assert: 'true'"],
            some(&["Cluster", "my-server", "postgres"]),
        ),
        (&["match: {kinds: [Service]}, assert: 'true'"], some(&["Service"])),
        (
            &["match: {names: ['immich-*-x', b]}, assert: 'true'"],
            some(&["b", "immich-"]),
        ),
        (
            &["match: {names: [a], kinds: [Service, Pod]}, assert: 'true'"],
            some(&["a and Pod", "a and Service"]),
        ),
        (
            &["match: {names: ['*'], kinds: [Service]}, assert: 'true'"],
            some(&["Service"]),
        ),
        (&["match: {names: ['*']}, assert: 'true'"], None),
        (
            &[
                "match: {kinds: [Pod]}, assert: 'true'",
                "match: {namespaces: [a]}, assert: 'true'",
            ],
            None,
        ),
    ];
    for (bodies, expected) in cases {
        assert_eq!(needles(bodies), expected, "{bodies:?}");
    }
}
