#![doc = include_str!("../README.md")]

mod counts;
#[cfg(target_os = "linux")]
mod drops;
mod error;
mod line;
#[cfg(unix)]
mod listen;
mod lock;
mod refusal;
mod series;
mod statsd;
mod weight;

pub use counts::StatsdCounts;
pub use error::ListenError;
pub use line::{Kind, Metric, Values};
#[cfg(unix)]
pub use listen::{Access, Listener};
pub use refusal::{Refusal, RefusedLine};
pub use statsd::Statsd;
