//! A typed path, followed on one state of an object: the places that a rule judges one by one.

use serde_json::Value;

use super::subject::View;
use crate::cel::Fault;
use crate::kube::workload;
use crate::pointer::{Pointer, Token};
use crate::policy::{Root, Rule, Segment};
use crate::schema::Type;

/// One place that a rule judges.
#[derive(Clone, Debug)]
pub struct Selected<'a> {
    /// Where, from the object's root.
    pub pointer: Pointer,
    /// The type of the value there.
    pub ty: Type,
    /// What is there; `None` where the trailing field, or more, is missing.
    pub item: Option<&'a Value>,
    /// The item that was selected around it.
    pub outer: Option<&'a Value>,
    /// The key, where `[*]` walked a map.
    pub key: Option<String>,
    /// How many trailing fields are missing.
    pub missing: usize,
}

/// The places of `rule` on the object of `view`, in document order. Without `at` it is the subject's root.
pub fn places<'a>(view: &View<'a>, rule: &Rule) -> Result<Vec<Selected<'a>>, Fault> {
    let root = || {
        let root = view.root(rule.subject);
        root.map(|(pointer, value, ty)| place(pointer, ty, Some(value)))
    };
    let Some(path) = &rule.at else {
        return Ok(root().into_iter().collect());
    };
    let mut steps: Vec<Step<'_>> = match &path.root {
        Root::Subject => root().into_iter().map(Step::unselected).collect(),
        Root::Containers(_) if !view.has_root(rule.subject) => Vec::new(),
        Root::Containers(wanted) => containers(view, wanted.as_deref())?,
    };
    for segment in &path.segments {
        steps = steps.into_iter().flat_map(|step| step.follow(segment)).collect();
    }
    Ok(steps.into_iter().map(|step| step.place).collect())
}

fn place(pointer: Pointer, ty: Type, item: Option<&Value>) -> Selected<'_> {
    Selected {
        pointer,
        ty,
        item,
        outer: None,
        key: None,
        missing: 0,
    }
}

/// A place on the way, and what a selector chose last.
#[derive(Clone, Debug)]
struct Step<'a> {
    place: Selected<'a>,
    selected: Option<&'a Value>,
}

fn containers<'a>(view: &View<'a>, wanted: Option<&[String]>) -> Result<Vec<Step<'a>>, Fault> {
    let (Some(at), Some(pod)) = (view.pod_pointer(), view.pod()) else {
        return Ok(Vec::new());
    };
    let spec = crate::schema::pod_template().field("spec");
    let mut found = Vec::new();
    for (position, container) in workload::containers(pod) {
        let chosen = match wanted {
            None => true,
            Some(names) => view
                .component(container)?
                .is_some_and(|name| names.iter().any(|one| one == name)),
        };
        if chosen {
            let ty = spec.field(position.list()).items();
            let place = place(position.below(&at), ty, Some(container));
            found.push(Step {
                place,
                selected: Some(container),
            });
        }
    }
    Ok(found)
}

impl<'a> Step<'a> {
    /// A place to which no selector led.
    fn unselected(place: Selected<'a>) -> Self {
        Step {
            place,
            selected: None,
        }
    }

    fn follow(self, segment: &Segment) -> Vec<Step<'a>> {
        match segment {
            Segment::Field(name) => self.field(name).into_iter().collect(),
            Segment::Each => self.select(|_| true),
            Segment::Where { key, value } => {
                self.select(|item| item.get(key.as_str()).is_some_and(|found| is_text(found, value)))
            }
        }
    }

    /// A field; `None` where something other than a map stands in the way.
    fn field(self, name: &str) -> Option<Step<'a>> {
        let Selected {
            mut pointer,
            ty,
            item,
            missing,
            ..
        } = self.place;
        pointer.push(Token::Key(name.to_owned()));
        let outer = self.selected;
        let (item, missing) = match item {
            Some(Value::Object(map)) => match map.get(name) {
                Some(value) => (Some(value), 0),
                None => (None, 1),
            },
            Some(Value::Null) | None => (None, missing + 1),
            Some(_) => return None,
        };
        let place = Selected {
            pointer,
            ty: ty.field(name),
            item,
            outer,
            key: None,
            missing,
        };
        Some(Step {
            place,
            selected: self.selected,
        })
    }

    /// The items of a list or the entries of a map that hold `wanted`.
    fn select(self, wanted: impl Fn(&Value) -> bool) -> Vec<Step<'a>> {
        let Selected {
            pointer, ty, item, ..
        } = self.place;
        let outer = self.selected;
        let step = |token: Token, ty: Type, value: &'a Value, key: Option<String>| {
            let mut pointer = pointer.clone();
            pointer.push(token);
            let place = Selected {
                pointer,
                ty,
                item: Some(value),
                outer,
                key,
                missing: 0,
            };
            Step {
                place,
                selected: Some(value),
            }
        };
        match item {
            Some(Value::Array(items)) => {
                let chosen = items.iter().enumerate().filter(|(_, item)| wanted(item));
                chosen
                    .map(|(index, item)| step(Token::Index(index), ty.items(), item, None))
                    .collect()
            }
            Some(Value::Object(map)) => {
                let chosen = map.iter().filter(|(_, value)| wanted(value));
                chosen
                    .map(|(key, value)| {
                        step(Token::Key(key.clone()), ty.field(key), value, Some(key.clone()))
                    })
                    .collect()
            }
            _ => Vec::new(),
        }
    }
}

fn is_text(found: &Value, text: &str) -> bool {
    match found {
        Value::String(found) => found == text,
        Value::Number(number) => number.to_string() == text,
        Value::Bool(truth) => truth.to_string() == text,
        _ => false,
    }
}
