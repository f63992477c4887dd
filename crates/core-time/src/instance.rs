//! What tells one counter or tracker from all others, wherever they are.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::ops::Deref;
use std::str::FromStr;

use thiserror::Error;

/// Tells a counter or a tracker from all others, in this process and elsewhere.
///
/// A number drawn at random when it was made, and that of the process. After `fork`, the child's
/// copy of a counter has another process, and a counter that was restored may have one too; they
/// share what happened before, so they are not merged.
///
/// Written as `0123456789abcdef-01234567`, and read back from that.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instance {
    drawn: u64,
    process: u32,
}

impl Instance {
    /// Draws the number of what is made now.
    #[must_use]
    pub fn draw() -> Self {
        Self { drawn: RandomState::new().build_hasher().finish(), process: 0 }.here()
    }

    /// The same in this process, which after a `fork` may be another.
    #[must_use]
    pub fn here(self) -> Self {
        Self { process: std::process::id(), ..self }
    }
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

/// Whose events or records a snapshot holds: each once, in no order that matters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Instances(Vec<Instance>);

impl Instances {
    /// The most that there may be.
    pub const MAX: usize = 1_024;

    /// All of two that share none.
    ///
    /// # Errors
    ///
    /// [`InstanceError::Same`] if one of them is in both, [`InstanceError::TooMany`] if they are
    /// more than [`MAX`](Self::MAX).
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

    /// All of a list, of which none may be in it twice.
    ///
    /// # Errors
    ///
    /// As [`union`](Self::union).
    pub fn of(mut all: Vec<Instance>) -> Result<Self, InstanceError> {
        all.sort_unstable();
        if let Some(pair) = all.windows(2).find(|pair| pair[0].drawn == pair[1].drawn) {
            return Err(InstanceError::Same { instance: pair[0] });
        }
        let (found, max) = (all.len(), Self::MAX);
        if found > max { Err(InstanceError::TooMany { found, max }) } else { Ok(Self(all)) }
    }

    /// These and one that is none of them.
    #[must_use]
    pub fn with(&self, instance: Instance) -> Self {
        let mut all = [&**self, &[instance]].concat();
        all.sort_unstable();
        Self(all)
    }

    /// Takes one of them out, which goes on under its number; nothing if there is none.
    pub fn pop(&mut self) -> Option<Instance> {
        self.0.pop()
    }

    /// Forgets all of them.
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
    #[error("what instance {instance} holds is there already, and would be counted twice")]
    Same {
        /// The instance.
        instance: Instance,
    },
    /// They are more than one snapshot can name.
    #[error("{found} instances, limit is {max}")]
    TooMany {
        /// How many they are.
        found: usize,
        /// How many they may be.
        max: usize,
    },
    /// The text does not name an instance, or there is none where one is needed.
    #[error("no instance is named, one is written as `0123456789abcdef-01234567`")]
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
