//! Records actions in the tracker and reads their statistics.

use std::num::NonZero;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use facade::actions::{
    Mean, MinMax, Quantiles, TrackerSpec, Variance, WindowedSpec, WindowedSpecError,
    WindowedTracker,
};
use facade::codec::Record;
use facade::time::{Clock, CoarseClock, SpecError, WindowSpec};
use facade::{Stamp, WhenFull};
use thiserror::Error;

use super::answers::{Answer, Course, Line, Recent};
use super::offer::Offer;
use super::span::Span;
use crate::stat::NoStat;

/// The approximate number of buckets of the longest window.
const BUCKETS: u32 = 240;
/// The shortest bucket: the clock has ticks of a few milliseconds.
const SHORTEST: Duration = Duration::from_millis(100);

/// The time of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeSource {
    /// The time of reading.
    Arrival,
    /// The timestamp; now is the time of the machine.
    Stamps,
    /// The timestamp; now is the latest timestamp, for an old log.
    LatestStamp,
    /// None: the speed of reading a file says nothing about its actions.
    Nothing,
}

/// Records actions and reports the statistics of the newest.
#[derive(Debug)]
pub(crate) struct Feed {
    /// Created with the first action, whose timestamp may be the start of the clock.
    tracker: OnceLock<Box<dyn Recent>>,
    spec: WindowedSpec,
    offer: Offer,
    clock: Arc<FeedClock>,
    time_source: TimeSource,
}

impl Feed {
    /// Creates a feed that remembers one window of a limited number of actions.
    ///
    /// `name_bytes` is the maximum length of a name.
    pub(crate) fn new(
        window: Duration,
        actions: NonZero<usize>,
        name_bytes: usize,
        time_source: TimeSource,
        offer: Offer,
    ) -> Result<Self, FeedError> {
        // One bucket is enough without times, and leaves memory for more actions.
        let window = if time_source == TimeSource::Nothing { SHORTEST } else { window };
        let millis = (window / BUCKETS).max(SHORTEST).as_millis();
        // A multiple of 100 ms, so that shorter windows are whole buckets, too.
        let resolution =
            SHORTEST.saturating_mul(u32::try_from(millis.div_ceil(100)).unwrap_or(u32::MAX));
        let buckets = window.as_nanos().div_ceil(resolution.as_nanos());
        let span = resolution.saturating_mul(u32::try_from(buckets).unwrap_or(u32::MAX));
        let window = WindowSpec::builder().resolution(resolution).span(span).build()?;
        // Folding, not eviction, so that totals are of all actions.
        let (actions, when_full) = (actions.get(), WhenFull::Fold);
        let tracker = TrackerSpec { actions, when_full, name_bytes, ..TrackerSpec::default() };
        let spec = WindowedSpec { window, tracker, ..WindowedSpec::default() };
        let feed = Self {
            tracker: OnceLock::new(),
            spec,
            offer,
            clock: Arc::new(FeedClock::new(time_source)),
            time_source,
        };
        let tracker = feed.new_tracker()?;
        if time_source != TimeSource::LatestStamp {
            let _ = feed.tracker.set(tracker);
        }
        Ok(feed)
    }

    fn new_tracker(&self) -> Result<Box<dyn Recent>, WindowedSpecError> {
        let (spec, clock) = (self.spec.clone(), Arc::clone(&self.clock));
        Ok(match self.offer {
            Offer::Counts => {
                Box::new(WindowedTracker::<(Mean, NoStat, NoStat)>::with_clock(spec, clock)?)
            }
            Offer::Times => {
                Box::new(WindowedTracker::<(Mean, MinMax, Quantiles)>::with_clock(spec, clock)?)
            }
            Offer::All => {
                Box::new(WindowedTracker::<(Variance, MinMax, Quantiles)>::with_clock(spec, clock)?)
            }
        })
    }

    /// Records one action, and returns whether it was counted.
    pub(crate) fn add(&self, record: Record<'_>) -> bool {
        let stamp = match self.time_source {
            TimeSource::Arrival | TimeSource::Nothing => None,
            TimeSource::Stamps | TimeSource::LatestStamp if record.stamp.is_none() => return false,
            TimeSource::Stamps | TimeSource::LatestStamp => record.stamp,
        };
        if let (TimeSource::LatestStamp, Some(stamp)) = (self.time_source, stamp) {
            self.clock.advance(stamp);
        }
        let tracker = self.tracker.get_or_init(|| {
            self.new_tracker().expect("the same specification was accepted before")
        });
        tracker.record(record, stamp)
    }

    /// Stops the clock, so that the last actions stay in the window.
    pub(crate) fn stop(&self) {
        self.clock.advance(self.clock.now());
    }

    /// Returns the number of records in the shared row.
    pub(crate) fn folded(&self) -> u64 {
        self.tracker.get().map_or(0, |tracker| tracker.folded())
    }

    /// Returns the statistics of each action in a span of time, without its course.
    pub(crate) fn answer(&self, span: Span) -> Answer {
        let window = match span {
            Span::Last(window) => window,
            Span::Whole => self.spec.window.span(),
        };
        self.tracker.get().map(|tracker| tracker.answer(window)).unwrap_or_default()
    }

    /// Returns the course of an action in the past `window`, in at most `parts` parts.
    ///
    /// A separate call for visible lines only: it costs as much as all other statistics.
    pub(crate) fn course(&self, line: &Line, window: Duration, parts: usize) -> Course {
        let tracker = self.tracker.get();
        tracker.map(|tracker| tracker.course(line, window, parts)).unwrap_or_default()
    }
}

/// A window or a number of actions is refused.
#[derive(Debug, Error)]
pub(crate) enum FeedError {
    #[error("--window: {0}")]
    Window(#[from] SpecError),
    #[error("--max-actions: {0}")]
    Tracker(#[from] WindowedSpecError),
}

/// A clock that shows the time of the machine until it is stopped, or the latest timestamp.
#[derive(Debug)]
struct FeedClock {
    /// Nanoseconds; `i64::MIN` before the first call of `advance`.
    time: AtomicI64,
    /// Whether it shows the time of the machine before that.
    follows_machine: bool,
}

// ORDERING: every access in this file is Relaxed.
// Needs: a time that does not run backwards. Gives: `fetch_max`, and coherence. Not needed: an
// order with records, since the thread that sets the time while recording is the only one; several
// threads read followed files, which have the time of the machine. Checks: no model.
const RELAXED: Ordering = Ordering::Relaxed;

impl FeedClock {
    fn new(time_source: TimeSource) -> Self {
        let follows_machine = matches!(time_source, TimeSource::Arrival | TimeSource::Stamps);
        let start = if time_source == TimeSource::Nothing {
            Stamp::UNIX_EPOCH.as_nanos()
        } else {
            i64::MIN
        };
        Self { time: AtomicI64::new(start), follows_machine }
    }

    /// Sets the time, unless it is already later.
    fn advance(&self, to: Stamp) {
        self.time.fetch_max(to.as_nanos(), RELAXED);
    }
}

impl Clock for FeedClock {
    fn now(&self) -> Stamp {
        match self.time.load(RELAXED) {
            i64::MIN if self.follows_machine => CoarseClock.now(),
            time => Stamp::from_nanos(time),
        }
    }

    fn may_step_back(&self) -> bool {
        // Stopping it discards the time since the last read.
        true
    }

    fn lag(&self) -> Duration {
        CoarseClock.lag()
    }
}

#[cfg(test)]
mod tests {
    use facade::codec::{DecodeOptions, Field, Fields, Path, Timestamp, TimestampFormat};

    use crate::stat::{Stat, Whole};

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const LAST_MINUTE: Span = Span::Last(MINUTE);

    fn new(window: Duration, actions: usize, time_source: TimeSource) -> Feed {
        let actions = NonZero::new(actions).unwrap();
        Feed::new(window, actions, 256, time_source, Offer::Times).unwrap()
    }

    fn lines_of(feed: &Feed, span: Span) -> Vec<Line> {
        feed.answer(span).lines
    }

    /// Returns the counts of a line in each bucket of the past minute.
    fn series(feed: &Feed, line: &Line) -> Vec<u64> {
        let course = feed.course(line, MINUTE, usize::MAX);
        course.points.iter().map(|point| point.count).collect()
    }

    /// Records `jump` at these seconds of a day long ago, and returns how many were counted.
    fn feed(time_source: TimeSource, seconds: &[f64]) -> (Feed, usize) {
        let feed = new(MINUTE, 1_024, time_source);
        let line = |second| format!("{{\"action\":\"jump\",\"time\":{second},\"at\":{second}}}\n");
        let lines: String = seconds.iter().map(line).collect();
        let timestamp = Some(Timestamp::new(Path::key("at"), TimestampFormat::Seconds));
        let fields = Fields { timestamp, ..Fields::default() };
        let options = DecodeOptions { fields, ..DecodeOptions::default() };
        let mut counted = 0;
        options.decode_slice(lines.as_bytes(), &mut |record: Record<'_>| {
            counted += usize::from(feed.add(record));
        });
        (feed, counted)
    }

    #[test]
    fn log_of_another_day_ends_at_its_latest_stamp() {
        let (feed, counted) = feed(TimeSource::LatestStamp, &[1_000.0, 1_020.0, 1_019.0, 1_061.0]);
        assert_eq!(counted, 4);
        let lines = lines_of(&feed, LAST_MINUTE);
        let line = &lines[0];
        assert_eq!((line.action.as_str(), line.kept.count()), ("jump", 3));
        let max = line.kept.value(&Stat::Max, &Whole::default());
        assert_eq!(max, Field::Integer(1_061));
        // 200 buckets of 300 ms.
        let series = series(&feed, line);
        let at: Vec<_> = (0..200).filter(|&bucket| series[bucket] > 0).collect();
        assert_eq!((series.len(), at), (200, vec![59, 63, 199]));
        assert_eq!(lines_of(&feed, Span::Last(Duration::from_secs(1)))[0].kept.count(), 1);
    }

    #[test]
    fn log_of_another_day_is_outside_the_window_of_the_machine() {
        let (stamped, counted) = feed(TimeSource::Stamps, &[1_000.0, 1_020.0]);
        assert_eq!((counted, lines_of(&stamped, LAST_MINUTE).len()), (0, 0));
        let (arrived, counted) = feed(TimeSource::Arrival, &[1_000.0, 1_020.0]);
        assert_eq!((counted, lines_of(&arrived, LAST_MINUTE)[0].kept.count()), (2, 2));
    }

    #[test]
    fn stopped_clock_does_not_advance() {
        let (feed, _) = feed(TimeSource::Arrival, &[1.0]);
        feed.stop();
        assert_eq!(feed.clock.now(), feed.clock.now());
        assert_eq!(lines_of(&feed, LAST_MINUTE)[0].kept.count(), 1);
    }

    /// The rate of `jump` in the past minute.
    #[track_caller]
    fn check_rate(time_source: TimeSource, seconds: &[f64], expected: Option<f64>) {
        let (feed, _) = feed(time_source, seconds);
        feed.stop();
        let span = if time_source == TimeSource::Nothing { Span::Whole } else { LAST_MINUTE };
        assert_eq!(lines_of(&feed, span)[0].rate, expected, "{time_source:?} {seconds:?}");
    }

    #[test]
    fn rate_is_over_the_time_that_the_stamps_cover() {
        check_rate(TimeSource::LatestStamp, &[1_000.0, 1_004.0, 1_010.0], Some(0.3));
        // A timestamp before that of the first line counts, too.
        check_rate(TimeSource::LatestStamp, &[1_010.0, 1_000.0, 1_020.0], Some(0.15));
        check_rate(TimeSource::LatestStamp, &[1_000.0, 1_001.0], Some(2.0));
    }

    #[test]
    fn rate_needs_covered_time() {
        check_rate(TimeSource::LatestStamp, &[1_000.0], None);
        check_rate(TimeSource::LatestStamp, &[1_000.0, 1_000.5], None);
        check_rate(TimeSource::Nothing, &[1_000.0, 1_010.0], None);
        // Read in less than a second.
        check_rate(TimeSource::Arrival, &[1_000.0, 1_010.0], None);
    }

    #[test]
    fn all_of_an_input_without_times_is_counted() {
        let (feed, counted) = feed(TimeSource::Nothing, &[1_000.0, 9_000.0, 5_000.0]);
        assert_eq!((counted, lines_of(&feed, Span::Whole)[0].kept.count()), (3, 3));
    }

    #[test]
    fn total_is_of_all_actions() {
        let feed = new(MINUTE, 2, TimeSource::Arrival);
        // One action has the name of the shared row.
        let names = [WhenFull::OTHER, "a", "b", "c", "d"];
        let line = |at: usize| format!("{{\"action\":\"{}\",\"time\":{at}}}\n", names[at % 5]);
        let text: String = (0..10).map(line).collect();
        let counted = DecodeOptions::default()
            .decode_slice(text.as_bytes(), &mut |record: Record<'_>| assert!(feed.add(record)));
        assert_eq!((counted.accepted, feed.folded()), (10, 6));
        let lines = lines_of(&feed, LAST_MINUTE);
        let rows =
            lines.iter().map(|line| (line.action.as_str(), line.is_other, line.kept.count()));
        let expected = [(WhenFull::OTHER, false, 2), ("a", false, 2), (WhenFull::OTHER, true, 6)];
        assert_eq!(rows.collect::<Vec<_>>(), expected);
        let series = |line| series(&feed, line).iter().sum::<u64>();
        assert_eq!(lines.iter().map(series).collect::<Vec<_>>(), [2, 2, 6]);
    }

    #[test]
    fn any_window_is_held() {
        for millis in [100, 1_000, 1_001, 60_000, 90_500, 600_001, 86_400_000] {
            let window = Duration::from_millis(millis);
            let feed = new(window, 1_024, TimeSource::Arrival);
            let line = b"{\"action\":\"jump\",\"time\":1}\n";
            DecodeOptions::default()
                .decode_slice(line, &mut |record: Record<'_>| assert!(feed.add(record)));
            feed.stop();
            assert_eq!(lines_of(&feed, Span::Last(window)).len(), 1, "{window:?}");
        }
        let (actions, source) = (NonZero::<usize>::MIN, TimeSource::Arrival);
        assert!(Feed::new(Duration::MAX, actions, 256, source, Offer::Times).is_err());
    }

    #[test]
    fn course_has_the_statistics_of_each_part() {
        // Buckets of 300 ms, of which the last is the 4,000th; parts of 100 are 30 s long.
        let (feed, _) = feed(TimeSource::LatestStamp, &[1_140.5, 1_170.5, 1_180.0, 1_199.9]);
        let line = &lines_of(&feed, LAST_MINUTE)[0];
        let course = feed.course(line, MINUTE, 2);
        let times = course.points.iter().map(|point| (point.count, point.p50, point.p99));
        let expected = [(1, 1_140.5, 1_140.5), (3, 1_180.0, 1_199.9)];
        let expected = expected.map(|(count, p50, p99)| (count, Some(p50), Some(p99)));
        assert_eq!(times.collect::<Vec<_>>(), expected);
        assert_eq!(course.part, Duration::from_secs(30));
        // The newest parts are whole, and the oldest has what is left.
        let course = feed.course(line, MINUTE, 3);
        let counts: Vec<_> = course.points.iter().map(|point| point.count).collect();
        assert_eq!((counts, course.part), (vec![1, 1, 2], Duration::from_millis(20_100)));
        assert_eq!(feed.course(line, MINUTE, 0).points.len(), 1);
    }

    #[test]
    fn what_is_not_offered_is_not_kept() {
        let kept = |offer| {
            let actions = NonZero::new(9).unwrap();
            let feed = Feed::new(MINUTE, actions, 256, TimeSource::Nothing, offer).unwrap();
            let lines = b"{\"action\":\"a\",\"time\":1}\n{\"action\":\"a\",\"time\":3}\n";
            DecodeOptions::default()
                .decode_slice(lines, &mut |record: Record<'_>| assert!(feed.add(record)));
            let answer = feed.answer(Span::Whole);
            let value =
                |name: &str| answer.lines[0].kept.value(&name.parse().unwrap(), &answer.whole);
            [value("count"), value("share"), value("p99"), value("stddev")]
        };
        let (count, share) = (Field::Integer(2), Field::Float(1.0));
        let (p99, none) = (Field::Integer(3), Field::Missing);
        assert_eq!(kept(Offer::Counts), [count, share, none, none]);
        assert_eq!(kept(Offer::Times), [count, share, p99, none]);
        assert_eq!(kept(Offer::All), [count, share, p99, Field::Float(2.0_f64.sqrt())]);
    }
}
