//! `windrow top`: live statistics of recent actions.
//!
//! One thread reads and records, another draws. They share the tracker and a
//! [`Status`](status::Status). The main thread waits for neither, since both may block: see
//! [`session`].

mod answers;
mod app;
mod batches;
mod columns;
mod feed;
mod layout;
mod marks;
mod offer;
mod prompt;
mod read;
#[cfg(test)]
mod samples;
mod session;
mod span;
mod status;
mod tail;
mod ui;
mod view;

#[cfg(unix)]
use std::fs::File;
use std::io::{self, IsTerminal};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use anstream::ColorChoice;
use facade::codec::Fractions;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::Event;
use ratatui::crossterm::style;

use crate::diagnostics;
use crate::exit::Exit;
use crate::fail_if::FailIf;
use crate::failure::Failure;
use crate::input::{RecordArgs, ToleranceArgs, source};
use crate::inspect;
use crate::options::{self, INPUT_OPTIONS, OUTPUT_OPTIONS, STATISTICS_OPTIONS};
use crate::output::figures::Figures;
use crate::output::render::{counted, grouped};
use crate::output::table::Table;
use crate::output::{self, OutputArgs};
use crate::stat::Stat;
use crate::terminal;
use crate::timestamps;

use answers::Line;
use app::{App, Request, Setup};
use columns::Column;
use feed::{Feed, TimeSource};
use marks::Marks;
use offer::Offer;
use read::Shared;
use session::Message;
use span::Span;

/// Show live statistics of recent actions
#[derive(Debug, clap::Args)]
#[command(after_long_help = DETAILS)]
pub(crate) struct Args {
    /// Files of records: JSON, logfmt or CSV [default: standard input]
    ///
    /// They are read one after the other. Files that are compressed with gzip or zstd are
    /// decompressed. `-` is standard input.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Keep reading as files grow, and when they are created, truncated or replaced
    ///
    /// Reading starts at the end of each file, with --timestamp at its beginning. A file that does
    /// not exist yet is waited for. The files must not be compressed.
    #[arg(long, short, help_heading = INPUT_OPTIONS)]
    follow: bool,

    #[command(flatten)]
    records: RecordArgs,

    #[command(flatten)]
    tolerance: ToleranceArgs,

    /// Show statistics of the past TIME
    #[arg(long, value_name = "TIME", default_value = "1m", help_heading = STATISTICS_OPTIONS)]
    #[arg(value_parser = timestamps::positive_duration)]
    window: Duration,

    /// Columns to show: count, rate, total, share, mean, min, max, stddev, variance, p50, p99.9, …
    #[arg(long, value_name = "STATS", value_delimiter = ',', hide_possible_values = true)]
    #[arg(value_parser = options::offering(Column::from_str, || columns::NAMES))]
    #[arg(help_heading = STATISTICS_OPTIONS)]
    stat: Vec<Column>,

    /// Sort by `action`, `rate` or a statistic, descending [default: rate]
    ///
    /// It becomes a column. A file without timestamps has no rates and is sorted by count.
    #[arg(long, value_name = "KEY", hide_possible_values = true)]
    #[arg(value_parser = options::offering(Column::to_sort_by, || columns::SORT_KEYS))]
    #[arg(help_heading = STATISTICS_OPTIONS)]
    sort: Option<Column>,

    /// Mark actions with a statistic beyond a value: 'p99 > 250ms'
    ///
    /// CONDITION is a statistic, one of > >= < <=, and a number with or without a unit. It applies
    /// to all actions, or to those with a name, in which `*` stands for any text:
    /// 'GET /cart*: p99 > 250ms'. A mark is a `!` before the name and the number. Can be repeated.
    #[arg(long, value_name = "CONDITION", value_parser = FailIf::on_value)]
    #[arg(help_heading = STATISTICS_OPTIONS)]
    mark: Vec<FailIf>,

    /// Maximum number of actions with a row each
    ///
    /// Further actions share the row `(other)`.
    #[arg(long, value_name = "N", default_value = "4096", help_heading = STATISTICS_OPTIONS)]
    #[arg(value_parser = options::integer(NonZero::<usize>::MIN..=NonZero::<usize>::MAX))]
    max_actions: NonZero<usize>,

    /// Update every TIME
    #[arg(long, value_name = "TIME", default_value = "1s", help_heading = OUTPUT_OPTIONS)]
    #[arg(value_parser = timestamps::positive_duration)]
    every: Duration,
}

const DETAILS: &str = "\
The time of an action is when it is read, or its timestamp with --timestamp. The window ends now;
for a file with timestamps that is not followed, it ends at the latest timestamp. A file without
timestamps that is not followed is shown as a whole, without rates.

Keys: q quits, / filters names, Enter shows an action in depth, f chooses columns, left and right
the column to sort by, o reverses the order, space pauses, - and + choose the window, ? shows all.

Examples:
  windrow top --follow /var/log/service.ndjson
  windrow top --follow --unit ms web-1.ndjson web-2.ndjson
  tail -f service.log | grep checkout | windrow top
  kubectl logs -f pod | windrow top --embedded --by req.url --value responseTime --unit ms
  windrow top --window 5m --timestamp at yesterday.ndjson
  windrow top --unit ms --stat count,rate,p50,p99.9 --mark 'p99.9 > 1s' --follow web-1.ndjson

Exit codes: 0 success, 1 input could not be read, 2 usage, 3 too many records were refused or none
was accepted, 130 Ctrl-C, 129 terminal closed, 143 SIGTERM.";

pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    if let Err(exit) = args.check_counts() {
        return Ok(exit);
    }
    OutputArgs::default().open_for(&args.files, None, None, None)?;
    if !terminal::can_redraw(&io::stdout()) {
        diagnostics::report(
            "standard output is not a terminal with cursor control, `top` needs one\n  \
             use `windrow stats` for a table, or `windrow count` for a line per interval",
        );
        return Ok(Exit::Failed);
    }
    if args.is_typed() {
        diagnostics::report(
            "input is a terminal, which `top` reads keys from\n  \
             name a file, as in `windrow top --follow service.log`, or use a pipe, as in \
             `tail -f service.log | windrow top`",
        );
        return Ok(Exit::Misused);
    }
    let recipe = match args.records.recipe(Fractions::Allowed) {
        Ok(recipe) => recipe,
        Err(exit) => return Ok(exit),
    };
    let time_source = args.time_source(recipe.fields().timestamp.is_some());
    let name_bytes = args.records.name_bytes();
    let offer = args.offer();
    let feed = match Feed::new(args.window, args.max_actions, name_bytes, time_source, offer) {
        Ok(feed) => feed,
        Err(error) => {
            diagnostics::report(error);
            return Ok(Exit::Misused);
        }
    };
    let note = (time_source == TimeSource::Nothing).then_some("no rates without --timestamp");
    let shared = Arc::new(Shared::new(feed, note, args, recipe));
    // Reading ends when this is dropped.
    let reading = match read::start(args, &shared) {
        Ok(reading) => reading,
        Err(unreadable) => {
            diagnostics::report(unreadable);
            return Ok(Exit::Failed);
        }
    };
    let span =
        if time_source == TimeSource::Nothing { Span::Whole } else { Span::Last(args.window) };
    let columns = match &args.stat[..] {
        [] => offer.defaults(span),
        chosen => options::distinct(chosen),
    };
    let app = App::new(Setup {
        source: reading.name.clone(),
        span,
        actions_max: args.max_actions.get(),
        figures: Figures::new(args.records.unit()),
        columns,
        sort: args.sort.clone(),
        offer,
        marks: Marks::new(args.mark.clone()),
    });
    match ColorChoice::global() {
        ColorChoice::Never => style::force_color_output(false),
        ColorChoice::Always | ColorChoice::AlwaysAnsi => style::force_color_output(true),
        ColorChoice::Auto => {} // The library checks NO_COLOR.
    }
    let (every, records) = (args.every, args.records.clone());
    session::run(move |messages| show(app, &shared, &records, every, messages))
}

impl Args {
    /// Returns the paths of the files; that of standard input if none is named.
    fn paths(&self) -> Vec<PathBuf> {
        if self.files.is_empty() { vec![PathBuf::from("-")] } else { self.files.clone() }
    }

    /// Returns whether an input is a terminal, where keys and lines would be mixed.
    fn is_typed(&self) -> bool {
        let is_typed = |path: &PathBuf| match source::is_stdin(path) {
            true => io::stdin().is_terminal(),
            false => is_terminal(path),
        };
        self.paths().iter().any(is_typed)
    }

    /// Returns the statistics that are shown, sorted by or judged.
    fn stats(&self) -> impl Iterator<Item = &Stat> {
        let shown = self.stat.iter().chain(&self.sort).filter_map(Column::stat);
        shown.chain(self.mark.iter().map(FailIf::stat))
    }

    /// Checks the statistics of records that are only counted.
    fn check_counts(&self) -> Result<(), Exit> {
        if self.records.counts_only() { options::check_counts(self.stats()) } else { Ok(()) }
    }

    fn offer(&self) -> Offer {
        if self.records.counts_only() { Offer::Counts } else { Offer::of(self.stats()) }
    }

    /// Returns the source of the times of the actions.
    fn time_source(&self, has_timestamps: bool) -> TimeSource {
        // An input that grows is live, and so is all of it.
        let is_file = self.paths().iter().all(|path| match source::is_stdin(path) {
            true => Path::new("/dev/stdin").is_file(),
            false => path.is_file() && !self.follow,
        });
        match (has_timestamps, is_file) {
            (false, false) => TimeSource::Arrival,
            (false, true) => TimeSource::Nothing,
            (true, false) => TimeSource::Stamps,
            (true, true) => TimeSource::LatestStamp,
        }
    }
}

#[cfg(unix)]
fn is_terminal(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;

    // A pipe is not opened for the test: the data would be lost.
    let is_device = path.metadata().is_ok_and(|file| file.file_type().is_char_device());
    is_device && File::open(path).is_ok_and(|file| file.is_terminal())
}

#[cfg(not(unix))]
fn is_terminal(_: &Path) -> bool {
    false
}

/// Draws and handles keys until the session ends, then prints the last table.
fn show(
    mut app: App,
    shared: &Shared,
    records: &RecordArgs,
    every: Duration,
    messages: &Receiver<Message>,
) -> Result<Exit, Failure> {
    let mut terminal = ratatui::try_init().map_err(session::failure)?;
    let ended = watch(&mut terminal, &mut app, shared, every, messages);
    let restored = session::restore(terminal);
    let exit = ended.and_then(|exit| restored.map(|()| exit)).map_err(session::failure)?;
    if let Exit::Ended(_) = exit {
        return Ok(exit);
    }
    print_last(&app)?;
    let totals = shared.totals();
    totals.report_live();
    records.report_assumed(totals.labels.fields(), &totals.counts, totals.timed());
    inspect::report_hint(&totals);
    Ok(if exit == Exit::Done { totals.exit() } else { exit })
}

/// Draws and handles keys until the session ends.
#[expect(clippy::disallowed_methods, reason = "redrawing follows real time")]
fn watch(
    terminal: &mut DefaultTerminal,
    app: &mut App,
    shared: &Shared,
    every: Duration,
    messages: &Receiver<Message>,
) -> io::Result<Exit> {
    let course = |line: &Line, window, parts| shared.feed.course(line, window, parts);
    loop {
        app.show(shared.status_now(), |span| shared.feed.answer(span));
        if app.is_paused {
            // Otherwise a line that is scrolled to later would show newer data.
            app.fill_all(course);
        }
        let start = Instant::now();
        loop {
            terminal.draw(|frame| ui::draw(app, frame, course))?;
            let message = match messages.recv_timeout(every.saturating_sub(start.elapsed())) {
                Ok(message) => message,
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return Ok(Exit::Done),
            };
            let key = match message {
                Message::End(exit) => return Ok(exit),
                Message::KeysFailed(error) => return Err(error),
                Message::Input(Event::Key(key)) => key,
                // The next draw handles anything else, such as a resize.
                Message::Input(_) => continue,
            };
            match app.press(key) {
                Some(Request::Refresh) => break,
                Some(Request::Quit) => return Ok(Exit::Done),
                Some(Request::Interrupt) => return Ok(Exit::Interrupted),
                None => {}
            }
        }
    }
}

/// Prints the last table, and messages about what it does not show.
fn print_last(app: &App) -> Result<(), Failure> {
    output::print(last(app, terminal::columns().unwrap_or(80)))?;
    let status = &app.status;
    if let Some(problem) = app.marks.problem(app.view.lines(), app.figures.unit()) {
        diagnostics::report(format_args!("--mark: {problem}"));
    }
    diagnostics::report_folded(status.folded, app.actions_max);
    if status.refused > 0 {
        let (refused, lines) = (status.refused, status.accepted + status.refused);
        let last = status.refusal.as_deref().unwrap_or_default();
        let (refused, lines) = (grouped(refused), counted(lines, "line"));
        diagnostics::report(format_args!("{refused} of {lines} refused, the last one: {last}"));
    }
    Ok(())
}

/// Formats the rows that fit the terminal, and the number of the others.
fn last(app: &App, columns: usize) -> String {
    let layout = app.layout(columns);
    let mut table = Table::default();
    table.names(Column::Action.title(), &layout.names);
    for numbers in &layout.numbers {
        table.column(numbers.column.title(), &numbers.texts);
    }
    let more = app.view.matches() - layout.names.len();
    let more =
        if more > 0 { format!("… and {} more\n", grouped(more as u64)) } else { "".into() };
    let others = (app.view.lines().len() - app.view.matches()) as u64;
    let filter = app.view.filter();
    let others = match others {
        0 => String::new(),
        _ => format!("… and {} without `{filter}`\n", counted(others, "action")),
    };
    format!("{table}{more}{others}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_table_has_marks_and_says_what_it_leaves_out() {
        let mut app = samples::app(&["p99 > 90"]);
        app.view.resize(1);
        let table = |app: &App| anstream::adapter::strip_str(&last(app, 60)).to_string();
        assert_eq!(
            table(&app),
            "action  count  rate/s    total   share   mean\n\
             ! jump  1,200    20.0  124,820  98.2 %  104.0\n\
             … and 2 more\n"
        );
        app.view.filter_by("hop");
        assert_eq!(
            table(&app),
            "action  count  rate/s  total  share  mean\n\x20 \
             hop      30    0.50  2,250  1.8 %    75\n\
             … and 2 actions without `hop`\n"
        );
    }
}
