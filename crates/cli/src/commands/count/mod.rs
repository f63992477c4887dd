//! `windrow count`: counts lines as they arrive.
//!
//! One thread reads and counts line ends, another writes the counts once per interval. The writer
//! waits on a channel that also carries the end of the input, so it ends without waiting for the
//! interval to pass. If no second thread can be started, the first one writes between two reads.

mod reporter;
mod windows;

use std::io::{self, ErrorKind, IsTerminal, Read};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use clap::ValueEnum;
use clap::builder::ArgPredicate;
use facade::time::{EventCounter, SystemClock};
use memchr::memchr_iter;

use crate::diagnostics;
use crate::exit::Exit;
use crate::input::source::STDIN;
use crate::options::JsonArg;
use crate::output::{Failure, OutputArgs};
use crate::signals::Interrupt;
use crate::{options, stdio, terminal, timestamps};

use reporter::Reporter;
use windows::spec;

/// Count lines as they arrive, over sliding windows
#[derive(Debug, clap::Args)]
#[command(after_long_help = DETAILS)]
pub(crate) struct Args {
    /// Windows to count, each ending now
    #[arg(long, value_name = "TIME,…", value_delimiter = ',', default_value = "1s,10s,1m,5m")]
    #[arg(value_parser = timestamps::positive_duration)]
    window: Vec<Duration>,

    /// Interval between outputs
    #[arg(long, value_name = "TIME", default_value = "1s")]
    #[arg(value_parser = timestamps::positive_duration)]
    every: Duration,

    /// Output format; on a terminal, text output updates in place
    #[arg(long, value_enum, default_value_t = Format::Text)]
    #[arg(default_value_if("json", ArgPredicate::IsPresent, "json"))]
    format: Format,

    #[command(flatten)]
    json: JsonArg,
}

/// The format of the counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One line of text per interval
    Text,
    /// One object per line
    #[value(alias = "json")]
    Ndjson,
    /// Comma-separated values with a header
    Csv,
}

const DETAILS: &str = "\
Lines of any text are read from standard input. Each window ends now and is counted in buckets of at
most a twentieth of the shortest window. A rate is per second of the time that was covered, which is
shorter than the window at first.

Examples:
  tail -f access.log | windrow count
  tail -f access.log | grep ' 500 ' | windrow count --window 10s,1h
  service | windrow count --every 10s --format csv > counts.csv

Exit codes: 0 success, 1 input could not be read, 2 usage, 130 Ctrl-C, after printing the total.";

/// The window of the sparkline on a terminal.
const SPARKLINE: Duration = Duration::from_secs(60);

/// The end of the input.
#[derive(Debug)]
enum End {
    /// There is no more input.
    Eof,
    /// The input cannot be read.
    Failed(io::Error),
    /// Ctrl-C was pressed.
    Interrupted,
}

pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    if let Err(exit) = args.json.check(&args.format, &Format::Ndjson) {
        return Ok(exit);
    }
    OutputArgs::default().open_for(&[], None, None, None)?;
    let windows = options::distinct(&args.window);
    let spec = match spec(&windows) {
        Ok(spec) => spec,
        Err(error) => {
            diagnostics::report(format_args!("--window: {error}"));
            return Ok(Exit::Misused);
        }
    };
    stdio::check_stdin().map_err(|error| Failure { name: STDIN.into(), error })?;
    // Before the prompt, so that Ctrl-C at the prompt is handled.
    let interrupt = Interrupt::install()
        .map_err(|error| Failure { name: "cannot handle Ctrl-C".into(), error })?;
    let interrupt = Arc::new(interrupt);
    if io::stdin().is_terminal() {
        diagnostics::report("waiting for lines to count; see `windrow count --help`");
    }
    let counter = Arc::new(EventCounter::with_clock(spec, SystemClock));
    let mut reporter = Reporter {
        windows: &windows,
        format: args.format,
        redraws: args.format == Format::Text && terminal::can_redraw(&io::stdout()),
        start: counter.now(),
        is_first: true,
        drawn: 0,
        size: terminal::size,
    };
    let (sender, events) = mpsc::channel();
    let (reader, writer) = (Arc::clone(&interrupt), Arc::clone(&counter));
    let work = move || {
        // The receiver is dropped only when the program ends.
        let _ = sender.send(read(&reader, &writer, || ControlFlow::Continue(())));
    };
    if thread::Builder::new().spawn(work).is_ok() {
        return reporter.run(&counter, &events, args.every);
    }
    let (mut written, mut next) = (Ok(()), counter.now() + args.every);
    let end = read(&interrupt, &counter, || {
        if counter.now() >= next {
            written = reporter.write(&counter);
            next = counter.now() + args.every;
        }
        if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    written.and_then(|()| reporter.end(&counter, end))
}

/// Reads standard input until Ctrl-C is pressed.
struct Watched<'w> {
    interrupt: &'w Interrupt,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut stdin = io::stdin().lock();
        // Its internal buffer is always empty: every read is into a larger buffer.
        #[cfg(unix)]
        self.interrupt.wait_for(&stdin);
        if self.interrupt.is_pressed() { Ok(0) } else { stdin.read(buffer) }
    }
}

/// Counts the lines of standard input until it ends.
fn read(
    interrupt: &Interrupt,
    counter: &EventCounter,
    after_read: impl FnMut() -> ControlFlow<()>,
) -> End {
    match count(Watched { interrupt }, counter, after_read) {
        End::Eof if interrupt.is_pressed() => End::Interrupted,
        end => end,
    }
}

/// Counts the lines of a stream as they arrive, until it ends.
fn count(
    mut stream: impl Read,
    counter: &EventCounter,
    mut after_read: impl FnMut() -> ControlFlow<()>,
) -> End {
    let mut recorder = counter.recorder();
    let mut buffer = vec![0; 64 * 1024];
    let mut at_line_end = true;
    let end = loop {
        match stream.read(&mut buffer) {
            Ok(0) => break End::Eof,
            Ok(read) => {
                let bytes = &buffer[..read];
                recorder.record_many(memchr_iter(b'\n', bytes).count() as u64);
                at_line_end = bytes.ends_with(b"\n");
                if after_read().is_break() {
                    break End::Eof;
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => break End::Failed(error),
        }
    };
    // The last line needs no line end.
    recorder.record_many(u64::from(!at_line_end));
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_end_is_counted_once() {
        for (text, lines) in [("", 0), ("a", 1), ("a\n", 1), ("\n\n", 2), ("a\r\nb", 2)] {
            let counter = EventCounter::default();
            assert!(matches!(
                count(text.as_bytes(), &counter, || ControlFlow::Continue(())),
                End::Eof
            ));
            assert_eq!(counter.total(), lines, "{text:?}");
        }
    }
}
