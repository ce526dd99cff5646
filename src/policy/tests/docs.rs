//! Every YAML of docs/policy-language.md loads: whole files as they are, parts of a policy in one.

use std::collections::BTreeMap;

use super::*;
use crate::testing;

fn read(path: &str) -> String {
    std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn blocks() -> Vec<String> {
    let text = read("docs/policy-language.md");
    let blocks = text.split("```yaml\n").skip(1);
    blocks
        .filter_map(|block| block.split_once("\n```"))
        .map(|(block, _)| format!("{block}\n"))
        .collect()
}

/// The pack of the document, from its own blocks.
fn pack() -> BTreeMap<String, String> {
    let of_pack = |block: &String| {
        let first = block.lines().next()?.strip_prefix("# paperless/")?;
        Some((first.to_owned(), block.clone()))
    };
    blocks().iter().filter_map(of_pack).collect()
}

fn with_pack(more: &[(&str, &str)]) -> PackSource {
    let pack = pack();
    let mut files: Vec<(&str, &str)> = vec![("pack.yaml", &pack["pack.yaml"])];
    files.extend(more);
    pack_of(&files)
}

#[test]
fn the_pack_of_the_document_is_the_one_that_is_run() {
    let pack = pack();
    assert_eq!(pack.len(), 3);
    for (name, text) in &pack {
        assert_eq!(
            *text,
            read(&format!("tests/fixtures/docs/paperless/{name}")),
            "{name}"
        );
    }
    let policies = with_pack(&[("documents.yaml", &pack["documents.yaml"])]);
    run_tests(&pack["documents.test.yaml"], &policies);
}

fn run_tests(text: &str, pack: &PackSource) {
    let file = Source::new("documents.test.yaml", text);
    let results = testing::run(&file, std::slice::from_ref(pack), &|path| Err(path.into()))
        .unwrap_or_else(|wrong| panic!("{}", drawn(&wrong)));
    assert!(!results.is_empty());
    for result in results {
        assert!(
            result.problems.is_empty(),
            "{}: {:?}",
            result.name,
            result.problems
        );
    }
}

#[test]
fn every_example_loads() {
    let pack = pack();
    let documents = ("documents.yaml", pack["documents.yaml"].as_str());
    let mut counts = [0; 3];
    for block in blocks() {
        if block.starts_with("# paperless/") {
            continue;
        }
        let kind = block.lines().find_map(|line| line.strip_prefix("kind: "));
        match kind {
            Some("Config") => {
                let mut options = LoadOptions {
                    config: Some(Source::new("fixative.yaml", block.as_str())),
                    packs: Some(vec![with_pack(&[documents])]),
                    ..LoadOptions::default()
                };
                loaded_with(std::mem::take(&mut options));
                counts[0] += 1;
            }
            Some("Test") => {
                run_tests(&block, &with_pack(&[documents]));
                counts[1] += 1;
            }
            Some(other) => panic!("a {other} that is not of the pack"),
            None => {
                let mut body = block.clone();
                if !body.contains("rules:\n") {
                    body.push_str("rules: [{name: only, assert: 'true'}]\n");
                }
                loaded_with(LoadOptions {
                    packs: Some(vec![with_pack(&[("demo.yaml", &policy(&body))])]),
                    ..LoadOptions::default()
                });
                counts[2] += 1;
            }
        }
    }
    assert_eq!(counts, [1, 1, 7], "configurations, tests, parts of policies");
}
