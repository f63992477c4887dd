//! What a family says of itself.

use std::borrow::Cow;

/// Describes a family of samples: its name, its help text and its unit.
///
/// In the name, characters other than ASCII letters, digits, `_` and `:` become `_`. A unit becomes
/// the end of the name if it is not that already. The formats have base units only: `seconds`,
/// `bytes`, `ratio`.
///
/// # Examples
///
/// ```
/// use exposition::{Description, Format, Labels, Page};
///
/// let mut page = Page::new(Format::Text);
/// let uptime = Description::new("uptime", "Time since the start.").unit("seconds");
/// page.gauges(&uptime)?.add(&Labels::default(), 1.5)?;
/// let text = [
///     "# HELP uptime_seconds Time since the start.",
///     "# TYPE uptime_seconds gauge",
///     "# UNIT uptime_seconds seconds",
///     "uptime_seconds 1.5\n",
/// ];
/// assert_eq!(page.finish(), text.join("\n").as_bytes());
/// # Ok::<(), exposition::PageError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description<'a> {
    name: Cow<'a, str>,
    help: Cow<'a, str>,
    unit: Cow<'a, str>,
}

impl<'a> Description<'a> {
    /// Describes a family without a unit.
    #[must_use]
    pub fn new(name: impl Into<Cow<'a, str>>, help: impl Into<Cow<'a, str>>) -> Self {
        Self { name: name.into(), help: help.into(), unit: "".into() }
    }

    /// Returns the description with a unit, such as `seconds`. An empty one means no unit.
    #[must_use]
    pub fn unit(self, unit: impl Into<Cow<'a, str>>) -> Self {
        Self { unit: unit.into(), ..self }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn help(&self) -> &str {
        &self.help
    }

    pub(crate) fn unit_name(&self) -> &str {
        &self.unit
    }
}
