//! The hash function of keys, which clients may choose.
//!
//! `foldhash` with seeds from the operating system, different for each map. SipHash, the default of
//! the standard library, takes five times as long, half of a record. With the seeds unknown, keys
//! that collide cannot be prepared. The seeds do not leave the process: no answer has the order of
//! the table, so they could only be learned from how long single calls take.

use std::hash::{BuildHasher, RandomState};

use foldhash::SharedSeed;
use foldhash::fast::{FoldHasher, SeedableRandomState};

/// Makes hashers with the seed of one map.
#[derive(Debug, Clone)]
pub(crate) struct KeyHasher(SeedableRandomState);

impl Default for KeyHasher {
    /// Draws a seed.
    fn default() -> Self {
        // If the system has no random numbers, the keys of this thread are hashed.
        let seed = getrandom::u64().unwrap_or_else(|_| RandomState::new().hash_one(()));
        Self(SeedableRandomState::with_seed(seed, SharedSeed::global_random()))
    }
}

impl BuildHasher for KeyHasher {
    type Hasher = FoldHasher<'static>;

    #[inline]
    fn build_hasher(&self) -> Self::Hasher {
        self.0.build_hasher()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_maps_hash_one_key_differently() {
        let [one, two] = [(); 2].map(|()| KeyHasher::default());
        assert_eq!(one.hash_one("key"), one.clone().hash_one("key"));
        assert_ne!(one.hash_one("key"), two.hash_one("key"));
    }
}
