#![doc = include_str!("../README.md")]

mod error;
mod exact;
mod mean;
mod name;
mod raw;
mod row;
mod time;
mod tracker;

pub use core_time::Statistic;
pub use error::AddError;
pub use mean::{ExactMean, Mean};
pub use name::{ActionName, NAME_BYTES_MAX, NameError};
pub use raw::Raw;
pub use row::Row;
pub use time::{ActionTime, TimeError, Unit};
pub use tracker::{ActionTracker, MergedTracker, PostTracker, RunningTracker, TrackerSpec};
