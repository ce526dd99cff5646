//! From an HTTP request to an HTTP answer: limits, deadline, and whatever goes wrong in between.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, HeaderMap};
use axum::http::{HeaderValue, Response, StatusCode, Uri};
use axum::routing::post;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Body as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::answer::Answer;
use super::dispatch;
use super::failed::Failed;
use super::judge::{Judged, Webhook};
use super::metrics::{FailureReason, Metrics, RequestResult};
use super::rules::Rules;
use crate::world::World;

/// The API server sends up to 3 MiB an object, and two of them.
const LARGEST_BODY: usize = 8 << 20;
/// KiB of bodies in memory at once, however many connections bring some: two of the largest, or hundreds of those
/// that are usual. A body costs several times its size while it is judged.
pub const BODIES: usize = 2 * (LARGEST_BODY >> 10);
/// What the API server waits at most, and at least what is assumed where it does not say.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
const DEFAULT_WAIT: Duration = Duration::from_secs(10);
/// Answers leave that long before the API server stops waiting.
const MARGIN: Duration = Duration::from_millis(150);

/// What every request needs.
#[derive(Debug)]
pub struct Service {
    /// The policies; `None` until some could be loaded.
    pub rules: ArcSwapOption<Rules>,
    /// What is known of the cluster.
    pub world: Arc<dyn World + Send + Sync>,
    /// The webhook's own namespace.
    pub own_namespace: Option<String>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// As many are judged at once as there are permits; others wait until their deadline.
    pub judging: Arc<Semaphore>,
    /// KiB of bodies that may be in memory at once.
    pub bodies: Arc<Semaphore>,
    /// Set when the server is about to stop: answers ask the API server to close the connection.
    pub draining: AtomicBool,
}

/// The paths of the webhook.
pub fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route("/mutate", post(mutate))
        .route("/validate", post(validate))
        .with_state(service)
}

async fn mutate(State(service): State<Arc<Service>>, request: axum::extract::Request) -> Response<Body> {
    respond(service, Webhook::Mutate, request).await
}

async fn validate(State(service): State<Arc<Service>>, request: axum::extract::Request) -> Response<Body> {
    respond(service, Webhook::Validate, request).await
}

async fn respond(service: Arc<Service>, webhook: Webhook, request: axum::extract::Request) -> Response<Body> {
    let start = std::time::Instant::now();
    let answered = answer(&service, webhook, request).await;
    let (result, status, body) = match answered {
        Ok((result, body)) => (result, StatusCode::OK, body),
        Err(failed) => {
            service.metrics.failed(failed.reason);
            tracing::warn!(uid = failed.uid, reason = ?failed.reason, message = failed.message, "no answer");
            let body = Answer::failure(&failed.uid, &failed.message).unwrap_or_default();
            (RequestResult::Error, failed.status, body)
        }
    };
    service
        .metrics
        .answered(webhook, result, start.elapsed().as_secs_f64());
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if service.draining.load(Ordering::Relaxed) {
        let close = HeaderValue::from_static("close");
        response
            .headers_mut()
            .insert(axum::http::header::CONNECTION, close);
    }
    response
}

async fn answer(
    service: &Service,
    webhook: Webhook,
    request: axum::extract::Request,
) -> Result<(RequestResult, Vec<u8>), Failed> {
    let deadline = Instant::now() + wait(request.uri());
    // Held until the answer is made.
    let _room = room(service, size(&request), deadline).await?;
    let body = body(request, deadline).await?;
    let rules = service.rules.load_full().ok_or_else(|| {
        Failed::unavailable(
            FailureReason::NotLoaded,
            "",
            "no policies are loaded, see /readyz?verbose",
        )
    })?;
    let review = dispatch::read(service, &body, &rules)
        .map_err(|error| Failed::bad_request(StatusCode::BAD_REQUEST, error.to_string()))?;
    let uid = review.head.uid.clone();
    let judged = dispatch::judge_within(deadline, service, webhook, review, rules).await?;
    count(&service.metrics, &judged);
    let result = match &judged.answer {
        Answer { denied: Some(_), .. } => RequestResult::Denied,
        Answer { patch, .. } if !patch.is_empty() => RequestResult::Patched,
        _ => RequestResult::Allowed,
    };
    let body = judged
        .answer
        .body(&uid)
        .map_err(|error| Failed::internal(&uid, error.to_string()))?;
    Ok((result, body))
}

fn count(metrics: &Metrics, judged: &Judged) {
    for (policy, action) in &judged.findings {
        metrics.found(policy, *action);
    }
    if judged.lost_repairs > 0 {
        metrics.lost(judged.lost_repairs);
    }
    if judged.misfit {
        metrics.failed(FailureReason::Misfit);
    }
}

/// What the API server waits: `?timeout=3s`.
fn wait(uri: &Uri) -> Duration {
    let query = uri.query().unwrap_or_default();
    let stated = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("timeout="))
        .and_then(|text| text.strip_suffix('s'))
        .and_then(|seconds| seconds.parse::<u64>().ok())
        .map(Duration::from_secs);
    stated
        .unwrap_or(DEFAULT_WAIT)
        .min(LONGEST_WAIT)
        .saturating_sub(MARGIN)
}

/// KiB of the body by the length that its head states; of the largest where it states none.
fn size(request: &axum::extract::Request) -> u32 {
    let largest = LARGEST_BODY as u64;
    let stated = request.body().size_hint().exact().unwrap_or(largest);
    u32::try_from(stated.min(largest).div_ceil(1 << 10)).unwrap_or(u32::MAX)
}

/// Room for a body of so many KiB.
async fn room(service: &Service, kilobytes: u32, deadline: Instant) -> Result<OwnedSemaphorePermit, Failed> {
    let overload = || Failed::unavailable(FailureReason::Overload, "", "too many bodies are being read");
    let room = Arc::clone(&service.bodies).acquire_many_owned(kilobytes);
    let room = timeout_at(deadline, room).await;
    room.map_err(|_| overload())?.map_err(|_| overload())
}

async fn body(request: axum::extract::Request, deadline: Instant) -> Result<Bytes, Failed> {
    if !is_json(request.headers()) {
        let message = "the Content-Type must be application/json";
        return Err(Failed::bad_request(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    if request.body().size_hint().lower() > LARGEST_BODY as u64 {
        return Err(too_large());
    }
    let reading = Limited::new(request.into_body(), LARGEST_BODY).collect();
    match timeout_at(deadline, reading).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(too_large()),
        Ok(Err(error)) => Err(Failed::bad_request(
            StatusCode::BAD_REQUEST,
            format!("the body broke off: {error}"),
        )),
        Err(_) => Err(Failed::bad_request(
            StatusCode::REQUEST_TIMEOUT,
            "the body did not come in time",
        )),
    }
}

fn too_large() -> Failed {
    let message = format!("the body is larger than {} MiB", LARGEST_BODY >> 20);
    Failed::bad_request(StatusCode::PAYLOAD_TOO_LARGE, message)
}

fn is_json(headers: &HeaderMap) -> bool {
    let stated = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let kind = stated.split(';').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("application/json")
}

#[cfg(test)]
mod tests;
