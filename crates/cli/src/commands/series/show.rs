//! Prints a timeline in each format.

use facade::codec::Format;

use super::plot;
use super::rows::Rows;
use super::view::{Style, View};
use crate::output::infinite::Infinite;
use crate::output::{Failure, Output};
use crate::saved;
use crate::timeline::Timeline;

/// The maximum number of actions in a table.
const TOP: usize = 20;

impl View {
    /// Prints a timeline; `bytes` are its rows as bytes, if they are to be saved.
    ///
    /// # Errors
    ///
    /// The error of the system.
    pub(crate) fn show<C: Rows>(
        &self,
        mut timeline: Timeline<C>,
        output: Output,
        bytes: Option<&[u8]>,
    ) -> Result<(), Failure> {
        let default = if self.format == Style::Table { TOP } else { usize::MAX };
        C::keep_top(&mut timeline, self.top.unwrap_or(default));
        let records = |output: Output, format| {
            output.stream(|output| C::records(output, self, &timeline, format))
        };
        let infinite = match self.format {
            Style::Plot | Style::Rows => Infinite::default(),
            _ => C::infinite(self, &timeline),
        };
        let printed = match self.format {
            Style::Table => {
                let table = C::table(self, &timeline, output.columns());
                output.print(table)
            }
            Style::Plot => {
                let canvas = plot::Canvas::new(output.columns(), output.is_plain());
                output.print(C::plot(self, &timeline, canvas))
            }
            Style::Json => records(output, Format::Json),
            Style::Ndjson => records(output, Format::Ndjson),
            Style::Csv => records(output, Format::Csv),
            // Without bytes there is nothing to write, so that an earlier file stays.
            Style::Rows => bytes.map_or(Ok(()), |bytes| saved::write(output, bytes)),
        };
        let is_json = matches!(self.format, Style::Json | Style::Ndjson);
        infinite.warn(if is_json { "null" } else { "inf" });
        printed
    }
}
