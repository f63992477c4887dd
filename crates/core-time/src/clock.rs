//! What time it is: the only place that asks the machine.
//!
//! A counter wants stamps that mean the same on every machine (the wall clock), that never run
//! backwards, and that cost next to nothing. No clock of the kernel gives all three. So the clocks
//! of this module go at the pace of a monotonic clock and keep how far the wall is ahead of it. Ten
//! times a second that is looked at again: where the wall moved forwards (it was set, or the
//! machine slept), the clock follows; where it was set back, the clock goes on at its own pace
//! until the wall catches up. The wall is read first and the monotonic clock second, so a pause
//! between the two makes the difference too small, which the next look mends, and never too large,
//! which nothing could.

use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use crate::stamp::Stamp;
use crate::sync::{
    AtomicI64,
    Ordering::{Acquire, Relaxed, Release},
    shared,
};

mod hands;
mod seconds;
#[cfg(feature = "tsc")]
mod tsc;

use hands::Hands;
pub use hands::{ManualClock, TickerClock};
pub use seconds::SecondsClock;
#[cfg(feature = "tsc")]
pub use tsc::TscClock;

/// Tells what time it is.
///
/// A counter asks once per record and once per read. A clock should not run backwards; what a
/// counter makes of one that does is said at [`EventCounter`](crate::EventCounter).
pub trait Clock: Debug + Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Stamp;

    /// Whether a stamp may be earlier than one given before, on any thread.
    ///
    /// If so, the bucket that is filling may hold stamps ahead of the present, and a counter leaves
    /// it out of [`Window::at_least`](crate::Window::at_least); and the bucket that is open for
    /// a thread may be one the counter no longer holds, so each record takes a lock. Say
    /// `false` where you can.
    fn may_step_back(&self) -> bool {
        true
    }

    /// How far the clock may be behind, because it moves in ticks; nothing if it does not.
    ///
    /// A stamp of another clock that is ahead by so much more than the tolerance is still believed.
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

/// The system's time to the nanosecond, kept from running backwards.
///
/// All clocks of this kind in a process are one and the same.
///
/// # Accuracy
///
/// Follows the wall clock forwards within 100 ms. Where the wall is set back, goes on at the
/// monotonic rate until the wall has caught up; [`ahead_of_wall`](Self::ahead_of_wall) tells by how
/// much.
///
/// # Examples
///
/// ```
/// use core_time::{Clock, SystemClock};
///
/// let (first, second) = (SystemClock.now(), SystemClock.now());
/// assert!(first <= second);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SystemClock;

/// The system's time as of the kernel's last tick, the cheapest there is.
///
/// All clocks of this kind in a process are one and the same. Where the kernel has no such clock
/// (outside Linux), this is [`SystemClock`].
///
/// # Accuracy
///
/// Behind by up to [`lag`](Clock::lag), two ticks of the kernel, usually 2 to 20 ms: of no
/// consequence for buckets of a second. Otherwise as [`SystemClock`].
///
/// # Examples
///
/// ```
/// use core_time::{Clock, CoarseClock};
///
/// assert!(CoarseClock.now() <= CoarseClock.now());
/// assert!(CoarseClock.lag().as_millis() <= 20);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CoarseClock;

shared!(static FINE: Anchor = Anchor::new());
shared!(static COARSE: Anchor = Anchor::new());

impl SystemClock {
    /// How far the clock is ahead of the wall, which was set back by so much; usually nothing.
    #[must_use]
    pub fn ahead_of_wall(&self) -> Duration {
        self.now().saturating_since(Stamp::from_nanos(source::Fine.wall()))
    }
}

impl CoarseClock {
    /// How far the clock is ahead of the wall, which was set back by so much; usually nothing.
    #[must_use]
    pub fn ahead_of_wall(&self) -> Duration {
        self.now().saturating_since(Stamp::from_nanos(source::Coarse.wall()))
    }
}

impl Clock for SystemClock {
    #[inline]
    fn now(&self) -> Stamp {
        FINE.now(source::Fine)
    }

    fn may_step_back(&self) -> bool {
        false
    }
}

impl Clock for CoarseClock {
    #[inline]
    fn now(&self) -> Stamp {
        COARSE.now(source::Coarse)
    }

    fn may_step_back(&self) -> bool {
        false
    }

    fn lag(&self) -> Duration {
        2 * source::coarse_tick() // One as it moves, and one that a look at the wall may miss.
    }
}

/// A monotonic clock and the wall clock, in nanoseconds, of the same grain.
pub(crate) trait Source: Copy {
    fn monotonic(self) -> i64;
    fn wall(self) -> i64;
}

/// How far the wall is ahead of a monotonic clock, as far as is known.
pub(crate) struct Anchor {
    /// Only grows.
    wall_ahead: AtomicI64,
    /// When to look again, by the monotonic clock.
    next_look: AtomicI64,
}

/// How long a clock goes on without looking at the wall.
pub(crate) const LOOK_EVERY_NANOS: i64 = 100_000_000;

impl Anchor {
    #[cfg(not(loom))]
    const fn new() -> Self {
        Self { wall_ahead: AtomicI64::new(i64::MIN), next_look: AtomicI64::new(i64::MIN) }
    }

    /// The same, no constant: the atomics of loom are made in a model.
    #[cfg(loom)]
    pub(crate) fn new() -> Self {
        Self { wall_ahead: AtomicI64::new(i64::MIN), next_look: AtomicI64::new(i64::MIN) }
    }

    #[inline]
    pub(crate) fn now(&self, source: impl Source) -> Stamp {
        let mut monotonic = source.monotonic();
        // ORDERING: Acquire load of `next_look`, then Relaxed of `wall_ahead`.
        // Needs: a value of `wall_ahead` that was measured; and one not lower than any that made a
        // stamp which happened before this call.
        // Gives: the look stores `wall_ahead` before it releases `next_look`; coherence the second.
        // Not needed: the newest value there is. The next look is soon enough.
        // Checks: loom.rs, `a_stamp_is_never_lower_than_one_that_happened_before`.
        if monotonic >= self.next_look.load(Acquire) {
            monotonic = self.look(source);
        }
        Stamp::from_nanos(monotonic.saturating_add(self.wall_ahead.load(Relaxed)))
    }

    /// Follows the wall if it moved forwards, and tells the monotonic time of the look.
    #[cold]
    fn look(&self, source: impl Source) -> i64 {
        let wall = source.wall();
        let monotonic = source.monotonic();
        // ORDERING: Relaxed maximum, then Release store. See `now`.
        self.wall_ahead.fetch_max(wall.saturating_sub(monotonic), Relaxed);
        self.next_look.store(monotonic.saturating_add(LOOK_EVERY_NANOS), Release);
        monotonic
    }
}

#[cfg(all(target_os = "linux", not(std_clock)))]
mod source {
    //! The kernel's clocks, read without a system call.

    use std::time::Duration;

    use rustix::time::{ClockId, Timespec, clock_getres, clock_gettime};

    use super::Source;

    #[derive(Clone, Copy)]
    pub(super) struct Fine;

    #[derive(Clone, Copy)]
    pub(super) struct Coarse;

    impl Source for Fine {
        #[inline]
        fn monotonic(self) -> i64 {
            nanos(clock_gettime(ClockId::Monotonic))
        }

        fn wall(self) -> i64 {
            nanos(clock_gettime(ClockId::Realtime))
        }
    }

    impl Source for Coarse {
        #[inline]
        fn monotonic(self) -> i64 {
            nanos(clock_gettime(ClockId::MonotonicCoarse))
        }

        fn wall(self) -> i64 {
            nanos(clock_gettime(ClockId::RealtimeCoarse))
        }
    }

    pub(super) fn coarse_tick() -> Duration {
        let tick = nanos(clock_getres(ClockId::MonotonicCoarse));
        Duration::from_nanos(tick.unsigned_abs())
    }

    #[inline]
    fn nanos(time: Timespec) -> i64 {
        // Wraps in 292 years, which is further than the kernel goes.
        time.tv_sec.wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec)
    }
}

#[cfg(any(not(target_os = "linux"), std_clock))]
mod source {
    //! The clocks of the standard library, for systems whose coarse clocks were not measured.
    //!
    //! `--cfg std_clock` takes them on Linux too, so that they are tested where we are.

    #![expect(clippy::disallowed_methods, reason = "this is the one place that asks for the time")]

    use std::sync::OnceLock;
    use std::time::{Duration, Instant, SystemTime};

    use super::Source;
    use crate::stamp::Stamp;

    #[derive(Clone, Copy)]
    pub(super) struct Fine;

    pub(super) use Fine as Coarse;

    impl Source for Fine {
        fn monotonic(self) -> i64 {
            static FIRST: OnceLock<Instant> = OnceLock::new();
            let first = *FIRST.get_or_init(Instant::now);
            i64::try_from(first.elapsed().as_nanos()).unwrap_or(i64::MAX)
        }

        fn wall(self) -> i64 {
            Stamp::from(SystemTime::now()).as_nanos()
        }
    }

    pub(super) fn coarse_tick() -> Duration {
        Duration::ZERO
    }
}

/// A clock as a counter keeps it: those of this module without a call through a table.
#[derive(Debug, Clone)]
pub(crate) enum AnyClock {
    Coarse,
    Fine,
    Seconds,
    #[cfg(feature = "tsc")]
    Tsc,
    /// A clock that somebody else moves.
    Hands(Arc<Hands>),
    Other(Arc<dyn Clock>),
}

/// Handed out by [`EventCounter::clock`](crate::EventCounter::clock).
impl Clock for AnyClock {
    fn now(&self) -> Stamp {
        self.now()
    }

    fn may_step_back(&self) -> bool {
        self.tell().1
    }

    fn lag(&self) -> Duration {
        self.lag()
    }
}

impl AnyClock {
    /// The cheapest clock whose lag does not matter at a resolution.
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
        } else if any.is::<SecondsClock>() {
            Self::Seconds
        } else if let Some(clock) = any.downcast_ref::<ManualClock>() {
            Self::Hands(clock.hands())
        } else if let Some(clock) = any.downcast_ref::<TickerClock>() {
            Self::Hands(clock.hands())
        } else {
            Self::Other(Arc::new(clock))
        }
    }

    /// The present, and whether a later one [may be earlier](Clock::may_step_back).
    #[inline(always)]
    pub(crate) fn tell(&self) -> (Stamp, bool) {
        match self {
            Self::Hands(hands) => (hands.now(), hands.stepped_back()),
            Self::Coarse => (CoarseClock.now(), false),
            Self::Seconds => (SecondsClock.now(), false),
            _ => self.tell_at_a_cost(),
        }
    }

    /// By the clocks beside whose cost that of a call is nothing.
    #[inline(never)]
    fn tell_at_a_cost(&self) -> (Stamp, bool) {
        match self {
            #[cfg(feature = "tsc")]
            Self::Tsc => (TscClock.now(), false),
            Self::Other(clock) => (clock.now(), clock.may_step_back()),
            _ => (SystemClock.now(), false),
        }
    }

    #[inline(always)]
    pub(crate) fn now(&self) -> Stamp {
        self.tell().0
    }

    pub(crate) fn lag(&self) -> Duration {
        match self {
            Self::Coarse => CoarseClock.lag(),
            Self::Fine => Duration::ZERO,
            Self::Seconds => SecondsClock.lag(),
            #[cfg(feature = "tsc")]
            Self::Tsc => TscClock.lag(),
            Self::Hands(hands) => hands.lag(),
            Self::Other(clock) => clock.lag(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// A machine whose two clocks the test sets.
    struct Machine {
        monotonic: Cell<i64>,
        wall: Cell<i64>,
    }

    impl Source for &Machine {
        fn monotonic(self) -> i64 {
            self.monotonic.get()
        }

        fn wall(self) -> i64 {
            self.wall.get()
        }
    }

    impl Machine {
        fn pass(&self, nanos: i64) {
            self.monotonic.set(self.monotonic.get() + nanos);
            self.wall.set(self.wall.get() + nanos);
        }
    }

    const SECOND: i64 = 1_000_000_000;

    #[track_caller]
    fn check(anchor: &Anchor, machine: &Machine, expected: i64) {
        assert_eq!(anchor.now(machine).as_nanos(), expected);
    }

    #[test]
    fn clock_follows_the_wall_forwards_within_a_look() {
        let machine = Machine { monotonic: Cell::new(5), wall: Cell::new(1_000 * SECOND) };
        let anchor = Anchor::new();
        check(&anchor, &machine, 1_000 * SECOND);
        machine.wall.set(2_000 * SECOND); // Set, or slept through.
        machine.pass(LOOK_EVERY_NANOS - 1);
        check(&anchor, &machine, 1_000 * SECOND + LOOK_EVERY_NANOS - 1);
        machine.pass(1);
        check(&anchor, &machine, 2_000 * SECOND + LOOK_EVERY_NANOS);
    }

    #[test]
    fn clock_goes_on_at_its_own_pace_when_the_wall_is_set_back() {
        let machine = Machine { monotonic: Cell::new(0), wall: Cell::new(1_000 * SECOND) };
        let anchor = Anchor::new();
        check(&anchor, &machine, 1_000 * SECOND);
        machine.wall.set(990 * SECOND);
        machine.pass(SECOND);
        check(&anchor, &machine, 1_001 * SECOND);
        machine.wall.set(machine.wall.get() + 11 * SECOND); // Now ahead of the clock by one.
        machine.pass(SECOND);
        check(&anchor, &machine, 1_003 * SECOND);
    }

    #[test]
    fn leap_second_that_the_wall_repeats_is_gone_through_once() {
        let machine = Machine { monotonic: Cell::new(0), wall: Cell::new(59 * SECOND) };
        let anchor = Anchor::new();
        for elapsed in 0..40 {
            check(&anchor, &machine, 59 * SECOND + elapsed * SECOND / 10);
            machine.pass(SECOND / 10);
            if elapsed == 10 {
                machine.wall.set(machine.wall.get() - SECOND);
            }
        }
    }

    #[test]
    fn clock_goes_before_1970_and_stands_at_the_limits() {
        let machine = Machine { monotonic: Cell::new(7), wall: Cell::new(-5 * SECOND) };
        check(&Anchor::new(), &machine, -5 * SECOND);
        for limit in [i64::MIN, i64::MAX] {
            let machine = Machine { monotonic: Cell::new(0), wall: Cell::new(limit) };
            let anchor = Anchor::new();
            check(&anchor, &machine, limit);
        }
    }

    #[test]
    fn threads_see_one_clock() {
        let latest = AtomicI64::new(i64::MIN);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    for _ in 0..20_000 {
                        let before = latest.load(Acquire);
                        let now = CoarseClock.now().as_nanos();
                        assert!(before <= now, "clock ran from {before} back to {now}");
                        latest.fetch_max(now, Release);
                    }
                });
            }
        });
    }

    #[test]
    fn finer_clock_is_taken_only_where_the_resolution_asks_for_it() {
        let coarse = AnyClock::for_resolution(Duration::from_secs(1));
        let fine = AnyClock::for_resolution(Duration::from_millis(1));
        assert!(matches!(coarse, AnyClock::Coarse), "{coarse:?}");
        assert!(matches!(fine, AnyClock::Fine) || CoarseClock.lag().is_zero(), "{fine:?}");
    }
}
