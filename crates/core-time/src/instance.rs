//! The identity of a counter or a tracker, in this process and elsewhere.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::ops::Deref;
use std::str::FromStr;

use thiserror::Error;

use crate::clock::{Clock as _, SystemClock};

/// Identifies a counter or a tracker, in this process and elsewhere.
///
/// Consists of a random number, drawn when the counter was made, and the number of the process.
/// After `fork`, the child's copy of a counter has the same random number and another process, and
/// so may a counter that was restored; they share what happened before, so they are not merged. A
/// counter that is made after the `fork` has a random number of its own.
///
/// Written as `0123456789abcdef-01234567`, and read back from that.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instance {
    drawn: u64,
    process: u32,
}

impl Instance {
    /// Draws a new number from the random source of the operating system.
    ///
    /// Where that fails, the number is a hash of the process, the time and keys of this thread.
    #[must_use]
    pub fn draw() -> Self {
        // Asked for each number, not once for each process: what a process keeps (a generator, a
        // seed, the keys of `RandomState`) is copied by `fork`, and all children draw the same.
        let drawn = getrandom::u64().unwrap_or_else(|_| {
            hash(&RandomState::new(), std::process::id(), SystemClock.now().as_nanos())
        });
        Self { drawn, process: 0 }.here()
    }

    /// Returns the same instance in this process, which after a `fork` may be another.
    #[must_use]
    pub fn here(self) -> Self {
        Self { process: std::process::id(), ..self }
    }
}

/// Hashes what differs between processes that were forked with the same keys.
///
/// The keys differ between two calls of a process, the process between two that run now, and the
/// time between two that run one after the other with the same number.
fn hash(keys: &RandomState, process: u32, now: i64) -> u64 {
    keys.hash_one((process, now))
}

impl fmt::Display for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{:08x}", self.drawn, self.process)
    }
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Instance {
    type Err = InstanceError;

    fn from_str(text: &str) -> Result<Self, InstanceError> {
        let number = |digits: &str, len: usize| {
            let is_hex = digits.len() == len && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            is_hex.then(|| u64::from_str_radix(digits, 16).ok()).flatten()
        };
        let parts = text.split_once('-').and_then(|(drawn, process)| {
            Some((number(drawn, 16)?, u32::try_from(number(process, 8)?).ok()?))
        });
        parts.map(|(drawn, process)| Self { drawn, process }).ok_or(InstanceError::Unreadable)
    }
}

/// Lists the instances whose events or records a snapshot holds, in ascending order.
///
/// Takes 16 bytes for each, so up to 1 MiB; as JSON 28 bytes each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Instances(Vec<Instance>);

impl Instances {
    /// The largest number of instances in one list.
    pub const MAX: usize = 1 << 16;

    /// Joins two lists that share no instance.
    ///
    /// # Errors
    ///
    /// [`InstanceError::Same`] if one of them is in both, [`InstanceError::TooMany`] if they are
    /// more than [`MAX`](Self::MAX).
    ///
    /// # Complexity
    ///
    /// Linear in both.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_time::{Instance, Instances};
    ///
    /// let (one, two) = (Instances::from(Instance::draw()), Instances::from(Instance::draw()));
    /// assert_eq!(one.union(&two)?.len(), 2);
    /// assert!(one.union(&one).is_err());
    /// # Ok::<(), core_time::InstanceError>(())
    /// ```
    pub fn union(&self, other: &Self) -> Result<Self, InstanceError> {
        Self::of([&**self, other].concat())
    }

    /// Adds the instances of a snapshot that is merged into a counter or a tracker.
    ///
    /// Those of an `empty` snapshot are not kept: it adds nothing, so nothing can be counted twice,
    /// and what its instances record later may still be merged.
    ///
    /// # Errors
    ///
    /// [`InstanceError::Same`] if it has one of them or the `receiver` itself,
    /// [`InstanceError::TooMany`] as [`union`](Self::union).
    pub fn accept(
        &self,
        merged: &Self,
        empty: bool,
        receiver: Instance,
    ) -> Result<Self, InstanceError> {
        merged.check_absent(receiver)?;
        if empty { Ok(self.clone()) } else { self.union(merged) }
    }

    /// Sorts a list in which no instance occurs twice.
    ///
    /// # Errors
    ///
    /// As [`union`](Self::union).
    pub fn of(mut all: Vec<Instance>) -> Result<Self, InstanceError> {
        all.sort(); // Finds that two sorted lists are to be merged, unlike `sort_unstable`.
        if let Some(pair) = all.windows(2).find(|pair| pair[0].drawn == pair[1].drawn) {
            return Err(InstanceError::Same { instance: pair[0] });
        }
        let (found, max) = (all.len(), Self::MAX);
        if found > max { Err(InstanceError::TooMany { found, max }) } else { Ok(Self(all)) }
    }

    /// Checks that an instance is not in the list, also as of another process.
    ///
    /// # Errors
    ///
    /// [`InstanceError::Same`] if it is.
    fn check_absent(&self, instance: Instance) -> Result<(), InstanceError> {
        let at = self.partition_point(|other| other.drawn < instance.drawn);
        match self.get(at) {
            Some(&found) if found.drawn == instance.drawn => {
                Err(InstanceError::Same { instance: found })
            }
            _ => Ok(()),
        }
    }

    /// Adds an instance that is not in the list, also beyond [`MAX`](Self::MAX).
    #[must_use]
    pub fn with(&self, instance: Instance) -> Self {
        let mut all = Vec::with_capacity(self.len() + 1);
        let at = self.partition_point(|&other| other < instance);
        all.extend_from_slice(&self[..at]);
        all.push(instance);
        all.extend_from_slice(&self[at..]);
        Self(all)
    }

    /// Removes and returns one of them, if there is one.
    pub fn pop(&mut self) -> Option<Instance> {
        self.0.pop()
    }

    /// Removes all of them.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl From<Instance> for Instances {
    fn from(instance: Instance) -> Self {
        Self(vec![instance])
    }
}

impl Deref for Instances {
    type Target = [Instance];

    fn deref(&self) -> &[Instance] {
        &self.0
    }
}

/// Why instances are refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InstanceError {
    /// Events or records of the same instance are on both sides, and would be counted twice.
    #[error("records of instance {instance} are already included, they would be counted twice")]
    Same {
        /// The instance.
        instance: Instance,
    },
    /// There are more than one snapshot can name.
    #[error("{found} instances, limit is {max}, merge the others into a counter of their own")]
    TooMany {
        /// How many they are.
        found: usize,
        /// How many they may be.
        max: usize,
    },
    /// The text is not an instance, or the list is empty where one is needed.
    #[error("snapshot names no instance, one is written as `0123456789abcdef-01234567`")]
    Unreadable,
}

/// As a list of texts: many readers of JSON do not keep 64 bits of a number.
#[cfg(feature = "serde")]
mod wire {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

    use super::Instances;

    impl Serialize for Instances {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(self.iter().map(ToString::to_string))
        }
    }

    impl<'de> Deserialize<'de> for Instances {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let texts = Vec::<String>::deserialize(deserializer)?;
            let all = texts.iter().map(|text| text.parse()).collect::<Result<_, _>>();
            all.and_then(Self::of).map_err(D::Error::custom)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn without_the_random_source_processes_with_the_same_keys_differ() {
        let keys = RandomState::new();
        let calls = [(1, 5), (2, 5), (1, 6), (2, 6)];
        let drawn: HashSet<_> = calls.iter().map(|&(pid, now)| hash(&keys, pid, now)).collect();
        assert_eq!(drawn.len(), calls.len());
        assert_ne!(hash(&keys, 1, 5), hash(&RandomState::new(), 1, 5)); // Two calls at one moment.
    }

    #[test]
    fn instances_take_what_is_documented() {
        assert_eq!(size_of::<Instance>(), 16);
        assert_eq!(Instances::MAX * size_of::<Instance>(), 1 << 20);
        assert_eq!(format!(r#""{}","#, Instance::draw()).len(), 28);
    }

    #[test]
    fn an_instance_is_found_wherever_it_is_in_the_list() {
        let instances: Vec<_> = (0..5).map(|_| Instance::draw()).collect();
        let all = Instances::of(instances.clone()).unwrap();
        for &instance in &instances {
            let copy = Instance { process: instance.process + 1, ..instance };
            assert_eq!(all.check_absent(copy), Err(InstanceError::Same { instance }));
        }
        let another = Instance::draw();
        assert_eq!(all.check_absent(another), Ok(()));
        assert_eq!(all.with(another), all.union(&another.into()).unwrap());
    }

    #[test]
    fn more_than_the_limit_are_refused() {
        let all: Vec<_> = (0..=Instances::MAX).map(|_| Instance::draw()).collect();
        let most = Instances::of(all[1..].to_vec()).unwrap();
        let refused = most.union(&all[0].into()).unwrap_err().to_string();
        let expected =
            "65537 instances, limit is 65536, merge the others into a counter of their own";
        assert_eq!(refused, expected);
    }
}
