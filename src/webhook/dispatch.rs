//! Where a request is judged, and for how long: at once on the thread that read it, or beside.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use axum::http::StatusCode;
use bytes::Bytes;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};

use super::failed::Failed;
use super::http::Service;
use super::judge::{JudgeError, Judged, Webhook, concerns, judge, wish};
use super::metrics::FailureReason;
use super::review::{Request, ReviewError};
use super::rules::Rules;
use crate::cel::Allowance;
use crate::policy::Operation;

/// Bytes of a review that is judged where it was read, and steps of policies for it: both together take ten
/// milliseconds or so at most.
pub(super) const LARGEST_AT_ONCE: usize = 128 << 10;
const STEPS_AT_ONCE: u64 = 500_000;

/// Reads a review: its objects, too, where policies may be about them and it is judged at once.
pub(super) fn read(service: &Service, body: &Bytes, rules: &Rules) -> Result<Request, ReviewError> {
    if body.len() > LARGEST_AT_ONCE {
        return Request::read(body);
    }
    let own_namespace = service.own_namespace.as_deref();
    Request::read_with(body, |head| wish(head, body, rules, own_namespace))
}

/// Judges a request by the policies, if it can be about any of them; what takes long is given up at the deadline.
pub(super) async fn judge_within(
    deadline: Instant,
    service: &Service,
    webhook: Webhook,
    review: Request,
    rules: Arc<Rules>,
) -> Result<Judged, Failed> {
    let Some(operation) = concerns(&review, &rules, service.own_namespace.as_deref()) else {
        return Ok(Judged::default());
    };
    match judge_at_once(service, webhook, operation, &review, &rules) {
        Some(judged) => judged,
        None => judge_beside(deadline, service, webhook, operation, review, rules).await,
    }
}

/// Judges where the request was read: a thread of its own would cost as much as most objects do. `None` for what is
/// too large or takes too long for others to wait for it.
fn judge_at_once(
    service: &Service,
    webhook: Webhook,
    operation: Operation,
    review: &Request,
    rules: &Rules,
) -> Option<Result<Judged, Failed>> {
    if review.size > LARGEST_AT_ONCE {
        return None;
    }
    let allowance = Allowance::new(STEPS_AT_ONCE);
    // Nothing that a panic leaves half done outlives it: rules and world are only read.
    let judging = AssertUnwindSafe(|| {
        judge(
            webhook,
            operation,
            review,
            rules,
            service.world.as_ref(),
            &allowance,
        )
    });
    let judged = catch_unwind(judging);
    let is_whole = judged.is_err() || !allowance.is_spent();
    is_whole.then(|| match judged {
        Ok(judged) => judged.map_err(|error| unreadable(&review.head.uid, &error)),
        Err(_panic) => Err(bug(&review.head.uid)),
    })
}

/// Judges on a thread of its own, so that a slow policy holds up nobody else and ends at the deadline.
async fn judge_beside(
    deadline: Instant,
    service: &Service,
    webhook: Webhook,
    operation: Operation,
    review: Request,
    rules: Arc<Rules>,
) -> Result<Judged, Failed> {
    let uid = review.head.uid.clone();
    let overload = || {
        Failed::unavailable(
            FailureReason::Overload,
            &uid,
            "too many requests are being judged",
        )
    };
    let permit = timeout_at(deadline, Arc::clone(&service.judging).acquire_owned()).await;
    let permit = permit.map_err(|_| overload())?.map_err(|_| overload())?;
    let world = Arc::clone(&service.world);
    let judging = spawn_blocking(move || {
        let allowance = Allowance::default();
        let judged = judge(webhook, operation, &review, &rules, world.as_ref(), &allowance);
        // Held to the end, also where nobody waits for the answer any more.
        drop(permit);
        judged
    });
    match timeout_at(deadline, judging).await {
        Ok(Ok(judged)) => judged.map_err(|error| unreadable(&uid, &error)),
        Ok(Err(_panic)) => Err(bug(&uid)),
        Err(_) => {
            let message = "the policies took longer than the API server waits";
            let status = StatusCode::GATEWAY_TIMEOUT;
            Err(Failed::new(status, FailureReason::Timeout, &uid, message))
        }
    }
}

fn unreadable(uid: &str, error: &JudgeError) -> Failed {
    let (status, reason) = (StatusCode::INTERNAL_SERVER_ERROR, FailureReason::BadRequest);
    Failed::new(status, reason, uid, error.to_string())
}

fn bug(uid: &str) -> Failed {
    Failed::internal(
        uid,
        "a policy or the program itself failed: this is a bug of fixative",
    )
}
