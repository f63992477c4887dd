//! Primitives of shared memory: those of `std`, or those of `loom` in its models.

use std::sync::{LockResult, PoisonError};

#[cfg(loom)]
pub(crate) use loom::sync::{
    Mutex, MutexGuard, RwLock,
    atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering, fence},
};
#[cfg(not(loom))]
pub(crate) use std::sync::{
    Mutex, MutexGuard, RwLock,
    atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering, fence},
};

/// Returns the guard of a lock, also after a panic under it.
///
/// For locks under which a panic leaves nothing half changed.
pub(crate) fn unpoisoned<G>(locked: LockResult<G>) -> G {
    locked.unwrap_or_else(PoisonError::into_inner)
}

/// Declares a static with a constant value; in a model of `loom`, with a lazy one.
///
/// The atomics of `loom` have no constant constructor and live for one execution of a model.
macro_rules! shared {
    (static $name:ident: $type:ty = $value:expr) => {
        #[cfg(not(loom))]
        static $name: $type = $value;
        #[cfg(loom)]
        ::loom::lazy_static! {
            static ref $name: $type = $value;
        }
    };
}
pub(crate) use shared;
