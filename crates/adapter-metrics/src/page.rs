//! All series as a page.

use std::sync::Arc;

use core_actions::{Conversion, HasCount, Histogram as Bins, Mean, Row, Unit};
use exposition::{Description, Histogram, Labels, Page, Summary};

use crate::descriptions::Descriptions;
use crate::handles::{AtomicGauge, WindowedCounter, WindowedHistogram};
use crate::refused::RefusedValues;
use crate::registry::Name;
use crate::spec::RecorderSpec;

/// The help text of a metric that no program described.
const UNDESCRIBED: &str = "A metric without a description.";

type Series<H> = (Name, Arc<H>);
/// All values of a histogram since the start.
type Total = Option<Row<(Mean, Bins)>>;

/// Writes the families of a page. A family whose name is taken is left out.
pub(crate) struct Writer<'d> {
    page: &'d mut Page,
    descriptions: &'d Descriptions,
}

impl<'d> Writer<'d> {
    pub(crate) fn new(page: &'d mut Page, descriptions: &'d Descriptions) -> Self {
        Self { page, descriptions }
    }

    pub(crate) fn counters(&mut self, series: &[Series<WindowedCounter>]) {
        for family in families(series) {
            let (description, _) = self.describe(&family[0].0.0, "", false);
            let Ok(mut samples) = self.page.counters(&description) else { continue };
            for ((_, labels), counter) in family {
                // Series of one name have different labels.
                let _ = samples.add(labels, counter.total());
            }
        }
    }

    pub(crate) fn gauges(&mut self, series: &[Series<AtomicGauge>]) {
        for family in families(series) {
            let (description, _) = self.describe(&family[0].0.0, "", false);
            let Ok(mut samples) = self.page.gauges(&description) else { continue };
            for ((_, labels), gauge) in family {
                let _ = samples.add(labels, gauge.value());
            }
        }
    }

    pub(crate) fn histograms(&mut self, series: &[Series<WindowedHistogram>], spec: &RecorderSpec) {
        for family in families(series) {
            // Read once, so that both families have the same numbers.
            let totals: Vec<_> = family.iter().map(|(_, histogram)| histogram.total()).collect();
            self.totals(family, &totals, spec);
            self.windows(family, &totals, spec);
        }
    }

    fn totals(
        &mut self,
        family: &[Series<WindowedHistogram>],
        totals: &[Total],
        spec: &RecorderSpec,
    ) {
        let (description, seconds) = self.describe(&family[0].0.0, "", true);
        let Ok(mut samples) = self.page.histograms(&description, &spec.bounds) else { return };
        for (((_, labels), _), total) in family.iter().zip(totals) {
            let Some(row) = total else { continue };
            let (mean, bins) = row.statistic();
            let value = match seconds {
                Some(seconds) => {
                    Histogram::new(bins, mean.converted(seconds).sum()).converted(seconds)
                }
                None => Histogram::new(bins, mean.sum()),
            };
            let _ = samples.add(labels, &value);
        }
    }

    /// Writes quantiles of a window, with number and sum since the start, which may only grow.
    fn windows(
        &mut self,
        family: &[Series<WindowedHistogram>],
        totals: &[Total],
        spec: &RecorderSpec,
    ) {
        let (description, seconds) = self.describe(&family[0].0.0, "_window", true);
        let Ok(mut samples) = self.page.summaries(&description) else { return };
        for (((_, labels), histogram), total) in family.iter().zip(totals) {
            let (Some(row), Ok(window)) = (total, histogram.window.window(spec.quantile_window))
            else {
                continue;
            };
            let (mean, _) = row.statistic();
            let sum = seconds.map_or_else(|| mean.sum(), |to| mean.converted(to).sum());
            let mut summary = Summary::new(mean.count(), sum);
            for &share in &spec.quantiles {
                let time = window.statistic().quantile(share);
                let value = time.map_or(f64::NAN, |time| {
                    seconds.map_or_else(|| time.as_f64(), |to| time.converted(to))
                });
                summary = summary.with(share, value);
            }
            let _ = samples.add(labels, &summary);
        }
    }

    pub(crate) fn refused(&mut self, refused: RefusedValues) {
        let help = "What the recorder refused or folded.";
        let description = Description::new("windrow_recorder_refused", help);
        if let Ok(mut samples) = self.page.counters(&description) {
            let RefusedValues { values, names, folded } = refused;
            for (what, count) in [("values", values), ("names", names), ("folded", folded)] {
                if let Ok(labels) = Labels::default().with("what", what) {
                    let _ = samples.add(&labels, count);
                }
            }
        }
    }

    /// Returns the description of a family, and the conversion of its values to seconds.
    ///
    /// Only times are converted, and only those of histograms; the formats have no other units.
    fn describe(
        &self,
        name: &str,
        suffix: &str,
        converts: bool,
    ) -> (Description<'static>, Option<Conversion>) {
        let known = self.descriptions.of(name);
        let (unit, seconds) = match known.unit {
            Some(metrics::Unit::Seconds) => ("seconds", None),
            Some(metrics::Unit::Milliseconds) if converts => ("seconds", Some(Unit::Milliseconds)),
            Some(metrics::Unit::Microseconds) if converts => ("seconds", Some(Unit::Microseconds)),
            Some(metrics::Unit::Nanoseconds) if converts => ("seconds", Some(Unit::Nanoseconds)),
            Some(metrics::Unit::Bytes) => ("bytes", None),
            _ => ("", None),
        };
        let base = match suffix {
            "" => name.to_owned(),
            // Before the unit, which stays the end.
            _ => format!("{}{suffix}", name.strip_suffix("_seconds").unwrap_or(name)),
        };
        let unit = if suffix.is_empty() || !name.ends_with("_seconds") { unit } else { "seconds" };
        // `promtool` complains about an empty one.
        let help = if known.help.is_empty() { UNDESCRIBED.into() } else { known.help };
        let description = Description::new(base, help).unit(unit);
        (description, seconds.map(|unit| unit.to(Unit::Seconds)))
    }
}

/// Returns the series of each name. They are sorted by name.
fn families<H>(series: &[Series<H>]) -> impl Iterator<Item = &[Series<H>]> {
    series.chunk_by(|((a, _), _), ((b, _), _)| a == b)
}
