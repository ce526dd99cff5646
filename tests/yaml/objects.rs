//! What a text holds, by the project's own reader.

use fixative::manifest;
use fixative::source::Source;
use serde_json::Value;

/// The objects of a YAML stream, in its order.
#[track_caller]
pub fn objects(text: &str) -> Vec<Value> {
    let source = Source::new("stream", text);
    let documents = manifest::split(&source);
    let values = documents
        .iter()
        .map(|document| manifest::read(&source, document).unwrap().value);
    values.map(Value::from).filter(Value::is_object).collect()
}
