//! `windrow count`: the event counter as a pipe.
//!
//! One thread reads and counts line ends, another writes what was counted, once an interval. It
//! waits on a channel through which the end comes too, by itself or by Ctrl-C, so that it does not
//! have to wait for the interval to pass. Where no second thread can be started, the first one
//! writes between two reads.

mod windows;

use std::fmt::Write as _;
use std::io::{self, ErrorKind, IsTerminal, Read};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use clap::ValueEnum;
use console::truncate_str;
use facade::time::{EventCounter, SystemClock, WindowError};
use facade::{Stamp, Window};
use memchr::memchr_iter;
use terminal_size::{Height, Width};

use crate::exit::Exit;
use crate::fault::{self, Unreadable};
use crate::interrupt::Interrupt;
use crate::output::{self, Failure};
use crate::render::{self, counted, grouped};
use crate::source::STDIN;
use crate::spark::{shorten, spark};
use crate::table::Table;
use crate::{moment, options, progress, stdio, terminal};

use windows::spec;

/// Counts lines as they arrive, over windows of time
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The windows, each of which ends at the present
    #[arg(long, value_name = "TIME,…", value_delimiter = ',', default_value = "1s,10s,1m,5m")]
    #[arg(value_parser = moment::some_time)]
    window: Vec<Duration>,

    /// How often to tell
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = moment::some_time)]
    every: Duration,

    /// How it is told; on a terminal, text is drawn over what was there before
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// How counts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line for people
    Text,
    /// A line of JSON
    Ndjson,
    /// A line of comma-separated values, below a header
    Csv,
}

const EXAMPLES: &str = "\
Lines of anything are counted, from standard input. A window ends at the present, begins so much
before, and is counted in parts of a twentieth of the shortest window or less. Its rate is per
second of the time that was truly covered, which is less than the window at first.

Examples:
  tail -f access.log | windrow count
  tail -f access.log | grep ' 500 ' | windrow count --window 10s,1h
  service | windrow count --every 10s --format csv > counts.csv

Exit codes: 0 done, 1 could not be read, 2 usage, 130 ended by Ctrl-C, after telling the totals.";

/// To which moments are told.
const PRECISION: Duration = Duration::from_millis(1);
/// How much time the picture on the terminal spans, and how wide it is.
const PICTURE: Duration = Duration::from_secs(60);
const PICTURE_COLUMNS: usize = 60;

/// What may happen while an interval passes.
#[derive(Debug)]
enum Event {
    /// The input has ended.
    End,
    /// The input cannot be read.
    Broken(io::Error),
    /// The person has seen enough.
    Interrupt,
}

pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let windows = options::distinct(&args.window);
    let spec = match spec(&windows) {
        Ok(spec) => spec,
        Err(error) => {
            fault::tell(format_args!("--window: {error}"));
            return Ok(Exit::Misused);
        }
    };
    stdio::check_stdout().map_err(Failure::of_stdout)?;
    stdio::check_stdin().map_err(|error| Failure { name: STDIN.into(), error })?;
    // Before anybody is asked to type.
    let interrupt = Interrupt::install()
        .map_err(|error| Failure { name: "Ctrl-C could not be taken over".into(), error })?;
    let interrupt = Arc::new(interrupt);
    if io::stdin().is_terminal() {
        fault::tell("waiting for lines to count; `windrow count --help` tells more");
    }
    let counter = Arc::new(EventCounter::with_clock(spec, SystemClock));
    let mut teller = Teller {
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
        // The other end is gone only when the program ends.
        let _ = sender.send(read(&reader, &writer, || ControlFlow::Continue(())));
    };
    if thread::Builder::new().spawn(work).is_ok() {
        return teller.follow(&counter, &events, args.every);
    }
    let (mut written, mut next) = (Ok(()), counter.now() + args.every);
    let end = read(&interrupt, &counter, || {
        if counter.now() >= next {
            written = teller.write(&counter);
            next = counter.now() + args.every;
        }
        if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    written.and_then(|()| teller.end(&counter, end))
}

/// Standard input, which ends where Ctrl-C is pressed.
struct Watched<'w> {
    interrupt: &'w Interrupt,
}

impl Read for Watched<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let mut stdin = io::stdin().lock();
        // Its buffer is always empty: it is only ever read into room that is larger.
        #[cfg(unix)]
        self.interrupt.wait_for(&stdin);
        if self.interrupt.is_pressed() { Ok(0) } else { stdin.read(room) }
    }
}

/// Counts the lines of standard input, and returns how it ended.
fn read(
    interrupt: &Interrupt,
    counter: &EventCounter,
    after_read: impl FnMut() -> ControlFlow<()>,
) -> Event {
    match count(Watched { interrupt }, counter, after_read) {
        Event::End if interrupt.is_pressed() => Event::Interrupt,
        end => end,
    }
}

/// Counts the lines of a stream while they arrive, and returns how it ended.
fn count(
    mut stream: impl Read,
    counter: &EventCounter,
    mut after_read: impl FnMut() -> ControlFlow<()>,
) -> Event {
    let mut recorder = counter.recorder();
    let mut buffer = vec![0; 64 * 1024];
    let mut at_line_end = true;
    let end = loop {
        match stream.read(&mut buffer) {
            Ok(0) => break Event::End,
            Ok(read) => {
                let bytes = &buffer[..read];
                recorder.record_many(memchr_iter(b'\n', bytes).count() as u64);
                at_line_end = bytes.ends_with(b"\n");
                if after_read().is_break() {
                    break Event::End;
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => break Event::Broken(error),
        }
    };
    // The last line needs no end.
    recorder.record_many(u64::from(!at_line_end));
    end
}

/// Tells what was counted.
struct Teller<'a> {
    windows: &'a [Duration],
    format: Format,
    /// Whether lines are drawn over those before.
    redraws: bool,
    start: Stamp,
    /// Whether nothing was written yet.
    is_first: bool,
    /// How many lines were drawn.
    drawn: usize,
    /// The size of the terminal, if it is one that reports it.
    size: fn() -> Option<(Width, Height)>,
}

impl Teller<'_> {
    fn follow(
        &mut self,
        counter: &EventCounter,
        events: &Receiver<Event>,
        every: Duration,
    ) -> Result<Exit, Failure> {
        loop {
            match events.recv_timeout(every) {
                Err(RecvTimeoutError::Timeout) => self.write(counter)?,
                Err(RecvTimeoutError::Disconnected) => return self.end(counter, Event::End),
                Ok(end) => return self.end(counter, end),
            }
        }
    }

    /// Writes the present state.
    fn write(&mut self, counter: &EventCounter) -> Result<(), Failure> {
        let text = self.tell(counter);
        self.print(text)
    }

    /// Writes the last state, unless nothing could be read.
    fn end(&mut self, counter: &EventCounter, end: Event) -> Result<Exit, Failure> {
        let exit = match end {
            Event::End => Exit::Done,
            Event::Interrupt => {
                if !self.redraws {
                    progress::begin_line();
                }
                Exit::Interrupted
            }
            Event::Broken(error) => {
                let (name, lines) = (STDIN.to_owned(), counter.total());
                fault::tell(Unreadable { name, error, lines });
                if lines == 0 {
                    return Ok(Exit::Failed);
                }
                Exit::Failed
            }
        };
        let text = self.conclude(counter);
        self.print(text)?;
        Ok(exit)
    }

    fn print(&mut self, text: String) -> Result<(), Failure> {
        let is_first = std::mem::replace(&mut self.is_first, false);
        let header =
            if is_first && self.format == Format::Csv { self.header() } else { String::new() };
        output::print(header + &text)
    }

    /// The present state.
    fn tell(&mut self, counter: &EventCounter) -> String {
        match self.format {
            Format::Text if self.redraws => self.draw(counter),
            Format::Text => self.line(counter),
            Format::Ndjson => self.json(counter),
            Format::Csv => self.record(counter),
        }
    }

    /// The last state, with the total.
    fn conclude(&mut self, counter: &EventCounter) -> String {
        let mut text = self.tell(counter);
        if self.format == Format::Text {
            let (lines, elapsed) = (counter.total(), self.elapsed(counter));
            let took = render::duration(elapsed);
            let _ = write!(text, "total {} in {took}", counted(lines, "line"));
            if !elapsed.is_zero() {
                let rate = lines as f64 / elapsed.as_secs_f64();
                let _ = write!(text, ", {}/s", render::rate(rate));
            }
            text.push('\n');
        }
        text
    }

    fn elapsed(&self, counter: &EventCounter) -> Duration {
        counter.now().saturating_since(self.start)
    }

    fn counted<'c>(
        &'c self,
        counter: &'c EventCounter,
    ) -> impl Iterator<Item = (String, Window)> + 'c {
        self.windows.iter().filter_map(|&window| {
            let counted: Result<Window, WindowError> = counter.count(window);
            // The counter was built to hold them all.
            Some((moment::span(window), counted.ok()?))
        })
    }

    /// A table and a picture, over those that were drawn before.
    fn draw(&mut self, counter: &EventCounter) -> String {
        let counted: Vec<_> = self.counted(counter).collect();
        let names = counted.iter().map(|(name, _)| format!("last {name}"));
        let lines = counted.iter().map(|(_, window)| window.events).chain([counter.total()]);
        let rate = |window: &Window| window.rate().map(render::rate).unwrap_or_default();
        let mut table = Table::default();
        table.column("window", names.chain(["total".to_owned()]));
        table.column("lines", lines.map(grouped));
        let rates = counted.iter().map(|(_, window)| rate(window));
        table.column("per second", rates.chain([String::new()]));
        let mut text = table.to_string();
        if let Ok(series) = counter.series(PICTURE) {
            let counts = shorten(&series.counts, PICTURE_COLUMNS);
            let picture =
                spark(counts.into_iter().map(|count| (count > 0).then_some(count as f64)));
            let name = moment::span(PICTURE);
            let _ = writeln!(text, "{picture:PICTURE_COLUMNS$}  the last {name}");
        }
        self.redraw(&text, (self.size)())
    }

    /// Draws a text over the one before, as much of it as the terminal has room for.
    ///
    /// A line that is broken, or one that is scrolled away, would not be drawn over the next time,
    /// and is seen when the window grows.
    fn redraw(&mut self, text: &str, size: Option<(Width, Height)>) -> String {
        let (Width(columns), Height(rows)) = size.unwrap_or((Width(u16::MAX), Height(u16::MAX)));
        // The cursor stays in a line of its own.
        let lines: Vec<_> = text.lines().take(usize::from(rows).saturating_sub(1)).collect();
        let up = std::mem::replace(&mut self.drawn, lines.len());
        // To the beginning first: the terminal may have written `^C` there. The rest is cleared, as
        // lines may be fewer than before.
        let mut drawn = "\r".to_owned();
        if up > 0 {
            let _ = write!(drawn, "\x1b[{up}A");
        }
        drawn.push_str("\x1b[J");
        for line in lines {
            let _ = writeln!(drawn, "{}", truncate_str(line, columns.into(), ""));
        }
        drawn
    }

    fn line(&self, counter: &EventCounter) -> String {
        let mut text = format!(
            "{} total {}",
            moment::write(counter.now(), PRECISION),
            grouped(counter.total())
        );
        for (name, window) in self.counted(counter) {
            let _ = write!(text, "  {name} {}", grouped(window.events));
            if let Some(rate) = window.rate() {
                let _ = write!(text, " ({}/s)", render::rate(rate));
            }
        }
        text + "\n"
    }

    fn json(&self, counter: &EventCounter) -> String {
        let now = moment::write(counter.now(), PRECISION);
        let mut text = format!("{{\"at\":\"{now}\",\"total\":{}", counter.total());
        for (name, window) in self.counted(counter) {
            let _ = write!(text, ",\"events_{name}\":{}", window.events);
            let rate = window.rate().map_or("null".into(), |rate| rate.to_string());
            let _ = write!(text, ",\"rate_{name}\":{rate}");
        }
        text + "}\n"
    }

    fn header(&self) -> String {
        let mut text = "at,total".to_owned();
        for &window in self.windows {
            let name = moment::span(window);
            let _ = write!(text, ",events_{name},rate_{name}");
        }
        text + "\n"
    }

    fn record(&self, counter: &EventCounter) -> String {
        let mut text = format!("{},{}", moment::write(counter.now(), PRECISION), counter.total());
        for (_, window) in self.counted(counter) {
            let rate = window.rate().map(|rate| rate.to_string()).unwrap_or_default();
            let _ = write!(text, ",{},{rate}", window.events);
        }
        text + "\n"
    }
}

#[cfg(test)]
mod tests {
    use facade::time::ManualClock;

    use super::*;

    const GO_ON: fn() -> ControlFlow<()> = || ControlFlow::Continue(());
    const NOON: Stamp = Stamp::from_secs(1_700_000_000);

    /// A second of 3 lines, ten seconds ago, and one of 20 that has just ended.
    fn teller_and_counter(format: Format) -> (Teller<'static>, EventCounter) {
        const WINDOWS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(60)];
        let clock = ManualClock::new(NOON);
        let counter = EventCounter::with_clock(spec(&WINDOWS).unwrap(), clock.clone());
        count("a\nb\nc".as_bytes(), &counter, GO_ON);
        clock.advance(Duration::from_secs(10));
        count("\n".repeat(20).as_bytes(), &counter, GO_ON);
        clock.advance(Duration::from_millis(500));
        let redraws = format == Format::Text;
        (
            Teller {
                windows: &WINDOWS,
                format,
                redraws,
                start: NOON,
                is_first: true,
                drawn: 0,
                size: || None,
            },
            counter,
        )
    }

    fn plain(text: String) -> String {
        anstream::adapter::strip_str(&text).to_string()
    }

    #[test]
    fn line_tells_each_window() {
        let (mut teller, counter) = teller_and_counter(Format::Text);
        teller.redraws = false;
        assert_eq!(
            teller.tell(&counter),
            "2023-11-14T22:13:30.500Z total 23  1s 20 (21.1/s)  1m 23 (2.19/s)\n"
        );
    }

    #[test]
    fn csv_and_json_tell_the_same() {
        let (mut teller, counter) = teller_and_counter(Format::Csv);
        assert_eq!(teller.header(), "at,total,events_1s,rate_1s,events_1m,rate_1m\n");
        assert_eq!(
            teller.tell(&counter),
            "2023-11-14T22:13:30.500Z,23,20,21.05263157894737,23,2.1904761904761907\n"
        );
        teller.format = Format::Ndjson;
        assert_eq!(
            teller.tell(&counter),
            "{\"at\":\"2023-11-14T22:13:30.500Z\",\"total\":23,\"events_1s\":20,\
             \"rate_1s\":21.05263157894737,\"events_1m\":23,\"rate_1m\":2.1904761904761907}\n"
        );
    }

    #[test]
    fn drawing_goes_over_what_was_drawn() {
        let (mut teller, counter) = teller_and_counter(Format::Text);
        let first = teller.tell(&counter);
        assert_eq!(
            plain(first.clone()),
            "\rwindow   lines  per second\nlast 1s     20        21.1\nlast 1m     23        2.19\n\
             total       23\n"
                .to_owned() + &format!("{:49}▂         █  the last 1m\n", "")
        );
        assert!(!first.contains("\x1b[5A"));
        let second = teller.tell(&counter);
        assert!(second.starts_with("\r\x1b[5A\x1b[J"), "{second:?}");
    }

    #[test]
    fn drawing_fits_the_terminal() {
        let (mut teller, _) = teller_and_counter(Format::Text);
        let text = "\x1b[1mwindow  lines\x1b[0m\nlast 1s     20\ntotal       23\n";
        let size = |columns, rows| Some((Width(columns), Height(rows)));
        let mut draw = |columns, rows| plain(teller.redraw(text, size(columns, rows)));
        assert_eq!(draw(9, 3), "\rwindow  l\nlast 1s  \n");
        assert_eq!(draw(14, 4), "\rwindow  lines\nlast 1s     20\ntotal       23\n");
        assert_eq!(draw(20, 0), "\r");
    }

    #[test]
    fn end_tells_the_total() {
        let (mut teller, counter) = teller_and_counter(Format::Text);
        teller.redraws = false;
        let told = teller.conclude(&counter);
        assert_eq!(told.lines().last(), Some("total 23 lines in 10.5 s, 2.19/s"));
    }

    #[test]
    fn every_end_of_a_line_is_counted_once() {
        for (text, lines) in [("", 0), ("a", 1), ("a\n", 1), ("\n\n", 2), ("a\r\nb", 2)] {
            let counter = EventCounter::default();
            assert!(matches!(count(text.as_bytes(), &counter, GO_ON), Event::End));
            assert_eq!(counter.total(), lines, "{text:?}");
        }
    }
}
