//! A typed path, followed on one state of an object: the places that a rule judges one by one.

use super::subject::View;
use crate::cel::Fault;
use crate::json::Value;
use crate::kube::workload;
use crate::pointer::{Pointer, Token};
use crate::policy::{Root, Rule, Segment, Subject};
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
    let mut walk = Walk {
        pointer: Pointer::root(),
        found: Vec::new(),
    };
    match rule
        .at
        .as_ref()
        .map(|path| (&path.root, path.segments.as_slice()))
    {
        None => walk.start_at_subject(view, rule.subject, &[]),
        Some((Root::Subject, segments)) => walk.start_at_subject(view, rule.subject, segments),
        Some((Root::Containers(wanted), segments)) if view.has_root(rule.subject) => {
            walk.start_at_containers(view, wanted.as_deref(), segments)?;
        }
        Some((Root::Containers(_), _)) => {}
    }
    Ok(walk.found)
}

/// Follows a path down, and remembers where it ended.
struct Walk<'a> {
    /// Where it is now.
    pointer: Pointer,
    found: Vec<Selected<'a>>,
}

/// What is known of the place where it is.
#[derive(Clone, Copy)]
struct Here<'a> {
    ty: Type,
    item: Option<&'a Value>,
    /// What a selector chose last.
    selected: Option<&'a Value>,
    /// What it had chosen before this step.
    outer: Option<&'a Value>,
    key: Option<&'a str>,
    missing: usize,
}

impl<'a> Here<'a> {
    /// Where a path starts.
    fn root(ty: Type, value: &'a Value) -> Self {
        Self {
            ty,
            item: Some(value),
            selected: None,
            outer: None,
            key: None,
            missing: 0,
        }
    }

    /// An item of a list or an entry of a map that a selector chose.
    fn chosen(self, ty: Type, value: &'a Value, key: Option<&'a str>) -> Self {
        Self {
            selected: Some(value),
            outer: self.selected,
            key,
            ..Self::root(ty, value)
        }
    }

    /// A field; `None` where something other than a map stands in the way.
    fn field(self, name: &str) -> Option<Self> {
        let item = match self.item {
            Some(Value::Object(map)) => map.get(name),
            Some(Value::Null) | None => None,
            Some(_) => return None,
        };
        let missing = match (item, self.item) {
            (Some(_), _) => 0,
            (None, Some(Value::Object(_))) => 1,
            (None, _) => self.missing + 1,
        };
        Some(Self {
            ty: self.ty.field(name),
            item,
            selected: self.selected,
            outer: self.selected,
            key: None,
            missing,
        })
    }
}

impl<'a> Walk<'a> {
    fn start_at_subject(&mut self, view: &View<'a>, subject: Subject, segments: &[Segment]) {
        if let Some((pointer, value, ty)) = view.root(subject) {
            self.pointer = pointer;
            self.follow(Here::root(ty, value), segments);
        }
    }

    fn start_at_containers(
        &mut self,
        view: &View<'a>,
        wanted: Option<&[String]>,
        segments: &[Segment],
    ) -> Result<(), Fault> {
        let (Some(at), Some(pod)) = (view.pod_pointer(), view.pod()) else {
            return Ok(());
        };
        let spec = crate::schema::pod_template().field("spec");
        for (position, container) in workload::containers(pod) {
            let chosen = match wanted {
                None => true,
                Some(names) => view
                    .component(container)?
                    .is_some_and(|name| names.iter().any(|one| one == name)),
            };
            if chosen {
                self.pointer = position.below(&at);
                let ty = spec.field(position.list()).items();
                let here = Here {
                    selected: Some(container),
                    ..Here::root(ty, container)
                };
                self.follow(here, segments);
            }
        }
        Ok(())
    }

    /// The rest of the path from here: as deep as a path is long, which is bounded where it is read.
    fn follow(&mut self, here: Here<'a>, segments: &[Segment]) {
        match segments.split_first() {
            None => self.found.push(Selected {
                pointer: self.pointer.clone(),
                ty: here.ty,
                item: here.item,
                outer: here.outer,
                key: here.key.map(str::to_owned),
                missing: here.missing,
            }),
            Some((Segment::Field(name), rest)) => {
                if let Some(field) = here.field(name) {
                    self.step(Token::Key(name.into()), field, rest);
                }
            }
            Some((Segment::Each, rest)) => self.select(here, rest, |_| true),
            Some((Segment::Where { key, value }, rest)) => self.select(here, rest, |item| {
                item.get(key.as_str()).is_some_and(|found| is_text(found, value))
            }),
        }
    }

    fn step(&mut self, token: Token, here: Here<'a>, rest: &[Segment]) {
        self.pointer.push(token);
        self.follow(here, rest);
        self.pointer.0.pop();
    }

    /// The items of a list or the entries of a map that hold `wanted`.
    fn select(&mut self, here: Here<'a>, rest: &[Segment], wanted: impl Fn(&Value) -> bool) {
        match here.item {
            Some(Value::Array(items)) => {
                let ty = here.ty.items();
                for (index, item) in items.iter().enumerate().filter(|(_, item)| wanted(item)) {
                    self.step(Token::Index(index), here.chosen(ty, item, None), rest);
                }
            }
            Some(Value::Object(map)) => {
                for (key, value) in map.iter().filter(|(_, value)| wanted(value)) {
                    let chosen = here.chosen(here.ty.field(key), value, Some(key));
                    self.step(Token::Key(key.as_str().into()), chosen, rest);
                }
            }
            _ => {}
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
