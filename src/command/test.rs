//! `fixative test`: runs the tests that stand beside policies.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Console, Failure, Status, answer, input, packs};
use crate::cli::TestArgs;
use crate::output::cases;
use crate::policy::{self, PackSource};
use crate::source::{Diagnostic, Source};
use crate::testing::{self, CaseResult};

pub(super) fn run(args: &TestArgs, console: &mut Console) -> Result<Status, Failure> {
    let packs = if args.paths.is_empty() {
        policy::embedded()
    } else {
        let packs = args.paths.iter().map(|path| pack(path));
        packs.collect::<Result<_, _>>()?
    };
    let mut results: Vec<CaseResult> = Vec::new();
    let mut broken: Vec<Diagnostic> = Vec::new();
    for pack in &packs {
        for file in &pack.tests {
            match testing::run(file, std::slice::from_ref(pack), &|path| read_beside(file, path)) {
                Ok(cases) => results.extend(cases),
                Err(diagnostics) => broken.extend(diagnostics),
            }
        }
    }
    let text = cases::cases(&results, !console.quiet, console.answer_style());
    answer::write(&(text + &cases::summary(&results)))?;
    if !broken.is_empty() {
        return Err(Failure::Texts(broken));
    }
    if results.is_empty() {
        return Err(Failure::Usage(
            "there are no tests here; a pack's tests are named *.test.yaml".into(),
        ));
    }
    let all_pass = results.iter().all(|result| result.problems.is_empty());
    Ok(if all_pass { Status::Good } else { Status::No })
}

/// A folder is a pack with all its tests; a test file is itself with the pack around it.
fn pack(path: &Path) -> Result<PackSource, Failure> {
    if path.is_dir() {
        return Ok(packs::read(path)?);
    }
    let name = path.display().to_string();
    if !packs::is_test(&name) {
        let what = format!("{name} is no test: give a pack's folder or a file named *.test.yaml");
        return Err(Failure::Usage(what));
    }
    let test = input::read(path)?;
    let mut pack = packs::read(folder_of(path))?;
    pack.tests = vec![test];
    Ok(pack)
}

fn folder_of(file: &Path) -> &Path {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or_else(|| Path::new("."))
}

/// A file that a case names, relative to its test file.
fn read_beside(test: &Source, path: &str) -> Result<String, String> {
    let full: PathBuf = folder_of(Path::new(test.name())).join(path);
    let text = fs::read_to_string(&full);
    text.map_err(|error| format!("cannot read {}: {error}", full.display()))
}
