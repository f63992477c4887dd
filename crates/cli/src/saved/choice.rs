//! Which files count: none of their inputs twice.

use std::collections::HashMap;

use facade::time::Instance;
use thiserror::Error;

/// What identifies the rows of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    /// The inputs in their order.
    pub(super) instances: Vec<Instance>,
    pub(super) revision: u64,
    /// A hash of all bytes of the file.
    pub(super) hash: u128,
}

/// Two files that have an input in common, and others or other rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(super) enum Clash {
    /// Neither has all inputs of the other.
    #[error("have an input in common, which would count twice, and others")]
    Partial { one: usize, other: usize },
    /// They have the same inputs and revision.
    #[error("have the same inputs, but other rows")]
    OtherRows { one: usize, other: usize },
}

impl Clash {
    pub(super) fn files(self) -> [usize; 2] {
        match self {
            Self::Partial { one, other } | Self::OtherRows { one, other } => [one, other],
        }
    }
}

/// Decides which files count. `None` is a file that counts; else, the number of the one that has
/// its inputs.
///
/// A file whose inputs are all in another one is left out. Of two with the same inputs, the one
/// with the larger revision counts.
pub(super) fn choose(files: &[Identity]) -> Result<Vec<Option<usize>>, Clash> {
    let mut order: Vec<_> = (0..files.len()).collect();
    // The largest first, so that what is a part of another comes after it.
    order.sort_by_key(|&at| {
        let file = &files[at];
        (usize::MAX - file.instances.len(), u64::MAX - file.revision)
    });
    let mut owners: HashMap<Instance, usize> = HashMap::new();
    let mut chosen = vec![None; files.len()];
    for at in order {
        let file = &files[at];
        let known = file.instances.iter().filter_map(|instance| owners.get(instance));
        let (number, owner) = known.fold((0, at), |(number, _), &owner| (number + 1, owner));
        if number == 0 {
            owners.extend(file.instances.iter().map(|&instance| (instance, at)));
        } else if number < file.instances.len() {
            return Err(Clash::Partial { one: owner.min(at), other: owner.max(at) });
        } else {
            let other = &files[owner];
            let is_same = other.instances.len() == number && other.revision == file.revision;
            if is_same && other.hash != file.hash {
                return Err(Clash::OtherRows { one: owner.min(at), other: owner.max(at) });
            }
            chosen[at] = Some(owner);
        }
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(inputs: &[u8], revision: u64, hash: u128) -> Identity {
        let instances = inputs.iter().map(|&input| Instance::from_bytes([input; 12])).collect();
        Identity { instances, revision, hash }
    }

    #[test]
    fn files_count_once() {
        let (a, b, ab) = (file(&[1], 1, 10), file(&[2], 1, 20), file(&[1, 2], 1, 30));
        let choose = |files: &[&Identity]| {
            choose(&files.iter().map(|&file| file.clone()).collect::<Vec<_>>())
        };
        assert_eq!(choose(&[]), Ok(vec![]));
        assert_eq!(choose(&[&a, &b]), Ok(vec![None, None]));
        assert_eq!(choose(&[&a, &b, &a]), Ok(vec![None, None, Some(0)]));
        // The parts of a merged file.
        assert_eq!(choose(&[&a, &ab, &b]), Ok(vec![Some(1), None, Some(1)]));
        // A later snapshot of the same instance replaces an earlier one.
        assert_eq!(choose(&[&a, &file(&[1], 2, 11)]), Ok(vec![Some(1), None]));
    }

    #[test]
    fn files_that_would_count_in_part_are_refused() {
        let ab = file(&[1, 2], 1, 30);
        let partial = Err(Clash::Partial { one: 0, other: 1 });
        assert_eq!(choose(&[ab.clone(), file(&[2, 3], 1, 40)]), partial);
        assert_eq!(choose(&[file(&[3, 2], 1, 40), ab.clone()]), partial);
        let other = Err(Clash::OtherRows { one: 0, other: 1 });
        assert_eq!(choose(&[ab.clone(), file(&[1, 2], 1, 31)]), other);
        assert_eq!(choose(&[ab, file(&[2, 1], 1, 30)]).map(|it| it[1]), Ok(Some(0)));
    }
}
