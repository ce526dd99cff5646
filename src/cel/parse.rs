//! Text to syntax tree, with limits that hold before the recursive parser starts.
//!
//! The grammar is crate `cel`'s (its Pratt parser: 4 µs an expression, its ANTLR one takes 66). What a tree
//! means is ours, see [`super::evaluate`].

use std::ops::Range;

use ::cel::common::ast::{EntryExpr, Expr, IdedExpr, SourceInfo};
use ::cel::parser::PrattParser;
use ::cel::parser::pratt_parser::{Lexer, TokenKind};

use super::CompileError;

/// Longest expression, in bytes.
const MAX_SOURCE: usize = 16 << 10;
/// Most tokens of an expression. It bounds the height of the tree, so that parsing, walking and dropping it
/// fits the stack of a thread (2 MB).
const MAX_TOKENS: usize = 2000;

/// A place in the tree.
pub(super) type NodeId = u64;

/// Parses an expression.
pub(super) fn parse(source: &str) -> Result<IdedExpr, CompileError> {
    check_tokens(source)?;
    parser().parse(source).map_err(|errors| {
        let error = errors.errors.into_iter().next();
        let info = error.as_ref().and_then(|error| error.source_info.as_deref());
        match (&error, info) {
            (Some(error), Some(info)) => syntax_error(source, &error.msg, range(info, error.expr_id)),
            (error, _) => CompileError {
                message: error.as_ref().map_or_else(
                    || "the expression does not parse".into(),
                    |error| error.msg.clone(),
                ),
                range: 0..source.len(),
                help: None,
            },
        }
    })
}

fn parser() -> PrattParser {
    PrattParser::new()
        .enable_optional_syntax(true)
        .enable_ident_escape_syntax(true)
}

/// Where a node stands. The parser tells places only of a text that it refuses, so it is made to refuse this
/// one: ids are given out in the order of parsing, and what follows the text does not change them.
pub(super) fn locate(source: &str, node: NodeId) -> Range<usize> {
    let refused = parser().parse(&format!("{source}\n)"));
    let info = refused
        .err()
        .and_then(|errors| errors.errors.into_iter().find_map(|error| error.source_info));
    let Some((start, end)) = info.and_then(|info| info.offset_for(node)) else {
        return 0..source.len();
    };
    whole_name(source, start as usize..end as usize)
}

/// Of a method call the parser notes the parenthesis: the name stands before it.
fn whole_name(source: &str, range: Range<usize>) -> Range<usize> {
    if source.get(range.clone()) != Some("(") {
        return range;
    }
    let before = source.get(..range.start).unwrap_or_default();
    let trimmed = before.trim_end();
    let name = trimmed
        .rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .map_or(0, |at| at + 1);
    if name == trimmed.len() {
        range
    } else {
        name..trimmed.len()
    }
}

fn range(info: &SourceInfo, node: NodeId) -> Range<usize> {
    let length = info.source.len();
    let (start, end) = info
        .offset_for(node)
        .map_or((0, length), |(start, end)| (start as usize, end as usize));
    start.min(length)..end.min(length)
}

fn syntax_error(source: &str, message: &str, range: Range<usize>) -> CompileError {
    let token = source.get(range.clone()).unwrap_or_default();
    let help = match token {
        "=" => Some("compare with `==`"),
        "and" | "AND" => Some("write `&&`"),
        "or" | "OR" => Some("write `||`"),
        "not" | "NOT" => Some("write `!`"),
        "namespace" => Some("say `ns`: the word `namespace` is reserved in CEL"),
        _ => None,
    };
    let message = match message.strip_prefix("Syntax error: ") {
        _ if token.is_empty() => "the expression ends where more is expected".into(),
        Some(_) => format!("`{token}` is not expected here"),
        None => message.to_owned(),
    };
    CompileError {
        message,
        range,
        help: help.map(str::to_owned),
    }
}

/// Reads the tokens once, without recursion: refuses what the parser must not see.
fn check_tokens(source: &str) -> Result<(), CompileError> {
    let refuse = |message: String, range: Range<usize>, help: Option<&str>| {
        Err(CompileError {
            message,
            range,
            help: help.map(str::to_owned),
        })
    };
    let split = Some("split it with `variables` or `functions`");
    if source.len() > MAX_SOURCE {
        let message = format!("the expression is longer than {} KiB", MAX_SOURCE >> 10);
        return refuse(message, 0..0, split);
    }
    let mut lexer = Lexer::new(source);
    let mut count = 0_usize;
    loop {
        let token = lexer.lex();
        match token.kind {
            TokenKind::TokEnd => return Ok(()),
            TokenKind::TokWhitespace | TokenKind::TokComment => continue,
            TokenKind::TokError => {
                let what = lexer
                    .get_error()
                    .map_or("unexpected character", |error| &error.message);
                let message = what.to_owned();
                return refuse(message, whole_chars(source, token.start..token.end), None);
            }
            _ => count += 1,
        }
        if count > MAX_TOKENS {
            let message = format!("the expression has more than {MAX_TOKENS} tokens");
            return refuse(message, token.start..token.end, split);
        }
    }
}

fn whole_chars(source: &str, range: Range<usize>) -> Range<usize> {
    let start = source.floor_char_boundary(range.start);
    let end = source.ceil_char_boundary(range.end.max(start));
    start..end
}

/// Takes a tree apart without recursion, however high it is.
pub(super) fn dismantle(tree: IdedExpr) {
    let mut rest = vec![tree];
    while let Some(node) = rest.pop() {
        match node.expr {
            Expr::Call(call) => {
                rest.extend(call.target.map(|target| *target));
                rest.extend(call.args);
            }
            Expr::Comprehension(comprehension) => {
                let parts = *comprehension;
                rest.extend([parts.iter_range, parts.accu_init, parts.loop_cond]);
                rest.extend([parts.loop_step, parts.result]);
            }
            Expr::List(list) => rest.extend(list.elements),
            Expr::Map(map) => rest.extend(map.entries.into_iter().flat_map(|entry| children(entry.expr))),
            Expr::Struct(literal) => {
                rest.extend(literal.entries.into_iter().flat_map(|entry| children(entry.expr)));
            }
            Expr::Select(select) => rest.push(*select.operand),
            Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => {}
        }
    }
}

fn children(entry: EntryExpr) -> Vec<IdedExpr> {
    match entry {
        EntryExpr::StructField(field) => vec![field.value],
        EntryExpr::MapEntry(entry) => vec![entry.key, entry.value],
    }
}
