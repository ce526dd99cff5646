//! From an HTTP request to an HTTP answer: limits, deadline, and whatever goes wrong in between.

use std::panic::{AssertUnwindSafe, catch_unwind};
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
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};

use super::answer::Answer;
use super::judge::{JudgeError, Judged, Webhook, concerns, judge};
use super::metrics::{FailureReason, Metrics, RequestResult};
use super::review::Request;
use super::rules::Rules;
use crate::cel::Allowance;
use crate::policy::Operation;
use crate::world::World;

/// The API server sends up to 3 MiB an object, and two of them.
const LARGEST_BODY: usize = 8 << 20;
/// KiB of bodies in memory at once, however many connections bring some: two of the largest, or hundreds of those
/// that are usual. A body costs several times its size while it is judged.
pub const BODIES: usize = 2 * (LARGEST_BODY >> 10);
/// Bytes of objects that are judged where they were read, and steps of policies for them: both together take ten
/// milliseconds or so at most.
const LARGEST_AT_ONCE: usize = 128 << 10;
const STEPS_AT_ONCE: u64 = 500_000;
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

/// A request that got no proper answer. The API server treats any status but 2xx alike: `failurePolicy` decides.
struct Failed {
    status: StatusCode,
    reason: FailureReason,
    uid: String,
    message: String,
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
    service: &Arc<Service>,
    webhook: Webhook,
    request: axum::extract::Request,
) -> Result<(RequestResult, Vec<u8>), Failed> {
    let deadline = Instant::now() + wait(request.uri());
    // Held until the answer is made.
    let _room = room(service, size(&request), deadline).await?;
    let body = body(request, deadline).await?;
    let rules = service.rules.load_full().ok_or_else(|| {
        let message = "no policies are loaded, see /readyz?verbose".to_owned();
        failed(
            StatusCode::SERVICE_UNAVAILABLE,
            FailureReason::NotLoaded,
            String::new(),
            message,
        )
    })?;
    let review =
        Request::read(&body).map_err(|error| bad_request(StatusCode::BAD_REQUEST, error.to_string()))?;
    let uid = review.uid.clone();
    let judged = match concerns(&review, &rules, service.own_namespace.as_deref()) {
        Some(operation) => match judge_at_once(service, webhook, operation, &review, &rules) {
            Some(judged) => judged?,
            None => judge_beside(service, webhook, operation, review, rules, deadline).await?,
        },
        None => Judged::default(),
    };
    count(&service.metrics, &judged);
    let result = match &judged.answer {
        Answer { denied: Some(_), .. } => RequestResult::Denied,
        Answer { patch, .. } if !patch.is_empty() => RequestResult::Patched,
        _ => RequestResult::Allowed,
    };
    let body = judged
        .answer
        .body(&uid)
        .map_err(|error| internal(&uid, error.to_string()))?;
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
    let overload = || {
        let message = "too many bodies are being read".to_owned();
        failed(
            StatusCode::SERVICE_UNAVAILABLE,
            FailureReason::Overload,
            String::new(),
            message,
        )
    };
    let room = Arc::clone(&service.bodies).acquire_many_owned(kilobytes);
    let room = timeout_at(deadline, room).await;
    room.map_err(|_| overload())?.map_err(|_| overload())
}

async fn body(request: axum::extract::Request, deadline: Instant) -> Result<Bytes, Failed> {
    if !is_json(request.headers()) {
        let message = "the Content-Type must be application/json".to_owned();
        return Err(bad_request(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    if request.body().size_hint().lower() > LARGEST_BODY as u64 {
        return Err(too_large());
    }
    let reading = Limited::new(request.into_body(), LARGEST_BODY).collect();
    match timeout_at(deadline, reading).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(too_large()),
        Ok(Err(error)) => Err(bad_request(
            StatusCode::BAD_REQUEST,
            format!("the body broke off: {error}"),
        )),
        Err(_) => Err(bad_request(
            StatusCode::REQUEST_TIMEOUT,
            "the body did not come in time".to_owned(),
        )),
    }
}

fn too_large() -> Failed {
    let message = format!("the body is larger than {} MiB", LARGEST_BODY >> 20);
    bad_request(StatusCode::PAYLOAD_TOO_LARGE, message)
}

fn is_json(headers: &HeaderMap) -> bool {
    let stated = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let kind = stated.split(';').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("application/json")
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
    if review.size() > LARGEST_AT_ONCE {
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
        Ok(judged) => judged.map_err(|error| unreadable(&review.uid, &error)),
        Err(_panic) => Err(bug(&review.uid)),
    })
}

/// Judges on a thread of its own, so that a slow policy holds up nobody else and ends at the deadline.
async fn judge_beside(
    service: &Arc<Service>,
    webhook: Webhook,
    operation: Operation,
    review: Request,
    rules: Arc<Rules>,
    deadline: Instant,
) -> Result<Judged, Failed> {
    let uid = review.uid.clone();
    let overload = || {
        let message = "too many requests are being judged".to_owned();
        failed(
            StatusCode::SERVICE_UNAVAILABLE,
            FailureReason::Overload,
            uid.clone(),
            message,
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
            let message = "the policies took longer than the API server waits".to_owned();
            let status = StatusCode::GATEWAY_TIMEOUT;
            Err(failed(status, FailureReason::Timeout, uid.clone(), message))
        }
    }
}

fn unreadable(uid: &str, error: &JudgeError) -> Failed {
    failed(
        StatusCode::INTERNAL_SERVER_ERROR,
        FailureReason::BadRequest,
        uid.to_owned(),
        error.to_string(),
    )
}

fn bug(uid: &str) -> Failed {
    internal(
        uid,
        "a policy or the program itself failed: this is a bug of fixative".to_owned(),
    )
}

fn failed(status: StatusCode, reason: FailureReason, uid: String, message: String) -> Failed {
    Failed {
        status,
        reason,
        uid,
        message,
    }
}

fn bad_request(status: StatusCode, message: String) -> Failed {
    failed(status, FailureReason::BadRequest, String::new(), message)
}

fn internal(uid: &str, message: String) -> Failed {
    failed(
        StatusCode::INTERNAL_SERVER_ERROR,
        FailureReason::Panic,
        uid.to_owned(),
        message,
    )
}

#[cfg(test)]
mod tests {
    use tower::ServiceExt as _;

    use super::*;
    use crate::json::{Value, json};
    use crate::policy::{LoadOptions, PackSource, load};
    use crate::source::Source;
    use crate::unknown::Fact;
    use crate::world::{Key, Listing, Query, Unwatched};

    /// A world in which a question does what no question should.
    #[derive(Debug)]
    struct Bad(fn());

    impl World for Bad {
        fn get(&self, _: &Key) -> Fact<Option<Arc<Value>>> {
            (self.0)();
            Ok(None)
        }

        fn list(&self, _: &Query) -> Listing {
            (self.0)();
            Listing::default()
        }
    }

    fn service(world: impl World + Send + 'static, judges: usize, kilobytes: usize) -> Arc<Service> {
        service_of(&LoadOptions::default(), world, judges, kilobytes)
    }

    fn service_of(
        options: &LoadOptions,
        world: impl World + Send + 'static,
        judges: usize,
        kilobytes: usize,
    ) -> Arc<Service> {
        let set = load(options).unwrap();
        Arc::new(Service {
            rules: ArcSwapOption::from_pointee(Rules::new(set)),
            world: Arc::new(world),
            own_namespace: None,
            metrics: Arc::default(),
            judging: Arc::new(Semaphore::new(judges)),
            bodies: Arc::new(Semaphore::new(kilobytes)),
            draining: AtomicBool::new(false),
        })
    }

    /// A policy that is about the object below and takes many more steps than are taken at once.
    fn long_policy() -> LoadOptions {
        let expression = "lists.range(200).all(a, lists.range(500).all(b, a + b >= 0))";
        let policy = format!(
            "apiVersion: fixative.dev/v1alpha1\nkind: Policy\nmetadata: {{name: long}}\nspec:\n  title: t\n  description: d\n  severity: low\n  action: Deny\n  subject: Object\n  match: {{kinds: [Deployment.apps]}}\n  rules:\n  - {{name: a, assert: \"!({expression})\", message: never}}\n"
        );
        LoadOptions {
            packs: Some(vec![PackSource {
                origin: "pack".into(),
                files: vec![Source::new("long.yaml", policy)],
                tests: Vec::new(),
            }]),
            ..LoadOptions::default()
        }
    }

    /// An object whose claim the policies ask for.
    async fn call(service: &Arc<Service>) -> (StatusCode, Value) {
        call_within(service, "1s", 0).await
    }

    /// The same, with so many bytes of ballast.
    async fn call_within(service: &Arc<Service>, timeout: &str, ballast: usize) -> (StatusCode, Value) {
        let object = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a", "namespace": "photos", "annotations": {"ballast": "x".repeat(ballast)}},
            "spec": {"template": {"spec": {
                "containers": [{"name": "main", "image": "immich-server:v2.6.3", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}],
                "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "library"}}]}}}});
        let review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
            "uid": "the-uid", "kind": {"group": "apps", "version": "v1", "kind": "Deployment"},
            "namespace": "photos", "operation": "CREATE", "object": object}});
        let request = axum::http::Request::post(format!("/validate?timeout={timeout}"))
            .header(CONTENT_TYPE, "application/json")
            .body(Body::from(review.to_string()))
            .unwrap();
        let response = router(Arc::clone(service)).oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn what_goes_wrong_is_a_status_with_the_uid_and_is_counted() {
        let panics = || service(Bad(|| panic!("a bug")), 1, BODIES);
        let slow = service(Bad(|| std::thread::sleep(Duration::from_secs(2))), 1, BODIES);
        let busy = service(Unwatched, 0, BODIES);
        // Too large to be judged at once.
        let large = LARGEST_AT_ONCE;
        let cases = [
            // Writing a backtrace takes its time where others want the processor, too.
            (panics(), "20s", 0, StatusCode::INTERNAL_SERVER_ERROR, "panic"),
            (panics(), "20s", large, StatusCode::INTERNAL_SERVER_ERROR, "panic"),
            (slow, "1s", large, StatusCode::GATEWAY_TIMEOUT, "timeout"),
            (busy, "1s", large, StatusCode::SERVICE_UNAVAILABLE, "overload"),
        ];
        for (service, timeout, ballast, expected, reason) in cases {
            let (status, body) = call_within(&service, timeout, ballast).await;
            assert_eq!(status, expected, "{reason}");
            assert_eq!(body["response"]["uid"], "the-uid", "{reason}");
            let line = format!("fixative_admission_failures_total{{reason=\"{reason}\"}} 1");
            assert!(service.metrics.text().unwrap().contains(&line), "{reason}");
        }
    }

    #[tokio::test]
    async fn what_takes_long_is_judged_beside_with_the_same_outcome() {
        let none_beside = service(Unwatched, 0, BODIES);
        assert_eq!(call(&none_beside).await.0, StatusCode::OK, "the pack is quick");
        let none_beside = service_of(&long_policy(), Unwatched, 0, BODIES);
        assert_eq!(call(&none_beside).await.0, StatusCode::SERVICE_UNAVAILABLE);
        let one_beside = service_of(&long_policy(), Unwatched, 1, BODIES);
        let (status, body) = call_within(&one_beside, "20s", 0).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(body["response"]["status"]["message"], "long/a: never", "{body}");
        assert_eq!(one_beside.judging.available_permits(), 1, "given back");
    }

    #[tokio::test]
    async fn bodies_wait_for_room_and_no_longer_than_the_api_server() {
        let full = service(Unwatched, 1, 0);
        assert_eq!(call(&full).await.0, StatusCode::SERVICE_UNAVAILABLE);
        full.bodies.add_permits(16);
        assert_eq!(call(&full).await.0, StatusCode::OK);
        assert_eq!(full.bodies.available_permits(), 16, "given back");
    }

    #[test]
    fn the_deadline_is_what_the_api_server_says() {
        let of = |uri: &str| wait(&uri.parse().unwrap()).as_millis();
        assert_eq!(of("/mutate?timeout=3s"), 2850);
        assert_eq!(of("/mutate?a=b&timeout=1s"), 850);
        assert_eq!(of("/mutate"), 9850);
        assert_eq!(of("/mutate?timeout=9999s"), 29850);
        assert_eq!(of("/mutate?timeout=soon"), 9850);
        assert_eq!(of("/mutate?timeout=0s"), 0);
    }
}
