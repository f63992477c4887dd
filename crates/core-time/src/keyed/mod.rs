//! States of many keys, in bounded memory.

mod counter;
mod error;
mod hasher;
mod heavy;
mod map;
mod spec;

pub use counter::KeyedCounter;
pub use error::{KeyedRecordError, KeyedSpecError};
pub use heavy::HeavyKeys;
pub(crate) use map::{Full, KeyMap, State};
pub use spec::KeyedSpec;
