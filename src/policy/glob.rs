//! Names with `*`, and label selectors.

use std::collections::BTreeMap;

use super::{LabelOperator, LabelRequirement, LabelSelector};

/// Whether `text` has the form of `pattern`, in which `*` stands for any run of characters.
pub fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(last)
}

impl LabelSelector {
    /// Whether labels fit. Source: `labels.Requirement.Matches` of apimachinery; `NotIn` holds for a label
    /// that is not there.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        let exact = self
            .match_labels
            .iter()
            .all(|(key, value)| labels.get(key) == Some(value));
        exact
            && self
                .match_expressions
                .iter()
                .all(|requirement| requirement.matches(labels))
    }
}

impl LabelRequirement {
    fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.key);
        match self.operator {
            LabelOperator::In => value.is_some_and(|value| self.values.contains(value)),
            LabelOperator::NotIn => value.is_none_or(|value| !self.values.contains(value)),
            LabelOperator::Exists => value.is_some(),
            LabelOperator::DoesNotExist => value.is_none(),
        }
    }
}
