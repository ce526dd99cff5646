//! The policy set that the command line asks for.

use std::path::{Path, PathBuf};

use super::{Console, Failure, clock, input, packs};
use crate::cli::SetArgs;
use crate::output::render::judged_by;
use crate::policy::{self, LoadOptions, PackSource, PolicySet};
use crate::source::{Diagnostic, Source, Span};

/// The configuration that counts where none is named; nothing above the working directory is searched.
const DEFAULT_CONFIG: &str = "fixative.yaml";

/// Loads everything, and says by what is judged.
pub(super) fn load(args: &SetArgs, console: &mut Console) -> Result<PolicySet, Failure> {
    let (set, config) = read(args)?;
    console.remark(|_| judged_by(config.as_deref(), &set.digest.to_string()));
    Ok(set)
}

/// Loads everything; with the name of the configuration file, if one counts.
pub(super) fn read(args: &SetArgs) -> Result<(PolicySet, Option<String>), Failure> {
    let config = config_path(args).map(|path| input::read(&path)).transpose()?;
    let name = config.as_ref().map(|source| source.name().to_owned());
    let options = LoadOptions {
        config,
        packs: given_packs(&args.policies)?,
        params: args.param.clone(),
        read_pack: Some(read_pack),
        today: Some(clock::today()),
    };
    let set = policy::load(&options).map_err(Failure::Texts)?;
    Ok((set, name))
}

/// The folders in which something stands that [`read`] reads; the kubelet changes mounted ones by swapping a
/// link in them. A pack that only the configuration names is not among them.
pub(super) fn folders(args: &SetArgs) -> Vec<PathBuf> {
    let folder = |path: &Path| {
        let holder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        if path.is_dir() {
            path.to_owned()
        } else {
            holder.unwrap_or(Path::new(".")).to_owned()
        }
    };
    config_path(args)
        .iter()
        .chain(&args.policies)
        .map(|path| folder(path))
        .collect()
}

fn config_path(args: &SetArgs) -> Option<PathBuf> {
    let named = args.config.clone().filter(|path| !path.as_os_str().is_empty());
    let default = || {
        Path::new(DEFAULT_CONFIG)
            .exists()
            .then(|| format!("./{DEFAULT_CONFIG}").into())
    };
    named.or_else(default)
}

fn given_packs(paths: &[PathBuf]) -> Result<Option<Vec<PackSource>>, Failure> {
    if paths.is_empty() {
        return Ok(None);
    }
    let packs = paths.iter().map(|path| packs::read(path));
    Ok(Some(packs.collect::<Result<_, _>>()?))
}

/// Reads a pack that the configuration names.
#[allow(clippy::result_large_err, reason = "the loader's own signature")]
fn read_pack(path: &Path) -> Result<PackSource, Diagnostic> {
    packs::read(path).map_err(|error| {
        let source = Source::new(path.display().to_string(), "");
        Diagnostic::new("unreadable-pack", &source, Span::default(), error.to_string())
    })
}
