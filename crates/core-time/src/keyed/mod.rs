//! States of many keys, in bounded memory.

mod map;

pub(crate) use map::{Full, KeyMap, State};
