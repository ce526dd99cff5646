//! CEL: compile once, bind lazily, never hang.
//!
//! The grammar is crate `cel`'s; what a tree means is evaluated here ([`evaluate`] says why).

mod budget;
mod conjuncts;
mod evaluate;
mod functions;
mod ir;
mod library;
mod lower;
mod parse;
#[cfg(test)]
mod tests;
mod value;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::ops::Range;

use crate::json::Value;
use crate::kube::GroupKind;
use crate::unknown::Unknown;

pub use budget::Allowance;

/// A named CEL expression with arguments; inlined when a program that calls it is compiled.
#[derive(Clone, Debug)]
pub struct Function {
    /// Name by which it is called.
    pub name: String,
    /// Names of its arguments.
    pub args: Vec<String>,
    /// Its body; sees its arguments and every name of the calling program.
    pub expression: String,
}

/// What an expression may call and name.
#[derive(Debug, Default)]
pub struct Environment {
    functions: functions::Functions,
}

/// The fields of a name, all of them: another one is an error however it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'f> {
    /// The name: `params`.
    pub of: &'f str,
    /// Its fields.
    pub known: &'f BTreeSet<String>,
    /// What one of them is called: `param`.
    pub noun: &'f str,
}

/// An expression that does not compile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CompileError {
    /// One sentence.
    pub message: String,
    /// Bytes of the expression; empty at the end of the text where the parser ran out of input.
    pub range: Range<usize>,
    /// What to do: `did you mean containers?`
    pub help: Option<String>,
}

impl Environment {
    /// An environment with the library and these functions; fails on recursion, a clash of names, or a body
    /// that does not parse (the `usize` is the position of the function).
    pub fn new(functions: &[Function]) -> Result<Self, (usize, CompileError)> {
        functions::read(functions).map(|functions| Self { functions })
    }

    /// This environment with more functions, which may call those that it has; fails like [`Self::new`].
    pub fn with(&self, more: &[Function]) -> Result<Self, (usize, CompileError)> {
        functions::read_more(&self.functions, more).map(|functions| Self { functions })
    }

    /// Whether a function of that name was given to it.
    pub fn has_function(&self, name: &str) -> bool {
        self.functions.contains_key(name)
    }

    /// Compiles an expression that may use `names` (and the library, and the functions).
    pub fn compile(&self, source: &str, names: &[&str]) -> Result<Program, CompileError> {
        self.compile_with(source, names, &[])
    }

    /// The same, where of some names every field is known.
    pub fn compile_with(
        &self,
        source: &str,
        names: &[&str],
        fields: &[Fields<'_>],
    ) -> Result<Program, CompileError> {
        let tree = parse::parse(source)?;
        let names = lower::Names {
            functions: &self.functions,
            names,
            fields,
        };
        let lowered = lower::lower(source, &tree, &names);
        parse::dismantle(tree);
        let lower::Lowered {
            compiled,
            mentions,
            asked,
        } = lowered?;
        Ok(Program {
            source: source.to_owned(),
            compiled,
            mentions,
            asked,
        })
    }
}

/// A pattern as `matches` takes it: linear in time, bounded in size; `None` for one that is wrong or too large.
pub fn compile_pattern(pattern: &str) -> Option<std::sync::Arc<regex::Regex>> {
    library::compile_pattern(pattern)
}

/// A compiled expression; cheap to share, immutable.
#[derive(Debug)]
pub struct Program {
    source: String,
    compiled: ir::Compiled,
    mentions: BTreeSet<String>,
    asked: BTreeSet<Asked>,
}

/// What `world.get` or `world.list` is asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asked {
    /// Objects of this kind: the expression writes it out.
    Kind(GroupKind),
    /// Objects of a kind that the expression computes.
    Computed,
}

/// Why an evaluation gave no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Something could not be seen.
    #[error(transparent)]
    Unknown(#[from] Unknown),
    /// The expression is wrong for this input: no such key, wrong type, division by zero.
    #[error("{0}")]
    Failed(String),
    /// The evaluation used up its budget.
    #[error("the expression needs too much work: {0}")]
    Budget(String),
}

/// A value that a [`Scope`] hands to CEL, lazily.
#[derive(Debug)]
pub enum Binding<'s> {
    /// A borrowed value; with `hide_null` the null-valued keys of maps are not there (text origin).
    Borrowed {
        /// The value.
        value: &'s Value,
        /// Whether null-valued keys are hidden, at every depth.
        hide_null: bool,
    },
    /// A list of borrowed values.
    Items {
        /// The items.
        items: Vec<&'s Value>,
        /// As in [`Binding::Borrowed`].
        hide_null: bool,
    },
    /// A computed value.
    Owned(Value),
    /// A map whose entries are computed when asked for, and may each be unknown.
    Lazy(Box<dyn Lazy + 's>),
    /// An optional (`optional.of`, `optional.none()`).
    Optional(Option<Given<'s>>),
    /// A list that may be incomplete: ends with an Unknown element where `missing` says so, so that `exists`
    /// may still be true and `all` false, never the opposite.
    Listing {
        /// What is known.
        items: Vec<Given<'s>>,
        /// What may be missing.
        missing: Option<Unknown>,
    },
}

/// What a list or an optional of a [`Scope`] holds. Objects of the world are large: they are borrowed.
#[derive(Clone, Debug)]
pub enum Given<'s> {
    /// A computed value.
    Computed(Value),
    /// A value that the scope keeps, with its null-valued keys.
    Kept(&'s Value),
    /// A map of such values.
    Record(Vec<(&'static str, &'s Value)>),
}

impl From<Value> for Given<'_> {
    fn from(value: Value) -> Self {
        Given::Computed(value)
    }
}

/// A map whose entries are computed when asked for.
pub trait Lazy: Debug + Send + Sync {
    /// The keys, in order.
    fn keys(&self) -> Vec<String>;
    /// The entry; `None` if there is no such key.
    fn get<'a>(&'a self, key: &str) -> Result<Option<Binding<'a>>, Fault>;
}

/// Where a program's free names and host functions come from, for one evaluation.
pub trait Scope: Debug + Send + Sync {
    /// The value of a name that `compile` was told of. Asked for once per mention: cache what is dear.
    fn name<'s>(&'s self, name: &str) -> Result<Binding<'s>, Fault>;
    /// A call of one of [`HOST_FUNCTIONS`]. Maps of the object come as they are, null-valued keys included.
    fn call<'s>(&'s self, function: &str, args: &[Cow<'_, Value>]) -> Result<Binding<'s>, Fault>;
    /// What evaluations in this scope share with others; each has a limit of its own besides.
    fn allowance(&self) -> Option<&Allowance>;
}

/// Functions that the library leaves to the scope, with their number of arguments: they look at the subject,
/// its pack and the world. `world.get` and `world.list` are written as calls on the name `world`.
pub const HOST_FUNCTIONS: [(&str, usize); 7] = [
    ("env", 2),
    ("component", 1),
    ("peers", 1),
    ("backing", 1),
    ("storageClass", 1),
    ("world.get", 4),
    ("world.list", 3),
];

impl Program {
    /// The text it was compiled from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The free names and host functions (functions inlined) that it may ask the scope for: what locality is
    /// inferred from. A field of a free name is there as well: `params.path`; a name that is used as a whole
    /// is there as `item.*`, too, and what is at a key that is computed as `volumes[]` or
    /// `volumes[].persistent`.
    pub fn mentions(&self) -> &BTreeSet<String> {
        &self.mentions
    }

    /// What it may ask `world.get` and `world.list` for, functions inlined.
    pub fn asked(&self) -> &BTreeSet<Asked> {
        &self.asked
    }

    /// Evaluates to JSON.
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Value, Fault> {
        let (result, mut budget) = evaluate::run(&self.compiled, scope)?;
        evaluate::to_json(&result, &mut budget)
    }

    /// The value, if `params` alone decide it: what it would be for every object.
    pub fn fold(&self, params: &Value) -> Option<Value> {
        self.evaluate(&Params(params)).ok()
    }

    /// Of a conjunction that does not hold the first part that is false, as written, for whoever explains; `None`
    /// where that cannot be told.
    pub fn deciding(&self, scope: &dyn Scope) -> Option<&str> {
        conjuncts::deciding(&self.source, &self.compiled, scope)
    }

    /// Evaluates a condition; anything but a boolean is a failure.
    pub fn holds(&self, scope: &dyn Scope) -> Result<bool, Fault> {
        match self.evaluate(scope)? {
            Value::Bool(truth) => Ok(truth),
            other => Err(Fault::Failed(format!(
                "the expression must give true or false, but gave {other}"
            ))),
        }
    }
}

/// A scope in which only the params are known.
#[derive(Debug)]
struct Params<'p>(&'p Value);

impl Scope for Params<'_> {
    fn name<'s>(&'s self, name: &str) -> Result<Binding<'s>, Fault> {
        match name {
            "params" => Ok(Binding::Borrowed {
                value: self.0,
                hide_null: true,
            }),
            // A failure, since `known()` would turn an Unknown into an answer.
            other => Err(Fault::Failed(format!("{other} is not known yet"))),
        }
    }

    fn call<'s>(&'s self, function: &str, _: &[Cow<'_, Value>]) -> Result<Binding<'s>, Fault> {
        Err(Fault::Failed(format!("{function} cannot be asked yet")))
    }

    fn allowance(&self) -> Option<&Allowance> {
        None
    }
}
