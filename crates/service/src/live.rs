//! Frames for the listeners of a page.
//!
//! A frame is made when the first listener asks for it, once for each tick and window, and the
//! others get the same bytes. A listener is the body of a response: the server polls it when the
//! connection has room, so one that does not read skips frames and keeps none. Nothing
//! runs in the background: without a listener nothing is computed, and the course over time comes
//! from the trackers.
//!
//! To read a thousand actions takes tens of milliseconds, for which no request shall wait. So a
//! frame is made on a thread for blocking work. Its listeners wait for the frame, and not for one
//! of them that makes it: a server may stop polling that one.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use facade::Stamp;
use http_body::{Body, Frame};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use crate::answer::{Answer, AxisAnswer, RowAnswer, SourceState, millis, seconds};
use crate::axis::Axis;
use crate::course::Course;
use crate::query::Stat;
use crate::read::{Groups, windows};
use crate::settings::Settings;
use crate::source::Source;

/// The maximum number of listeners.
pub(crate) const LISTENERS_MAX: usize = 64;
/// The time between two frames.
pub(crate) const TICK: Duration = Duration::from_secs(1);
/// The number of frames after which a listener has to ask again.
///
/// A server that shuts down gracefully waits for its responses. An endless one would never let it.
const FRAMES_MAX: u32 = 20;
/// How long a browser waits before it asks again, in milliseconds.
const RETRY: &str = "retry: 250\n";

/// The sources of a page with those who look at it.
pub(crate) struct Live {
    title: String,
    sources: Vec<(String, Source)>,
    settings: Settings,
    /// When the first listener came. All ticks are whole ones after it.
    began: OnceLock<Instant>,
    frames: Mutex<Vec<Made>>,
    /// One for each source.
    courses: Mutex<Vec<Course>>,
    slots: Arc<Semaphore>,
}

/// A frame that was made, or is being made.
struct Made {
    window: Duration,
    tick: u128,
    frame: FutureFrame,
}

/// Becomes a frame, or closes if making it panicked.
type FutureFrame = watch::Receiver<Option<Bytes>>;

/// What rows have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// The number of records in each interval of the axis.
    Course,
    /// Bounds of the count.
    Bounds,
}

impl Live {
    pub(crate) fn new(title: String, sources: Vec<(String, Source)>, settings: Settings) -> Self {
        let (began, frames) = (OnceLock::new(), Mutex::default());
        let courses = sources.iter().map(|_| Course::default()).collect();
        let slots = Arc::new(Semaphore::new(LISTENERS_MAX));
        Self { title, sources, settings, began, frames, courses: Mutex::new(courses), slots }
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn sources(&self) -> impl Iterator<Item = (&str, &Source)> {
        self.sources.iter().map(|(name, source)| (name.as_str(), source))
    }

    /// Returns the windows that a page offers.
    pub(crate) fn windows(&self) -> Vec<Duration> {
        windows(self.sources().map(|(_, source)| source))
    }

    /// Returns the window of who asks for none: the longest up to a minute.
    pub(crate) fn usual_window(&self) -> Duration {
        let minute = Duration::from_secs(60);
        let windows = self.windows();
        let found = windows.iter().rfind(|it| **it <= minute).or(windows.first());
        found.copied().unwrap_or(minute)
    }

    /// Returns a stream of frames, `None` if there are too many.
    pub(crate) fn listen(self: &Arc<Self>, window: Duration) -> Option<Listener> {
        let slot = Arc::clone(&self.slots).try_acquire_owned().ok()?;
        let began = *self.began.get_or_init(Instant::now);
        let next = began + TICK * u32::try_from(self.tick() + 1).unwrap_or(u32::MAX);
        let mut timer = interval_at(next, TICK);
        timer.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let live = Arc::clone(self);
        Some(Listener { live, window, timer, next: None, frames: 0, _slot: slot })
    }

    fn tick(&self) -> u128 {
        let began = *self.began.get_or_init(Instant::now);
        began.elapsed().as_nanos() / TICK.as_nanos()
    }

    /// Returns the frame of the present tick, which is made if nobody asked for it before.
    fn frame(self: &Arc<Self>, window: Duration) -> FutureFrame {
        let tick = self.tick();
        let mut frames = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        frames.retain(|made| made.tick == tick);
        if let Some(made) = frames.iter().find(|made| made.window == window) {
            return made.frame.clone();
        }
        let (made, frame) = watch::channel(None);
        frames.push(Made { window, tick, frame: frame.clone() });
        let live = Arc::clone(self);
        spawn_blocking(move || made.send_replace(Some(live.make_frame(window))));
        frame
    }

    fn make_frame(&self, window: Duration) -> Bytes {
        let answer = self.answer(window, &Stat::all(), Detail::Course);
        let json = serde_json::to_string(&answer).expect("an answer has text keys only");
        Bytes::from(format!("data: {json}\n\n"))
    }

    /// Reads all sources.
    pub(crate) fn answer(&self, window: Duration, stats: &[Stat], detail: Detail) -> Answer<'_> {
        let mut rows = Vec::new();
        let mut states = Vec::new();
        let mut at = None;
        let lock = || self.courses.lock().unwrap_or_else(PoisonError::into_inner);
        let mut courses = (detail == Detail::Course).then(lock);
        for (index, (name, source)) in self.sources().enumerate() {
            let course = courses.as_mut().map(|courses| &mut courses[index]);
            let (overflow, refused) = source.refusals();
            let values = source.refused_values();
            let mut state = SourceState {
                source: name,
                covered_s: None,
                axis: None,
                in_flight: source.in_flight(),
                refused: overflow.refused
                    + refused.too_old
                    + refused.too_new
                    + refused.full
                    + values.refused,
                folded: overflow.folded + values.folded,
                evicted: overflow.evicted,
                problem: None,
            };
            match read(name, source, window, stats, course) {
                Ok(read) => {
                    at = at.max(Some(read.at));
                    state.covered_s = Some(read.covered_s);
                    state.axis = read.axis;
                    rows.extend(read.rows);
                }
                Err(problem) => state.problem = Some(problem),
            }
            states.push(state);
        }
        Answer {
            title: &self.title,
            at_ms: at.map_or(0, millis),
            window_s: seconds(window),
            windows_s: self.windows().into_iter().map(seconds).collect(),
            sources: states,
            rows,
        }
    }
}

/// The rows of one source.
struct Read<'p> {
    at: Stamp,
    covered_s: f64,
    axis: Option<AxisAnswer>,
    rows: Vec<RowAnswer<'p>>,
}

fn read<'p>(
    name: &'p str,
    source: &Source,
    window: Duration,
    stats: &[Stat],
    course: Option<&mut Course>,
) -> Result<Read<'p>, String> {
    let tracker = source.tracker()?;
    let at = tracker.now();
    let mut groups = Groups::read(source, tracker, window).map_err(|error| error.to_string())?;
    let mut shown = None;
    if let Some(course) = course {
        let axis = Axis::shown(tracker);
        let first = groups.read_counts(tracker, &axis, course);
        let first = first.map_err(|error| error.to_string())?;
        shown = Some(AxisAnswer::new(axis, first));
    }
    let Groups { coverage, groups, .. } = groups;
    let row = |group| {
        let mut row = RowAnswer::new(name, group, stats, coverage);
        if shown.is_some() {
            (row.at_least, row.at_most) = (None, None);
        }
        row
    };
    let rows = groups.into_iter().map(row).collect();
    Ok(Read { at, covered_s: seconds(coverage.elapsed), axis: shown, rows })
}

/// A stream of frames to one client: server-sent events.
pub(crate) struct Listener {
    live: Arc<Live>,
    window: Duration,
    timer: Interval,
    /// The frame that it waits for.
    next: Option<Next>,
    frames: u32,
    _slot: OwnedSemaphorePermit,
}

type Next = Pin<Box<dyn Future<Output = Option<Bytes>> + Send>>;

impl Body for Listener {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        let next = match &mut this.next {
            Some(next) => next,
            None if this.frames == FRAMES_MAX => return Poll::Ready(None),
            None => {
                if this.frames > 0 {
                    ready!(this.timer.poll_tick(cx));
                }
                if this.live.settings.readiness.is_ending() {
                    return Poll::Ready(None);
                }
                this.next.insert(Box::pin(wait(this.live.frame(this.window))))
            }
        };
        let frame = ready!(next.as_mut().poll(cx));
        this.next = None;
        // Without a frame the stream ends, and the browser asks again.
        let Some(mut frame) = frame else { return Poll::Ready(None) };
        if this.frames == 0 {
            frame = [RETRY.as_bytes(), &frame].concat().into();
        }
        this.frames += 1;
        Poll::Ready(Some(Ok(Frame::data(frame))))
    }
}

async fn wait(mut frame: FutureFrame) -> Option<Bytes> {
    frame.wait_for(Option::is_some).await.ok()?.clone()
}
