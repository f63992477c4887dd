#![doc = include_str!("../README.md")]

mod exact;
mod name;
mod time;

pub use name::{ActionName, NAME_BYTES_MAX, NameError};
pub use time::{ActionTime, TimeError, Unit};
