//! Many lines at once: of a slice or a reader, on one thread or several.

use std::io::{self, Read};
use std::sync::{Mutex, MutexGuard, PoisonError};

use core_actions::{ActionTime, KeyedName};
use core_time::{Stamp, counted};
use memchr::memchr;
use thiserror::Error;

use crate::blocks::{BUFFER_BYTES, Blocks, Room};
use crate::ledger::Ledger;
use crate::lines::{Block, Lines};
use crate::parallel;
use crate::policy::DecodeOptions;
use crate::refusal::{Refusal, RefusedLine};

/// An action of a batch, lent to whoever takes it.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Record<'a> {
    /// What was done: a valid [name](crate::ActionName), as quick to look up as can be.
    pub name: KeyedName<'a>,
    /// How long it took, in the unit of whoever counts.
    pub time: ActionTime,
    /// When it happened, if the [options](DecodeOptions::stamp) name a key for that and the line
    /// has it.
    pub stamp: Option<Stamp>,
    /// Where its line begins in the input, in bytes.
    pub offset: u64,
}

/// Takes the actions of a batch.
///
/// Every closure that takes an [`Record`] is one.
pub trait Sink {
    /// Takes one action.
    fn take(&mut self, entry: Record<'_>);

    /// Receives a refused line. Does nothing by default; the report has the first ones.
    #[inline]
    fn refuse(&mut self, line: RefusedLine<'_>) {
        let _ = line;
    }

    /// Receives the next piece of a refused line that is too long to be in memory as a whole.
    ///
    /// That is a line above [`input_bytes`](crate::Limits::input_bytes) which comes from a reader.
    /// Its pieces come in order, without those of other lines between them, and have all of its
    /// bytes but its end. Then [`refuse`](Self::refuse) is called with the beginning of the line,
    /// which [is not whole](RefusedLine::is_whole). A reader that fails within the line leaves it
    /// without that call. Does nothing by default.
    ///
    /// # Concurrency
    ///
    /// The reader is locked meanwhile, so that other threads have to wait for more to decode.
    ///
    /// # Examples
    ///
    /// ```
    /// use codec::{Record, Limits, DecodeOptions, RefusedLine, Sink};
    ///
    /// #[derive(Default)]
    /// struct Refused(Vec<u8>);
    ///
    /// impl Sink for Refused {
    ///     fn take(&mut self, _: Record<'_>) {}
    ///
    ///     fn refuse_piece(&mut self, piece: &[u8]) {
    ///         self.0.extend_from_slice(piece);
    ///     }
    ///
    ///     fn refuse(&mut self, line: RefusedLine<'_>) {
    ///         if line.is_whole() {
    ///             self.0.extend_from_slice(line.bytes);
    ///         }
    ///         self.0.push(b'\n');
    ///     }
    /// }
    ///
    /// let limits = Limits { input_bytes: 1_000, ..Limits::default() };
    /// let policy = DecodeOptions { limits, ..DecodeOptions::default() };
    /// let lines = format!("{}\r\n[]\n", "x".repeat(1_000_000));
    /// let mut refused = Refused::default();
    /// policy.decode_reader(lines.as_bytes(), &mut refused)?;
    /// assert_eq!(refused.0, lines.replace('\r', "").as_bytes());
    /// # Ok::<(), codec::ReadError>(())
    /// ```
    #[inline]
    fn refuse_piece(&mut self, piece: &[u8]) {
        let _ = piece;
    }
}

impl<F: FnMut(Record<'_>)> Sink for F {
    #[inline]
    fn take(&mut self, entry: Record<'_>) {
        self(entry);
    }
}

/// What became of the lines of a batch.
///
/// A line ends with `\n` or `\r\n`, or where the input does; nothing after the last end is no line.
/// A line of white space alone is blank. Every line is exactly one of accepted, dropped, refused
/// and blank.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Report {
    /// Lines that were handed on as actions.
    pub accepted: u64,
    /// Lines that are actions but were not kept, because what they were handed on to was full.
    ///
    /// Always 0 here: a sink may keep less than it is handed, and its owner moves the number from
    /// [`accepted`](Self::accepted).
    pub dropped: u64,
    /// Lines that are no actions.
    pub refused: u64,
    /// Lines without anything in them.
    pub blank: u64,
    /// How many bytes there were.
    pub bytes: u64,
    /// The first refusals in the order of their lines, as many as
    /// [`refusals_kept`](DecodeOptions::refusals_kept) allows.
    pub refusals: Vec<Refusal>,
}

impl Report {
    /// How many lines there were.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.accepted + self.dropped + self.refused + self.blank
    }
}

/// A batch ended before its input, because that could not be read.
#[derive(Debug, Error)]
#[error("input could not be read after {}", counted(report.lines(), "line"))]
pub struct ReadError {
    /// What became of the whole lines before that. They were handed on.
    pub report: Box<Report>,
    /// What the reader said.
    pub source: io::Error,
}

/// How much of a slice a thread takes at once.
const SHARE_BYTES: usize = BUFFER_BYTES;

impl DecodeOptions {
    /// Decodes the lines of a slice, and hands each action to a sink, in order.
    ///
    /// A bad line is noted and never stops or shifts the others.
    ///
    /// # Complexity
    ///
    /// Linear in the length of the slice. Allocates for the longest name with escapes, and for the
    /// refusals that are kept.
    ///
    /// # Examples
    ///
    /// ```
    /// use codec::{Record, DecodeOptions};
    ///
    /// let lines = b"{\"action\":\"jump\",\"time\":100}\r\n\n{\"action\":\"run\"}\n";
    /// let mut names = Vec::new();
    /// let report = DecodeOptions::default()
    ///     .decode_slice(lines, &mut |entry: Record<'_>| names.push(entry.name.to_string()));
    /// assert_eq!(names, ["jump"]);
    /// assert_eq!((report.accepted, report.refused, report.blank), (1, 1, 1));
    /// assert_eq!(
    ///     report.refusals[0].to_string(),
    ///     "line 3: key `time` is missing, expected a number (byte 15)"
    /// );
    /// ```
    pub fn decode_slice(&self, input: &[u8], sink: &mut impl Sink) -> Report {
        let block = Block { offset: 0, bytes: input, cut_from: None };
        let mut ledger = Ledger::new(self.refusals_kept);
        let tally = Lines::new(self).decode(block, self.refusals_kept, sink);
        ledger.enter(0, input.len() as u64, tally);
        ledger.close()
    }

    /// Decodes the lines that a reader gives, and hands each action to a sink, in order.
    ///
    /// The reader is asked for 256 KiB at once; a buffer around it is of no use. Lines are handed
    /// on as soon as they were read, so that a pipe may be followed.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the reader fails, with what became of the lines before. The line that was
    /// being read is lost. A reader that was interrupted is asked again.
    ///
    /// # Complexity
    ///
    /// Linear in the length of the input. Memory is 256 KiB, or three times the longest line if
    /// that is more; one above [`input_bytes`](crate::Limits::input_bytes) counts with that limit.
    ///
    /// # Examples
    ///
    /// ```
    /// use codec::{Record, DecodeOptions};
    ///
    /// let file = b"{\"action\":\"a\",\"time\":100}\n{\"action\":\"a\",\"time\":200}".as_slice();
    /// let mut sum = 0.0;
    /// let report = DecodeOptions::default()
    ///     .decode_reader(file, &mut |entry: Record<'_>| sum += entry.time.as_f64())?;
    /// assert_eq!((report.accepted, sum), (2, 300.0));
    /// # Ok::<(), codec::ReadError>(())
    /// ```
    pub fn decode_reader(
        &self,
        reader: impl Read,
        sink: &mut impl Sink,
    ) -> Result<Report, ReadError> {
        let mut blocks = Blocks::new(reader, BUFFER_BYTES, self.limits.input_bytes);
        let (mut lines, mut room) = (Lines::new(self), Room::default());
        let mut ledger = Ledger::new(self.refusals_kept);
        for index in 0.. {
            match blocks.read(&mut room, &mut |piece| sink.refuse_piece(piece)) {
                Ok(true) => {
                    let tally = lines.decode(room.block(), ledger.room(), sink);
                    ledger.enter(index, room.bytes_read(), tally);
                }
                Ok(false) => break,
                Err(source) => return Err(ReadError { report: ledger.close().into(), source }),
            }
        }
        Ok(ledger.close())
    }

    /// Decodes the lines of a slice on as many threads as there are sinks.
    ///
    /// Each thread has a sink of its own, and takes a share of some thousand lines at a time. Which
    /// sink gets which action is left to chance; the report does not depend on it. Line numbers
    /// are those of the whole input.
    ///
    /// The calling thread is one of them. Where the system cannot start the others, fewer threads
    /// decode everything, and some sinks get nothing.
    ///
    /// Without any sink nothing is decoded, and the report is empty.
    ///
    /// # Panics
    ///
    /// If a sink does, when all threads are done.
    ///
    /// # Examples
    ///
    /// ```
    /// use codec::{Record, DecodeOptions, Sink};
    ///
    /// #[derive(Default)]
    /// struct Sum(f64);
    ///
    /// impl Sink for Sum {
    ///     fn take(&mut self, entry: Record<'_>) {
    ///         self.0 += entry.time.as_f64();
    ///     }
    /// }
    ///
    /// let lines = "{\"action\":\"jump\",\"time\":1}\n".repeat(50_000);
    /// let mut sums = [Sum::default(), Sum::default()];
    /// let report = DecodeOptions::default().par_decode_slice(lines.as_bytes(), &mut sums);
    /// assert_eq!(report.accepted, 50_000);
    /// assert_eq!(sums.iter().map(|sum| sum.0).sum::<f64>(), 50_000.0);
    /// ```
    pub fn par_decode_slice<S: Sink + Send>(&self, input: &[u8], sinks: &mut [S]) -> Report {
        let shares = Shares { input, offset: 0 };
        let (report, _) = self.among(shares, sinks, |shares: &mut Shares<'_>, block, _| {
            *block = shares.next();
            Ok(block.is_some())
        });
        report
    }

    /// Decodes the lines that a reader gives on as many threads as there are sinks.
    ///
    /// As [`par_decode_slice`](Self::par_decode_slice). One thread reads at a time, while the
    /// others decode what they have read.
    ///
    /// # Errors
    ///
    /// As [`decode_reader`](Self::decode_reader).
    ///
    /// # Panics
    ///
    /// If a sink does, when all threads are done.
    ///
    /// # Complexity
    ///
    /// Memory as of [`decode_reader`](Self::decode_reader), for each thread.
    ///
    /// # Examples
    ///
    /// ```
    /// use codec::{Record, DecodeOptions};
    ///
    /// let file = b"{\"action\":\"jump\",\"time\":100}\n{\"action\":\"jump\"}".as_slice();
    /// let mut sinks = [|_: Record<'_>| {}; 2];
    /// let report = DecodeOptions::default().par_decode_reader(file, &mut sinks)?;
    /// assert_eq!((report.accepted, report.refusals[0].line), (1, 2));
    /// # Ok::<(), codec::ReadError>(())
    /// ```
    pub fn par_decode_reader<S: Sink + Send>(
        &self,
        reader: impl Read + Send,
        sinks: &mut [S],
    ) -> Result<Report, ReadError> {
        let blocks = Blocks::new(reader, BUFFER_BYTES, self.limits.input_bytes);
        let (report, failure) =
            self.among(blocks, sinks, |blocks, room: &mut Room, sink: &mut S| {
                blocks.read(room, &mut |piece| sink.refuse_piece(piece))
            });
        match failure {
            None => Ok(report),
            Some(source) => Err(ReadError { report: report.into(), source }),
        }
    }

    /// Decodes on several threads what `next` takes from a source, one thread at a time.
    fn among<T, B, S>(
        &self,
        source: T,
        sinks: &mut [S],
        next: impl Fn(&mut T, &mut B, &mut S) -> io::Result<bool> + Sync,
    ) -> (Report, Option<io::Error>)
    where
        T: Send,
        B: Share + Default,
        S: Sink + Send,
    {
        let shared = Mutex::new(Shared { source, taken: 0, failure: None });
        let ledger = Mutex::new(Ledger::new(self.refusals_kept));
        let work = |sink: &mut S| {
            let (mut lines, mut share) = (Lines::new(self), B::default());
            loop {
                let index = {
                    let mut shared = lock(&shared);
                    let Shared { source, taken, failure } = &mut *shared;
                    if failure.is_some() {
                        break;
                    }
                    match next(source, &mut share, sink) {
                        Ok(true) => *taken += 1,
                        Ok(false) => break,
                        Err(error) => {
                            *failure = Some(error);
                            break;
                        }
                    }
                    *taken - 1
                };
                let room = lock(&ledger).room();
                let tally = lines.decode(share.block(), room, sink);
                lock(&ledger).enter(index, share.bytes_read(), tally);
            }
        };
        parallel::share(sinks, work);
        let ledger = ledger.into_inner().unwrap_or_else(PoisonError::into_inner);
        let shared = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
        (ledger.close(), shared.failure)
    }
}

/// What threads take from, one at a time.
struct Shared<T> {
    source: T,
    /// How many blocks were taken so far.
    taken: u64,
    failure: Option<io::Error>,
}

/// A lock that a panic left behind is taken all the same: whoever panicked is told of by the scope.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a thread works on at a time.
trait Share {
    fn block(&self) -> Block<'_>;

    /// How many bytes of the input it is.
    fn bytes_read(&self) -> u64;
}

impl Share for Room {
    fn block(&self) -> Block<'_> {
        self.block()
    }

    fn bytes_read(&self) -> u64 {
        self.bytes_read()
    }
}

impl Share for Option<Block<'_>> {
    fn block(&self) -> Block<'_> {
        self.unwrap_or(Block { offset: 0, bytes: &[], cut_from: None })
    }

    fn bytes_read(&self) -> u64 {
        self.block().bytes.len() as u64
    }
}

/// The shares of a slice that are not taken yet.
struct Shares<'i> {
    input: &'i [u8],
    offset: u64,
}

impl<'i> Shares<'i> {
    fn next(&mut self) -> Option<Block<'i>> {
        let least = self.input.len().min(SHARE_BYTES);
        let end = memchr(b'\n', &self.input[least..]).map_or(self.input.len(), |at| least + at + 1);
        let (bytes, rest) = self.input.split_at(end);
        let block = Block { offset: self.offset, bytes, cut_from: None };
        (self.input, self.offset) = (rest, self.offset + end as u64);
        (end > 0).then_some(block)
    }
}
