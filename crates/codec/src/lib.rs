#![doc = include_str!("../README.md")]

mod batch;
mod blocks;
mod common;
mod cursor;
mod decode;
mod encode;
mod error;
mod excerpt;
mod fault;
mod ledger;
mod limits;
mod lines;
mod number;
mod parallel;
mod policy;
mod refusal;
mod scanner;
mod spot;
mod stamp;
mod string;
mod words;

pub use batch::{ReadError, Record, Report, Sink};
pub use core_actions::{ActionName, ActionTime, KeyedName};
pub use core_time::Stamp;
pub use decode::{Action, decode};
pub use encode::{Cell, Format, encode, encode_means, encode_rows, write_records};
pub use error::{DecodeError, Kind, TimeMax};
pub use excerpt::Excerpt;
pub use limits::Limits;
pub use parallel::threads_within_memory;
pub use policy::{DecodeOptions, Fractions};
pub use refusal::{Refusal, RefusedLine};
pub use spot::{Snippet, visible};
pub use stamp::{StampForm, StampKey, StampKeyError};
