//! Writes the counts as text, NDJSON or CSV.

use std::fmt::Write as _;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use console::truncate_str;
use facade::codec::Zone;
use facade::time::{EventCounter, WindowError};
use facade::{Stamp, Window};
use terminal_size::{Height, Width};

use super::{End, Format, SPARKLINE};
use crate::diagnostics::{self, Unreadable};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input::source::STDIN;
use crate::output::human;
use crate::output::render::{self, counted, grouped};
use crate::output::spark::{shorten, spark};
use crate::output::table::Table;
use crate::output::{self, progress};
use crate::timestamps;

/// The precision of timestamps.
const PRECISION: Duration = Duration::from_millis(1);
const SPARKLINE_COLUMNS: usize = 60;

/// Writes the counts of a set of windows.
pub(super) struct Reporter<'a> {
    pub(super) windows: &'a [Duration],
    pub(super) format: Format,
    /// Whether each text is drawn over the one before.
    pub(super) redraws: bool,
    pub(super) start: Stamp,
    /// Whether nothing has been written yet.
    pub(super) is_first: bool,
    /// The number of lines on the terminal.
    pub(super) drawn: usize,
    /// Returns the size of the terminal, if it reports one.
    pub(super) size: fn() -> Option<(Width, Height)>,
}

impl Reporter<'_> {
    /// Writes the counts once per interval until the input ends.
    pub(super) fn run(
        &mut self,
        counter: &EventCounter,
        end: &Receiver<End>,
        every: Duration,
    ) -> Result<Exit, Failure> {
        loop {
            match end.recv_timeout(every) {
                Err(RecvTimeoutError::Timeout) => self.write(counter)?,
                Err(RecvTimeoutError::Disconnected) => return self.end(counter, End::Eof),
                Ok(end) => return self.end(counter, end),
            }
        }
    }

    /// Writes the present counts.
    pub(super) fn write(&mut self, counter: &EventCounter) -> Result<(), Failure> {
        let text = self.text(counter);
        self.print(text)
    }

    /// Writes the last counts, unless nothing could be read.
    pub(super) fn end(&mut self, counter: &EventCounter, end: End) -> Result<Exit, Failure> {
        let exit = match end {
            End::Eof => Exit::Done,
            End::Interrupted => {
                if !self.redraws {
                    progress::begin_line();
                }
                Exit::Interrupted
            }
            End::Failed(error) => {
                let (name, lines) = (STDIN.to_owned(), counter.total());
                diagnostics::report(Unreadable { name, error, lines });
                if lines == 0 {
                    return Ok(Exit::Failed);
                }
                Exit::Failed
            }
        };
        let text = self.final_text(counter);
        self.print(text)?;
        Ok(exit)
    }

    fn print(&mut self, text: String) -> Result<(), Failure> {
        let is_first = std::mem::replace(&mut self.is_first, false);
        let header =
            if is_first && self.format == Format::Csv { self.header() } else { String::new() };
        output::print(header + &text)
    }

    /// Formats the present counts.
    fn text(&mut self, counter: &EventCounter) -> String {
        match self.format {
            Format::Text if self.redraws => self.draw(counter),
            Format::Text => self.line(counter),
            Format::Ndjson => self.json(counter),
            Format::Csv => self.record(counter),
        }
    }

    /// Formats the last counts, with the total.
    fn final_text(&mut self, counter: &EventCounter) -> String {
        let mut text = self.text(counter);
        if self.format == Format::Text {
            let (lines, elapsed) = (counter.total(), self.elapsed(counter));
            let took = human::duration(elapsed);
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
            // The counter was built for all these windows.
            Some((timestamps::span(window), counted.ok()?))
        })
    }

    /// Formats a table and a sparkline, to be drawn over the ones before.
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
        if let Ok(series) = counter.series(SPARKLINE) {
            let counts = shorten(&series.counts, SPARKLINE_COLUMNS);
            let picture =
                spark(counts.into_iter().map(|count| (count > 0).then_some(count as f64)));
            let name = timestamps::span(SPARKLINE);
            let _ = writeln!(text, "{picture:SPARKLINE_COLUMNS$}  the last {name}");
        }
        self.redraw(&text, (self.size)())
    }

    /// Formats a text that is drawn over the one before, cut to the size of the terminal.
    ///
    /// A wrapped line or one that scrolled away could not be drawn over the next time.
    fn redraw(&mut self, text: &str, size: Option<(Width, Height)>) -> String {
        let (Width(columns), Height(rows)) = size.unwrap_or((Width(u16::MAX), Height(u16::MAX)));
        // The last row is for the cursor.
        let lines: Vec<_> = text.lines().take(usize::from(rows).saturating_sub(1)).collect();
        let up = std::mem::replace(&mut self.drawn, lines.len());
        // `\r` first: the terminal may have written `^C`. The rest is cleared, since there may be
        // fewer lines than before.
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
            timestamps::write(&Zone::UTC, counter.now(), PRECISION),
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
        let now = timestamps::write(&Zone::UTC, counter.now(), PRECISION);
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
            let name = timestamps::span(window);
            let _ = write!(text, ",events_{name},rate_{name}");
        }
        text + "\n"
    }

    fn record(&self, counter: &EventCounter) -> String {
        let mut text = format!(
            "{},{}",
            timestamps::write(&Zone::UTC, counter.now(), PRECISION),
            counter.total()
        );
        for (_, window) in self.counted(counter) {
            let rate = window.rate().map(|rate| rate.to_string()).unwrap_or_default();
            let _ = write!(text, ",{},{rate}", window.events);
        }
        text + "\n"
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use facade::time::ManualClock;

    use super::super::count;
    use super::super::windows::spec;
    use super::*;

    const GO_ON: fn() -> ControlFlow<()> = || ControlFlow::Continue(());
    const NOON: Stamp = Stamp::from_secs(1_700_000_000);

    /// Returns a counter with 3 lines ten seconds ago and 20 just now.
    fn reporter_and_counter(format: Format) -> (Reporter<'static>, EventCounter) {
        const WINDOWS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(60)];
        let clock = ManualClock::new(NOON);
        let counter = EventCounter::with_clock(spec(&WINDOWS).unwrap(), clock.clone());
        count("a\nb\nc".as_bytes(), &counter, GO_ON);
        clock.advance(Duration::from_secs(10));
        count("\n".repeat(20).as_bytes(), &counter, GO_ON);
        clock.advance(Duration::from_millis(500));
        let redraws = format == Format::Text;
        (
            Reporter {
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
    fn line_has_each_window() {
        let (mut reporter, counter) = reporter_and_counter(Format::Text);
        reporter.redraws = false;
        assert_eq!(
            reporter.text(&counter),
            "2023-11-14T22:13:30.500Z total 23  1s 20 (21.1/s)  1m 23 (2.19/s)\n"
        );
    }

    #[test]
    fn csv_and_json_have_the_same_values() {
        let (mut reporter, counter) = reporter_and_counter(Format::Csv);
        assert_eq!(reporter.header(), "at,total,events_1s,rate_1s,events_1m,rate_1m\n");
        assert_eq!(
            reporter.text(&counter),
            "2023-11-14T22:13:30.500Z,23,20,21.05263157894737,23,2.1904761904761907\n"
        );
        reporter.format = Format::Ndjson;
        assert_eq!(
            reporter.text(&counter),
            "{\"at\":\"2023-11-14T22:13:30.500Z\",\"total\":23,\"events_1s\":20,\
             \"rate_1s\":21.05263157894737,\"events_1m\":23,\"rate_1m\":2.1904761904761907}\n"
        );
    }

    #[test]
    fn drawing_covers_the_one_before() {
        let (mut reporter, counter) = reporter_and_counter(Format::Text);
        let first = reporter.text(&counter);
        assert_eq!(
            plain(first.clone()),
            "\rwindow   lines  per second\nlast 1s     20        21.1\nlast 1m     23        2.19\n\
             total       23\n"
                .to_owned() + &format!("{:49}▂         █  the last 1m\n", "")
        );
        assert!(!first.contains("\x1b[5A"));
        let second = reporter.text(&counter);
        assert!(second.starts_with("\r\x1b[5A\x1b[J"), "{second:?}");
    }

    #[test]
    fn drawing_fits_the_terminal() {
        let (mut reporter, _) = reporter_and_counter(Format::Text);
        let text = "\x1b[1mwindow  lines\x1b[0m\nlast 1s     20\ntotal       23\n";
        let size = |columns, rows| Some((Width(columns), Height(rows)));
        let mut draw = |columns, rows| plain(reporter.redraw(text, size(columns, rows)));
        assert_eq!(draw(9, 3), "\rwindow  l\nlast 1s  \n");
        assert_eq!(draw(14, 4), "\rwindow  lines\nlast 1s     20\ntotal       23\n");
        assert_eq!(draw(20, 0), "\r");
    }

    #[test]
    fn end_has_the_total() {
        let (mut reporter, counter) = reporter_and_counter(Format::Text);
        reporter.redraws = false;
        let text = reporter.final_text(&counter);
        assert_eq!(text.lines().last(), Some("total 23 lines in 10.5 s, 2.19/s"));
    }
}
