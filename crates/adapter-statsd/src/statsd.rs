//! The server without its sockets.

use std::fmt;
use std::sync::{Arc, Mutex};

use exposition::Page;
use memchr::memchr;
use metrics::Recorder;

use crate::counts::StatsdCounts;
use crate::line::Metric;
use crate::lock::lock;
use crate::refusal::Refusal;
use crate::series::AllSeries;

/// Records lines of statsd into a recorder of the facade `metrics`.
///
/// A clone records into the same recorder and counts with it.
///
/// # Concurrency
///
/// Any thread may call `add`; concurrent calls run one at a time, under a lock.
///
/// # Examples
///
/// ```
/// use adapter_metrics::WindrowRecorder;
/// use adapter_statsd::Statsd;
/// use exposition::Format;
///
/// let recorder = WindrowRecorder::default();
/// let statsd = Statsd::new(recorder.clone());
/// statsd.add(b"logins:1|c|@0.5\nqueue.wait:250|ms|#queue:mail\nusers:7|s\n");
///
/// let page = String::from_utf8(recorder.render(Format::Text))?;
/// assert!(page.contains("logins_total 2\n"));
/// assert!(page.contains("queue_wait_seconds_sum{queue=\"mail\"} 0.25\n"));
///
/// let counts = statsd.counts();
/// assert_eq!((counts.accepted, counts.refused()), (2, 1));
/// let refused = counts.last_refused.expect("sets are refused").to_string();
/// assert!(refused.ends_with("send a counter or a tag instead (line `users:7|s`)"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Statsd(Arc<Inner>);

struct Inner {
    recorder: Box<dyn Recorder + Send + Sync>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    series: AllSeries,
    counts: StatsdCounts,
    /// The sockets whose drops are counted.
    #[cfg(target_os = "linux")]
    sockets: Vec<crate::drops::Inode>,
}

impl Statsd {
    /// Creates a server that records into `recorder`.
    ///
    /// A sample rate records a value of a histogram several times, with
    /// [`record_many`](metrics::Histogram::record_many): a recorder that repeats itself for that is
    /// slow, up to a million times for the lowest rate.
    #[must_use]
    pub fn new(recorder: impl Recorder + Send + Sync + 'static) -> Self {
        let (recorder, state) = (Box::new(recorder), Mutex::default());
        Self(Arc::new(Inner { recorder, state }))
    }

    /// Records the lines of one datagram, with `\n` or `\r\n` between them.
    ///
    /// Empty lines are left out. A refused line is counted and stops no other.
    ///
    /// # Complexity
    ///
    /// Linear in the text. A series that was seen before costs a lookup, and allocates nothing.
    pub fn add(&self, text: &[u8]) {
        self.add_all([Text { bytes: text, is_cut: false }]);
    }

    /// Records several datagrams.
    pub(crate) fn add_all<'a>(&self, texts: impl IntoIterator<Item = Text<'a>>) {
        let mut state = lock(&self.0.state);
        let State { series, counts, .. } = &mut *state;
        for text in texts {
            for line in text.lines() {
                match line.and_then(|line| Self::record(series, line, &*self.0.recorder)) {
                    Ok(values) => {
                        counts.accepted += 1;
                        counts.values += values;
                    }
                    Err((reason, line)) => counts.refuse(reason, line),
                }
            }
        }
    }

    fn record<'a>(
        series: &mut AllSeries,
        line: &'a [u8],
        recorder: &dyn Recorder,
    ) -> Result<u64, (Refusal, &'a [u8])> {
        let recorded = Metric::parse(line).and_then(|metric| series.record(&metric, recorder));
        recorded.map_err(|reason| (reason, line))
    }

    /// Counts a connection that was closed at once.
    pub(crate) fn refuse_connection(&self) {
        lock(&self.0.state).counts.connections_refused += 1;
    }

    /// Counts the drops of a socket from now on.
    #[cfg(target_os = "linux")]
    pub(crate) fn watch(&self, socket: crate::drops::Inode) {
        let sockets = &mut lock(&self.0.state).sockets;
        if !sockets.contains(&socket) {
            sockets.push(socket);
        }
    }

    /// Adds the drops of a socket that is about to be closed.
    #[cfg(target_os = "linux")]
    pub(crate) fn unwatch(&self, socket: crate::drops::Inode) {
        let dropped = socket.dropped();
        let mut state = lock(&self.0.state);
        state.sockets.retain(|known| *known != socket);
        state.counts.dropped += dropped;
    }

    /// Returns the numbers of what was received, refused and lost.
    ///
    /// # Complexity
    ///
    /// On Linux it reads the system's table of UDP sockets, if the server has one.
    #[must_use]
    pub fn counts(&self) -> StatsdCounts {
        let state = lock(&self.0.state);
        #[allow(unused_mut, reason = "changed where the system knows the drops")]
        let mut counts = state.counts.clone();
        #[cfg(target_os = "linux")]
        {
            let sockets = state.sockets.clone();
            // Without the lock: nobody should wait for a file.
            drop(state);
            counts.dropped += sockets.iter().map(|socket| socket.dropped()).sum::<u64>();
        }
        counts
    }

    /// Writes the numbers to a page for Prometheus, as `windrow_statsd_...`.
    ///
    /// Metrics whose name the page has are left out.
    ///
    /// # Examples
    ///
    /// ```
    /// use adapter_metrics::WindrowRecorder;
    /// use adapter_statsd::Statsd;
    /// use exposition::{Format, Page};
    ///
    /// let statsd = Statsd::new(WindrowRecorder::default());
    /// statsd.add(b"logins:one|c");
    /// let mut page = Page::new(Format::Text);
    /// statsd.write(&mut page);
    /// let page = String::from_utf8(page.finish())?;
    /// assert!(page.contains("windrow_statsd_refused_total{reason=\"value\"} 1\n"));
    /// # Ok::<(), std::string::FromUtf8Error>(())
    /// ```
    pub fn write(&self, page: &mut Page) {
        self.counts().write(page);
    }
}

impl fmt::Debug for Statsd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Statsd")
            .field("counts", &lock(&self.0.state).counts)
            .finish_non_exhaustive()
    }
}

/// What one datagram or one read of a connection brought.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'a> {
    pub(crate) bytes: &'a [u8],
    /// Whether the last line lacks its end.
    pub(crate) is_cut: bool,
}

impl<'a> Text<'a> {
    /// Returns the lines without their ends; as an error the line that was cut.
    fn lines(self) -> impl Iterator<Item = Result<&'a [u8], (Refusal, &'a [u8])>> {
        let mut rest = self.bytes;
        std::iter::from_fn(move || {
            loop {
                if rest.is_empty() {
                    return None;
                }
                let end = memchr(b'\n', rest);
                let (line, after) = rest.split_at(end.unwrap_or(rest.len()));
                rest = after.get(1..).unwrap_or_default();
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                if self.is_cut && end.is_none() {
                    return Some(Err((Refusal::TooLong, line)));
                }
                if !line.is_empty() {
                    return Some(Ok(line));
                }
            }
        })
    }
}
