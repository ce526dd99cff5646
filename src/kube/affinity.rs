//! Node affinity: adding one requirement to terms that are OR-ed (no merge gets this right: the lists are
//! atomic, and a requirement in one of two terms leaves the other open).
//! Source: k8s.io/api/core/v1 `NodeSelector` ("the nodeSelectorTerms are ORed", "the requirements are ANDed").

use crate::json::{List, Map, Value, json};
use crate::schema::{self, Type};

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// A node affinity that has another shape than Kubernetes', so that nothing can be added to it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} is not {expected}")]
pub struct Misshapen {
    /// The field, below the node affinity.
    pub field: &'static str,
    /// What it should be.
    pub expected: &'static str,
}

/// Puts each requirement into **every** node selector term, once; creates the term when there is none.
/// A term without any requirement matches no node and is left alone. `ty` is the type of the node affinity.
pub fn require(ty: Type, affinity: &mut Value, requirements: &[Value]) -> Result<(), Misshapen> {
    let terms_type = ty.field(REQUIRED).field("nodeSelectorTerms");
    let required = map(affinity, "nodeAffinity")?
        .entry(REQUIRED)
        .or_insert(Value::Null);
    let terms = map(required, REQUIRED)?
        .entry("nodeSelectorTerms")
        .or_insert(Value::Null);
    let terms = list(terms, "nodeSelectorTerms")?;
    if terms.is_empty() {
        terms.push(json!({ "matchExpressions": requirements }));
        return Ok(());
    }
    for term in terms.iter_mut().filter(|term| !matches_nothing(term)) {
        let expressions = map(term, "nodeSelectorTerms")?
            .entry("matchExpressions")
            .or_insert(Value::Null);
        let expressions = list(expressions, "matchExpressions")?;
        for wanted in requirements {
            if !expressions
                .iter()
                .any(|there| same(terms_type.items(), there, wanted))
            {
                expressions.push(wanted.clone());
            }
        }
    }
    Ok(())
}

/// Adds a preferred term with these requirements unless a preferred term holds them all already, with
/// whatever weight.
pub fn prefer(
    ty: Type,
    affinity: &mut Value,
    weight: &Value,
    requirements: &[Value],
) -> Result<(), Misshapen> {
    let preferred_type = ty.field(PREFERRED);
    let preferred = map(affinity, "nodeAffinity")?
        .entry(PREFERRED)
        .or_insert(Value::Null);
    let preferred = list(preferred, PREFERRED)?;
    let term_type = preferred_type.items().field("preference");
    let holds = |entry: &Value| {
        let there = entry
            .pointer("/preference/matchExpressions")
            .and_then(Value::as_array);
        there.is_some_and(|there| {
            requirements
                .iter()
                .all(|wanted| there.iter().any(|one| same(term_type, one, wanted)))
        })
    };
    if !preferred.iter().any(holds) {
        preferred.push(json!({ "weight": weight, "preference": { "matchExpressions": requirements } }));
    }
    Ok(())
}

/// The requirements of what a policy gave: one requirement, a list of them, or a whole term.
pub fn requirements(given: Value) -> Result<Vec<Value>, Misshapen> {
    let wrong = || Misshapen {
        field: "the requirement",
        expected: "a map with key, operator and values",
    };
    match given {
        Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_object) => {
            Ok(items.into_iter().collect())
        }
        Value::Object(mut term) if term.contains_key("matchExpressions") => {
            requirements(term.shift_remove("matchExpressions").unwrap_or_default())
        }
        Value::Object(one) if one.contains_key("key") => Ok(vec![Value::Object(one)]),
        _ => Err(wrong()),
    }
}

fn matches_nothing(term: &Value) -> bool {
    let empty = |key: &str| {
        term.get(key)
            .and_then(Value::as_array)
            .is_none_or(|list| list.is_empty())
    };
    empty("matchExpressions") && empty("matchFields")
}

/// Values of a requirement are a set: their order means nothing.
fn same(term: Type, a: &Value, b: &Value) -> bool {
    let sorted = |value: &Value| {
        let mut value = value.clone();
        if let Some(values) = value.get_mut("values").and_then(Value::as_array_mut) {
            values.sort_by_key(Value::to_string);
        }
        value
    };
    schema::equal(term.field("matchExpressions").items(), &sorted(a), &sorted(b))
}

fn map<'v>(value: &'v mut Value, field: &'static str) -> Result<&'v mut Map, Misshapen> {
    if value.is_null() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut().ok_or(Misshapen {
        field,
        expected: "a map",
    })
}

fn list<'v>(value: &'v mut Value, field: &'static str) -> Result<&'v mut Vec<Value>, Misshapen> {
    if value.is_null() {
        *value = Value::Array(List::default());
    }
    value.as_array_mut().ok_or(Misshapen {
        field,
        expected: "a list",
    })
}
