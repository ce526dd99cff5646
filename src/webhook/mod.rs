//! The admission door: the API server's calls, answered by the same plan as every other door.
//!
//! ```text
//! connection ─► server ─► http ─► review ─► dispatch ─► judge (plan, decide) ─► answer
//!                 │                                        │
//!       certificates, connections                    rules ◄─ policies (reload)
//! ```
//!
//! Nothing in here can stop a cluster: what cannot be answered is answered with a status that lets
//! `failurePolicy` decide, and counted.

pub mod answer;
pub mod certificates;
pub mod configurations;
pub mod connections;
mod dispatch;
pub mod events;
mod failed;
pub mod health;
pub mod http;
pub mod issue;
pub mod judge;
pub mod managed;
pub mod metrics;
mod object;
pub mod patch;
pub mod policies;
pub mod probe;
pub mod review;
pub mod rules;
pub mod serve;
pub mod server;
mod watch;
