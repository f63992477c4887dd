//! How time is divided in a store.

use std::time::Duration;

use core_time::{SpecError, WindowSpec};

/// How long a store keeps a bucket after no window touches it: for clocks that differ.
pub(crate) const GRACE: Duration = Duration::from_secs(60);

/// How time is divided in a store, equal for all publishers and readers of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreSpec {
    /// The width of a bucket, a multiple of the resolution of what is published.
    ///
    /// 50 processes with 1,000 actions take some gigabytes in buckets of a second.
    pub resolution: Duration,
    /// How far back readers can ask. The store keeps a minute more.
    pub span: Duration,
    /// The time between two flushes of a publisher in the background.
    pub interval: Duration,
}

impl Default for StoreSpec {
    /// Buckets of 10 s, 300 s back, and a flush every second.
    fn default() -> Self {
        let [resolution, span, interval] = [10, 300, 1].map(Duration::from_secs);
        Self { resolution, span, interval }
    }
}

impl StoreSpec {
    /// Returns the settings for counts of events: buckets of a second.
    #[must_use]
    pub fn counts() -> Self {
        Self { resolution: Duration::from_secs(1), ..Self::default() }
    }

    /// Returns the windows that a reader can ask for.
    ///
    /// # Errors
    ///
    /// [`SpecError`] if the span is not a multiple of the resolution, or another value makes no
    /// sense.
    ///
    /// # Examples
    ///
    /// ```
    /// use store::StoreSpec;
    /// use std::time::Duration;
    ///
    /// let spec = StoreSpec { span: Duration::from_secs(305), ..StoreSpec::default() };
    /// assert!(spec.window().is_err());
    /// assert_eq!(StoreSpec::default().window()?.span(), Duration::from_secs(300));
    /// # Ok::<(), core_time::SpecError>(())
    /// ```
    pub fn window(&self) -> Result<WindowSpec, SpecError> {
        WindowSpec::builder().resolution(self.resolution).span(self.span).build()
    }

    /// Returns how long a store keeps what is written into it.
    pub(crate) fn keep(&self) -> Duration {
        self.span.saturating_add(self.resolution).saturating_add(GRACE)
    }
}
