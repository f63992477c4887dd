//! What is known of the actions of the last while: the one place that asks the tracker.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use facade::{
    ActionTime, AddError, Clock, CoarseClock, Counted, Entry, ExactMean, Extent, Mean, Quantile,
    Quantiles, SpecError, Stamp, TrackerSpec, WhenFull, WindowSpec, WindowedSpec,
    WindowedSpecError, WindowedTracker, visible,
};
use thiserror::Error;

use super::screen::Line;

/// What the table shows of each action.
type Shown = (ExactMean, Extent, Quantiles);

/// How many buckets the longest window has, nearly.
const BUCKETS: u32 = 240;
/// The shortest bucket: the clock moves in ticks of some milliseconds.
const SHORTEST: Duration = Duration::from_millis(100);
/// How many actions are kept. Of more, those that were not met for longest are forgotten.
const ACTIONS: usize = 1_024;

/// By what time actions are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// By when they are read.
    Arrival,
    /// By their stamps, and the present is that of the machine.
    Stamps,
    /// By their stamps, and the present is the latest of them: for a log of another day.
    LatestStamp,
}

/// Actions as they come in, and what is known of the last of them.
#[derive(Debug)]
pub(crate) struct Feed {
    tracker: WindowedTracker<Shown>,
    clock: Arc<FeedClock>,
    by: By,
}

impl Feed {
    /// Remembers as much as a window needs.
    pub(crate) fn new(window: Duration, by: By) -> Result<Self, FeedError> {
        let clock = Arc::new(FeedClock::new(by));
        let millis = (window / BUCKETS).max(SHORTEST).as_millis();
        // Whole milliseconds, rounded up to a hundred of them, so that shorter windows are cut
        // evenly, too.
        let resolution =
            SHORTEST.saturating_mul(u32::try_from(millis.div_ceil(100)).unwrap_or(u32::MAX));
        let buckets = window.as_nanos().div_ceil(resolution.as_nanos());
        let span = resolution.saturating_mul(u32::try_from(buckets).unwrap_or(u32::MAX));
        let window = WindowSpec::builder().resolution(resolution).span(span).build()?;
        let when_full = WhenFull::EvictIdle;
        let tracker = TrackerSpec { actions: ACTIONS, when_full, ..TrackerSpec::default() };
        let spec = WindowedSpec { window, tracker, ..WindowedSpec::default() };
        let tracker = WindowedTracker::with_clock(spec, Arc::clone(&clock))?;
        Ok(Self { tracker, clock, by })
    }

    /// Takes one action in, and says whether it was counted.
    pub(crate) fn add(&self, entry: Entry<'_>) -> bool {
        let added: Result<(), AddError> = match (self.by, entry.stamp) {
            (By::Arrival, _) => self.tracker.add(entry.name, entry.time),
            (_, None) => return false,
            (By::Stamps, Some(stamp)) => self.tracker.add_at(entry.name, entry.time, stamp),
            (By::LatestStamp, Some(stamp)) => {
                self.clock.advance(stamp);
                self.tracker.add_at(entry.name, entry.time, stamp)
            }
        };
        added.is_ok()
    }

    /// Lets time stand still, so that the end of an input stays to be looked at.
    pub(crate) fn stop(&self) {
        self.clock.advance(self.clock.now());
    }

    /// What is known of each action of the past `window`, but for its course.
    pub(crate) fn lines(&self, window: Duration) -> Vec<Line> {
        // The screen offers no longer window than the tracker was built for.
        let Ok(rows) = self.tracker.window(window) else { return Vec::new() };
        let line = |row| {
            let row: &facade::Row<Shown> = row;
            let (mean, extent, quantiles) = row.statistic();
            let at = |quantile| {
                // The middle of a cell may lie beyond what was there.
                let time = quantiles.at(quantile).map(|time| extent.clamp(time));
                time.map_or(0.0, ActionTime::as_f64)
            };
            Line {
                name: row.action().to_owned(),
                action: visible(row.action().as_bytes()),
                count: mean.count(),
                rate: rows.rate(row),
                mean: mean.mean().unwrap_or_default(),
                p50: at(Quantile::MEDIAN),
                p99: at(Quantile::P99),
                max: extent.max().map_or(0.0, ActionTime::as_f64),
                series: None,
            }
        };
        rows.rows().iter().map(line).collect()
    }

    /// The course of an action over the past `window`, in equal parts.
    ///
    /// Asked by itself, and only of what is seen: it costs as much as all the rest.
    pub(crate) fn series(&self, line: &Line, window: Duration) -> Vec<u64> {
        let series = self.tracker.series(&line.name, window).unwrap_or_default();
        series.iter().map(|(mean, ..)| mean.count()).collect()
    }
}

/// A window that cannot be kept.
#[derive(Debug, Error)]
pub(crate) enum FeedError {
    #[error(transparent)]
    Window(#[from] SpecError),
    #[error(transparent)]
    Tracker(#[from] WindowedSpecError),
}

/// The time of the machine until it is stopped, or the latest that it was told.
#[derive(Debug)]
struct FeedClock {
    /// Nanoseconds; the least there is for the time of the machine.
    told: AtomicI64,
    /// What is known before anything was told.
    follows_machine: bool,
}

// ORDERING: every access in this file is Relaxed.
// Needs: a time that does not run backwards. Gives: `fetch_max`, and coherence. Not needed: any
// order towards what is recorded, as one thread tells the time and records. Checks: no model.
const ALONE: Ordering = Ordering::Relaxed;

impl FeedClock {
    fn new(by: By) -> Self {
        let follows_machine = by != By::LatestStamp;
        Self { told: AtomicI64::new(i64::MIN), follows_machine }
    }

    /// Stands at a moment, or at a later one that it was told before.
    fn advance(&self, to: Stamp) {
        self.told.fetch_max(to.as_nanos(), ALONE);
    }
}

impl Clock for FeedClock {
    fn now(&self) -> Stamp {
        match self.told.load(ALONE) {
            i64::MIN if self.follows_machine => CoarseClock.now(),
            told => Stamp::from_nanos(told),
        }
    }

    fn may_step_back(&self) -> bool {
        // Where it is stopped, by as much as passed since the moment was read.
        true
    }

    fn lag(&self) -> Duration {
        CoarseClock.lag()
    }
}

#[cfg(test)]
mod tests {
    use facade::{Policy, StampForm, StampKey};

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    /// Takes `jump` at these seconds of a day long ago, and says how many were counted.
    fn feed(by: By, seconds: &[u64]) -> (Feed, usize) {
        let feed = Feed::new(MINUTE, by).unwrap();
        let line = |second| format!("{{\"action\":\"jump\",\"time\":{second},\"at\":{second}}}\n");
        let lines: String = seconds.iter().map(line).collect();
        let stamp = StampKey::new("at", StampForm::Seconds).ok();
        let policy = Policy { stamp, ..Policy::default() };
        let mut counted = 0;
        policy.decode_slice(lines.as_bytes(), &mut |entry: Entry<'_>| {
            counted += usize::from(feed.add(entry));
        });
        (feed, counted)
    }

    #[test]
    fn log_of_another_day_ends_at_its_latest_stamp() {
        let (feed, counted) = feed(By::LatestStamp, &[1_000, 1_020, 1_019, 1_061]);
        assert_eq!(counted, 4);
        let lines = feed.lines(MINUTE);
        let line = &lines[0];
        assert_eq!((line.action.as_str(), line.count, line.max), ("jump", 3, 1_061.0));
        // 200 buckets of 300 ms.
        let series = feed.series(line, MINUTE);
        let at: Vec<_> = (0..200).filter(|&bucket| series[bucket] > 0).collect();
        assert_eq!((series.len(), at), (200, vec![59, 63, 199]));
        assert_eq!(feed.lines(Duration::from_secs(1))[0].count, 1);
    }

    #[test]
    fn log_of_another_day_is_outside_by_the_machine() {
        let (stamped, counted) = feed(By::Stamps, &[1_000, 1_020]);
        assert_eq!((counted, stamped.lines(MINUTE).len()), (0, 0));
        let (arrived, counted) = feed(By::Arrival, &[1_000, 1_020]);
        assert_eq!((counted, arrived.lines(MINUTE)[0].count), (2, 2));
    }

    #[test]
    fn stopped_clock_stands() {
        let (feed, _) = feed(By::Arrival, &[1]);
        feed.stop();
        assert_eq!(feed.clock.now(), feed.clock.now());
        assert_eq!(feed.lines(MINUTE)[0].count, 1);
    }

    #[test]
    fn any_window_is_held() {
        for millis in [100, 1_000, 1_001, 60_000, 90_500, 600_001, 86_400_000] {
            let window = Duration::from_millis(millis);
            let feed = Feed::new(window, By::Arrival).unwrap();
            assert!(feed.tracker.window(window).is_ok(), "{window:?}");
        }
        assert!(Feed::new(Duration::MAX, By::Arrival).is_err());
    }
}
