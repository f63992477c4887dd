//! What a writer stores: a value for each bucket and chunk.

/// The number of parts that a store is divided into, by bucket.
///
/// In a cluster, each may be on another node, and one node may lose its data without the others.
pub(crate) const STRIPES: usize = 16;

/// The number of parts that the actions of a bucket are divided into, by name.
///
/// Fixed, because an action must not move: its rows in the old chunk would count again.
const CHUNKS: u32 = 16;

/// A value of a writer: what it recorded in a bucket under some of its actions.
///
/// It is absolute: a later one, with a higher revision, replaces it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The bucket and the chunk.
    pub place: Place,
    /// Higher for a later value of the same place.
    pub revision: u64,
    /// The value, which a store does not read.
    pub value: Vec<u8>,
}

/// Where a writer stores a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The number of the bucket: the nanoseconds since the Unix epoch divided by the resolution.
    pub bucket: i64,
    /// Which of the writer's values in this bucket.
    pub chunk: u32,
}

impl Place {
    /// Returns where the rows of an action are, by the name that it is kept under.
    pub(crate) fn of(bucket: i64, name: &str) -> Self {
        Self { bucket, chunk: crc32fast::hash(name.as_bytes()) % CHUNKS }
    }

    pub(crate) fn stripe(self) -> usize {
        stripe_of(self.bucket)
    }
}

/// Returns the part of the store that has a bucket.
pub(crate) fn stripe_of(bucket: i64) -> usize {
    bucket.rem_euclid(STRIPES as i64) as usize
}

/// Identifies the contents of a bucket: two different contents have different versions.
///
/// A store draws it, and only compares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_before_1970_have_a_stripe() {
        assert_eq!([-17, -1, 0, 17].map(stripe_of), [15, 15, 0, 1]);
    }

    #[test]
    fn a_name_has_the_chunk_that_the_protocol_describes() {
        // The CRC-32 of the page, which other languages have: `zlib.crc32(b"jump") % 16`.
        let chunks = ["jump", "run", ""].map(|name| Place::of(0, name).chunk);
        assert_eq!(chunks, [crc("jump"), crc("run"), 0]);
    }

    fn crc(name: &str) -> u32 {
        let mut crc = u32::MAX;
        for byte in name.bytes() {
            crc ^= u32::from(byte);
            for _ in 0..8 {
                crc = (crc >> 1) ^ (0xEDB8_8320 * (crc & 1));
            }
        }
        !crc % 16
    }
}
