//! The AdmissionReview that comes in: its envelope is read borrowed, the objects in it stay text until a policy
//! wants them.

use std::marker::PhantomData;

use axum::body::Bytes;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::json::Value;
use crate::kube::Gvk;
use crate::policy::Operation;

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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    #[serde(default)]
    api_version: String,
    #[serde(default)]
    kind: String,
    #[serde(borrow, default, deserialize_with = "optional_map")]
    request: Option<Unread<'a>>,
}

/// A request as it lies in the body. Unknown fields are left unread; `null` is as good as absent.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Unread<'a> {
    #[serde(default)]
    uid: String,
    #[serde(deserialize_with = "map")]
    kind: RequestKind,
    #[serde(default)]
    sub_resource: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    namespace: Option<String>,
    operation: String,
    #[serde(default)]
    dry_run: Option<bool>,
    #[serde(borrow, default)]
    user_info: Option<&'a RawValue>,
    #[serde(borrow, default)]
    object: Option<&'a RawValue>,
    #[serde(borrow, default)]
    old_object: Option<&'a RawValue>,
}

/// One request. What is large in it is a part of the body that it came in, still text.
#[derive(Debug)]
pub struct Request {
    /// What the answer is known by; new for every call.
    pub uid: String,
    /// The kind of `object`.
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
    /// Who asks.
    pub user_info: Option<Bytes>,
    /// The object as it is to be.
    pub object: Option<Bytes>,
    /// The object as it is.
    pub old_object: Option<Bytes>,
}

/// Group, version and kind as a request names them.
#[derive(Debug, Deserialize, Serialize)]
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
    /// Reads a body. Serde would take a list for a struct, with its items for the fields; that is refused.
    pub fn read(body: &Bytes) -> Result<Self, ReviewError> {
        let text = std::str::from_utf8(body)?;
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let envelope: Envelope<'_> = map(&mut deserializer)?;
        deserializer.end()?;
        if envelope.api_version != API_VERSION || envelope.kind != KIND {
            return Err(ReviewError::Other {
                api_version: shortened(envelope.api_version),
                kind: shortened(envelope.kind),
            });
        }
        let request = envelope.request.ok_or(ReviewError::NoRequest)?;
        if request.uid.is_empty() {
            return Err(ReviewError::NoUid);
        }
        let part = |raw: &RawValue| body.slice_ref(raw.get().as_bytes());
        Ok(Self {
            uid: request.uid,
            kind: request.kind,
            sub_resource: request.sub_resource,
            name: request.name,
            namespace: request.namespace,
            operation: request.operation,
            dry_run: request.dry_run,
            user_info: request.user_info.map(part),
            object: request.object.map(part),
            old_object: request.old_object.map(part),
        })
    }

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

    /// Bytes of its objects.
    pub fn size(&self) -> usize {
        let objects = [&self.object, &self.old_object];
        objects.into_iter().flatten().map(Bytes::len).sum()
    }

    /// The namespace; `None` for cluster-scoped kinds.
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref().filter(|name| !name.is_empty())
    }

    /// What policies see as `request`: everything but the objects, which have names of their own.
    pub fn value(&self) -> Result<Value, serde_json::Error> {
        let user_info: Value = self
            .user_info
            .as_ref()
            .map_or(Ok(Value::Null), |text| serde_json::from_slice(text))?;
        Ok(crate::json::json!({
            "kind": self.kind,
            "name": self.name.clone().unwrap_or_default(),
            "namespace": self.namespace.clone().unwrap_or_default(),
            "operation": self.operation,
            "dryRun": self.dry_run.unwrap_or(false),
            "userInfo": user_info,
        }))
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

/// A struct out of a map, and out of nothing else.
fn map<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_map(OnlyMap(PhantomData))
}

fn optional_map<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    struct Maybe<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Maybe<T> {
        type Value = Option<T>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a map or null")
        }

        fn visit_none<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
            map(deserializer).map(Some)
        }
    }
    deserializer.deserialize_option(Maybe(PhantomData))
}

struct OnlyMap<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OnlyMap<T> {
    type Value = T;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(access))
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

    #[test]
    fn an_envelope_is_read_and_its_objects_are_not() {
        let text = review(SMALL);
        let request = read(&text).unwrap();
        assert_eq!(request.uid, "u");
        assert_eq!(request.gvk(), Gvk::new("apps/v1", "Deployment"));
        assert_eq!(request.object.as_deref().unwrap(), br#"{"a":[1]}"#);
        assert!(request.old_object.is_none() && request.dry_run.is_none());
        assert_eq!(request.judged_operation(), Some(Operation::Create));
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
            assert_eq!(read(&text).unwrap().judged_operation(), None, "{text}");
        }
    }

    #[test]
    fn nesting_of_unread_objects_costs_no_stack() {
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        let text = review(&SMALL.replace(r#"{"a":[1]}"#, &deep));
        assert_eq!(read(&text).unwrap().object.unwrap().len(), deep.len());
    }
}
