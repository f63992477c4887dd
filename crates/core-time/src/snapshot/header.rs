//! The header of a snapshot: its kind, instances and revision.

use thiserror::Error;

use crate::instance::{InstanceError, Instances};
use crate::tag::Tag;

#[cfg(feature = "serde")]
mod wire;

/// Identifies a snapshot: its kind or statistic, its instances and its revision.
///
/// All kinds of snapshots have this header, of counters and of trackers.
///
/// # Wire form
///
/// With the feature `serde`, a map of `version`, which is 2, `tag`, `instances` and `revision`. A
/// snapshot with another tag than expected is refused before anything else of it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotHeader {
    tag: Tag,
    /// At least one.
    instances: Instances,
    /// At most [`Self::REVISION_MAX`] when read or merged.
    revision: u64,
}

impl SnapshotHeader {
    /// The maximum revision of a snapshot that is read or merged.
    pub const REVISION_MAX: u64 = u64::MAX / 2;

    /// Makes a header.
    #[must_use]
    pub fn new(tag: Tag, instances: Instances, revision: u64) -> Self {
        Self { tag, instances, revision }
    }

    /// Makes the header of a snapshot that is read.
    ///
    /// # Errors
    ///
    /// - [`SnapshotHeaderError::RevisionTooLarge`] if the revision is above
    ///   [`REVISION_MAX`](Self::REVISION_MAX).
    /// - [`SnapshotHeaderError::Instances`] without an instance.
    pub fn read(
        tag: Tag,
        instances: Instances,
        revision: u64,
    ) -> Result<Self, SnapshotHeaderError> {
        Self { tag, instances, revision }.checked()
    }

    /// Returns the name of the statistic, or `events` for a counter.
    #[must_use]
    pub fn tag(&self) -> Tag {
        self.tag
    }

    /// Returns the counters or trackers whose records the snapshot holds.
    #[must_use]
    pub fn instances(&self) -> &Instances {
        &self.instances
    }

    /// Returns the number that grows with each snapshot of one counter or tracker, from 1 on.
    ///
    /// A restored counter continues from the revision of the snapshot. A merged snapshot has the
    /// sum of the revisions of its parts: of two merges of the same instances, the one with later
    /// parts has the larger sum. 0 if the snapshot was written by a counter in version 1.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Returns the header of the merge of two snapshots.
    ///
    /// Commutative and associative.
    ///
    /// # Errors
    ///
    /// - [`SnapshotHeaderError::OtherTag`] if their tags differ.
    /// - [`SnapshotHeaderError::Instances`] if they share an instance or have too many.
    /// - [`SnapshotHeaderError::RevisionTooLarge`] if the sum of the revisions is above
    ///   [`REVISION_MAX`](Self::REVISION_MAX).
    pub fn merged(&self, other: &Self) -> Result<Self, SnapshotHeaderError> {
        if other.tag != self.tag {
            return Err(SnapshotHeaderError::other_tag(&other.tag.to_string(), self.tag));
        }
        let instances = self.instances.union(&other.instances)?;
        let revision = self.revision.saturating_add(other.revision);
        Self { tag: self.tag, instances, revision }.checked()
    }

    fn checked(self) -> Result<Self, SnapshotHeaderError> {
        let (found, max) = (self.revision, Self::REVISION_MAX);
        if found > max {
            return Err(SnapshotHeaderError::RevisionTooLarge { found, max });
        }
        if self.instances.is_empty() {
            return Err(InstanceError::Unreadable.into());
        }
        Ok(self)
    }
}

/// The error returned when the header of a snapshot is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SnapshotHeaderError {
    /// The snapshot has a version that this crate does not read.
    #[error("snapshot has version {found}, supported are {known} and, in JSON, 1")]
    OtherVersion {
        /// The version of the snapshot.
        found: u32,
        /// The version that this crate writes.
        known: u32,
    },
    /// The snapshot names no statistic and could be of several.
    #[error(
        "snapshot of version 1 does not name its statistic, expected version 2 for `{expected}`"
    )]
    Ambiguous {
        /// The tag that is needed.
        expected: String,
    },
    /// The snapshot is of another statistic or kind.
    #[error("tag of the snapshot is `{found}`, expected `{expected}`")]
    OtherTag {
        /// The tag of the snapshot.
        found: String,
        /// The tag that is needed.
        expected: String,
    },
    /// The revision is above the maximum.
    #[error("revision of the snapshot is {found}, limit is {max}")]
    RevisionTooLarge {
        /// The revision of the snapshot.
        found: u64,
        /// The maximum.
        max: u64,
    },
    /// The instances are already included, too many or missing.
    #[error(transparent)]
    Instances(#[from] InstanceError),
}

impl SnapshotHeaderError {
    fn other_tag(found: &str, expected: Tag) -> Self {
        const SHOWN: usize = 80; // The tag that was read may have any length.
        let found = match found.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{}…", &found[..end]),
            None => found.to_owned(),
        };
        Self::OtherTag { found, expected: expected.to_string() }
    }
}
