//! States of many keys, in bounded memory.

mod counter;
mod error;
mod heavy;
mod map;
mod spec;

pub use counter::KeyedCounter;
pub use error::{KeyedRecordError, KeyedSpecError};
pub use heavy::HeavyKeys;
pub(crate) use map::{Full, KeyMap};
pub use spec::KeyedSpec;
