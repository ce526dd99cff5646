//! `fixative render`: the manifests as the policies want them.

use super::planned::{self, Planned};
use super::{Console, Failure, Status, answer};
use crate::cli::{OnDeny, RenderArgs};
use crate::finding::Stale;
use crate::output::render::{self, Wanted, count};
use crate::output::style::Tone;
use crate::policy::{Door, Exemption, PolicySet};
use crate::source::Diagnostic;
use crate::stream::{More, StreamPlan};

pub(super) fn run(args: &RenderArgs, console: &mut Console) -> Result<Status, Failure> {
    let more = More::default();
    let Planned { set, plan } = planned::plan(&args.input, Door::Render, more, console)?;
    let wanted = wanted(console, args.deny.on_deny);
    let over = over(&set);
    console.remark(|style| render::notes(&over, style));
    console.say(|style| render::stream(&plan, wanted, style));
    if let Some(refused) = refused(&plan, args.deny.on_deny, console)? {
        return Ok(refused);
    }
    let answer = answer::of(&plan, args.helm4)?;
    console.remark(|_| format!("fixative: {}\n", render::summary(&plan)));
    answer.write()?;
    Ok(Status::Good)
}

/// The exemptions whose day has passed. Whether another covers anything only a check of everything can tell: here is
/// one release.
fn over(set: &PolicySet) -> Vec<Diagnostic> {
    let over = set.exemptions.iter().filter(|exemption| exemption.is_over);
    let note = |exemption: &Exemption| {
        let exemption = exemption.clone();
        let (source, span) = (exemption.source.clone(), exemption.span);
        Diagnostic::new("exemption", &source, span, Stale { exemption }.message())
    };
    over.map(note).collect()
}

/// How much a command that writes is to say.
pub(super) fn wanted(console: &Console, on_deny: OnDeny) -> Wanted {
    Wanted {
        quiet: console.quiet,
        verbose: console.verbose,
        deny_warns: on_deny == OnDeny::Warn,
    }
}

/// How many findings deny; an error where policies failed, so that nothing can be told.
pub(super) fn denials(plan: &StreamPlan) -> Result<usize, Failure> {
    let failures = plan.findings(|decision| &decision.failures).count();
    if failures > 0 {
        let what = format!("{} in policies", count(failures, "failure"));
        return Err(Failure::Undecided(what));
    }
    Ok(plan.findings(|decision| &decision.denials).count())
}

/// Why nothing may be written.
pub(super) fn refused(
    plan: &StreamPlan,
    on_deny: OnDeny,
    console: &mut Console,
) -> Result<Option<Status>, Failure> {
    let denials = denials(plan)?;
    if denials == 0 || on_deny == OnDeny::Warn {
        return Ok(None);
    }
    console.say(|style| {
        let error = style.paint(Tone::Error, "error");
        let denied = count(denials, "finding");
        let verb = if denials == 1 { "denies" } else { "deny" };
        format!("{error}: {denied} {verb}, so nothing was written; --on-deny warn lets them pass\n")
    });
    Ok(Some(Status::No))
}
