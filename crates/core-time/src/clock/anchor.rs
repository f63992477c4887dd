//! The wall clock, kept from stepping back.
//!
//! A counter needs stamps that mean the same on every machine (the wall clock), that never step
//! back, and that cost next to nothing. No clock of the kernel is all three. So a clock runs at the
//! rate of a monotonic clock and keeps the offset of the wall clock from it. Ten times a second it
//! reads the wall again. If the wall moved forwards (it was set, or the machine slept), the clock
//! follows. If the wall was set back, the clock continues at its own rate until the wall has caught
//! up.
//!
//! The wall is read first and the monotonic clock second. So a pause between the two makes the
//! offset too small, which the next look corrects, and never too large, which nothing could.

use crate::stamp::Stamp;
use crate::sync::{
    AtomicI64,
    Ordering::{Acquire, Relaxed, Release},
};

/// A monotonic clock and a wall clock of the same resolution, in nanoseconds.
pub(crate) trait Source: Copy {
    fn monotonic(self) -> i64;
    fn wall(self) -> i64;
}

/// The offset of the wall clock from a monotonic clock.
pub(crate) struct Anchor {
    /// The offset. Only grows.
    wall_ahead: AtomicI64,
    /// The monotonic time of the next look at the wall.
    next_look: AtomicI64,
}

/// The time between two looks at the wall.
pub(crate) const LOOK_EVERY_NANOS: i64 = 100_000_000;

impl Anchor {
    #[cfg(not(loom))]
    pub(super) const fn new() -> Self {
        Self { wall_ahead: AtomicI64::new(i64::MIN), next_look: AtomicI64::new(i64::MIN) }
    }

    /// Makes an anchor inside a model: the atomics of `loom` have no constant constructor.
    #[cfg(loom)]
    pub(crate) fn new() -> Self {
        Self { wall_ahead: AtomicI64::new(i64::MIN), next_look: AtomicI64::new(i64::MIN) }
    }

    #[inline]
    pub(crate) fn now(&self, source: impl Source) -> Stamp {
        let mut monotonic = source.monotonic();
        // ORDERING: Acquire load of `next_look`, then Relaxed of `wall_ahead`.
        // Needs: an offset that was measured, and not below one that made a stamp which happened
        // before this call.
        // Gives: a look stores `wall_ahead` before it releases `next_look`; coherence the second.
        // Not needed: the newest offset. The next look is soon enough.
        // Checks: loom, `a_stamp_is_never_lower_than_one_that_happened_before`.
        if monotonic >= self.next_look.load(Acquire) {
            monotonic = self.look(source);
        }
        Stamp::from_nanos(monotonic.saturating_add(self.wall_ahead.load(Relaxed)))
    }

    /// Follows the wall if it moved forwards. Returns the monotonic time of the look.
    #[cold]
    fn look(&self, source: impl Source) -> i64 {
        let wall = source.wall();
        let monotonic = source.monotonic();
        // ORDERING: Relaxed maximum, then Release store. Pairs with: `now`.
        self.wall_ahead.fetch_max(wall.saturating_sub(monotonic), Relaxed);
        self.next_look.store(monotonic.saturating_add(LOOK_EVERY_NANOS), Release);
        monotonic
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// A machine whose two clocks are set by the test.
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
}
