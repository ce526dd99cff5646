//! Findings as an answer: in the form that is wanted, where it is wanted, and what they come to.

use super::{Console, Failure, Status, answer};
use crate::cli::{FailOn, FindingsArgs, Format};
use crate::finding::Report;
use crate::output::{clean, github, human, json, junit, openreports, sarif};
use crate::policy::{Disposition, PolicySet};
use crate::whole_file::{self, Readers};

/// Writes the findings and says in one line what there is.
pub(super) fn answer(
    report: &Report,
    set: &PolicySet,
    args: &FindingsArgs,
    console: &mut Console,
) -> Result<Status, Failure> {
    console.remark(|style| human::forbidden(report, style) + &human::stale(report, style));
    let text = text(report, set, args, console);
    match &args.output {
        None => answer::write(&text)?,
        Some(path) => {
            let unwritable = |error| Failure::Unwritable(path.display().to_string(), error);
            whole_file::write(path, &text, Readers::Anybody).map_err(unwritable)?;
        }
    }
    let file = args.output.as_ref().map(|path| path.display().to_string());
    let file = file.map_or(String::new(), |path| format!(", written to {}", clean(&path)));
    console.remark(|_| format!("fixative: {}{file}\n", human::summary(report)));
    let failures = report.failures();
    if failures > 0 {
        return Err(Failure::Failed(failures));
    }
    let is_no = threshold(args.fail_on).is_some_and(|level| report.worst() >= Some(level));
    Ok(if is_no { Status::No } else { Status::Good })
}

fn text(report: &Report, set: &PolicySet, args: &FindingsArgs, console: &Console) -> String {
    let digest = set.digest.to_string();
    match args.format {
        Format::Human => {
            let wanted = human::Wanted {
                quiet: console.quiet,
                verbose: console.verbose,
            };
            let style = match args.output {
                None => console.answer_style(),
                Some(_) => Default::default(),
            };
            human::findings(report, wanted, style)
        }
        Format::Json => json::document(report, &digest),
        Format::Sarif => sarif::log(report, set, report.failures() == 0),
        Format::Junit => junit::suites(report, threshold(args.fail_on)),
        Format::Github => github::annotations(report),
        Format::Openreports => openreports::reports(report, &digest),
    }
}

fn threshold(fail_on: FailOn) -> Option<Disposition> {
    match fail_on {
        FailOn::Deny => Some(Disposition::Deny),
        FailOn::Warn => Some(Disposition::Warn),
        FailOn::Audit => Some(Disposition::Audit),
        FailOn::Never => None,
    }
}
