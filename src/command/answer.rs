//! The answer on stdout: whole or not at all, and never with fewer objects than came in.

use std::io::{self, Write as _};

use super::Failure;
use crate::manifest;
use crate::source::{Source, Span};
use crate::stream::{DocumentPlan, SourcePlan, StreamPlan};

/// Helm 4 refuses an empty answer, and takes a comment.
const NO_OBJECTS: &str = "# fixative: no objects came in\n";
/// A byte order mark may only stand at the start of a stream.
const BYTE_ORDER_MARK: char = '\u{FEFF}';

/// The stream as it should be, in pieces: what nothing changes is a slice of what came in, however large.
#[derive(Debug, Default)]
pub(super) struct Answer<'p> {
    pieces: Vec<&'p str>,
}

/// The stream as it should be; an error where objects would be lost.
pub(super) fn of(plan: &StreamPlan, helm4: bool) -> Result<Answer<'_>, Failure> {
    let documents = || {
        plan.sources
            .iter()
            .flat_map(|source| source.documents.iter().map(move |document| (source, document)))
    };
    let objects_in = documents()
        .filter(|(source, document)| is_object(source, document))
        .count();
    let objects_out = documents()
        .map(|(source, document)| objects_out(source, document))
        .sum();
    if objects_in != objects_out {
        return Err(Failure::Miscounted {
            objects_in,
            objects_out,
        });
    }
    let answer = Answer::joined(&plan.sources);
    if objects_in == 0 && helm4 && !answer.pieces.iter().any(|piece| piece.contains('#')) {
        return Ok(Answer {
            pieces: vec![NO_OBJECTS],
        });
    }
    Ok(answer)
}

/// Writes all of it; a full disk or a reader that went away is an error.
pub(super) fn write(text: &str) -> Result<(), Failure> {
    Answer { pieces: vec![text] }.write()
}

impl<'p> Answer<'p> {
    /// The new texts one after the other, each beginning a document.
    fn joined(sources: &'p [SourcePlan]) -> Self {
        let mut answer = Self::default();
        for source in sources {
            let mut pieces = runs(source).into_iter().filter(|piece| !piece.is_empty());
            let Some(first) = pieces.next() else { continue };
            answer.begin(first);
            answer.pieces.extend(pieces);
        }
        answer
    }

    /// Writes all of it; a full disk or a reader that went away is an error.
    pub(super) fn write(&self) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        let mut pieces = self.pieces.iter();
        let written = pieces.try_for_each(|piece| stdout.write_all(piece.as_bytes()));
        written.and_then(|()| stdout.flush()).map_err(Failure::Output)
    }

    /// Adds the first piece of a source.
    fn begin(&mut self, first: &'p str) {
        let Some(before) = self.pieces.last() else {
            self.pieces.push(first);
            return;
        };
        let first = first.trim_start_matches(BYTE_ORDER_MARK);
        if !before.ends_with('\n') {
            self.pieces.push("\n");
        }
        if !first.starts_with("---") {
            self.pieces.push("---\n");
        }
        self.pieces.push(first);
    }
}

/// The new text of a source: documents that stay and stand together are one piece.
fn runs(source: &SourcePlan) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut staying: Option<Span> = None;
    for document in &source.documents {
        let span = document.document.span;
        match &document.text {
            None => staying = Some(Span::new(staying.map_or(span.start, |run| run.start), span.end)),
            Some(text) => {
                pieces.extend(staying.take().map(|run| source.source.slice(run)));
                pieces.push(text);
            }
        }
    }
    pieces.extend(staying.map(|run| source.source.slice(run)));
    pieces
}

/// Whether a document was an object when it came in.
fn is_object(source: &SourcePlan, document: &DocumentPlan) -> bool {
    has_content(&source.source, document.document.body)
}

/// How many objects go out for a document: as many as the new text splits into, none where it would run into
/// its neighbours.
fn objects_out(source: &SourcePlan, document: &DocumentPlan) -> usize {
    let Some(text) = &document.text else {
        return usize::from(is_object(source, document));
    };
    let old = source.source.slice(document.document.span);
    let marker = Span::new(document.document.span.start, document.document.body.start);
    let begins = text.starts_with(source.source.slice(marker));
    let ends = text.ends_with('\n') || !old.ends_with('\n');
    if !(begins && ends) {
        return 0;
    }
    let new = Source::new("<stdout>", text.as_str());
    let documents = manifest::split(&new);
    documents
        .iter()
        .filter(|document| has_content(&new, document.body))
        .count()
}

/// Whether a document holds anything but comments.
fn has_content(source: &Source, body: Span) -> bool {
    source
        .slice(body)
        .lines()
        .map(|line| line.trim_start_matches(BYTE_ORDER_MARK).trim())
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
                hidden: Vec::new(),
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
        of(&planned(texts), helm4).unwrap().pieces.concat()
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
        let gone = [
            "---\n# gone\n",
            "b: 2\n",
            "# lost its marker\n---\nb: 2\n",
            "---\nb: 2",
        ];
        for text in gone {
            plan.sources[0].documents[1].text = Some(text.into());
            let lost = of(&plan, false);
            let expected = Err(Failure::Miscounted {
                objects_in: 2,
                objects_out: 1,
            });
            assert_eq!(
                format!("{lost:?}"),
                format!("{:?}", expected as Result<Answer<'_>, _>),
                "{text}"
            );
        }
    }
}
