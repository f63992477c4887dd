//! Clocks: the only place that asks the machine for the time.

pub(crate) mod anchor;
mod any;
mod manual;
mod monotonic;
mod seconds;
mod shared;
mod system;
mod ticker;
#[cfg(feature = "tsc")]
mod tsc;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use crate::stamp::Stamp;

pub(crate) use any::AnyClock;
pub use manual::ManualClock;
pub use monotonic::MonotonicClock;
pub use seconds::SecondsClock;
pub(crate) use shared::{ClockReading, SharedTime};
pub use system::{CoarseClock, SystemClock};
pub use ticker::TickerClock;
#[cfg(feature = "tsc")]
pub use tsc::TscClock;

/// A source of timestamps.
///
/// A counter reads its clock once per record and once per read. A clock should not step back; how
/// a counter treats one that does is described at [`EventCounter`](crate::EventCounter).
pub trait Clock: Debug + Send + Sync + 'static {
    /// Returns the present.
    fn now(&self) -> Stamp;

    /// Returns whether a stamp may be earlier than a previous one, on any thread.
    ///
    /// If so, the filling bucket may hold stamps ahead of the present, and a counter leaves it out
    /// of [`Window::at_least`](crate::Window::at_least). The open bucket of a thread may also be
    /// evicted already, so each record takes a lock. Return `false` where you can.
    fn may_step_back(&self) -> bool {
        true
    }

    /// Returns the maximum time by which the clock lags, because it moves in ticks.
    ///
    /// A stamp of another clock may be ahead by the tolerance and this lag.
    fn lag(&self) -> Duration {
        Duration::ZERO
    }
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> Stamp {
        (**self).now()
    }

    fn may_step_back(&self) -> bool {
        (**self).may_step_back()
    }

    fn lag(&self) -> Duration {
        (**self).lag()
    }
}
