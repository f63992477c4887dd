//! The wire form of a header, version 2, and what version 1 had instead.
//!
//! A rename in the code must not change it; the tests of each kind of snapshot pin it.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{SnapshotHeader, SnapshotHeaderError};
use crate::instance::Instances;
use crate::tag::Tag;

const VERSION: u32 = 2;

/// The known version, checked before anything after it is read.
struct Version;

#[derive(Serialize, Deserialize)]
struct Wire {
    version: Version,
    tag: String,
    instances: Instances,
    revision: u64,
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        VERSION.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        known(u32::deserialize(deserializer)?, VERSION).map_err(D::Error::custom)?;
        Ok(Self)
    }
}

fn known(found: u32, expected: u32) -> Result<(), SnapshotHeaderError> {
    let other = SnapshotHeaderError::OtherVersion { found, known: VERSION };
    if found == expected { Ok(()) } else { Err(other) }
}

impl Serialize for SnapshotHeader {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (tag, instances) = (self.tag.to_string(), self.instances.clone());
        Wire { version: Version, tag, instances, revision: self.revision }.serialize(serializer)
    }
}

/// Functions to deserialize a snapshot.
impl SnapshotHeader {
    /// Reads the header of a snapshot that must have this tag.
    ///
    /// # Errors
    ///
    /// Those of [`SnapshotHeaderError`], or of the format.
    pub fn deserialize_as<'de, D: Deserializer<'de>>(
        deserializer: D,
        tag: Tag,
    ) -> Result<Self, D::Error> {
        Self::deserialize_as_one_of(deserializer, &[tag])
    }

    /// Reads the header of a snapshot that must have one of these tags.
    ///
    /// # Errors
    ///
    /// As [`deserialize_as`](Self::deserialize_as), which names the first tag as expected.
    pub fn deserialize_as_one_of<'de, D: Deserializer<'de>>(
        deserializer: D,
        tags: &[Tag],
    ) -> Result<Self, D::Error> {
        let Wire { version: Version, tag: found, instances, revision } =
            Wire::deserialize(deserializer)?;
        match (tags.iter().find(|tag| tag.to_string() == found), tags.first()) {
            (Some(&tag), _) => {
                Self { tag, instances, revision }.checked().map_err(D::Error::custom)
            }
            (None, Some(&expected)) => {
                Err(D::Error::custom(SnapshotHeaderError::other_tag(&found, expected)))
            }
            (None, None) => Err(D::Error::custom("no tag is expected")),
        }
    }

    /// Reads the `version` of a snapshot without a header, which must be 1.
    ///
    /// Version 1 names no statistic. So it is read only as a statistic whose form no other one of
    /// these crates had.
    ///
    /// # Errors
    ///
    /// [`SnapshotHeaderError::OtherVersion`], [`SnapshotHeaderError::Ambiguous`], or those of the
    /// format.
    pub fn deserialize_version_1<'de, D: Deserializer<'de>>(
        deserializer: D,
        tag: Tag,
    ) -> Result<(), D::Error> {
        known(u32::deserialize(deserializer)?, 1).map_err(D::Error::custom)?;
        if tag.is_distinct_in_version_1() {
            return Ok(());
        }
        Err(D::Error::custom(SnapshotHeaderError::Ambiguous { expected: tag.to_string() }))
    }

    /// Makes the header of a snapshot that was read in version 1.
    ///
    /// # Errors
    ///
    /// [`SnapshotHeaderError::RevisionTooLarge`], or [`SnapshotHeaderError::Instances`] without an
    /// instance.
    pub fn of_version_1(
        tag: Tag,
        instances: Instances,
        revision: u64,
    ) -> Result<Self, SnapshotHeaderError> {
        Self { tag, instances, revision }.checked()
    }
}
