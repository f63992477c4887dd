//! The trait that receives the records of a batch.

use core_actions::{ActionTime, KeyedName};
use core_time::Stamp;

use super::refusal::RefusedLine;
use crate::fields::Skip;

/// One decoded action of a batch, borrowed from its line.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Record<'a> {
    /// The valid [name](crate::ActionName) of the action, with its hash key computed.
    pub name: KeyedName<'a>,
    /// The time of the action, in the unit of the input.
    pub time: ActionTime,
    /// Whether the time was written with a unit, such as `12.3ms`.
    ///
    /// Without [`Fields::unit`](crate::Fields::unit), such a time is in seconds, and a number alone
    /// in the unit of the input. The two cannot be added.
    pub has_unit: bool,
    /// The time at which it happened, if [`Fields::timestamp`](crate::Fields::timestamp) names a
    /// field and the record has it.
    pub stamp: Option<Stamp>,
    /// The offset of its line in the input, in bytes.
    pub offset: u64,
}

/// A skipped record that is passed to a [`Sink`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SkippedRecord<'a> {
    /// The record without its line end.
    pub bytes: &'a [u8],
    /// The offset of the record in the input, in bytes.
    pub offset: u64,
    /// The reason.
    pub reason: Skip,
}

/// Receives the records of a batch.
///
/// Every closure `FnMut(Record<'_>)` is a sink.
pub trait Sink {
    /// Accepts one record.
    fn accept(&mut self, record: Record<'_>);

    /// Receives a refused line.
    ///
    /// Does nothing by default. The first refusals are also in the [`Report`](crate::Report).
    #[inline]
    fn refuse(&mut self, line: RefusedLine<'_>) {
        let _ = line;
    }

    /// Receives a skipped record.
    ///
    /// Does nothing by default. The report counts skipped records by reason.
    ///
    /// # Examples
    ///
    /// ```
    /// use codec::{DecodeOptions, Fields, Record, Sink, Skip, SkippedRecord};
    ///
    /// #[derive(Default)]
    /// struct Skipped(Vec<(u64, Skip)>);
    ///
    /// impl Sink for Skipped {
    ///     fn accept(&mut self, _: Record<'_>) {}
    ///
    ///     fn skip(&mut self, record: SkippedRecord<'_>) {
    ///         self.0.push((record.offset, record.reason));
    ///     }
    /// }
    ///
    /// let options = DecodeOptions { fields: Fields::any(), ..DecodeOptions::default() };
    /// let lines = b"{\"action\":\"jump\",\"time\":1}\n{\"msg\":\"started\"}\n";
    /// let mut skipped = Skipped::default();
    /// let report = options.decode_slice(lines, &mut skipped);
    /// assert_eq!((report.accepted, report.skipped, report.refused), (1, 1, 0));
    /// assert_eq!(skipped.0, [(27, Skip::NoName)]);
    /// ```
    #[inline]
    fn skip(&mut self, record: SkippedRecord<'_>) {
        let _ = record;
    }

    /// Receives the next piece of a refused line that is too long to buffer.
    ///
    /// Called for a line from a reader, or an object of a stream, that is longer than
    /// [`input_bytes`](crate::Limits::input_bytes). The pieces come in order, are not mixed with
    /// those of other lines, and hold the whole line without its line end. Then
    /// [`refuse`](Self::refuse) is called with the start of the line, which
    /// [is not whole](RefusedLine::is_whole). If the reader fails within the line, that call does
    /// not follow. Does nothing by default.
    ///
    /// # Concurrency
    ///
    /// The reader is locked during the call, so other threads wait for their next block.
    ///
    /// # Examples
    ///
    /// ```
    /// use codec::{DecodeOptions, Limits, Record, RefusedLine, Sink};
    ///
    /// #[derive(Default)]
    /// struct Refused(Vec<u8>);
    ///
    /// impl Sink for Refused {
    ///     fn accept(&mut self, _: Record<'_>) {}
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
    /// let options = DecodeOptions { limits, ..DecodeOptions::default() };
    /// let lines = format!("{}\r\n[]\n", "x".repeat(1_000_000));
    /// let mut refused = Refused::default();
    /// options.decode_reader(lines.as_bytes(), &mut refused)?;
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
    fn accept(&mut self, record: Record<'_>) {
        self(record);
    }
}
