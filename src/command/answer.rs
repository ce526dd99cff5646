//! The answer on stdout: whole or not at all, and never with fewer objects than came in.

use std::io::{self, Write as _};

use super::Failure;
use crate::manifest;
use crate::source::{Source, Span};
use crate::stream::{SourcePlan, StreamPlan};

/// Helm 4 refuses an empty answer, and takes a comment.
const NO_OBJECTS: &str = "# fixative: no objects came in\n";

/// The stream as it should be; an error where objects would be lost.
pub(super) fn of(plan: &StreamPlan, helm4: bool) -> Result<Source, Failure> {
    let objects_in: usize = plan.sources.iter().map(objects_in).sum();
    let answer = match plan.sources.as_slice() {
        // What nothing changes goes out as it came in.
        [only] if !only.is_changed() => only.source.clone(),
        sources => Source::new("<stdout>", joined(sources)),
    };
    if objects_in == 0 && helm4 && !answer.text().contains('#') {
        return Ok(Source::new("<stdout>", NO_OBJECTS));
    }
    let documents = manifest::split(&answer);
    let objects_out = documents
        .iter()
        .filter(|document| has_content(&answer, document.body))
        .count();
    if objects_in != objects_out {
        return Err(Failure::Miscounted {
            objects_in,
            objects_out,
        });
    }
    Ok(answer)
}

/// Writes all of it; a full disk or a reader that went away is an error.
pub(super) fn write(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    written.map_err(Failure::Output)
}

/// The new texts one after the other, each beginning a document.
fn joined(sources: &[SourcePlan]) -> String {
    let size = sources
        .iter()
        .map(|source| source.source.text().len())
        .sum::<usize>();
    let mut text = String::with_capacity(size + size / 16);
    for (position, source) in sources.iter().enumerate() {
        if position > 0 && !text.is_empty() {
            begin_document(&mut text, source);
        }
        let is_inner = !text.is_empty();
        for (index, piece) in source.pieces().enumerate() {
            // A byte order mark may only stand at the start of a stream.
            let inner_mark = is_inner && index == 0;
            text += if inner_mark {
                piece.trim_start_matches('\u{FEFF}')
            } else {
                piece
            };
        }
    }
    text
}

fn begin_document(text: &mut String, next: &SourcePlan) {
    let first = next.pieces().find(|piece| !piece.is_empty()).unwrap_or_default();
    if first.is_empty() {
        return;
    }
    if !text.ends_with('\n') {
        text.push('\n');
    }
    if !first.trim_start_matches('\u{FEFF}').starts_with("---") {
        text.push_str("---\n");
    }
}

fn objects_in(source: &SourcePlan) -> usize {
    let documents = source.documents.iter().map(|document| document.document.body);
    documents
        .filter(|body| has_content(&source.source, *body))
        .count()
}

/// Whether a document holds anything but comments.
fn has_content(source: &Source, body: Span) -> bool {
    source
        .slice(body)
        .lines()
        .map(|line| line.trim_start_matches('\u{FEFF}').trim())
        .any(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::DocumentPlan;

    /// Inputs that nothing changes.
    fn planned(texts: &[&str]) -> StreamPlan {
        let source = |text: &&str| {
            let source = Source::new("x", *text);
            let documents = manifest::split(&source).into_iter().map(|document| DocumentPlan {
                document,
                text: None,
                reflowed: Vec::new(),
            });
            let documents = documents.collect();
            SourcePlan {
                source,
                documents,
                objects: Vec::new(),
            }
        };
        StreamPlan {
            sources: texts.iter().map(source).collect(),
            notes: Vec::new(),
        }
    }

    fn answer(texts: &[&str], helm4: bool) -> String {
        of(&planned(texts), helm4).unwrap().text().to_owned()
    }

    #[test]
    fn one_input_stays_byte_for_byte() {
        let texts = [
            "",
            "\n",
            "# only a comment",
            "---\n# Source: a\r\nkind: A\r\n--- # b\nkind: B\n...\n",
            "\u{FEFF}kind: A\n---\n\n---\n# empty\n---\nkind: B",
            "a: |\n  text\n  ---\n---\nb: 1\n",
        ];
        for text in texts {
            assert_eq!(answer(&[text], false), text);
        }
    }

    #[test]
    fn several_inputs_stay_several_documents() {
        let cases: [(&[&str], &str); 6] = [
            (&["a: 1\n", "b: 1\n"], "a: 1\n---\nb: 1\n"),
            (&["a: 1", "---\nb: 1"], "a: 1\n---\nb: 1"),
            (&["", "b: 1\n", ""], "b: 1\n"),
            (&["\u{FEFF}a: 1\n", "\u{FEFF}b: 1\n"], "\u{FEFF}a: 1\n---\nb: 1\n"),
            (
                &["a: 1\n...\n", "# c\n---\nb: 1\n"],
                "a: 1\n...\n---\n# c\n---\nb: 1\n",
            ),
            (&["{\"a\": 1}", "{\"b\": 1}"], "{\"a\": 1}\n---\n{\"b\": 1}"),
        ];
        for (texts, expected) in cases {
            assert_eq!(answer(texts, false), expected);
        }
    }

    #[test]
    fn helm_4_gets_a_comment_where_nothing_came_in() {
        for empty in ["", "\n", "---\n", "---\n---\n"] {
            assert_eq!(answer(&[empty], true), NO_OBJECTS);
        }
        assert_eq!(answer(&["# nothing here\n"], true), "# nothing here\n");
        assert_eq!(answer(&["a: '#'\n"], true), "a: '#'\n");
    }

    #[test]
    fn a_lost_object_is_an_error() {
        let mut plan = planned(&["a: 1\n---\nb: 1\n"]);
        plan.sources[0].documents[1].text = Some("---\n# gone\n".into());
        let lost = of(&plan, false);
        assert!(
            matches!(
                lost,
                Err(Failure::Miscounted {
                    objects_in: 2,
                    objects_out: 1
                })
            ),
            "{lost:?}"
        );
    }
}
