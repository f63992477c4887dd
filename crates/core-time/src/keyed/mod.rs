//! States of many keys, in bounded memory.

mod answers;
mod counted;
mod counter;
mod error;
mod handle;
mod hasher;
mod heavy;
mod map;
mod merge;
mod snapshot;
mod spec;

pub use counter::KeyedCounter;
pub use error::{KeyedRecordError, KeyedSpecError};
pub use handle::KeyHandle;
pub use heavy::HeavyKeys;
pub(crate) use map::{Full, KeyMap, State};
pub use snapshot::{KeyRow, KeyedDelta, KeyedSnapshot};
pub use spec::KeyedSpec;
