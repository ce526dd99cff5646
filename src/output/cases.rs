//! Results of policy tests: a line for every case, and what is wrong below those that fail.

use super::diagnostic;
use super::style::{Style, Tone};
use super::{clean, render::count};
use crate::finding::Finding;
use crate::json::Value;
use crate::testing::{CaseResult, Problem};

/// The cases in order; those that pass only where `all`.
pub fn cases(results: &[CaseResult], all: bool, style: Style) -> String {
    let shown = results.iter().filter(|result| all || !result.problems.is_empty());
    shown.map(|result| case(result, style)).collect()
}

/// `12 cases pass, 1 fails`.
pub fn summary(results: &[CaseResult]) -> String {
    let failed = results
        .iter()
        .filter(|result| !result.problems.is_empty())
        .count();
    let passed = results.len() - failed;
    let verb = |number: usize, one: &str, many: &str| if number == 1 { one } else { many }.to_owned();
    let pass = format!("{} {}", count(passed, "case"), verb(passed, "passes", "pass"));
    match failed {
        0 => format!("{pass}\n"),
        _ => format!("{pass}, {failed} {}\n", verb(failed, "fails", "fail")),
    }
}

fn case(result: &CaseResult, style: Style) -> String {
    let file = clean(result.source.name());
    let name = clean(&result.name);
    if result.problems.is_empty() {
        return format!("{}    {file}: {name}\n", style.paint(Tone::Good, "ok"));
    }
    let line = result.source.line_column(result.span.start).line;
    let mut text = format!("{}  {file}:{line}: {name}\n", style.paint(Tone::Error, "FAIL"));
    for problem in &result.problems {
        text += &describe(problem, style);
    }
    text
}

fn describe(problem: &Problem, style: Style) -> String {
    match problem {
        Problem::Texts(diagnostics) => indent(&diagnostic::errors(diagnostics, style)),
        Problem::Case(what) => format!("      {}\n", clean(what)),
        Problem::Differs { object, difference } => {
            let at = if difference.at.is_empty() {
                "the object"
            } else {
                &difference.at
            };
            let expected = show(difference.expected.as_ref());
            let found = show(difference.found.as_ref());
            format!(
                "      {}, {}:\n        expected  {}\n        found     {}\n",
                clean(object),
                clean(at),
                style.paint(Tone::Good, &expected),
                style.paint(Tone::Error, &found)
            )
        }
        Problem::Changed(edits) => {
            let edits = edits.iter().map(|edit| format!("        {}\n", clean(edit)));
            "      nothing was to change:\n".to_owned() + &edits.collect::<String>()
        }
        Problem::Unchanged => "      something was to change, and nothing did\n".to_owned(),
        Problem::Missing(wanted) => format!("      this finding was not made: {}\n", clean(wanted)),
        Problem::Unexpected(finding) => format!("      this finding was not expected: {}\n", said(finding)),
    }
}

fn said(finding: &Finding) -> String {
    let text = format!(
        "{}, {:?} on {} at {}: {}",
        finding.by, finding.action, finding.object, finding.place.keyed, finding.message
    );
    clean(&text).into_owned()
}

fn show(value: Option<&Value>) -> String {
    value.map_or("nothing".to_owned(), |value| {
        clean(&value.to_string()).into_owned()
    })
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("      {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;
    use crate::source::{Diagnostic, Source, Span};
    use crate::testing::compare::Difference;

    fn result(name: &str, problems: Vec<Problem>) -> CaseResult {
        let source = Source::new("links.test.yaml", "cases:\n  - name: x\n");
        CaseResult {
            name: name.into(),
            source,
            span: Span::new(17, 18),
            problems,
        }
    }

    #[test]
    fn what_fails_is_explained() {
        let source = Source::new("config", "policies: {linkz: {}}\n");
        let unknown = Diagnostic::new(
            "unknown-policy",
            &source,
            Span::new(11, 16),
            "there is no policy linkz",
        );
        let difference = Difference {
            at: "spec.enableServiceLinks".into(),
            expected: Some(json!(false)),
            found: None,
        };
        let object = "Pod immich".to_owned();
        let results = [
            result("good", Vec::new()),
            result(
                "bad",
                vec![
                    Problem::Differs {
                        object,
                        difference: Box::new(difference),
                    },
                    Problem::Changed(vec!["add spec.enableServiceLinks: false".into()]),
                    Problem::Unchanged,
                    Problem::Missing("links/disable, Deny at spec".into()),
                    Problem::Case("give one of object, stream and file".into()),
                    Problem::Texts(vec![unknown]),
                ],
            ),
        ];
        let text = cases(&results, true, Style::default()) + &summary(&results);
        insta::assert_snapshot!(text, @r#"
ok    links.test.yaml: good
FAIL  links.test.yaml:2: bad
      Pod immich, spec.enableServiceLinks:
        expected  false
        found     nothing
      nothing was to change:
        add spec.enableServiceLinks: false
      something was to change, and nothing did
      this finding was not made: links/disable, Deny at spec
      give one of object, stream and file
      error[unknown-policy]: there is no policy linkz
       --> config:1:12
        |
      1 | policies: {linkz: {}}
        |            ^^^^^
1 case passes, 1 fails
"#);
        assert!(!cases(&results, false, Style::default()).contains("good"));
        assert_eq!(summary(&results[..1]), "1 case passes\n");
    }
}
