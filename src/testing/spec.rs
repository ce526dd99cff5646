//! `kind: Test`.

use crate::json::Value;
use crate::manifest::{self, Tree};
use crate::pointer::Pointer;
use crate::policy::{self, Disposition, Door};
use crate::rfc6902::Operation;
use crate::source::{Diagnostic, Source, Span};

/// A test file: cases for the policies of the pack that it stands in.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Test {
    /// `fixative.dev/v1alpha1`.
    pub api_version: String,
    /// `Test`.
    pub kind: String,
    /// Policies whose findings the cases list; all of the pack if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policies: Option<Vec<String>>,
    /// The cases.
    pub cases: Vec<Case>,
}

/// One case. One of `object`, `stream` and `file` is given.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Case {
    /// What it shows, in words.
    pub name: String,
    /// Configuration as in `fixative.yaml`: `policies`, `components`, `exemptions`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<Value>,
    /// Objects that the policies may ask about; whatever is not here is Unknown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub world: Vec<Value>,
    /// The release's namespace; Unknown if it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The door: render (default), check, flux or audit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub door: Option<Door>,
    /// The day on which the case plays, `YYYY-MM-DD`, for exemptions with an end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub today: Option<String>,
    /// The object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<Value>,
    /// A stream of manifests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    /// A file with manifests, relative to the test file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// What is expected.
    pub expect: Expect,
}

/// What is expected; what is not named is not checked.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Expect {
    /// Part of the object as it should become, or a list of parts of several: maps may hold more, list items
    /// are found by their merge keys, other lists have the same length; null means absent. Of several objects
    /// the one with the same kind and name is compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub becomes: Option<Value>,
    /// An RFC 6902 patch that makes the object exactly what it should become.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patch: Option<Vec<Operation>>,
    /// Whether everything is to stay as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unchanged: Option<bool>,
    /// All findings, in any order; `[]`: there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub findings: Option<Vec<ExpectedFinding>>,
}

/// A finding; what is not named may be anything.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExpectedFinding {
    /// `policy/rule`, or the rule's name alone.
    pub rule: String,
    /// What it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Disposition>,
    /// The end of its keyed path: `containers[name=main].env[name=TZ]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// The name of the object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// The whole message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Part of the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_contains: Option<String>,
    /// Whether it says that something cannot be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<bool>,
}

/// Reads a test file, with the tree that tells where everything stands.
pub fn read(file: &Source) -> Result<(Test, Tree), Vec<Diagnostic>> {
    let is_empty = |value: &Value| value.is_null();
    let mut found = None;
    for document in manifest::split(file) {
        let tree = manifest::read(file, &document).map_err(|error| vec![error])?;
        if is_empty(&tree.value) {
            continue;
        }
        if found.is_some() {
            let wrong = Diagnostic::new(
                "second-document",
                file,
                document.body,
                "a test file is one document",
            );
            return Err(vec![wrong.help("put all cases under one `cases`")]);
        }
        found = Some(tree);
    }
    let Some(tree) = found else {
        return Err(vec![Diagnostic::new(
            "no-cases",
            file,
            Span::default(),
            "this test file is empty",
        )]);
    };
    let test = typed(file, &tree)?;
    Ok((test, tree))
}

/// The JSON schema of test files.
pub fn json_schema() -> Value {
    schemars::schema_for!(Test).to_value().into()
}

fn typed(file: &Source, tree: &Tree) -> Result<Test, Vec<Diagnostic>> {
    let test: Test = policy::typed(file, tree, json_schema)?;
    if (test.api_version.as_str(), test.kind.as_str()) != ("fixative.dev/v1alpha1", "Test") {
        let span = policy::span_of(tree, &Pointer::root().key("kind"));
        let message = "a file named *.test.yaml has apiVersion: fixative.dev/v1alpha1 and kind: Test";
        return Err(vec![Diagnostic::new("bad-test", file, span, message)]);
    }
    Ok(test)
}
