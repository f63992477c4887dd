//! The primitives of shared memory: the standard ones, or those of `loom` when it explores a model.

#[cfg(loom)]
pub(crate) use loom::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicU32, AtomicU64},
};
pub(crate) use std::sync::PoisonError;
#[cfg(not(loom))]
pub(crate) use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicU32, AtomicU64},
};

/// Takes a lock, be it one that a thread held when it panicked.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Loads a lock into the cache without taking it. The result has no meaning.
#[inline]
pub(crate) fn fetch<T>(mutex: &Mutex<T>) -> bool {
    #[cfg(not(loom))]
    return mutex.is_poisoned();
    #[cfg(loom)]
    return std::ptr::from_ref(mutex).is_null(); // Has no such load, and needs none.
}
