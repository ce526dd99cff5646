//! Requests that get no proper answer.

use axum::http::StatusCode;

use super::metrics::FailureReason;

/// A request that got no proper answer. The API server treats any status but 2xx alike: `failurePolicy` decides.
pub(super) struct Failed {
    pub(super) status: StatusCode,
    pub(super) reason: FailureReason,
    /// The request's, empty where it could not be read.
    pub(super) uid: String,
    pub(super) message: String,
}

impl Failed {
    pub(super) fn new(
        status: StatusCode,
        reason: FailureReason,
        uid: &str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            status,
            reason,
            uid: uid.to_owned(),
            message: message.into(),
        }
    }

    /// It was not what an API server sends.
    pub(super) fn bad_request(status: StatusCode, message: impl Into<String>) -> Self {
        Self::new(status, FailureReason::BadRequest, "", message)
    }

    /// It was, and we could not judge it.
    pub(super) fn internal(uid: &str, message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            FailureReason::Panic,
            uid,
            message,
        )
    }

    /// It came when there was no room or no policy for it.
    pub(super) fn unavailable(reason: FailureReason, uid: &str, message: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, reason, uid, message)
    }
}
