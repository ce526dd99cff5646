//! `fixative render`: the manifests as the policies want them.

use std::io::IsTerminal as _;
use std::mem::ManuallyDrop;
use std::panic::resume_unwind;
use std::thread;

use super::input::InputError;
use super::{Console, Failure, Status, answer, facts, input, set};
use crate::cli::{OnDeny, RenderArgs};
use crate::output::render::{self, Wanted, count};
use crate::output::style::Tone;
use crate::policy::Door;
use crate::stream::{self, Input, StreamOptions, StreamPlan};

pub(super) fn run(args: &RenderArgs, console: &mut Console) -> Result<Status, Failure> {
    // Policies are loaded while the manifests come in.
    let files = args.files.clone();
    let reading = thread::spawn(move || -> Result<Vec<Input>, InputError> {
        Ok(input::manifests(&files)?.into_iter().map(Input::split).collect())
    });
    // The process ends behind this command: taking thousands of trees apart would only cost time.
    let set = ManuallyDrop::new(set::load(&args.set, console)?);
    if input::wants_stdin(&args.files) && std::io::stdin().is_terminal() {
        console.remark(|_| "reading manifests from the terminal, Ctrl-D ends them\n".to_owned());
    }
    let inputs = reading.join().unwrap_or_else(|panic| resume_unwind(panic))?;
    let options = StreamOptions {
        door: Door::Render,
        namespace: args.facts.namespace.clone(),
        facts: facts::read(&args.facts.facts)?,
    };
    let plan = ManuallyDrop::new(stream::plan_inputs(&set, inputs, &options)?);
    let wanted = Wanted {
        quiet: console.quiet,
        verbose: console.verbose,
        deny_warns: args.deny.on_deny == OnDeny::Warn,
    };
    console.say(|style| render::stream(&plan, wanted, style));
    if let Some(refused) = refused(&plan, args.deny.on_deny, console)? {
        return Ok(refused);
    }
    let answer = answer::of(&plan, args.helm4)?;
    console.remark(|_| format!("fixative: {}\n", render::summary(&plan)));
    answer.write()?;
    Ok(Status::Good)
}

/// Why nothing may be written.
pub(super) fn refused(
    plan: &StreamPlan,
    on_deny: OnDeny,
    console: &mut Console,
) -> Result<Option<Status>, Failure> {
    let failures = plan.findings(|decision| &decision.failures).count();
    if failures > 0 {
        let what = format!("{} in policies", count(failures, "failure"));
        return Err(Failure::Undecided(what));
    }
    let denials = plan.findings(|decision| &decision.denials).count();
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
