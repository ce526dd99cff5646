//! An export as text: one entry of `spec.postRenderers`, in block style.

use super::{Body, Export, Patch, Substitution, reading};
use crate::json::Value;
use crate::manifest;
use crate::resource::ResourceId;
use crate::source::Source;

/// How the comment begins that tells our entry from others.
pub(super) const MARK: &str = "# Made by fixative ";

/// What Flux replaces in the file that holds a HelmRelease.
const VARIABLE: &str = "${";

/// A patch holds `${`, and nobody said what becomes of that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the patch of {object} holds ${{: if the Kustomization that applies the HelmRelease has spec.postBuild, say \
     --post-build used, and it is written $${{; if not, say --post-build unused, or annotate the HelmRelease with \
     kustomize.toolkit.fluxcd.io/substitute: disabled"
)]
pub struct UnsaidSubstitution {
    object: ResourceId,
}

impl Export {
    /// `postRenderers:` and what else belongs into `spec` of a HelmRelease.
    pub fn fragment(&self, substitution: Substitution) -> Result<String, UnsaidSubstitution> {
        let mut text = String::new();
        match self.entry(substitution)? {
            Some(entry) => {
                text.push_str("postRenderers:\n");
                text.push_str(&indented(&entry, "  "));
            }
            None => text.push_str(&format!("{}\npostRenderers: []\n", self.comment())),
        }
        if !self.hooks.is_empty() {
            let hooks: Vec<String> = self.hooks.iter().map(ToString::to_string).collect();
            text.push_str(&format!("# Hooks are patched: {}.\n", hooks.join(", ")));
            text.push_str("postRenderStrategy: combined\n");
        }
        Ok(text)
    }

    /// One item of `spec.postRenderers` as the lines of a list in column 0, our comment in front; nothing where
    /// nothing is to be patched.
    pub fn entry(&self, substitution: Substitution) -> Result<Option<String>, UnsaidSubstitution> {
        if self.patches.is_empty() {
            return Ok(None);
        }
        let mut text = format!("{}\n- kustomize:\n    patches:\n", self.comment());
        for patch in &self.patches {
            text.push_str(&indented(&patch_item(patch, substitution)?, "      "));
        }
        Ok(Some(text))
    }

    fn comment(&self) -> String {
        format!(
            "{MARK}{} from {}: change the policies, not this entry.",
            env!("CARGO_PKG_VERSION"),
            self.origin
        )
    }
}

/// An item of `patches`, its comment in front.
fn patch_item(patch: &Patch, substitution: Substitution) -> Result<String, UnsaidSubstitution> {
    let body = body_text(&patch.body);
    let body = match substitution {
        Substitution::PostBuild => body.replace(VARIABLE, "$${"),
        Substitution::Off => body,
        Substitution::Unsaid if body.contains(VARIABLE) => {
            let object = patch.object.clone();
            return Err(UnsaidSubstitution { object });
        }
        Substitution::Unsaid => body,
    };
    let by: Vec<String> = patch.by.iter().map(ToString::to_string).collect();
    let target = indented(&manifest::yaml(&patch.target), "    ");
    Ok(format!(
        "# {}: {}\n- target:\n{target}  patch: |\n{}",
        patch.object,
        by.join(", "),
        indented(&body, "    ")
    ))
}

/// The patch as kustomize and we read it alike.
fn body_text(body: &Body) -> String {
    let value = match body {
        Body::Strategic(patch) => patch.clone(),
        Body::Operations(operations) => crate::json::to_value(operations).unwrap_or_default(),
    };
    let block = manifest::yaml(&value);
    // kustomize cuts line breaks off the end of a patch, also where they belong to its last value.
    let closed = format!("{block}# end\n");
    let lines = || match &value {
        Value::Array(items) => items
            .iter()
            .map(|item| format!("- {}\n", manifest::yaml_line(item)))
            .collect(),
        value => manifest::yaml_line(value) + "\n",
    };
    [block, closed]
        .into_iter()
        .find(|text| is_read_alike(text.trim_end(), &value))
        .unwrap_or_else(lines)
}

fn is_read_alike(text: &str, value: &Value) -> bool {
    let source = Source::new("patch", text);
    let documents = manifest::split(&source);
    let [document] = documents.as_slice() else {
        return false;
    };
    manifest::read(&source, document).is_ok_and(|tree| {
        let scalars = tree.plain_scalars(&source);
        let is_alike = scalars
            .iter()
            .all(|scalar| reading::difference(&source, scalar).is_none());
        is_alike && tree.value == *value
    })
}

/// Every line that holds something, further in.
pub(super) fn indented(text: &str, by: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for line in text.split_inclusive('\n') {
        if !line.trim_end_matches(['\n', '\r']).is_empty() {
            out.push_str(by);
        }
        out.push_str(line);
    }
    out
}
