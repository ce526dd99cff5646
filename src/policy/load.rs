//! Loading: everything, or all that is wrong.

use serde_json::{Map, Value, json};

use super::compile::{self, Shared};
use super::config::Config;
use super::file::{misshapen, nearest, span_of, typed};
use super::path::{self, PathError};
use super::shape;
use super::spec::{
    API_VERSION, ComponentSpec, FunctionSpec, PackFile, PackReference, PolicyFile, SchemaKind, json_schema,
};
use super::{Component, ComponentObject, LoadOptions, Pack, PackSource, Policy, PolicySet, digest, embedded};
use crate::cel::{Environment, Function};
use crate::kube::GroupKind;
use crate::manifest::{self, Tree};
use crate::parallel;
use crate::pointer::Pointer;
use crate::source::{Diagnostic, Source, Span};

/// Fewer policies than this are not worth a thread.
const WORTH_A_THREAD: usize = 4;

/// Loads everything or says all that is wrong.
pub fn load(options: &LoadOptions) -> Result<PolicySet, Vec<Diagnostic>> {
    let config = Config::read(options)?;
    let sources = pack_sources(options, &config)?;
    let mut wrong = Vec::new();
    let mut packs = Vec::new();
    let mut policies: Vec<Policy> = Vec::new();
    for source in &sources {
        match read_pack(source).and_then(|unit| build_pack(unit, packs.len(), &config)) {
            Ok((pack, own)) => {
                packs.push(pack);
                policies.extend(own);
            }
            Err(errors) => wrong.extend(errors),
        }
    }
    wrong.extend(twice(&policies, &packs));
    if policies.is_empty() && wrong.is_empty() {
        wrong.push(no_policies(&sources, &config));
    }
    if wrong.is_empty() {
        config.check_names(&policies, &packs, &mut wrong);
    }
    let exemptions = config.exemptions(options.today.as_deref(), &mut wrong);
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let effective = effective(&policies, &packs, &config);
    Ok(PolicySet {
        digest: digest::digest(&sources, &effective),
        exempt_annotation: config.file.exempt_annotation.unwrap_or(true),
        packs,
        policies,
        exemptions,
    })
}

/// Judging by nothing would let everything pass and look like an answer.
fn no_policies(sources: &[PackSource], config: &Config) -> Diagnostic {
    let wrong = match sources.first() {
        Some(pack) => {
            let source = Source::new(pack.origin.as_str(), "");
            Diagnostic::new(
                "no-policies",
                &source,
                Span::default(),
                "there is no policy in this pack",
            )
        }
        None => config.wrong(
            "no-policies",
            &Pointer::root().key("packs"),
            "no pack is named".to_owned(),
        ),
    };
    wrong.help("a pack is a folder with a pack.yaml and files of kind Policy beside it")
}

/// Policies that two packs have under one name, by which neither could be configured.
fn twice(policies: &[Policy], packs: &[Pack]) -> Vec<Diagnostic> {
    let mut all = Vec::new();
    for (index, policy) in policies.iter().enumerate() {
        let first = policies
            .iter()
            .take(index)
            .find(|other| other.name == policy.name);
        let Some(pack) = first.and_then(|first| packs.get(first.pack)) else {
            continue;
        };
        let message = format!(
            "there is a policy `{}` already, in the pack {}",
            policy.name, pack.name
        );
        all.push(Diagnostic::new(
            "duplicate-policy",
            &policy.source,
            policy.span,
            message,
        ));
    }
    all
}

/// What of the configuration counts, for the digest.
fn effective(policies: &[Policy], packs: &[Pack], config: &Config) -> Value {
    let policies: Map<String, Value> = policies
        .iter()
        .map(|policy| {
            let actions: Vec<String> = policy.rules.iter().map(|rule| format!("{:?}", rule.action)).collect();
            let said = json!({
                "params": policy.params, "inactive": policy.inactive, "severity": policy.severity, "actions": actions,
            });
            (policy.name.clone(), said)
        })
        .collect();
    let components: Vec<String> = packs
        .iter()
        .map(|pack| format!("{:?}", pack.components))
        .collect();
    json!({
        "policies": policies,
        "components": components,
        "exemptions": config.file.exemptions,
        "exemptAnnotation": config.file.exempt_annotation,
    })
}

/// The packs that the command line or the configuration names, else all that are embedded.
fn pack_sources(options: &LoadOptions, config: &Config) -> Result<Vec<PackSource>, Vec<Diagnostic>> {
    if let Some(packs) = &options.packs {
        return Ok(packs.clone());
    }
    let Some(references) = &config.file.packs else {
        return Ok(embedded::embedded());
    };
    let mut packs = Vec::new();
    for (index, reference) in references.iter().enumerate() {
        let at = Pointer::root().key("packs").index(index);
        if references.iter().take(index).any(|other| other == reference) {
            let message = "this pack is there already".to_owned();
            return Err(vec![
                config
                    .wrong("duplicate-pack", &at, message)
                    .help("remove one of them"),
            ]);
        }
        packs.push(one_pack(reference, options, config, &at).map_err(|wrong| vec![*wrong])?);
    }
    Ok(packs)
}

fn one_pack(
    reference: &PackReference,
    options: &LoadOptions,
    config: &Config,
    at: &Pointer,
) -> Result<PackSource, Box<Diagnostic>> {
    match (reference, options.read_pack) {
        (
            PackReference {
                name: Some(name),
                path: None,
            },
            _,
        ) => embedded::named(name).ok_or_else(|| {
            let message = format!("there is no embedded pack `{name}`");
            let known = embedded::names();
            let help = format!(
                "embedded are: {}; a folder is named with `path`",
                known.join(", ")
            );
            Box::new(config.wrong("unknown-pack", &at.key("name"), message).help(help))
        }),
        (
            PackReference {
                name: None,
                path: Some(path),
            },
            Some(read),
        ) => read(std::path::Path::new(path))
            .map_err(|error| Box::new(config.wrong("unreadable-pack", &at.key("path"), error.message))),
        (
            PackReference {
                name: None,
                path: Some(_),
            },
            None,
        ) => {
            let message = "packs in folders cannot be read here".to_owned();
            Err(Box::new(config.wrong(
                "unreadable-pack",
                &at.key("path"),
                message,
            )))
        }
        _ => {
            let message = "a pack has either a name or a path".to_owned();
            Err(Box::new(config.wrong("unknown-pack", at, message)))
        }
    }
}

/// The one document of a typed file; `None` for an empty one.
pub(super) fn one_document(source: &Source) -> Result<Option<Tree>, Vec<Diagnostic>> {
    let mut trees = documents(source)?;
    match (trees.pop(), trees.is_empty()) {
        (tree, true) => Ok(tree),
        (Some(tree), false) => {
            let span = span_of(&tree, &Pointer::root());
            Err(vec![Diagnostic::new(
                "second-document",
                source,
                span,
                "this file must be one document",
            )])
        }
        (None, false) => Ok(None),
    }
}

/// The documents of a file that say something.
fn documents(source: &Source) -> Result<Vec<Tree>, Vec<Diagnostic>> {
    let mut trees = Vec::new();
    let mut wrong = Vec::new();
    for document in manifest::split(source) {
        match manifest::read(source, &document) {
            Ok(tree) if tree.value.is_null() => {}
            Ok(tree) => {
                wrong.extend(tree.notes.iter().cloned());
                trees.push(tree);
            }
            // In a policy an alias is most likely an expression that starts with `*`.
            Err(error) if error.code == "yaml-anchor" => {
                wrong.push(error.help("quote the value: YAML takes `*` at its start for an alias"));
            }
            Err(error) => wrong.push(error),
        }
    }
    if wrong.is_empty() { Ok(trees) } else { Err(wrong) }
}

/// Whether a document is of one of these kinds, the first of which it most likely should be.
pub(super) fn check_kind(source: &Source, tree: &Tree, kinds: &[&str]) -> Result<(), Vec<Diagnostic>> {
    let all = shape::one_of(kinds);
    let wrong = |span: Span, message: String, help: Option<String>| {
        let wrong = Diagnostic::new("wrong-kind", source, span, message);
        Err(vec![match help {
            Some(help) => wrong.help(help),
            None => wrong,
        }])
    };
    let root = Pointer::root();
    if !tree.value.is_object() {
        let message = format!("this is no {all}: it must be a map with `apiVersion` and `kind`");
        return wrong(span_of(tree, &root), message, None);
    }
    let text = |key: &str| tree.value.get(key).and_then(Value::as_str);
    match (text("apiVersion"), text("kind")) {
        (_, Some("Test")) if !kinds.contains(&"Test") => {
            let help = "name the file *.test.yaml";
            wrong(
                span_of(tree, &root.key("kind")),
                format!("this is a Test, but a {all} belongs here"),
                Some(help.into()),
            )
        }
        (_, Some(found)) if !kinds.contains(&found) => {
            let help = nearest(found, kinds).map(|near| format!("did you mean `{near}`?"));
            wrong(
                span_of(tree, &root.key("kind")),
                format!("this is a {found}, but a {all} belongs here"),
                help,
            )
        }
        (Some(found), _) if found != API_VERSION => {
            let message = format!("the version {found} is not known; this program reads {API_VERSION}");
            wrong(span_of(tree, &root.key("apiVersion")), message, None)
        }
        (_, None) if !kinds.contains(&"Config") => {
            let message = format!("this document does not say what it is: its `kind` must be {all}");
            wrong(span_of(tree, &root), message, None)
        }
        _ => Ok(()),
    }
}

/// The typed files of one pack.
struct PackUnit {
    origin: String,
    pack: Option<Unit<PackFile>>,
    policies: Vec<Unit<PolicyFile>>,
}

/// A typed document with its text.
pub(super) struct Unit<T> {
    pub source: Source,
    pub tree: Tree,
    pub file: T,
}

fn read_pack(pack: &PackSource) -> Result<PackUnit, Vec<Diagnostic>> {
    let mut wrong = Vec::new();
    let mut unit = PackUnit {
        origin: pack.origin.clone(),
        pack: None,
        policies: Vec::new(),
    };
    let read = parallel::map(&pack.files, WORTH_A_THREAD, documents);
    for (source, trees) in pack.files.iter().zip(read) {
        let trees = match trees {
            Ok(trees) => trees,
            Err(errors) => {
                wrong.extend(errors);
                continue;
            }
        };
        for tree in trees {
            if let Err(errors) = add_document(&mut unit, source, tree) {
                wrong.extend(errors);
            }
        }
    }
    if wrong.is_empty() { Ok(unit) } else { Err(wrong) }
}

fn add_document(unit: &mut PackUnit, source: &Source, tree: Tree) -> Result<(), Vec<Diagnostic>> {
    check_kind(source, &tree, &["Policy", "Pack"])?;
    match tree.value.get("kind").and_then(Value::as_str) {
        Some("Pack") => {
            if let Some(first) = &unit.pack {
                let message = format!("{} holds a Pack already, and a pack has one", first.source.name());
                let span = span_of(&tree, &Pointer::root().key("kind"));
                return Err(vec![Diagnostic::new("second-pack", source, span, message)]);
            }
            let file = typed(source, &tree, || json_schema(SchemaKind::Pack).clone())?;
            unit.pack = Some(Unit {
                source: source.clone(),
                tree,
                file,
            });
        }
        _ => {
            let file = typed(source, &tree, || json_schema(SchemaKind::Policy).clone())?;
            unit.policies.push(Unit {
                source: source.clone(),
                tree,
                file,
            });
        }
    }
    Ok(())
}

fn build_pack(
    unit: PackUnit,
    position: usize,
    config: &Config,
) -> Result<(Pack, Vec<Policy>), Vec<Diagnostic>> {
    let mut wrong = Vec::new();
    let (mut pack, environment) = match &unit.pack {
        Some(file) => compile_pack(file)?,
        None => {
            let name = unit.origin.split(" (").next().unwrap_or_default().to_owned();
            (
                Pack {
                    name,
                    version: String::new(),
                    components: Vec::new(),
                    ours: None,
                },
                Environment::default(),
            )
        }
    };
    config.add_components(&mut pack);
    let mut units = unit.policies;
    units.sort_by(|a, b| a.file.metadata.name.cmp(&b.file.metadata.name));
    for pair in units.windows(2) {
        if let [first, second] = pair
            && first.file.metadata.name == second.file.metadata.name
        {
            let name = &second.file.metadata.name;
            let span = span_of(&second.tree, &Pointer::root().key("metadata").key("name"));
            let message = format!("there is a policy `{name}` already, in {}", first.source.name());
            wrong.push(Diagnostic::new("duplicate-policy", &second.source, span, message));
        }
    }
    let shared = Shared {
        pack: &pack,
        position,
        environment: &environment,
        config,
    };
    let mut policies = Vec::new();
    for compiled in parallel::map(&units, WORTH_A_THREAD, |unit| compile::policy(unit, &shared)) {
        match compiled {
            Ok(policy) => policies.push(policy),
            Err(errors) => wrong.extend(errors),
        }
    }
    if wrong.is_empty() {
        Ok((pack, policies))
    } else {
        Err(wrong)
    }
}

pub(super) fn function(spec: &FunctionSpec) -> Function {
    Function {
        name: spec.name.clone(),
        args: spec.args.clone(),
        expression: spec.expression.clone(),
    }
}

fn compile_pack(unit: &Unit<PackFile>) -> Result<(Pack, Environment), Vec<Diagnostic>> {
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
        let spec: ComponentSpec = serde_json::from_value(value.clone()).map_err(|error| {
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
