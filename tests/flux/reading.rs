//! Scalars that kustomize reads otherwise than Helm are refused, and no others: a table, held against real kustomize.

use fixative::flux::export;
use fixative::manifest;
use fixative::policy::Door;
use fixative::source::Source;

use crate::generated::{plan, set};
use crate::post_renderer::{flux, objects};

/// Scalars as a chart may write them.
const SCALARS: [&str; 64] = [
    "y",
    "N",
    "yes",
    "No",
    "on",
    "Off",
    "true",
    "False",
    "null",
    "~",
    "0",
    "-0",
    "+1",
    "012",
    "08",
    "0o17",
    "0b11",
    "0x1F",
    "1_000",
    "1_0.5",
    "1.",
    ".5",
    "1e3",
    "1E400",
    "+.5",
    "1e",
    "0.1.2",
    "12:30:45",
    "190:20:30",
    "=",
    "9007199254740993",
    "12345678901234567890",
    "123456789012345678901234567890",
    "1e21",
    "1e-7",
    "2026-01-02",
    "2026-1-2",
    "2001-12-14t21:59:43.10-05:00",
    "2001-12-14T21:59:43Z",
    "2001-12-14T21:59:43.1Z",
    "2001-12-14T21:59:43.10Z",
    "2001-12-14T21:59:43+02:00",
    "2001-12-14T21:59:43+00:00",
    "2001-12-14 21:59:43",
    "2026-13-45",
    "2026-01-02x",
    "2026-01",
    "!!str 1",
    "!!int '1'",
    "!!float 1",
    "!!bool yes",
    "!!bool true",
    "!!binary aGk=",
    "!!timestamp 2001-01-01",
    "! 1",
    "'yes'",
    "\"2026-01-02\"",
    "plain text",
    "a#b",
    "\"\\x7f\"",
    "\"\\x85\"",
    "\"\\x1b\"",
    "\"\\uFFFE\"",
    "\"\\uFEFF\"",
];

/// A policy that changes nothing here.
const NOTHING: &str = "
apiVersion: fixative.dev/v1alpha1
kind: Policy
metadata: {name: nothing}
spec:
  title: Nothing
  description: It changes nothing.
  severity: low
  action: Warn
  subject: Object
  match: {kinds: [X]}
  rules: [{name: rule, merge: {never: here}, where: 'false'}]
";

#[test]
fn what_kustomize_reads_otherwise_is_refused_and_nothing_else() {
    let set = set(NOTHING);
    let mut wrong = Vec::new();
    for scalar in SCALARS {
        for place in [
            format!("value: {scalar}"),
            format!("value: [{scalar}]"),
            format!("value: {{? {scalar} : x}}"),
        ] {
            let text = format!("apiVersion: v1\nkind: X\nmetadata: {{name: a}}\n{place}\n");
            // Where Helm does not read it, there is nothing to compare.
            let source = Source::new("chart", text.as_str());
            if manifest::read(&source, &manifest::split(&source)[0]).is_err() {
                continue;
            }
            let expected = objects(&text);
            let release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: a, namespace: b}\n\
                 spec: {postRenderers: [{kustomize: {}}]}\n";
            let is_same = flux(release, &text).is_ok_and(|by_flux| by_flux == expected);
            let is_refused = export(&set, &plan(&set, &text, Door::Flux)).is_err();
            // A date that is none, or one that is written again as it was, may be refused without need.
            let is_safe_side = is_refused && scalar.contains("-1");
            if is_same == is_refused && !is_safe_side {
                wrong.push(format!("{place}: same {is_same}, refused {is_refused}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
