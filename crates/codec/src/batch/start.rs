//! The start of an input: a byte order mark, and the first row of CSV.

use std::io::{self, Read};

use super::blocks::{Block, BlockReader};
use super::report::ReportBuilder;
#[cfg(feature = "csv")]
use super::{blocks::BlockBuf, fault::InputFault};
#[cfg(feature = "csv")]
use crate::input::csv::{Columns, CsvOptions, LayoutError, RowEnds, lone_return};
use crate::input::detect::MARK;
use crate::input::form_plan::FormPlan;

/// Returns what follows the start of a slice, or `None` if it has a fault.
pub(super) fn of_slice<'i>(
    form: Option<&mut FormPlan<'_>>,
    input: &'i [u8],
    report: &mut ReportBuilder,
) -> Option<Block<'i>> {
    let start = if input.starts_with(MARK) { MARK.len() } else { 0 };
    #[cfg(feature = "csv")]
    let mut start = start;
    #[cfg(feature = "csv")]
    if let Some((form, options)) = form.and_then(|form| form.csv().map(|options| (form, options))) {
        match FirstRow::find(&input[start..], options) {
            Some(row) if row.decide(form, options, report) => {
                start += row.len_before(options);
                report.skip(row.lines_before(options), 0);
            }
            Some(_) => return None,
            // As by a reader: blank rows before the first row are not records.
            None => start = input.len(),
        }
    }
    #[cfg(not(feature = "csv"))]
    let _ = form;
    report.skip(0, start as u64);
    Some(Block { offset: start as u64, bytes: &input[start..], cut_from: None })
}

/// Reads the start of a reader. Returns whether the rest can be decoded.
pub(super) fn of_reader<R: Read>(
    form: Option<&mut FormPlan<'_>>,
    blocks: &mut BlockReader<R>,
    report: &mut ReportBuilder,
) -> io::Result<bool> {
    #[cfg(feature = "csv")]
    if let Some((form, options)) = form.and_then(|form| form.csv().map(|options| (form, options))) {
        if let Columns::Named(_) = options.columns {
            return Ok(FirstRow::UNREAD.decide(form, options, report));
        }
        let mut buf = BlockBuf::default();
        while blocks.read(&mut buf, &mut |_| {})? {
            let block = buf.block();
            if block.cut_from.is_some() {
                report.end(InputFault::HeaderTooLong { max: form.options.limits.input_bytes });
                return Ok(false);
            }
            let Some(row) = FirstRow::find(block.bytes, options) else {
                report.skip(line_ends(block.bytes), buf.bytes_read());
                continue;
            };
            if !row.decide(form, options, report) {
                return Ok(false);
            }
            let len = row.len_before(options);
            let rest = (block.bytes.len() - len) as u64;
            report.skip(row.lines_before(options), buf.bytes_read() - rest);
            blocks.put_back(&buf, len);
            return Ok(true);
        }
    }
    #[cfg(not(feature = "csv"))]
    let _ = (form, blocks, report);
    Ok(true)
}

/// Returns the number of line ends.
#[cfg(feature = "csv")]
fn line_ends(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// The first row of CSV that is not blank.
#[cfg(feature = "csv")]
struct FirstRow<'b> {
    /// The bytes before the row.
    before: &'b [u8],
    /// The row with its line end.
    row: &'b [u8],
}

#[cfg(feature = "csv")]
impl<'b> FirstRow<'b> {
    /// The first row of columns that are named.
    const UNREAD: Self = Self { before: &[], row: &[] };

    fn find(bytes: &'b [u8], options: &CsvOptions) -> Option<Self> {
        if let Columns::Named(_) = options.columns {
            return Some(Self::UNREAD);
        }
        let mut start = 0;
        while start < bytes.len() {
            let rest = &bytes[start..];
            let len = RowEnds::new(options.delimiter).first(rest).unwrap_or(rest.len());
            if !rest[..len].trim_ascii().is_empty() {
                return Some(Self { before: &bytes[..start], row: &rest[..len] });
            }
            start += len;
        }
        None
    }

    /// Decides the columns. Returns whether that worked.
    fn decide(
        &self,
        form: &mut FormPlan<'_>,
        options: &CsvOptions,
        report: &mut ReportBuilder,
    ) -> bool {
        let fault = self.read(form, options).err();
        let is_good = fault.is_none();
        fault.into_iter().for_each(|fault| report.end(fault));
        is_good
    }

    fn read(&self, form: &mut FormPlan<'_>, options: &CsvOptions) -> Result<(), InputFault> {
        let row = self.row.strip_suffix(b"\n").unwrap_or(self.row);
        let row = row.strip_suffix(b"\r").unwrap_or(row);
        let max = form.options.limits.input_bytes;
        if row.len() > max {
            return Err(InputFault::HeaderTooLong { max });
        }
        // A header of a whole file has no records, so that nothing would be counted without a word.
        if let Some(at) = lone_return(row, options.delimiter) {
            return Err(InputFault::HeaderReturn { at });
        }
        form.read_first_row(options, row).map_err(|error| match error {
            LayoutError::Repeated { name, first, second } => {
                InputFault::RepeatedColumn { name, first, second }
            }
            LayoutError::Unclosed { at } => InputFault::HeaderQuote { at },
        })
    }

    /// Returns the length of what is before the first record.
    fn len_before(&self, options: &CsvOptions) -> usize {
        self.all_before(options).map(<[u8]>::len).sum()
    }

    /// Returns the number of lines before the first record.
    fn lines_before(&self, options: &CsvOptions) -> u64 {
        self.all_before(options).map(line_ends).sum()
    }

    fn all_before(&self, options: &CsvOptions) -> impl Iterator<Item = &'b [u8]> {
        // A header is not a record.
        let is_header = options.columns == Columns::Header;
        [self.before, if is_header { self.row } else { &[] }].into_iter()
    }
}
