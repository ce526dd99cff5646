//! The value that a container's environment variable has when it starts.
//! Source: k8s.io/kubernetes pkg/kubelet/kubelet_pods.go `makeEnvironmentVariables`: `envFrom` in order,
//! then `env` in order, later ones win; `$(NAME)` is expanded with what was defined before; a Secret wins
//! like a ConfigMap does.

use crate::json::{List, Value};
use crate::unknown::{Fact, Unknown, Why};

/// Where the variables of a container may come from, besides its own text.
pub trait Sources {
    /// The `data` of a ConfigMap of the pod's namespace; `Ok(None)`: there is no such ConfigMap.
    fn config_map(&self, name: &str) -> Fact<Option<Value>>;
    /// The keys (never the values) of a Secret of the pod's namespace.
    fn secret_keys(&self, name: &str) -> Fact<Option<Vec<String>>>;
}

/// The value of `name` in `container`; `Ok(None)` where it is not set.
pub fn value(container: &Value, name: &str, sources: &dyn Sources) -> Fact<Option<String>> {
    match last_entry(container, name, usize::MAX) {
        Some((position, entry)) => entry_value(container, entry, position, sources),
        None => from_sources(container, name, sources),
    }
}

/// The last entry of that name before position `end`.
fn last_entry<'c>(container: &'c Value, name: &str, end: usize) -> Option<(usize, &'c Value)> {
    let entries = container.get("env")?.as_array()?;
    entries.rfind("name", name, end)
}

fn entry_value(
    container: &Value,
    entry: &Value,
    position: usize,
    sources: &dyn Sources,
) -> Fact<Option<String>> {
    let from = entry.get("valueFrom").filter(|from| !from.is_null());
    if let Some(from) = from {
        return referenced(from, sources);
    }
    let literal = match entry.get("value") {
        Some(Value::String(text)) => text.to_string(),
        None | Some(Value::Null) => String::new(),
        Some(other) => other.to_string(),
    };
    expand(container, &literal, position, sources).map(Some)
}

fn referenced(from: &Value, sources: &dyn Sources) -> Fact<Option<String>> {
    let reference = |kind: &str| {
        let reference = from.get(kind)?;
        Some((reference.get("name")?.as_str()?, reference.get("key")?.as_str()?))
    };
    if let Some((name, key)) = reference("configMapKeyRef") {
        let data = sources.config_map(name)?;
        return Ok(data.and_then(|data| data.get(key).and_then(Value::as_str).map(str::to_owned)));
    }
    if let Some((name, key)) = reference("secretKeyRef") {
        return Err(Unknown::new(
            format!("the key {key} of Secret {name}"),
            Why::Secret,
        ));
    }
    Err(Unknown::new(
        "a variable that is filled from the pod's own fields",
        Why::NotInInput,
    ))
}

/// `$(NAME)` is the value of a variable defined before; `$$` is `$`; what is not defined stays as written.
/// Source: k8s.io/kubernetes third_party/forked/golang/expansion.
fn expand(container: &Value, text: &str, position: usize, sources: &dyn Sources) -> Fact<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        if let Some(tail) = after.strip_prefix('$') {
            out.push('$');
            rest = tail;
        } else if let Some((name, tail)) = after.strip_prefix('(').and_then(|inner| inner.split_once(')')) {
            let known = match last_entry(container, name, position) {
                Some((at, entry)) => entry_value(container, entry, at, sources)?,
                None => from_sources(container, name, sources)?,
            };
            out.push_str(&known.unwrap_or_else(|| format!("$({name})")));
            rest = tail;
        } else {
            out.push('$');
            rest = after;
        }
    }
    out.push_str(rest);
    Ok(out)
}

/// From `envFrom`, the last source first.
fn from_sources(container: &Value, name: &str, sources: &dyn Sources) -> Fact<Option<String>> {
    let all = container
        .get("envFrom")
        .and_then(Value::as_array)
        .map_or(&[][..], List::as_slice);
    for source in all.iter().rev() {
        let prefix = source.get("prefix").and_then(Value::as_str).unwrap_or_default();
        let Some(key) = name.strip_prefix(prefix) else {
            continue;
        };
        let named = |kind: &str| source.get(kind)?.get("name")?.as_str();
        if let Some(map) = named("configMapRef") {
            let data = sources.config_map(map)?;
            if let Some(value) = data
                .as_ref()
                .and_then(|data| data.get(key))
                .and_then(Value::as_str)
            {
                return Ok(Some(value.to_owned()));
            }
        } else if let Some(secret) = named("secretRef")
            && sources
                .secret_keys(secret)?
                .is_some_and(|keys| keys.iter().any(|one| one == key))
        {
            return Err(Unknown::new(
                format!("the key {key} of Secret {secret}"),
                Why::Secret,
            ));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    struct Fixed;

    impl Sources for Fixed {
        fn config_map(&self, name: &str) -> Fact<Option<Value>> {
            match name {
                "cm" => Ok(Some(json!({"A": "from cm", "B": "b"}))),
                "gone" => Ok(None),
                other => Err(Unknown::new(format!("ConfigMap {other}"), Why::NotInInput)),
            }
        }

        fn secret_keys(&self, name: &str) -> Fact<Option<Vec<String>>> {
            match name {
                "s" => Ok(Some(vec!["PASSWORD".into()])),
                other => Err(Unknown::new(format!("Secret {other}"), Why::NotInInput)),
            }
        }
    }

    #[test]
    fn the_kubelet_s_rules() {
        let cases = [
            (json!({}), Ok(None)),
            (json!({"env": [{"name": "A", "value": "1"}]}), Ok(Some("1"))),
            (json!({"env": [{"name": "A"}]}), Ok(Some(""))),
            (
                json!({"env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}),
                Ok(Some("2")),
            ),
            (
                json!({"env": [{"name": "B", "value": "b"}, {"name": "A", "value": "$(B)/x$$(B)"}]}),
                Ok(Some("b/x$(B)")),
            ),
            (
                json!({"env": [{"name": "A", "value": "$(B)"}, {"name": "B", "value": "late"}]}),
                Ok(Some("$(B)")),
            ),
            (json!({"env": [{"name": "A", "value": "$(A)"}]}), Ok(Some("$(A)"))),
            (
                json!({"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "cm", "key": "B"}}}]}),
                Ok(Some("b")),
            ),
            (
                json!({"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "gone", "key": "B"}}}]}),
                Ok(None),
            ),
            (
                json!({"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "far", "key": "B"}}}]}),
                Err("ConfigMap far"),
            ),
            (
                json!({"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "B"}}}]}),
                Err("the key B of Secret s"),
            ),
            (
                json!({"envFrom": [{"configMapRef": {"name": "cm"}}]}),
                Ok(Some("from cm")),
            ),
            (
                json!({"envFrom": [{"configMapRef": {"name": "cm"}, "prefix": "X_"}]}),
                Ok(None),
            ),
            (json!({"envFrom": [{"secretRef": {"name": "s"}}]}), Ok(None)),
            (
                json!({"envFrom": [{"secretRef": {"name": "far"}}]}),
                Err("Secret far"),
            ),
            (
                json!({"envFrom": [{"secretRef": {"name": "far"}}], "env": [{"name": "A", "value": "1"}]}),
                Ok(Some("1")),
            ),
        ];
        for (container, expected) in cases {
            let found = value(&container, "A", &Fixed);
            let found = found
                .as_ref()
                .map(|value| value.as_deref())
                .map_err(|unknown| unknown.what.as_str());
            assert_eq!(found, expected, "{container}");
        }
    }
}
