//! The AdmissionReview that comes in: its envelope is read borrowed, the objects in it only if a policy wants them.

mod reading;

use bytes::Bytes;
use serde::de::DeserializeSeed as _;
use serde::{Deserialize, Serialize};

use super::object;
use crate::json::Value;
use crate::kube::Gvk;
use crate::policy::Operation;
use reading::{ReadReview, Reader};

pub use reading::Wish;

/// The only version of the contract that is spoken (`admissionReviewVersions: [v1]`).
pub const API_VERSION: &str = "admission.k8s.io/v1";
/// Its kind.
pub const KIND: &str = "AdmissionReview";

/// Why a body is no review that can be answered.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// Not JSON, not UTF-8, or of another shape.
    #[error("the body is no AdmissionReview: {0}")]
    Misshapen(#[from] serde_json::Error),
    /// Bytes that are no text.
    #[error("the body is no AdmissionReview: {0}")]
    Encoding(#[from] std::str::Utf8Error),
    /// Another kind or version.
    #[error("the body is {api_version} {kind}, but {API_VERSION} {KIND} is expected")]
    Other {
        /// `apiVersion` that came.
        api_version: String,
        /// `kind` that came.
        kind: String,
    },
    /// `request` is absent or null.
    #[error("the AdmissionReview holds no request")]
    NoRequest,
    /// A uid is what the answer is known by.
    #[error("the request has no uid")]
    NoUid,
}

/// One request.
#[derive(Debug, Default)]
pub struct Request {
    /// What is asked.
    pub head: Head,
    /// Who asks, as text.
    pub user_info: Option<Bytes>,
    /// The object as it is to be; `None` also where nobody wants it.
    pub object: Option<Object>,
    /// The object as it is; `None` also where nobody wants it.
    pub old_object: Option<Object>,
    /// Bytes of the body that it came in.
    pub size: usize,
}

/// What is asked, without the objects that it is about.
#[derive(Debug, Default)]
pub struct Head {
    /// What the answer is known by; new for every call.
    pub uid: String,
    /// The kind of the object.
    pub kind: RequestKind,
    /// The resource of the call, when it is about a part of the object: `scale`, `status`.
    pub sub_resource: Option<String>,
    /// Empty where the name is generated.
    pub name: Option<String>,
    /// Empty for cluster-scoped kinds.
    pub namespace: Option<String>,
    /// CREATE, UPDATE, DELETE, CONNECT.
    pub operation: String,
    /// Whether nothing will be persisted.
    pub dry_run: Option<bool>,
}

/// An object of a request.
#[derive(Debug)]
pub enum Object {
    /// A part of the body, that nobody has read yet.
    Text(Bytes),
    /// As a value.
    Read(Value),
}

impl Object {
    /// The object as a value.
    pub fn value(&self) -> Result<Value, object::ObjectError> {
        match self {
            Object::Text(text) => object::read(text),
            Object::Read(value) => Ok(value.clone()),
        }
    }
}

/// Group, version and kind as a request names them.
#[derive(Debug, Default, Deserialize, Serialize)]
pub struct RequestKind {
    /// Empty for the core group.
    #[serde(default)]
    pub group: String,
    /// `v1`.
    #[serde(default)]
    pub version: String,
    /// `Deployment`.
    pub kind: String,
}

impl Request {
    /// Reads a body, and of its objects nothing but where they are.
    pub fn read(body: &Bytes) -> Result<Self, ReviewError> {
        read(body, &|_| Wish::Text)
    }

    /// Reads a body, and its objects as far as they are wished for.
    pub fn read_with(body: &Bytes, wish: impl Fn(&Head) -> Wish) -> Result<Self, ReviewError> {
        match read(body, &wish) {
            // What is wrong with an object is no fault of the envelope: whoever reads that object will say it.
            Err(ReviewError::Misshapen(_)) => Self::read(body),
            read => read,
        }
    }

    /// What policies see as `request`: everything but the objects, which have names of their own.
    pub fn value(&self) -> Result<Value, serde_json::Error> {
        let user_info: Value = self
            .user_info
            .as_ref()
            .map_or(Ok(Value::Null), |text| serde_json::from_slice(text))?;
        let head = &self.head;
        Ok(crate::json::json!({
            "kind": head.kind,
            "name": head.name.clone().unwrap_or_default(),
            "namespace": head.namespace.clone().unwrap_or_default(),
            "operation": head.operation,
            "dryRun": head.dry_run.unwrap_or(false),
            "userInfo": user_info,
        }))
    }
}

fn read(body: &Bytes, wish: &dyn Fn(&Head) -> Wish) -> Result<Request, ReviewError> {
    let text = std::str::from_utf8(body)?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let reader = Reader { body, wish };
    let review = ReadReview(reader).deserialize(&mut deserializer)?;
    deserializer.end()?;
    if review.api_version != API_VERSION || review.kind != KIND {
        return Err(ReviewError::Other {
            api_version: shortened(review.api_version),
            kind: shortened(review.kind),
        });
    }
    let mut request = review.request.ok_or(ReviewError::NoRequest)?;
    request.size = body.len();
    if request.head.uid.is_empty() {
        return Err(ReviewError::NoUid);
    }
    Ok(request)
}

impl Head {
    /// The kind of the object.
    pub fn gvk(&self) -> Gvk {
        Gvk {
            group: self.kind.group.clone(),
            version: self.kind.version.clone(),
            kind: self.kind.kind.clone(),
        }
    }

    /// What is done, where an object comes or changes; `None` for everything that is never judged: removal,
    /// connections, and parts of an object.
    pub fn judged_operation(&self) -> Option<Operation> {
        if self.sub_resource.as_ref().is_some_and(|part| !part.is_empty()) {
            return None;
        }
        match self.operation.as_str() {
            "CREATE" => Some(Operation::Create),
            "UPDATE" => Some(Operation::Update),
            _ => None,
        }
    }

    /// The namespace; `None` for cluster-scoped kinds.
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref().filter(|name| !name.is_empty())
    }
}

/// What an error message shows of what came.
fn shortened(text: String) -> String {
    const LONGEST: usize = 64;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Request, ReviewError> {
        Request::read(&Bytes::copy_from_slice(text.as_bytes()))
    }

    fn review(request: &str) -> String {
        format!(r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{request}}}"#)
    }

    const SMALL: &str = r#"{"uid":"u","kind":{"group":"apps","version":"v1","kind":"Deployment"},"operation":"CREATE","dryRun":null,"object":{"a":[1]},"oldObject":null}"#;

    /// The text of an object that was not read.
    fn text_of(object: &Option<Object>) -> &[u8] {
        match object {
            Some(Object::Text(text)) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_envelope_is_read_and_its_objects_are_not() {
        let request = read(&review(SMALL)).unwrap();
        assert_eq!(request.head.uid, "u");
        assert_eq!(request.head.gvk(), Gvk::new("apps/v1", "Deployment"));
        assert_eq!(text_of(&request.object), br#"{"a":[1]}"#);
        assert!(request.old_object.is_none() && request.head.dry_run.is_none());
        assert_eq!(request.head.judged_operation(), Some(Operation::Create));
    }

    fn read_with(request: &str, wish: Wish) -> Request {
        let body = Bytes::from(review(request));
        let request = Request::read_with(&body, |head| {
            assert_eq!((head.uid.as_str(), head.operation.as_str()), ("u", "UPDATE"));
            wish
        });
        request.unwrap()
    }

    #[test]
    fn objects_are_read_as_far_as_they_are_wished_for() {
        let both = SMALL
            .replace("\"oldObject\":null", r#""oldObject":{"a":[2]}"#)
            .replace("CREATE", "UPDATE");
        let asked = read_with(&both, Wish::Values);
        for (object, expected) in [
            (&asked.object, r#"{"a":[1]}"#),
            (&asked.old_object, r#"{"a":[2]}"#),
        ] {
            assert!(
                matches!(object, Some(Object::Read(value)) if *value == expected.parse::<Value>().unwrap())
            );
        }
        let later = read_with(&both, Wish::Text);
        assert_eq!(
            (text_of(&later.object), text_of(&later.old_object)),
            (&br#"{"a":[1]}"#[..], &br#"{"a":[2]}"#[..])
        );
        let passed = read_with(&both, Wish::Nothing);
        assert!(passed.object.is_none() && passed.old_object.is_none());
        let removed = both.replace(r#""object":{"a":[1]}"#, r#""object":null"#);
        assert!(read_with(&removed, Wish::Values).object.is_none());
    }

    #[test]
    fn an_object_in_front_of_what_it_is_known_by_is_kept_as_text() {
        let request = r#"{"object":{"a":[1]},"uid":"u","kind":{"kind":"Pod"},"operation":"CREATE"}"#;
        let body = Bytes::from(review(request));
        let request = Request::read_with(&body, |head| panic!("{head:?}")).unwrap();
        assert_eq!(text_of(&request.object), br#"{"a":[1]}"#);
        assert_eq!(request.head.kind.kind, "Pod");
    }

    #[test]
    fn an_object_that_cannot_be_held_is_no_fault_of_the_envelope() {
        let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        let request = SMALL.replace(r#"{"a":[1]}"#, &deep).replace("CREATE", "UPDATE");
        let request = read_with(&request, Wish::Values);
        assert_eq!(text_of(&request.object), deep.as_bytes());
        assert!(request.object.unwrap().value().is_err());
    }

    #[test]
    fn what_is_no_review_is_refused() {
        let v1beta1 = review(SMALL).replace("k8s.io/v1\"", "k8s.io/v1beta1\"");
        let cases = [
            (String::new(), "EOF"),
            ("{".into(), "EOF"),
            (review(SMALL) + "x", "trailing"),
            (format!("\u{FEFF}{}", review(SMALL)), "expected value"),
            (
                r#"["admission.k8s.io/v1","AdmissionReview",null]"#.into(),
                "expected a map",
            ),
            (review(r#"["u"]"#), "expected a map"),
            (
                review(&SMALL.replace(
                    r#"{"group":"apps","version":"v1","kind":"Deployment"}"#,
                    r#"["","v1","Pod"]"#,
                )),
                "expected a map",
            ),
            (review("null"), "no request"),
            (review(&SMALL.replace(r#""uid":"u","#, "")), "no uid"),
            (
                review(&SMALL.replace(r#""uid":"u","#, r#""uid":"u","uid":"v","#)),
                "duplicate field",
            ),
            (
                review(&SMALL.replace(r#""operation":"CREATE","#, "")),
                "missing field `operation`",
            ),
            (
                review(&SMALL.replace(r#""oldObject":null"#, r#""oldObject":null,"object":null"#)),
                "duplicate field `object`",
            ),
            (
                review(&format!("{SMALL},\"kind\":\"a\"")),
                "duplicate field `kind`",
            ),
            (v1beta1, "v1beta1"),
            (review(SMALL).replace("AdmissionReview", "Pod"), "Pod"),
        ];
        for (body, expected) in cases {
            let error = read(&body).unwrap_err().to_string();
            assert!(error.contains(expected), "{body}: {error}");
        }
        assert!(matches!(
            Request::read(&Bytes::from_static(b"{\"a\": \"\xff\"}")),
            Err(ReviewError::Encoding(_))
        ));
    }

    #[test]
    fn parts_and_removals_are_not_judged() {
        for change in [
            ("\"CREATE\"", "\"DELETE\""),
            ("\"CREATE\"", "\"CONNECT\""),
            ("\"operation\"", "\"subResource\":\"scale\",\"operation\""),
        ] {
            let text = review(&SMALL.replace(change.0, change.1));
            assert_eq!(read(&text).unwrap().head.judged_operation(), None, "{text}");
        }
    }

    #[test]
    fn nesting_of_unread_objects_costs_no_stack() {
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        let text = review(&SMALL.replace(r#"{"a":[1]}"#, &deep));
        assert_eq!(text_of(&read(&text).unwrap().object).len(), deep.len());
    }
}
