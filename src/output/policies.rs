//! Loaded policies, for people.

use std::collections::BTreeSet;

use super::clean;
use super::style::{Style, Tone};
use crate::policy::{Door, Locality, Policy, PolicySet, Rule, Verb};

/// Every door, in the order in which an object meets them.
pub(super) const DOORS: [Door; 5] = [
    Door::Render,
    Door::Check,
    Door::Flux,
    Door::Admission,
    Door::Audit,
];

/// One line a policy.
pub fn list(set: &PolicySet, style: Style) -> String {
    let rows: Vec<[String; 4]> = set.policies.iter().map(row).collect();
    let head = ["NAME", "SEVERITY", "STATE", "TITLE"].map(str::to_owned);
    let width = |column: usize| {
        let cells = rows.iter().chain([&head]).filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let (name, severity, state) = (width(0), width(1), width(2));
    let line = |row: &[String; 4]| {
        let [a, b, c, d] = row;
        format!("{a:name$}  {b:severity$}  {c:state$}  {d}")
    };
    let mut text = style.paint(Tone::Faint, &line(&head)) + "\n";
    for row in &rows {
        text += line(row).trim_end();
        text.push('\n');
    }
    text
}

fn row(policy: &Policy) -> [String; 4] {
    [
        clean(&policy.name).into_owned(),
        word(&policy.severity),
        if policy.inactive.is_some() {
            "inactive"
        } else {
            "active"
        }
        .to_owned(),
        clean(&policy.title).into_owned(),
    ]
}

/// Everything about one policy.
pub fn show(set: &PolicySet, policy: &Policy, style: Style) -> String {
    let mut text = format!(
        "{}: {}\n\n",
        style.paint(Tone::Strong, &clean(&policy.name)),
        clean(&policy.title)
    );
    let pack = set.packs.get(policy.pack);
    let pack = pack.map_or(String::new(), |pack| format!("{} {}", pack.name, pack.version));
    let state = policy
        .inactive
        .as_ref()
        .map(|why| format!("inactive: {}", clean(why)));
    let facts = [
        ("severity", word(&policy.severity)),
        ("state", state.unwrap_or_else(|| "active".to_owned())),
        ("pack", clean(pack.trim()).into_owned()),
        ("file", clean(policy.source.name()).into_owned()),
    ];
    for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        text += &format!("  {name:8}  {value}\n");
    }
    if policy.sensitive {
        text += "  values under its findings are never printed\n";
    }
    if !policy.description.trim().is_empty() {
        text.push('\n');
    }
    for line in policy.description.trim().lines() {
        text += &format!("{}\n", clean(line));
    }
    text += &params(policy, style);
    text += &format!("\n{}\n", style.paint(Tone::Strong, "Rules"));
    policy
        .rules
        .iter()
        .for_each(|rule| text += &describe(policy, rule));
    text
}

fn params(policy: &Policy, style: Style) -> String {
    let Some(params) = policy.params.as_object().filter(|params| !params.is_empty()) else {
        return String::new();
    };
    let width = params.keys().map(|name| name.chars().count()).max().unwrap_or(0);
    let mut text = format!("\n{}\n", style.paint(Tone::Strong, "Parameters"));
    for (name, value) in params {
        text += &format!("  {:width$}  {}\n", clean(name), clean(&value.to_string()));
    }
    text
}

/// `  move-mounts  merge at containers[server].volumeMounts[*]; Deny, unknown Audit`.
fn describe(policy: &Policy, rule: &Rule) -> String {
    let at = rule.at.as_ref().map(|path| format!(" at {}", clean(&path.text)));
    let mut text = format!(
        "  {}: {}{}; {:?}, unknown {:?}",
        clean(&rule.name),
        verb(&rule.verb),
        at.unwrap_or_default(),
        rule.action,
        rule.unknown
    );
    if rule.doors != BTreeSet::from(DOORS) {
        let doors: Vec<String> = rule.doors.iter().map(word).collect();
        text += &format!("; at the doors {}", doors.join(", "));
    }
    if rule.locality == Locality::Factual {
        text += "; asks for facts";
    }
    if rule.transition {
        text += "; about a change";
    }
    if policy.is_off_alone(rule) {
        text += "; inactive with these params";
    }
    text + "\n"
}

pub(super) fn verb(verb: &Verb) -> &'static str {
    match verb {
        Verb::Merge(_) => "merge",
        Verb::Set(_) => "set",
        Verb::Remove => "remove",
        Verb::Ensure(_) => "ensure",
        Verb::RequireNodeAffinity(_) => "requireNodeAffinity",
        Verb::PreferNodeAffinity { .. } => "preferNodeAffinity",
        Verb::Assert(_) => "assert",
    }
}

/// A plain word of the policy language, as it is written there.
pub(super) fn word(value: &impl std::fmt::Debug) -> String {
    format!("{value:?}").to_lowercase()
}

/// The names that are most like `name`, for a command line that names no policy.
pub fn unknown(set: &PolicySet, name: &str) -> String {
    let near = set.policies.iter().map(|policy| policy.name.as_str());
    let near = near
        .map(|known| (strsim::damerau_levenshtein(known, name), known))
        .min()
        .filter(|(distance, known)| *distance <= known.len().max(name.len()) / 2);
    match near {
        Some((_, known)) => format!("there is no policy {name}; did you mean {known}?"),
        None => format!("there is no policy {name} here; see `fixative policies list`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;
    use crate::policy::{Admission, Digest, Disposition, Pack, Path, Root, Severity, Subject};
    use crate::source::{Source, Span};

    fn rule(name: &str, doors: &[Door]) -> Rule {
        Rule {
            name: name.into(),
            subject: Subject::Pod,
            matchers: Vec::new(),
            at: None,
            condition: None,
            is_off: false,
            verb: Verb::Remove,
            message: None,
            action: Disposition::Deny,
            unknown: Disposition::Audit,
            doors: doors.iter().copied().collect(),
            locality: Locality::Local,
            transition: false,
            reads_request: false,
            span: Span::default(),
        }
    }

    fn policy(name: &str, inactive: Option<&str>, rules: Vec<Rule>) -> Policy {
        Policy {
            pack: 0,
            name: name.into(),
            title: format!("What {name} is about"),
            description: "Why it exists.\n\nMore of it.\n".into(),
            severity: Severity::High,
            sensitive: false,
            params: json!({}),
            variables: Vec::new(),
            rules,
            inactive: inactive.map(str::to_owned),
            source: Source::new(format!("immich/{name}.yaml"), ""),
            span: crate::source::Span::default(),
        }
    }

    fn set() -> PolicySet {
        let path = Path {
            root: Root::Subject,
            segments: Vec::new(),
            text: "spec.tolerations".into(),
        };
        let rules = vec![
            rule("here", &DOORS),
            Rule {
                at: Some(path),
                locality: Locality::Factual,
                transition: true,
                ..rule("there", &[Door::Render, Door::Audit])
            },
        ];
        let params = Policy {
            params: json!({"label": "", "values": ["true"]}),
            sensitive: true,
            ..policy("nvme-affinity", Some("the param label is not set"), rules)
        };
        let pack = Pack {
            name: "immich".into(),
            version: "0.1.0".into(),
            components: Vec::new(),
            ours: None,
        };
        let switched_off = Rule {
            is_off: true,
            ..rule("enable", &DOORS)
        };
        PolicySet {
            packs: vec![pack],
            policies: vec![
                policy("links", None, vec![rule("disable", &DOORS), switched_off]),
                params,
            ],
            exemptions: Vec::new(),
            exempt_annotation: true,
            admission: Admission::default(),
            digest: Digest([0; 32]),
        }
    }

    #[test]
    fn a_line_a_policy() {
        insta::assert_snapshot!(list(&set(), Style::default()), @r#"
NAME           SEVERITY  STATE     TITLE
links          high      active    What links is about
nvme-affinity  high      inactive  What nvme-affinity is about
"#);
    }

    #[test]
    fn a_page_a_policy() {
        let set = set();
        insta::assert_snapshot!(show(&set, &set.policies[0], Style::default()), @r#"
links: What links is about

  severity  high
  state     active
  pack      immich 0.1.0
  file      immich/links.yaml

Why it exists.

More of it.

Rules
  disable: remove; Deny, unknown Audit
  enable: remove; Deny, unknown Audit; inactive with these params
"#);
        insta::assert_snapshot!(show(&set, &set.policies[1], Style::default()), @r#"
nvme-affinity: What nvme-affinity is about

  severity  high
  state     inactive: the param label is not set
  pack      immich 0.1.0
  file      immich/nvme-affinity.yaml
  values under its findings are never printed

Why it exists.

More of it.

Parameters
  label   ""
  values  ["true"]

Rules
  here: remove; Deny, unknown Audit
  there: remove at spec.tolerations; Deny, unknown Audit; at the doors render, audit; asks for facts; about a change
"#);
    }

    #[test]
    fn a_name_that_is_nearly_right_is_completed() {
        assert_eq!(
            unknown(&set(), "link"),
            "there is no policy link; did you mean links?"
        );
        let far = unknown(&set(), "xyz");
        assert_eq!(far, "there is no policy xyz here; see `fixative policies list`");
    }
}
