//! A syntax tree becomes [`Ir`]: names are resolved, functions expanded, macros recognised.

use std::collections::BTreeSet;

use ::cel::common::ast::operators as op;
use ::cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, SelectExpr};

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

/// A compiled tree, and the names and host functions that it mentions.
pub(super) struct Lowered {
    pub compiled: Compiled,
    pub mentions: BTreeSet<String>,
}

/// Lowers the tree of `source`.
pub(super) fn lower(source: &str, tree: &IdedExpr, names: &Names<'_>) -> Result<Lowered, CompileError> {
    let mut lowering = Lowering {
        source,
        names,
        locals: Vec::new(),
        mentioned: Vec::new(),
        mentions: BTreeSet::new(),
        slots: 0,
        depth: 0,
        nodes: 0,
        inside: Vec::new(),
    };
    let root = lowering.node(tree)?;
    let Lowering {
        mentioned,
        mentions,
        slots,
        ..
    } = lowering;
    Ok(Lowered {
        compiled: Compiled {
            root,
            names: mentioned,
            slots,
        },
        mentions,
    })
}

struct Lowering<'n> {
    /// The text that places are told in.
    source: &'n str,
    names: &'n Names<'n>,
    /// Variables of macros and arguments of functions in sight, innermost last.
    locals: Vec<(String, Slot)>,
    mentioned: Vec<String>,
    mentions: BTreeSet<String>,
    slots: usize,
    depth: usize,
    nodes: usize,
    /// Functions that are being expanded, with the place of the outermost call.
    inside: Vec<(String, NodeId)>,
}

impl Lowering<'_> {
    fn node(&mut self, tree: &IdedExpr) -> Result<Ir, CompileError> {
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

    fn boxed(&mut self, tree: &IdedExpr) -> Result<Box<Ir>, CompileError> {
        self.node(tree).map(Box::new)
    }

    fn all(&mut self, trees: &[IdedExpr]) -> Result<Vec<Ir>, CompileError> {
        trees.iter().map(|tree| self.node(tree)).collect()
    }

    fn expression(&mut self, tree: &IdedExpr) -> Result<Ir, CompileError> {
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

    fn name(&mut self, name: &str, id: NodeId) -> Result<Ir, CompileError> {
        if let Some((_, slot)) = self.locals.iter().rev().find(|(local, _)| local == name) {
            return Ok(Ir::Local(*slot));
        }
        if self.names.names.contains(&name) {
            self.mentions.insert(format!("{name}.*"));
            return Ok(Ir::Name(self.mention(name)));
        }
        if let Some(type_name) = library::type_name(name) {
            return Ok(Ir::Literal(Literal::Type(type_name)));
        }
        let message = format!("there is no name `{name}` here");
        let help = self.nearest_name(name);
        Err(self.wrong(id, &message, help.as_deref()))
    }

    fn mention(&mut self, name: &str) -> usize {
        self.mentions.insert(name.to_owned());
        match self.mentioned.iter().position(|other| other == name) {
            Some(position) => position,
            None => {
                self.mentioned.push(name.to_owned());
                self.mentioned.len() - 1
            }
        }
    }

    fn nearest_name(&self, name: &str) -> Option<String> {
        if name == "namespace" {
            return Some("say `ns`: the word `namespace` is reserved in CEL".into());
        }
        let locals = self.locals.iter().map(|(local, _)| local.as_str());
        nearest(name, self.names.names.iter().copied().chain(locals))
    }

    /// What has the field that is asked for; a field of a name is a mention of its own.
    fn owner(&mut self, tree: &IdedExpr, field: &str, id: NodeId) -> Result<Box<Ir>, CompileError> {
        let Some(name) = self.free_name(tree) else {
            return self.boxed(tree);
        };
        self.check_field(name, field, id)?;
        self.mentions.insert(format!("{name}.{field}"));
        Ok(Box::new(Ir::Name(self.mention(name))))
    }

    /// The name, if the tree is one that the scope is asked for.
    fn free_name<'t>(&self, tree: &'t IdedExpr) -> Option<&'t str> {
        let Expr::Ident(name) = &tree.expr else {
            return None;
        };
        let is_local = self.locals.iter().any(|(local, _)| local == name);
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

    fn select(&mut self, select: &SelectExpr, id: NodeId) -> Result<Ir, CompileError> {
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
                let is_value = self.locals.iter().any(|(local, _)| local == name)
                    || self.names.names.contains(&name.as_str());
                (!is_value).then(|| format!("{name}.{field}"))
            }
            Expr::Select(select) if !select.test => self
                .qualified(&select.operand, &select.field)
                .map(|head| format!("{head}.{field}")),
            _ => None,
        }
    }

    fn call(&mut self, call: &CallExpr, id: NodeId) -> Result<Ir, CompileError> {
        let name = call.func_name.as_str();
        match (&call.target, call.args.as_slice()) {
            (None, args) => match self.operator(name, args)? {
                Some(ir) => Ok(ir),
                None => self.global(name, args, id),
            },
            (Some(target), args) => {
                if let Some(qualified) = self.qualified(target, name)
                    && (library::is_qualified(&qualified) || is_host(&qualified) || qualified == "cel.bind")
                {
                    return self.global(&qualified, args, id);
                }
                self.method(target, name, args, id)
            }
        }
    }

    fn operator(&mut self, name: &str, args: &[IdedExpr]) -> Result<Option<Ir>, CompileError> {
        Ok(Some(match (name, args) {
            (op::CONDITIONAL, [test, yes, no]) => {
                Ir::Conditional(self.boxed(test)?, self.boxed(yes)?, self.boxed(no)?)
            }
            (op::LOGICAL_AND, [a, b]) => Ir::And(self.boxed(a)?, self.boxed(b)?),
            (op::LOGICAL_OR, [a, b]) => Ir::Or(self.boxed(a)?, self.boxed(b)?),
            (op::LOGICAL_NOT, [a]) => Ir::Not(self.boxed(a)?),
            (op::NEGATE, [a]) => Ir::Negate(self.boxed(a)?),
            (op::INDEX, [a, b]) => match &b.expr {
                Expr::Literal(LiteralValue::String(field)) => {
                    Ir::Index(self.owner(a, field.inner(), b.id)?, self.boxed(b)?)
                }
                _ => Ir::Index(self.boxed(a)?, self.boxed(b)?),
            },
            (op::OPT_INDEX, [a, b]) => match &b.expr {
                Expr::Literal(LiteralValue::String(field)) => {
                    Ir::OptionalIndex(self.owner(a, field.inner(), b.id)?, self.boxed(b)?)
                }
                _ => Ir::OptionalIndex(self.boxed(a)?, self.boxed(b)?),
            },
            (op::OPT_SELECT, [a, b]) => match &b.expr {
                Expr::Literal(LiteralValue::String(field)) => {
                    Ir::OptionalSelect(self.owner(a, field.inner(), b.id)?, field.inner().into())
                }
                _ => Ir::OptionalIndex(self.boxed(a)?, self.boxed(b)?),
            },
            (name, [a, b]) => match binary(name) {
                Some(operator) => Ir::Binary(operator, self.boxed(a)?, self.boxed(b)?),
                None => return Ok(None),
            },
            _ => return Ok(None),
        }))
    }

    fn global(&mut self, name: &str, args: &[IdedExpr], id: NodeId) -> Result<Ir, CompileError> {
        match (name, args) {
            ("known", [arg]) => return Ok(Ir::Known(self.boxed(arg)?)),
            ("unknown", [arg]) => return Ok(Ir::Unknown(self.boxed(arg)?)),
            ("cel.bind", [variable, value, body]) => return self.bind(variable, value, body),
            _ => {}
        }
        if self.names.functions.contains_key(name) {
            return self.expand(name, args, id);
        }
        if let Some((host, count)) = HOST_FUNCTIONS.iter().find(|(host, _)| *host == name) {
            if args.len() != *count {
                let message = wrong_count(name, *count, args.len());
                return Err(self.wrong(id, &message, None));
            }
            self.mentions.insert((*host).to_owned());
            return Ok(Ir::Host(host, self.arguments(host, args)?));
        }
        match library::find(name, Style::Global, args.len()) {
            Ok((native, name)) => Ok(Ir::Call(native, name, self.all(args)?)),
            Err(known) => Err(self.no_function(name, known, args.len(), id)),
        }
    }

    /// `component` tells no value of what it is given, so that is no mention of the whole.
    fn arguments(&mut self, host: &str, args: &[IdedExpr]) -> Result<Vec<Ir>, CompileError> {
        match args {
            [arg] if host == "component" => match self.free_name(arg) {
                Some(name) => Ok(vec![Ir::Name(self.mention(name))]),
                None => self.all(args),
            },
            _ => self.all(args),
        }
    }

    fn method(
        &mut self,
        target: &IdedExpr,
        name: &str,
        args: &[IdedExpr],
        id: NodeId,
    ) -> Result<Ir, CompileError> {
        match (name, args) {
            ("orValue", [value]) => return Ok(Ir::OrValue(self.boxed(target)?, self.boxed(value)?)),
            ("or", [value]) => return Ok(Ir::OrOptional(self.boxed(target)?, self.boxed(value)?)),
            ("sortBy", [variable, body]) => return self.sort_by(target, variable, body),
            ("optMap", [variable, body]) => return self.optional_map(target, variable, body, false),
            ("optFlatMap", [variable, body]) => return self.optional_map(target, variable, body, true),
            _ => {}
        }
        if let Some(found) = self.two_variables(target, name, args)? {
            return Ok(found);
        }
        match library::find(name, Style::Method, args.len()) {
            Ok((native, name)) => {
                let mut lowered = vec![self.node(target)?];
                lowered.extend(self.all(args)?);
                Ok(Ir::Call(native, name, lowered))
            }
            Err(known) => Err(self.no_function(name, known, args.len(), id)),
        }
    }

    fn no_function(&self, name: &str, is_known: bool, count: usize, id: NodeId) -> CompileError {
        if is_known {
            let message = format!("`{name}` cannot be called with {count} arguments like this");
            return self.wrong(id, &message, None);
        }
        let mut known: Vec<&str> = self.names.functions.keys().map(String::as_str).collect();
        let fixed = HOST_FUNCTIONS
            .iter()
            .map(|(host, _)| *host)
            .chain(library::names());
        fixed.for_each(|name| known.push(name));
        let help = nearest(name, known.into_iter());
        self.wrong(id, &format!("there is no function `{name}`"), help.as_deref())
    }

    /// Puts a function's body in place of its call: its arguments are variables that are evaluated when first
    /// asked for, its free names those of the calling program, never the variables of a macro around it.
    fn expand(&mut self, name: &str, args: &[IdedExpr], id: NodeId) -> Result<Ir, CompileError> {
        let functions = self.names.functions;
        let Some((body, tree)) = functions.get(name).and_then(|body| Some((body, body.tree()?))) else {
            return Err(self.no_function(name, false, args.len(), id));
        };
        if body.args.len() != args.len() {
            let message = wrong_count(name, body.args.len(), args.len());
            return Err(self.wrong(id, &message, None));
        }
        let lowered = self.all(args)?;
        let slots: Vec<Slot> = lowered.iter().map(|_| self.slot()).collect();
        let outside = std::mem::take(&mut self.locals);
        self.locals = body.args.iter().cloned().zip(slots.iter().copied()).collect();
        self.inside.push((name.to_owned(), id));
        let result = self.node(tree);
        self.inside.pop();
        self.locals = outside;
        let arguments = slots.into_iter().zip(lowered).rev();
        Ok(arguments.fold(result?, |inner, (slot, value)| {
            Ir::Bind(slot, Box::new(value), Box::new(inner))
        }))
    }

    fn slot(&mut self) -> Slot {
        self.slots += 1;
        self.slots - 1
    }

    fn variable(&self, tree: &IdedExpr) -> Result<String, CompileError> {
        match &tree.expr {
            Expr::Ident(name) => Ok(name.clone()),
            _ => Err(self.wrong(tree.id, "a plain name must stand here", None)),
        }
    }

    /// Lowers `body` where `variable` is in sight.
    fn within(&mut self, variable: &str, slot: Slot, body: &IdedExpr) -> Result<Ir, CompileError> {
        self.locals.push((variable.to_owned(), slot));
        let lowered = self.node(body);
        self.locals.pop();
        lowered
    }

    fn bind(&mut self, variable: &IdedExpr, value: &IdedExpr, body: &IdedExpr) -> Result<Ir, CompileError> {
        let name = self.variable(variable)?;
        let value = self.boxed(value)?;
        let slot = self.slot();
        let body = self.within(&name, slot, body)?;
        Ok(Ir::Bind(slot, value, Box::new(body)))
    }

    /// The list, and the list of what its items are sorted by.
    fn sort_by(
        &mut self,
        target: &IdedExpr,
        variable: &IdedExpr,
        body: &IdedExpr,
    ) -> Result<Ir, CompileError> {
        let name = self.variable(variable)?;
        let Ok((native, known)) = library::find("@sortBy", Style::Method, 1) else {
            return Err(self.no_function("sortBy", false, 2, target.id));
        };
        let list = self.boxed(target)?;
        let (slot, first) = (self.slot(), self.slot());
        let key = self.within(&name, first, body)?;
        let keys = Ir::Loop(Box::new(Loop {
            kind: LoopKind::List,
            range: Ir::Local(slot),
            first,
            second: None,
            guard: None,
            yields: Some(key),
        }));
        let sorted = Ir::Call(native, known, vec![Ir::Local(slot), keys]);
        Ok(Ir::Bind(slot, list, Box::new(sorted)))
    }

    fn optional_map(
        &mut self,
        target: &IdedExpr,
        variable: &IdedExpr,
        body: &IdedExpr,
        flat: bool,
    ) -> Result<Ir, CompileError> {
        let name = self.variable(variable)?;
        let target = self.boxed(target)?;
        let slot = self.slot();
        let body = self.within(&name, slot, body)?;
        Ok(Ir::OptionalMap(slot, target, Box::new(body), flat))
    }

    /// What the parser makes of `all`, `exists`, `exists_one`, `map` and `filter`: told by its loop's step.
    fn standard_loop(&mut self, parts: &ComprehensionExpr, id: NodeId) -> Result<Ir, CompileError> {
        let Expr::Call(step) = &parts.loop_step.expr else {
            return Err(self.wrong(id, "this loop is not known", None));
        };
        let (kind, guard, yields) = match (step.func_name.as_str(), step.args.as_slice()) {
            (op::LOGICAL_AND, [_, test]) => (LoopKind::All, Some(test), None),
            (op::LOGICAL_OR, [_, test]) => (LoopKind::Exists, Some(test), None),
            (op::ADD, [_, item]) => (LoopKind::List, None, only(item)),
            (op::CONDITIONAL, [test, then, _]) => match &then.expr {
                Expr::Call(add) if matches!(&parts.accu_init.expr, Expr::List(_)) => {
                    (LoopKind::List, Some(test), add.args.get(1).and_then(only))
                }
                _ => (LoopKind::ExistsOne, Some(test), None),
            },
            _ => return Err(self.wrong(id, "this loop is not known", None)),
        };
        let range = self.node(&parts.iter_range)?;
        let first = self.slot();
        let guard = guard
            .map(|test| self.within(&parts.iter_var, first, test))
            .transpose()?;
        let yields = yields
            .map(|item| self.within(&parts.iter_var, first, item))
            .transpose()?;
        Ok(Ir::Loop(Box::new(Loop {
            kind,
            range,
            first,
            second: None,
            guard,
            yields,
        })))
    }

    /// The macros with two variables: `m.all(k, v, …)`, `m.transformMap(k, v, …)`.
    fn two_variables(
        &mut self,
        target: &IdedExpr,
        name: &str,
        args: &[IdedExpr],
    ) -> Result<Option<Ir>, CompileError> {
        let (kind, guard, yields) = match (name, args) {
            ("all", [_, _, test]) => (LoopKind::All, Some(test), None),
            ("exists", [_, _, test]) => (LoopKind::Exists, Some(test), None),
            ("existsOne" | "exists_one", [_, _, test]) => (LoopKind::ExistsOne, Some(test), None),
            ("transformList", [_, _, item]) => (LoopKind::List, None, Some(item)),
            ("transformList", [_, _, test, item]) => (LoopKind::List, Some(test), Some(item)),
            ("transformMap", [_, _, item]) => (LoopKind::Map, None, Some(item)),
            ("transformMap", [_, _, test, item]) => (LoopKind::Map, Some(test), Some(item)),
            ("transformMapEntry", [_, _, item]) => (LoopKind::Entries, None, Some(item)),
            ("transformMapEntry", [_, _, test, item]) => (LoopKind::Entries, Some(test), Some(item)),
            _ => return Ok(None),
        };
        let [key, value, ..] = args else { return Ok(None) };
        let (key, value) = (self.variable(key)?, self.variable(value)?);
        let range = self.node(target)?;
        let (first, second) = (self.slot(), self.slot());
        self.locals.extend([(key, first), (value, second)]);
        let guard = guard.map(|test| self.node(test)).transpose();
        let yields = yields.map(|item| self.node(item)).transpose();
        self.locals.truncate(self.locals.len() - 2);
        let (guard, yields) = (guard?, yields?);
        Ok(Some(Ir::Loop(Box::new(Loop {
            kind,
            range,
            first,
            second: Some(second),
            guard,
            yields,
        }))))
    }

    /// An error at a node; inside of a function it is shown at the call.
    fn wrong(&self, id: NodeId, message: &str, help: Option<&str>) -> CompileError {
        let (message, id) = match self.inside.first() {
            Some((_, call)) => {
                let name = self.inside.last().map_or("", |(name, _)| name);
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
