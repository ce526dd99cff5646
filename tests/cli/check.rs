//! `check`: its findings in every form, its status, and what it cannot answer.

use std::fs;

use serde_json::{Value, json};

use crate::api_server;
use crate::pack::{self, STREAM, denied};
use crate::program::{Folder, Run};

const FORMATS: [&str; 6] = ["human", "json", "sarif", "junit", "github", "openreports"];

/// What no sink may print.
const SECRET: &str = "hunter2-in-plain-sight";

fn check(folder: &Folder, more: &[&str], stdin: impl Into<Vec<u8>>) -> Run {
    folder.run(&[&["check", "--policies", "pack"], more].concat(), stdin)
}

/// A Pod without a tag, with a password, and without what a repair would add.
fn bad() -> String {
    let env = format!("    env:\n    - name: PASSWORD\n      value: {SECRET}\n");
    denied().replace(
        "    image: example.com/photos\n",
        &format!("    image: example.com/photos\n{env}"),
    )
}

#[test]
fn people_see_the_line_the_reason_and_the_fix() {
    let folder = pack::folder().with("in/pod.yaml", bad());
    let run = check(&folder, &["in"], "");
    insta::assert_snapshot!(run.stdout);
    assert_eq!(run.status, 1, "{}", run.stderr);
    assert!(
        run.stderr
            .ends_with("fixative: 2 objects: 2 findings deny, 1 warning\n"),
        "{}",
        run.stderr
    );
    let quiet = check(&folder, &["-q", "in"], "");
    assert!(!quiet.stdout.contains("warning["), "{}", quiet.stdout);
    assert_eq!((quiet.status, quiet.stderr.as_str()), (1, ""));
    assert!(
        check(&folder, &["--color", "always", "in"], "")
            .stdout
            .contains('\u{1b}')
    );
}

#[test]
fn a_template_is_named_in_every_form() {
    let folder = pack::folder().with("in/pod.yaml", bad());
    for format in FORMATS {
        let run = check(&folder, &["in", "--format", format], "");
        assert_eq!(run.status, 1, "{format}: {}", run.stderr);
        assert!(
            run.stdout.contains("photos/templates/pod.yaml"),
            "{format}: {}",
            run.stdout
        );
        assert!(run.stdout.contains("in/pod.yaml"), "{format}: {}", run.stdout);
    }
}

#[test]
fn programs_get_the_documented_shape() {
    let folder = pack::folder().with("in/pod.yaml", bad());
    let run = check(&folder, &["in", "--format", "json"], "");
    let mut found: Value = serde_json::from_str(&run.stdout).unwrap();
    found["policies"] = json!("DIGEST");
    insta::assert_snapshot!(format!("{found:#}"));
}

#[test]
fn sarif_follows_its_schema_and_its_fixes_are_what_render_writes() {
    let stream = STREAM.replace("photos   # the one", "photos  # größer");
    let folder = pack::folder().with("in/a b.yaml", &stream).with(
        "fixative.yaml",
        "apiVersion: fixative.dev/v1alpha1\nkind: Config\nexemptions: [{policies: [tagged], match: {names: [gone]}, reason: old}]\n",
    );
    let run = check(&folder, &["in", "--format", "sarif"], "");
    let log: Value = serde_json::from_str(&run.stdout).unwrap();
    follows_the_schema(&log);
    let mut result = log["runs"][0]["results"][0].clone();
    assert_eq!(log["runs"][0]["results"].as_array().unwrap().len(), 1);
    let change = result["fixes"][0]["artifactChanges"][0].clone();
    assert_eq!(change["artifactLocation"]["uri"], "in/a%20b.yaml");
    let mended = mended(&stream, &change["replacements"][0]);
    let rendered = folder.run(&["render", "--policies", "pack", "in"], "");
    assert_eq!(mended, rendered.stdout);
    result["fixes"] = Value::Null;
    insta::assert_snapshot!(format!("{result:#}"));
    let stale = &log["runs"][0]["invocations"][0]["toolConfigurationNotifications"][0];
    assert_eq!(
        stale["locations"][0]["physicalLocation"]["region"]["startLine"],
        3
    );
    // The same findings have the same fingerprints, in another file and in another order.
    let moved = check(
        &folder,
        &["-", "--format", "sarif"],
        format!("# a comment\n{stream}"),
    );
    let moved: Value = serde_json::from_str(&moved.stdout).unwrap();
    follows_the_schema(&moved);
    assert_eq!(
        moved["runs"][0]["results"][0]["partialFingerprints"],
        result["partialFingerprints"]
    );
    let bad: Value = serde_json::from_str(&check(&folder, &["--format", "sarif"], bad()).stdout).unwrap();
    follows_the_schema(&bad);
}

#[track_caller]
fn follows_the_schema(log: &Value) {
    let schema: Value = serde_json::from_str(include_str!("../schemas/sarif-2.1.0.json")).unwrap();
    let validator = jsonschema::draft7::new(&schema).unwrap();
    let wrong: Vec<String> = validator
        .iter_errors(log)
        .map(|error| format!("{} {error}", error.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_schema_of_sarif_is_not_toothless() {
    let schema: Value = serde_json::from_str(include_str!("../schemas/sarif-2.1.0.json")).unwrap();
    let validator = jsonschema::draft7::new(&schema).unwrap();
    let run = json!({"tool": {"driver": {"name": "x"}}, "results": [{"message": {"text": "x"}}]});
    let log = |run: &Value| json!({"version": "2.1.0", "runs": [run]});
    assert!(validator.is_valid(&log(&run)));
    let mut wrong = run.clone();
    wrong["results"][0]["level"] = json!("fatal");
    assert!(!validator.is_valid(&log(&wrong)));
    let mut wrong = run;
    wrong["results"][0]["message"] = json!({});
    assert!(!validator.is_valid(&log(&wrong)));
}

/// The text with a replacement of SARIF made, by lines and columns that count characters.
fn mended(text: &str, replacement: &Value) -> String {
    let at = |line: &str, column: &str| {
        let region = &replacement["deletedRegion"];
        let number = |name: &str| usize::try_from(region[name].as_u64().unwrap()).unwrap();
        let before: usize = text
            .split_inclusive('\n')
            .take(number(line) - 1)
            .map(str::len)
            .sum();
        let rest: String = text[before..].chars().take(number(column) - 1).collect();
        before + rest.len()
    };
    let new = replacement["insertedContent"]["text"].as_str().unwrap();
    format!(
        "{}{new}{}",
        &text[..at("startLine", "startColumn")],
        &text[at("endLine", "endColumn")..]
    )
}

#[test]
fn junit_follows_an_xsd_and_fails_where_the_status_does() {
    let exempt = "kind: Config\napiVersion: fixative.dev/v1alpha1\nexemptions: [{policies: [links], reason: \"a < b & c\"}]\n";
    let folder = pack::folder()
        .with(
            "in/pod.yaml",
            bad().replace("name: main", "name: \"m<a&i\\u0001n\""),
        )
        .with("exempt.yaml", exempt);
    let junit = |more: &[&str]| check(&folder, &[&["in", "--format", "junit"], more].concat(), "");
    let run = junit(&[]);
    is_junit(&run.stdout);
    insta::assert_snapshot!(run.stdout);
    for (fail_on, failures) in [("deny", 2), ("warn", 3), ("audit", 3), ("never", 0)] {
        let run = junit(&["--fail-on", fail_on]);
        is_junit(&run.stdout);
        let head = format!("<testsuites name=\"fixative\" tests=\"3\" failures=\"{failures}\" errors=\"0\">");
        assert!(run.stdout.contains(&head), "{fail_on}: {}", run.stdout);
        assert_eq!(run.status, i32::from(failures > 0));
    }
    let run = junit(&["--config", "exempt.yaml"]);
    is_junit(&run.stdout);
    assert!(
        run.stdout
            .contains("<skipped message=\"exempt by the configuration: a &lt; b &amp; c\"/>"),
        "{}",
        run.stdout
    );
    is_junit(&check(&folder, &["--format", "junit"], "").stdout);
}

#[track_caller]
fn is_junit(text: &str) {
    let schema = uppsala::parse(include_str!("../schemas/junit-10.xsd")).unwrap();
    let validator = uppsala::XsdValidator::from_schema(&schema).unwrap();
    let document = uppsala::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let wrong = validator.validate(&document);
    assert!(wrong.is_empty(), "{wrong:?}\n{text}");
    let wrong = text.replacen(" tests=", " quests=", 2);
    assert!(
        !text.contains("<testsuite ") || {
            let document = uppsala::parse(&wrong).unwrap();
            !validator.validate(&document).is_empty()
        }
    );
}

#[test]
fn github_gets_a_command_a_line() {
    let folder = pack::folder().with("in/a,b.yaml", bad());
    insta::assert_snapshot!(check(&folder, &["./in", "--format", "github"], "").stdout);
}

#[test]
fn openreports_hold_what_passed_too() {
    let stream = bad().replace("  name: photos ", "  name: photos\n  namespace: home ");
    let folder = pack::folder().with("in/pod.yaml", stream);
    let run = check(&folder, &["in", "--format", "openreports"], "");
    let digest = run
        .stdout
        .lines()
        .find(|line| line.contains("fixative.dev/policies"))
        .unwrap();
    insta::assert_snapshot!(run.stdout.replace(digest, "    fixative.dev/policies: DIGEST"));
}

#[test]
fn a_planted_secret_is_in_no_form() {
    // Another policy quotes what it looked at and rewrites the whole list.
    let quoting = "\
apiVersion: fixative.dev/v1alpha1
kind: Policy
metadata: {name: quoting}
spec:
  title: T
  severity: low
  action: Warn
  match: {components: [app]}
  variables: [{name: all, expression: \"containers.map(c, c.?env.orValue([]))\"}]
  rules:
    - name: says
      at: containers[app].env[*]
      assert: \"false\"
      message: $(item.name) is $(item.?value.orValue('')) of $(variables.all)
    - name: rewrites
      at: containers[app].env
      where: item.exists(e, e.name == 'PASSWORD' && !e.value.endsWith('-new'))
      set: \"$(item.map(e, {'name': e.name, 'value': e.value + '-new'}))\"
";
    let block =
        "    - name: PASSWORD\n      value: |\n        hunter2-in-plain-sight\n        second-line-of-it\n";
    let folded = bad().replace(&format!("    - name: PASSWORD\n      value: {SECRET}\n"), block);
    let flow = denied().replace(
        "    image:",
        &format!("    env: [{{name: TZ, value: utc}}, {{name: PASSWORD, value: '{SECRET}'}}]\n    image:"),
    );
    let folder = pack::folder();
    let quoted = pack::folder().with("pack/quoting.yaml", quoting);
    let is_kept = |what: &str, run: &Run| {
        assert_ne!(run.stdout, "", "{what}: {}", run.stderr);
        for text in [&run.stdout, &run.stderr] {
            for secret in [SECRET, "second-line-of-it"] {
                assert!(!text.contains(secret), "{what}: {text}");
            }
        }
    };
    for folder in [&folder, &quoted] {
        for stream in [bad(), folded.clone(), flow.clone()] {
            for format in FORMATS {
                let run = check(folder, &["-v", "--format", format], stream.as_str());
                is_kept(format, &run);
                assert!(
                    run.stdout.contains("secret"),
                    "{format} says nothing of it: {}",
                    run.stdout
                );
            }
            for command in ["diff", "explain"] {
                let run = folder.run(&[command, "-v", "--policies", "pack"], stream.as_str());
                is_kept(command, &run);
            }
            let mut tool = folder.command(&["diff", "--policies", "pack"]);
            let tool = tool.env("FIXATIVE_DIFF", "diff -ru").write_stdin(stream.as_str());
            is_kept("$FIXATIVE_DIFF", &Run::of(tool));
            let run = folder.run(
                &["render", "-v", "--policies", "pack", "--on-deny", "warn"],
                stream.as_str(),
            );
            assert!(!run.stderr.contains(SECRET), "{}", run.stderr);
        }
    }
}

#[test]
fn what_render_wrote_has_nothing_left_to_mend() {
    let folder = pack::folder();
    let rendered = folder.run(&["render", "--policies", "pack", "--on-deny", "warn"], bad());
    assert_eq!(rendered.status, 0, "{}", rendered.stderr);
    let run = check(&folder, &["--format", "json"], rendered.stdout);
    let found: Value = serde_json::from_str(&run.stdout).unwrap();
    let kinds: Vec<&Value> = found["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| &finding["kind"])
        .collect();
    assert_eq!(kinds, ["violation", "violation"]);
    // And the shipped pack on the example of the README.
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/");
    let config = format!("{root}fixative.yaml");
    let example = folder.run(
        &["render", "--config", &config, &format!("{root}immich.yaml")],
        "",
    );
    assert_eq!(example.status, 0, "{}", example.stderr);
    let run = folder.run(
        &["check", "--config", &config, "--format", "json"],
        example.stdout,
    );
    assert!(!run.stdout.contains("\"unrepaired\""), "{}", run.stdout);
    assert_eq!(run.status, 0, "{}", run.stderr);
}

#[test]
fn fail_on_says_what_is_status_1() {
    let folder = pack::folder();
    let good = STREAM.replace(
        "spec:\n  containers",
        "spec:\n  enableServiceLinks: false\n  containers",
    );
    let secret = good.replace(
        "    image: example.com/photos:v1\n",
        "    image: example.com/photos:v1\n    env: [{name: PASSWORD, value: x}]\n",
    );
    let cases = [
        (&good, "audit", 0),
        (&secret, "deny", 0),
        (&secret, "warn", 1),
        (&secret, "never", 0),
        (&bad(), "deny", 1),
        (&bad(), "never", 0),
    ];
    for (stream, fail_on, status) in cases {
        let run = check(&folder, &["--fail-on", fail_on], stream.as_str());
        assert_eq!(run.status, status, "{fail_on}: {}", run.stdout);
    }
}

#[test]
fn a_file_is_written_whole_or_not_at_all() {
    let folder = pack::folder().with("old.json", "old");
    let run = check(&folder, &["--format", "json", "-o", "old.json"], bad());
    assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{}", run.stderr);
    assert!(run.stderr.contains(", written to old.json\n"), "{}", run.stderr);
    let written = fs::read_to_string(folder.path("old.json")).unwrap();
    assert!(serde_json::from_str::<Value>(&written).is_ok());
    check(&folder, &["-o", "no/such/file"], bad()).cannot_answer(&["cannot write no/such/file"]);
    let human = check(&folder, &["--color", "always", "-o", "old.json"], bad());
    assert!(human.stderr.contains("error") || human.status == 1);
    assert!(
        !fs::read_to_string(folder.path("old.json"))
            .unwrap()
            .contains('\u{1b}')
    );
}

#[test]
fn files_folders_patterns_and_stdin_are_one_stream() {
    let folder = pack::folder()
        .with("in/x/pod.yaml", bad())
        .with("in/y/deep/er/pod.yml", bad())
        .with("in/y/.hidden.yaml", "kind: [")
        .with("other.yaml", bad());
    let count = |arguments: &[&str], stdin: &str| {
        let run = check(&folder, &[arguments, &["--format", "json"]].concat(), stdin);
        let found: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}", run.stderr));
        found["objects"].as_u64().unwrap()
    };
    assert_eq!(count(&["in", "-", "other.yaml"], &bad()), 8);
    assert_eq!(count(&["in/**/*.y*ml"], ""), 4);
    assert_eq!(count(&["in/*/pod.yaml"], ""), 2);
    assert_eq!(count(&["in/*"], ""), 4, "folders, too");
    check(&folder, &["in/*.yaml"], "").cannot_answer(&["nothing matches in/*.yaml"]);
    check(&folder, &["in/***.yaml"], "").cannot_answer(&["in/***.yaml is no pattern"]);
}

#[test]
fn a_policy_that_fails_is_status_2_with_all_findings() {
    let broken = "apiVersion: fixative.dev/v1alpha1\nkind: Policy\nmetadata: {name: broken}\nspec:\n  title: T\n  severity: low\n  action: Warn\n  match: {components: [app]}\n  rules:\n    - name: fails\n      assert: \"pod.nothing == 1\"\n";
    let folder = pack::folder().with("pack/broken.yaml", broken);
    let run = check(&folder, &[], STREAM);
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(run.stdout.contains("[broken/fails]") && run.stdout.contains("[links/disable]"));
    assert!(run.stderr.contains("a policy failed"), "{}", run.stderr);
    let junit = check(&folder, &["--format", "junit"], STREAM).stdout;
    is_junit(&junit);
    assert!(
        junit.contains("errors=\"1\"") && junit.contains("<error "),
        "{junit}"
    );
    let sarif: Value = serde_json::from_str(&check(&folder, &["--format", "sarif"], STREAM).stdout).unwrap();
    assert_eq!(sarif["runs"][0]["invocations"][0]["executionSuccessful"], false);
}

/// A cluster whose webhook configurations carry these annotations.
fn cluster(digest: Option<&str>) -> api_server::Answers {
    let annotations = digest.map(|digest| json!({"fixative.dev/policies": digest}));
    let ours = json!({"metadata": {"name": "fixative", "annotations": annotations}});
    let other = json!({"metadata": {"name": "cert-manager"}});
    let group = "/apis/admissionregistration.k8s.io/v1";
    let mut answers = api_server::discovery(&[], &[]);
    for (path, items) in [
        ("mutatingwebhookconfigurations", vec![ours.clone(), other]),
        ("validatingwebhookconfigurations", vec![ours]),
    ] {
        let path: &'static str = format!("{group}/{path}").leak();
        answers.insert(path, api_server::list(&items));
    }
    answers
}

#[test]
fn a_webhook_that_judges_by_other_policies_is_status_1() {
    let good = STREAM.replace(
        "spec:\n  containers",
        "spec:\n  enableServiceLinks: false\n  containers",
    );
    let run = |answers: api_server::Answers, more: &[&str]| {
        let folder = api_server::serve(pack::folder(), answers);
        check(
            &folder,
            &[&["--cluster", "--kubeconfig", "kubeconfig"], more].concat(),
            good.as_str(),
        )
    };
    let other = run(cluster(Some("0123456789ab")), &[]);
    assert_eq!((other.status, other.stdout.as_str()), (1, ""), "{}", other.stderr);
    let digest = other
        .stderr
        .lines()
        .next()
        .unwrap()
        .rsplit(' ')
        .next()
        .unwrap()
        .to_owned();
    for kind in ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"] {
        let line = format!(
            "error[policies]: the webhook of {kind} fixative judges by the policies 0123456789ab, this run by {digest}; give both the same pack, configuration and params\n"
        );
        assert!(other.stderr.contains(&line), "no {line} in {}", other.stderr);
    }
    let quiet = run(cluster(Some("0123456789ab")), &["-q"]);
    assert_eq!(
        (quiet.status, quiet.stderr.lines().count()),
        (1, 2),
        "{}",
        quiet.stderr
    );
    let same = run(cluster(Some(&digest)), &[]);
    assert_eq!(same.status, 0, "{}", same.stderr);
    let none = run(cluster(None), &[]);
    assert_eq!(none.status, 0);
    assert!(
        none.stderr
            .contains("note: no webhook configuration of the cluster names policies"),
        "{}",
        none.stderr
    );
    let mut refused = cluster(None);
    let path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
    refused.insert(path, api_server::forbidden());
    let run_refused = run(refused, &[]);
    assert_eq!(run_refused.status, 2, "{}", run_refused.stderr);
    assert!(
        run_refused.stderr.contains(
            "cannot list every ValidatingWebhookConfiguration.admissionregistration.k8s.io: who are you?"
        ),
        "{}",
        run_refused.stderr
    );
}
