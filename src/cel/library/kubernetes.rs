//! What policies of applications need and Kubernetes' library lacks: images taken apart, YAML in strings.

use super::{Entry, Fault, Native, failed, global, mismatch};
use crate::cel::budget::Budget;
use crate::cel::value::{Cel, Entries, Key, Text};
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
    let image = Image::parse(reference);
    let parts = [
        ("repository", image.repository),
        ("tag", image.tag),
        ("digest", image.digest),
        ("version", image.version()),
        ("flavor", image.flavor()),
    ];
    let entries: Entries<'a> = parts
        .into_iter()
        .map(|(name, text)| (Key::String(Text::Borrowed(name)), Cel::string(text)))
        .collect();
    Ok(Cel::map(entries))
}

/// One field of what `image(…)` gives, without the others: most expressions ask for the version alone.
pub(super) fn part_of_image(field: &str) -> Option<Native> {
    Some(match field {
        "repository" => |budget, args| part(budget, args, |image| image.repository),
        "tag" => |budget, args| part(budget, args, |image| image.tag),
        "digest" => |budget, args| part(budget, args, |image| image.digest),
        "version" => |budget, args| part(budget, args, |image| image.version()),
        "flavor" => |budget, args| part(budget, args, |image| image.flavor()),
        _ => return None,
    })
}

fn part<'a>(
    budget: &mut Budget,
    args: &[Cel<'a>],
    take: for<'i> fn(&Image<'i>) -> &'i str,
) -> Result<Cel<'a>, Fault> {
    let [Cel::String(reference)] = args else {
        return Err(mismatch(args));
    };
    budget.bytes(reference.len() * 2)?;
    Ok(match reference {
        Text::Borrowed(text) => Cel::String(Text::Borrowed(take(&Image::parse(text)))),
        Text::Shared(text) => Cel::string(take(&Image::parse(text))),
    })
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
