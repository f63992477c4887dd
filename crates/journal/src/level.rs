//! What an acknowledged batch survives.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// What a batch survives once it is acknowledged.
///
/// Each level includes those before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Nothing: it is in the memory of the process.
    #[default]
    Memory,
    /// The end of the process, however it ends: it is in the log, which the system has not
    /// necessarily put on the disk.
    Written,
    /// The end of the machine: the log is on the disk.
    Synced,
}

impl Level {
    const ALL: [(Self, &'static str); 3] =
        [(Self::Memory, "memory"), (Self::Written, "written"), (Self::Synced, "synced")];
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(level, _)| level == self).map_or("", |(_, name)| name);
        f.pad(name)
    }
}

/// The name of a level is not known.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("durability is `{found}`, expected `memory`, `written` or `synced`")]
pub struct UnknownLevel {
    /// The name, its first 100 characters.
    pub found: String,
}

impl FromStr for Level {
    type Err = UnknownLevel;

    fn from_str(name: &str) -> Result<Self, UnknownLevel> {
        let found = Self::ALL.iter().find(|(_, known)| *known == name);
        found
            .map(|(level, _)| *level)
            .ok_or_else(|| UnknownLevel { found: name.chars().take(100).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for level in [Level::Memory, Level::Written, Level::Synced] {
            assert_eq!(level.to_string().parse(), Ok(level));
        }
        let error = "disk".parse::<Level>().expect_err("there is no such level");
        let message = "durability is `disk`, expected `memory`, `written` or `synced`";
        assert_eq!(error.to_string(), message);
    }
}
