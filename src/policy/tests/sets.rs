//! What a loaded set is: where rules run, what they do, its exemptions and its digest.

use super::*;

/// Rules of one policy, by what is inferred of them.
#[test]
fn locality_and_transitions_are_inferred() {
    let head = "variables:\n  - {name: exclusive, expression: 'volumes.exists(v, volumes[v].exclusive)'}\n  - {name: indirect, expression: variables.exclusive}\n  - {name: old, expression: 'oldPod != null'}\n  - {name: own, expression: labels.size() > 0}\nfunctions:\n  - {name: lasts, args: [name], expression: 'volumes[name].persistent'}\n  - {name: named, args: [c], expression: c.name}\n";
    let (local, factual) = (Locality::Local, Locality::Factual);
    let cases = [
        ("assert: object.kind == 'Pod'", local, false),
        ("where: variables.own\n    assert: 'true'", local, false),
        (
            "at: containers[*]\n    assert: named(item) == 'a' && env(item, 'A').orValue('') == ''",
            local,
            false,
        ),
        ("assert: 'volumes.exists(v, true)'", factual, false),
        ("assert: variables.exclusive", factual, false),
        (
            "where: variables.indirect\n    merge: {spec: {hostNetwork: true}}",
            factual,
            false,
        ),
        (
            "at: containers[*].volumeMounts[*]\n    assert: lasts(item.name)",
            local,
            false,
        ),
        (
            "at: containers[*].volumeMounts[*]\n    assert: \"!volumes[item.name].network\"",
            factual,
            false,
        ),
        (
            "at: containers[*].volumeMounts[*]\n    assert: lasts(item.name) && volumes[item.name] != null",
            factual,
            false,
        ),
        ("assert: volumes.all(name, lasts(name))", factual, false),
        ("assert: peers('server').all(p, true)", factual, false),
        ("assert: storageClass('a').provisioner == ''", factual, false),
        ("assert: backing(object).persistent", factual, false),
        ("assert: world.list('v1', 'Pod', '').size() == 0", factual, false),
        ("assert: world.get('v1', 'Pod', '', 'a') == null", factual, false),
        ("assert: namespaceObject == null", factual, false),
        ("assert: request.operation == 'CREATE'", factual, false),
        ("assert: ns == 'a'", local, false),
        ("assert: oldObject == null", factual, true),
        ("assert: oldPod.spec == pod.spec", factual, true),
        ("where: variables.old\n    assert: 'true'", factual, true),
        (
            "merge: {metadata: {labels: {a: $(string(oldPod != null))}}}",
            factual,
            true,
        ),
        (
            "merge: {metadata: {labels: {$(string(volumes.size())): a}}}",
            factual,
            false,
        ),
        (
            "match: {operations: [CREATE]}\n    assert: 'true'",
            factual,
            false,
        ),
        (
            "match: {namespaceSelector: {matchLabels: {a: b}}}\n    assert: 'true'",
            factual,
            false,
        ),
        (
            "match: {labels: {matchLabels: {a: b}}}\n    assert: 'true'",
            local,
            false,
        ),
        (
            "at: containers[*].volumeMounts[*]\n    assert: 'true'\n    message: $(volumes[item.name].describe)",
            local,
            false,
        ),
    ];
    for (body, locality, transition) in cases {
        let set = loaded(&[&policy(&format!("{head}rules:\n  - name: only\n    {body}"))]);
        let rule = &set.policies[0].rules[0];
        assert_eq!((rule.locality, rule.transition), (locality, transition), "{body}");
    }
}

/// The rule's own action, else the policy's; what the user says is the most that a rule does.
#[test]
fn the_configuration_bounds_actions() {
    use Disposition::{Audit, Deny, Warn};
    let rules = "rules:\n  - {name: plain, assert: 'true'}\n  - {name: milder, action: Warn, unknown: Deny, assert: 'true'}";
    let cases = [
        ("kind: Config\n", [Deny, Warn]),
        ("policies: {demo: {action: Deny}}\n", [Deny, Warn]),
        ("policies: {demo: {action: Warn}}\n", [Warn, Warn]),
        ("policies: {demo: {action: Audit}}\n", [Audit, Audit]),
    ];
    for (config, expected) in cases {
        let mut options = options(&[&policy(rules)]);
        options.config = Some(Source::new("fixative.yaml", config));
        let set = loaded_with(options);
        let actions: Vec<Disposition> = set.policies[0].rules.iter().map(|rule| rule.action).collect();
        assert_eq!(actions, expected, "{config}");
        assert_eq!(set.policies[0].rules[0].unknown, Audit, "the default");
        assert_eq!(set.policies[0].rules[1].unknown, Deny);
    }
    let mut options = options(&[&policy(rules)]);
    options.config = Some(Source::new(
        "fixative.yaml",
        "policies: {demo: {severity: critical}}\n",
    ));
    assert_eq!(loaded_with(options).policies[0].severity, Severity::Critical);
}

#[test]
fn exemptions_end() {
    let count = |until: &str, today: Option<&str>| {
        let mut options = options(&[&rule("assert: 'true'")]);
        let text = format!("exemptions: [{{policies: [de*], reason: x{until}}}]\n");
        options.config = Some(Source::new("fixative.yaml", text));
        options.today = today.map(str::to_owned);
        let set = loaded_with(options);
        set.exemptions
            .iter()
            .filter(|exemption| !exemption.is_over)
            .count()
    };
    let until = ", until: 2028-02-29";
    assert_eq!(count("", Some("2030-01-01")), 1, "for ever");
    assert_eq!(count(until, Some("2028-02-28")), 1);
    assert_eq!(count(until, Some("2028-02-29")), 1, "on the last day, too");
    assert_eq!(count(until, Some("2028-03-01")), 0);
    assert_eq!(count(until, None), 1, "where nobody knows the day");
}

#[test]
fn policies_are_in_order_of_their_names() {
    let named = |name: &str| rule("assert: 'true'").replace("demo", name);
    let set = loaded(&[&named("b"), &named("c"), &named("a")]);
    let names: Vec<&str> = set.policies.iter().map(|policy| policy.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c"]);
}

/// What the user calls a component counts as if the pack said so.
#[test]
fn images_are_added_to_components() {
    let mut options = options(&[&rule("assert: 'true'")]);
    let text = "components: {server: {images: [mirror.example.com/s], generic: [nginx]}}\n";
    options.config = Some(Source::new("fixative.yaml", text));
    let set = loaded_with(options);
    let server = &set.packs[0].components[0];
    assert_eq!(server.images, ["my-server", "mirror.example.com/s"]);
    assert_eq!(server.generic, ["nginx"]);
}

mod digests {
    use super::*;

    fn text() -> String {
        policy(
            "params:\n  type: object\n  properties:\n    a: {type: string, default: x}\n    b: {type: object}\nrules: [{name: only, assert: 'true'}]",
        )
    }

    fn digest(config: &str) -> Digest {
        digest_of(pack_of(&[("pack.yaml", PACK), ("demo.yaml", &text())]), config)
    }

    fn digest_of(pack: PackSource, config: &str) -> Digest {
        let config = Some(Source::new("fixative.yaml", config.to_owned()));
        let packs = Some(vec![pack]);
        loaded_with(LoadOptions {
            config,
            packs,
            ..LoadOptions::default()
        })
        .digest
    }

    #[test]
    fn the_place_and_the_order_of_files_do_not_count() {
        let elsewhere = PackSource {
            origin: "./elsewhere".into(),
            ..pack_of(&[("/a/b/demo.yaml", &text()), ("/a/b/pack.yaml", PACK)])
        };
        assert_eq!(digest("kind: Config\n"), digest_of(elsewhere, "kind: Config\n"));
        let renamed = pack_of(&[("pack.yaml", PACK), ("other.yaml", &text())]);
        assert_ne!(digest("kind: Config\n"), digest_of(renamed, "kind: Config\n"));
    }

    /// The pack in the binary is the pack in the repository.
    #[test]
    fn the_embedded_pack_is_the_one_in_the_folder() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/policies/immich");
        let mut files: Vec<std::path::PathBuf> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        let read = |path: &std::path::PathBuf| {
            Source::new(path.display().to_string(), std::fs::read_to_string(path).unwrap())
        };
        let is_policy = |path: &&std::path::PathBuf| !path.to_string_lossy().ends_with(".test.yaml");
        let pack = PackSource {
            origin: folder.into(),
            files: files.iter().filter(is_policy).map(read).collect(),
            tests: Vec::new(),
        };
        let embedded = loaded_with(LoadOptions::default()).digest;
        let config = "kind: Config\n";
        assert_eq!(embedded, digest_of(pack, config));
    }

    #[test]
    fn what_changes_the_answers_counts() {
        let base = digest("kind: Config\n");
        for config in [
            "policies: {demo: {params: {a: z}}}\n",
            "policies: {demo: {enabled: false}}\n",
            "policies: {demo: {action: Warn}}\n",
            "policies: {demo: {severity: high}}\n",
            "components: {server: {images: [a]}}\n",
            "exemptions: [{policies: [demo], reason: x}]\n",
            "exemptAnnotation: false\n",
        ] {
            assert_ne!(base, digest(config), "{config}");
        }
        let other = text().replace("A demo", "Another");
        let changed = digest_of(
            pack_of(&[("pack.yaml", PACK), ("demo.yaml", &other)]),
            "kind: Config\n",
        );
        assert_ne!(base, changed);
    }

    #[test]
    fn what_does_not_change_them_does_not() {
        let base = digest("kind: Config\n");
        assert_eq!(base, digest("# nothing\n"));
        assert_eq!(
            base,
            digest("policies: {demo: {params: {a: x}}}\n"),
            "the default, said again"
        );
        assert_eq!(
            digest("policies: {demo: {params: {a: z, b: {c: 1, d: 2}}}}\n"),
            digest("policies:\n  demo:\n    params:\n      b: {d: 2, c: 1}\n      a: z\n"),
        );
    }

    #[test]
    fn the_command_line_counts_as_the_configuration_does() {
        let mut options = options(&[&text()]);
        options.params = vec![("demo".into(), "a".into(), "z".into())];
        let by_line = loaded_with(options).digest;
        let mut options = super::options(&[&text()]);
        options.config = Some(Source::new(
            "fixative.yaml",
            "policies: {demo: {params: {a: z}}}\n",
        ));
        assert_eq!(by_line, loaded_with(options).digest);
        assert_eq!(by_line.to_string().len(), 12);
    }
}
