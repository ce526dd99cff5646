//! `fixative probe`: whether the API server's calls reach the webhook.

use std::time::{Duration, Instant};

use super::{Console, Failure, Status, answer, audit};
use crate::cli::ProbeArgs;
use crate::cluster::probe::{ProbeError, probe};
use crate::cluster::{Client, connect};
use crate::output::style::Tone;
use crate::webhook::judge::Webhook;
use crate::webhook::probe::Answered;

/// Between two tries.
const PAUSE: Duration = Duration::from_secs(1);

pub(super) fn run(args: &ProbeArgs, console: &mut Console) -> Result<Status, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let answered = runtime.map_err(Failure::Runtime)?.block_on(async {
        let client = connect(&audit::options(&args.cluster)).await?;
        Ok::<_, Failure>(until_all(&client, args).await?)
    })?;
    let missing: Vec<&str> = missing(args, &answered).map(Webhook::name).collect();
    let lines = answered.iter().map(|one| format!("{one}\n")).collect::<String>();
    answer::write(&lines)?;
    if missing.is_empty() {
        return Ok(Status::Good);
    }
    let namespace = &args.namespace;
    console.say(|style| {
        format!(
            "{}: nobody answered for {}: the API server did not call it, or got no answer and let the object in. Is namespace \
             {namespace} one that its configuration selects, are Deployments in its rules, has it a caBundle, is its Pod \
             ready, and is a policy active that is about Deployments? `kubectl get mutatingwebhookconfigurations,validatingwebhookconfigurations -o yaml` shows the first three\n",
            style.paint(Tone::Error, "error"),
            missing.join(" and "),
        )
    });
    Ok(Status::No)
}

/// Tries until each webhook was called or the time is over; what came last.
async fn until_all(client: &Client, args: &ProbeArgs) -> Result<Vec<Answered>, ProbeError> {
    let end = Instant::now() + Duration::from_secs(args.wait.into());
    loop {
        let tried = probe(client, &args.namespace).await;
        let is_good = tried
            .as_ref()
            .is_ok_and(|answered| missing(args, answered).next().is_none());
        if is_good || Instant::now() >= end {
            return tried;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn missing(args: &ProbeArgs, answered: &[Answered]) -> impl Iterator<Item = Webhook> {
    let is_missing = |webhook: &Webhook| !answered.iter().any(|one| one.webhook == *webhook);
    args.webhooks().iter().copied().filter(is_missing)
}
