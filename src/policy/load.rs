//! Loading: everything, or all that is wrong.

use super::compile::{self, Shared};
use super::config::Config;
use super::document::{Unit, check_kind, documents};
use super::file::{span_of, typed};
use super::spec::{PackFile, PackReference, PolicyFile, SchemaKind, json_schema};
use super::{Admission, Pack, Policy, PolicySet, digest, embedded, pack};
use crate::cel::Environment;
use crate::json::{Map, Value, json};
use crate::manifest::Tree;
use crate::parallel;
use crate::pointer::Pointer;
use crate::source::{Diagnostic, Source, Span};

/// Fewer policies than this are not worth a thread.
const WORTH_A_THREAD: usize = 4;

/// What to load.
#[derive(Debug, Default)]
pub struct LoadOptions {
    /// The configuration file, already read; `None`: the embedded packs as they are.
    pub config: Option<Source>,
    /// Packs given on the command line instead of the configured ones: all files of each pack.
    pub packs: Option<Vec<PackSource>>,
    /// `POLICY.NAME=VALUE`, in order; the value is still text.
    pub params: Vec<(String, String, String)>,
    /// Reads the files of `packs: [{path: …}]` of the configuration (I/O stays with the caller).
    pub read_pack: Option<ReadPack>,
    /// Today, `YYYY-MM-DD`, for exemptions with an end.
    pub today: Option<String>,
}

/// Reads the files of the pack at a path.
pub type ReadPack = fn(&std::path::Path) -> Result<PackSource, Diagnostic>;

/// The files of one pack, unread.
#[derive(Clone, Debug)]
pub struct PackSource {
    /// Where it comes from: `immich (embedded)`, a folder.
    pub origin: String,
    /// Every `*.yaml` that is not `*.test.yaml`, sorted by name.
    pub files: Vec<Source>,
    /// Every `*.test.yaml`.
    pub tests: Vec<Source>,
}

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
        config.check_admission(&mut wrong);
    }
    let exemptions = config.exemptions(options.today.as_deref(), &mut wrong);
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let effective = effective(&policies, &packs, &config);
    Ok(PolicySet {
        digest: digest::digest(&sources, &effective),
        exempt_annotation: config.file.exempt_annotation.unwrap_or(true),
        admission: config.admission(),
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
    let policies: Map = policies
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
    let mut effective = json!({
        "policies": policies,
        "components": components,
        "exemptions": config.file.exemptions,
        "exemptAnnotation": config.file.exempt_annotation,
    });
    // Only where something is said, so that the digest stays what it was for all who do not.
    if config.admission() != Admission::default()
        && let Some(map) = effective.as_object_mut()
    {
        map.insert("admission".into(), json!(config.file.admission));
    }
    effective
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

/// The typed files of one pack.
struct PackUnit {
    origin: String,
    pack: Option<Unit<PackFile>>,
    policies: Vec<Unit<PolicyFile>>,
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
        Some(file) => pack::compile(file)?,
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
