#![doc = include_str!("../README.md")]

mod common;
mod cursor;
mod decode;
mod encode;
mod error;
mod limits;
mod number;
mod scanner;
mod string;
mod words;

pub use core_actions::{ActionName, ActionTime};
pub use decode::{Action, decode};
pub use encode::encode;
pub use error::{DecodeError, Kind};
pub use limits::Limits;
