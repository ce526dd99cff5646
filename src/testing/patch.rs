//! RFC 6902 patches as test files write them.

use crate::json::Value;
use crate::rfc6902::Operation;

/// `value` with `patch` applied; the error is a sentence.
pub fn apply(value: &Value, patch: &[Operation]) -> Result<Value, String> {
    let mut value = value.clone();
    for operation in patch {
        step(&mut value, operation)?;
    }
    Ok(value)
}

fn step(root: &mut Value, operation: &Operation) -> Result<(), String> {
    match operation {
        Operation::Add { path, value } => add(root, path, value),
        Operation::Remove { path } => remove(root, path),
        Operation::Replace { path, value } => {
            let there = root.pointer_mut(path).ok_or_else(|| missing(path))?;
            *there = value.clone();
            Ok(())
        }
        Operation::Test { path, value } => match root.pointer(path) {
            Some(there) if there == value => Ok(()),
            Some(there) => Err(format!("patch: {path} is {there}, not {value}")),
            None => Err(missing(path)),
        },
    }
}

fn add(root: &mut Value, path: &str, value: &Value) -> Result<(), String> {
    let Some((parent, last)) = split(path)? else {
        *root = value.clone();
        return Ok(());
    };
    match root.pointer_mut(parent) {
        Some(Value::Object(map)) => {
            map.insert(last.into(), value.clone());
            Ok(())
        }
        Some(Value::Array(list)) => {
            let at = if last == "-" {
                Some(list.len())
            } else {
                last.parse().ok()
            };
            let at = at.filter(|at| *at <= list.len()).ok_or_else(|| missing(path))?;
            list.own().insert(at, value.clone());
            Ok(())
        }
        _ => Err(missing(parent)),
    }
}

fn remove(root: &mut Value, path: &str) -> Result<(), String> {
    let Some((parent, last)) = split(path)? else {
        *root = Value::Null;
        return Ok(());
    };
    let removed = match root.pointer_mut(parent) {
        Some(Value::Object(map)) => map.shift_remove(&last),
        Some(Value::Array(list)) => last
            .parse()
            .ok()
            .filter(|at: &usize| *at < list.len())
            .map(|at| list.own().remove(at)),
        _ => None,
    };
    removed.map(|_| ()).ok_or_else(|| missing(path))
}

/// The place that holds a place, and its last step; `None` for the whole object.
fn split(path: &str) -> Result<Option<(&str, String)>, String> {
    if path.is_empty() {
        return Ok(None);
    }
    let wrong = || format!("patch: the path {path:?} must start with /");
    if !path.starts_with('/') {
        return Err(wrong());
    }
    let (parent, last) = path.rsplit_once('/').ok_or_else(wrong)?;
    Ok(Some((parent, last.replace("~1", "/").replace("~0", "~"))))
}

fn missing(path: &str) -> String {
    format!("patch: there is no {path} in the object")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    #[test]
    fn operations_are_those_of_rfc_6902() {
        let cases = [
            (
                json!({"op": "add", "path": "/a", "value": 1}),
                json!({"l": [1, 2], "x/y": {"~": 1}, "a": 1}),
            ),
            (
                json!({"op": "add", "path": "/l/1", "value": 9}),
                json!({"l": [1, 9, 2], "x/y": {"~": 1}}),
            ),
            (
                json!({"op": "add", "path": "/l/-", "value": 9}),
                json!({"l": [1, 2, 9], "x/y": {"~": 1}}),
            ),
            (
                json!({"op": "remove", "path": "/x~1y/~0"}),
                json!({"l": [1, 2], "x/y": {}}),
            ),
            (
                json!({"op": "remove", "path": "/l/0"}),
                json!({"l": [2], "x/y": {"~": 1}}),
            ),
            (
                json!({"op": "replace", "path": "/l/0", "value": 3}),
                json!({"l": [3, 2], "x/y": {"~": 1}}),
            ),
            (
                json!({"op": "test", "path": "/l/0", "value": 1}),
                json!({"l": [1, 2], "x/y": {"~": 1}}),
            ),
        ];
        let before = json!({"l": [1, 2], "x/y": {"~": 1}});
        for (operation, expected) in cases {
            let operation: Operation = serde_json::from_value(operation.into()).unwrap();
            assert_eq!(
                apply(&before, std::slice::from_ref(&operation)),
                Ok(expected),
                "{operation:?}"
            );
        }
    }

    #[test]
    fn what_cannot_be_applied_is_said() {
        let wrong = [
            json!({"op": "add", "path": "/none/a", "value": 1}),
            json!({"op": "add", "path": "/l/3", "value": 1}),
            json!({"op": "add", "path": "a", "value": 1}),
            json!({"op": "remove", "path": "/none"}),
            json!({"op": "remove", "path": "/l/2"}),
            json!({"op": "replace", "path": "/none", "value": 1}),
            json!({"op": "test", "path": "/l/0", "value": 2}),
        ];
        for operation in wrong {
            let operation: Operation = serde_json::from_value(operation.into()).unwrap();
            assert!(
                apply(&json!({"l": [1, 2]}), std::slice::from_ref(&operation)).is_err(),
                "{operation:?}"
            );
        }
    }
}
