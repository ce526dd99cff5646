//! Scalars that kustomize reads as something else than Helm: it has YAML 1.2 with dates, Helm has YAML 1.1.
//! Source: sigs.k8s.io/kustomize/kyaml with go.yaml.in/yaml/v3 (`resolve.go`) beside sigs.k8s.io/yaml with
//! goyaml.v2; `tests/parity` puts a table of scalars through both.

use std::sync::LazyLock;

use regex::Regex;

use crate::manifest::PlainScalar;
use crate::source::{Diagnostic, Source};

/// Dates and times of YAML.
static DATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^\d{4}-\d{1,2}-\d{1,2}([Tt ]\d{1,2}:\d{1,2}:\d{1,2}(\.\d*)?\s*(Z|[-+]\d.*)?)?$").ok()
});

/// Dates and times that are written again as they were read.
static LASTING_DATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d*[1-9])?(Z|[-+](0[1-9]|1\d|2\d):\d\d)$").ok()
});

/// What is wrong with a scalar, if the two readings differ.
pub(super) fn difference(source: &Source, scalar: &PlainScalar<'_>) -> Option<Diagnostic> {
    let text = scalar.text;
    let differs = match scalar.tag {
        None => is_old_word(text) || is_date(text) || scalar.is_key && !scalar.is_text,
        Some("!!str") => false,
        Some(_) if scalar.is_key => true,
        Some("!!int" | "!!float" | "!!null" | "!!binary") => false,
        Some("!!bool") => is_old_word(text),
        Some(_) => true,
    };
    differs.then(|| {
        let message = format!(
            "kustomize, through which Flux puts every object of the chart, reads `{text}` otherwise than Helm"
        );
        Diagnostic::new("flux-reading", source, scalar.span, message)
            .label("another value to kustomize")
            .help("put it into quotes, or write true or false, in the chart or by its values")
    })
}

/// Truth values of YAML 1.1 alone.
fn is_old_word(text: &str) -> bool {
    matches!(
        text,
        "y" | "Y"
            | "yes"
            | "Yes"
            | "YES"
            | "on"
            | "On"
            | "ON"
            | "n"
            | "N"
            | "no"
            | "No"
            | "NO"
            | "off"
            | "Off"
            | "OFF"
    )
}

fn is_date(text: &str) -> bool {
    let matches = |pattern: &Option<Regex>| pattern.as_ref().is_none_or(|it| it.is_match(text));
    // Most scalars do not begin with four digits.
    let may_be = text
        .as_bytes()
        .get(..5)
        .is_some_and(|start| start.iter().take(4).all(u8::is_ascii_digit) && start.last() == Some(&b'-'));
    may_be && matches(&DATE) && !matches(&LASTING_DATE)
}
