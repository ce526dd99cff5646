//! Loaded policies, for people.

use std::collections::BTreeSet;

use super::clean;
use super::style::{Style, Tone};
use crate::policy::{Door, Locality, Policy, PolicySet, Rule, Verb};

/// Every door, in the order in which an object meets them.
const DOORS: [Door; 5] = [
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
    for paragraph in policy.description.trim().lines() {
        text += if text.ends_with("\n\n") { "" } else { "\n" };
        text += &clean(paragraph);
    }
    text += &params(policy, style);
    text += &format!("\n{}\n", style.paint(Tone::Strong, "Rules"));
    policy.rules.iter().for_each(|rule| text += &describe(rule));
    text
}

fn params(policy: &Policy, style: Style) -> String {
    let Some(params) = policy.params.as_object().filter(|params| !params.is_empty()) else {
        return "\n".to_owned();
    };
    let width = params.keys().map(|name| name.chars().count()).max().unwrap_or(0);
    let mut text = format!("\n\n{}\n", style.paint(Tone::Strong, "Parameters"));
    for (name, value) in params {
        text += &format!("  {:width$}  {}\n", clean(name), clean(&value.to_string()));
    }
    text
}

/// `  move-mounts  merge at containers[server].volumeMounts[*]; Deny, unknown Audit`.
fn describe(rule: &Rule) -> String {
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
    text + "\n"
}

fn verb(verb: &Verb) -> &'static str {
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
fn word(value: &impl std::fmt::Debug) -> String {
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
