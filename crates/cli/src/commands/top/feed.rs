//! Records actions in the tracker and reads their statistics.

use std::num::NonZero;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use facade::actions::{
    ActionTime, HasCount, HasMean, Mean, MinMax, Quantiles, TrackerSpec, WindowedSpec,
    WindowedSpecError, WindowedTracker,
};
use facade::codec::{Record, visible};
use facade::time::{Clock, CoarseClock, SpecError, WindowSpec};
use facade::{Quantile, Stamp, WhenFull};
use thiserror::Error;

use super::app::Span;
use super::columns::Line;

/// The statistics of each action.
type Shown = (Mean, MinMax, Quantiles);
type Tracker = WindowedTracker<Shown>;

/// The approximate number of buckets of the longest window.
const BUCKETS: u32 = 240;
/// The shortest bucket: the clock has ticks of a few milliseconds.
const SHORTEST: Duration = Duration::from_millis(100);
/// The minimum time of a rate; over less time it would depend on when reading began.
const RATE_AFTER: Duration = Duration::from_secs(1);

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
    tracker: OnceLock<Tracker>,
    spec: WindowedSpec,
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
            clock: Arc::new(FeedClock::new(time_source)),
            time_source,
        };
        let tracker = feed.new_tracker()?;
        if time_source != TimeSource::LatestStamp {
            let _ = feed.tracker.set(tracker);
        }
        Ok(feed)
    }

    fn new_tracker(&self) -> Result<Tracker, WindowedSpecError> {
        Tracker::with_clock(self.spec.clone(), Arc::clone(&self.clock))
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
        match stamp {
            None => tracker.record(record.name, record.time).is_ok(),
            Some(stamp) => tracker.record_at(record.name, record.time, stamp).is_ok(),
        }
    }

    /// Stops the clock, so that the last actions stay in the window.
    pub(crate) fn stop(&self) {
        self.clock.advance(self.clock.now());
    }

    /// Returns the number of records in the shared row.
    pub(crate) fn folded(&self) -> u64 {
        self.tracker.get().map_or(0, |tracker| tracker.overflow().folded)
    }

    /// Returns the statistics of each action in a span of time, without its series.
    pub(crate) fn lines(&self, span: Span) -> Vec<Line> {
        let window = match span {
            Span::Last(window) => window,
            Span::Whole => self.spec.window.span(),
        };
        // The app offers no window longer than the span of the tracker.
        let rows = self.tracker.get().and_then(|tracker| tracker.window(window).ok());
        let Some(rows) = rows else { return Vec::new() };
        let rate_after = RATE_AFTER.min(window).as_secs_f64();
        let line = |row| {
            let row: &facade::actions::Row<Shown> = row;
            let (mean, min_max, quantiles) = row.statistic();
            let count = mean.count();
            let at = |quantile| {
                // The middle of a bin may be outside of minimum and maximum.
                let time = quantiles.quantile(quantile).map(|time| min_max.clamp(time));
                time.map_or(0.0, ActionTime::as_f64)
            };
            Line {
                is_other: row.is_other(),
                name: row.name().to_owned(),
                action: visible(row.name().as_bytes()),
                count,
                // The count divided by the rate is the covered time.
                rate: rows.rate(row).filter(|rate| count as f64 / rate >= rate_after),
                total: mean.sum(),
                mean: mean.mean().unwrap_or_default(),
                p50: at(Quantile::MEDIAN),
                p99: at(Quantile::P99),
                max: min_max.max().map_or(0.0, ActionTime::as_f64),
                series: None,
            }
        };
        rows.rows().iter().map(line).collect()
    }

    /// Returns the counts of an action in equal parts of the past `window`.
    ///
    /// A separate call for visible lines only: it costs as much as all other statistics.
    pub(crate) fn series(&self, line: &Line, window: Duration) -> Vec<u64> {
        let series = |tracker: &Tracker| match line.is_other {
            true => tracker.series_of_other(window),
            false => tracker.series(&line.name, window),
        };
        let series = self.tracker.get().and_then(|tracker| series(tracker).ok());
        series.unwrap_or_default().iter().map(|(mean, ..)| mean.count()).collect()
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
    use facade::codec::{DecodeOptions, Fields, Path, Timestamp, TimestampFormat};

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const LAST_MINUTE: Span = Span::Last(MINUTE);
    const ACTIONS: NonZero<usize> = NonZero::new(1_024).unwrap();

    /// Records `jump` at these seconds of a day long ago, and returns how many were counted.
    fn feed(time_source: TimeSource, seconds: &[f64]) -> (Feed, usize) {
        let feed = Feed::new(MINUTE, ACTIONS, 256, time_source).unwrap();
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
        let lines = feed.lines(LAST_MINUTE);
        let line = &lines[0];
        assert_eq!((line.action.as_str(), line.count, line.max), ("jump", 3, 1_061.0));
        // 200 buckets of 300 ms.
        let series = feed.series(line, MINUTE);
        let at: Vec<_> = (0..200).filter(|&bucket| series[bucket] > 0).collect();
        assert_eq!((series.len(), at), (200, vec![59, 63, 199]));
        assert_eq!(feed.lines(Span::Last(Duration::from_secs(1)))[0].count, 1);
    }

    #[test]
    fn log_of_another_day_is_outside_the_window_of_the_machine() {
        let (stamped, counted) = feed(TimeSource::Stamps, &[1_000.0, 1_020.0]);
        assert_eq!((counted, stamped.lines(LAST_MINUTE).len()), (0, 0));
        let (arrived, counted) = feed(TimeSource::Arrival, &[1_000.0, 1_020.0]);
        assert_eq!((counted, arrived.lines(LAST_MINUTE)[0].count), (2, 2));
    }

    #[test]
    fn stopped_clock_does_not_advance() {
        let (feed, _) = feed(TimeSource::Arrival, &[1.0]);
        feed.stop();
        assert_eq!(feed.clock.now(), feed.clock.now());
        assert_eq!(feed.lines(LAST_MINUTE)[0].count, 1);
    }

    /// The rate of `jump` in the past minute.
    #[track_caller]
    fn check_rate(time_source: TimeSource, seconds: &[f64], expected: Option<f64>) {
        let (feed, _) = feed(time_source, seconds);
        feed.stop();
        let span = if time_source == TimeSource::Nothing { Span::Whole } else { LAST_MINUTE };
        assert_eq!(feed.lines(span)[0].rate, expected, "{time_source:?} {seconds:?}");
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
        assert_eq!((counted, feed.lines(Span::Whole)[0].count), (3, 3));
    }

    #[test]
    fn total_is_of_all_actions() {
        let feed = Feed::new(MINUTE, NonZero::new(2).unwrap(), 256, TimeSource::Arrival).unwrap();
        // One action has the name of the shared row.
        let names = [WhenFull::OTHER, "a", "b", "c", "d"];
        let line = |at: usize| format!("{{\"action\":\"{}\",\"time\":{at}}}\n", names[at % 5]);
        let text: String = (0..10).map(line).collect();
        let counted = DecodeOptions::default()
            .decode_slice(text.as_bytes(), &mut |record: Record<'_>| assert!(feed.add(record)));
        assert_eq!((counted.accepted, feed.folded()), (10, 6));
        let lines = feed.lines(LAST_MINUTE);
        let rows = lines.iter().map(|line| (line.action.as_str(), line.is_other, line.count));
        let expected = [(WhenFull::OTHER, false, 2), ("a", false, 2), (WhenFull::OTHER, true, 6)];
        assert_eq!(rows.collect::<Vec<_>>(), expected);
        let series = |line| feed.series(line, MINUTE).iter().sum::<u64>();
        assert_eq!(lines.iter().map(series).collect::<Vec<_>>(), [2, 2, 6]);
    }

    #[test]
    fn any_window_is_held() {
        for millis in [100, 1_000, 1_001, 60_000, 90_500, 600_001, 86_400_000] {
            let window = Duration::from_millis(millis);
            let feed = Feed::new(window, ACTIONS, 256, TimeSource::Arrival).unwrap();
            assert!(feed.tracker.get().unwrap().window(window).is_ok(), "{window:?}");
        }
        assert!(Feed::new(Duration::MAX, ACTIONS, 256, TimeSource::Arrival).is_err());
    }
}
