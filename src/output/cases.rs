//! Results of policy tests.
