//! Batches: the lines of a slice or a reader, on one thread or several.

use std::borrow::Cow;
use std::io::{self, Read};
use std::sync::{Mutex, MutexGuard, PoisonError};

mod blocks;
mod counts;
mod ends;
mod fault;
mod line_end;
mod lines;
mod parallel;
mod plain;
mod records;
mod refusal;
mod refuse;
mod report;
mod sink;
mod start;
mod stream;

pub use counts::Counts;
pub use fault::InputFault;
pub use parallel::threads_within_memory;
pub use refusal::{Refusal, RefusedLine};
pub use report::{ReadError, Report};
pub use sink::{Record, Sink, SkippedRecord};

use blocks::{BUFFER_BYTES, Block, BlockBuf, BlockReader};
use ends::Ends;
use lines::LineDecoder;
use report::ReportBuilder;

use crate::fields::{FieldTypes, Fields};
use crate::input::Form;
use crate::input::form_plan::FormPlan;
use crate::options::DecodeOptions;

impl DecodeOptions {
    /// Decodes the lines of a slice, and passes each record to a sink, in order.
    ///
    /// An invalid line is counted and listed in the report. It does not stop the batch or affect
    /// other lines.
    ///
    /// # Complexity
    ///
    /// Linear in the length of the slice. Allocates for the longest name with escapes, for the
    /// refusals that are kept, and once 100 KiB for lines longer than 128 bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// use codec::{DecodeOptions, Record};
    ///
    /// let lines = b"{\"action\":\"jump\",\"time\":100}\r\n\n{\"action\":\"run\"}\n";
    /// let mut names = Vec::new();
    /// let report = DecodeOptions::default()
    ///     .decode_slice(lines, &mut |record: Record<'_>| names.push(record.name.to_string()));
    /// assert_eq!(names, ["jump"]);
    /// assert_eq!((report.accepted, report.refused, report.blank), (1, 1, 1));
    /// assert_eq!(
    ///     report.refusals[0].to_string(),
    ///     "line 3: key `time` is missing, expected a number (byte 15)"
    /// );
    /// ```
    pub fn decode_slice(&self, input: &[u8], sink: &mut impl Sink) -> Report {
        let (options, mut report) = (self.of_form(), ReportBuilder::new(self.refusals_kept));
        let plan = options.plan();
        let mut form = plan.as_ref().map(|plan| FormPlan::new(&options, plan));
        if let (Some(form), Form::JsonStream) = (&form, &options.input.form) {
            // A slice does not fail.
            let _ = stream::decode(form, input, sink, &mut report);
        } else if let Some(block) = start::of_slice(form.as_mut(), input, &mut report) {
            let mut decoder = LineDecoder::new(&options, form.as_ref());
            let lines = decoder.decode(block, self.refusals_kept, sink);
            report.add(0, block.bytes.len() as u64, lines);
            decoder.finish(&mut report);
        }
        report.finish()
    }

    /// Decodes the lines of a reader, and passes each record to a sink, in order.
    ///
    /// Reads up to 256 KiB per call, so a `BufReader` around the reader does not help. Lines are
    /// decoded as soon as they are read, so that a pipe can be followed.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the reader fails, with the report of the lines before. The line that was
    /// being read is lost. [`ErrorKind::Interrupted`](io::ErrorKind::Interrupted) is retried.
    ///
    /// # Complexity
    ///
    /// Linear in the length of the input. Memory is 360 KiB, or three times the longest line if
    /// that is more; a line above [`input_bytes`](crate::Limits::input_bytes) counts with that
    /// limit.
    ///
    /// # Examples
    ///
    /// ```
    /// use codec::{DecodeOptions, Record};
    ///
    /// let file = b"{\"action\":\"a\",\"time\":100}\n{\"action\":\"a\",\"time\":200}".as_slice();
    /// let mut sum = 0.0;
    /// let report = DecodeOptions::default()
    ///     .decode_reader(file, &mut |record: Record<'_>| sum += record.time.as_f64())?;
    /// assert_eq!((report.accepted, sum), (2, 300.0));
    /// # Ok::<(), codec::ReadError>(())
    /// ```
    pub fn decode_reader(
        &self,
        reader: impl Read,
        sink: &mut impl Sink,
    ) -> Result<Report, ReadError> {
        let (options, mut report) = (self.of_form(), ReportBuilder::new(self.refusals_kept));
        let plan = options.plan();
        let mut form = plan.as_ref().map(|plan| FormPlan::new(&options, plan));
        if let (Some(form), Form::JsonStream) = (&form, &options.input.form) {
            let result = stream::decode(form, reader, sink, &mut report);
            return read_result(report.finish(), result.err());
        }
        let mut blocks = options.blocks(reader);
        match start::of_reader(form.as_mut(), &mut blocks, &mut report) {
            Ok(true) => {}
            Ok(false) => return Ok(report.finish()),
            Err(source) => return read_result(report.finish(), Some(source)),
        }
        let mut decoder = LineDecoder::new(&options, form.as_ref());
        let mut buf = BlockBuf::default();
        let mut failure = None;
        for index in 0.. {
            match blocks.read(&mut buf, &mut |piece| sink.refuse_piece(piece)) {
                Ok(true) => {
                    let lines = decoder.decode(buf.block(), report.refusals_wanted(), sink);
                    report.add(index, buf.bytes_read(), lines);
                }
                Ok(false) => break,
                Err(source) => {
                    failure = Some(source);
                    break;
                }
            }
        }
        decoder.finish(&mut report);
        read_result(report.finish(), failure)
    }

    /// Decodes the lines of a slice on as many threads as there are sinks.
    ///
    /// Each thread has its own sink, and decodes some thousand lines at a time. Which sink accepts
    /// which record depends on scheduling; the report does not. Line numbers are those of the whole
    /// input. Without a sink nothing is decoded, and the report is empty.
    ///
    /// The calling thread is one of the threads. If the system cannot start the others, fewer
    /// threads decode everything, and some sinks receive nothing.
    ///
    /// # Panics
    ///
    /// If a sink panics, after all threads have finished.
    ///
    /// # Examples
    ///
    /// ```
    /// use codec::{DecodeOptions, Record, Sink};
    ///
    /// #[derive(Default)]
    /// struct Sum(f64);
    ///
    /// impl Sink for Sum {
    ///     fn accept(&mut self, record: Record<'_>) {
    ///         self.0 += record.time.as_f64();
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
        let Some(first) = sinks.first_mut() else { return Report::default() };
        let (options, mut report) = (self.of_form(), ReportBuilder::new(self.refusals_kept));
        if options.input.form == Form::JsonStream {
            return options.decode_slice(input, first);
        }
        let plan = options.plan();
        let mut form = plan.as_ref().map(|plan| FormPlan::new(&options, plan));
        let Some(rest) = start::of_slice(form.as_mut(), input, &mut report) else {
            return report.finish();
        };
        let ends = Ends::new(&options.input);
        let slice = SliceBlocks { input: rest.bytes, offset: rest.offset, ends };
        let decoder = || LineDecoder::new(&options, form.as_ref());
        let (report, _) = par_decode(slice, decoder, report, sinks, |slice, block, _| {
            *block = SliceBlocks::next(slice);
            Ok(block.is_some())
        });
        report
    }

    /// Decodes the lines of a reader on as many threads as there are sinks.
    ///
    /// Works as [`par_decode_slice`](Self::par_decode_slice). One thread reads at a time, while the
    /// others decode the blocks they have read.
    ///
    /// # Errors
    ///
    /// The errors of [`decode_reader`](Self::decode_reader).
    ///
    /// # Panics
    ///
    /// If a sink panics, after all threads have finished.
    ///
    /// # Complexity
    ///
    /// Each thread uses the memory of [`decode_reader`](Self::decode_reader).
    ///
    /// # Examples
    ///
    /// ```
    /// use codec::{DecodeOptions, Record};
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
        let Some(first) = sinks.first_mut() else { return Ok(Report::default()) };
        let (options, mut report) = (self.of_form(), ReportBuilder::new(self.refusals_kept));
        if options.input.form == Form::JsonStream {
            return options.decode_reader(reader, first);
        }
        let plan = options.plan();
        let mut form = plan.as_ref().map(|plan| FormPlan::new(&options, plan));
        let mut blocks = options.blocks(reader);
        match start::of_reader(form.as_mut(), &mut blocks, &mut report) {
            Ok(true) => {}
            Ok(false) => return Ok(report.finish()),
            Err(source) => return read_result(report.finish(), Some(source)),
        }
        let decoder = || LineDecoder::new(&options, form.as_ref());
        let next = |blocks: &mut BlockReader<_>, buf: &mut BlockBuf, sink: &mut S| {
            blocks.read(buf, &mut |piece| sink.refuse_piece(piece))
        };
        let (report, failure) = par_decode(blocks, decoder, report, sinks, next);
        read_result(report, failure)
    }

    /// Returns the options that the form of the input needs.
    fn of_form(&self) -> Cow<'_, Self> {
        if self.input.is_flat() && self.fields.types == FieldTypes::Strict {
            // All fields are texts, so that no value would be a number.
            let fields = Fields { types: FieldTypes::Any, ..self.fields.clone() };
            return Cow::Owned(Self { fields, ..self.clone() });
        }
        Cow::Borrowed(self)
    }

    fn blocks<R: Read>(&self, reader: R) -> BlockReader<R> {
        let ends = Ends::new(&self.input);
        BlockReader::new(reader, BUFFER_BYTES, self.limits.input_bytes, ends)
    }
}

/// Decodes on several threads the blocks that `next` gets from a source, one thread at a time.
fn par_decode<'p, T, B, S>(
    source: T,
    decoder: impl Fn() -> LineDecoder<'p> + Sync,
    report: ReportBuilder,
    sinks: &mut [S],
    next: impl Fn(&mut T, &mut B, &mut S) -> io::Result<bool> + Sync,
) -> (Report, Option<io::Error>)
where
    T: Send,
    B: AsBlock + Default,
    S: Sink + Send,
{
    let queue = Mutex::new(Queue { source, taken: 0, failure: None });
    let report = Mutex::new(report);
    parallel::share(sinks, |sink: &mut S| {
        let (mut decoder, mut block) = (decoder(), B::default());
        loop {
            let got = lock(&queue).get(|source| next(source, &mut block, sink));
            let Some(index) = got else { break };
            let wanted = lock(&report).refusals_wanted();
            let lines = decoder.decode(block.block(), wanted, sink);
            lock(&report).add(index, block.bytes_read(), lines);
        }
        decoder.finish(&mut lock(&report));
    });
    let report = report.into_inner().unwrap_or_else(PoisonError::into_inner);
    let queue = queue.into_inner().unwrap_or_else(PoisonError::into_inner);
    (report.finish(), queue.failure)
}

fn read_result(report: Report, failure: Option<io::Error>) -> Result<Report, ReadError> {
    match failure {
        None => Ok(report),
        Some(source) => Err(ReadError { report: report.into(), source }),
    }
}

/// A source of blocks that threads read from one at a time.
struct Queue<T> {
    source: T,
    /// The number of blocks taken so far.
    taken: u64,
    failure: Option<io::Error>,
}

impl<T> Queue<T> {
    /// Gets the next block, and returns its index. Returns `None` at the end and after a failure.
    fn get(&mut self, next: impl FnOnce(&mut T) -> io::Result<bool>) -> Option<u64> {
        if self.failure.is_some() {
            return None;
        }
        match next(&mut self.source) {
            Ok(true) => {
                self.taken += 1;
                Some(self.taken - 1)
            }
            Ok(false) => None,
            Err(error) => {
                self.failure = Some(error);
                None
            }
        }
    }
}

/// Locks a mutex, poisoned or not: the thread scope propagates the panic that poisoned it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The storage of one block of a thread.
trait AsBlock {
    fn block(&self) -> Block<'_>;

    /// Returns the number of input bytes in the block.
    fn bytes_read(&self) -> u64;
}

impl AsBlock for BlockBuf {
    fn block(&self) -> Block<'_> {
        self.block()
    }

    fn bytes_read(&self) -> u64 {
        self.bytes_read()
    }
}

impl AsBlock for Option<Block<'_>> {
    fn block(&self) -> Block<'_> {
        self.unwrap_or(Block { offset: 0, bytes: &[], cut_from: None })
    }

    fn bytes_read(&self) -> u64 {
        self.block().bytes.len() as u64
    }
}

/// The rest of a slice, as blocks of whole records.
struct SliceBlocks<'i> {
    input: &'i [u8],
    offset: u64,
    ends: Ends,
}

impl<'i> SliceBlocks<'i> {
    fn next(&mut self) -> Option<Block<'i>> {
        self.ends.start();
        let (near, far) = self.input.split_at(self.input.len().min(BUFFER_BYTES));
        let end = self.ends.last(near).or_else(|| Some(near.len() + self.ends.first(far)?));
        let (bytes, rest) = self.input.split_at(end.unwrap_or(self.input.len()));
        let block = Block { offset: self.offset, bytes, cut_from: None };
        (self.input, self.offset) = (rest, self.offset + bytes.len() as u64);
        (!bytes.is_empty()).then_some(block)
    }
}
