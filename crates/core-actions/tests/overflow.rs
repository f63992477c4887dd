//! Snapshots that nobody took, with counts at the limit: what would count wrongly is refused when
//! it is read, merged or subtracted, and changes nothing.

#![cfg(feature = "tracker")]
#![cfg(feature = "serde")]

use std::fmt::Debug;

use core_actions::{
    AsWords, Count, HasCount, Histogram, Mean, MergedTracker, Quantiles, Statistic, Subtract,
    Summary, TopK, TrackerSnapshot, TrackerSnapshotError, TrackerSpec, Variance, WhenFull,
    WindowedSnapshot, WindowedTracker,
};
use core_time::{COUNT_MAX, ManualClock, Stamp, TieredRing};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A statistic with a form for any count of zeros.
trait Forged:
    Statistic<Value: AsWords> + HasCount + Serialize + DeserializeOwned + PartialEq + Debug
{
    fn form(count: u64) -> String;
}

impl Forged for Count {
    fn form(count: u64) -> String {
        count.to_string()
    }
}

impl Forged for Mean {
    fn form(count: u64) -> String {
        format!(r#"{{"count":{count},"sum":"0x0p0"}}"#)
    }
}

impl Forged for Variance {
    fn form(count: u64) -> String {
        format!(r#"{{"count":{count},"sum":"0x0p0","squares":"0x0p0"}}"#)
    }
}

impl Forged for Histogram {
    fn form(count: u64) -> String {
        // In two cells, of which neither is over the limit alone.
        let [zeros, ones] = [count / 2, count - count / 2];
        format!(r#"{{"cells":[[0,{zeros}],[68800,{ones}]],"fractions":0}}"#)
    }
}

impl Forged for Quantiles {
    fn form(count: u64) -> String {
        format!(r#"{{"few":[],"many":{}}}"#, Histogram::form(count))
    }
}

impl Forged for TopK<1> {
    fn form(count: u64) -> String {
        format!(r#"{{"kept":[0],"dropped":{}}}"#, Mean::form(count - 1))
    }
}

impl Forged for Summary {
    fn form(count: u64) -> String {
        let [mean, quantiles] = [Mean::form(count), Quantiles::form(count)];
        format!(r#"{{"mean":{mean},"minmax":[0,1],"quantiles":{quantiles}}}"#)
    }
}

impl Forged for (Count, Quantiles) {
    fn form(count: u64) -> String {
        format!("[1,{}]", Quantiles::form(count))
    }
}

fn text(tag: &str, instance: u64, rows: &str) -> String {
    format!(
        r#"{{"header":{{"version":2,"tag":"{tag}","instances":["{instance:016x}-0000002a"],
        "revision":1}},"unit":"nanoseconds","forgotten":[0,0],"rows":[{rows}]}}"#
    )
}

fn row(action: &str, statistic: &str) -> String {
    format!(r#"{{"action":"{action}","first":0,"statistic":{statistic}}}"#)
}

fn forge<S: Forged>(instance: u64, count: u64) -> Result<TrackerSnapshot<S>, String> {
    let rows = row("jump", &S::form(count));
    serde_json::from_str(&text(&S::TAG.to_string(), instance, &rows))
        .map_err(|error| error.to_string())
}

fn too_many<T: Debug>(refused: Result<T, TrackerSnapshotError>) {
    let action = "jump".to_owned();
    let expected = TrackerSnapshotError::TooManyRecords { action, max: COUNT_MAX };
    assert_eq!(refused.unwrap_err(), expected);
}

fn check<S: Forged>() {
    let refused = forge::<S>(1, COUNT_MAX + 1).unwrap_err();
    let expected = "count is 9223372036854775809, limit is 9223372036854775808";
    assert!(refused.starts_with(expected), "{refused}");
    let refused = forge::<S>(1, u64::MAX).unwrap_err();
    assert!(refused.starts_with("count is 1844674407370955161"), "{refused}");

    // Halves fit together; whichever of three comes last is refused.
    let parts = [(1, COUNT_MAX / 2), (2, COUNT_MAX / 2), (3, 64)];
    let parts = parts.map(|(instance, count)| forge::<S>(instance, count).unwrap());
    for [first, second, third] in [[0, 1, 2], [1, 0, 2], [0, 2, 1], [2, 1, 0]] {
        let mut all = parts[first].clone();
        all.merge(&parts[second]).unwrap();
        let before = (all.clone(), all.instances().clone(), all.revision());
        too_many(all.merge(&parts[third]));
        assert_eq!((&all, all.instances(), all.revision()), (&before.0, &before.1, before.2));
        // And so in a tracker, which goes on.
        let tracker = MergedTracker::<S>::default();
        tracker.merge(&parts[first]).unwrap();
        tracker.merge(&parts[second]).unwrap();
        let before = tracker.snapshot();
        too_many(tracker.merge(&parts[third]));
        let after = tracker.snapshot();
        assert_eq!((&after, after.instances()), (&before, before.instances()));
    }
}

#[test]
fn counts_beyond_the_limit_are_refused() {
    check::<Count>();
    check::<Mean>();
    check::<Variance>();
    check::<Histogram>();
    check::<Quantiles>();
    check::<TopK<1>>();
    check::<Summary>();
    // Whichever member counts.
    let parts = [1, 2].map(|instance| forge::<(Count, Quantiles)>(instance, COUNT_MAX).unwrap());
    too_many(parts[0].clone().merge(&parts[1]));
}

#[test]
fn a_tracker_at_the_limit_counts_on() {
    let full = forge::<Mean>(1, COUNT_MAX).unwrap();
    let tracker = MergedTracker::restore(TrackerSpec::default(), &full).unwrap();
    (0..100).for_each(|_| tracker.record("jump", 1).unwrap());
    assert_eq!(tracker.stats()[0].count(), COUNT_MAX + 100);
    assert_eq!(tracker.stats()[0].statistic().sum(), 100.0);
}

#[test]
fn actions_that_are_folded_share_a_count() {
    let spec = TrackerSpec { actions: 1, when_full: WhenFull::Fold, ..TrackerSpec::default() };
    let tracker = MergedTracker::<Count>::new(spec);
    tracker.record("first", 1).unwrap();
    let rows = [row("jump", &COUNT_MAX.to_string()), row("run", "1")].join(",");
    let snapshot = serde_json::from_str(&text("count", 1, &rows)).unwrap();
    let refused = tracker.merge(&snapshot).unwrap_err();
    let expected = r#"action "run" would have too many records, limit is 9223372036854775808"#;
    assert_eq!(refused.to_string(), expected);
    assert_eq!(tracker.stats().len(), 1);
}

#[test]
fn buckets_of_a_window_share_a_count() {
    let ring = |buckets: &str| format!(r#"{{"reach":306,"buckets":[{buckets}]}}"#);
    let window = r#","window":{"at":1000000000000,"since":0,"resolution":1000000000,
        "span":300000000000,"tolerance":5000000000},"unit""#;
    let forge = |instance, buckets: &str| {
        let rows = row("jump", &ring(buckets));
        let text = text("window(count)", instance, &rows).replacen(r#","unit""#, window, 1);
        serde_json::from_str::<WindowedSnapshot<Count>>(&text).map_err(|error| error.to_string())
    };
    let full = COUNT_MAX.to_string();
    let refused = forge(1, &format!("[999,{full}],[1000,1]")).unwrap_err();
    assert!(refused.starts_with("buckets hold more values than"), "{refused}");

    let (mut one, two) =
        (forge(1, &format!("[999,{full}]")).unwrap(), forge(2, "[1000,1]").unwrap());
    let before = one.clone();
    too_many(one.merge(&two));
    assert_eq!(one, before);
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let tracker =
        WindowedTracker::restore_with_clock(Default::default(), &one, clock.clone()).unwrap();
    too_many(tracker.merge(&two));
    assert_eq!(tracker.snapshot(), before);
    let rings = [one, two].map(|snapshot| snapshot.rows()[0].statistic().clone());
    assert!(!TieredRing::can_merge(&rings[0], &rings[1]));
}

/// Forges an earlier snapshot of the same tracker.
fn check_diff<S: Forged + Subtract>(later: &str, earlier: &str, expected: Option<u64>) {
    let read = |statistic| {
        let text = text(&S::TAG.to_string(), 1, &row("jump", statistic));
        serde_json::from_str::<TrackerSnapshot<S>>(&text).unwrap()
    };
    let diff = read(later).diff(&read(earlier));
    let found = diff.map(|rows| rows.iter().map(|row| row.count()).sum::<u64>());
    assert_eq!(found, expected.ok_or(TrackerSnapshotError::NotEarlier), "{later} - {earlier}");
}

#[test]
fn what_cannot_be_part_of_a_snapshot_is_not_subtracted() {
    check_diff::<Count>("5", "3", Some(2));
    check_diff::<Count>("5", "6", None);

    let mean = |count: u64, sum: &str| format!(r#"{{"count":{count},"sum":"{sum}"}}"#);
    let later = mean(2, "0x3p1");
    check_diff::<Mean>(&later, &mean(1, "0x5p0"), Some(1));
    check_diff::<Mean>(&later, &mean(3, "0x3p1"), None);
    check_diff::<Mean>(&later, &mean(1, "0x7p0"), None);
    check_diff::<Mean>(&later, &mean(2, "0x5p0"), None); // No time would be left, and 1.
    check_diff::<Mean>(&later, &mean(1, "0xdp-1"), None);

    let variance = |count: u64, sum: &str, squares: &str| {
        format!(r#"{{"count":{count},"sum":"{sum}","squares":"{squares}"}}"#)
    };
    let later = variance(2, "0x3p1", "0xdp1"); // 1 and 5.
    check_diff::<Variance>(&later, &variance(1, "0x5p0", "0x19p0"), Some(1));
    check_diff::<Variance>(&later, &variance(1, "0x1p1", "0x1p2"), None); // 4 has no square of 22.
    check_diff::<Variance>(&later, &variance(2, "0x3p1", "0x9p1"), None);

    let cells =
        |cells: &str, fractions: u64| format!(r#"{{"cells":[{cells}],"fractions":{fractions}}}"#);
    let later = cells("[0,5],[68800,5]", 2);
    check_diff::<Histogram>(&later, &cells("[0,5],[68800,1]", 1), Some(4));
    check_diff::<Histogram>(&later, &cells("[68800,5]", 2), Some(5));
    check_diff::<Histogram>(&later, &cells("[0,6]", 0), None);
    check_diff::<Histogram>(&later, &cells("[68864,1]", 0), None); // A cell of its own.
    check_diff::<Histogram>(&later, &cells("[68800,3]", 3), None);
}
