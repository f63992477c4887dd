//! The settings of a keyed counter.

use crate::overflow::WhenFull;
use crate::spec::WindowSpec;

/// The settings of a [`KeyedCounter`](crate::KeyedCounter).
///
/// # Examples
///
/// ```
/// use core_time::{KeyedCounter, KeyedSpec, WhenFull};
///
/// let spec = KeyedSpec { keys: 1_000, when_full: WhenFull::EvictIdle, ..Default::default() };
/// assert!(KeyedCounter::<String>::bytes_max(&spec) < 12_000_000);
/// let calls = KeyedCounter::<String>::new(spec)?;
/// # Ok::<(), core_time::KeyedSpecError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedSpec {
    /// The resolution, span and tolerance. Of one tier.
    ///
    /// For a longer span with coarser buckets use a second counter. Keys give way by the span and
    /// the limit of their counter: so one that is idle for five minutes takes memory only in the
    /// counter of the day. In two tiers of one counter each key would stay for the longer span, and
    /// each record would enter two lists of buckets also where only the recent ones are read.
    pub window: WindowSpec,
    /// The maximum number of keys.
    pub keys: usize,
    /// The treatment of further keys.
    pub when_full: WhenFull,
}

impl Default for KeyedSpec {
    /// One-second buckets over 300 s, and 65,536 keys, beyond which new ones are refused.
    fn default() -> Self {
        Self { window: WindowSpec::default(), keys: 1 << 16, when_full: WhenFull::default() }
    }
}
