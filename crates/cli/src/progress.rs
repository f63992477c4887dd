//! How far the reading has come, for who waits at a terminal.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use terminal_size::{Width, terminal_size_of};

use crate::terminal;

/// Work shorter than this is done before anybody wonders.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often it is drawn while nothing happens, so that one sees that nothing does.
const TICK: Duration = Duration::from_millis(250);
/// How often it is drawn at most, in a second.
const HZ: u8 = 20;

const WITH_END: &str =
    "{prefix} {wide_bar} {percent}% of {decimal_total_bytes}  {decimal_bytes_per_sec}  {eta} left ";
const OF_LINES: &str = "{prefix} {wide_bar} {percent}% of {human_len} lines  {eta} left ";
const WITHOUT_END: &str =
    "{prefix}  {decimal_bytes} in {elapsed}  {decimal_bytes_per_sec}  Ctrl-C shows the result ";

/// A line on standard error that tells how much was done, the speed and the time left, if that is
/// a terminal.
///
/// It comes when the work has taken a second, and goes without a trace when it is dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    is_shown: AtomicBool,
}

impl Progress {
    /// Begins, with as many bytes as are to be read if that is known.
    pub(crate) fn of_bytes(total: Option<u64>) -> Self {
        Self::new(if total.is_some() { WITH_END } else { WITHOUT_END }, total)
    }

    /// Begins, with as many lines as are to be written.
    pub(crate) fn of_lines(total: u64) -> Self {
        Self::new(OF_LINES, Some(total))
    }

    /// Tells nothing, where it would be in the way.
    pub(crate) fn untold() -> Self {
        Self { bar: ProgressBar::hidden(), is_shown: AtomicBool::new(true) }
    }

    fn new(template: &str, total: Option<u64>) -> Self {
        let style = ProgressStyle::with_template(template).expect("the template is well-formed");
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
        bar.set_style(style.progress_chars("━╸ "));
        bar.set_prefix("windrow");
        Self { bar, is_shown: AtomicBool::new(false) }
    }

    /// Notes that so much more was done.
    pub(crate) fn add(&self, done: u64) {
        self.bar.inc(done);
        // ORDERING: Relaxed.
        // Needs: that one thread alone shows it. Gives: the swap. Not needed: any order towards
        // the bar, which has a lock. Checks: no model; twice shown would do no harm either.
        if self.bar.elapsed() >= PATIENCE
            && !self.is_shown.swap(true, Ordering::Relaxed)
            && terminal::can_redraw(&io::stderr())
        {
            self.bar
                .set_draw_target(ProgressDrawTarget::term_like_with_hz(Box::<Line>::default(), HZ));
            self.bar.enable_steady_tick(TICK);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// The last line of standard error, with the cursor at its beginning.
///
/// The target that the library has leaves the cursor at the end, where the `^C` of a terminal
/// breaks the line in two, of which one is left behind.
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
        // Behind the last column, some terminals are in the next line already.
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
