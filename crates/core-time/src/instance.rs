//! Instances: the identities of counters and trackers.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::ops::Deref;
use std::str::FromStr;

use thiserror::Error;

use crate::clock::{Clock as _, SystemClock};

/// The identity of a counter or a tracker, unique across processes.
///
/// Consists of a random number, drawn when the counter was made, and the id of the process. After
/// `fork`, the child's copy of a counter has the same random number and another process id, and so
/// may a restored counter. They share earlier events, so they are not merged. A counter made after
/// the `fork` has a new random number.
///
/// Displayed as `0123456789abcdef-01234567`, and parsed from that form.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instance {
    drawn: u64,
    process: u32,
}

impl Instance {
    /// Draws a random number from the operating system.
    ///
    /// If that fails, the number is a hash of the process id, the time and the keys of this thread.
    #[must_use]
    pub fn draw() -> Self {
        // Not from a generator of the process: `fork` copies everything that a process keeps (a
        // generator, a seed, the keys of `RandomState`), and all children would draw the same.
        let drawn = getrandom::u64().unwrap_or_else(|_| {
            hash(&RandomState::new(), std::process::id(), SystemClock.now().as_nanos())
        });
        Self { drawn, process: 0 }.here()
    }

    /// The length of the binary form.
    pub const BYTES: usize = 12;

    /// Makes an instance of a hash, for records that have an identity of their own.
    ///
    /// A program that reads files names them by their paths and contents, for example, so that
    /// none counts twice.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_time::Instance;
    ///
    /// let instance = Instance::from_bytes([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    /// assert_eq!(instance.to_string(), "0102030405060708-090a0b0c");
    /// assert_eq!(instance.to_bytes()[11], 12);
    /// ```
    #[must_use]
    pub fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        let [a, b, c, d, e, f, g, h, process @ ..] = bytes;
        let drawn = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
        Self { drawn, process: u32::from_be_bytes(process) }
    }

    /// Returns the bytes of the instance, the same as its text in hexadecimal.
    #[must_use]
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let [a, b, c, d, e, f, g, h] = self.drawn.to_be_bytes();
        let [i, j, k, l] = self.process.to_be_bytes();
        [a, b, c, d, e, f, g, h, i, j, k, l]
    }

    /// Returns the same instance with the id of this process, new after a `fork`.
    #[must_use]
    pub fn here(self) -> Self {
        Self { process: std::process::id(), ..self }
    }

    /// Returns the same instance without the id of a process.
    ///
    /// It is the same for the copies that a `fork` or a restore made of a counter.
    #[must_use]
    pub fn without_process(self) -> Self {
        Self { process: 0, ..self }
    }
}

/// Hashes values that differ between processes with the same keys.
///
/// The keys differ between two calls in one process, the id between two processes at the same time,
/// and the time between two processes that have the same id one after the other.
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

/// The instances whose events or records a snapshot holds, in ascending order.
///
/// Takes 16 bytes for each, so up to 1 MiB. In JSON, 28 bytes each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Instances(Vec<Instance>);

impl Instances {
    /// The largest number of instances in one list.
    pub const MAX: usize = 1 << 16;

    /// Joins two lists that share no instance.
    ///
    /// # Errors
    ///
    /// - [`InstanceError::Same`] if an instance is in both.
    /// - [`InstanceError::TooMany`] if there are more than [`MAX`](Self::MAX).
    ///
    /// # Complexity
    ///
    /// Linear in the length of both.
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
    /// The instances of an `empty` snapshot are not kept: it adds nothing that could be counted
    /// twice, and later records of its instances can still be merged.
    ///
    /// # Errors
    ///
    /// - [`InstanceError::Same`] if one of them, or the `receiver`, is included already.
    /// - [`InstanceError::TooMany`] as [`union`](Self::union).
    pub fn accept(
        &self,
        merged: &Self,
        empty: bool,
        receiver: Instance,
    ) -> Result<Self, InstanceError> {
        merged.check_absent(receiver)?;
        if empty { Ok(self.clone()) } else { self.union(merged) }
    }

    /// Sorts a list of different instances.
    ///
    /// # Errors
    ///
    /// As [`union`](Self::union).
    pub fn of(mut all: Vec<Instance>) -> Result<Self, InstanceError> {
        all.sort(); // Linear for two sorted lists, unlike `sort_unstable`.
        if let Some(pair) = all.windows(2).find(|pair| pair[0].drawn == pair[1].drawn) {
            return Err(InstanceError::Same { instance: pair[0] });
        }
        let (found, max) = (all.len(), Self::MAX);
        if found > max { Err(InstanceError::TooMany { found, max }) } else { Ok(Self(all)) }
    }

    /// Checks that an instance is not in the list, also with another process id.
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

    /// Adds an instance that is not in the list, even beyond [`MAX`](Self::MAX).
    #[must_use]
    pub fn with(&self, instance: Instance) -> Self {
        let mut all = Vec::with_capacity(self.len() + 1);
        let at = self.partition_point(|&other| other < instance);
        all.extend_from_slice(&self[..at]);
        all.push(instance);
        all.extend_from_slice(&self[at..]);
        Self(all)
    }

    /// Removes and returns one instance, if there is one.
    pub fn pop(&mut self) -> Option<Instance> {
        self.0.pop()
    }

    /// Removes all instances.
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

/// The error returned when instances are refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InstanceError {
    /// Records of the instance are already included and would be counted twice.
    #[error("records of instance {instance} are already included, they would be counted twice")]
    Same {
        /// The instance.
        instance: Instance,
    },
    /// There are more instances than one snapshot can name.
    #[error(
        "snapshot has {found} instances, limit is {max}, merge the others into another counter"
    )]
    TooMany {
        /// The number of instances.
        found: usize,
        /// The maximum.
        max: usize,
    },
    /// The text is not an instance, or the list is empty.
    #[error("snapshot names no instance, expected the form `0123456789abcdef-01234567`")]
    Unreadable,
}

/// The wire form, a list of texts: many readers of JSON do not keep all 64 bits of a number.
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
    fn instances_take_the_documented_memory() {
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
            "snapshot has 65537 instances, limit is 65536, merge the others into another counter";
        assert_eq!(refused, expected);
    }
}
