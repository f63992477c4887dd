//! Local trackers against a shared tracker with the same records: the same rows and limits, however
//! the records are distributed.

#![cfg(feature = "tracker")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use core_actions::{
    ActionError, ActionTime, Count, LocalTracker, Mean, MergedTracker, MinMax, NameTable,
    OverflowCounts, Quantiles, Row, RunningTracker, Statistic, TrackerSpec, Variance, WhenFull,
};
use core_time::Tag;
use proptest::collection::vec;
use proptest::prelude::*;

type Full = (Variance, MinMax, Quantiles);

fn limited(actions: usize, when_full: WhenFull) -> TrackerSpec {
    TrackerSpec { actions, when_full, ..TrackerSpec::default() }
}

/// Returns names of many lengths that differ neither in their ends alone nor in their middles
/// alone.
fn name(number: usize) -> String {
    if number == 7 {
        return WhenFull::OTHER.to_owned();
    }
    let (len, x) = (1 + number / 2, if number.is_multiple_of(2) { 'x' } else { 'y' });
    (0..len).map(|at| if at == len / 2 { x } else { 'a' }).collect()
}

/// Merges local trackers one after the other into one.
fn merged<'n, S: Statistic>(
    trackers: impl IntoIterator<Item = LocalTracker<'n, S>>,
) -> LocalTracker<'n, S> {
    trackers
        .into_iter()
        .reduce(|mut all, tally| {
            all.merge(tally);
            all
        })
        .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn local_trackers_give_the_rows_of_a_tracker(
        records in vec((0..3_usize, 0..60_usize, 0.0..1e9), 0..200), actions in 0..60_usize
    ) {
        for when_full in [WhenFull::Refuse, WhenFull::Fold] {
            let tracker = MergedTracker::<Full>::new(limited(actions, when_full));
            let names = NameTable::new(limited(actions, when_full));
            let mut trackers = [(); 3].map(|()| LocalTracker::<Full>::new(&names));
            for (number, &(thread, action, time)) in (0..).zip(&records) {
                let action = name(action);
                prop_assert_eq!(
                    trackers[thread].record_numbered(&action, time, number),
                    tracker.record_numbered(&action, time, number)
                );
            }
            prop_assert_eq!(names.overflow(), tracker.overflow());
            let [a, b, c] = trackers;
            let mut nothing = LocalTracker::new(&names);
            nothing.merge(merged([b, LocalTracker::new(&names), c, a]));
            prop_assert_eq!(nothing.into_rows(), tracker.stats());
        }
    }

    #[test]
    fn local_trackers_with_other_name_tables_are_merged_by_name(
        records in vec((0..2_usize, 0..60_usize, 0_u64..100), 0..100)
    ) {
        let tracker = RunningTracker::default();
        let names = [limited(0, WhenFull::Fold), TrackerSpec::default()].map(NameTable::new);
        let [mut none, mut one] = names.each_ref().map(LocalTracker::<Mean>::new);
        for &(_, action, time) in &records {
            one.record(&name(action), time).unwrap();
            tracker.record(&name(action), time).unwrap();
        }
        none.merge(one);
        prop_assert_eq!(none.into_rows(), tracker.stats());
    }
}

/// More actions than those whose rows are looked up one by one.
const MANY: usize = 5_000;

/// Records in one tracker, as `record` does, and returns its rows.
fn rows_of<S: Statistic<Value = ActionTime>>(
    names: &NameTable,
    record: impl Fn(&mut LocalTracker<'_, S>, &str, f64, u64) -> Result<(), ActionError>,
) -> Vec<Row<S>> {
    let mut tracker = LocalTracker::new(names);
    for number in 0..4 * MANY {
        // Names within a key and longer ones; many that are new, and many that are not.
        let action = number * 7 % MANY.min(1 + number / 2);
        let action = format!("{}{action}", ["a", "action number "][action % 2]);
        record(&mut tracker, &action, 14.0 + number as f64 / 4.0, number as u64).unwrap();
    }
    tracker.into_rows()
}

#[test]
fn buffered_records_give_the_same_rows() {
    #[track_caller]
    fn check<S: Statistic<Value = ActionTime> + PartialEq + std::fmt::Debug>(spec: TrackerSpec) {
        let tables = [spec.clone(), spec].map(NameTable::new);
        let direct = rows_of::<S>(&tables[0], |tracker, action, time, number| {
            tracker.record_numbered(action, time, number)
        });
        let buffered = rows_of::<S>(&tables[1], |tracker, action, time, number| {
            tracker.record_buffered(action, time, number)
        });
        assert!(direct.len() > MANY / 2, "{} rows", direct.len());
        assert!(direct == buffered);
        assert_eq!(tables[0].overflow(), tables[1].overflow());
    }
    check::<Full>(TrackerSpec::default());
    check::<Mean>(TrackerSpec::default());
    check::<Count>(limited(MANY - 1_000, WhenFull::Fold));
    check::<Superstitious>(TrackerSpec::default());
}

#[test]
fn buffered_records_are_merged() {
    let names = NameTable::new(TrackerSpec::default());
    let [mut one, mut two] = [(); 2].map(|()| LocalTracker::<Count>::new(&names));
    for number in 0..MANY as u64 + 5 {
        one.record_buffered(&format!("{number}"), 1, number).unwrap();
        two.record_buffered(&format!("{number}"), 1, number).unwrap();
    }
    one.merge(two);
    let counts: Vec<_> = one.into_rows().iter().map(Row::count).collect();
    assert_eq!(counts, [2; MANY + 5]);
}

#[test]
fn errors_of_buffered_records_come_later_and_stop_no_other() {
    let names = NameTable::new(limited(MANY, WhenFull::Refuse));
    let mut tracker = LocalTracker::<Count>::new(&names);
    for number in 0..MANY {
        tracker.record_buffered(&format!("{number}"), 1, number as u64).unwrap();
    }
    tracker.flush().unwrap();
    tracker.record_buffered("", 1, 0).unwrap();
    tracker.record_buffered("beyond", 1, 0).unwrap();
    let refused = tracker.record_buffered("0", -1, 0);
    assert!(matches!(refused, Err(ActionError::Time(_))), "{refused:?}");
    tracker.record_buffered("0", 1, 0).unwrap();
    assert!(matches!(tracker.flush(), Err(ActionError::Name(_))));
    assert_eq!(names.overflow().refused, 1);
    // The sixteenth is looked up with the fifteen before it.
    let mut last = Ok(());
    for _ in 0..16 {
        last.clone().unwrap();
        last = tracker.record_buffered("beyond too", 1, 0);
    }
    assert_eq!(last, Err(ActionError::Full { limit: MANY }));
    assert_eq!(names.overflow().refused, 17);
    let rows = tracker.into_rows();
    assert_eq!((rows.len(), rows[0].name(), rows[0].count()), (MANY, "0", 2));
}

#[test]
fn rows_come_in_the_order_of_their_first_records() {
    let names = NameTable::new(TrackerSpec::default());
    let mut tally = LocalTracker::<Count>::new(&names);
    tally.record_numbered("last", 1, u64::MAX).unwrap();
    tally.record_numbered("b", 1, 7).unwrap();
    tally.record_numbered("a", 1, 7).unwrap();
    tally.record_numbered("b", 1, 9).unwrap();
    tally.record_numbered("first", 1, 8).unwrap();
    tally.record_numbered("first", 1, 0).unwrap();
    let rows = tally.into_rows();
    let order: Vec<_> = rows.iter().map(|row| (row.name(), row.count())).collect();
    assert_eq!(order, [("first", 2), ("a", 1), ("b", 2), ("last", 1)]);
    // Without numbers, that is the order in which they came, also behind those with numbers.
    let mut tally = LocalTracker::<Count>::new(&names);
    tally.record_numbered("z", 1, 5).unwrap();
    ["y", "x", "z"].into_iter().for_each(|name| tally.record(name, 1).unwrap());
    let rows = tally.into_rows();
    assert_eq!(rows.iter().map(Row::name).collect::<Vec<_>>(), ["z", "y", "x"]);
}

#[test]
fn what_is_refused_changes_nothing() {
    let names = NameTable::new(limited(1, WhenFull::EvictIdle));
    let mut tally = LocalTracker::<Mean>::new(&names);
    tally.record("jump", 1).unwrap();
    for name in ["", " ", "a\n", &"x".repeat(257)] {
        assert!(matches!(tally.record(name, 1), Err(ActionError::Name(_))), "{name:?}");
    }
    assert!(matches!(tally.record("jump", -1.0), Err(ActionError::Time(_))));
    assert_eq!(names.overflow(), OverflowCounts::default());
    assert_eq!(tally.record("run", 1), Err(ActionError::Full { limit: 1 }));
    assert_eq!(names.overflow(), OverflowCounts { refused: 1, ..OverflowCounts::default() });
    let rows = tally.into_rows();
    let found: Vec<_> = rows.iter().map(|row| (row.name(), row.count(), row.mean())).collect();
    assert_eq!(found, [("jump", 1, 1.0)]);
}

#[test]
fn names_that_the_gate_refuses_are_beyond_the_limit() {
    for (when_full, expected) in [(WhenFull::Fold, Ok(())), (WhenFull::Refuse, Err(()))] {
        let names = NameTable::new(limited(10, when_full)).with_gate(|names| names < 2);
        let mut tracker = LocalTracker::<Count>::new(&names);
        let record = |name: &str| tracker.record(name, 1);
        let found: Vec<_> = ["a", "b", "c", "a"].map(record).into();
        assert!([&found[0], &found[1], &found[3]].iter().all(|found| found.is_ok()), "{found:?}");
        assert_eq!(found[2].clone().map_err(drop), expected);
        if let Err(error) = &found[2] {
            assert_eq!(*error, ActionError::Full { limit: 2 });
        }
        let OverflowCounts { folded, refused, .. } = names.overflow();
        assert_eq!(folded + refused, 1);
    }
    // The limit holds with a gate that is open.
    let names = NameTable::new(limited(1, WhenFull::Refuse)).with_gate(|_| true);
    let mut tracker = LocalTracker::<Count>::new(&names);
    tracker.record("a", 1).unwrap();
    assert_eq!(tracker.record("b", 1), Err(ActionError::Full { limit: 1 }));
}

#[test]
fn action_named_as_the_folded_row_has_its_own() {
    let names = NameTable::new(limited(2, WhenFull::Fold));
    let mut tally = LocalTracker::<Count>::new(&names);
    for name in [WhenFull::OTHER, "a", "b", "c", WhenFull::OTHER, "a"] {
        tally.record(name, 1).unwrap();
    }
    let rows = tally.into_rows();
    let count = |row: &Row<_>| (row.name().to_owned(), row.is_other(), row.count());
    let counts: Vec<_> = rows.iter().map(count).collect();
    let other = WhenFull::OTHER.to_owned();
    assert_eq!(counts, [(other.clone(), false, 2), ("a".into(), false, 2), (other, true, 2)]);
    assert_eq!(names.overflow().folded, 2);
    // The name under which the row is kept is not one that a caller can reach it by.
    let mut tally = LocalTracker::<Count>::new(&names);
    tally.record("folded", 1).unwrap();
    assert!(matches!(tally.record("", 1), Err(ActionError::Name(_))));
}

#[test]
fn memory_is_little_more_than_the_statistics() {
    const ACTIONS: usize = 50_000;
    let names: Vec<_> = (0..ACTIONS).map(|number| format!("action {number}")).collect();
    let shared = NameTable::new(TrackerSpec::default());
    // Their names are known to all trackers then.
    let enter = |tally: &mut LocalTracker<'_, Mean>| {
        names.iter().for_each(|name| tally.record(name, 1).unwrap());
    };
    enter(&mut LocalTracker::new(&shared));
    let used = allocation_counter::measure(|| enter(&mut LocalTracker::new(&shared)));
    // The table of indices doubles, and a chunk of rows may have only begun.
    let most = ACTIONS * (48 + size_of::<Mean>()) + (1 << 20);
    assert!(used.bytes_max < most as u64, "{} bytes of {most}", used.bytes_max);
    assert!(used.bytes_max > (ACTIONS * size_of::<Mean>()) as u64, "it is not measured");
}

/// Counts, and panics at 13.
#[derive(Debug, Clone, Default, PartialEq)]
struct Superstitious(u64);

impl Statistic for Superstitious {
    type Value = ActionTime;

    const TAG: Tag = Tag::own("x-superstitious");

    fn insert(&mut self, time: ActionTime) {
        self.0 += 1;
        assert_ne!(time, ActionTime::from(13_u64));
    }

    fn merge(&mut self, other: &Self) {
        self.0 += other.0;
    }
}

#[test]
fn a_statistic_that_panics_leaves_the_row_as_it_was() {
    let names = NameTable::new(TrackerSpec::default());
    let mut tally = LocalTracker::<Superstitious>::new(&names);
    tally.record("jump", 1).unwrap();
    for name in ["jump", "run"] {
        assert!(catch_unwind(AssertUnwindSafe(|| tally.record(name, 13))).is_err());
    }
    let rows = tally.into_rows();
    let found: Vec<_> = rows.iter().map(|row| (row.name(), row.statistic().0)).collect();
    assert_eq!(found, [("jump", 1)]);
}
