//! Macros: what binds variables of its own.

use super::{
    CompileError, ComprehensionExpr, Expr, IdedExpr, Ir, Loop, LoopKind, Lowering, NodeId, Slot, Style,
    library, only, op,
};

impl<'n> Lowering<'n> {
    pub(super) fn variable(&self, tree: &'n IdedExpr) -> Result<&'n str, CompileError> {
        match &tree.expr {
            Expr::Ident(name) => Ok(name),
            _ => Err(self.wrong(tree.id, "a plain name must stand here", None)),
        }
    }

    /// Lowers `body` where `variable` is in sight.
    pub(super) fn within(
        &mut self,
        variable: &'n str,
        slot: Slot,
        body: &'n IdedExpr,
    ) -> Result<Ir, CompileError> {
        self.locals.push((variable, slot));
        let lowered = self.node(body);
        self.locals.pop();
        lowered
    }

    pub(super) fn bind(
        &mut self,
        variable: &'n IdedExpr,
        value: &'n IdedExpr,
        body: &'n IdedExpr,
    ) -> Result<Ir, CompileError> {
        let name = self.variable(variable)?;
        let value = self.boxed(value)?;
        let slot = self.slot();
        let body = self.within(name, slot, body)?;
        Ok(Ir::Bind(slot, value, Box::new(body)))
    }

    /// The list, and the list of what its items are sorted by.
    pub(super) fn sort_by(
        &mut self,
        target: &'n IdedExpr,
        variable: &'n IdedExpr,
        body: &'n IdedExpr,
    ) -> Result<Ir, CompileError> {
        let name = self.variable(variable)?;
        let Ok((native, known)) = library::find("@sortBy", Style::Method, 1) else {
            return Err(self.no_function("sortBy", false, 2, target.id));
        };
        let list = self.boxed(target)?;
        let (slot, first) = (self.slot(), self.slot());
        let key = self.within(name, first, body)?;
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

    pub(super) fn optional_map(
        &mut self,
        target: &'n IdedExpr,
        variable: &'n IdedExpr,
        body: &'n IdedExpr,
        flat: bool,
    ) -> Result<Ir, CompileError> {
        let name = self.variable(variable)?;
        let target = self.boxed(target)?;
        let slot = self.slot();
        let body = self.within(name, slot, body)?;
        Ok(Ir::OptionalMap(slot, target, Box::new(body), flat))
    }

    /// What the parser makes of `all`, `exists`, `exists_one`, `map` and `filter`: told by its loop's step.
    pub(super) fn standard_loop(
        &mut self,
        parts: &'n ComprehensionExpr,
        id: NodeId,
    ) -> Result<Ir, CompileError> {
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
    pub(super) fn two_variables(
        &mut self,
        target: &'n IdedExpr,
        name: &str,
        args: &'n [IdedExpr],
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
}
