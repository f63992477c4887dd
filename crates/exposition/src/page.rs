//! The page: families one after another, checked against each other.

use crate::description::Description;
use crate::error::PageError;
use crate::family::{Histograms, Numbers, Open, Summaries};
use crate::format::Format;
use crate::histogram::Bounds;
use crate::text::Kind;
use crate::writer::Writer;

/// Writes families of samples in one format.
///
/// A family is written at once, as the formats want it. No two samples of a page have the same name
/// and the same labels: the second one is refused, and so is a family that needs the name of a
/// sample of another. What is refused leaves the page as it was.
///
/// # Complexity
///
/// Keeps the names of all families, the labels of one family, and the bytes that were not
/// [taken](Numbers::take); in protobuf also the bytes of one family.
///
/// # Examples
///
/// ```
/// use exposition::{Description, Format, Labels, Page, PageError};
///
/// let mut page = Page::new(Format::OpenMetrics);
/// let requests = Description::new("http_requests", "Requests by route.");
/// let mut family = page.counters(&requests)?;
/// let root = Labels::default().with("route", "/")?;
/// family.add(&root, 17_u64)?;
/// assert!(matches!(family.add(&root, 18_u64), Err(PageError::DuplicateSample { .. })));
///
/// let text = "# HELP http_requests Requests by route.\n# TYPE http_requests counter\n\
///     http_requests_total{route=\"/\"} 17\n# EOF\n";
/// assert_eq!(page.finish(), text.as_bytes());
/// # Ok::<(), PageError>(())
/// ```
#[derive(Debug)]
pub struct Page(Writer);

impl Page {
    /// Creates an empty page.
    #[must_use]
    pub fn new(format: Format) -> Self {
        Self(Writer::new(format))
    }

    /// Begins a family of counters, whose samples have a name with `_total` at the end.
    ///
    /// # Errors
    ///
    /// [`PageError::EmptyName`] without a name, or with nothing but `_total`;
    /// [`PageError::NameTaken`] if another family has it.
    pub fn counters(&mut self, description: &Description<'_>) -> Result<Numbers<'_>, PageError> {
        Ok(Numbers { open: self.begin(Kind::Counter, description)? })
    }

    /// Begins a family of gauges, which may have any value.
    ///
    /// # Errors
    ///
    /// [`PageError::EmptyName`] without a name, [`PageError::NameTaken`] if another family has it.
    pub fn gauges(&mut self, description: &Description<'_>) -> Result<Numbers<'_>, PageError> {
        Ok(Numbers { open: self.begin(Kind::Gauge, description)? })
    }

    /// Begins a family of summaries.
    ///
    /// # Errors
    ///
    /// Those of [`gauges`](Self::gauges).
    pub fn summaries(&mut self, description: &Description<'_>) -> Result<Summaries<'_>, PageError> {
        Ok(Summaries::new(self.begin(Kind::Summary, description)?))
    }

    /// Begins a family of histograms.
    ///
    /// In text they have the buckets of `bounds`. Protobuf has native buckets as well, at schema 5:
    /// a server that reads those ignores `bounds`. The error of the values is added to the help.
    ///
    /// # Errors
    ///
    /// Those of [`gauges`](Self::gauges).
    pub fn histograms<'p>(
        &'p mut self,
        description: &Description<'_>,
        bounds: &'p Bounds,
    ) -> Result<Histograms<'p>, PageError> {
        Ok(Histograms::new(self.begin(Kind::Histogram, description)?, bounds))
    }

    /// Ends the page and returns what was not taken of it.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.0.finish()
    }

    fn begin(&mut self, kind: Kind, description: &Description<'_>) -> Result<Open<'_>, PageError> {
        let name = self.0.begin(kind, description)?;
        Ok(Open { writer: &mut self.0, kind, name })
    }
}
