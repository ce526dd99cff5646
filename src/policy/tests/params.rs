//! Params: what a schema accepts, how the command line's texts are typed, what fills what.

use super::super::params::{Misfit, ParamSchema, Problem};
use super::*;
use crate::json::{Value, json};

fn schema(value: Value) -> ParamSchema {
    serde_json::from_value(json!({"type": "object", "properties": {"p": value}}).into()).unwrap()
}

/// What is said of the param `p`, with its path where it is below.
fn said(of: Value, given: Value) -> Vec<String> {
    let words = |misfit: Misfit| {
        let path = misfit.path.to_string();
        match misfit.problem {
            Problem::Wrong(wrong) | Problem::Unquoted(wrong) => format!("{path} {wrong}"),
            Problem::NotKnown(known) => format!("{path} is not one of {}", known.join(", ")),
        }
    };
    schema(of)
        .check(&json!({"p": given}))
        .into_iter()
        .map(words)
        .collect()
}

#[test]
fn values_are_checked() {
    let cases = [
        (json!({"type": "string"}), json!("a"), ""),
        (
            json!({"type": "string"}),
            json!(1),
            "/p must be a string, but is 1",
        ),
        (
            json!({"type": "string"}),
            json!(true),
            "/p must be a string, but is true",
        ),
        (
            json!({"type": "string"}),
            json!(null),
            "/p must be a string, but is empty",
        ),
        (json!({"type": "integer"}), json!(-1), ""),
        (json!({"type": "integer"}), json!(18446744073709551615u64), ""),
        (
            json!({"type": "integer"}),
            json!(1.5),
            "/p must be a whole number, but is 1.5",
        ),
        (json!({"type": "number"}), json!(1), ""),
        (json!({"type": "number"}), json!(1.5), ""),
        (
            json!({"type": "number"}),
            json!("1"),
            "/p must be a number, but is \"1\"",
        ),
        (json!({"type": "boolean"}), json!(false), ""),
        (
            json!({"type": "boolean"}),
            json!("true"),
            "/p must be true or false, but is \"true\"",
        ),
        (json!({"type": "array"}), json!([1, "a"]), ""),
        (
            json!({"type": "array"}),
            json!({}),
            "/p must be a list, but is a map",
        ),
        (json!({"type": "object"}), json!({"any": 1}), ""),
        (
            json!({"type": "object"}),
            json!([]),
            "/p must be a map, but is a list",
        ),
        (json!({}), json!([1]), ""),
        (json!({"enum": ["a", 1]}), json!(1), ""),
        (
            json!({"enum": ["a", 1]}),
            json!("1"),
            "/p must be \"a\" or 1, but is \"1\"",
        ),
        (json!({"pattern": "^/"}), json!("/a"), ""),
        (
            json!({"pattern": "^/"}),
            json!("a"),
            "/p must match ^/, but is \"a\"",
        ),
        (json!({"minimum": 0, "maximum": 1}), json!(0.5), ""),
        (
            json!({"minimum": 0}),
            json!(-0.5),
            "/p must be at least 0, but is -0.5",
        ),
        (
            json!({"maximum": 100}),
            json!(101),
            "/p must be at most 100, but is 101",
        ),
        (
            json!({"items": {"type": "string"}}),
            json!(["a", 1]),
            "/p/1 must be a string, but is 1",
        ),
        (
            json!({"minItems": 2}),
            json!([1]),
            "/p needs at least 2 items, but has 1",
        ),
        (json!({"minItems": 1}), json!([]), "/p needs at least one item"),
        (
            json!({"properties": {"a": {"type": "string"}}}),
            json!({"a": 1}),
            "/p/a must be a string, but is 1",
        ),
        (
            json!({"properties": {"a": {}}}),
            json!({"b": 1}),
            "/p/b is not one of a",
        ),
        (
            json!({"properties": {"a": {}}, "additionalProperties": {"type": "integer"}}),
            json!({"a": "x", "b": 1}),
            "",
        ),
        (
            json!({"additionalProperties": {"type": "integer"}}),
            json!({"b": "x"}),
            "/p/b must be a whole number, but is \"x\"",
        ),
        (
            json!({"properties": {"a": {}}, "required": ["a"]}),
            json!({}),
            "/p needs the field `a`",
        ),
    ];
    for (of, given, expected) in cases {
        let all = said(of.clone(), given.clone());
        let expected: Vec<&str> = Some(expected)
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect();
        assert_eq!(all, expected, "{of} {given}");
    }
    let both = said(json!({"items": {"type": "string"}}), json!([1, "a", 2]));
    assert_eq!(both.len(), 2, "everything wrong is told: {both:?}");
    let unknown = schema(json!({})).check(&json!({"q": 1}));
    assert_eq!(unknown[0].problem, Problem::NotKnown(vec!["p".into()]));
}

#[test]
fn texts_of_the_command_line_are_typed_by_the_schema() {
    let cases = [
        (json!({"type": "string"}), "1", json!("1")),
        (json!({"type": "string"}), "true", json!("true")),
        (json!({"type": "string"}), "", json!("")),
        (json!({"type": "string"}), "a: b", json!("a: b")),
        (json!({"type": "integer"}), "7", json!(7)),
        (json!({"type": "integer"}), "seven", json!("seven")),
        (json!({"type": "number"}), "1.5", json!(1.5)),
        (json!({"type": "boolean"}), "true", json!(true)),
        (json!({"type": "boolean"}), "yes", json!("yes")),
        (json!({"type": "array"}), "[a, 1]", json!(["a", 1])),
        (json!({"type": "object"}), "{a: [1]}", json!({"a": [1]})),
        (json!({}), "1", json!(1)),
        (json!({}), "a", json!("a")),
        (json!({"type": "array"}), "[a", json!("[a")),
    ];
    for (of, text, expected) in cases {
        assert_eq!(schema(of.clone()).read("p", text), expected, "{of} {text}");
    }
}

/// The pack's default, then the configuration's value, then the command line's.
#[test]
fn later_values_win() {
    let text = policy(
        "params:\n  type: object\n  properties:\n    a: {type: string, default: pack}\n    b: {type: string, default: pack}\n    c: {type: string, default: pack}\n    d: {type: string}\n    count: {type: integer}\nrules: [{name: only, assert: 'true'}]",
    );
    let mut options = options(&[&text]);
    options.config = Some(Source::new(
        "fixative.yaml",
        "policies: {demo: {params: {b: config, c: config}}}\n",
    ));
    let given = |name: &str, value: &str| ("demo".to_owned(), name.to_owned(), value.to_owned());
    options.params = vec![given("c", "first"), given("c", "line"), given("count", "3")];
    let set = loaded_with(options);
    assert_eq!(
        set.policies[0].params,
        json!({"a": "pack", "b": "config", "c": "line", "count": 3})
    );
}

#[test]
fn policies_without_what_they_need_are_inactive() {
    let needs = "params:\n  type: object\n  required: [label]\n  properties:\n    label: {type: string}\n    components: {type: array, items: {type: string}}\n    vendor: {type: string, default: none}\n";
    let with = |rules: &str| policy(&format!("{needs}{rules}"));
    let why = |text: &str, config: &str| {
        let mut options = options(&[text]);
        options.config = Some(Source::new("fixative.yaml", config.to_owned()));
        loaded_with(options).policies[0].inactive.clone()
    };
    let always = with("rules: [{name: only, assert: 'true'}]");
    let by_vendor = with(
        "rules:\n  - {name: a, where: params.vendor != 'none' && object.spec.x, assert: 'true'}\n  - {name: b, where: params.vendor == 'amd', assert: 'true'}",
    );
    let partly = with(
        "rules:\n  - {name: a, where: params.vendor != 'none', assert: 'true'}\n  - {name: b, assert: 'true'}",
    );
    let in_match = with("match: {components: $(params.components)}\nrules: [{name: only, assert: 'true'}]");
    let given = "policies: {demo: {params: {label: a}}}\n";
    let cases = [
        (&always, "kind: Config\n", Some("the param label is not set")),
        (&always, given, None),
        (
            &always,
            "policies: {demo: {enabled: false, params: {label: a}}}\n",
            Some("the configuration switches it off"),
        ),
        (
            &always,
            "policies: {demo: {params: {label: null}}}\n",
            Some("the param label is not set"),
        ),
        (
            &by_vendor,
            given,
            Some("with these params none of its rules can apply"),
        ),
        (
            &by_vendor,
            "policies: {demo: {params: {label: a, vendor: amd}}}\n",
            None,
        ),
        (&partly, given, None),
        // Its match has no value, but it does not run.
        (&in_match, "kind: Config\n", Some("the param label is not set")),
    ];
    for (text, config, expected) in cases {
        assert_eq!(why(text, config).as_deref(), expected, "{config}\n{text}");
    }
}
