//! The keys that are read from a flat record.

/// Finds the slots of the keys that are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Keys(Box<[(Box<[u8]>, usize)]>);

impl Keys {
    /// Takes each key with the index of its slot. Two slots may have one key.
    pub(crate) fn new<'k>(keys: impl Iterator<Item = (usize, &'k str)>) -> Self {
        Self(keys.map(|(slot, key)| (key.as_bytes().into(), slot)).collect())
    }

    /// Returns the slots of a key.
    ///
    /// Few keys are read, so that comparing the first byte with each is faster than a hash.
    #[inline(always)]
    pub(crate) fn find(&self, key: &[u8]) -> impl Iterator<Item = usize> {
        let is_key = move |wanted: &[u8]| wanted.first() == key.first() && wanted == key;
        self.0.iter().filter(move |(wanted, _)| is_key(wanted)).map(|&(_, slot)| slot)
    }
}
