//! The plain port: is it alive, is it ready, and what does it count.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse;
use axum::routing::get;

use super::metrics::Metrics;

/// What the format calls itself. Source: the OpenMetrics specification.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What has to be there before requests are wanted, and what is wrong without being in the way.
#[derive(Debug, Default)]
pub struct Health(Mutex<BTreeMap<&'static str, Part>>);

/// How one part is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Good, with a detail.
    Good(String),
    /// Not as it should be, but requests are answered as before.
    Worse(String),
    /// No request should come.
    NotReady(String),
}

impl Health {
    /// Says how a part is.
    pub fn set(&self, part: &'static str, state: Part) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(part, state);
    }

    /// Whether requests may come, and a line for each part.
    pub fn report(&self) -> (bool, String) {
        let parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_ready = !parts.values().any(|state| matches!(state, Part::NotReady(_)));
        let lines = parts.iter().map(|(part, state)| match state {
            Part::Good(detail) => format!("[+] {part}: {detail}\n"),
            Part::Worse(detail) => format!("[!] {part}: {detail}\n"),
            Part::NotReady(detail) => format!("[-] {part}: {detail}\n"),
        });
        (is_ready, lines.collect())
    }
}

/// What the plain port shows.
#[derive(Clone, Debug)]
pub struct Shown {
    /// How the parts are.
    pub health: Arc<Health>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
}

/// The paths of the plain port.
pub fn router(shown: Shown) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(shown)
}

async fn ready(State(shown): State<Shown>, uri: Uri) -> impl IntoResponse {
    let (is_ready, detail) = shown.health.report();
    let status = if is_ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let verbose = uri.query().is_some_and(|query| {
        query
            .split('&')
            .any(|pair| pair.split('=').next() == Some("verbose"))
    });
    let word = if is_ready { "ok\n" } else { "not ready\n" };
    // What is not ready says why without being asked.
    let body = if verbose || !is_ready {
        detail + word
    } else {
        word.to_owned()
    };
    (status, body)
}

async fn metrics(State(shown): State<Shown>) -> impl IntoResponse {
    match shown.metrics.text() {
        Ok(text) => (StatusCode::OK, [(CONTENT_TYPE, OPEN_METRICS)], text),
        Err(error) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            [(CONTENT_TYPE, "text/plain")],
            error.to_string(),
        ),
    }
}
