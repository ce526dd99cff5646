//! A whole stream through the plan: what render, check, diff and flux stand on.
//!
//! Documents that no matcher can match are not parsed. Every object is planned in the world of the results of
//! all of them; those that asked for a fact are planned again until nothing changes, at most four rounds.

mod document;
mod facts;
mod hidden;
mod progress;
mod twice;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::attributes::Attributes;
use crate::cel::Allowance;
use crate::change::{self, Change};
use crate::finding::{Finding, Location};
use crate::json::Value;
use crate::kube::GroupKind;
use crate::manifest;
use crate::parallel;
use crate::plan::{self, Decision, Edit, Explanation, Plan, Verdict};
use crate::pointer::Pointer;
use crate::policy::{Door, Needles, Policy, PolicySet};
use crate::resource::ResourceId;
use crate::source::{Diagnostic, Source, Span};
use crate::unknown::{Unknown, Why};

pub(crate) use document::objects_of;
pub use facts::facts;
pub use progress::Progress;

use document::{Object, Parsed, Text};
use world::{Asking, StreamWorld};

/// Fewer documents or objects than this are not worth a thread.
const WORTH_A_THREAD: usize = 3;

/// Rounds of planning, after which facts that still change are left as they are.
const ROUNDS: usize = 4;

/// What is known beside the stream.
#[derive(Debug)]
pub struct StreamOptions {
    /// The door at which the stream stands.
    pub door: Door,
    /// The release's namespace, if somebody gave it.
    pub namespace: Option<String>,
    /// Objects of `--facts`.
    pub facts: Vec<Arc<Value>>,
}

/// What is worked out beside the plan, for doors that ask for it.
#[derive(Clone, Debug, Default)]
pub struct More {
    /// Each edit as a replacement in the input's text.
    pub replacements: bool,
    /// What decided, policy by policy.
    pub explanations: bool,
    /// Also the objects that no policy can match.
    pub everything: bool,
    /// Told how far it is.
    pub progress: Option<Arc<Progress>>,
}

/// What the policies want of a stream.
#[derive(Debug)]
pub struct StreamPlan {
    /// The inputs, in order.
    pub sources: Vec<SourcePlan>,
    /// What reading met and a person should hear of: duplicate keys, reflowed blocks.
    pub notes: Vec<Diagnostic>,
}

/// What the policies want of one input.
#[derive(Debug)]
pub struct SourcePlan {
    /// The input.
    pub source: Source,
    /// Documents of the input, and the text of those that change.
    pub documents: Vec<DocumentPlan>,
    /// The objects that were looked at.
    pub objects: Vec<ObjectPlan>,
}

/// One document.
#[derive(Debug)]
pub struct DocumentPlan {
    /// Where it stands.
    pub document: manifest::Document,
    /// Its new text; `None`: it stays byte for byte.
    pub text: Option<String>,
    /// Places whose block had to be reflowed, with the reason.
    pub reflowed: Vec<(Pointer, String)>,
    /// Places of the input whose values no sink prints.
    pub hidden: Vec<Span>,
}

/// One object.
#[derive(Debug)]
pub struct ObjectPlan {
    /// What it is called.
    pub id: ResourceId,
    /// The document that holds it.
    pub document: u32,
    /// The chart template that rendered it.
    pub template: Option<String>,
    /// Where it stands in the input.
    pub location: Option<Location>,
    /// The object as it came.
    pub before: Arc<Value>,
    /// The object as it should be.
    pub after: Arc<Value>,
    /// What changes.
    pub edits: Vec<Edit>,
    /// What became of every rule.
    pub verdicts: Vec<Verdict>,
    /// What is to be said, sorted by what it does at this door.
    pub decision: Decision,
    /// What decided, by policy, where it was asked for.
    pub explanations: BTreeMap<String, Explanation>,
}

/// An input, cut into documents; whoever reads a large one can cut it while policies are still being loaded.
#[derive(Debug)]
pub struct Input {
    source: Source,
    documents: Vec<manifest::Document>,
}

impl Input {
    /// Cuts a text into its documents.
    pub fn split(source: Source) -> Self {
        let documents = manifest::split(&source);
        Self { source, documents }
    }
}

/// Plans every object of `sources`. An input that cannot be read is an error: nothing may be written then.
pub fn plan_stream(
    set: &PolicySet,
    sources: &[Source],
    options: &StreamOptions,
) -> Result<StreamPlan, Box<Diagnostic>> {
    let inputs = sources.iter().cloned().map(Input::split);
    plan_inputs(set, inputs.collect(), options)
}

/// As [`plan_stream`], of inputs that are cut already.
pub fn plan_inputs(
    set: &PolicySet,
    inputs: Vec<Input>,
    options: &StreamOptions,
) -> Result<StreamPlan, Box<Diagnostic>> {
    plan_more(set, inputs, options, &More::default())
}

/// As [`plan_inputs`], with what else is wanted.
pub fn plan_more(
    set: &PolicySet,
    inputs: Vec<Input>,
    options: &StreamOptions,
    more: &More,
) -> Result<StreamPlan, Box<Diagnostic>> {
    let needles = Needles::of(set);
    let texts = Text::all(inputs, &needles, more.everything);
    let progress = more.progress.clone().unwrap_or_default();
    let parsed = document::parse(&texts, options.door, &progress)?;
    let objects: Vec<Object<'_>> = parsed.iter().flat_map(Parsed::objects).collect();
    progress.expect(objects.len());
    let outcomes = settle(set, &texts, &objects, &Wishes { options, more })?;
    assemble(&texts, &parsed, objects, outcomes)
}

/// What one round says of one object.
struct Outcome {
    after: Arc<Value>,
    edits: Vec<Edit>,
    verdicts: Vec<Verdict>,
    decision: Decision,
    /// Kinds of the world that it asked for.
    asked: BTreeSet<GroupKind>,
    explanations: BTreeMap<String, Explanation>,
    hidden: Vec<Span>,
}

/// What is known beside the stream, and what is wanted beside its plan.
#[derive(Clone, Copy)]
struct Wishes<'w> {
    options: &'w StreamOptions,
    more: &'w More,
}

/// Plans all objects; those that asked for facts again in the world of the results, until it rests.
fn settle(
    set: &PolicySet,
    texts: &[Text],
    objects: &[Object<'_>],
    wishes: &Wishes<'_>,
) -> Result<Vec<Outcome>, Box<Diagnostic>> {
    let plan_in = |world: &StreamWorld<'_>, object: &Object<'_>| {
        let outcome = plan_one(set, world, object, wishes);
        if let Some(progress) = &wishes.more.progress {
            progress.advance();
        }
        outcome
    };
    let mut world = StreamWorld::new(texts, wishes.options);
    world.fill(objects.iter().map(|object| &object.resource.body));
    let mut outcomes = parallel::map(objects, WORTH_A_THREAD, |object| plan_in(&world, object));
    let changed = |(object, outcome): (&Object<'_>, &Outcome)| {
        (!outcome.edits.is_empty()).then(|| object.resource.id.gvk.group_kind())
    };
    let mut moved: BTreeSet<GroupKind> = objects.iter().zip(&outcomes).filter_map(changed).collect();
    for _ in 1..ROUNDS {
        // What asked for other kinds sees the world that it saw.
        let again: Vec<usize> = outcomes
            .iter()
            .enumerate()
            .filter(|(_, outcome)| !outcome.asked.is_disjoint(&moved))
            .map(|(index, _)| index)
            .collect();
        if again.is_empty() {
            break;
        }
        world.fill(outcomes.iter().map(|outcome| &outcome.after));
        let replanned = parallel::map(&again, WORTH_A_THREAD, |&index| {
            objects.get(index).map(|object| (object, plan_in(&world, object)))
        });
        moved.clear();
        for (index, replanned) in again.into_iter().zip(replanned) {
            if let (Some(slot), Some((object, outcome))) = (outcomes.get_mut(index), replanned) {
                if slot.after != outcome.after {
                    moved.insert(object.resource.id.gvk.group_kind());
                }
                *slot = outcome;
            }
        }
    }
    world.into_error().map_or(Ok(outcomes), Err)
}

fn plan_one(set: &PolicySet, world: &StreamWorld<'_>, object: &Object<'_>, wishes: &Wishes<'_>) -> Outcome {
    let Wishes { options, more } = *wishes;
    let stated = object
        .resource
        .id
        .namespace
        .as_deref()
        .or(options.namespace.as_deref());
    let not_in_input = |what: &str| Unknown::new(what, Why::NotInInput);
    let allowance = Allowance::default();
    let attrs = Attributes {
        door: options.door,
        operation: Err(not_in_input("whether the object is new")),
        resource: &object.resource,
        old: Err(not_in_input("the object as it is in the cluster")),
        namespace: stated.ok_or_else(|| Unknown::new("the namespace of the release", Why::NotGiven)),
        namespace_object: Err(not_in_input("the Namespace object")),
        request: Err(not_in_input("the admission request")),
        allowance: Some(&allowance),
    };
    let asking = Asking::new(world);
    let mut planned = plan::plan(set, &asking, &attrs);
    for edit in &mut planned.edits {
        edit.location = Some(object.locate(&edit.place.pointer));
    }
    let hidden = object.hidden(&planned);
    if more.replacements {
        for edit in planned.edits.iter_mut().filter(|edit| !edit.sensitive) {
            edit.replacement = object.replacement(&edit.change, &hidden);
        }
    }
    for finding in &mut planned.findings {
        // The finding speaks of the object as it will be, the text holds it as it came.
        let place = finding.place.keyed.find_in(&object.resource.body);
        finding.location = Some(object.locate(&place));
    }
    let decision = plan::decide(&planned, &object.resource.id, None, options.door);
    let explanations = if more.explanations {
        explanations(set, &asking, &attrs, &planned)
    } else {
        BTreeMap::new()
    };
    let after = match planned.after {
        std::borrow::Cow::Borrowed(_) => Arc::clone(&object.resource.body),
        std::borrow::Cow::Owned(after) => Arc::new(after),
    };
    Outcome {
        after,
        edits: planned.edits,
        verdicts: planned.verdicts,
        decision,
        asked: asking.into_asked(),
        explanations,
        hidden,
    }
}

/// What decided, of every policy that had something to decide.
fn explanations(
    set: &PolicySet,
    world: &Asking<'_>,
    attrs: &Attributes<'_>,
    planned: &Plan<'_>,
) -> BTreeMap<String, Explanation> {
    let is_open = |policy: &&Policy| {
        let mut own = planned
            .verdicts
            .iter()
            .filter(|verdict| verdict.by.policy == policy.name);
        own.any(|verdict| verdict.is_about_object())
    };
    let explain = |policy: &Policy| plan::explanation(set, world, attrs, policy, &planned.after);
    let policies = set.policies.iter().filter(is_open);
    policies
        .map(|policy| (policy.name.clone(), explain(policy)))
        .collect()
}

/// Rewrites the documents that change and puts everything into the order of the input.
fn assemble(
    texts: &[Text],
    parsed: &[Parsed],
    objects: Vec<Object<'_>>,
    outcomes: Vec<Outcome>,
) -> Result<StreamPlan, Box<Diagnostic>> {
    let mut sources: Vec<SourcePlan> = texts.iter().map(SourcePlan::unchanged).collect();
    let mut changes: Vec<Vec<Change>> = parsed.iter().map(|_| Vec::new()).collect();
    for (object, outcome) in objects.iter().zip(&outcomes) {
        if let Some(changes) = changes.get_mut(object.parsed) {
            changes.extend(outcome.edits.iter().map(|edit| Change {
                pointer: object.prefix.join(&edit.change.pointer),
                action: edit.change.action.clone(),
            }));
        }
    }
    let work: Vec<(&Parsed, Vec<Change>)> = parsed
        .iter()
        .zip(changes)
        .filter(|(_, changes)| !changes.is_empty())
        .collect();
    let rewritten = parallel::map(&work, WORTH_A_THREAD, |(parsed, changes)| {
        rewrite(parsed, changes)
    });
    for ((parsed, _), rewrite) in work.iter().zip(rewritten) {
        let rewrite = rewrite?;
        let document = sources
            .get_mut(parsed.text)
            .and_then(|source| source.documents.get_mut(parsed.document.index as usize));
        if let Some(document) = document {
            document.text = Some(rewrite.text);
            document.reflowed = rewrite.reflowed;
        }
    }
    for (object, outcome) in objects.into_iter().zip(outcomes) {
        if let Some(source) = sources.get_mut(object.text) {
            if let Some(document) = source.documents.get_mut(object.document as usize) {
                document.hidden.extend(outcome.hidden);
            }
            source.objects.push(ObjectPlan {
                template: object.template(),
                location: Some(object.locate(&Pointer::root())),
                explanations: outcome.explanations,
                document: object.document,
                id: object.resource.id,
                before: object.resource.body,
                after: outcome.after,
                edits: outcome.edits,
                verdicts: outcome.verdicts,
                decision: outcome.decision,
            });
        }
    }
    let notes = parsed
        .iter()
        .flat_map(|parsed| parsed.tree.notes.iter().cloned())
        .collect();
    Ok(StreamPlan { sources, notes })
}

fn rewrite(parsed: &Parsed, changes: &[Change]) -> Result<manifest::Rewrite, Box<Diagnostic>> {
    let mut expected = parsed.tree.value.clone();
    change::apply(&mut expected, changes);
    manifest::rewrite(&parsed.source, &parsed.document, &parsed.tree, changes, &expected).map_err(Box::new)
}

impl SourcePlan {
    fn unchanged(text: &Text) -> Self {
        let documents = text.documents.iter().map(|slot| DocumentPlan {
            document: slot.document.clone(),
            text: None,
            reflowed: Vec::new(),
            hidden: Vec::new(),
        });
        Self {
            source: text.source.clone(),
            documents: documents.collect(),
            objects: Vec::new(),
        }
    }

    /// The pieces of the new text, in order: those that stay are slices of the input.
    pub fn pieces(&self) -> impl Iterator<Item = &str> {
        self.documents.iter().map(|document| {
            document
                .text
                .as_deref()
                .unwrap_or_else(|| self.source.slice(document.document.span))
        })
    }

    /// The whole new text.
    pub fn text(&self) -> String {
        self.pieces().collect()
    }

    /// Whether anything changes.
    pub fn is_changed(&self) -> bool {
        self.documents.iter().any(|document| document.text.is_some())
    }
}

impl StreamPlan {
    /// Every object of every input.
    pub fn objects(&self) -> impl Iterator<Item = &ObjectPlan> {
        self.sources.iter().flat_map(|source| &source.objects)
    }

    /// The findings for which `pick` chooses a part of each decision.
    pub fn findings<'s>(
        &'s self,
        pick: impl Fn(&'s Decision) -> &'s [Finding] + 's,
    ) -> impl Iterator<Item = &'s Finding> {
        self.objects().flat_map(move |object| pick(&object.decision))
    }
}

impl Location {
    /// `file:line:column`, for people.
    pub fn line(&self) -> String {
        format!(
            "{}:{}",
            self.source.name(),
            self.source.line_column(self.span.start)
        )
    }
}
