//! A stream becomes documents, without being parsed.

use super::Document;
use crate::source::{Source, Span};

/// Cuts a stream into documents. Never fails on content. A separator is `---` at the start of a line,
/// followed by blanks, by a comment behind blanks, or by the end of the line; YAML ends every kind of scalar
/// there too. Both Helms refuse content on the separator's line (`--- text`), so that is left to the reader.
pub fn split(source: &Source) -> Vec<Document> {
    let text = source.text();
    let mut documents = Vec::new();
    let mut start = 0;
    for separator in separators(text) {
        if separator > start {
            push(&mut documents, text, Span::new(start, separator));
        }
        start = separator;
    }
    if start < text.len() || documents.is_empty() {
        push(&mut documents, text, Span::new(start, text.len()));
    }
    documents
}

/// First bytes of the lines that separate.
fn separators(text: &str) -> impl Iterator<Item = usize> {
    let first = bom_length(text);
    let at_start = is_separator(text, first).then_some(0);
    let later = memchr::memmem::find_iter(text.as_bytes(), "\n---").map(|line_break| line_break + 1);
    at_start
        .into_iter()
        .chain(later.filter(|&line| is_separator(text, line)))
}

fn bom_length(text: &str) -> usize {
    if text.starts_with('\u{feff}') {
        '\u{feff}'.len_utf8()
    } else {
        0
    }
}

fn is_separator(text: &str, line: usize) -> bool {
    let Some(rest) = text.get(line..).and_then(|rest| rest.strip_prefix("---")) else {
        return false;
    };
    let rest = rest.split('\n').next().unwrap_or_default();
    let content = rest.trim_start_matches([' ', '\t']);
    match content.trim_end_matches('\r') {
        "" => true,
        content => content.starts_with('#') && content.len() < rest.trim_end_matches('\r').len(),
    }
}

fn push(documents: &mut Vec<Document>, text: &str, span: Span) {
    let whole = text.get(span.range()).unwrap_or_default();
    let line = bom_length(whole);
    let content = if is_separator(whole, line) {
        whole.find('\n').map_or(whole.len(), |line_break| line_break + 1)
    } else {
        0
    };
    let body = whole.get(content..).unwrap_or_default();
    let body = Span::new(span.start + content, span.start + content + end_of_content(body));
    documents.push(Document {
        index: documents.len() as u32,
        span,
        body,
    });
}

/// Where a body ends: in front of a line `...`, behind which Go reads nothing more of the document.
fn end_of_content(body: &str) -> usize {
    let is_end = |line: usize| {
        let rest = body.get(line..).and_then(|rest| rest.strip_prefix("..."));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
    };
    if is_end(0) {
        return 0;
    }
    let mut lines = memchr::memmem::find_iter(body.as_bytes(), "\n...").map(|line_break| line_break + 1);
    lines.find(|&line| is_end(line)).unwrap_or(body.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(text: &str) -> Vec<(String, String)> {
        let source = Source::new("test", text);
        let pieces = split(&source).into_iter();
        pieces
            .map(|document| {
                (
                    source.slice(document.span).into(),
                    source.slice(document.body).into(),
                )
            })
            .collect()
    }

    #[test]
    fn separators_are_what_both_helms_take_for_one() {
        let two = ["---", "--- ", "---\t", "---\r", "--- # comment", "--- \t# c\r"];
        for separator in two {
            let text = format!("a: 1\n{separator}\nb: 2\n");
            let expected = vec![
                ("a: 1\n".to_owned(), "a: 1\n".to_owned()),
                (format!("{separator}\nb: 2\n"), "b: 2\n".to_owned()),
            ];
            assert_eq!(cut(&text), expected, "{separator:?}");
        }
        for content in ["---x", "----", "--- {b: 1}", "---#c", " ---", "k: ---"] {
            assert_eq!(cut(&format!("a: 1\n{content}\n")).len(), 1, "{content:?}");
        }
    }

    #[test]
    fn empty_and_comment_only_documents_are_documents() {
        assert_eq!(cut(""), [(String::new(), String::new())]);
        assert_eq!(cut("---"), [("---".into(), String::new())]);
        let pieces = cut("---\n# Source: x\n---\n# Source: y\na: 1\n");
        assert_eq!(pieces.len(), 2);
        assert_eq!(pieces[0], ("---\n# Source: x\n".into(), "# Source: x\n".into()));
    }

    #[test]
    fn a_byte_order_mark_hides_no_separator() {
        assert_eq!(
            cut("\u{feff}---\na: 1\n"),
            [("\u{feff}---\na: 1\n".into(), "a: 1\n".into())]
        );
    }

    #[test]
    fn what_stands_behind_the_end_mark_is_no_content() {
        assert_eq!(
            cut("a: 1\n...\nb: 2\n"),
            [("a: 1\n...\nb: 2\n".into(), "a: 1\n".into())]
        );
        assert_eq!(cut("a: 1\n....\n")[0].1, "a: 1\n....\n");
    }

    proptest! {
        #[test]
        fn the_documents_are_the_whole_text(text in "(---|\\.\\.\\.|#|a: 1|\\r|\\n| |\u{feff}){0,20}") {
            let source = Source::new("test", text.as_str());
            let documents = split(&source);
            let whole: String = documents.iter().map(|document| source.slice(document.span)).collect();
            prop_assert_eq!(whole, text);
            for document in documents {
                prop_assert!(document.span.start <= document.body.start && document.body.end <= document.span.end);
            }
        }
    }
}
