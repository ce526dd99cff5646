//! What decided whether a policy applies, evaluated once more for whoever explains: where nobody asks it costs nothing.

use std::collections::BTreeMap;

use super::context::Context;
use super::memo::Memo;
use super::{Pair, select};
use crate::attributes::Attributes;
use crate::cel::Fault;
use crate::json::Value;
use crate::policy::{Policy, PolicySet};
use crate::world::World;

/// What decided, for whoever explains.
#[derive(Debug, Default)]
pub struct Explanation {
    /// The policy's variables on the object as it came, each as the first active rule that has a root there sees it.
    pub variables: Vec<(String, Result<Value, Fault>)>,
    /// The part of a rule's `where` that does not hold on the object as it will be, by rule.
    pub deciding: BTreeMap<String, String>,
}

/// Explains a policy on an object that becomes `after`.
pub fn explanation(
    set: &PolicySet,
    world: &dyn World,
    attrs: &Attributes<'_>,
    policy: &Policy,
    after: &Value,
) -> Explanation {
    let context = Context::new(set, world, attrs);
    let memo = Memo::default();
    let mut explanation = Explanation::default();
    for rule in policy.active_rules() {
        let pair = Pair { policy, rule };
        let view = context.view(pair, &attrs.resource.body);
        if let Some(view) = view.filter(|view| view.has_root(rule.subject)) {
            explanation.variables = context.scope(pair, view, &memo).variables();
            break;
        }
    }
    let memo = Memo::default();
    for rule in &policy.rules {
        let pair = Pair { policy, rule };
        if let Some(text) = deciding(&context, pair, after, &memo) {
            explanation.deciding.insert(rule.name.clone(), text);
        }
    }
    explanation
}

/// The part of a `where` that does not hold at the first of its places.
fn deciding(context: &Context<'_>, pair: Pair<'_>, after: &Value, memo: &Memo) -> Option<String> {
    let program = pair.rule.condition.as_ref()?;
    let view = context.view(pair, after)?;
    let scope = context.scope(pair, view, memo);
    let places = select::places(&scope.view, pair.rule).ok()?;
    let here = scope.at(places.first()?);
    program.deciding(&here).map(str::to_owned)
}
