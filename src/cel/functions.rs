//! Named expressions with arguments: parsed once, expanded wherever they are called.

use std::collections::BTreeMap;
use std::sync::Arc;

use ::cel::common::ast::{EntryExpr, Expr, IdedExpr};

use super::library;
use super::parse::{dismantle, parse};
use super::{CompileError, Function, HOST_FUNCTIONS};

/// A function that is ready to be expanded.
#[derive(Debug)]
pub(super) struct Body {
    pub args: Vec<String>,
    /// `None` only while it is taken apart.
    tree: Option<IdedExpr>,
}

impl Body {
    /// Its parsed expression.
    pub fn tree(&self) -> Option<&IdedExpr> {
        self.tree.as_ref()
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if let Some(tree) = self.tree.take() {
            dismantle(tree);
        }
    }
}

/// The functions of an environment, by name.
pub(super) type Functions = BTreeMap<String, Arc<Body>>;

/// Parses all functions; they may call each other in any order, but never themselves.
pub(super) fn read(functions: &[Function]) -> Result<Functions, (usize, CompileError)> {
    read_more(&Functions::new(), functions)
}

/// Parses functions that may call known ones as well.
pub(super) fn read_more(
    known: &Functions,
    functions: &[Function],
) -> Result<Functions, (usize, CompileError)> {
    let mut bodies = known.clone();
    for (position, function) in functions.iter().enumerate() {
        check_name(function, &bodies).map_err(|error| (position, error))?;
        let tree = parse(&function.expression).map_err(|error| (position, error))?;
        let body = Body {
            args: function.args.clone(),
            tree: Some(tree),
        };
        bodies.insert(function.name.clone(), Arc::new(body));
    }
    for (position, function) in functions.iter().enumerate() {
        check_recursion(function, &bodies).map_err(|error| (position, error))?;
    }
    Ok(bodies)
}

fn check_name(function: &Function, known: &Functions) -> Result<(), CompileError> {
    let refuse = |message: String| {
        Err(CompileError {
            message,
            range: 0..0,
            help: None,
        })
    };
    let name = &function.name;
    let is_name = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    if let Some(bad) = std::iter::once(name)
        .chain(&function.args)
        .find(|text| !is_name(text))
    {
        return refuse(format!("`{bad}` cannot be the name of a function or an argument"));
    }
    if known.contains_key(name) {
        return refuse(format!("there are two functions `{name}`"));
    }
    if library::is_global(name) || HOST_FUNCTIONS.iter().any(|(host, _)| host == name) {
        return refuse(format!(
            "the function `{name}` is built in and cannot be defined again"
        ));
    }
    for (position, arg) in function.args.iter().enumerate() {
        if function.args.iter().take(position).any(|other| other == arg) {
            return refuse(format!("the function `{name}` has two arguments `{arg}`"));
        }
    }
    Ok(())
}

/// Walks what `function` calls, calls of calls included, without recursion.
fn check_recursion(function: &Function, bodies: &Functions) -> Result<(), CompileError> {
    let mut rest = vec![function.name.as_str()];
    let mut seen: Vec<&str> = Vec::new();
    while let Some(name) = rest.pop() {
        let Some(tree) = bodies.get(name).and_then(|body| body.tree()) else {
            continue;
        };
        for callee in calls(tree) {
            if callee == function.name {
                return Err(CompileError {
                    message: format!("the function `{}` calls itself", function.name),
                    range: 0..function.expression.len(),
                    help: Some("functions are expanded when loading, so none may call itself".into()),
                });
            }
            if bodies.contains_key(callee) && !seen.contains(&callee) {
                seen.push(callee);
                rest.push(callee);
            }
        }
    }
    Ok(())
}

/// The names of the functions (not methods) that an expression calls.
fn calls(tree: &IdedExpr) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = vec![tree];
    while let Some(node) = rest.pop() {
        match &node.expr {
            Expr::Call(call) => {
                if call.target.is_none() {
                    found.push(call.func_name.as_str());
                }
                rest.extend(call.target.as_deref());
                rest.extend(&call.args);
            }
            Expr::Comprehension(parts) => {
                rest.extend([&parts.iter_range, &parts.loop_step]);
            }
            Expr::List(list) => rest.extend(&list.elements),
            Expr::Map(map) => rest.extend(map.entries.iter().flat_map(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
                EntryExpr::StructField(field) => vec![&field.value],
            })),
            Expr::Select(select) => rest.push(&select.operand),
            Expr::Struct(_) | Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => {}
        }
    }
    found
}
