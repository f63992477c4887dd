//! The primitives of shared memory: the standard ones, or those of `loom` when it explores a model.

#[cfg(not(loom))]
pub(crate) use core_time::PerThread;
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
    return size_of_val(mutex) == 0; // Has no such load, and needs none.
}

/// Stands for [`core_time::PerThread`] in a model, whose threads are not those of the system.
///
/// It orders nothing that the model does not order itself.
#[cfg(loom)]
pub(crate) struct PerThread<T> {
    threads: std::sync::Mutex<Vec<loom::thread::ThreadId>>,
    slots: [std::sync::OnceLock<T>; 4],
}

#[cfg(loom)]
impl<T> Default for PerThread<T> {
    fn default() -> Self {
        Self { threads: std::sync::Mutex::default(), slots: Default::default() }
    }
}

#[cfg(loom)]
impl<T> PerThread<T> {
    fn slot(&self) -> &std::sync::OnceLock<T> {
        let this = loom::thread::current().id();
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        let known = threads.iter().position(|thread| *thread == this);
        &self.slots[known.unwrap_or_else(|| {
            threads.push(this);
            threads.len() - 1
        })]
    }

    pub(crate) fn get(&self) -> Option<&T> {
        self.slot().get()
    }

    pub(crate) fn get_or(&self, make: impl FnOnce() -> T) -> Option<&T> {
        let slot = self.slot();
        if slot.get().is_none() {
            // Made before it is set, because other threads of the model may run meanwhile.
            let _ = slot.set(make());
        }
        slot.get()
    }

    pub(crate) fn for_each(&self, visit: impl FnMut(&T)) {
        self.slots.iter().filter_map(std::sync::OnceLock::get).for_each(visit);
    }
}
