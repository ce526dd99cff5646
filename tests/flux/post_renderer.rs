//! helm-controller's own post-renderers: one process for all questions.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{LazyLock, Mutex};

use fixative::flux::{Export, Substitution};
use serde_json::{Map, Value, json};

use crate::program::tool;
use crate::yaml;

static FLUX: LazyLock<Mutex<PostRenderer>> = LazyLock::new(|| Mutex::new(PostRenderer::start()));

/// Ends with its input, and so with the tests.
struct PostRenderer {
    _process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl PostRenderer {
    fn start() -> Self {
        let mut process = Command::new(tool("flux-post-renderer"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let questions = process.stdin.take().unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap());
        Self {
            _process: process,
            questions,
            answers,
        }
    }

    fn ask(&mut self, release: &str, stream: &str) -> Result<String, String> {
        let question = json!({"release": release, "stream": stream});
        writeln!(self.questions, "{question}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap();
        match answer["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(answer["text"].as_str().unwrap_or_default().to_owned()),
        }
    }
}

/// What Flux makes of a stream with the `spec` of a HelmRelease.
pub fn flux(release: &str, stream: &str) -> Result<Vec<Value>, String> {
    let text = FLUX.lock().unwrap().ask(release, stream)?;
    Ok(objects(&text))
}

/// A HelmRelease with what an export says.
pub fn release(export: &Export) -> String {
    let fragment = export.fragment(Substitution::Off).unwrap();
    let spec: String = fragment.lines().map(|line| format!("  {line}\n")).collect();
    format!(
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: photos, namespace: photos}}\n\
         spec:\n{spec}"
    )
}

/// The objects of a stream, sorted by what they are called, without what Flux always adds and without what is as
/// good as absent.
pub fn objects(text: &str) -> Vec<Value> {
    normal(as_written(text))
}

/// The objects of a stream in its order; the items of a List are objects.
pub fn as_written(text: &str) -> Vec<Value> {
    let objects = yaml::objects(text)
        .into_iter()
        .flat_map(|value| match &value["items"] {
            Value::Array(items) if value["kind"].as_str().is_some_and(|kind| kind.ends_with("List")) => {
                items.clone()
            }
            _ => vec![value],
        });
    objects.collect()
}

/// Sorted, and of one form.
pub fn normal(objects: impl IntoIterator<Item = Value>) -> Vec<Value> {
    let mut objects: Vec<Value> = objects
        .into_iter()
        .map(|mut object| {
            if let Some(labels) = object["metadata"]["labels"].as_object_mut() {
                labels.retain(|key, _| !key.starts_with("helm.toolkit.fluxcd.io/"));
            }
            without_blanks(object).unwrap_or_default()
        })
        .collect();
    objects.sort_by_key(|object| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let metadata = &object["metadata"];
        [
            text(&object["apiVersion"]),
            text(&object["kind"]),
            text(&metadata["namespace"]),
            text(&metadata["name"]),
        ]
    });
    objects
}

/// Null, absent and empty are one in API objects (R4); keys have no order.
fn without_blanks(value: Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Object(map) => {
            let mut entries: Vec<(String, Value)> = map
                .into_iter()
                .filter_map(|(key, value)| Some((key, without_blanks(value)?)))
                .collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            (!entries.is_empty()).then(|| Value::Object(Map::from_iter(entries)))
        }
        Value::Array(items) => {
            // An item keeps its place.
            let items: Vec<Value> = items
                .into_iter()
                .map(|item| without_blanks(item).unwrap_or_default())
                .collect();
            (!items.is_empty()).then_some(Value::Array(items))
        }
        scalar => Some(scalar),
    }
}
