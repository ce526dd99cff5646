//! What a pack file says: its functions, its components and which objects it calls its own.

use serde::Deserialize as _;

use super::compile;
use super::document::Unit;
use super::file::{misshapen, span_of};
use super::path::{self, PathError};
use super::spec::{ComponentSpec, FunctionSpec, PackFile, SchemaKind, json_schema};
use super::{Component, ComponentObject, Pack};
use crate::cel::{Environment, Function};
use crate::kube::GroupKind;
use crate::pointer::Pointer;
use crate::source::{Diagnostic, Source, Span};

/// The pack that a file describes, and the functions that its policies may call.
pub(super) fn compile(unit: &Unit<PackFile>) -> Result<(Pack, Environment), Vec<Diagnostic>> {
    let spec = &unit.file.spec;
    let functions: Vec<Function> = spec.functions.iter().map(function).collect();
    let at = |steps: Pointer| Pointer::root().key("spec").join(&steps);
    let environment = Environment::new(&functions).map_err(|(index, error)| {
        let place = at(Pointer::root().key("functions").index(index));
        let function = functions.get(index);
        vec![compile::function_error(
            &unit.source,
            &unit.tree,
            &place,
            function,
            &error,
        )]
    })?;
    let ours = match &spec.ours {
        Some(text) => Some(
            environment
                .compile(text, &["object", "labels"])
                .map_err(|mut error| {
                    let place = at(Pointer::root().key("ours"));
                    error.help = error.help.or(Some("`ours` knows `object` and `labels`".into()));
                    vec![compile::cel_error(&unit.source, &unit.tree, &place, text, &error)]
                })?,
        ),
        None => None,
    };
    let mut components = Vec::new();
    for (name, value) in &spec.components {
        let place = at(Pointer::root().key("components").key(name));
        let spec: ComponentSpec = ComponentSpec::deserialize(value).map_err(|error| {
            let wrong = misshapen(&unit.source, &unit.tree, json_schema(SchemaKind::Pack));
            if !wrong.is_empty() {
                return wrong;
            }
            let span = span_of(&unit.tree, &place);
            vec![Diagnostic::new(
                "wrong-type",
                &unit.source,
                span,
                error.to_string(),
            )]
        })?;
        if let Some((field, position, image)) = spec.impossible() {
            let span = span_of(&unit.tree, &place.key(field).index(position));
            return Err(vec![impossible_image(&unit.source, span, image)]);
        }
        components.push(component(name, &spec).map_err(|(index, error)| {
            let place = place.key("objects").index(index).key("image");
            let text = spec.objects.get(index).map_or("", |object| object.image.as_str());
            vec![compile::path_error(&unit.source, &unit.tree, &place, text, error)]
        })?);
    }
    let pack = Pack {
        name: unit.file.metadata.name.clone(),
        version: spec.version.clone(),
        components,
        ours,
    };
    Ok((pack, environment))
}

/// An image that would never match anything.
pub(super) fn impossible_image(source: &Source, span: Span, image: &str) -> Diagnostic {
    let message = format!("`{image}` is no repository, so it would match nothing");
    Diagnostic::new("bad-component", source, span, message)
        .help("name the repository alone: images are compared without tag and digest")
}

/// An error is one of the object at that position.
fn component(name: &str, spec: &ComponentSpec) -> Result<Component, (usize, PathError)> {
    let mut objects = Vec::new();
    for (index, object) in spec.objects.iter().enumerate() {
        let image = path::parse(&object.image, false).map_err(|error| (index, error))?;
        objects.push(ComponentObject {
            kind: GroupKind::parse(&object.kind),
            image,
        });
    }
    Ok(Component {
        name: name.to_owned(),
        images: spec.images.clone(),
        generic: spec.generic.clone(),
        objects,
    })
}

/// A function as the evaluator takes it.
pub(super) fn function(spec: &FunctionSpec) -> Function {
    Function {
        name: spec.name.clone(),
        args: spec.args.clone(),
        expression: spec.expression.clone(),
    }
}
