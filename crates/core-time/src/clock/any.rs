//! The clock of a counter: those of this crate without a virtual call.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use super::Clock;
use super::manual::ManualClock;
use super::monotonic::MonotonicClock;
use super::seconds::SecondsClock;
use super::shared::{ClockReading, SharedTime};
use super::system::{CoarseClock, SystemClock};
use super::ticker::TickerClock;
#[cfg(feature = "tsc")]
use super::tsc::TscClock;
use crate::stamp::Stamp;

/// A clock of any type.
#[derive(Debug, Clone)]
pub(crate) enum AnyClock {
    Coarse,
    Fine,
    Monotonic,
    Seconds,
    #[cfg(feature = "tsc")]
    Tsc,
    /// A [`ManualClock`] or a [`TickerClock`].
    Shared(Arc<SharedTime>),
    Other(Arc<dyn Clock>),
}

/// Returned by [`EventCounter::clock`](crate::EventCounter::clock).
impl Clock for AnyClock {
    fn now(&self) -> Stamp {
        self.now()
    }

    fn may_step_back(&self) -> bool {
        self.now_checked().may_step_back
    }

    fn lag(&self) -> Duration {
        self.lag()
    }
}

impl AnyClock {
    /// Returns the cheapest system clock whose lag does not matter at a resolution.
    pub(crate) fn for_resolution(resolution: Duration) -> Self {
        if CoarseClock.lag() * 10 <= resolution { Self::Coarse } else { Self::Fine }
    }

    pub(crate) fn new(clock: impl Clock) -> Self {
        let any: &dyn Any = &clock;
        if let Some(clock) = any.downcast_ref::<Self>() {
            return clock.clone();
        }
        #[cfg(feature = "tsc")]
        if any.is::<TscClock>() {
            return Self::Tsc;
        }
        if any.is::<CoarseClock>() {
            Self::Coarse
        } else if any.is::<SystemClock>() {
            Self::Fine
        } else if any.is::<MonotonicClock>() {
            Self::Monotonic
        } else if any.is::<SecondsClock>() {
            Self::Seconds
        } else if let Some(clock) = any.downcast_ref::<ManualClock>() {
            Self::Shared(clock.shared())
        } else if let Some(clock) = any.downcast_ref::<TickerClock>() {
            Self::Shared(clock.shared())
        } else {
            Self::Other(Arc::new(clock))
        }
    }

    /// Returns the present, and whether the clock may step back.
    #[inline(always)]
    pub(crate) fn now_checked(&self) -> ClockReading {
        let reading = |stamp, may_step_back| ClockReading { stamp, may_step_back };
        match self {
            Self::Shared(shared) => shared.now_checked(),
            Self::Coarse => reading(CoarseClock.now(), false),
            Self::Seconds => reading(SecondsClock.now(), false),
            _ => self.now_by_call(),
        }
    }

    /// The same for the clocks that cost so much that a call makes no difference.
    #[inline(never)]
    fn now_by_call(&self) -> ClockReading {
        let reading = |stamp, may_step_back| ClockReading { stamp, may_step_back };
        match self {
            Self::Monotonic => reading(MonotonicClock.now(), false),
            #[cfg(feature = "tsc")]
            Self::Tsc => reading(TscClock.now(), false),
            Self::Other(clock) => reading(clock.now(), clock.may_step_back()),
            _ => reading(SystemClock.now(), false),
        }
    }

    /// Returns the present, by the shortest way for the clock of limiters.
    #[inline(always)]
    pub(crate) fn now_of_limiter(&self) -> Stamp {
        match self {
            Self::Monotonic => MonotonicClock.now(),
            _ => self.now_of_any(),
        }
    }

    #[inline(never)]
    fn now_of_any(&self) -> Stamp {
        self.now()
    }

    /// Returns the time that a thread sets, if the clock shows such a time.
    pub(crate) fn shared(&self) -> Option<&SharedTime> {
        match self {
            Self::Shared(shared) => Some(shared),
            _ => None,
        }
    }

    #[inline(always)]
    pub(crate) fn now(&self) -> Stamp {
        self.now_checked().stamp
    }

    pub(crate) fn lag(&self) -> Duration {
        match self {
            Self::Coarse => CoarseClock.lag(),
            Self::Fine | Self::Monotonic => Duration::ZERO,
            Self::Seconds => SecondsClock.lag(),
            #[cfg(feature = "tsc")]
            Self::Tsc => TscClock.lag(),
            Self::Shared(shared) => shared.lag(),
            Self::Other(clock) => clock.lag(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finer_clock_is_used_only_if_the_resolution_needs_it() {
        let coarse = AnyClock::for_resolution(Duration::from_secs(1));
        let fine = AnyClock::for_resolution(Duration::from_millis(1));
        assert!(matches!(coarse, AnyClock::Coarse), "{coarse:?}");
        assert!(matches!(fine, AnyClock::Fine) || CoarseClock.lag().is_zero(), "{fine:?}");
    }
}
