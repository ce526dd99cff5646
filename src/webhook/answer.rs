//! The AdmissionReview that goes out.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::review::{API_VERSION, KIND};
use crate::rfc6902::Operation;

/// Characters of one warning. Source: `admission/plugin/webhook`, apiserver's `warning` package: longer ones are
/// cut once all of a response exceed [`ALL_WARNINGS`].
const LONGEST_WARNING: usize = 256;
/// Characters of all warnings of one response, behind which the API server drops them.
const ALL_WARNINGS: usize = 4096;
/// A message that a person still reads, and an audit annotation that a log still takes.
const LONGEST_TEXT: usize = 4096;

/// What is answered to one request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// `Some`: the answer is no, with this message.
    pub denied: Option<String>,
    /// Empty: nothing is to be changed.
    pub patch: Vec<Operation>,
    /// Shown to the user by kubectl.
    pub warnings: Vec<String>,
    /// Written to the audit log, prefixed with the webhook's name by the API server.
    pub audit: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    api_version: &'static str,
    kind: &'static str,
    response: Response<'a>,
}

/// `k8s.io/api/admission/v1` AdmissionResponse. `patch` is base64, and stands there only beside `patchType`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response<'a> {
    uid: &'a str,
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Cow<'a, str>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    audit_annotations: BTreeMap<&'static str, Cow<'a, str>>,
}

#[derive(Serialize)]
struct Status<'a> {
    code: u16,
    reason: &'static str,
    message: &'a str,
}

impl Answer {
    /// The body for the request `uid`.
    pub fn body(&self, uid: &str) -> Result<Vec<u8>, serde_json::Error> {
        let message = self
            .denied
            .as_ref()
            .map(|message| cut(one_line(message), LONGEST_TEXT));
        let is_patched = message.is_none() && !self.patch.is_empty();
        let patch = is_patched.then(|| serde_json::to_vec(&self.patch)).transpose()?;
        let response = Response {
            uid,
            allowed: message.is_none(),
            // 422 with causes makes kubectl hide the message, and no code at all makes it a 400.
            status: message.as_ref().map(|message| Status {
                code: 403,
                reason: "Forbidden",
                message,
            }),
            patch_type: is_patched.then_some("JSONPatch"),
            patch: patch.map(|patch| STANDARD.encode(patch)),
            warnings: within_limits(&self.warnings),
            audit_annotations: self
                .audit
                .iter()
                .map(|(key, value)| (*key, cut(Cow::Borrowed(value), LONGEST_TEXT)))
                .collect(),
        };
        envelope(response)
    }

    /// The body of an answer that could not be given: together with status 500 it lets `failurePolicy` decide.
    pub fn failure(uid: &str, message: &str) -> Result<Vec<u8>, serde_json::Error> {
        let message = cut(one_line(message), LONGEST_TEXT);
        envelope(Response {
            uid,
            allowed: false,
            status: Some(Status {
                code: 500,
                reason: "InternalError",
                message: &message,
            }),
            patch_type: None,
            patch: None,
            warnings: Vec::new(),
            audit_annotations: BTreeMap::new(),
        })
    }
}

fn envelope(response: Response<'_>) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&Envelope {
        api_version: API_VERSION,
        kind: KIND,
        response,
    })
}

/// The warnings that arrive: a newline or a tab makes the API server drop one without a word, and so does
/// anything beyond its limits; the last one says how many were left out.
fn within_limits(warnings: &[String]) -> Vec<Cow<'_, str>> {
    const ROOM_FOR_THE_REST: usize = 64;
    let mut kept = Vec::new();
    let mut size = 0;
    for (position, warning) in warnings.iter().enumerate() {
        let warning = cut(one_line(warning), LONGEST_WARNING);
        size += warning.chars().count();
        if size > ALL_WARNINGS - ROOM_FOR_THE_REST {
            kept.push(format!("fixative: and {} more", warnings.len() - position).into());
            break;
        }
        kept.push(warning);
    }
    kept
}

/// Without control characters, which HTTP headers and logs do not take.
fn one_line(text: &str) -> Cow<'_, str> {
    match text.contains(char::is_control) {
        true => Cow::Owned(text.replace(char::is_control, " ")),
        false => Cow::Borrowed(text),
    }
}

fn cut(text: Cow<'_, str>, longest: usize) -> Cow<'_, str> {
    // Most texts are short in bytes already.
    let is_short = text.len() <= longest || text.char_indices().nth(longest).is_none();
    match is_short {
        false => text.chars().take(longest - 1).chain(['…']).collect(),
        true => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Value, json};

    fn response(answer: &Answer) -> Value {
        let body = answer.body("the-uid").unwrap();
        let review: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(review["apiVersion"], "admission.k8s.io/v1");
        assert_eq!(review["kind"], "AdmissionReview");
        review["response"].clone()
    }

    #[test]
    fn an_empty_answer_says_no_more_than_yes() {
        assert_eq!(
            response(&Answer::default()),
            json!({"uid": "the-uid", "allowed": true})
        );
    }

    #[test]
    fn a_patch_is_base64_and_comes_with_its_type() {
        let answer = Answer {
            patch: vec![Operation::Remove { path: "/a".into() }],
            ..Answer::default()
        };
        let response = response(&answer);
        assert_eq!(response["patchType"], "JSONPatch");
        let patch = STANDARD.decode(response["patch"].as_str().unwrap()).unwrap();
        assert_eq!(patch, br#"[{"op":"remove","path":"/a"}]"#);
    }

    #[test]
    fn a_denial_is_403_forbidden_and_never_patches() {
        let answer = Answer {
            denied: Some("no\nway".into()),
            patch: vec![Operation::Remove { path: "/a".into() }],
            ..Answer::default()
        };
        let expected = json!({"uid": "the-uid", "allowed": false, "status": {"code": 403, "reason": "Forbidden", "message": "no way"}});
        assert_eq!(response(&answer), expected);
    }

    #[test]
    fn warnings_stay_within_what_arrives() {
        let answer = Answer {
            warnings: (0..40)
                .map(|number| format!("{number:02}\t{}", "ü".repeat(400)))
                .collect(),
            ..Answer::default()
        };
        let response = response(&answer);
        let warnings: Vec<&str> = response["warnings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it.as_str().unwrap())
            .collect();
        assert!(
            warnings
                .iter()
                .all(|warning| warning.chars().count() <= 256 && !warning.contains(char::is_control))
        );
        assert!(
            warnings
                .iter()
                .map(|warning| warning.chars().count())
                .sum::<usize>()
                <= 4096
        );
        assert_eq!(warnings.len(), 16);
        assert_eq!(warnings[15], "fixative: and 25 more");
    }

    #[test]
    fn a_failure_carries_the_uid() {
        let body: Value = serde_json::from_slice(&Answer::failure("u", "why").unwrap()).unwrap();
        assert_eq!(body["response"]["uid"], "u");
        assert_eq!(body["response"]["status"]["code"], json!(500));
    }
}
