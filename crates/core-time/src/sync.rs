//! The primitives of shared memory: the standard ones, or those of `loom` when it explores a model.

#[cfg(loom)]
pub(crate) use loom::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering, fence},
};
#[cfg(not(loom))]
pub(crate) use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering, fence},
};

/// Declares a static whose value is a constant, but where `loom` explores.
///
/// Its atomics are no constants, and live for one execution of a model.
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
