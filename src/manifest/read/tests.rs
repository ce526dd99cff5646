use std::path::{Path, PathBuf};

use super::*;
use crate::json::Value;
use crate::manifest::layout::{Shape, Style};
use crate::manifest::split;

fn read_first(text: &str) -> Result<Tree, Diagnostic> {
    let source = Source::new("test.yaml", text);
    let documents = split(&source);
    // Go takes comments in front of the first separator for a part of the document behind it.
    let first = documents.iter().find(|document| {
        let has_separator = document.body.start > document.span.start;
        has_separator || !matches!(read(&source, document), Ok(tree) if tree.value.is_null())
    });
    read(&source, first.unwrap_or(&documents[0]))
}

fn recorded(name: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    folder.exists().then(|| folder.join(name))
}

/// Numbers as Go's JSON writes them.
fn same(ours: &Value, go: &Value) -> bool {
    match (ours, go) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        (a, b) => a == b,
    }
}

#[test]
fn texts_are_what_go_read() {
    let Some(path) = recorded("yaml-read.json") else {
        return;
    };
    let all: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let cases = all["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 117);
    let mut wrong = Vec::new();
    for case in cases {
        let (name, text) = (case["name"].as_str().unwrap(), case["yaml"].as_str().unwrap());
        let go: Option<Value> = case["go_json"]
            .as_str()
            .map(|json| serde_json::from_str(json).unwrap());
        match (read_first(text), go) {
            (Ok(tree), Some(go)) if same(&tree.value, &go) => {}
            (Err(_), None) => {}
            (Ok(tree), go) => wrong.push(format!("{name}: read {} where Go has {go:?}", tree.value)),
            (Err(error), go) => wrong.push(format!("{name}: {error} where Go has {go:?}")),
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_recorded_stream_reads() {
    let Some(folder) = recorded("streams") else { return };
    let mut read_ones = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if !name.ends_with(".yaml") {
            continue;
        }
        let source = Source::new(name.as_str(), std::fs::read_to_string(&path).unwrap());
        for document in split(&source) {
            match read(&source, &document) {
                Ok(tree) => check_layout(&source, &tree),
                // Helm 4 splits a List between an anchor and its alias, and fails on it itself.
                Err(error) => assert_eq!(
                    (name.as_str(), error.code),
                    ("traps-list-anchors.helm4.yaml", "yaml-anchor")
                ),
            }
            read_ones += 1;
        }
    }
    assert!(read_ones > 250, "{read_ones}");
}

/// What every layout promises.
fn check_layout(source: &Source, tree: &Tree) {
    for node in &tree.layout.nodes {
        let text = source.slice(node.span);
        assert!(node.start() <= node.span.start && node.span.start <= node.span.end);
        match &node.shape {
            Shape::Scalar(Style::Literal) => assert!(text.starts_with('|'), "{text:?}"),
            Shape::Scalar(Style::Folded) => assert!(text.starts_with('>'), "{text:?}"),
            Shape::Scalar(Style::DoubleQuoted) => assert!(
                text.len() > 1 && text.starts_with('"') && text.ends_with('"'),
                "{text:?}"
            ),
            Shape::Scalar(Style::SingleQuoted) => assert!(
                text.len() > 1 && text.starts_with('\'') && text.ends_with('\''),
                "{text:?}"
            ),
            Shape::Scalar(Style::Plain) => assert_eq!(text, text.trim()),
            Shape::Alias(_) => assert!(text.starts_with('*'), "{text:?}"),
            // A single pair in a list needs no braces: `[a: 1]`.
            Shape::Map { flow: true, entries }
                if entries.first().map(|entry| entry.start) == Some(node.span.start) =>
            {
                assert_eq!(entries.len(), 1);
            }
            Shape::Map { flow: true, .. } => {
                assert!(text.starts_with('{') && text.ends_with('}'), "{text:?}")
            }
            Shape::List { flow: true, .. } => {
                assert!(text.starts_with('[') && text.ends_with(']'), "{text:?}")
            }
            Shape::Map { flow: false, entries } => {
                assert_eq!(entries.first().map(|entry| entry.start), Some(node.span.start))
            }
            Shape::List { flow: false, items } => {
                for item in items {
                    assert_eq!(
                        source.slice(Span::new(item.start, item.start + 1)),
                        "-",
                        "{text:?}"
                    );
                }
            }
        }
    }
}

/// Texts with what Go makes of them, of our own.
#[test]
fn values_are_go_s() {
    let cases = [
        ("a: yes\nb: 'yes'\n", r#"{"a":true,"b":"yes"}"#),
        ("a: 0o17\nb: 1_000\nc: 1:30\n", r#"{"a":15,"b":1000,"c":"1:30"}"#),
        (
            "b: &b {x: 1}\nc:\n  x: 2\n  <<: *b\n",
            r#"{"b":{"x":1},"c":{"x":1}}"#,
        ),
        (
            "b: &b {x: 1}\nc:\n  <<: *b\n  x: 2\n",
            r#"{"b":{"x":1},"c":{"x":2}}"#,
        ),
        ("- a\n-\n- # c\n  b: 1\n- - x\n", r#"["a",null,{"b":1},["x"]]"#),
        ("&a k: &b v\n*b : *a\n", r#"{"k":"v","v":"k"}"#),
        (
            "a: &a 1\nb: &b yes\n*a : x\n*b : z\n",
            r#"{"a":1,"b":true,"1":"x","true":"z"}"#,
        ),
        (
            "a: [{x: 1} # c\n, {z: 2}]\nb: {c: d,}\n",
            r#"{"a":[{"x":1},{"z":2}],"b":{"c":"d"}}"#,
        ),
        ("? k\n: v\n? l\n", r#"{"k":"v","l":null}"#),
        ("\u{feff}a: 1\r\nb: |\r\n  x\r\n", r#"{"a":1,"b":"x\n"}"#),
    ];
    for (text, json) in cases {
        let tree = read_first(text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert_eq!(
            tree.value,
            serde_json::from_str::<Value>(json).unwrap(),
            "{text:?}"
        );
        check_layout(&Source::new("test.yaml", text), &tree);
    }
}

#[test]
fn what_cannot_be_read_says_where_and_what_to_do() {
    let cases = [
        ("a:\n\tb: 1\n", "2:1", "tabs"),
        ("a: b: c\n", "1:5", "quote"),
        ("a: @x\n", "1:4", "quote"),
        ("a: *no\n", "1:4", "Helm 4"),
        ("a: \"\\/\"\n", "1:5", "write `/`"),
        ("a: .inf\n", "1:4", "quote"),
        ("a: x\u{2028}y\n", "1:5", "\\u2028"),
        ("{{ .Values.x }}: 1\n", "1:1", "template"),
    ];
    for (text, place, help) in cases {
        let error = read_first(text).expect_err(text);
        let at = error.source.line_column(error.span.start).to_string();
        assert_eq!(at, place, "{text:?}: {error}");
        assert!(
            error.help.as_deref().is_some_and(|text| text.contains(help)),
            "{text:?}: {:?}",
            error.help
        );
    }
}

#[test]
fn a_separator_with_text_hides_no_document() {
    for text in [
        "a: 1\n---b: 2\nc: 3\n",
        "a: 1\n---# x\na: 2\n",
        "a: 1\n--- {a: 2}\n",
        "a: 1\n----\n",
    ] {
        let error = read_first(text).expect_err(text);
        assert_eq!(
            error.source.line_column(error.span.start).to_string(),
            "2:1",
            "{text:?}"
        );
    }
    assert!(read_first("a: |\n  ---x\n  --- y\n").is_ok());
}

#[test]
fn what_stands_behind_the_end_is_told() {
    let notes = |text: &str| {
        read_first(text)
            .unwrap()
            .notes
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(notes("a: 1\n...\n# c\n"), Vec::<String>::new());
    assert_eq!(
        notes("a: 1\n...\nb: 2\n"),
        ["test.yaml:3:1: what stands behind `...` is not read, not by Helm either"]
    );
}

#[test]
fn of_duplicate_keys_the_last_counts_and_it_is_said() {
    let tree = read_first("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n").unwrap();
    assert_eq!(tree.value, crate::json::json!({"a": 3, "b": {"c": 2}}));
    let notes: Vec<String> = tree.notes.iter().map(ToString::to_string).collect();
    insta::assert_debug_snapshot!(notes, @r#"
    [
        "test.yaml:4:3: the key \"c\" is there twice; the last one counts",
        "test.yaml:5:1: the key \"a\" is there twice; the last one counts",
    ]
    "#);
}

#[test]
fn depth_and_aliases_are_bounded() {
    let lists = "[".repeat(10_000);
    assert!(read_first(&lists).is_err());
    let maps: String = (0..10_000)
        .map(|depth| format!("{}a:\n", " ".repeat(depth)))
        .collect();
    assert!(read_first(&maps).is_err());
    let dashes = "- ".repeat(10_000);
    assert!(read_first(&dashes).is_err());
    let mut bomb = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
    for level in 1..10 {
        let before = vec![format!("*a{}", level - 1); 9].join(",");
        bomb.push_str(&format!("a{level}: &a{level} [{before}]\n"));
    }
    assert_eq!(read_first(&bomb).unwrap_err().code, "yaml-aliases");
}

#[test]
fn aliases_nest_no_deeper_than_text() {
    let (open, close) = ("[".repeat(200), "]".repeat(200));
    let mut text = format!("a0: &a0 {open}{close}\n");
    for level in 1..150 {
        text.push_str(&format!("a{level}: &a{level} {open}*a{}{close}\n", level - 1));
    }
    let error = read_first(&text).unwrap_err();
    assert_eq!(error.code, "yaml-aliases");
    assert_eq!(error.source.line_column(error.span.start).line, 2);
}

#[test]
fn what_a_merge_brought_is_no_duplicate() {
    let tree = read_first("b: &b {x: 1}\nc:\n  <<: *b\n  x: 2\n  x: 3\n").unwrap();
    assert_eq!(tree.value["c"], crate::json::json!({"x": 3}));
    assert_eq!(tree.notes.len(), 1);
}

#[test]
fn long_documents_are_read() {
    let mut text = String::from("items:\n");
    for item in 0..10_000 {
        text.push_str(&format!(
            "# ü {item}\n- name: n{item}\n  args: [a, \"b\"]\n  text: |\n    ä\n  none:\n"
        ));
    }
    let tree = read_first(&text).unwrap();
    assert_eq!(tree.value["items"].as_array().unwrap().len(), 10_000);
    let last = crate::pointer::Pointer::root()
        .key("items")
        .index(9_999)
        .key("name");
    assert_eq!(Source::new("t", text).slice(tree.span(&last).unwrap()), "n9999");
    let keys: String = (0..40_000).map(|key| format!("k{}: 1\n", key % 20_000)).collect();
    assert_eq!(read_first(&keys).unwrap().notes.len(), 20_000);
}

#[test]
fn spans_are_those_of_keys_and_values() {
    let text = "# c\nspec:\n  a: 'x'  # c\n  l:\n  - name: one\n    v:\n";
    let source = Source::new("test.yaml", text);
    let tree = read_first(text).unwrap();
    let place = |steps: &[&str]| {
        let mut pointer = crate::pointer::Pointer::root();
        for step in steps {
            pointer = match step.parse() {
                Ok(index) => pointer.index(index),
                Err(_) => pointer.key(*step),
            };
        }
        pointer
    };
    let value = |steps: &[&str]| tree.span(&place(steps)).map(|span| source.slice(span));
    let key = |steps: &[&str]| tree.key_span(&place(steps)).map(|span| source.slice(span));
    assert_eq!(value(&["spec", "a"]), Some("'x'"));
    assert_eq!(key(&["spec", "a"]), Some("a"));
    assert_eq!(value(&["spec", "l", "0"]), Some("name: one\n    v:"));
    assert_eq!(value(&["spec", "l", "0", "v"]), Some(""));
    assert_eq!(value(&["spec", "nope"]), None);
}

mod properties {
    use proptest::prelude::*;

    use super::*;
    use crate::json::json;

    fn any_value() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a-z :#'\"\\\\{}\\[\\],&*!|>%@`\né-]{0,12}".prop_map(Value::from),
            Just(json!("yes")),
            Just(json!("0x10")),
        ];
        scalar.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec(("[a-z/. :-]{1,8}", inner), 0..5)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    /// Blocks with scalars as JSON has them, and a comment in front of each node that starts a line.
    fn write_block(value: &Value, indent: usize, out: &mut String) {
        let blanks = " ".repeat(indent);
        let child = |value: &Value, out: &mut String| match value {
            Value::Object(map) if !map.is_empty() => {
                out.push('\n');
                write_block(value, indent + 2, out);
            }
            Value::Array(list) if !list.is_empty() => {
                out.push('\n');
                write_block(value, indent + 2, out);
            }
            Value::Null => out.push_str(" # nothing\n"),
            scalar => out.push_str(&format!(" {scalar}\n")),
        };
        match value {
            Value::Object(map) if !map.is_empty() => {
                for (key, value) in map {
                    out.push_str(&format!("{blanks}# - c: é\n{blanks}{}:", json!(key.as_str())));
                    child(value, out);
                }
            }
            Value::Array(list) if !list.is_empty() => {
                for value in list {
                    out.push_str(&format!("{blanks}# c\n{blanks}-"));
                    child(value, out);
                }
            }
            scalar => out.push_str(&format!("{scalar}\n")),
        }
    }

    /// Children stand in their collection, in order, and do not overlap.
    fn check_nesting(tree: &Tree) {
        for node in &tree.layout.nodes {
            let children: Vec<_> = match &node.shape {
                Shape::Map { entries, .. } => entries
                    .iter()
                    .flat_map(|entry| [entry.key, entry.value])
                    .collect(),
                Shape::List { items, .. } => items.iter().map(|item| item.value).collect(),
                _ => Vec::new(),
            };
            let mut at = node.span.start;
            for child in children {
                let child = tree.layout.node(child).unwrap();
                assert!(
                    at <= child.start() && child.span.end <= node.span.end,
                    "{child:?} in {node:?}"
                );
                at = child.span.end;
            }
        }
    }

    /// Each scalar, read alone, is its value.
    fn check_scalars(source: &Source, tree: &Tree, value: &Value, at: &mut crate::pointer::Pointer) {
        use crate::pointer::Token;
        let children: Vec<(Token, &Value)> = match value {
            Value::Object(map) => map
                .iter()
                .map(|(key, value)| (Token::Key(key.as_str().into()), value))
                .collect(),
            Value::Array(list) => list
                .iter()
                .enumerate()
                .map(|(index, value)| (Token::Index(index), value))
                .collect(),
            scalar => {
                let text = source.slice(tree.span(at).unwrap());
                assert_eq!(&read_first(text).unwrap().value, scalar, "{text:?} at {at}");
                Vec::new()
            }
        };
        for (token, value) in children {
            at.push(token);
            check_scalars(source, tree, value, at);
            at.0.pop();
        }
    }

    proptest! {
        /// No text makes the reader panic; what it reads keeps the layout's promises.
        #[test]
        fn any_text_is_read_or_refused(text in "(a|: |- |\\n|  |\\{|\\}|\\[|\\]|,|\"|'|&x |\\*x|<<|\\||>|#|\\?|!!str |\\t|\\\\|é){0,30}") {
            let source = Source::new("test.yaml", text.as_str());
            for document in split(&source) {
                if let Ok(tree) = read(&source, &document) {
                    check_layout(&source, &tree);
                    check_nesting(&tree);
                }
            }
        }

        /// What is written is what is read, as JSON and as blocks; the layout keeps its promises.
        #[test]
        fn what_is_written_is_read(value in any_value()) {
            let json = serde_json::to_string(&value).unwrap();
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            let mut block = String::new();
            write_block(&value, 0, &mut block);
            for text in [json, pretty, block] {
                let tree = read_first(&text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
                prop_assert_eq!(&tree.value, &value, "{}", text);
                let source = Source::new("test.yaml", text.as_str());
                check_layout(&source, &tree);
                check_nesting(&tree);
                check_scalars(&source, &tree, &value, &mut crate::pointer::Pointer::root());
            }
        }

        /// No character makes the reader panic.
        #[test]
        fn any_characters_are_read_or_refused(text in "\\PC{0,40}|(?s:.){0,40}") {
            let source = Source::new("test.yaml", text.as_str());
            for document in split(&source) {
                if let Ok(tree) = read(&source, &document) {
                    check_nesting(&tree);
                }
            }
        }

        /// A document that is cut off anywhere is read or refused.
        #[test]
        fn every_beginning_is_read_or_refused(cut in 0usize..400) {
            let text = "---\n# c\na: &x {b: [1, 'two', \"th\\u0072ee\"], c: }\nd:\n- *x\n- |+\n  text\n\n- ? k\n  : v\n<<: *x\ne: >-\n  folded\n  text\n";
            let cut = (0..=cut.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap();
            let _ = read_first(&text[..cut]);
        }
    }
}
