//! A tuple of statistics inserts a value in all members or in none, whichever member panics.

use std::panic::{AssertUnwindSafe, catch_unwind};

use core_time::{Statistic, Tag};

/// Counts, and panics at one value after counting it.
#[derive(Debug, Clone, Default, PartialEq)]
struct Fears<const VALUE: u64>(u64);

impl<const VALUE: u64> Statistic for Fears<VALUE> {
    type Value = u64;

    const TAG: Tag = Tag::own("x-fears");

    fn insert(&mut self, value: u64) {
        self.0 += 1;
        assert_ne!(value, VALUE, "told to panic");
    }

    fn merge(&mut self, other: &Self) {
        self.0 += other.0;
    }
}

/// Counts, and never panics.
#[derive(Debug, Clone, Default, PartialEq)]
struct Fearless(u64);

impl Statistic for Fearless {
    type Value = u64;

    const TAG: Tag = Tag::own("x-fearless");

    const NEVER_PANICS: bool = true;

    fn insert(&mut self, _: u64) {
        self.0 += 1;
    }

    fn merge(&mut self, other: &Self) {
        self.0 += other.0;
    }
}

/// Fetches memory that depends on its value.
#[derive(Clone, Default)]
struct Fetches<const MASK: u64>;

impl<const MASK: u64> Statistic for Fetches<MASK> {
    type Value = u64;

    const TAG: Tag = Tag::own("x-fetches");

    fn insert(&mut self, _: u64) {}

    fn prefetch(&self, value: u64) -> u64 {
        value & MASK
    }

    fn merge(&mut self, _: &Self) {}
}

#[test]
fn a_tuple_fetches_the_memory_of_all_members() {
    let tuple = <(Fetches<1>, Fearless, (Fetches<2>, Fetches<4>), Fetches<8>)>::default();
    assert_eq!(tuple.prefetch(15), 15);
    assert_eq!(tuple.prefetch(6), 6);
}

#[test]
fn a_tuple_is_as_it_was_if_a_member_panics() {
    type Inner = (Fearless, Fears<2>);
    let mut tuple = <(Fears<1>, Fearless, Inner, Fears<3>)>::default();
    let mut expected = 0;
    for value in [0, 1, 2, 3, 4, 1, 5] {
        let whole = catch_unwind(AssertUnwindSafe(|| tuple.insert_whole(value))).is_ok();
        assert_eq!(whole, ![1, 2, 3].contains(&value), "{value}");
        expected += u64::from(whole);
        let (first, second, (third, fourth), fifth) = &tuple;
        let counts = [first.0, second.0, third.0, fourth.0, fifth.0];
        assert_eq!(counts, [expected; 5], "after {value}");
    }
    const { assert!(<(Fearless, Fearless)>::NEVER_PANICS) };
    const { assert!(!<(Fearless, Fears<1>)>::NEVER_PANICS) };
}
