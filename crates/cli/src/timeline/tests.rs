//! Timelines against a naive list of all moments.

use std::collections::BTreeMap;
use std::ops::Range;

use facade::actions::{Count, HasCount};
use facade::codec::{DecodeOptions, Fields, Path, Timestamp, TimestampFormat};
use fastrand::Rng;

use super::segment::WIDTHS;
use super::*;

const MILLI: i64 = 1_000_000;

/// Returns a timeline of alternating actions `a` and `b` at these milliseconds.
fn timeline<C: Aggregate>(width: Width, room: usize, stamps: &[i64]) -> Timeline<C> {
    builder(width, room, stamps).build()
}

/// Returns the builder of the same.
fn builder<C: Aggregate>(width: Width, room: usize, stamps: &[i64]) -> TimelineBuilder<C> {
    let line = |(index, stamp): (usize, &i64)| {
        let action = if index % 2 == 0 { "a" } else { "b" };
        format!("{{\"action\":\"{action}\",\"time\":1,\"at\":{stamp}}}\n")
    };
    let lines: String = stamps.iter().enumerate().map(line).collect();
    let mut timeline = TimelineBuilder::new(width, room, &Zone::UTC);
    decode_options()
        .decode_slice(lines.as_bytes(), &mut |record: Record<'_>| timeline.insert(&record));
    timeline
}

fn decode_options() -> DecodeOptions {
    let timestamp = Some(Timestamp::new(Path::key("at"), TimestampFormat::Milliseconds));
    let fields = Fields { timestamp, ..Fields::default() };
    DecodeOptions { fields, ..DecodeOptions::default() }
}

fn counts(timeline: &Timeline<Combined<Count>>) -> Vec<u64> {
    let count = |content: Option<&Combined<Count>>| {
        content.and_then(|content| content.0.as_ref()).map_or(0, HasCount::count)
    };
    timeline.intervals().map(|(_, content)| count(content)).collect()
}

#[test]
fn empty_intervals_are_listed() {
    let width = Width::Given(Duration::from_secs(1));
    let timeline = timeline(width, 9, &[2_500, -1, 2_999, 0, -1_000]);
    assert_eq!(counts(&timeline), [2, 1, 0, 2]);
    let (from, _) = timeline.intervals().next().unwrap();
    assert_eq!((from, timeline.length()), (Stamp::from_secs(-1), 4));
}

#[test]
fn chosen_width_is_the_narrowest_that_fits() {
    let cases: [(u64, &[i64], u64); 6] = [
        (4, &[], 1),
        (4, &[7], 1),
        (4, &[0, 3], 1),
        (4, &[0, 4], 2),
        (4, &[0, 3_999], 1_000),
        (2, &[-1, 0], 1),
    ];
    assert!(WIDTHS.windows(2).all(|pair| pair[1] % pair[0] == 0));
    for (length, stamps, width) in cases {
        let timeline = timeline::<Combined<Count>>(Width::AtMost(length), 99, stamps);
        assert_eq!(timeline.width(), Duration::from_millis(width), "{stamps:?}");
        assert_eq!(counts(&timeline).iter().sum::<u64>(), stamps.len() as u64);
    }
    let timeline =
        timeline::<Combined<Count>>(Width::AtMost(1), 9, &[i64::MIN / 1_000_000, 1 << 42]);
    assert!(timeline.length() <= 4, "{}", timeline.length());
}

/// The rows of a timeline: the start, the action, the count and the first offset of each.
type Rows = Vec<(Stamp, String, u64, u64)>;

fn rows(timeline: &Timeline<ByAction<Count>>) -> Rows {
    let rows = timeline.intervals().filter_map(|(from, content)| Some((from, content?)));
    let rows = rows.flat_map(|(from, content)| {
        content.actions.iter().map(move |(name, action_stat)| {
            (from, name.to_string(), action_stat.statistic.count(), action_stat.offset)
        })
    });
    rows.collect()
}

/// An action: its timestamp in milliseconds, its name, and the offset of its line.
type Action = (i64, u8, u64);

/// Returns the first width that fits and its rows, from all actions for each width.
fn naive(actions: &[Action], length: u64, room: usize) -> Option<(i64, Rows)> {
    WIDTHS.into_iter().find_map(|width| {
        let tick = |stamp: i64| (stamp * MILLI).div_euclid(width);
        let mut rows = BTreeMap::new();
        for &(stamp, name, offset) in actions {
            let row = rows.entry((tick(stamp), name)).or_insert((0, offset));
            *row = (row.0 + 1, row.1.min(offset));
        }
        let ticks = || rows.keys().map(|&(tick, _)| tick);
        let spanned = ticks().max()?.abs_diff(ticks().min()?) + 1;
        let fits = spanned <= length && rows.len() <= room;
        let row = |((tick, name), (count, offset)): ((i64, u8), _)| {
            (Stamp::from_nanos(tick * width), format!("{name}"), count, offset)
        };
        fits.then(|| (width, rows.into_iter().map(row).collect()))
    })
}

/// Returns the range of the actions that are on the axis, by the definition: one gap at a time.
///
/// The actions are in order of time.
fn on_axis(actions: &[Action]) -> Range<usize> {
    let few = (actions.len() / 100).max(1);
    let mut range = 0..actions.len();
    loop {
        let stamps = &actions[range.clone()];
        let gap = |at: &usize| stamps[*at].0 - stamps[at - 1].0;
        let Some(at) = (1..stamps.len()).max_by_key(gap) else { break };
        let whole = stamps[stamps.len() - 1].0 - stamps[0].0;
        let is_large = gap(&at) > 60 * (whole - gap(&at)).max(1_000);
        match (is_large, at <= few, stamps.len() - at <= few) {
            (true, true, false) => range.start += at,
            (true, false, true) => range.end = range.start + at,
            _ => break,
        }
    }
    range
}

/// Splits the actions over several builders and merges these in random order.
fn shared(
    actions: &[Action],
    length: u64,
    room: usize,
    random: &mut Rng,
) -> Timeline<ByAction<Count>> {
    let builder =
        || TimelineBuilder::<ByAction<Count>>::new(Width::AtMost(length), room, &Zone::UTC);
    let mut builders: Vec<_> = (0..random.usize(1..5)).map(|_| builder()).collect();
    for &(stamp, name, offset) in actions {
        let index = random.usize(..builders.len());
        let line = format!(r#"{{"action":"{name}","time":1,"at":{stamp}}}"#);
        decode_options().decode_slice(line.as_bytes(), &mut |mut record: Record<'_>| {
            record.offset = offset;
            builders[index].insert(&record);
        });
        for segment in &builders[index].segments {
            // Narrow intervals respect the limit, too.
            let is_widest = segment.grid.width() == WIDTHS[WIDTHS.len() - 1];
            assert!(segment.rows <= room + 1 || is_widest);
            let rows = segment.intervals.values().map(Aggregate::rows);
            assert_eq!(segment.rows, rows.sum::<usize>());
        }
    }
    while builders.len() > 1 {
        let other = builders.swap_remove(random.usize(..builders.len()));
        let index = random.usize(..builders.len());
        builders[index].merge(other);
        // What belongs together is in one segment, so that their number is bounded.
        let ends: Vec<_> = builders[index].segments.iter().map(|segment| segment.ends).collect();
        for at in 0..ends.len() {
            assert_eq!(outliers::joined(&ends, at), at..at + 1);
        }
    }
    builders.remove(0).build()
}

/// Returns moments of random magnitude, most of them close to each other in every second case.
fn moments(random: &mut Rng, case: u64) -> Vec<i64> {
    let (extend, near) = (random.u32(0..12), random.i64(0..1 << 40));
    let one = |random: &mut Rng| match random.u32(..20) {
        0 | 1 if case.is_multiple_of(2) => {
            let extend = 10_i64.pow(random.u32(0..13));
            random.i64(-extend..=extend)
        }
        _ if case.is_multiple_of(2) => near + random.i64(0..=10_i64.pow(extend / 2)),
        _ => random.i64(-(10_i64.pow(extend))..=10_i64.pow(extend)),
    };
    (0..random.usize(1..if case.is_multiple_of(40) { 400 } else { 60 }))
        .map(|_| one(random))
        .collect()
}

#[test]
fn rows_depend_on_the_set_of_actions_alone() {
    let mut random = Rng::with_seed(3);
    let (mut failures, mut outliers) = (0, 0);
    for case in 0..2_000 {
        let names = random.u8(1..9);
        let stamps = moments(&mut random, case);
        let mut actions: Vec<Action> = stamps
            .into_iter()
            .zip(0..)
            .map(|(stamp, at)| (stamp, random.u8(..names), at))
            .collect();
        actions.sort_unstable();
        let (length, room) = (random.u64(1..20), random.usize(1..30));
        let kept = on_axis(&actions);
        let expected = naive(&actions[kept.clone()], length, room);
        let left_out = [kept.start as u64, (actions.len() - kept.end) as u64];
        for _ in 0..4 {
            random.shuffle(&mut actions);
            let timeline = shared(&actions, length, room, &mut random);
            let found = [&timeline.before, &timeline.after].map(|side| {
                let side = side.as_ref();
                let counted =
                    side.map(|side| side.content.actions.values().map(|row| row.statistic.count()));
                assert_eq!(side.map(|side| side.records), counted.map(Iterator::sum));
                side.map_or(0, |side| side.records)
            });
            assert_eq!(found, left_out, "case {case}: {actions:?}");
            let fits = timeline.length() <= length && !timeline.is_overfull();
            let found = fits.then(|| (timeline.grid().width(), rows(&timeline)));
            assert_eq!(found, expected, "case {case}: {length} {room} {actions:?}");
            // A message about the limits names the same width in every order.
            let last = WIDTHS[WIDTHS.len() - 1];
            assert!(fits || timeline.grid().width() == last, "case {case}");
        }
        failures += usize::from(expected.is_none());
        outliers += usize::from(left_out != [0, 0]);
    }
    assert!((1..1_000).contains(&failures), "{failures} of 2,000 do not fit");
    assert!((100..1_900).contains(&outliers), "{outliers} of 2,000 have outliers");
}

#[test]
fn few_moments_far_from_all_others_are_left_out() {
    let minute: Vec<i64> = (0..100).map(|at| 1_000_000 + at * 600).collect();
    let cases: [(&[i64], [u64; 2]); 10] = [
        (&[], [0, 0]),
        (&[0], [0, 0]),
        // Of two, neither is the outlier.
        (&[0, 1_000_000_000], [0, 0]),
        (&[0, 60_000, 60_001], [0, 0]),
        (&[0, 60_001, 60_001], [1, 0]),
        (&[0, 1, 60_002], [0, 1]),
        (&[0, 0, 1_000_000, 1_000_000], [0, 0]),
        (&[-1_000_000_000, 0, 1, 2, 1_000_000], [1, 1]),
        // The gap is 61 times the rest, and 60 times.
        (&[0, 2_000, 124_001], [0, 1]),
        (&[0, 2_000, 122_000], [0, 0]),
    ];
    for (stamps, left_out) in cases {
        let timeline = timeline::<Combined<Count>>(Width::AtMost(60), 99, stamps);
        let found = [&timeline.before, &timeline.after]
            .map(|side| side.as_ref().map_or(0, |side| side.records));
        assert_eq!(found, left_out, "{stamps:?}");
    }
    // One percent of the records, and one more.
    for (far, left_out) in [(2, 2), (3, 0)] {
        let stamps: Vec<i64> =
            minute.iter().chain(&minute).copied().chain((0..far).map(|at| 1 << 40 | at)).collect();
        let timeline = timeline::<Combined<Count>>(Width::AtMost(60), 99, &stamps);
        assert_eq!(timeline.after.map_or(0, |side| side.records), left_out, "{far}");
    }
    // One after the other, from both sides.
    let stamps = [0, 1, 2, 200_000, -20_000_000, 2_000_000_000, 140_000_000_000, 1 << 43];
    let timeline = timeline::<Combined<Count>>(Width::AtMost(60), 99, &stamps);
    let found = [timeline.before, timeline.after].map(|side| side.map(|side| side.records));
    assert_eq!(found, [Some(1), Some(4)]);
    // A given width has all records on the axis.
    let width = Width::Given(Duration::from_secs(1_000));
    let timeline = self::timeline::<Combined<Count>>(width, 99, &[0, 1, 1_000_000_000]);
    assert!(timeline.before.is_none() && timeline.after.is_none());
    assert_eq!(timeline.length(), 1_001);
}

#[test]
fn intervals_of_a_zone_begin_at_its_midnight() {
    let zone: Zone = "Europe/Berlin".parse().unwrap();
    let width = Width::Given(Duration::from_secs(86_400));
    let mut builder = TimelineBuilder::<Combined<Count>>::new(width, 99, &zone);
    // The day from 2024-03-31T00:00+01:00 to 2024-04-01T00:00+02:00 has 23 hours.
    for (stamp, times) in [(1_711_839_600, 1), (1_711_922_399, 2), (1_711_922_400, 3)] {
        for _ in 0..times {
            let line = format!(r#"{{"action":"a","time":1,"at":{stamp}000}}"#);
            let mut insert = |record: Record<'_>| builder.insert(&record);
            decode_options().decode_slice(line.as_bytes(), &mut insert);
        }
    }
    assert_eq!(counts(&builder.build()), [3, 3]);
}

#[test]
fn split_makes_no_difference() {
    let stamps = [5, 86_400_000, -3, 70_000, 5, 1_000, 999];
    let whole = timeline::<Combined<Count>>(Width::AtMost(10), 99, &stamps);
    for cut in 0..=stamps.len() {
        let (one, two) = stamps.split_at(cut);
        let [mut one, two] = [one, two].map(|part| builder(Width::AtMost(10), 99, part));
        one.merge(two);
        let one = one.build();
        assert_eq!((one.width(), counts(&one)), (whole.width(), counts(&whole)), "{cut}");
    }
}

#[test]
fn timeline_beyond_its_limit_is_overfull() {
    let width = Width::Given(Duration::from_millis(1));
    for (room, is_overfull) in [(3, false), (2, true)] {
        let timeline = timeline::<Combined<Count>>(width, room, &[1, 2, 3, 3, 1]);
        assert_eq!((timeline.is_overfull(), timeline.length()), (is_overfull, 3));
        assert!(timeline.inside.unwrap().intervals.len() <= room);
    }
    for (room, is_overfull) in [(2, false), (1, true)] {
        let timeline = timeline::<ByAction<Count>>(width, room, &[1, 1, 1]);
        assert_eq!(timeline.is_overfull(), is_overfull);
    }
    let [mut one, two] = [[1, 2], [3, 4]].map(|part| builder::<Combined<Count>>(width, 3, &part));
    one.merge(two);
    assert!(one.build().is_overfull());
}

#[test]
fn intervals_that_the_log_covers_in_part_are_partial() {
    let partial = |stamps: &[i64], limits: [Option<i64>; 2]| {
        let width = Width::Given(Duration::from_secs(10));
        let timeline = timeline::<Combined<Count>>(width, 99, stamps);
        timeline.partial(limits.map(|limit| limit.map(|at| Stamp::from_nanos(at * MILLI))))
    };
    // A record each second covers ten seconds.
    let every_second: Vec<i64> = (0..30).map(|second| second * 1_000).collect();
    assert_eq!(partial(&every_second, [None, None]), [false, false]);
    assert_eq!(partial(&every_second[2..], [None, None]), [true, false]);
    assert_eq!(partial(&every_second[..28], [None, None]), [false, true]);
    // Many records, so that the gaps are short: only a hundredth of the interval is tolerated.
    let dense: Vec<i64> = (100..19_900).collect();
    assert_eq!(partial(&dense, [None, None]), [false, true]);
    assert_eq!(partial(&(101..19_901).collect::<Vec<_>>(), [None, None]), [true, false]);
    // A filter is certain, however short the rest is.
    assert_eq!(partial(&every_second, [Some(0), Some(30_000)]), [false, false]);
    assert_eq!(partial(&every_second, [Some(1), Some(29_999)]), [true, true]);
    // One moment has no gaps.
    assert_eq!(partial(&[5_000, 5_000], [None, None]), [false, false]);
    assert_eq!(partial(&[], [None, None]), [false, false]);
}
