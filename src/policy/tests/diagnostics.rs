//! What is said of what does not load; each picture was read: the place, the sentence, what to do.

use super::*;

/// Cases with their diagnostics as a person sees them.
fn pictures(cases: &[(&str, LoadOptions)]) -> String {
    let mut all = String::new();
    for (name, options) in cases {
        let said = match load(options) {
            Ok(_) => "loads\n".to_owned(),
            Err(wrong) => drawn(&wrong),
        };
        all.push_str(&format!("## {name}\n{said}\n"));
    }
    all
}

fn of_policies(cases: &[(&str, String)]) -> String {
    let cases: Vec<(&str, LoadOptions)> = cases
        .iter()
        .map(|(name, text)| (*name, options(&[text])))
        .collect();
    pictures(&cases)
}

fn of_rules(cases: &[(&str, &str)]) -> String {
    let cases: Vec<(&str, String)> = cases.iter().map(|(name, body)| (*name, rule(body))).collect();
    of_policies(&cases)
}

const GOOD: &str = "assert: object.kind == 'Pod'";

fn config(text: &str) -> LoadOptions {
    let one = policy(
        "params:\n  type: object\n  properties:\n    label: {type: string, pattern: '^[a-z]+$'}\n    mode: {type: string, enum: [require, prefer]}\n    weight: {type: integer, minimum: 1, maximum: 100}\n    share: {type: number}\n    strict: {type: boolean}\n    values: {type: array, minItems: 1, items: {type: string}}\n    limits: {type: object, properties: {cpu: {type: string}}, required: [cpu]}\nrules:\n  - {name: only, assert: 'true'}",
    );
    let mut options = options(&[&one]);
    options.config = Some(Source::new("fixative.yaml", text));
    options
}

fn params(given: &[(&str, &str, &str)]) -> LoadOptions {
    let mut options = config("kind: Config\n");
    options.params = given
        .iter()
        .map(|(policy, name, value)| ((*policy).into(), (*name).into(), (*value).into()))
        .collect();
    options
}

fn head(text: &str) -> LoadOptions {
    options(&[text])
}

fn pack_text(text: &str) -> LoadOptions {
    let good = rule(GOOD);
    LoadOptions {
        packs: Some(vec![pack_of(&[("pack.yaml", text), ("one.yaml", &good)])]),
        ..LoadOptions::default()
    }
}

#[test]
fn unknown_fields() {
    let rules = "rules: [{name: only, assert: 'true'}]";
    let cases = [
        ("of the file", head(&format!("{}sepc: {{}}\n", rule(GOOD)))),
        (
            "of the metadata",
            head(&rule(GOOD).replace("{name: demo}", "{name: demo, label: x}")),
        ),
        (
            "of the policy",
            head(&policy(&format!("serverity: high\n{rules}"))),
        ),
        ("of a rule", head(&rule("wehre: 'true'\nassert: 'true'"))),
        (
            "of match",
            head(&policy(&format!("match: {{component: [server]}}\n{rules}"))),
        ),
        (
            "of a rule's match",
            head(&rule("match: {namepsaces: [a]}\nassert: 'true'")),
        ),
        (
            "of a label selector",
            head(&policy(&format!(
                "match: {{labels: {{matchLabel: {{a: b}}}}}}\n{rules}"
            ))),
        ),
        (
            "of params",
            head(&policy(&format!(
                "params:\n  type: object\n  propertys: {{}}\n{rules}"
            ))),
        ),
        (
            "of a param's schema",
            head(&policy(&format!(
                "params:\n  type: object\n  properties:\n    mode: {{type: string, enums: [a]}}\n{rules}"
            ))),
        ),
        (
            "of a variable",
            head(&policy(&format!("variables: [{{name: a, expr: '1'}}]\n{rules}"))),
        ),
        (
            "of a function",
            head(&policy(&format!(
                "functions: [{{name: a, arguments: [b], expression: b}}]\n{rules}"
            ))),
        ),
        (
            "of a preference",
            head(&rule("preferNodeAffinity: {weigth: 1, term: {}}")),
        ),
        ("like nothing", head(&rule("assert: 'true'\nxyzzy: 1"))),
        ("of the pack", pack_text(&PACK.replace("version:", "versoin:"))),
        (
            "of a component",
            pack_text(&PACK.replace("{images: [my-server]}", "{image: [my-server]}")),
        ),
        (
            "of a component's object",
            pack_text(&PACK.replace("image: spec", "path: spec")),
        ),
        ("of the config", config("kind: Config\nexemption: []\n")),
        (
            "of a policy in the config",
            config("policies:\n  demo: {param: {label: a}}\n"),
        ),
        (
            "of an exemption",
            config("exemptions: [{policies: [demo], match: {kind: Pod}, reason: x}]\n"),
        ),
        (
            "of a component in the config",
            config("components: {server: {imags: [x]}}\n"),
        ),
    ];
    insta::assert_snapshot!("unknown_fields", pictures(&cases));
}

#[test]
fn wrong_types() {
    let rules = "rules: [{name: only, assert: 'true'}]";
    let cases = [
        (
            "severity",
            head(&rule(GOOD).replace("severity: low", "severity: urgent")),
        ),
        (
            "action",
            head(&rule(GOOD).replace("action: Deny", "action: deny")),
        ),
        ("no title", head(&rule(GOOD).replace("  title: A demo\n", ""))),
        ("title", head(&rule(GOOD).replace("A demo", "[a]"))),
        ("subject", head(&rule("subject: Container\nassert: 'true'"))),
        ("doors", head(&rule("doors: [webhook]\nassert: 'true'"))),
        ("one door", head(&rule("doors: render\nassert: 'true'"))),
        ("rules is a map", head(&policy("rules: {name: a}"))),
        ("no rules", head(&policy("rules: []"))),
        ("rules missing", head(&policy("sensitive: true"))),
        (
            "a rule without a name",
            head(&policy("rules: [{assert: 'true'}]")),
        ),
        ("sensitive", head(&policy(&format!("sensitive: 'yes'\n{rules}")))),
        (
            "components is a number",
            head(&policy(&format!("match: {{components: 1}}\n{rules}"))),
        ),
        (
            "operations",
            head(&policy(&format!("match: {{operations: [Create]}}\n{rules}"))),
        ),
        (
            "variables as a map",
            head(&policy(&format!("variables: {{a: '1'}}\n{rules}"))),
        ),
        (
            "param type",
            head(&policy(&format!(
                "params: {{type: object, properties: {{a: {{type: text}}}}}}\n{rules}"
            ))),
        ),
        (
            "param default",
            head(&policy(&format!(
                "params: {{type: object, properties: {{a: {{type: string, default: 1}}}}}}\n{rules}"
            ))),
        ),
        (
            "param pattern",
            head(&policy(&format!(
                "params: {{type: object, properties: {{a: {{type: string, pattern: '('}}}}}}\n{rules}"
            ))),
        ),
        (
            "required param without schema",
            head(&policy(&format!(
                "params: {{type: object, required: [b], properties: {{a: {{type: string}}}}}}\n{rules}"
            ))),
        ),
        (
            "remove: false",
            head(&rule("at: spec.hostNetwork\nremove: false")),
        ),
        ("name: on", head(&rule(GOOD).replace("name: only", "name: on"))),
        (
            "a number as a name",
            head(&rule(GOOD).replace("name: demo", "name: 12")),
        ),
        (
            "images is a text",
            pack_text(&PACK.replace("[my-server]", "my-server")),
        ),
        ("packs in the config", config("packs: immich\n")),
        ("enabled", config("policies: {demo: {enabled: 'no'}}\n")),
    ];
    insta::assert_snapshot!("wrong_types", pictures(&cases));
}

#[test]
fn expressions() {
    let said = of_rules(&[
        ("unknown name", "where: objct.kind == 'Pod'\nassert: 'true'"),
        ("item without at", "assert: item.name == 'a'"),
        ("unknown variable", "assert: variables.choosen"),
        ("unknown param", "assert: object.kind == params.nope"),
        ("unknown param, asked", "assert: has(params.nope)"),
        (
            "unknown param, optional",
            "assert: params.?nope.orValue('') == ''",
        ),
        (
            "unknown param, indexed",
            "assert: params[?'nope'].orValue('') == ''",
        ),
        ("unknown function", "assert: image(object.x) == mount(object)"),
        ("wrong number of arguments", "assert: mounts(object, 1) == []"),
        ("namespace", "assert: namespace == 'a'"),
        ("single =", "assert: object.kind = 'Pod'"),
        ("and", "assert: object.kind == 'Pod' and true"),
        ("not closed", "assert: size(object.kind"),
        ("in a block", "assert: >-\n  object.kind == 'Pod'\n  && objct.x"),
        (
            "in a literal block",
            "assert: |\n  object.kind == 'Pod' &&\n    objct.x",
        ),
        (
            "in double quotes",
            "assert: \"object.kind == \\\"Pod\\\" && objct.x\"",
        ),
        ("in single quotes", "assert: 'object.kind == ''Pod'' && objct.x'"),
        (
            "over two plain lines",
            "assert: object.kind == 'Pod' &&\n  objct.x",
        ),
        ("not ASCII", "assert: object.kind == 'Größe' && objct.x"),
        ("$() in where", "where: $(params.x)\nassert: 'true'"),
        ("$() in assert", "assert: $(object.kind == 'Pod')"),
        (
            "$() unclosed in a message",
            "assert: 'true'\nmessage: a $(object.kind",
        ),
        (
            "unknown name in a message",
            "assert: 'true'\nmessage: the kind is $(objct.kind), not Pod",
        ),
        (
            "second of two in a message",
            "assert: 'true'\nmessage: $(object.kind) is $(objct.kind)",
        ),
        (
            "unknown name in merge",
            "merge: {spec: {priorityClassName: $(nme)}}",
        ),
        (
            "unknown name in a key",
            "merge: {metadata: {labels: {$(nme): a}}}",
        ),
    ]);
    insta::assert_snapshot!("expressions", said);
}

/// Where YAML takes an expression for something else.
#[test]
fn traps() {
    let said = of_rules(&[
        ("! is a tag", "where: !has(object.spec)\nassert: 'true'"),
        ("! before a variable", "assert: !variables.x"),
        (
            "? : in a plain text",
            "assert: object.kind == 'Pod' ? true : false",
        ),
        ("{ is a map", "where: {a: 1}['a'] == 1\nassert: 'true'"),
        ("{ alone is a map", "where: {a: 1}\nassert: 'true'"),
        ("[ is a list", "assert: [1, 2].exists(x, x == 1)"),
        ("[ alone is a list", "assert: [true]"),
        ("true is no text", "assert: true"),
        ("a number is no text", "assert: 1"),
        ("nothing", "assert:"),
        ("quoted at the start", "assert: 'a' in ['a']"),
        ("double quoted at the start", "assert: \"a\" == object.kind"),
        ("# is a comment", "assert: object.kind == 'a' #b"),
        ("& is an anchor", "assert: &a"),
        ("* is an alias", "assert: *a"),
        ("% cannot start", "assert: %a"),
        ("@ cannot start", "assert: @a"),
        (
            "a colon in a message",
            "assert: 'true'\nmessage: the kind: $(object.kind)",
        ),
    ]);
    insta::assert_snapshot!("traps", said);
}

#[test]
fn paths() {
    let said = of_rules(&[
        ("empty", "at: ''\nassert: 'true'"),
        ("ends with a dot", "at: spec.\nassert: 'true'"),
        ("two dots", "at: spec..volumes\nassert: 'true'"),
        ("starts with a dot", "at: .spec\nassert: 'true'"),
        ("bracket not closed", "at: spec.volumes[name=data\nassert: 'true'"),
        ("containers not closed", "at: containers[server\nassert: 'true'"),
        ("an index", "at: spec.volumes[0]\nassert: 'true'"),
        ("nothing in the bracket", "at: spec.volumes[]\nassert: 'true'"),
        (
            "no dot behind a bracket",
            "at: containers[server]env\nassert: 'true'",
        ),
        ("a dotted key", "at: metadata.annotations.a/b\nassert: 'true'"),
        (
            "quote not closed",
            "at: metadata.annotations[\"a.b\nassert: 'true'",
        ),
        (
            "selector of containers by name",
            "at: containers[name=main]\nassert: 'true'",
        ),
        ("empty component", "at: containers[server,]\nassert: 'true'"),
        ("unknown component", "at: containers[sever]\nassert: 'true'"),
        (
            "second component unknown",
            "at: containers[server,databse].env[*]\nassert: 'true'",
        ),
        (
            "unknown component in match",
            "match: {components: [server, datbase]}\nassert: 'true'",
        ),
        ("like no component", "match: {components: [xyz]}\nassert: 'true'"),
        ("quoted", "at: 'spec.volumes[0]'\nassert: 'true'"),
        (
            "a field that the type does not have",
            "at: spec.tolerationz\nassert: 'true'",
        ),
        (
            "a field of containers that does not exist",
            "at: containers[server].volumeMount[*]\nassert: 'true'",
        ),
    ]);
    insta::assert_snapshot!("paths", said);
}

#[test]
fn verbs() {
    let said = of_rules(&[
        ("none", "where: 'true'"),
        ("two", "at: spec.hostNetwork\nset: true\nremove: true"),
        ("set without at", "set: 1"),
        ("remove without at", "remove: true"),
        ("ensure without at", "ensure: 1"),
        (
            "affinity of an object without at",
            "subject: Object\nrequireNodeAffinity: {key: a, operator: Exists}",
        ),
        ("an empty leaf", "merge: {spec: {securityContext: {}}}"),
        ("an empty list", "merge: {spec: {tolerations: []}}"),
        ("nothing to merge", "merge: {}"),
        ("merge of a text", "merge: abc"),
        ("replicas", "subject: Object\nmerge: {spec: {replicas: 1}}"),
        ("replicas by set", "subject: Object\nat: spec.replicas\nset: 1"),
        (
            "replicas by merge at spec",
            "subject: Object\nat: spec\nmerge: {replicas: 1}",
        ),
        (
            "replicas by remove",
            "subject: Object\nat: spec.replicas\nremove: true",
        ),
        (
            "a text for a boolean",
            "merge: {spec: {enableServiceLinks: \"false\"}}",
        ),
        (
            "a field that does not exist",
            "merge: {spec: {enableServiceLink: false}}",
        ),
        ("a text for a list", "merge: {spec: {tolerations: abc}}"),
        (
            "in a list",
            "merge: {spec: {containers: [{name: a, ports: [{containerPort: http}]}]}}",
        ),
        ("set", "at: spec.hostNetwork\nset: 'yes'"),
        (
            "ensure",
            "at: spec.tolerations\nensure: {key: a, operater: Exists}",
        ),
        (
            "ensure one of a list",
            "at: spec.tolerations\nensure: [{key: a}, {key: 1}]",
        ),
        (
            "merge at containers",
            "at: containers[*]\nmerge: {env: [{name: A, value: 1}]}",
        ),
        (
            "a text with an expression for a number",
            "merge: {spec: {terminationGracePeriodSeconds: '$(1)0'}}",
        ),
        (
            "of a kind",
            "subject: Object\nmatch: {kinds: [Deployment.apps]}\nmerge: {spec: {strategy: {type: [Recreate]}}}",
        ),
        ("no merge key", "merge: {spec: {containers: [{image: a}]}}"),
        (
            "weight",
            "preferNodeAffinity: {weight: 101, term: {key: a, operator: Exists}}",
        ),
        (
            "affinity operator",
            "requireNodeAffinity: {key: a, operator: Equals, values: [b]}",
        ),
        (
            "affinity field",
            "requireNodeAffinity: {key: a, operator: In, value: [b]}",
        ),
    ]);
    insta::assert_snapshot!("verbs", said);
}

#[test]
fn names() {
    let rules = "rules: [{name: only, assert: 'true'}]";
    let one = rule(GOOD);
    let cases = [
        ("two policies", options(&[&one, &one])),
        (
            "two rules",
            head(&policy(
                "rules:\n  - {name: a, assert: 'true'}\n  - {name: a, assert: 'true'}",
            )),
        ),
        (
            "two variables",
            head(&policy(&format!(
                "variables: [{{name: a, expression: '1'}}, {{name: a, expression: '2'}}]\n{rules}"
            ))),
        ),
        (
            "two functions",
            head(&policy(&format!(
                "functions: [{{name: a, expression: '1'}}, {{name: a, expression: '2'}}]\n{rules}"
            ))),
        ),
        (
            "a function of the pack",
            head(&policy(&format!(
                "functions: [{{name: mounts, expression: '1'}}]\n{rules}"
            ))),
        ),
        (
            "a function of the library",
            head(&policy(&format!(
                "functions: [{{name: size, args: [x], expression: '1'}}]\n{rules}"
            ))),
        ),
        (
            "recursion",
            head(&policy(&format!(
                "functions: [{{name: a, expression: b()}}, {{name: b, expression: a()}}]\n{rules}"
            ))),
        ),
        (
            "a function that does not compile",
            head(&policy(
                "functions: [{name: a, args: [x], expression: y + 1}]\nrules: [{name: only, assert: a(1) == 1}]",
            )),
        ),
        (
            "a variable of a later variable",
            head(&policy(&format!(
                "variables: [{{name: a, expression: variables.b}}, {{name: b, expression: '1'}}]\n{rules}"
            ))),
        ),
        (
            "a variable of itself",
            head(&policy(&format!(
                "variables: [{{name: a, expression: variables.a}}]\n{rules}"
            ))),
        ),
        (
            "a variable name that CEL cannot say",
            head(&policy(&format!(
                "variables: [{{name: a-b, expression: '1'}}]\n{rules}"
            ))),
        ),
        (
            "a policy name that is none",
            head(&one.replace("name: demo", "name: my demo")),
        ),
        (
            "a rule name that is none",
            head(&one.replace("name: only", "name: the only/one")),
        ),
        (
            "two packs in one folder",
            LoadOptions {
                packs: Some(vec![pack_of(&[("a.yaml", PACK), ("b.yaml", PACK)])]),
                ..LoadOptions::default()
            },
        ),
        (
            "the same policy in two packs",
            LoadOptions {
                packs: Some(vec![
                    pack_of(&[("pack.yaml", PACK), ("a.yaml", &one)]),
                    pack_of(&[("other/pack.yaml", PACK), ("other/a.yaml", &one)]),
                ]),
                ..LoadOptions::default()
            },
        ),
    ];
    insta::assert_snapshot!("names", pictures(&cases));
}

#[test]
fn sensitive_messages() {
    let secret = |body: &str| rule(body).replace("action: Deny\n", "action: Deny\n  sensitive: true\n");
    let cases = [
        (
            "item.value",
            secret("at: containers[*].env[*]\nassert: 'true'\nmessage: $(item.name) is $(item.value)"),
        ),
        (
            "optional",
            secret("at: containers[*].env[*]\nassert: 'true'\nmessage: it is $(item.?value.orValue(''))"),
        ),
        (
            "indexed",
            secret("at: containers[*].env[*]\nassert: 'true'\nmessage: it is $(item['value'])"),
        ),
        (
            "whole item",
            secret("at: data[*]\nsubject: Object\nassert: 'true'\nmessage: it is $(item)"),
        ),
        (
            "outer.value",
            secret("at: containers[*].env[*].valueFrom\nassert: 'true'\nmessage: it is $(outer.value)"),
        ),
        (
            "name only",
            secret("at: containers[*].env[*]\nassert: 'true'\nmessage: $(item.name) holds a password"),
        ),
    ];
    insta::assert_snapshot!("sensitive", of_policies(&cases));
}

#[test]
fn configurations() {
    let day = |text: &str, today: &str| {
        let mut options = config(text);
        options.today = Some(today.to_owned());
        options
    };
    let cases = [
        (
            "unknown policy",
            config("kind: Config\npolicies:\n  dmeo: {enabled: false}\n"),
        ),
        ("like no policy", config("policies:\n  xyzzy: {enabled: false}\n")),
        (
            "unknown param",
            config("policies:\n  demo:\n    params:\n      lable: a\n"),
        ),
        (
            "like no param",
            config("policies: {demo: {params: {xyzzy: 1}}}\n"),
        ),
        (
            "wrong type of a param",
            config("policies:\n  demo:\n    params: {label: [a]}\n"),
        ),
        (
            "a number for a text",
            config("policies: {demo: {params: {label: 1}}}\n"),
        ),
        (
            "a text for a number",
            config("policies: {demo: {params: {weight: many}}}\n"),
        ),
        (
            "not of the enum",
            config("policies: {demo: {params: {mode: required}}}\n"),
        ),
        (
            "not like the pattern",
            config("policies: {demo: {params: {label: A}}}\n"),
        ),
        ("too great", config("policies: {demo: {params: {weight: 101}}}\n")),
        ("too small", config("policies: {demo: {params: {weight: 0}}}\n")),
        (
            "item of a list",
            config("policies: {demo: {params: {values: [a, 2]}}}\n"),
        ),
        (
            "too few items",
            config("policies: {demo: {params: {values: []}}}\n"),
        ),
        (
            "field of a map",
            config("policies: {demo: {params: {limits: {cpu: a, memroy: b}}}}\n"),
        ),
        (
            "missing field of a map",
            config("policies: {demo: {params: {limits: {}}}}\n"),
        ),
        (
            "several wrong",
            config("policies:\n  demo:\n    params:\n      label: A\n      mode: b\n      nope: c\n"),
        ),
        ("--param of an unknown policy", params(&[("dmeo", "label", "a")])),
        ("--param unknown", params(&[("demo", "lable", "a")])),
        ("--param of a wrong type", params(&[("demo", "weight", "many")])),
        ("--param not of the enum", params(&[("demo", "mode", "x")])),
        (
            "--param field of a map",
            params(&[("demo", "limits", "{cpu: 1}")]),
        ),
        (
            "unknown component",
            config("components:\n  sever: {images: [a]}\n"),
        ),
        ("like no component", config("components:\n  xyz: {images: [a]}\n")),
        (
            "unknown pack",
            LoadOptions {
                config: Some(Source::new("fixative.yaml", "packs: [{name: imich}]\n")),
                ..LoadOptions::default()
            },
        ),
        (
            "a pack in a folder that cannot be read",
            LoadOptions {
                config: Some(Source::new("fixative.yaml", "packs: [{path: ./mine}]\n")),
                ..LoadOptions::default()
            },
        ),
        (
            "a pack with name and path",
            LoadOptions {
                config: Some(Source::new(
                    "fixative.yaml",
                    "packs: [{name: immich, path: ./mine}]\n",
                )),
                ..LoadOptions::default()
            },
        ),
        (
            "the same pack twice",
            LoadOptions {
                config: Some(Source::new(
                    "fixative.yaml",
                    "packs: [{name: immich}, {name: immich}]\n",
                )),
                ..LoadOptions::default()
            },
        ),
        (
            "exempt of an unknown policy",
            config("exemptions:\n  - {policies: [demo, dmeo], reason: x}\n"),
        ),
        (
            "a bad date",
            config("exemptions:\n  - {policies: [demo], reason: x, until: 2027-3-1}\n"),
        ),
        (
            "a day that is none",
            config("exemptions:\n  - {policies: [demo], reason: x, until: 2027-13-41}\n"),
        ),
        ("no reason", config("exemptions:\n  - {policies: [demo]}\n")),
        (
            "a kind that is judged anyway, and one written wrong",
            config("admission: {kinds: [Namespace, Deployment.apps, Nodes]}\n"),
        ),
        (
            "an expression in an exemption",
            config("exemptions:\n  - {policies: [demo], match: {names: [$(params.a)]}, reason: x}\n"),
        ),
        (
            "unknown component in an exemption",
            config("exemptions:\n  - {policies: [demo], match: {components: [sever]}, reason: x}\n"),
        ),
        (
            "expired",
            day(
                "exemptions:\n  - {policies: [demo], reason: x, until: 2026-01-01}\n",
                "2026-01-02",
            ),
        ),
        ("no config but a policy", config(&rule(GOOD))),
        (
            "of another version",
            config("apiVersion: fixative.dev/v9\nkind: Config\n"),
        ),
        ("a list", config("- a\n")),
        ("two documents", config("kind: Config\n---\nkind: Config\n")),
    ];
    insta::assert_snapshot!("configurations", pictures(&cases));
}

#[test]
fn files() {
    let cases = [
        ("tab", head(&rule(GOOD).replace("    - name", "\t- name"))),
        (
            "not closed",
            head(&rule(GOOD).replace("{name: demo}", "{name: demo")),
        ),
        ("quote not closed", head(&rule("assert: 'true"))),
        ("a key twice", head(&rule("assert: 'true'\nassert: 'false'"))),
        (
            "a Deployment",
            head("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n"),
        ),
        (
            "a Config",
            head("apiVersion: fixative.dev/v1alpha1\nkind: Config\n"),
        ),
        (
            "a Test in a file that is not *.test.yaml",
            head("apiVersion: fixative.dev/v1alpha1\nkind: Test\ncases: []\n"),
        ),
        ("no kind", head("a: b\n")),
        ("a list", head("- a\n")),
        ("a text", head("hello\n")),
        (
            "kind is misspelled",
            head(&rule(GOOD).replace("kind: Policy", "kind: Polciy")),
        ),
        ("another version", head(&rule(GOOD).replace("v1alpha1", "v1"))),
        (
            "no version",
            head(&rule(GOOD).replace("apiVersion: fixative.dev/v1alpha1\n", "")),
        ),
        (
            "no kind but a version",
            head(&rule(GOOD).replace("kind: Policy\n", "")),
        ),
        ("empty", head("# nothing\n")),
        (
            "bad component path",
            pack_text(&PACK.replace("spec.imageName", "spec..imageName")),
        ),
        (
            "bad ours",
            pack_text(&PACK.replace("ours: labels", "ours: lables")),
        ),
        (
            "ours names the pod",
            pack_text(&PACK.replace(
                "ours: labels[?'app'].orValue('') == 'mine'",
                "ours: pod.metadata.name == 'a'",
            )),
        ),
        (
            "bad function",
            pack_text(&PACK.replace("c.?volumeMounts.orValue([])", "c.?volumeMounts.orValue([]")),
        ),
    ];
    insta::assert_snapshot!("files", pictures(&cases));
}
