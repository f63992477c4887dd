#![doc = include_str!("../README.md")]

mod action;
pub mod actions;
pub mod codec;
mod error;
#[cfg(doctest)]
mod readme;
#[cfg(feature = "store")]
pub mod store;
pub mod time;
mod windrow;

pub use action::{ActionHandle, WindowSummary};
pub use core_actions::{Quantile, Summary, Unit, WhenFull};
pub use core_time::{Coverage, Stamp, Window};
pub use error::Error;
pub use windrow::{Windrow, WindrowBuilder, WindrowSnapshot};
