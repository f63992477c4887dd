//! The endpoints, asked by real connections to a real server.

mod access;
mod answers;
mod live;
mod metrics;
#[cfg(feature = "metrics")]
mod recorder;
mod server;
