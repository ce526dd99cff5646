//! Requests that go wrong, and those that have to wait.

use tower::ServiceExt as _;

use super::*;
use crate::json::{Value, json};
use crate::policy::{LoadOptions, PackSource, load};
use crate::source::Source;
use crate::unknown::Fact;
use crate::webhook::dispatch::LARGEST_AT_ONCE;
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
