//! `windrow top`: statistics of recent actions, as they happen.
//!
//! One thread reads and records, another draws; what they share is the tracker and a [`Status`].
//! The main thread waits for neither, as each may wait for ever: see [`session`].

mod app;
mod batches;
mod columns;
mod feed;
mod read;
mod session;
mod tail;
mod ui;

#[cfg(unix)]
use std::fs::File;
use std::io::{self, IsTerminal};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use anstream::ColorChoice;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::Event;
use ratatui::crossterm::style;

use crate::diagnostics;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input::source;
use crate::output;
use crate::output::render::grouped;
use crate::output::table::Table;
use crate::terminal;
use crate::timestamps::{self, StampArgs};

use app::{App, Request, Span};
use columns::{Column, Line};
use feed::{Feed, TimeSource};
use read::Shared;
use session::Message;

/// Shows statistics of recent actions as they happen, in a table that you can sort
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// A file of actions, one JSON object per line, also as gzip or zstd; `-` or none is standard
    /// input
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,

    /// Go on where the file ends, also if it is cut short or replaced
    ///
    /// Begins at the end of the file, as what is in it did not happen now; with --stamp-key at its
    /// beginning. The file has to be plain: one that is compressed has an end.
    #[arg(long, short)]
    follow: bool,

    #[command(flatten)]
    stamp: StampArgs,

    /// Show the statistics of the past TIME
    #[arg(long, value_name = "TIME", default_value = "1m", value_parser = timestamps::some_time)]
    window: Duration,

    /// Draw the table every TIME
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = timestamps::some_time)]
    every: Duration,

    /// Keep N actions apart; count those beyond together, as `(other)`
    #[arg(long, value_name = "N", default_value = "4096")]
    max_actions: NonZero<usize>,
}

const EXAMPLES: &str = "\
An action counts from the moment at which it is read, or with --stamp-key from that of its stamp.
Where a file with stamps is read and not followed, the window ends at the latest of them. A file
without stamps that is not followed has no times: all of it is shown, without rates.

Lines come from a file or a pipe, keys from the terminal: q quits, space pauses, the arrows left and
right choose the column to sort by, o reverses the order, - and + choose the window, ? shows all
keys.

Examples:
  windrow top --follow /var/log/service.ndjson
  tail -f service.log | grep checkout | windrow top
  windrow top --window 5m --stamp-key at yesterday.ndjson

Exit codes: 0 done, 1 could not be read, 2 usage, 3 some lines were refused, 130 ended by Ctrl-C,
129 terminal closed, 143 ended by the system.";

pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    if !terminal::can_redraw(&io::stdout()) {
        diagnostics::report(
            "standard output is not a terminal that top can draw on\n  \
             `windrow stats` prints a table, `windrow count` a line for each interval",
        );
        return Ok(Exit::Failed);
    }
    if args.is_typed() {
        diagnostics::report(
            "top reads keys from the terminal, so lines cannot come from it\n  \
             name a file, as in `windrow top --follow service.log`, or pipe lines into it, as in \
             `tail -f service.log | windrow top`",
        );
        return Ok(Exit::Misused);
    }
    let time_source = args.time_source();
    let feed = match Feed::new(args.window, args.max_actions, time_source) {
        Ok(feed) => feed,
        Err(error) => {
            diagnostics::report(error);
            return Ok(Exit::Misused);
        }
    };
    let note = (time_source == TimeSource::Nothing).then_some("no rates without --stamp-key");
    let shared = Arc::new(Shared::new(feed, note));
    let (_end, end) = mpsc::channel();
    let source = match read::start(args, &shared, end) {
        Ok(source) => source,
        Err(unreadable) => {
            diagnostics::report(unreadable);
            return Ok(Exit::Failed);
        }
    };
    let span =
        if time_source == TimeSource::Nothing { Span::Whole } else { Span::Last(args.window) };
    let app = App::new(source, span, args.max_actions.get());
    match ColorChoice::global() {
        ColorChoice::Never => style::force_color_output(false),
        ColorChoice::Always | ColorChoice::AlwaysAnsi => style::force_color_output(true),
        ColorChoice::Auto => {} // It looks at NO_COLOR by itself.
    }
    let every = args.every;
    session::run(move |messages| show(app, &shared, every, messages))
}

impl Args {
    /// Returns the path of the file, unless standard input is read.
    fn path(&self) -> Option<&Path> {
        self.file.as_deref().filter(|path| !source::is_stdin(path))
    }

    /// Returns whether the input is a terminal, where keys and lines could not be told apart.
    fn is_typed(&self) -> bool {
        self.path().map_or_else(|| io::stdin().is_terminal(), is_terminal)
    }

    /// Chooses the time of the actions.
    fn time_source(&self) -> TimeSource {
        let is_file = match self.path() {
            Some(path) => path.is_file() && !self.follow,
            None => Path::new("/dev/stdin").is_file(),
        };
        match (self.stamp.key().is_some(), is_file) {
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

    // A pipe is not opened to look at it: what it has would be gone.
    let is_device = path.metadata().is_ok_and(|file| file.file_type().is_char_device());
    is_device && File::open(path).is_ok_and(|file| file.is_terminal())
}

#[cfg(not(unix))]
fn is_terminal(_: &Path) -> bool {
    false
}

/// Draws and handles keys until the session ends, and prints the last table.
fn show(
    mut app: App,
    shared: &Shared,
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
    Ok(if exit == Exit::Done && app.status.refused > 0 { Exit::Refused } else { exit })
}

/// Draws and handles keys until the session ends.
#[expect(clippy::disallowed_methods, reason = "drawing has no clock of ours to follow")]
fn watch(
    terminal: &mut DefaultTerminal,
    app: &mut App,
    shared: &Shared,
    every: Duration,
    messages: &Receiver<Message>,
) -> io::Result<Exit> {
    let series = |line: &Line, window| shared.feed.series(line, window);
    loop {
        app.show(shared.status_now(), |span| shared.feed.lines(span));
        if app.is_paused {
            // Otherwise a line that is scrolled to later would show what happened since.
            app.fill_all(series);
        }
        let start = Instant::now();
        loop {
            terminal.draw(|frame| ui::draw(app, frame, series))?;
            let message = match messages.recv_timeout(every.saturating_sub(start.elapsed())) {
                Ok(message) => message,
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return Ok(Exit::Done),
            };
            let key = match message {
                Message::End(exit) => return Ok(exit),
                Message::Deaf(error) => return Err(error),
                Message::Input(Event::Key(key)) => key,
                // Anything else, such as another size, is drawn by the next turn.
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

/// Prints what the screen showed last, and what it did not show.
fn print_last(app: &App) -> Result<(), Failure> {
    output::print(last(app, terminal::columns().unwrap_or(80)))?;
    let status = &app.status;
    diagnostics::report_folded(status.folded, app.actions_max);
    if status.refused > 0 {
        let (refused, lines) = (status.refused, status.accepted + status.refused);
        let last = status.refusal.as_deref().unwrap_or_default();
        let (refused, lines) = (grouped(refused), grouped(lines));
        diagnostics::report(format_args!("{refused} of {lines} lines refused, the last: {last}"));
    }
    Ok(())
}

/// Formats the lines that fit the terminal, and the number of the others.
fn last(app: &App, columns: usize) -> String {
    let layout = app.layout(columns);
    let mut table = Table::default();
    table.names(Column::Action.name(), &layout.names);
    for numbers in &layout.numbers {
        table.column(numbers.column.name(), &numbers.texts);
    }
    let more = app.lines().len() - layout.names.len();
    let more =
        if more > 0 { format!("… and {} more\n", grouped(more as u64)) } else { "".into() };
    format!("{table}{more}")
}
