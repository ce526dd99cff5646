use proptest::prelude::*;

use super::*;
use crate::json::{Value, json};
use crate::manifest::layout::Style;
use crate::pointer::Token;

/// `/a/0/b`: digits are positions where the value has a list there.
fn pointer(value: &Value, text: &str) -> Pointer {
    let mut at = Pointer::root();
    for step in text.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        let here = at.get(value).unwrap_or(&Value::Null);
        match (here.is_array(), step.parse()) {
            (true, Ok(index)) => at.push(Token::Index(index)),
            (true, Err(_)) => at.push(Token::Index(here.as_array().unwrap().len())),
            _ => at.push(Token::Key(step.into())),
        }
    }
    at
}

/// `+ /place = json`, `= /place = json`, `- /place`; a `-` as the last step appends.
fn change(value: &Value, line: &str) -> Change {
    let (verb, rest) = line.split_once(' ').unwrap();
    let (place, new) = rest.split_once(" = ").unwrap_or((rest, "null"));
    let pointer = pointer(value, place);
    let new: Value = serde_json::from_str(new).unwrap();
    let old = || pointer.get(value).unwrap().clone();
    let action = match verb {
        "+" => Action::Add(new),
        "=" => Action::Replace { old: old(), new },
        "-" => Action::Remove { old: old() },
        other => panic!("{other}"),
    };
    Change { pointer, action }
}

fn edit(text: &str, lines: &[&str]) -> Rewrite {
    let source = Source::new("test.yaml", text);
    let documents = split(&source);
    let document = &documents[0];
    let tree = read(&source, document).unwrap();
    let changes: Vec<Change> = lines.iter().map(|line| change(&tree.value, line)).collect();
    let mut expected = tree.value.clone();
    crate::change::apply(&mut expected, &changes);
    let rewrite = rewrite(&source, document, &tree, &changes, &expected).unwrap();
    let (_, again) = read_again(&Source::new("again", rewrite.text.as_str())).unwrap();
    assert_eq!(again.value, expected);
    rewrite
}

/// Text, changes, text that must come out, with nothing reflowed.
#[track_caller]
fn case(text: &str, changes: &[&str], expected: &str) {
    let rewrite = edit(text, changes);
    assert_eq!(rewrite.text, expected);
    assert_eq!(rewrite.reflowed, [], "in {text:?}");
}

/// The same, where `places` had to be written out.
#[track_caller]
fn reflow(text: &str, changes: &[&str], expected: &str, places: &[&str]) {
    let rewrite = edit(text, changes);
    assert_eq!(rewrite.text, expected);
    let found: Vec<String> = rewrite.reflowed.iter().map(|(at, _)| at.to_string()).collect();
    assert_eq!(found, places, "in {text:?}");
}

#[test]
fn scalars_keep_their_quotes_and_comments() {
    case("a: 1 # one\nb: x\n", &["= /a = 2"], "a: 2 # one\nb: x\n");
    case("a: 'x'   # c\n", &["= /a = \"it's\""], "a: 'it''s'   # c\n");
    case("a: \"x\"\n", &["= /a = \"y\\nz\""], "a: \"y\\nz\"\n");
    case("a: x\n", &["= /a = \"yes\""], "a: \"yes\"\n");
    case("a: \"1\"\n", &["= /a = 1"], "a: 1\n");
    case("a: !!str 1 # c\n", &["= /a = \"2\""], "a: \"2\" # c\n");
    case(
        "a: long\n  text\nb: 1\n",
        &["= /a = \"short\""],
        "a: short\nb: 1\n",
    );
}

#[test]
fn a_missing_value_is_filled_in() {
    case("a:\nb: 1\n", &["= /a = false"], "a: false\nb: 1\n");
    case("a: # why\nb: 1\n", &["= /a = false"], "a: false # why\nb: 1\n");
    case(
        "a: # why\nb: 1\n",
        &["= /a = {\"x\": 1}"],
        "a: # why\n  x: 1\nb: 1\n",
    );
    case("- a\n-\n", &["= /1 = \"b\""], "- a\n- b\n");
    case("a: null\n", &["= /a = [1]"], "a:\n- 1\n");
}

#[test]
fn entries_are_added_behind_the_last_one() {
    case("a: 1\nb: 2", &["+ /c = true"], "a: 1\nb: 2\nc: true");
    case(
        "m:\n    a: 1 # c\n# end\nn: 2\n",
        &["+ /m/b = 2"],
        "m:\n    a: 1 # c\n    b: 2\n# end\nn: 2\n",
    );
    case(
        "l:\n- name: a\n- name: b\n",
        &["+ /l/0/x = 1", "+ /l/1/z = 2"],
        "l:\n- name: a\n  x: 1\n- name: b\n  z: 2\n",
    );
    case(
        "a: 1\r\nb: 2\n",
        &["+ /c = {\"d\": 1}"],
        "a: 1\r\nb: 2\nc:\n  d: 1\n",
    );
    case(
        "a: 1\r\nb: 2\r\n",
        &["+ /c = {\"d\": 1}"],
        "a: 1\r\nb: 2\r\nc:\r\n  d: 1\r\n",
    );
    case("\u{feff}a: 1\n", &["+ /b = 2"], "\u{feff}a: 1\nb: 2\n");
    case(
        "m:\n  a:\n    b: 1\nz: 1\n",
        &["+ /m/a/c = 1", "+ /m/d = 2"],
        "m:\n  a:\n    b: 1\n    c: 1\n  d: 2\nz: 1\n",
    );
}

#[test]
fn items_are_added_where_they_belong() {
    case("l:\n- a\n- b\n", &["+ /l/- = \"c\""], "l:\n- a\n- b\n- c\n");
    case(
        "l:\n  - a\n  # about b\n  - b\n",
        &["+ /l/1 = \"x\""],
        "l:\n  - a\n  - x\n  # about b\n  - b\n",
    );
    case(
        "l:\n  - a\n",
        &["+ /l/0 = {\"p\": 1, \"m\": [2]}"],
        "l:\n  - p: 1\n    m:\n      - 2\n  - a\n",
    );
    case("- - a\n  - b\n", &["+ /0/0 = \"x\""], "- - x\n  - a\n  - b\n");
    case("l:\n- a\n- b\n", &["- /l/0", "+ /l/0 = \"x\""], "l:\n- x\n- b\n");
}

#[test]
fn lists_are_indented_as_the_text_does_it() {
    case(
        "a:\n  - 1\nb: 1\n",
        &["+ /c = [{\"x\": [1]}]"],
        "a:\n  - 1\nb: 1\nc:\n  - x:\n      - 1\n",
    );
    case(
        "a:\n- 1\nb: 1\n",
        &["+ /c = [{\"x\": [1]}]"],
        "a:\n- 1\nb: 1\nc:\n- x:\n  - 1\n",
    );
}

#[test]
fn removed_entries_take_their_lines_along() {
    case(
        "a: 1\nb: 2 # two\n# c's\nc: 3\n",
        &["- /b"],
        "a: 1\n# c's\nc: 3\n",
    );
    case("a: 1\nb: 2", &["- /b"], "a: 1");
    case("a: 1\r\nb: 2\r\nc: 3", &["- /b", "- /c"], "a: 1");
    case("a: 1\nb:\n  c: 1\n  d: 2\ne: 5\n", &["- /b"], "a: 1\ne: 5\n");
    case(
        "l:\n- name: a\n  x: 1\n  y: 2\n",
        &["- /l/0/name"],
        "l:\n- x: 1\n  y: 2\n",
    );
    case("l:\n- a\n- b\n- c\n", &["- /l/0", "- /l/2"], "l:\n- b\n");
    case("a: 1\nb: 2\n", &["- /b", "+ /c = 3"], "a: 1\nc: 3\n");
    case("x: {}\na:\n  b: 1\nc: 1\n", &["- /a/b"], "x: {}\na: {}\nc: 1\n");
    case("l:\n- a\n", &["- /l/0"], "l: []\n");
}

#[test]
fn collections_replace_scalars_and_the_other_way() {
    case(
        "a: x # c\nb: 1\n",
        &["= /a = {\"q\": 1}"],
        "a: # c\n  q: 1\nb: 1\n",
    );
    case(
        "a: # c\n  x: 1\n  y: 2\nb: 1\n",
        &["= /a = 5"],
        "a: 5 # c\nb: 1\n",
    );
    case(
        "a:\n- 1\n- 2\nb: 1\n",
        &["= /a = {\"k\": [1]}"],
        "a:\n  k:\n  - 1\nb: 1\n",
    );
    case(
        "- x # c\n- y\n",
        &["= /0 = {\"k\": 1, \"l\": 2}"],
        "- k: 1 # c\n  l: 2\n- y\n",
    );
}

#[test]
fn block_scalars_stay_block_scalars() {
    case(
        "a: |\n  one\n  two\nb: 1\n",
        &["= /a = \"three\\n\""],
        "a: |\n  three\nb: 1\n",
    );
    case("a: |\n  one\n\nb: 1\n", &["= /a = \"x\""], "a: x\n\nb: 1\n");
    case(
        "a: |+\n  one\n\nb: 1\n",
        &["+ /c = 2"],
        "a: |+\n  one\n\nb: 1\nc: 2\n",
    );
    case(
        "b: 1\na: |+\n  one\n\n",
        &["+ /c = 2"],
        "b: 1\na: |+\n  one\n\nc: 2\n",
    );
    case("a: x\n", &["= /a = \"one\\ntwo\\n\""], "a: |\n  one\n  two\n");
    case(
        "m:\n  a: x # c\n",
        &["= /m/a = \"# one\\n\\ntwo\\n\""],
        "m:\n  a: | # c\n    # one\n\n    two\n",
    );
}

#[test]
fn without_a_last_line_break_nothing_depends_on_one() {
    case("a: 1", &["+ /b = \"x\\ny\\n\""], "a: 1\nb: \"x\\ny\\n\"");
    reflow("a: |\n  x", &["+ /b = 1"], "a: x\nb: 1", &[]);
}

#[test]
fn brackets_stay_brackets() {
    case(
        "m: {a: 1, b: 2}\n",
        &["+ /m/c = \"x\"", "= /m/a = 5"],
        "m: {a: 5, b: 2, c: x}\n",
    );
    case("m: {a: 1,}\n", &["+ /m/c = \"x y\""], "m: {a: 1, c: \"x y\",}\n");
    case("m: {a: 1, b: 2, c: 3}\n", &["- /m/a"], "m: {b: 2, c: 3}\n");
    case("m: {a: 1, b: 2, c: 3}\n", &["- /m/b", "- /m/c"], "m: {a: 1}\n");
    case(
        "m: {a: 1, b: 2}\n",
        &["- /m/b", "+ /m/c = 3"],
        "m: {a: 1, c: 3}\n",
    );
    case("l: [1, 2, 3]\n", &["+ /l/1 = 9", "- /l/2"], "l: [1, 9, 2]\n");
    case("l: [1, 2]\n", &["+ /l/0 = {\"a\": \"b\"}"], "l: [{a: b}, 1, 2]\n");
    case("m: {a: , b: 2}\n", &["= /m/a = 1"], "m: {a: 1 , b: 2}\n");
}

#[test]
fn json_stays_json() {
    case(
        "{\"a\":1,\"b\":{\"c\":[]}}",
        &["+ /b/d = \"x\"", "= /b/c = [1]"],
        "{\"a\":1,\"b\":{\"c\":[1],\"d\":\"x\"}}",
    );
    case(
        "{\n  \"a\": 1,\n  \"b\": {}\n}\n",
        &["+ /c = {\"x\": \"y\"}", "+ /b/z = true"],
        "{\n  \"a\": 1,\n  \"b\": {\"z\": true},\n  \"c\": {\"x\": \"y\"}\n}\n",
    );
}

#[test]
fn empty_collections_become_blocks_or_stay_in_their_brackets() {
    case("a: {} # c\nb: 1\n", &["+ /a/x = 1"], "a: # c\n  x: 1\nb: 1\n");
    case("a: []\n", &["+ /a/- = {\"p\": 1}"], "a:\n- p: 1\n");
    case(
        "m: {a: {}, b: []}\n",
        &["+ /m/a/x = 1", "+ /m/b/- = 2"],
        "m: {a: {x: 1}, b: [2]}\n",
    );
    case(
        "- {}\n- 1\n",
        &["+ /0/x = 1", "+ /0/z = 2"],
        "- x: 1\n  z: 2\n- 1\n",
    );
}

#[test]
fn an_edit_behind_an_alias_changes_no_other_place() {
    reflow(
        "a: &x\n  k: 1\nb: *x\n",
        &["= /b/k = 2"],
        "a: &x\n  k: 1\nb:\n  k: 2\n",
        &["/b"],
    );
    reflow(
        "a: &x\n  k: 1\nb: *x\nc: *x\n",
        &["= /a/k = 2"],
        "a: &x\n  k: 2\nb:\n  k: 1\nc:\n  k: 1\n",
        &["/b", "/c"],
    );
    case(
        "a: &x\n  k: 1\nb: *x\n",
        &["= /a/k = 2", "= /b/k = 2"],
        "a: &x\n  k: 2\nb: *x\n",
    );
    case("a: &x 1\nb: *x\n", &["= /b = 2"], "a: &x 1\nb: 2\n");
    case(
        "a: &x 1 # c\nb: *x\n",
        &["= /a = 2", "= /b = 2"],
        "a: &x 2 # c\nb: *x\n",
    );
}

#[test]
fn what_a_merge_key_brings_is_overridden_not_changed() {
    let text = "base: &b\n  k: 1\n  l: 1\nm:\n  <<: *b\n  p: 1\n";
    case(
        text,
        &["= /m/k = 2"],
        "base: &b\n  k: 1\n  l: 1\nm:\n  <<: *b\n  p: 1\n  k: 2\n",
    );
    reflow(
        text,
        &["- /m/k"],
        "base: &b\n  k: 1\n  l: 1\nm:\n  l: 1\n  p: 1\n",
        &["/m"],
    );
    case(
        text,
        &["= /base/k = 2"],
        "base: &b\n  k: 2\n  l: 1\nm:\n  <<: *b\n  p: 1\n  k: 1\n",
    );
}

#[test]
fn of_duplicate_keys_the_last_is_edited_and_all_are_removed() {
    case("a: 1\nb: 0\na: 2\n", &["= /a = 3"], "a: 1\nb: 0\na: 3\n");
    case("a: 1\nb: 0\na: 2\n", &["- /a"], "b: 0\n");
}

#[test]
fn separators_and_comments_around_the_content_stay() {
    case(
        "---\n# Source: x.yaml\na: 1\n# end\n",
        &["+ /b = 2"],
        "---\n# Source: x.yaml\na: 1\nb: 2\n# end\n",
    );
    case(
        "--- # first\na: 1\n...\n",
        &["+ /b = 2"],
        "--- # first\na: 1\nb: 2\n...\n",
    );
}

const FLUSH: Manner = Manner {
    lists: ListIndent::Flush,
    block_scalars: true,
};
const INDENTED: Manner = Manner {
    lists: ListIndent::Indented,
    block_scalars: false,
};

/// Texts that a YAML 1.1 reader takes for something else, as recorded from Go.
#[test]
fn recorded_values_survive_writing() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/yaml-write.json");
    let Ok(text) = std::fs::read_to_string(path) else {
        return;
    };
    let all: Value = serde_json::from_str(&text).unwrap();
    for value in all["strings"].as_array().unwrap() {
        // Go knows no difference between 1.0 and 1.
        let whole = value
            .as_f64()
            .filter(|number| number.fract() == 0.0 && number.abs() < 1e15);
        let value = whole.map_or(value.clone(), |number| json!(number as i64));
        let object = match value.as_str() {
            Some(key) => json!({"v": value, key: 1, "l": [value, {"k": value}]}),
            None => json!({"v": value, "l": [value, {"k": value}]}),
        };
        for text in [
            write::block(&object, FLUSH).unwrap(),
            write::block(&object, INDENTED).unwrap(),
            write::flow(&object, true),
            write::flow(&object, false),
        ] {
            let text = text + "\n";
            let (_, tree) =
                read_again(&Source::new("written", text.as_str())).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(tree.value, object, "{text}");
        }
        for style in [Style::Plain, Style::SingleQuoted, Style::DoubleQuoted] {
            let text = format!("k: {}\n", write::scalar(&value, style));
            if !value.is_object() && !value.is_array() {
                let (_, tree) =
                    read_again(&Source::new("written", text.as_str())).unwrap_or_else(|| panic!("{text}"));
                assert_eq!(tree.value, json!({"k": value}), "{text}");
            }
        }
    }
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[ -~]{0,12}".prop_map(Value::from),
        "[a-z:#\\n'\" é-]{0,12}".prop_map(Value::from),
    ]
}

fn tree() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-d]{1,2}|<<x|yes", inner), 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    /// Whatever is to become of a document, it reads back as that, however it was written.
    #[test]
    fn any_value_becomes_any_other(before in tree(), after in tree(), style in 0..4) {
        let (before, after) = (json!({"root": before, "z": 1}), json!({"root": after, "z": 1}));
        let text = match style {
            0 => before.to_string(),
            1 => serde_json::to_string_pretty(&before).unwrap(),
            2 => write::block(&before, FLUSH).unwrap_or_else(|| before.to_string()),
            _ => format!("---\n{}\n# end\n", write::block(&before, INDENTED).unwrap_or_else(|| before.to_string())),
        };
        let source = Source::new("test", text.as_str());
        let documents = split(&source);
        prop_assert_eq!(documents.len(), 1);
        let tree = read(&source, &documents[0]).unwrap();
        prop_assert_eq!(&tree.value, &before);
        let changes = difference(&before, &after);
        let rewrite = rewrite(&source, &documents[0], &tree, &changes, &after).unwrap();
        prop_assert_eq!(rewrite.reflowed, vec![]);
        let again = Source::new("again", rewrite.text.as_str());
        prop_assert_eq!(read_again(&again).unwrap().1.value, after);
    }

    /// Strings survive, as values and as keys, in each style.
    #[test]
    fn strings_survive(text in "\\PC{0,12}|[ -~\\n\\t\\r]{0,20}") {
        let value = json!({(text.as_str()): text.as_str(), "l": [text.as_str()]});
        for manner in [FLUSH, INDENTED] {
            if let Some(block) = write::block(&value, manner) {
                let (_, tree) = read_again(&Source::new("block", block + "\n")).unwrap();
                prop_assert_eq!(&tree.value, &value);
            }
        }
        let flow = write::flow(&value, true);
        let (_, tree) = read_again(&Source::new("flow", flow)).unwrap();
        prop_assert_eq!(&tree.value, &value);
    }
}

#[test]
fn what_is_left_takes_the_place_of_what_shared_a_line() {
    case(
        "l:\n- a: 1\n  # c\n  b: 2\n  c: 3\n",
        &["- /l/0/a", "- /l/0/b"],
        "l:\n- c: 3\n",
    );
}

#[test]
fn an_anchor_stays_where_its_value_goes() {
    case(
        "d: &x\n  a: 1\no: *x\n",
        &["- /d/a", "- /o/a"],
        "d: &x {}\no: *x\n",
    );
}

#[test]
fn a_pair_without_braces_gets_some() {
    case("l: [a: 1]\n", &["+ /l/0/b = 2"], "l: [{a: 1, b: 2}]\n");
    case("l: [a: 1]\n", &["= /l/0/a = 2"], "l: [a: 2]\n");
}

#[test]
fn what_goes_inside_and_what_comes_behind_do_not_meet() {
    case(
        "r:\n  m:\n    x: 1\n    a: 1\nz: 1\n",
        &["- /r/m/a", "+ /r/a = 2"],
        "r:\n  m:\n    x: 1\n  a: 2\nz: 1\n",
    );
    case("m:\n  x: 1\n  a: 1", &["- /m/a", "+ /a = 2"], "m:\n  x: 1\na: 2");
    case(
        "l:\n- p: a\n  v: 1\n- p: b\n  v: 1\n",
        &["- /l/1/v", "+ /l/- = {\"p\": \"c\"}", "+ /k = 1"],
        "l:\n- p: a\n  v: 1\n- p: b\n- p: c\nk: 1\n",
    );
}
