//! `windrow top`: the actions of the last while, as they happen.
//!
//! One thread reads and records, another draws and listens to keys; what they share is the tracker
//! and a [`Status`]. The reading thread is never waited for, because it may wait for input itself.

mod batches;
mod draw;
mod feed;
mod follow;
mod screen;

use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anstream::ColorChoice;
use facade::{Entry, Policy, Report, StampKey};
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event};
use ratatui::crossterm::style;
use thiserror::Error;

use crate::exit::Exit;
use crate::fault::{self, Unreadable};
use crate::interrupt::{Ending, Interrupt};
use crate::moment::{self, StampArgs};
use crate::output::{self, Failure};
use crate::source::{self, Source};
use crate::table::Table;

use batches::Batches;
use feed::{By, Feed};
use follow::{Follow, Found};
use screen::{Ask, Column, Line, Screen, Status};

/// Shows the actions of the last while as they happen, in a table that you can sort
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

    /// How far back the table looks
    #[arg(long, value_name = "TIME", default_value = "1m", value_parser = moment::some_time)]
    window: Duration,

    /// How often the table is drawn anew
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = moment::some_time)]
    every: Duration,
}

const EXAMPLES: &str = "\
An action counts from the moment at which it is read, or with --stamp-key from that of its stamp.
Where a file with stamps is read and not followed, the window ends at the latest of them. Of more
than 1,024 actions those that were not met for longest are forgotten.

Keys: q quits, space pauses, the arrows left and right choose the column to sort by, o turns the
order round, - and + choose the window, ? tells all.

Examples:
  windrow top --follow /var/log/service.ndjson
  tail -f service.log | grep checkout | windrow top
  windrow top --window 5m --stamp-key at yesterday.ndjson

Exit codes: 0 done, 1 could not be read, 2 usage, 3 some lines were refused, 130 ended by Ctrl-C,
129 and 143 ended by the system.";

/// How long to wait for more where a file ends, and for a key before looking whether to end.
const WAIT: Duration = Duration::from_millis(250);

/// Why a file is not followed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("Compressed, and a file that is followed has to be plain; without --follow it is read")]
struct NotPlain;

/// What the two threads share.
#[derive(Debug)]
struct Shared {
    feed: Feed,
    status: Mutex<Status>,
}

impl Shared {
    fn status(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read_source(&self, source: Source<'_>, stamp: Option<StampKey>) {
        self.read(source.reader, stamp);
        if source.ignored.any() {
            self.status().note.get_or_insert(source::IGNORED.to_owned());
        }
    }

    /// Reads to the end, which a stream that is followed does not have.
    fn read(&self, stream: impl Read, stamp: Option<StampKey>) {
        let policy = Policy { refusals_kept: 1, stamp, ..Policy::default() };
        let mut batches = Batches::new(stream);
        while !batches.is_over() {
            let mut outside = 0;
            let read = policy.decode_reader(&mut batches, &mut |entry: Entry<'_>| {
                outside += u64::from(!self.feed.add(entry));
            });
            match read {
                Ok(report) => self.note(&report, outside),
                Err(error) => {
                    self.note(&error.report, outside);
                    return self.end(Some(&error.source));
                }
            }
        }
        self.end(None);
    }

    /// There will be no more, perhaps because of a fault.
    fn end(&self, fault: Option<&io::Error>) {
        self.feed.stop();
        let mut status = self.status();
        status.note = fault.map(fault::reason).or_else(|| status.note.take());
        status.is_ended = true;
    }

    fn note(&self, report: &Report, outside: u64) {
        let mut status = self.status();
        status.outside += outside;
        status.accepted += report.accepted;
        status.refused += report.refused;
        if let Some(refusal) = report.refusals.first() {
            status.refusal = Some(refusal.error.to_string());
        }
    }
}

/// A file that is followed, as a reader that waits.
struct Waiting {
    follow: Follow,
    shared: Arc<Shared>,
    /// Nothing is ever sent; waiting for it is waiting until the other end is gone.
    end: Receiver<()>,
}

impl Read for Waiting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let note = match self.follow.look(buffer)? {
                Found::Bytes(read) => return Ok(read),
                Found::CutShort => "the file was cut short and is read from its beginning",
                Found::Replaced => "another file took the name and is read from its beginning",
                Found::Nothing => match self.end.recv_timeout(WAIT) {
                    Err(RecvTimeoutError::Timeout) => continue,
                    _ => return Ok(0),
                },
            };
            self.shared.status().note = Some(note.to_owned());
        }
    }
}

pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    if !io::stdout().is_terminal() {
        fault::tell(
            "top draws on a terminal, and standard output is none\n  \
             `windrow stats` prints a table, `windrow count` a line for each interval",
        );
        return Ok(Exit::Failed);
    }
    let by = match (args.stamp.key().is_some(), args.follow || args.is_stdin()) {
        (false, _) => By::Arrival,
        (true, true) => By::Stamps,
        (true, false) => By::LatestStamp,
    };
    let feed = match Feed::new(args.window, by) {
        Ok(feed) => feed,
        Err(error) => {
            fault::tell(format_args!("--window: {error}"));
            return Ok(Exit::Misused);
        }
    };
    let shared = Arc::new(Shared { feed, status: Mutex::default() });
    let (_end, end) = mpsc::channel();
    let source = match start(args, &shared, end) {
        Ok(source) => source,
        Err(unreadable) => {
            fault::tell(unreadable);
            return Ok(Exit::Failed);
        }
    };
    let mut screen = Screen::new(source, args.window);
    let failure = |error| Failure { name: "the terminal".into(), error };
    let interrupt = Interrupt::install().map_err(failure)?;
    let ending = Ending::install().map_err(failure)?;
    match ColorChoice::global() {
        ColorChoice::Never => style::force_color_output(false),
        ColorChoice::Always | ColorChoice::AlwaysAnsi => style::force_color_output(true),
        ColorChoice::Auto => {} // It looks at NO_COLOR by itself.
    }
    let mut terminal = ratatui::try_init().map_err(failure)?;
    let ended = watch(&mut terminal, &mut screen, &shared, args.every, (&interrupt, &ending));
    ratatui::restore();
    // Of a terminal that was closed everything fails; what is told is why it was left.
    if let Some(signal) = ending.signal() {
        return Ok(Exit::Ended(signal));
    }
    let ask = ended.map_err(failure)?;
    output::print(table(screen.lines()))?;
    Ok(match ask {
        Ask::Interrupt => Exit::Interrupted,
        _ if screen.status.refused > 0 => Exit::Refused,
        _ => Exit::Done,
    })
}

impl Args {
    fn is_stdin(&self) -> bool {
        self.file.as_deref().is_none_or(source::is_stdin)
    }
}

/// Starts reading, and says what is read.
fn start(args: &Args, shared: &Arc<Shared>, end: Receiver<()>) -> Result<String, Unreadable> {
    let path = args.file.as_deref().filter(|path| !source::is_stdin(path));
    let Some(path) = path else {
        let (shared, stamp) = (Arc::clone(shared), args.stamp.key());
        // Opened there, as its first bytes may be long in coming.
        thread::spawn(move || match source::open_unwatched(Path::new("-")) {
            Ok(stdin) => shared.read_source(stdin, stamp),
            Err(error) => shared.end(Some(&error)),
        });
        return Ok(source::STDIN.to_owned());
    };
    let name = source::name(path);
    let unreadable = |error| Unreadable { name: name.clone(), error, lines: 0 };
    if path.is_dir() {
        return Err(unreadable(io::ErrorKind::IsADirectory.into()));
    }
    let (shared, stamp) = (Arc::clone(shared), args.stamp.key());
    if args.follow {
        // Of a pipe, what was looked at would be gone.
        if path.is_file() && source::is_compressed(path) {
            return Err(unreadable(io::Error::new(io::ErrorKind::Unsupported, NotPlain)));
        }
        let from = if stamp.is_some() { follow::From::Beginning } else { follow::From::End };
        let follow = Follow::open(path, from).map_err(unreadable)?;
        let stream = Waiting { follow, shared: Arc::clone(&shared), end };
        thread::spawn(move || shared.read(stream, stamp));
    } else {
        let file = source::open_unwatched(path).map_err(unreadable)?;
        thread::spawn(move || shared.read_source(file, stamp));
    }
    Ok(name)
}

/// Draws and listens until the person has seen enough.
#[expect(clippy::disallowed_methods, reason = "drawing has no clock of ours to follow")]
fn watch(
    terminal: &mut DefaultTerminal,
    screen: &mut Screen,
    shared: &Shared,
    every: Duration,
    (interrupt, ending): (&Interrupt, &Ending),
) -> io::Result<Ask> {
    let series = |line: &Line, window| shared.feed.series(line, window);
    loop {
        screen.show(shared.status().clone(), |window| shared.feed.lines(window));
        if screen.is_paused {
            // Otherwise a line that is scrolled to later would show what happened since.
            screen.fill_all(series);
        }
        let next = Instant::now() + every;
        loop {
            terminal.draw(|frame| draw::draw(screen, frame, series))?;
            let left = next.saturating_duration_since(Instant::now());
            let has_come = event::poll(left.min(WAIT))?;
            // In this mode Ctrl-C is a key like others; the signal comes from another program.
            if interrupt.is_pressed() || ending.signal().is_some() {
                return Ok(Ask::Interrupt);
            }
            if !has_come {
                if left <= WAIT {
                    break;
                }
                continue;
            }
            // Anything else, such as another size, is drawn by the next turn.
            let Event::Key(key) = event::read()? else { continue };
            match screen.press(key) {
                Some(Ask::Look) => break,
                Some(ask) => return Ok(ask),
                None => {}
            }
        }
    }
}

/// What stays on the screen after it was left.
fn table(lines: &[Line]) -> Table {
    let mut table = Table::default();
    for column in Column::ALL {
        table.column(column.name(), column.texts(lines));
    }
    table
}
