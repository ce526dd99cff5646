//! Partial comparison: what is expected must be there, more may be.

use crate::json::Value;
use crate::schema::{ListKind, Type};

/// A place that is not as expected.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Where, by key.
    pub at: String,
    /// What was expected; `None`: nothing.
    pub expected: Option<Value>,
    /// What is there; `None`: nothing.
    pub found: Option<Value>,
}

/// Where `found` is not what `expected` says.
pub fn differences(ty: Type, expected: &Value, found: &Value) -> Vec<Difference> {
    let mut compared = Vec::new();
    compare(ty, expected, Some(found), String::new(), &mut compared);
    compared
}

fn compare(ty: Type, expected: &Value, found: Option<&Value>, at: String, out: &mut Vec<Difference>) {
    match (expected, found) {
        (Value::Null, None | Some(Value::Null)) => {}
        (Value::Object(wanted), Some(Value::Object(there))) => {
            for (key, value) in wanted {
                let dot = if at.is_empty() { "" } else { "." };
                let below = format!("{at}{dot}{key}");
                compare(ty.field(key), value, there.get(key), below, out);
            }
        }
        (Value::Array(wanted), Some(Value::Array(there))) => lists(ty, wanted, there, at, out),
        (expected, Some(found)) if expected == found => {}
        (expected, found) => out.push(Difference {
            at,
            expected: (!expected.is_null()).then(|| expected.clone()),
            found: found.cloned(),
        }),
    }
}

fn lists(ty: Type, wanted: &[Value], there: &[Value], at: String, out: &mut Vec<Difference>) {
    let keys = match ty.list_kind() {
        ListKind::Map(keys) => keys,
        ListKind::Atomic | ListKind::Set => &[],
    };
    let is_keyed = wanted
        .iter()
        .all(|item| keys.iter().any(|key| item.get(key).is_some()));
    if !keys.is_empty() && is_keyed {
        for item in wanted {
            let keys: Vec<&str> = keys
                .iter()
                .copied()
                .filter(|key| item.get(key).is_some())
                .collect();
            let found = there
                .iter()
                .find(|other| keys.iter().all(|key| item.get(key) == other.get(key)));
            compare(
                ty.items(),
                item,
                found,
                format!("{at}[{}]", pairs(&keys, item)),
                out,
            );
        }
    } else if wanted.len() == there.len() {
        for (index, (item, other)) in wanted.iter().zip(there).enumerate() {
            compare(ty.items(), item, Some(other), format!("{at}[{index}]"), out);
        }
    } else {
        out.push(Difference {
            at,
            expected: Some(Value::Array(wanted.to_vec().into())),
            found: Some(Value::Array(there.to_vec().into())),
        });
    }
}

fn pairs(keys: &[&str], item: &Value) -> String {
    let pair = |key: &&str| {
        let value = item.get(key).unwrap_or(&Value::Null);
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("{key}={text}")
    };
    let pairs: Vec<String> = keys.iter().map(pair).collect();
    pairs.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;
    use crate::schema;

    #[test]
    fn what_is_expected_must_be_there_and_more_may_be() {
        let found = json!({
            "kind": "Pod",
            "metadata": {"name": "immich", "labels": {"a": "b"}},
            "spec": {
                "containers": [
                    {"name": "side", "image": "busybox"},
                    {"name": "main", "args": ["a", "b"], "env": [{"name": "TZ", "value": "UTC"}]},
                ],
                "nodeSelector": null,
            },
        });
        let none: [&str; 0] = [];
        let cases = [
            (json!({}), &none[..]),
            (json!({"kind": "Pod", "metadata": {"labels": {"a": "b"}}}), &none),
            (
                json!({"spec": {"containers": [{"name": "main", "env": [{"name": "TZ"}]}]}}),
                &none,
            ),
            (
                json!({"spec": {"nodeSelector": null, "tolerations": null}}),
                &none,
            ),
            (
                json!({"spec": {"containers": [{"name": "main", "args": ["a", "b"]}]}}),
                &none,
            ),
            (
                json!({"spec": {"containers": [{"name": "main", "args": ["a"]}]}}),
                &["spec.containers[name=main].args"],
            ),
            (
                json!({"spec": {"containers": [{"name": "main", "args": ["a", "c"]}]}}),
                &["spec.containers[name=main].args[1]"],
            ),
            (
                json!({"spec": {"containers": [{"name": "db"}]}}),
                &["spec.containers[name=db]"],
            ),
            (json!({"spec": {"containers": null}}), &["spec.containers"]),
            (json!({"metadata": {"labels": {"a": {}}}}), &["metadata.labels.a"]),
            (json!({"kind": "Job", "spec": {"x": 1}}), &["kind", "spec.x"]),
        ];
        let ty = schema::of(&crate::kube::Gvk::new("v1", "Pod"));
        for (expected, places) in cases {
            let differences = differences(ty, &expected, &found);
            let at: Vec<&str> = differences
                .iter()
                .map(|difference| difference.at.as_str())
                .collect();
            assert_eq!(at, places, "{expected}");
        }
    }
}
