//! The family that a page has open, by the kind of its samples.

use crate::error::PageError;
use crate::histogram::{Bounds, Estimates, Histogram};
use crate::labels::Labels;
use crate::number::{Number, canonical};
use crate::summary::Summary;
use crate::text::Kind;
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
    /// Checks the labels of a new sample and keeps them.
    fn claim(&mut self, labels: &Labels) -> Result<(), PageError> {
        if let Some(label) = self.kind.own_label().filter(|own| labels.has(own)) {
            return Err(PageError::ReservedLabel { label, family: self.name.clone() });
        }
        let claimed = self.writer.claim(labels);
        claimed.map_err(|labels| PageError::DuplicateSample { family: self.name.clone(), labels })
    }

    /// Writes a line of the last sample.
    fn line(&mut self, suffix: &str, more: Option<(&str, &str)>, value: Number) {
        self.writer.line((&self.name, suffix), more, value);
    }
}

/// Labels `le` and `quantile` as they are spelled, because all samples of a family have the same.
#[derive(Debug, Default)]
struct Spelled {
    known: Vec<(f64, String)>,
    /// Where the next one is, if samples have them in one order.
    next: usize,
}

impl Spelled {
    fn of(&mut self, float: f64) -> &str {
        let is = |(known, _): &(f64, String)| known.to_bits() == float.to_bits();
        if !self.known.get(self.next).is_some_and(is) {
            self.next = self.known.iter().position(is).unwrap_or_else(|| {
                self.known.push((float, canonical(float)));
                self.known.len() - 1
            });
        }
        let at = self.next;
        self.next += 1;
        &self.known[at].1
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
        self.open.claim(labels)?;
        match self.open.writer.family() {
            Some(family) => family.number(labels, value.as_f64()),
            None => self.open.line(if is_counter { "_total" } else { "" }, None, value),
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
    quantiles: Spelled,
}

impl<'p> Summaries<'p> {
    pub(crate) fn new(open: Open<'p>) -> Self {
        Self { open, quantiles: Spelled::default() }
    }

    /// Writes a summary.
    ///
    /// # Errors
    ///
    /// [`PageError::DuplicateSample`] if the family has a summary with these labels,
    /// [`PageError::ReservedLabel`] if one of them is `quantile`.
    pub fn add(&mut self, labels: &Labels, summary: &Summary) -> Result<(), PageError> {
        self.open.claim(labels)?;
        if let Some(family) = self.open.writer.family() {
            family.summary(labels, summary);
            return Ok(());
        }
        for (quantile, value) in summary.quantiles() {
            self.open.line("", Some(("quantile", self.quantiles.of(quantile))), value);
        }
        self.open.line("_sum", None, summary.sum());
        self.open.line("_count", None, summary.count().into());
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
    bounds: &'p Bounds,
    spelled: Spelled,
    estimates: Estimates,
}

impl<'p> Histograms<'p> {
    pub(crate) fn new(open: Open<'p>, bounds: &'p Bounds) -> Self {
        Self { open, bounds, spelled: Spelled::default(), estimates: Estimates::default() }
    }

    /// Writes a histogram.
    ///
    /// # Errors
    ///
    /// [`PageError::DuplicateSample`] if the family has a histogram with these labels,
    /// [`PageError::ReservedLabel`] if one of them is `le`.
    pub fn add(&mut self, labels: &Labels, histogram: &Histogram<'_>) -> Result<(), PageError> {
        let Self { open, bounds, spelled, estimates } = self;
        open.claim(labels)?;
        estimates.fill(histogram);
        if let Some(family) = open.writer.family() {
            family.histogram(labels, estimates, bounds);
            return Ok(());
        }
        for (bound, count) in estimates.cumulative(bounds) {
            open.line("_bucket", Some(("le", spelled.of(bound))), count.into());
        }
        let count = Number::from(estimates.count);
        open.line("_bucket", Some(("le", "+Inf")), count);
        open.line("_sum", None, estimates.sum);
        open.line("_count", None, count);
        Ok(())
    }

    /// Removes and returns what the page has so far, as [`Numbers::take`].
    #[must_use]
    pub fn take(&mut self) -> Vec<u8> {
        self.open.writer.take()
    }
}
