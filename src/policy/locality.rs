//! What a rule's answer depends on, told from what its expressions mention.

use std::collections::{BTreeMap, BTreeSet};

use super::{Locality, Matcher, Template, Variable, Verb};
use crate::cel::{Asked, Program};

/// Names and functions that look beyond the object, its params and its own metadata.
const FACTUAL: [&str; 10] = [
    "backing",
    "peers",
    "storageClass",
    "world.get",
    "world.list",
    "namespaceObject",
    "request",
    "oldObject",
    "oldPod",
    "world",
];
/// What the pod's own text tells of a volume.
const OF_THE_TEXT: [&str; 4] = ["persistent", "template", "claim", "source"];
/// Names of the object as it was.
const OLD: [&str; 2] = ["oldObject", "oldPod"];

/// What the expressions of a rule mention, variables followed.
pub(super) struct Mentions {
    /// Names and host functions.
    pub(super) names: BTreeSet<String>,
    /// What the world is asked for by kind.
    pub(super) asked: BTreeSet<Asked>,
}

impl Mentions {
    /// Everything that the programs of a rule mention.
    pub fn of<'p>(programs: impl Iterator<Item = &'p Program>, variables: &[Variable]) -> Self {
        let by_name: BTreeMap<String, &Variable> = variables
            .iter()
            .map(|variable| (format!("variables.{}", variable.name), variable))
            .collect();
        let mut all = Self {
            names: BTreeSet::new(),
            asked: BTreeSet::new(),
        };
        let mut rest: Vec<&Program> = programs.collect();
        let mut seen = BTreeSet::new();
        while let Some(program) = rest.pop() {
            all.asked.extend(program.asked().iter().cloned());
            for name in program.mentions() {
                if let Some(variable) = by_name.get(name)
                    && seen.insert(name.clone())
                {
                    rest.push(&variable.program);
                }
                all.names.insert(name.clone());
            }
        }
        all
    }

    /// Whether the rule needs more than the object, params and own metadata.
    pub fn locality(&self, matchers: &[Matcher]) -> Locality {
        let by_match = matchers
            .iter()
            .any(|matcher| matcher.namespace_selector.is_some() || matcher.operations.is_some());
        let by_names = FACTUAL.iter().any(|name| self.names.contains(*name));
        match by_match || by_names || self.asks_what_backs_volumes() {
            true => Locality::Factual,
            false => Locality::Local,
        }
    }

    /// Whether the claims behind volumes have a say: more is asked of one than its own text tells.
    fn asks_what_backs_volumes(&self) -> bool {
        self.names.iter().any(|name| match name.strip_prefix("volumes") {
            Some("") | None => false,
            Some(part) => !part
                .strip_prefix("[].")
                .is_some_and(|field| OF_THE_TEXT.contains(&field)),
        })
    }

    /// Whether what is told from these expressions may hold a value that is to be kept.
    pub fn may_show_a_value(&self) -> bool {
        const WHOLE: [&str; 6] = [
            "item.*",
            "outer.*",
            "object.*",
            "pod.*",
            "oldObject.*",
            "oldPod.*",
        ];
        const FIELDS: [&str; 3] = ["value", "data", "stringData"];
        self.names.iter().any(|name| {
            let field = name.split_once('.').map_or("", |(_, field)| field);
            // `item[key]` may be any of its fields.
            let (owner, key) = name.split_once('[').unwrap_or((name, ""));
            let is_any = !key.is_empty() && WHOLE.contains(&format!("{owner}.*").as_str());
            WHOLE.contains(&name.as_str()) || is_any || FIELDS.contains(&field)
        })
    }

    /// Whether the expressions read the admission request.
    pub fn reads_request(&self) -> bool {
        self.names.contains("request")
    }

    /// Whether the rule reads the object as it was.
    pub fn is_transition(&self) -> bool {
        OLD.iter().any(|name| self.names.contains(*name))
    }
}

/// Variables that need themselves, by position and name.
pub(super) fn circles(variables: &[Variable]) -> Vec<(usize, &str)> {
    let needs_itself = |variable: &Variable| {
        let all = Mentions::of(std::iter::once(&variable.program), variables);
        all.names.contains(&format!("variables.{}", variable.name))
    };
    variables
        .iter()
        .enumerate()
        .filter(|(_, variable)| needs_itself(variable))
        .map(|(index, variable)| (index, variable.name.as_str()))
        .collect()
}

/// The programs of a verb.
pub(super) fn programs(verb: &Verb) -> Vec<&Program> {
    match verb {
        Verb::Merge(template)
        | Verb::Set(template)
        | Verb::Ensure(template)
        | Verb::RequireNodeAffinity(template) => template.programs(),
        Verb::PreferNodeAffinity { weight, term } => {
            [weight, term].into_iter().flat_map(Template::programs).collect()
        }
        Verb::Remove => Vec::new(),
        Verb::Assert(program) => vec![program],
    }
}
