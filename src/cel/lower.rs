//! A syntax tree becomes [`Ir`]: names are resolved, functions expanded, macros recognised.

mod calls;
mod macros;

use std::collections::BTreeSet;

use ::cel::common::ast::operators as op;
use ::cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, SelectExpr};

use super::Asked;
use super::functions::Functions;
use super::ir::{Compiled, Ir, Literal, Loop, LoopKind, Operator, Slot};
use super::library::{self, Style};
use super::parse::{NodeId, locate};
use super::{CompileError, Fields, HOST_FUNCTIONS};

/// Deepest nesting, functions expanded.
const MAX_DEPTH: usize = 160;
/// Most nodes, functions expanded: a function that calls another twice, which calls another twice…
const MAX_NODES: usize = 20_000;

/// What an expression may mention.
pub(super) struct Names<'n> {
    pub functions: &'n Functions,
    pub names: &'n [&'n str],
    /// Names of which every field is known.
    pub fields: &'n [Fields<'n>],
}

/// A compiled tree, the names and host functions that it mentions, and the kinds that it asks the world for.
pub(super) struct Lowered {
    pub compiled: Compiled,
    pub mentions: BTreeSet<String>,
    pub asked: BTreeSet<Asked>,
}

/// Lowers the tree of `source`.
pub(super) fn lower<'n>(
    source: &'n str,
    tree: &'n IdedExpr,
    names: &'n Names<'n>,
) -> Result<Lowered, CompileError> {
    let mut lowering = Lowering {
        source,
        names,
        locals: Vec::new(),
        mentioned: Vec::new(),
        mentions: BTreeSet::new(),
        asked: BTreeSet::new(),
        slots: 0,
        depth: 0,
        nodes: 0,
        inside: Vec::new(),
    };
    let root = lowering.node(tree)?;
    let Lowering {
        mentioned,
        mentions,
        asked,
        slots,
        ..
    } = lowering;
    Ok(Lowered {
        compiled: Compiled {
            root,
            names: mentioned.into_iter().map(str::to_owned).collect(),
            slots,
        },
        mentions: mentions.into_iter().map(|(name, part)| part.of(name)).collect(),
        asked,
    })
}

/// What of a name an expression asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part<'n> {
    /// That it is asked for at all.
    Any,
    /// The value as a whole.
    Whole,
    Field(&'n str),
    /// What is at a key that is computed.
    Item,
    /// A field of what is there.
    ItemField(&'n str),
}

impl Part<'_> {
    /// `pod`, `pod.*`, `pod.spec`, `volumes[]`, `volumes[].persistent`.
    fn of(self, name: &str) -> String {
        match self {
            Part::Any => name.to_owned(),
            Part::Whole => format!("{name}.*"),
            Part::Field(field) => format!("{name}.{field}"),
            Part::Item => format!("{name}[]"),
            Part::ItemField(field) => format!("{name}[].{field}"),
        }
    }
}

struct Lowering<'n> {
    /// The text that places are told in.
    source: &'n str,
    names: &'n Names<'n>,
    /// Variables of macros and arguments of functions in sight, innermost last.
    locals: Vec<(&'n str, Slot)>,
    mentioned: Vec<&'n str>,
    /// Names and host functions, and what of a name is asked for.
    mentions: BTreeSet<(&'n str, Part<'n>)>,
    asked: BTreeSet<Asked>,
    slots: usize,
    depth: usize,
    nodes: usize,
    /// Functions that are being expanded, with the place of the outermost call.
    inside: Vec<(&'n str, NodeId)>,
}

impl<'n> Lowering<'n> {
    fn node(&mut self, tree: &'n IdedExpr) -> Result<Ir, CompileError> {
        self.nodes += 1;
        self.depth += 1;
        if self.depth > MAX_DEPTH || self.nodes > MAX_NODES {
            let message = "the expression is too large, functions counted wherever they are called";
            return Err(self.wrong(tree.id, message, Some("split it with `variables`")));
        }
        let lowered = self.expression(tree);
        self.depth -= 1;
        lowered
    }

    fn boxed(&mut self, tree: &'n IdedExpr) -> Result<Box<Ir>, CompileError> {
        self.node(tree).map(Box::new)
    }

    fn all(&mut self, trees: &'n [IdedExpr]) -> Result<Vec<Ir>, CompileError> {
        trees.iter().map(|tree| self.node(tree)).collect()
    }

    fn expression(&mut self, tree: &'n IdedExpr) -> Result<Ir, CompileError> {
        match &tree.expr {
            Expr::Literal(literal) => Ok(Ir::Literal(self::literal(literal))),
            Expr::Ident(name) => self.name(name, tree.id),
            Expr::Select(select) => self.select(select, tree.id),
            Expr::Call(call) => self.call(call, tree.id),
            Expr::Comprehension(comprehension) => self.standard_loop(comprehension, tree.id),
            Expr::List(list) => {
                let mut items = Vec::with_capacity(list.elements.len());
                for (index, element) in list.elements.iter().enumerate() {
                    items.push((self.node(element)?, list.optional_indices.contains(&index)));
                }
                Ok(Ir::List(items))
            }
            Expr::Map(map) => {
                let mut entries = Vec::with_capacity(map.entries.len());
                for entry in &map.entries {
                    if let EntryExpr::MapEntry(entry) = &entry.expr {
                        entries.push((self.node(&entry.key)?, self.node(&entry.value)?, entry.optional));
                    }
                }
                Ok(Ir::Map(entries))
            }
            Expr::Struct(literal) => {
                let message = format!("there is no message type {}", literal.type_name);
                Err(self.wrong(tree.id, &message, Some("write a map: {'key': value}")))
            }
            Expr::Unspecified => Err(self.wrong(tree.id, "the expression is empty", None)),
        }
    }

    fn name(&mut self, name: &'n str, id: NodeId) -> Result<Ir, CompileError> {
        if let Some((_, slot)) = self.locals.iter().rev().find(|(local, _)| *local == name) {
            return Ok(Ir::Local(*slot));
        }
        if self.names.names.contains(&name) {
            self.mentions.insert((name, Part::Whole));
            return Ok(Ir::Name(self.mention(name)));
        }
        if let Some(type_name) = library::type_name(name) {
            return Ok(Ir::Literal(Literal::Type(type_name)));
        }
        let message = format!("there is no name `{name}` here");
        let help = self.nearest_name(name);
        Err(self.wrong(id, &message, help.as_deref()))
    }

    fn mention(&mut self, name: &'n str) -> usize {
        self.mentions.insert((name, Part::Any));
        match self.mentioned.iter().position(|other| *other == name) {
            Some(position) => position,
            None => {
                self.mentioned.push(name);
                self.mentioned.len() - 1
            }
        }
    }

    fn nearest_name(&self, name: &str) -> Option<String> {
        if name == "namespace" {
            return Some("say `ns`: the word `namespace` is reserved in CEL".into());
        }
        let locals = self.locals.iter().map(|(local, _)| *local);
        nearest(name, self.names.names.iter().copied().chain(locals))
    }

    /// What has the field that is asked for; a field of a name is a mention of its own.
    fn owner(&mut self, tree: &'n IdedExpr, field: &'n str, id: NodeId) -> Result<Box<Ir>, CompileError> {
        if let Some((name, key)) = self.item_of_free_name(tree) {
            return self.item(name, Part::ItemField(field), key).map(Box::new);
        }
        let Some(name) = self.free_name(tree) else {
            return self.boxed(tree);
        };
        self.check_field(name, field, id)?;
        self.mentions.insert((name, Part::Field(field)));
        Ok(Box::new(Ir::Name(self.mention(name))))
    }

    /// `volumes[m.name]`: the name, and the key that is computed.
    fn item_of_free_name<'t>(&self, tree: &'t IdedExpr) -> Option<(&'t str, &'t IdedExpr)> {
        let Expr::Call(call) = &tree.expr else { return None };
        match (call.func_name.as_str(), call.args.as_slice()) {
            (op::INDEX, [owner, key]) if !is_text(key) => Some((self.free_name(owner)?, key)),
            _ => None,
        }
    }

    fn item(&mut self, name: &'n str, part: Part<'n>, key: &'n IdedExpr) -> Result<Ir, CompileError> {
        self.mentions.insert((name, part));
        let owner = Ir::Name(self.mention(name));
        Ok(Ir::Index(Box::new(owner), self.boxed(key)?))
    }

    /// The name, if the tree is one that the scope is asked for.
    fn free_name<'t>(&self, tree: &'t IdedExpr) -> Option<&'t str> {
        let Expr::Ident(name) = &tree.expr else {
            return None;
        };
        let is_local = self.locals.iter().any(|(local, _)| *local == name.as_str());
        (!is_local && self.names.names.contains(&name.as_str())).then_some(name)
    }

    fn check_field(&self, name: &str, field: &str, id: NodeId) -> Result<(), CompileError> {
        let closed = self.names.fields.iter().find(|fields| fields.of == name);
        let Some(fields) = closed.filter(|fields| !fields.known.contains(field)) else {
            return Ok(());
        };
        let known = || fields.known.iter().map(String::as_str);
        let help = nearest(field, known()).or_else(|| {
            let all: Vec<&str> = known().collect();
            (!all.is_empty()).then(|| format!("known here: {}", all.join(", ")))
        });
        let message = format!("this policy has no {} `{field}`", fields.noun);
        let mut wrong = self.wrong(id, &message, help.as_deref());
        if self.inside.is_empty()
            && let Some(range) = field_at(self.source, wrong.range.start, field)
        {
            wrong.range = range;
        }
        Err(wrong)
    }

    fn select(&mut self, select: &'n SelectExpr, id: NodeId) -> Result<Ir, CompileError> {
        let field = select.field.as_str().into();
        if !select.test
            && let Some(qualified) = self.qualified(&select.operand, &select.field)
            && let Some(type_name) = library::type_name(&qualified)
        {
            return Ok(Ir::Literal(Literal::Type(type_name)));
        }
        let operand = self.owner(&select.operand, &select.field, id)?;
        Ok(if select.test {
            Ir::Has(operand, field)
        } else {
            Ir::Select(operand, field)
        })
    }

    /// `a.b` where `a` is no name that a value has: a qualified name, as in `sets.contains`.
    fn qualified(&self, operand: &IdedExpr, field: &str) -> Option<String> {
        match &operand.expr {
            Expr::Ident(name) => {
                let is_value = self.locals.iter().any(|(local, _)| *local == name.as_str())
                    || self.names.names.contains(&name.as_str());
                (!is_value).then(|| format!("{name}.{field}"))
            }
            Expr::Select(select) if !select.test => self
                .qualified(&select.operand, &select.field)
                .map(|head| format!("{head}.{field}")),
            _ => None,
        }
    }

    fn slot(&mut self) -> Slot {
        self.slots += 1;
        self.slots - 1
    }

    /// An error at a node; inside of a function it is shown at the call.
    fn wrong(&self, id: NodeId, message: &str, help: Option<&str>) -> CompileError {
        let (message, id) = match self.inside.first() {
            Some((_, call)) => {
                let name = self.inside.last().map_or("", |(name, _)| *name);
                (format!("in the function `{name}`: {message}"), *call)
            }
            None => (message.to_owned(), id),
        };
        CompileError {
            message,
            range: locate(self.source, id),
            help: help.map(str::to_owned),
        }
    }
}

/// Where the field stands at or behind `from`: of a selection the parser notes the dot.
fn field_at(source: &str, from: usize, field: &str) -> Option<std::ops::Range<usize>> {
    let start = from + source.get(from..)?.find(field)?;
    Some(start..start + field.len())
}

fn wrong_count(name: &str, wanted: usize, given: usize) -> String {
    let noun = if wanted == 1 { "argument" } else { "arguments" };
    format!("`{name}` takes {wanted} {noun}, not {given}")
}

fn is_host(name: &str) -> bool {
    HOST_FUNCTIONS.iter().any(|(host, _)| *host == name)
}

/// The one element of a list literal.
fn only(tree: &IdedExpr) -> Option<&IdedExpr> {
    match &tree.expr {
        Expr::List(list) => list.elements.first(),
        _ => None,
    }
}

fn is_text(tree: &IdedExpr) -> bool {
    matches!(&tree.expr, Expr::Literal(LiteralValue::String(_)))
}

fn literal(literal: &LiteralValue) -> Literal {
    match literal {
        LiteralValue::Boolean(truth) => Literal::Bool(*truth.inner()),
        LiteralValue::Bytes(bytes) => Literal::Bytes(bytes.inner().into()),
        LiteralValue::Double(double) => Literal::Double(*double.inner()),
        LiteralValue::Int(int) => Literal::Int(*int.inner()),
        LiteralValue::Null => Literal::Null,
        LiteralValue::String(text) => Literal::String(text.inner().into()),
        LiteralValue::UInt(uint) => Literal::Uint(*uint.inner()),
    }
}

fn binary(name: &str) -> Option<Operator> {
    Some(match name {
        op::EQUALS => Operator::Equal,
        op::NOT_EQUALS => Operator::NotEqual,
        op::LESS => Operator::Less,
        op::LESS_EQUALS => Operator::LessOrEqual,
        op::GREATER => Operator::Greater,
        op::GREATER_EQUALS => Operator::GreaterOrEqual,
        op::IN => Operator::In,
        op::ADD => Operator::Add,
        op::SUBSTRACT => Operator::Subtract,
        op::MULTIPLY => Operator::Multiply,
        op::DIVIDE => Operator::Divide,
        op::MODULO => Operator::Modulo,
        _ => return None,
    })
}

/// `did you mean containers?`, if anything is near.
fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<String> {
    let scored = known.map(|other| (strsim::jaro_winkler(name, other), other));
    let best = scored.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    (best.0 > 0.8).then(|| format!("did you mean `{}`?", best.1))
}
