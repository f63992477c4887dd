//! Messages about records that are far from all others.

use facade::Stamp;

use super::{Aggregate, Outliers, Timeline};
use crate::output::render::{counted, grouped};
use crate::timestamps;

impl<C: Aggregate> Timeline<C> {
    /// Describes the records that are not on the axis, one sentence for each side.
    ///
    /// `actions` is the number of all actions.
    pub(crate) fn left_out(&self, actions: u64) -> Vec<String> {
        let from = self.intervals().next().map(|(from, _)| ("--from", from));
        let to = self.end().map(|end| ("--to", end));
        let sides = [("before", &self.before, from), ("after", &self.after, to)];
        let sides = sides.into_iter().filter_map(|(side, outliers, option)| {
            Some(self.sentence(side, outliers.as_ref()?, option?, actions))
        });
        sides.collect()
    }

    fn sentence(
        &self,
        side: &str,
        outliers: &Outliers<C>,
        (option, limit): (&str, Stamp),
        actions: u64,
    ) -> String {
        let label = |stamp| timestamps::write(self.zone(), stamp, self.width());
        let (first, last) = outliers.ends;
        let moments = if first == last {
            format!("at {}", label(first))
        } else {
            format!("from {} to {}", label(first), label(last))
        };
        let verb = if outliers.records == 1 { "is" } else { "are" };
        format!(
            "{} of {} {verb} far {side} all others, {moments}, and not on the time axis\n  \
             use `{option} {}` to leave out what is {side} it",
            grouped(outliers.records),
            counted(actions, "action"),
            label(limit)
        )
    }
}
