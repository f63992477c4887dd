//! The family that a page has open, by the kind of its samples.

use crate::error::PageError;
use crate::histogram::{Bounds, Histogram};
use crate::labels::Labels;
use crate::number::{Number, canonical};
use crate::proto::Metric;
use crate::summary::Summary;
use crate::text::{self, Kind};
use crate::writer::Writer;

/// A family of any kind.
#[derive(Debug)]
pub(crate) struct Open<'p> {
    pub(crate) writer: &'p mut Writer,
    pub(crate) kind: Kind,
    /// Without `_total`.
    pub(crate) name: String,
}

impl Open<'_> {
    /// Checks the labels of a new sample and returns them as text.
    fn claim(&mut self, labels: &Labels) -> Result<String, PageError> {
        if let Some(label) = self.kind.own_label().filter(|own| labels.has(own)) {
            return Err(PageError::ReservedLabel { label, family: self.name.clone() });
        }
        let labels = labels.to_string();
        if !self.writer.claim(&labels) {
            return Err(PageError::DuplicateSample { family: self.name.clone(), labels });
        }
        Ok(labels)
    }

    fn line(&mut self, suffix: &str, labels: &str, more: Option<(&str, &str)>, value: Number) {
        text::sample(self.writer.output(), (&self.name, suffix), labels, more, value);
    }
}

/// Writes the samples of a family of counters or gauges.
#[derive(Debug)]
pub struct Numbers<'p> {
    pub(crate) open: Open<'p>,
}

impl Numbers<'_> {
    /// Writes a sample.
    ///
    /// # Errors
    ///
    /// [`PageError::DuplicateSample`] if the family has a sample with these labels,
    /// [`PageError::NotACount`] if a counter is negative or not a number.
    pub fn add(&mut self, labels: &Labels, value: impl Into<Number>) -> Result<(), PageError> {
        let (value, is_counter) = (value.into(), self.open.kind == Kind::Counter);
        if is_counter && (value.as_f64().is_nan() || value.as_f64() < 0.0) {
            let (family, found) = (self.open.name.clone(), value.to_string());
            return Err(PageError::NotACount { family, found });
        }
        let text = self.open.claim(labels)?;
        if let Some(metrics) = self.open.writer.metrics() {
            let metric = if is_counter { Metric::counter } else { Metric::gauge };
            metrics.push(metric(labels, value.as_f64()));
        } else {
            self.open.line(if is_counter { "_total" } else { "" }, &text, None, value);
        }
        Ok(())
    }

    /// Removes and returns what the page has so far.
    ///
    /// A page with many samples takes little memory if it is sent in parts: those of each call, and
    /// of [`Page::finish`](crate::Page::finish). In protobuf, a family is in the part after it.
    ///
    /// # Examples
    ///
    /// ```
    /// use exposition::{Description, Format, Labels, Page};
    ///
    /// let (mut sent, mut page) = (Vec::new(), Page::new(Format::Text));
    /// let mut rooms = page.gauges(&Description::new("room_celsius", "Temperatures."))?;
    /// for room in 0..1_000 {
    ///     rooms.add(&Labels::default().with("room", &room.to_string())?, 20.5)?;
    ///     sent.extend(rooms.take());
    /// }
    /// sent.extend(page.finish());
    /// assert!(sent.ends_with(b"\nroom_celsius{room=\"999\"} 20.5\n"));
    /// # Ok::<(), exposition::PageError>(())
    /// ```
    #[must_use]
    pub fn take(&mut self) -> Vec<u8> {
        self.open.writer.take()
    }
}

/// Writes the samples of a family of summaries.
#[derive(Debug)]
pub struct Summaries<'p> {
    pub(crate) open: Open<'p>,
}

impl Summaries<'_> {
    /// Writes a summary.
    ///
    /// # Errors
    ///
    /// [`PageError::DuplicateSample`] if the family has a summary with these labels,
    /// [`PageError::ReservedLabel`] if one of them is `quantile`.
    pub fn add(&mut self, labels: &Labels, summary: &Summary) -> Result<(), PageError> {
        let text = self.open.claim(labels)?;
        if let Some(metrics) = self.open.writer.metrics() {
            metrics.push(Metric::summary(labels, summary));
            return Ok(());
        }
        for (quantile, value) in summary.quantiles() {
            self.open.line("", &text, Some(("quantile", &canonical(quantile))), value);
        }
        self.open.line("_sum", &text, None, summary.sum());
        self.open.line("_count", &text, None, summary.count().into());
        Ok(())
    }

    /// Removes and returns what the page has so far, as [`Numbers::take`].
    #[must_use]
    pub fn take(&mut self) -> Vec<u8> {
        self.open.writer.take()
    }
}

/// Writes the samples of a family of histograms.
#[derive(Debug)]
pub struct Histograms<'p> {
    pub(crate) open: Open<'p>,
    pub(crate) bounds: &'p Bounds,
}

impl Histograms<'_> {
    /// Writes a histogram.
    ///
    /// # Errors
    ///
    /// [`PageError::DuplicateSample`] if the family has a histogram with these labels,
    /// [`PageError::ReservedLabel`] if one of them is `le`.
    pub fn add(&mut self, labels: &Labels, histogram: &Histogram<'_>) -> Result<(), PageError> {
        let text = self.open.claim(labels)?;
        if let Some(metrics) = self.open.writer.metrics() {
            metrics.push(Metric::histogram(labels, histogram, self.bounds));
            return Ok(());
        }
        for (bound, count) in histogram.cumulative(self.bounds) {
            self.open.line("_bucket", &text, Some(("le", &canonical(bound))), count.into());
        }
        let count = Number::from(histogram.count());
        self.open.line("_bucket", &text, Some(("le", "+Inf")), count);
        self.open.line("_sum", &text, None, histogram.sum());
        self.open.line("_count", &text, None, count);
        Ok(())
    }

    /// Removes and returns what the page has so far, as [`Numbers::take`].
    #[must_use]
    pub fn take(&mut self) -> Vec<u8> {
        self.open.writer.take()
    }
}
