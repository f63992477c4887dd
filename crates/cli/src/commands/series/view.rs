//! What is shown of a timeline, whatever its rows come from.

use std::num::NonZero;
use std::ops::BitOr;

use clap::ValueEnum;
use facade::Unit;

use crate::diagnostics;
use crate::exit::Exit;
use crate::options;
use crate::output::Output;
use crate::output::figures::Figures;
use crate::output::render::{self, counted};
use crate::saved;
use crate::stat::{Needs, Stat};
use crate::timeline::{Aggregate, Timeline};
use crate::timestamps;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Style {
    /// Aligned columns of rounded numbers
    Table,
    /// Charts of the counts and the times
    Plot,
    /// An array of objects
    Json,
    /// One object per line
    Ndjson,
    /// Comma-separated values with a header
    Csv,
    /// All statistics as bytes, for `windrow merge`
    Rows,
}

/// What is shown of a timeline.
#[derive(Debug, Clone)]
pub(crate) struct View {
    pub(crate) format: Style,
    /// The statistics, each once.
    pub(crate) stats: Vec<Stat>,
    /// Whether records are only counted, so that times have no statistics.
    pub(crate) counts_only: bool,
    pub(crate) unit: Option<Unit>,
    /// The number of actions with rows of their own, if it is given.
    pub(crate) top: Option<usize>,
    pub(crate) max_rows: NonZero<usize>,
}

/// The maximum number of rows without an option.
pub(crate) const MAX_ROWS: NonZero<usize> = NonZero::new(10_000).expect("ten thousand is not zero");

impl View {
    /// Returns the requested statistics, each once, or the default.
    pub(crate) fn stats_of(requested: &[Stat], counts_only: bool) -> Vec<Stat> {
        let percentile = Stat::percentile;
        match requested {
            [] if counts_only => vec![Stat::Count],
            [] => vec![Stat::Count, Stat::Mean, percentile(50), percentile(99), Stat::Max],
            stats => options::distinct(stats),
        }
    }

    /// Returns what the rows need.
    pub(super) fn needs(&self) -> Needs {
        // A plot shows p99 whatever `--stat` says.
        let quantiles = self.format == Style::Plot;
        let needs = self.stats.iter().map(Stat::needs);
        needs.fold(Needs { quantiles, ..Needs::default() }, Needs::bitor)
    }

    /// Returns how figures are formatted.
    pub(super) fn figures(&self) -> Figures {
        Figures::new(self.unit)
    }

    /// Checks that rows do not go to a terminal.
    ///
    /// # Errors
    ///
    /// The exit code of the command.
    pub(crate) fn check_output(&self, output: &Output) -> Result<(), Exit> {
        saved::check_output(self.format == Style::Rows, output)
    }

    /// Returns whether there are more rows than the limit, and reports what to do about it.
    ///
    /// `every` are the words before the option for a width, if it was given.
    pub(crate) fn is_too_long<C: Aggregate>(
        &self,
        timeline: &Timeline<C>,
        every: Option<&str>,
    ) -> bool {
        let max = self.max_rows.get() as u64;
        let Some((first, last)) = timeline.ends() else { return false };
        if !timeline.is_overfull() && timeline.length() <= max {
            return false;
        }
        let (width, length) = (timestamps::span(timeline.width()), timeline.length());
        let [from, to] =
            [first, last].map(|end| timestamps::write(timeline.zone(), end, timestamps::SECOND));
        let limit = counted(max, "row");
        let verb = every.unwrap_or("use");
        if length > max {
            let wider = timeline.width_for(max).map(timestamps::span);
            let (length, max) = (counted(length, "row"), render::grouped(max));
            let wider = wider.map(|wider| format!("{verb} `--every {wider}`, or "));
            let wider = wider.unwrap_or_default();
            diagnostics::report(format_args!(
                "{from} to {to} is {length} of {width}, limit is {max}\n  \
                 {wider}allow more with `--max-rows`\n  \
                 if a timestamp is far from all others, check `--timestamp-format`"
            ));
        } else if every.is_some() {
            diagnostics::report(format_args!(
                "{from} to {to} has more than {limit} of one action and {width} each\n  \
                 {verb} a wider `--every`, omit `--by-action`, or allow more with `--max-rows`"
            ));
        } else {
            diagnostics::report(format_args!(
                "more actions than {limit} at any width\n  \
                 omit `--by-action`, or allow more rows with `--max-rows`"
            ));
        }
        true
    }
}
