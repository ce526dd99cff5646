//! Calls: operators, the library, functions of policies, questions to the scope.

use super::{
    Asked, CallExpr, CompileError, Expr, HOST_FUNCTIONS, IdedExpr, Ir, LiteralValue, Lowering, NodeId, Part,
    Slot, Style, binary, is_host, library, nearest, op, wrong_count,
};
use crate::kube::Gvk;

impl<'n> Lowering<'n> {
    pub(super) fn call(&mut self, call: &'n CallExpr, id: NodeId) -> Result<Ir, CompileError> {
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

    pub(super) fn operator(&mut self, name: &str, args: &'n [IdedExpr]) -> Result<Option<Ir>, CompileError> {
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
                _ => match self.free_name(a) {
                    Some(name) => self.item(name, Part::Item, b)?,
                    None => Ir::Index(self.boxed(a)?, self.boxed(b)?),
                },
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

    pub(super) fn global(
        &mut self,
        name: &str,
        args: &'n [IdedExpr],
        id: NodeId,
    ) -> Result<Ir, CompileError> {
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
            self.mentions.insert((host, Part::Any));
            if host.starts_with("world.") {
                self.asked.insert(asked(args));
            }
            return Ok(Ir::Host(host, self.arguments(host, args)?));
        }
        match library::find(name, Style::Global, args.len()) {
            Ok((native, name)) => Ok(Ir::Call(native, name, self.all(args)?)),
            Err(known) => Err(self.no_function(name, known, args.len(), id)),
        }
    }

    /// `component` tells no value of what it is given, so that is no mention of the whole.
    pub(super) fn arguments(&mut self, host: &str, args: &'n [IdedExpr]) -> Result<Vec<Ir>, CompileError> {
        match args {
            [arg] if host == "component" => match self.free_name(arg) {
                Some(name) => Ok(vec![Ir::Name(self.mention(name))]),
                None => self.all(args),
            },
            _ => self.all(args),
        }
    }

    pub(super) fn method(
        &mut self,
        target: &'n IdedExpr,
        name: &str,
        args: &'n [IdedExpr],
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

    pub(super) fn no_function(&self, name: &str, is_known: bool, count: usize, id: NodeId) -> CompileError {
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
    pub(super) fn expand(
        &mut self,
        name: &str,
        args: &'n [IdedExpr],
        id: NodeId,
    ) -> Result<Ir, CompileError> {
        let functions = self.names.functions;
        let Some((name, body, tree)) = functions
            .get_key_value(name)
            .and_then(|(name, body)| Some((name, body, body.tree()?)))
        else {
            return Err(self.no_function(name, false, args.len(), id));
        };
        if body.args.len() != args.len() {
            let message = wrong_count(name, body.args.len(), args.len());
            return Err(self.wrong(id, &message, None));
        }
        let lowered = self.all(args)?;
        let slots: Vec<Slot> = lowered.iter().map(|_| self.slot()).collect();
        let outside = std::mem::take(&mut self.locals);
        let names = body.args.iter().map(String::as_str);
        self.locals = names.zip(slots.iter().copied()).collect();
        self.inside.push((name, id));
        let result = self.node(tree);
        self.inside.pop();
        self.locals = outside;
        let arguments = slots.into_iter().zip(lowered).rev();
        Ok(arguments.fold(result?, |inner, (slot, value)| {
            Ir::Bind(slot, Box::new(value), Box::new(inner))
        }))
    }
}

/// The kind that a question to the world is about, if its arguments tell.
fn asked(args: &[IdedExpr]) -> Asked {
    let text = |index: usize| match &args.get(index)?.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    };
    match (text(0), text(1)) {
        (Some(api_version), Some(kind)) => Asked::Kind(Gvk::new(api_version, kind).group_kind()),
        _ => Asked::Computed,
    }
}
