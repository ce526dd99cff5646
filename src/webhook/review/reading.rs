//! One pass over a review. The objects stand behind what they are known by, so when they are reached it is known
//! whether anybody wants them: one that nobody wants is passed over, one that policies want is read at once, and the
//! text of no object is gone over twice.

use std::fmt;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Head, Object, Request, RequestKind};
use crate::json::Reading;
use crate::resource::MANAGED_FIELDS;

/// What is to become of a request's objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Nobody needs them.
    Nothing,
    /// They are read later, or never.
    Text,
    /// They are read now.
    Values,
}

/// What an object is read from, and for whom.
#[derive(Clone, Copy)]
pub(super) struct Reader<'r, 't> {
    pub(super) body: &'t Bytes,
    /// What the head of a request makes wish for. It is whole but for what follows the object, which is nothing where
    /// an API server writes it.
    pub(super) wish: &'r dyn Fn(&Head) -> Wish,
}

/// A review, whoever speaks of it.
pub(super) struct Review {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) request: Option<Request>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum ReviewField {
    ApiVersion,
    Kind,
    Request,
    #[serde(other)]
    Other,
}

/// Reads a review.
pub(super) struct ReadReview<'r, 't>(pub(super) Reader<'r, 't>);

impl<'t> DeserializeSeed<'t> for ReadReview<'_, 't> {
    type Value = Review;

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<Review, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'t> Visitor<'t> for ReadReview<'_, 't> {
    type Value = Review;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut fields: A) -> Result<Review, A::Error> {
        let (mut api_version, mut kind, mut request) = (None, None, None);
        while let Some(field) = fields.next_key()? {
            match field {
                ReviewField::ApiVersion => once(&mut api_version, "apiVersion", fields.next_value()?)?,
                ReviewField::Kind => once(&mut kind, "kind", fields.next_value()?)?,
                ReviewField::Request => {
                    once(
                        &mut request,
                        "request",
                        fields.next_value_seed(ReadRequest(self.0))?,
                    )?;
                }
                ReviewField::Other => {
                    fields.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Review {
            api_version: api_version.unwrap_or_default(),
            kind: kind.unwrap_or_default(),
            request: request.flatten(),
        })
    }
}

fn once<T, E: serde::de::Error>(place: &mut Option<T>, name: &'static str, value: T) -> Result<(), E> {
    match place.replace(value) {
        Some(_) => Err(E::duplicate_field(name)),
        None => Ok(()),
    }
}

/// Reads the value of `request`; `None` for null.
struct ReadRequest<'r, 't>(Reader<'r, 't>);

impl<'t> DeserializeSeed<'t> for ReadRequest<'_, 't> {
    type Value = Option<Request>;

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum Field {
    Uid,
    Kind,
    SubResource,
    Name,
    Namespace,
    Operation,
    DryRun,
    UserInfo,
    Object,
    OldObject,
    /// What nobody asks for.
    #[serde(other)]
    Other,
}

impl Field {
    fn name(self) -> &'static str {
        match self {
            Field::Uid => "uid",
            Field::Kind => "kind",
            Field::SubResource => "subResource",
            Field::Name => "name",
            Field::Namespace => "namespace",
            Field::Operation => "operation",
            Field::DryRun => "dryRun",
            Field::UserInfo => "userInfo",
            Field::Object => "object",
            Field::OldObject => "oldObject",
            Field::Other => "",
        }
    }
}

impl<'t> Visitor<'t> for ReadRequest<'_, 't> {
    type Value = Option<Request>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map or null")
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'t>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'t>>(self, fields: A) -> Result<Self::Value, A::Error> {
        let mut pass = Pass {
            reader: self.0,
            request: Request::default(),
            seen: 0,
            wish: None,
        };
        pass.fields(fields)?;
        match [Field::Kind, Field::Operation]
            .into_iter()
            .find(|field| !pass.has(*field))
        {
            Some(missing) => Err(A::Error::missing_field(missing.name())),
            None => Ok(Some(pass.request)),
        }
    }
}

/// What one pass has come to.
struct Pass<'r, 't> {
    reader: Reader<'r, 't>,
    request: Request,
    /// A bit for each field that came.
    seen: u16,
    /// What is to become of the objects, from the first one on.
    wish: Option<Wish>,
}

impl<'t> Pass<'_, 't> {
    fn has(&self, field: Field) -> bool {
        self.seen & (1 << field as u16) != 0
    }

    fn fields<A: MapAccess<'t>>(&mut self, mut fields: A) -> Result<(), A::Error> {
        while let Some(field) = fields.next_key::<Field>()? {
            if self.has(field) && !matches!(field, Field::Other) {
                return Err(A::Error::duplicate_field(field.name()));
            }
            self.seen |= 1 << field as u16;
            let head = &mut self.request.head;
            match field {
                Field::Uid => head.uid = fields.next_value()?,
                Field::Kind => head.kind = fields.next_value_seed(ReadKind)?,
                Field::SubResource => head.sub_resource = fields.next_value()?,
                Field::Name => head.name = fields.next_value()?,
                Field::Namespace => head.namespace = fields.next_value()?,
                Field::Operation => head.operation = fields.next_value()?,
                Field::DryRun => head.dry_run = fields.next_value()?,
                Field::UserInfo => self.request.user_info = self.text(&mut fields)?,
                Field::Object => self.request.object = self.object(&mut fields)?,
                Field::OldObject => self.request.old_object = self.object(&mut fields)?,
                Field::Other => {
                    fields.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }

    fn text<A: MapAccess<'t>>(&self, fields: &mut A) -> Result<Option<Bytes>, A::Error> {
        let raw: Option<&RawValue> = fields.next_value()?;
        Ok(raw.map(|raw| self.reader.body.slice_ref(raw.get().as_bytes())))
    }

    fn object<A: MapAccess<'t>>(&mut self, fields: &mut A) -> Result<Option<Object>, A::Error> {
        let is_known = self.has(Field::Kind) && self.has(Field::Operation);
        let wish = match self.wish {
            Some(wish) => wish,
            None if is_known => (self.reader.wish)(&self.request.head),
            None => Wish::Text,
        };
        self.wish = Some(wish);
        Ok(match wish {
            Wish::Nothing => {
                fields.next_value::<IgnoredAny>()?;
                None
            }
            Wish::Text => self.text(fields)?.map(Object::Text),
            Wish::Values => {
                let reading = Reading {
                    text: self.reader.body,
                    without: &MANAGED_FIELDS,
                };
                let value = fields.next_value_seed(reading)?;
                Some(value).filter(|value| !value.is_null()).map(Object::Read)
            }
        })
    }
}

/// Reads the kind of a request. Serde would take a list for a struct, with its items for the fields; that is refused, as
/// it is of the review and the request.
struct ReadKind;

impl<'t> DeserializeSeed<'t> for ReadKind {
    type Value = RequestKind;

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<RequestKind, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'t> Visitor<'t> for ReadKind {
    type Value = RequestKind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'t>>(self, fields: A) -> Result<RequestKind, A::Error> {
        RequestKind::deserialize(MapAccessDeserializer::new(fields))
    }
}
