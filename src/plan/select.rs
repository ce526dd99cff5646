//! A typed path, followed on one state of an object: the places that a rule judges one by one.

use super::subject::View;
use crate::cel::Fault;
use crate::json::Value;
use crate::kube::workload;
use crate::pointer::{Pointer, Token};
use crate::policy::{Root, Rule, Segment, Subject};
use crate::schema::Type;

/// One place that a rule judges. Most of them are fine as they are, so where it is and of which type is told only when
/// somebody asks.
#[derive(Clone, Debug)]
pub struct Selected<'a> {
    /// Where, from the object's root.
    steps: Vec<Step<'a>>,
    /// Where the rule's path starts.
    start: Start,
    /// What is there; `None` where the trailing field, or more, is missing.
    pub item: Option<&'a Value>,
    /// The item that was selected around it.
    pub outer: Option<&'a Value>,
    /// The key, where `[*]` walked a map.
    pub key: Option<&'a str>,
    /// How many trailing fields are missing.
    pub missing: usize,
}

#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

/// The start of a path: its type, and how many steps lead there from the object's root.
#[derive(Clone, Copy, Debug)]
struct Start {
    ty: Type,
    depth: usize,
}

impl Selected<'_> {
    /// Where, from the object's root.
    pub fn pointer(&self) -> Pointer {
        let tokens = self.steps.iter().map(|step| match step {
            Step::Key(key) => Token::Key((*key).into()),
            Step::Index(index) => Token::Index(*index),
        });
        Pointer(tokens.collect())
    }

    /// The type of the value there.
    pub fn ty(&self) -> Type {
        let steps = self.steps.iter().skip(self.start.depth);
        steps.fold(self.start.ty, |ty, step| match step {
            Step::Key(key) => ty.field(key),
            Step::Index(_) => ty.items(),
        })
    }
}

/// Steps from a pod to a container of it.
const CONTAINER: usize = 3;

/// The places of `rule` on the object of `view`, in document order. Without `at` it is the subject's root.
pub fn places<'a>(view: &View<'a>, rule: &'a Rule) -> Result<Vec<Selected<'a>>, Fault> {
    let (root, segments) = match &rule.at {
        None => (&Root::Subject, [].as_slice()),
        Some(path) => (&path.root, path.segments.as_slice()),
    };
    let subject = match root {
        Root::Subject => rule.subject,
        Root::Containers(_) => Subject::Pod,
    };
    let Some((keys, value, ty)) = view.root(subject) else {
        return Ok(Vec::new());
    };
    let mut steps = Vec::with_capacity(keys.len() + CONTAINER + segments.len());
    steps.extend(keys.iter().map(|key| Step::Key(key)));
    let mut walk = Walk {
        start: Start {
            ty,
            depth: keys.len(),
        },
        steps,
        found: Vec::new(),
    };
    match root {
        Root::Subject => walk.follow(Here::root(value), segments),
        Root::Containers(wanted) => walk.follow_containers(view, value, wanted.as_deref(), segments)?,
    }
    Ok(walk.found)
}

/// Follows a path down, and remembers where it ended.
struct Walk<'a> {
    start: Start,
    /// Where it is now.
    steps: Vec<Step<'a>>,
    found: Vec<Selected<'a>>,
}

/// What is known of the place where it is.
#[derive(Clone, Copy)]
struct Here<'a> {
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
    fn root(value: &'a Value) -> Self {
        Self {
            item: Some(value),
            selected: None,
            outer: None,
            key: None,
            missing: 0,
        }
    }

    /// An item of a list or an entry of a map that a selector chose.
    fn chosen(self, value: &'a Value, key: Option<&'a str>) -> Self {
        Self {
            selected: Some(value),
            outer: self.selected,
            key,
            ..Self::root(value)
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
            item,
            selected: self.selected,
            outer: self.selected,
            key: None,
            missing,
        })
    }
}

impl<'a> Walk<'a> {
    fn follow_containers(
        &mut self,
        view: &View<'a>,
        pod: &'a Value,
        wanted: Option<&[String]>,
        segments: &'a [Segment],
    ) -> Result<(), Fault> {
        for (place, container) in workload::containers(pod) {
            let chosen = match wanted {
                None => true,
                Some(names) => view
                    .component(container)?
                    .is_some_and(|name| names.iter().any(|one| one == name)),
            };
            if chosen {
                let steps: [Step<'_>; CONTAINER] = [
                    Step::Key("spec"),
                    Step::Key(place.list()),
                    Step::Index(place.index()),
                ];
                self.steps.extend(steps);
                let here = Here {
                    selected: Some(container),
                    ..Here::root(container)
                };
                self.follow(here, segments);
                self.steps.truncate(self.start.depth);
            }
        }
        Ok(())
    }

    /// The rest of the path from here: as deep as a path is long, which is bounded where it is read.
    fn follow(&mut self, here: Here<'a>, segments: &'a [Segment]) {
        match segments.split_first() {
            None => self.found.push(Selected {
                steps: self.steps.clone(),
                start: self.start,
                item: here.item,
                outer: here.outer,
                key: here.key,
                missing: here.missing,
            }),
            Some((Segment::Field(name), rest)) => {
                if let Some(field) = here.field(name) {
                    self.step(Step::Key(name), field, rest);
                }
            }
            Some((Segment::Each, rest)) => self.select(here, rest, |_| true),
            Some((Segment::Where { key, value }, rest)) => self.select(here, rest, |item| {
                item.get(key.as_str()).is_some_and(|found| is_text(found, value))
            }),
        }
    }

    fn step(&mut self, step: Step<'a>, here: Here<'a>, rest: &'a [Segment]) {
        self.steps.push(step);
        self.follow(here, rest);
        self.steps.pop();
    }

    /// The items of a list or the entries of a map that hold `wanted`.
    fn select(&mut self, here: Here<'a>, rest: &'a [Segment], wanted: impl Fn(&Value) -> bool) {
        match here.item {
            Some(Value::Array(items)) => {
                for (index, item) in items.iter().enumerate().filter(|(_, item)| wanted(item)) {
                    self.step(Step::Index(index), here.chosen(item, None), rest);
                }
            }
            Some(Value::Object(map)) => {
                for (key, value) in map.iter().filter(|(_, value)| wanted(value)) {
                    self.step(Step::Key(key), here.chosen(value, Some(key)), rest);
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
