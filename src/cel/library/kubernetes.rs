//! What policies of applications need and Kubernetes' library lacks: images taken apart, YAML in strings.

use super::{Entry, Fault, failed, global, mismatch};
use crate::cel::budget::Budget;
use crate::cel::value::Cel;
use crate::cel::{Binding, Lazy};
use crate::kube::Image;
use crate::manifest;
use crate::source::Source;

pub(super) const FUNCTIONS: &[Entry] = &[global("image", 1, image), global("parseYaml", 1, parse_yaml)];

/// Longest text that `parseYaml` takes, in bytes.
const MAX_YAML: usize = 1 << 20;

fn image<'a>(budget: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    let [Cel::String(reference)] = args else {
        return Err(mismatch(args));
    };
    budget.bytes(reference.len() * 2)?;
    Ok(Cel::lazy(Box::new(Parts(reference.to_string()))))
}

/// The parts of an image: most expressions ask for one of them.
#[derive(Debug)]
struct Parts(String);

impl Lazy for Parts {
    fn keys(&self) -> Vec<String> {
        ["repository", "tag", "digest", "version", "flavor"]
            .map(str::to_owned)
            .to_vec()
    }

    fn get<'s>(&'s self, key: &str) -> Result<Option<Binding<'s>>, Fault> {
        let image = Image::parse(&self.0);
        let part = match key {
            "repository" => image.repository,
            "tag" => image.tag,
            "digest" => image.digest,
            "version" => image.version(),
            "flavor" => image.flavor(),
            _ => return Ok(None),
        };
        Ok(Some(Binding::Owned(part.into())))
    }
}

fn parse_yaml<'a>(budget: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    let [Cel::String(text)] = args else {
        return Err(mismatch(args));
    };
    if text.len() > MAX_YAML {
        return Err(Fault::Budget("parseYaml takes at most 1 MiB".into()));
    }
    // Reading costs about as much as a step for every byte.
    budget.charge(text.len() as u64)?;
    let source = Source::new("the text given to parseYaml", &**text);
    match manifest::split(&source).as_slice() {
        [document] => match manifest::read(&source, document) {
            Ok(tree) => Cel::copied(&tree.value, true, budget),
            Err(wrong) => {
                let at = source.line_column(wrong.span.start);
                Err(failed(format!("the text is not YAML at {at}: {}", wrong.message)))
            }
        },
        _ => Err(failed("the text holds more than one document")),
    }
}
