//! What tests say of an answer: `accepts`, `rejects`, `becomes`, `stays`, `warns`.

use serde_json::Value;

use crate::api::Answer;

impl Answer {
    /// The request went through.
    #[track_caller]
    pub fn accepts(&self) -> &Self {
        assert!(self.status < 300, "refused: {self:?}");
        self
    }

    /// The request was refused by our webhook: 403, and a message with each of `parts` in it.
    #[track_caller]
    pub fn rejects(&self, parts: &[&str]) -> &Self {
        assert_eq!(self.status, 403, "{self:?}");
        assert_eq!(self.body["reason"], "Forbidden", "{self:?}");
        let message = self.message();
        let by = "admission webhook \"validate.fixative.dev\" denied the request: ";
        assert!(message.starts_with(by), "{message}");
        for part in parts {
            assert!(message.contains(part), "no {part:?} in {message:?}");
        }
        self
    }

    /// The object now has all of `part`; lists in it are whole.
    #[track_caller]
    pub fn becomes(&self, part: &Value) -> &Self {
        self.accepts();
        if let Some(place) = missing(part, &self.body, String::new()) {
            panic!("{place}: expected {part:#}\nin {:#}", self.body);
        }
        self
    }

    /// At this JSON pointer the object has this, or with `Null` nothing.
    #[track_caller]
    pub fn has(&self, pointer: &str, expected: &Value) -> &Self {
        self.accepts();
        let found = self.body.pointer(pointer).unwrap_or(&Value::Null);
        assert_eq!(found, expected, "{pointer}");
        self
    }

    /// Exactly one warning has all of `parts`, and it arrived whole: the API server cuts off at 256 characters.
    #[track_caller]
    pub fn warns(&self, parts: &[&str]) -> &Self {
        let fits = |text: &&String| parts.iter().all(|part| text.contains(part));
        let count = self.warnings.iter().filter(fits).count();
        assert_eq!(count, 1, "{parts:?} in {:#?}", self.warnings);
        self
    }

    /// Nothing is warned of.
    #[track_caller]
    pub fn warns_nothing(&self) -> &Self {
        assert!(self.warnings.is_empty(), "{:#?}", self.warnings);
        self
    }

    /// The message of a refusal.
    pub fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }
}

/// The first place at which `part` is not in `whole`.
fn missing(part: &Value, whole: &Value, place: String) -> Option<String> {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => part.iter().find_map(|(key, part)| {
            let found = whole.get(key).unwrap_or(&Value::Null);
            missing(part, found, format!("{place}/{key}"))
        }),
        (Value::Array(part), Value::Array(whole)) if part.len() == whole.len() => {
            let mut items = part.iter().zip(whole).enumerate();
            items.find_map(|(index, (part, whole))| missing(part, whole, format!("{place}/{index}")))
        }
        _ => (part != whole).then_some(place),
    }
}
