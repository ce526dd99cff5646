//! Which part of a conjunction decided.

use ::cel::parser::pratt_parser::{Lexer, TokenKind};

use super::evaluate;
use super::ir::{Compiled, Ir};
use super::{Scope, value::Cel};

/// The first part of `a && b && …` that does not hold, as written; `None` where there is one part only, or where
/// no part is simply false.
pub(super) fn deciding<'s>(source: &'s str, program: &Compiled, scope: &dyn Scope) -> Option<&'s str> {
    let texts = texts(source);
    let mut parts = Vec::new();
    flatten(&program.root, &mut parts);
    if parts.len() < 2 || parts.len() != texts.len() {
        return None;
    }
    let is_false = |part: &Ir| matches!(evaluate::part(program, part, scope), Ok((Cel::Bool(false), _)));
    let position = parts.iter().position(|part| is_false(part))?;
    texts.get(position).copied()
}

fn flatten<'p>(ir: &'p Ir, parts: &mut Vec<&'p Ir>) {
    match ir {
        Ir::And(a, b) => {
            flatten(a, parts);
            flatten(b, parts);
        }
        other => parts.push(other),
    }
}

/// The text between the `&&` that stand in no brackets.
fn texts(source: &str) -> Vec<&str> {
    let mut lexer = Lexer::new(source);
    let (mut texts, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    loop {
        let token = lexer.lex();
        if matches!(token.kind, TokenKind::TokEnd | TokenKind::TokError) {
            break;
        }
        match source.get(token.start..token.end) {
            Some("(" | "[" | "{" | "[?" | "{?") => depth += 1,
            Some(")" | "]" | "}") => depth = depth.saturating_sub(1),
            Some("&&") if depth == 0 => {
                texts.extend(source.get(start..token.start));
                start = token.end;
            }
            _ => {}
        }
    }
    texts.extend(source.get(start..));
    texts.into_iter().map(str::trim).collect()
}

#[cfg(test)]
mod tests {
    use crate::cel::{Environment, Function, Params};
    use crate::json::json;

    #[test]
    fn the_first_part_that_is_false_decides() {
        let functions = [Function {
            name: "large".into(),
            args: vec!["n".into()],
            expression: "n > 10 && n < 100".into(),
        }];
        let environment = Environment::new(&functions).unwrap();
        let params = json!({"a": 1, "b": "x && y", "list": [1, 2]});
        let cases = [
            (
                "params.a == 1 && params.b == 'z' && false",
                Some("params.b == 'z'"),
            ),
            ("params.a == 2 &&\n params.b == 'z'", Some("params.a == 2")),
            (
                "params.list.exists(n, n == 1 && n == 2) && true",
                Some("params.list.exists(n, n == 1 && n == 2)"),
            ),
            (
                "params.b == 'x && y' && params.list[0] == 2",
                Some("params.list[0] == 2"),
            ),
            // Unknown or failed parts are not what made it false.
            ("params.nothing == 1 && params.a == 2", Some("params.a == 2")),
            ("params.a == 2", None),
            ("params.a == 2 || params.a == 3 && params.a == 4", None),
            ("params.a == 2 && params.a == 2 ? true : false", None),
            ("(params.a == 1 && params.a == 2) && true", None),
            ("true && large(params.a)", Some("large(params.a)")),
        ];
        for (source, expected) in cases {
            let program = environment.compile(source, &["params"]).unwrap();
            assert_eq!(program.deciding(&Params(&params)), expected, "{source}");
        }
    }
}
