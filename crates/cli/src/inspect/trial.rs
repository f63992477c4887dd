//! Tries options on a sample, by the same reader that a command has.
//!
//! So no command is suggested that accepts nothing.

use clap::Parser;
use facade::codec::{Fractions, Record};

use super::sample::Sample;
use crate::input::RecordArgs;
use crate::input::head::{Head, Patience};

/// The options that decide what a record is, without a command.
#[derive(Debug, Parser)]
#[command(no_binary_name = true)]
struct Trial {
    #[command(flatten)]
    records: RecordArgs,
}

/// What options make of a sample, as numbers of records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) accepted: u64,
    /// Accepted, refused and skipped records.
    pub(super) judged: u64,
    pub(super) without_timestamp: u64,
}

impl Outcome {
    /// Returns whether at least a quarter of the records that are not filtered are accepted.
    ///
    /// Some programs write several lines about each request, of which one has its time.
    pub(super) fn is_fit(self) -> bool {
        self.accepted > 0 && self.accepted * 4 >= self.judged
    }

    /// Returns whether at least half of the accepted records have a timestamp.
    pub(super) fn has_timestamps(self) -> bool {
        self.without_timestamp * 2 <= self.accepted
    }
}

/// Reads a sample by options.
///
/// `None` if they do not go together, or no command accepts their result.
pub(super) fn run(options: &[String], sample: &Sample) -> Option<Outcome> {
    let Trial { records } = Trial::try_parse_from(options).ok()?;
    let recipe = records.recipe(Fractions::Allowed).ok()?;
    let head = Head::read(&mut sample.bytes(), Patience::Full);
    let decode = recipe.options("", &head).ok()?;
    let report = decode.decode_slice(sample.bytes(), &mut |_: Record<'_>| {});
    let counts = &report.counts;
    let is_mixed = counts.bare_values > 0 && counts.values_with_unit > 0;
    if (is_mixed && recipe.fields().unit.is_none()) || counts.unit_needed > 0 {
        return None;
    }
    Some(Outcome {
        accepted: report.accepted,
        judged: report.accepted + report.refused + report.skipped,
        without_timestamp: counts.without_timestamp,
    })
}
