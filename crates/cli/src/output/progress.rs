//! The progress line of reading or writing on a terminal.

use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use terminal_size::{Width, terminal_size_of};

use crate::terminal;

/// The delay of the progress line: shorter work shows none.
const PATIENCE: Duration = Duration::from_secs(1);
/// The interval of updates without progress, which show that the program is waiting.
const TICK: Duration = Duration::from_millis(250);
/// The maximum number of updates per second.
const HZ: u8 = 20;

const WITH_END: &str =
    "{prefix} {wide_bar} {percent}% of {decimal_total_bytes}  {decimal_bytes_per_sec}  {eta} left ";
const OF_LINES: &str = "{prefix} {wide_bar} {percent}% of {human_len} lines  {eta} left ";
const WITHOUT_END: &str =
    "{prefix}  {decimal_bytes} in {elapsed}  {decimal_bytes_per_sec}  Ctrl-C shows the result ";

/// A line with the amount done, the speed and the time left.
///
/// It is shown if standard error is a terminal and the work takes longer than a second. Dropping it
/// clears the line.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    /// Empty until the line is shown, or standard error is found not to be a terminal.
    shown: OnceLock<Option<Ticker>>,
}

impl Progress {
    /// Starts the progress of reading, with the number of bytes if it is known.
    pub(crate) fn of_bytes(total: Option<u64>) -> Self {
        Self::new(if total.is_some() { WITH_END } else { WITHOUT_END }, total)
    }

    /// Starts the progress of writing, with the number of lines.
    pub(crate) fn of_lines(total: u64) -> Self {
        Self::new(OF_LINES, Some(total))
    }

    /// Returns a progress without a line, for output on the same terminal.
    pub(crate) fn hidden() -> Self {
        Self { bar: ProgressBar::hidden(), shown: OnceLock::from(None) }
    }

    fn new(template: &str, total: Option<u64>) -> Self {
        let style = ProgressStyle::with_template(template).expect("the template is well-formed");
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
        bar.set_style(style.progress_chars("━╸ "));
        bar.set_prefix("windrow");
        Self { bar, shown: OnceLock::new() }
    }

    /// Adds to the amount done.
    pub(crate) fn add(&self, done: u64) {
        self.bar.inc(done);
        if self.shown.get().is_none() && self.bar.elapsed() >= PATIENCE {
            self.shown.get_or_init(|| terminal::can_redraw(&io::stderr()).then(|| self.show()));
        }
    }

    fn show(&self) -> Ticker {
        let line = Box::<Line>::default();
        self.bar.set_draw_target(ProgressDrawTarget::term_like_with_hz(line, HZ));
        Ticker::start(self.bar.clone())
    }

    /// Clears the progress, and starts a new line if the terminal shows `^C`.
    pub(crate) fn interrupted(self) {
        let is_cleared = matches!(self.shown.get(), Some(Some(_)));
        drop(self);
        if !is_cleared {
            begin_line();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.shown.take());
        self.bar.finish_and_clear();
    }
}

/// Ends a line that shows `^C`, so that the next output starts a line.
pub(crate) fn begin_line() {
    // Only a terminal shows `^C`. An error cannot be reported, as this is standard error.
    if io::stderr().is_terminal() {
        let _ = io::stderr().write_all(b"\n");
    } else if io::stdout().is_terminal() {
        let _ = io::stdout().write_all(b"\n");
    }
}

/// Draws the bar at intervals on a thread, which ends when this is dropped.
///
/// Rejected: the ticker of the library, which panics if its thread cannot be started. Without a
/// ticker the bar is drawn only when there is progress.
#[derive(Debug)]
struct Ticker(Option<(Sender<()>, JoinHandle<()>)>);

impl Ticker {
    fn start(bar: ProgressBar) -> Self {
        let (end, ended) = mpsc::channel();
        let work = move || {
            while ended.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                bar.tick();
            }
        };
        Self(thread::Builder::new().spawn(work).ok().map(|thread| (end, thread)))
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        if let Some((end, thread)) = self.0.take() {
            drop(end);
            // The panic hook has already printed a panic of the thread.
            let _ = thread.join();
        }
    }
}

/// The last line of standard error, with the cursor at its start.
///
/// Rejected: the target of the library. It leaves the cursor at the end of the line, where the `^C`
/// of a terminal wraps the line, and only one of the two lines is cleared.
#[derive(Debug, Default)]
struct Line(Mutex<String>);

impl Line {
    fn put(&self, text: &str) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_str(text);
        Ok(())
    }
}

impl TermLike for Line {
    fn width(&self) -> u16 {
        // After the last column, some terminals move the cursor to the next line.
        terminal_size_of(io::stderr()).map_or(80, |(Width(columns), _)| columns).saturating_sub(1)
    }

    fn move_cursor_up(&self, lines: usize) -> io::Result<()> {
        if lines > 0 { self.put(&format!("\x1b[{lines}A")) } else { Ok(()) }
    }

    fn move_cursor_down(&self, lines: usize) -> io::Result<()> {
        if lines > 0 { self.put(&format!("\x1b[{lines}B")) } else { Ok(()) }
    }

    fn move_cursor_right(&self, columns: usize) -> io::Result<()> {
        if columns > 0 { self.put(&format!("\x1b[{columns}C")) } else { Ok(()) }
    }

    fn move_cursor_left(&self, columns: usize) -> io::Result<()> {
        if columns > 0 { self.put(&format!("\x1b[{columns}D")) } else { Ok(()) }
    }

    fn write_line(&self, line: &str) -> io::Result<()> {
        self.put(line)?;
        self.put("\n")
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.put(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.put("\r\x1b[2K")
    }

    fn flush(&self) -> io::Result<()> {
        let mut text = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        text.push('\r');
        io::stderr().write_all(text.as_bytes())?;
        text.clear();
        Ok(())
    }
}
