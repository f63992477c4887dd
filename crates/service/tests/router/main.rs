//! The endpoints, asked by real connections to a real server.

mod access;
mod answers;
mod live;
mod metrics;
#[path = "../../../exposition/tests/prometheus/program.rs"]
mod program;
#[cfg(feature = "metrics")]
mod recorder;
mod server;
