//! What is counted, under names after controller-runtime's convention; ids, never objects.

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use super::judge::Webhook;
use crate::policy::Disposition;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestResult {
    /// As it came.
    Allowed,
    /// With repairs.
    Patched,
    /// No.
    Denied,
    /// `failurePolicy` decides.
    Error,
}

/// Why a request got no answer, or a lesser one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureReason {
    /// The body is no review, or not one that can be read.
    BadRequest,
    /// A bug: it ended this request and nothing else.
    Panic,
    /// The API server's deadline was near.
    Timeout,
    /// Too many requests were being judged.
    Overload,
    /// Repairs did not give what was planned and were not sent.
    Misfit,
    /// No policies are loaded.
    NotLoaded,
}

impl RequestResult {
    fn label(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Patched => "patched",
            Self::Denied => "denied",
            Self::Error => "error",
        }
    }
}

impl FailureReason {
    fn label(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::Panic => "panic",
            Self::Timeout => "timeout",
            Self::Overload => "overload",
            Self::Misfit => "misfit",
            Self::NotLoaded => "not_loaded",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    webhook: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WebhookLabels {
    webhook: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FindingLabels {
    policy: String,
    action: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FailureLabels {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DigestLabels {
    digest: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabels {
    kind: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReloadLabels {
    result: &'static str,
}

/// Everything that `/metrics` shows.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<WebhookLabels, Histogram>,
    findings: Family<FindingLabels, Counter>,
    failures: Family<FailureLabels, Counter>,
    lost: Counter,
    /// Connections that are open.
    pub connections: Gauge,
    loaded: Family<DigestLabels, Gauge>,
    load_success: Gauge,
    load_time: Gauge,
    expiry: Gauge,
    reloads: Family<ReloadLabels, Counter>,
    facts: Family<KindLabels, Gauge>,
}

fn durations() -> Histogram {
    // 50 µs to 1.6 s: what a request takes here, and what the API server waits for.
    Histogram::new(exponential_buckets(0.000_05, 2.0, 16))
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::default(),
            requests: Family::default(),
            durations: Family::new_with_constructor(durations),
            findings: Family::default(),
            failures: Family::default(),
            lost: Counter::default(),
            connections: Gauge::default(),
            loaded: Family::default(),
            load_success: Gauge::default(),
            load_time: Gauge::default(),
            expiry: Gauge::default(),
            reloads: Family::default(),
            facts: Family::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let all = self.registry.sub_registry_with_prefix("fixative");
        all.register(
            "admission_requests",
            "Reviews that were answered",
            self.requests.clone(),
        );
        all.register(
            "admission_request_duration_seconds",
            "From the request's head to the answer",
            self.durations.clone(),
        );
        all.register(
            "admission_findings",
            "Findings by what they did",
            self.findings.clone(),
        );
        all.register(
            "admission_failures",
            "Requests whose answer left it to failurePolicy, and patches that were not sent",
            self.failures.clone(),
        );
        all.register(
            "admission_repairs_lost",
            "Repairs that were missing when the object was validated",
            self.lost.clone(),
        );
        all.register("connections", "Open connections", self.connections.clone());
        all.register(
            "policies_loaded",
            "1 for the digest that judges",
            self.loaded.clone(),
        );
        all.register(
            "policies_last_load_success",
            "1 if the policies as they are now could be loaded",
            self.load_success.clone(),
        );
        all.register(
            "policies_last_load_timestamp_seconds",
            "When policies were loaded last with success",
            self.load_time.clone(),
        );
        all.register(
            "certificate_expiry_timestamp_seconds",
            "When the certificate that is served ends",
            self.expiry.clone(),
        );
        all.register(
            "certificate_reloads",
            "Reads of a new certificate",
            self.reloads.clone(),
        );
        all.register(
            "facts_synced",
            "1 if all objects of a kind are known",
            self.facts.clone(),
        );
    }

    /// In OpenMetrics text.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut body = String::new();
        text::encode(&mut body, &self.registry)?;
        Ok(body)
    }

    /// One review was answered.
    pub fn answered(&self, webhook: Webhook, result: RequestResult, seconds: f64) {
        let (webhook, result) = (webhook.name(), result.label());
        self.requests
            .get_or_create(&RequestLabels { webhook, result })
            .inc();
        self.durations
            .get_or_create(&WebhookLabels { webhook })
            .observe(seconds);
    }

    /// One finding did something.
    pub fn found(&self, policy: &str, action: Disposition) {
        let action = match action {
            Disposition::Deny => "deny",
            Disposition::Warn => "warn",
            Disposition::Audit => "audit",
        };
        let policy = policy.to_owned();
        self.findings
            .get_or_create(&FindingLabels { policy, action })
            .inc();
    }

    /// A request got no answer, or a lesser one.
    pub fn failed(&self, reason: FailureReason) {
        let reason = reason.label();
        self.failures.get_or_create(&FailureLabels { reason }).inc();
    }

    /// Repairs were missing at validation.
    pub fn lost(&self, repairs: usize) {
        self.lost.inc_by(repairs as u64);
    }

    /// Policies were loaded at this time, in seconds since 1970.
    pub fn loaded(&self, digest: String, now: i64) {
        self.loaded.clear();
        self.loaded.get_or_create(&DigestLabels { digest }).set(1);
        self.load_success.set(1);
        self.load_time.set(now);
    }

    /// The policies as they are now cannot be loaded; the last good ones stay.
    pub fn not_loaded(&self) {
        self.load_success.set(0);
    }

    /// Another certificate is served; it ends then, in seconds since 1970.
    pub fn certificate(&self, expiry: i64) {
        self.expiry.set(expiry);
        self.reloads
            .get_or_create(&ReloadLabels { result: "success" })
            .inc();
    }

    /// A certificate could not be read; the last good one stays.
    pub fn no_certificate(&self) {
        self.reloads
            .get_or_create(&ReloadLabels { result: "error" })
            .inc();
    }

    /// Whether all objects of a kind are known.
    pub fn facts(&self, kind: String, synced: bool) {
        self.facts
            .get_or_create(&KindLabels { kind })
            .set(i64::from(synced));
    }
}
