//! The laws of statistics, as functions for tests of custom statistics.
//!
//! They need no feature: they cost nothing where they are not called, and a test that first needs a
//! feature is easily left out.

use std::fmt::Debug;

use crate::statistic::{Statistic, Subtract};

/// Checks that a statistic does not depend on how its values are split and merged.
///
/// Splits the values into three parts in many ways: runs of values, and every third value. Some
/// parts are empty, which is the identity. For each split, merging the parts in either grouping and
/// in reverse order must give the same statistic as inserting the values one by one, forwards and
/// backwards, and as inserting each part [at once](Statistic::insert_all). Inserting a value
/// [`n` times at once](Statistic::insert_n) must give the same as `n` inserts.
///
/// Call it with random values, and with values at the limits of the statistic.
///
/// # Accuracy
///
/// Compares with `==`, so it finds no difference that `==` ignores.
///
/// # Panics
///
/// If a law is broken. The message names the law and the parts.
///
/// # Complexity
///
/// Inserts each value a few hundred times, and some a thousand times.
///
/// # Examples
///
/// A sum of floats depends on the order:
///
/// ```should_panic
/// use core_time::{Statistic, Tag, laws};
///
/// #[derive(Debug, Clone, Default, PartialEq)]
/// struct FloatSum(f64);
///
/// impl Statistic for FloatSum {
///     type Value = f64;
///
///     const TAG: Tag = Tag::own("x-float-sum");
///
///     fn insert(&mut self, value: f64) {
///         self.0 += value;
///     }
///
///     fn merge(&mut self, other: &Self) {
///         self.0 += other.0;
///     }
/// }
///
/// // Panics, because 0.1 + 0.2 + 0.3 is not 0.3 + 0.2 + 0.1.
/// laws::check_merge::<FloatSum>(&[0.1, 0.2, 0.3]);
/// ```
#[track_caller]
pub fn check_merge<S>(values: &[S::Value])
where
    S: Statistic<Value: Debug> + PartialEq + Debug,
{
    let whole = of::<S>(values);
    let backwards: Vec<_> = values.iter().rev().copied().collect();
    equal("all values inserted backwards", &of::<S>(&backwards), &whole, &[values]);
    for parts in splits(values) {
        let parts = parts.each_ref().map(|part| part.as_slice());
        let mut at_once = S::default();
        parts.iter().for_each(|part| at_once.insert_all(part.iter().copied()));
        equal("all values, each part inserted at once,", &at_once, &whole, &parts);
        let [a, b, c] = parts.map(of::<S>);
        let (ab, bc) = (merged(&a, &b), merged(&b, &c));
        equal("(a + b) + c", &merged(&ab, &c), &whole, &parts);
        equal("a + (b + c)", &merged(&a, &bc), &whole, &parts);
        equal("c + (b + a)", &merged(&c, &merged(&b, &a)), &whole, &parts);
    }
    check_insert_n::<S>(values);
}

/// Checks that `n` values at once are `n` values, in an empty statistic and in one of all values.
#[track_caller]
fn check_insert_n<S>(values: &[S::Value])
where
    S: Statistic<Value: Debug> + PartialEq + Debug,
{
    let every = values.len().div_ceil(3).max(1); // The first value, the last, and some between.
    let chosen = values.iter().step_by(every).chain(values.last());
    let whole = of::<S>(values);
    for &value in chosen {
        for before in [S::default(), whole.clone()] {
            for n in [0, 1, 2, 31, 300] {
                let (mut at_once, mut one_by_one) = (before.clone(), before.clone());
                at_once.insert_n(value, n);
                (0..n).for_each(|_| one_by_one.insert(value));
                assert!(
                    at_once == one_by_one,
                    "{n} times {value:?} at once, added to {before:?}, is {at_once:?}, not \
                     {one_by_one:?}",
                );
                // Later values must find the same state, also where `==` ignores a difference.
                at_once.insert_all(values.iter().copied());
                one_by_one.insert_all(values.iter().copied());
                let after = "all values after several at once";
                equal(after, &at_once, &one_by_one, &[&[value], values]);
            }
        }
    }
}

/// Checks that subtracting undoes merging.
///
/// Splits the values as [`check_merge`] does. Call that function too.
///
/// # Panics
///
/// If the law is broken. The message has the difference and the parts.
///
/// # Examples
///
/// See [`Subtract`].
#[track_caller]
pub fn check_subtract<S>(values: &[S::Value])
where
    S: Subtract<Value: Debug> + PartialEq + Debug,
{
    for parts in splits(values) {
        let parts = parts.each_ref().map(|part| part.as_slice());
        let [a, b, c] = parts.map(of::<S>);
        let (ab, whole) = (merged(&a, &b), of::<S>(values));
        equal("(a + b) - b", &without(&ab, &b), &a, &parts[..2]);
        equal("(a + b + c) - (a + b)", &without(&whole, &ab), &c, &parts);
        equal("(a + b + c) - b - a", &without(&without(&whole, &b), &a), &c, &parts);
    }
}

#[track_caller]
fn equal<S: PartialEq + Debug, V: Debug>(what: &str, found: &S, expected: &S, parts: &[&[V]]) {
    assert!(found == expected, "{what} is {found:?}, not {expected:?}, of the parts {parts:?}");
}

fn of<S: Statistic>(values: &[S::Value]) -> S {
    let mut statistic = S::default();
    values.iter().for_each(|&value| statistic.insert(value));
    statistic
}

fn merged<S: Statistic>(a: &S, b: &S) -> S {
    let mut merged = a.clone();
    merged.merge(b);
    merged
}

fn without<S: Subtract>(whole: &S, part: &S) -> S {
    let mut rest = whole.clone();
    rest.subtract(part);
    rest
}

/// Splits values into three parts in many ways.
fn splits<V: Copy>(values: &[V]) -> Vec<[Vec<V>; 3]> {
    let len = values.len();
    let mut cuts = [0, len.min(1), len / 3, len / 2, len * 2 / 3, len.saturating_sub(1), len];
    cuts.sort_unstable();
    let dealt = [0, 1, 2].map(|from| values.iter().skip(from).step_by(3).copied().collect());
    let mut splits = vec![dealt];
    for (at, &first) in cuts.iter().enumerate() {
        for &second in &cuts[at..] {
            let parts = [&values[..first], &values[first..second], &values[second..]];
            splits.push(parts.map(<[V]>::to_vec));
        }
    }
    splits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tag::Tag;
    use std::panic::catch_unwind;

    /// A sum with one of several faults.
    #[derive(Debug, Clone, Default, PartialEq)]
    struct Faulty<const FAULT: u8> {
        sum: u64,
        last: u64,
        merges: u64,
    }

    const NONE: u8 = 0;
    const KEEPS_LAST_VALUE: u8 = 1;
    const KEEPS_LAST_PART: u8 = 2;
    const COUNTS_MERGES: u8 = 3;
    const FORGETS_ON_MERGE: u8 = 4;
    const IS_CHANGED_BY_NOTHING: u8 = 5;
    const WANTS_THE_LARGER_LAST: u8 = 6;
    const SUBTRACTS_TWICE: u8 = 7;
    const SUBTRACTS_ONLY_MORE_THAN_ONE: u8 = 8;
    const FORGETS_THE_FIRST_OF_SEVERAL: u8 = 9;
    const INSERTS_N_VALUES_ONCE: u8 = 10;
    const INSERTS_NO_VALUE_ONCE: u8 = 11;

    impl<const FAULT: u8> Statistic for Faulty<FAULT> {
        type Value = u64;

        const TAG: Tag = Tag::own("x-faulty");

        fn insert(&mut self, value: u64) {
            self.sum += value;
            if FAULT == KEEPS_LAST_VALUE {
                self.last = value;
            }
        }

        fn insert_all(&mut self, values: impl Iterator<Item = u64> + Clone) {
            let forgotten = usize::from(FAULT == FORGETS_THE_FIRST_OF_SEVERAL);
            values.skip(forgotten).for_each(|value| self.insert(value));
        }

        fn insert_n(&mut self, value: u64, n: u64) {
            self.sum += match FAULT {
                INSERTS_N_VALUES_ONCE => value * n.min(1),
                INSERTS_NO_VALUE_ONCE => value * n.max(1),
                _ => value * n,
            };
            if FAULT == KEEPS_LAST_VALUE && n > 0 {
                self.last = value;
            }
        }

        fn merge(&mut self, other: &Self) {
            let larger_first = self.sum > other.sum && other.sum > 0;
            self.last += u64::from(FAULT == WANTS_THE_LARGER_LAST && larger_first);
            self.sum = if FAULT == FORGETS_ON_MERGE { other.sum } else { self.sum + other.sum };
            self.merges += u64::from(FAULT == COUNTS_MERGES);
            if FAULT == KEEPS_LAST_PART && other.sum > 0 {
                self.last = other.sum % 2;
            }
            self.last += u64::from(FAULT == IS_CHANGED_BY_NOTHING && other.sum == 0);
        }
    }

    impl<const FAULT: u8> Subtract for Faulty<FAULT> {
        fn subtract(&mut self, other: &Self) {
            let times = if FAULT == SUBTRACTS_TWICE { 2 } else { 1 };
            if FAULT != SUBTRACTS_ONLY_MORE_THAN_ONE || other.sum > 1 {
                self.sum = self.sum.wrapping_sub(times * other.sum);
            }
        }
    }

    fn merges<const FAULT: u8>(values: &[u64]) -> bool {
        catch_unwind(|| check_merge::<Faulty<FAULT>>(values)).is_ok()
    }

    fn subtracts<const FAULT: u8>(values: &[u64]) -> bool {
        catch_unwind(|| check_subtract::<Faulty<FAULT>>(values)).is_ok()
    }

    #[test]
    fn correct_statistic_passes_for_any_number_of_values() {
        let values: Vec<u64> = (1..=20).collect();
        for len in 0..=values.len() {
            assert!(merges::<NONE>(&values[..len]) && subtracts::<NONE>(&values[..len]));
        }
        check_merge::<(Faulty<NONE>, Faulty<NONE>)>(&values);
        check_subtract::<(Faulty<NONE>, Faulty<NONE>)>(&values);
    }

    #[test]
    fn each_broken_law_is_found() {
        let values = [1, 2, 4, 8];
        assert!(!merges::<KEEPS_LAST_VALUE>(&values));
        assert!(!merges::<KEEPS_LAST_PART>(&values));
        assert!(!merges::<COUNTS_MERGES>(&values));
        assert!(!merges::<FORGETS_ON_MERGE>(&values));
        assert!(!merges::<IS_CHANGED_BY_NOTHING>(&values));
        assert!(!merges::<WANTS_THE_LARGER_LAST>(&values[..3])); // Runs do not find it.
        assert!(!merges::<FORGETS_THE_FIRST_OF_SEVERAL>(&values));
        assert!(!merges::<INSERTS_N_VALUES_ONCE>(&values));
        assert!(!merges::<INSERTS_NO_VALUE_ONCE>(&values));
        assert!(!subtracts::<SUBTRACTS_TWICE>(&values));
        assert!(!subtracts::<SUBTRACTS_ONLY_MORE_THAN_ONE>(&values));
        let tuple = || check_merge::<(Faulty<NONE>, Faulty<FORGETS_ON_MERGE>)>(&values);
        assert!(catch_unwind(tuple).is_err());
    }

    #[test]
    fn splits_have_all_values() {
        for len in 0..9 {
            let values: Vec<_> = (0..len).collect();
            for parts in splits(&values) {
                let mut all = parts.concat();
                all.sort_unstable();
                assert_eq!(all, values);
            }
        }
    }
}
