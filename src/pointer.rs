//! Places inside an object: by position (JSON pointer) and by key (for people and fingerprints).

use std::fmt;

use compact_str::CompactString;

use crate::json::Value;

/// One step of a [`Pointer`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Token {
    /// A key of a map.
    Key(CompactString),
    /// A position in a list, from 0.
    Index(usize),
}

/// A place by position: RFC 6901. The empty pointer is the whole object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pointer(pub Vec<Token>);

/// One step of a [`KeyedPath`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// A key of a map.
    Field(CompactString),
    /// The item of a keyed list: `[name=main]`; several pairs where the list has several merge keys.
    Item(Vec<(String, String)>),
    /// The item of a list without keys: `[2]`.
    Position(usize),
}

/// A place by key: `spec.template.spec.containers[name=main].env[name=TZ]`. It survives the insertion of
/// another item, so fingerprints are made of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyedPath(pub Vec<Step>);

/// A place in both forms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place {
    /// By position.
    pub pointer: Pointer,
    /// By key.
    pub keyed: KeyedPath,
}

impl Pointer {
    /// The whole object.
    pub fn root() -> Self {
        Self::default()
    }

    /// One step further down.
    pub fn push(&mut self, token: Token) {
        self.0.push(token);
    }

    /// This place with a map key behind it.
    pub fn key(&self, key: impl AsRef<str>) -> Self {
        let mut tokens = self.0.clone();
        tokens.push(Token::Key(key.as_ref().into()));
        Self(tokens)
    }

    /// This place with a list position behind it.
    pub fn index(&self, index: usize) -> Self {
        let mut tokens = self.0.clone();
        tokens.push(Token::Index(index));
        Self(tokens)
    }

    /// This place followed by `tail`.
    pub fn join(&self, tail: &Pointer) -> Self {
        let mut tokens = self.0.clone();
        tokens.extend(tail.0.iter().cloned());
        Self(tokens)
    }

    /// The place that holds this one, and the last step; `None` at the root.
    pub fn split_last(&self) -> Option<(Pointer, &Token)> {
        let (last, head) = self.0.split_last()?;
        Some((Pointer(head.to_vec()), last))
    }

    /// What follows `head`, if this place is below it or is it.
    pub fn strip_prefix(&self, head: &Pointer) -> Option<Pointer> {
        self.0
            .strip_prefix(head.0.as_slice())
            .map(|tail| Pointer(tail.to_vec()))
    }

    /// Whether this place is `head` or below it.
    pub fn starts_with(&self, head: &Pointer) -> bool {
        self.0.starts_with(&head.0)
    }

    /// The value at this place.
    pub fn get<'v>(&self, root: &'v Value) -> Option<&'v Value> {
        self.0.iter().try_fold(root, |value, token| match token {
            Token::Key(key) => value.get(key.as_str()),
            Token::Index(index) => value.get(*index),
        })
    }

    /// The value at this place, to change.
    pub fn get_mut<'v>(&self, root: &'v mut Value) -> Option<&'v mut Value> {
        self.0.iter().try_fold(root, |value, token| match token {
            Token::Key(key) => value.get_mut(key.as_str()),
            Token::Index(index) => value.get_mut(*index),
        })
    }
}

impl KeyedPath {
    /// Where this place is in another state of the value, as far down as it is there.
    pub fn find_in(&self, root: &Value) -> Pointer {
        let mut pointer = Pointer::root();
        let mut here = root;
        for step in &self.0 {
            let found = match (step, here) {
                (Step::Field(name), Value::Object(map)) => map
                    .get(name.as_str())
                    .map(|value| (Token::Key(name.clone()), value)),
                (Step::Item(keys), Value::Array(items)) => {
                    let index = items.iter().rposition(|item| bears(item, keys));
                    index.and_then(|index| Some((Token::Index(index), items.get(index)?)))
                }
                (Step::Position(index), Value::Array(items)) => {
                    items.get(*index).map(|item| (Token::Index(*index), item))
                }
                _ => None,
            };
            let Some((token, value)) = found else { break };
            pointer.push(token);
            here = value;
        }
        pointer
    }
}

/// Whether an item has these keys; one that leaves a key out has its default.
fn bears(item: &Value, keys: &[(String, String)]) -> bool {
    let is_there = keys.iter().any(|(key, _)| item.get(key).is_some());
    is_there
        && keys.iter().all(|(key, value)| match item.get(key) {
            Some(Value::String(text)) => text == value,
            Some(other) => value.parse::<Value>().is_ok_and(|value| value == *other),
            None => true,
        })
}

/// RFC 6901 text: `/spec/containers/0`, `~` and `/` escaped.
impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for token in &self.0 {
            match token {
                Token::Key(key) => write!(f, "/{}", key.replace('~', "~0").replace('/', "~1"))?,
                Token::Index(index) => write!(f, "/{index}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for KeyedPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Field(name) if is_plain(name) => {
                    let dot = if position == 0 { "" } else { "." };
                    write!(f, "{dot}{name}")?;
                }
                Step::Field(name) => write!(f, "[{name:?}]")?,
                Step::Item(keys) => {
                    let pairs: Vec<String> =
                        keys.iter().map(|(key, value)| format!("{key}={value}")).collect();
                    write!(f, "[{}]", pairs.join(","))?;
                }
                Step::Position(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    #[test]
    fn a_keyed_place_is_found_where_it_stands_now() {
        let item = |name: &str| Step::Item(vec![("name".into(), name.into())]);
        let path = KeyedPath(vec![
            Step::Field("env".into()),
            item("B"),
            Step::Field("value".into()),
        ]);
        let cases = [
            (
                json!({"env": [{"name": "A"}, {"name": "B", "value": "1"}]}),
                "/env/1/value",
            ),
            (json!({"env": [{"name": "B"}]}), "/env/0"),
            (json!({"env": [{"name": "A"}]}), "/env"),
            (json!({}), ""),
        ];
        for (root, expected) in cases {
            assert_eq!(path.find_in(&root).to_string(), expected);
        }
    }
}
