use super::*;
use crate::manifest;
use crate::source::Source;
use crate::stream::DocumentPlan;

/// A source of which some documents become something else.
fn planned(text: &str, becomes: &[(usize, &str)], hidden: &[&str]) -> SourcePlan {
    let source = Source::new("x.yaml", text);
    let places: Vec<Span> = hidden
        .iter()
        .map(|part| text.find(part).map(|at| Span::new(at, at + part.len())).unwrap())
        .collect();
    let documents = manifest::split(&source).into_iter().enumerate();
    let documents = documents.map(|(position, document)| DocumentPlan {
        text: becomes
            .iter()
            .find(|(index, _)| *index == position)
            .map(|(_, text)| (*text).to_owned()),
        document,
        reflowed: Vec::new(),
        hidden: places.clone(),
    });
    SourcePlan {
        documents: documents.collect(),
        objects: Vec::new(),
        source,
    }
}

fn unified(plan: &SourcePlan) -> String {
    FileDiff::of(plan).unwrap().unified(Style::default())
}

#[test]
fn line_numbers_are_those_of_the_whole_file() {
    let text = "a: 1\nb: 1\n---\nc: 1\nd: 1\ne: 1\nf: 1\n---\ng: 1\n";
    let plan = planned(text, &[(1, "---\nc: 1\nd: 2\ne: 1\nf: 1\nnew: 1\n")], &[]);
    insta::assert_snapshot!(unified(&plan), @r"
--- x.yaml
+++ x.yaml
@@ -2,8 +2,9 @@
 b: 1
 ---
 c: 1
-d: 1
+d: 2
 e: 1
 f: 1
+new: 1
 ---
 g: 1
");
    assert!(FileDiff::of(&planned(text, &[], &[])).is_none());
}

#[test]
fn far_changes_are_hunks_of_their_own() {
    let document = |number: usize| format!("---\na: {number}\nb: 1\nc: 1\nd: 1\n");
    let text: String = (0..6).map(document).collect();
    let changed = [document(90), document(95)];
    let plan = planned(&text, &[(0, &changed[0]), (5, &changed[1])], &[]);
    insta::assert_snapshot!(unified(&plan), @r"
--- x.yaml
+++ x.yaml
@@ -1,5 +1,5 @@
 ---
-a: 0
+a: 90
 b: 1
 c: 1
 d: 1
@@ -24,7 +24,7 @@
 c: 1
 d: 1
 ---
-a: 5
+a: 95
 b: 1
 c: 1
 d: 1
");
}

#[test]
fn what_may_not_be_shown_is_masked_in_every_line() {
    let text = "env:\n  - name: A\n    value: |\n      hunter2\n      swordfish\nkind: Pod\n";
    let new = text.replace("Pod", "Job");
    let plan = planned(text, &[(0, &new)], &["value: |\n      hunter2\n      swordfish"]);
    let diff = unified(&plan);
    assert!(!diff.contains("hunter2") && !diff.contains("swordfish"), "{diff}");
    let (old, new) = FileDiff::of(&plan).unwrap().texts();
    assert!(!old.contains("hunter2") && !old.contains("swordfish"), "{old}");
    assert!(new.contains("Job") && !new.contains("hunter2"), "{new}");
    insta::assert_snapshot!(diff, @r"
--- x.yaml
+++ x.yaml
@@ -3,4 +3,4 @@
     …
       …
       …
-kind: Pod
+kind: Job
");
}

#[test]
fn a_missing_line_break_at_the_end_is_said() {
    insta::assert_snapshot!(unified(&planned("a: 1", &[(0, "a: 2\n")], &[])), @r"
--- x.yaml
+++ x.yaml
@@ -1 +1 @@
-a: 1
\ No newline at end of file
+a: 2
");
}

#[test]
fn a_terminal_does_not_obey_a_file() {
    let plan = planned("a: \u{1b}[31m\tx\n", &[(0, "a: 2\n")], &[]);
    let drawn = FileDiff::of(&plan).unwrap().unified(Style { color: true });
    assert!(!drawn.contains("\u{1b}[31m\t"), "{drawn:?}");
    assert!(
        unified(&plan).contains("-a: \u{1b}[31m\tx\n"),
        "patch(1) wants it as it is"
    );
}
