//! The open spans of a layer.
//!
//! The registry has a place for what layers know of a span, which this does not use: to find a span
//! there, lock its extensions and return both takes four atomic changes for each step, and the
//! extensions are a map, with a box for each entry.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use foldhash::fast::FixedState;
use tracing_core::span::Id;

use crate::span::State;

/// Enough that two threads seldom use the same.
const SHARDS: usize = 64;

/// The states of the open spans of one layer, in shards by the id of the span.
///
/// Code of the subscriber's user must not run while a shard is locked: it may create spans.
pub(crate) struct Spans(Box<[Shard; SHARDS]>);

/// Two cache lines, because processors fetch lines in pairs: shards do not share them.
///
/// The ids are those of the registry, so no client chooses them, and the hash needs no seed.
#[repr(align(128))]
#[derive(Default)]
struct Shard(Mutex<HashMap<u64, State, FixedState>>);

impl Default for Spans {
    fn default() -> Self {
        Self(Box::new(std::array::from_fn(|_| Shard::default())))
    }
}

impl Spans {
    pub(crate) fn insert(&self, id: &Id, state: State) {
        self.shard(id).insert(id.into_u64(), state);
    }

    /// Calls `change` with the state of a span, if it is open and was not filtered.
    pub(crate) fn change(&self, id: &Id, change: impl FnOnce(&mut State)) {
        if let Some(state) = self.shard(id).get_mut(&id.into_u64()) {
            change(state);
        }
    }

    pub(crate) fn remove(&self, id: &Id) -> Option<State> {
        self.shard(id).remove(&id.into_u64())
    }

    fn shard(&self, id: &Id) -> MutexGuard<'_, HashMap<u64, State, FixedState>> {
        self.0[shard_of(id.into_u64())].0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Chooses the shard of a span.
fn shard_of(id: u64) -> usize {
    /// The lower bits of an id of the registry are a place and the thread that owns it, the others
    /// count how often the place was used. Without those, a thread that opens one span after
    /// another stays in one shard, whose lines stay in the cache of its processor.
    const PLACE: u64 = (1 << 51) - 1;
    // Neighbouring places go far apart: the upper bits of a product depend on all of the number.
    let mixed = (id & PLACE).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> (u64::BITS - SHARDS.ilog2())) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_spans_and_threads_have_different_shards() {
        let distinct = |ids: &mut dyn Iterator<Item = u64>| {
            let shards: std::collections::HashSet<_> = ids.map(shard_of).collect();
            shards.len()
        };
        assert!(distinct(&mut (1..=64)) > 48);
        assert!(distinct(&mut (0..64).map(|thread| 1 | thread << 38)) > 32);
        assert_eq!(distinct(&mut (0..64).map(|reuse| 1 | reuse << 51)), 1);
    }
}
