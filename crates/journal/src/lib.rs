#![doc = include_str!("../README.md")]

mod error;
mod folded;
mod frame;
mod journal;
mod level;
mod lock;
mod log;
mod receipt;
mod recovery;
mod segment;

pub use error::JournalError;
pub use journal::Journal;
pub use level::{Level, UnknownLevel};
pub use receipt::Receipt;
pub use recovery::{CutTail, Recovery, RecoveryReport};
