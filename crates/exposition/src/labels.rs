//! The labels of a sample.

use crate::error::PageError;
use crate::name;
use crate::text;

/// Holds the labels of a sample, sorted by name.
///
/// Labels that are given in another order are equal. A label with an empty value is left out,
/// because for Prometheus it is the same as a missing one.
///
/// In names, characters other than ASCII letters, digits and `_` become `_`, and of several `_` in
/// front one is kept. A value may have any character; NUL becomes U+FFFD, because readers of text
/// take it for the end of the page.
///
/// # Examples
///
/// ```
/// use exposition::{Labels, PageError};
///
/// let labels = Labels::default().with("route", "/a\"b")?.with("http.method", "GET")?;
/// assert_eq!(labels.to_string(), r#"http_method="GET",route="/a\"b""#);
///
/// let twice = labels.with("http-method", "PUT");
/// assert_eq!(twice, Err(PageError::DuplicateLabel { label: "http_method".to_owned() }));
/// # Ok::<(), PageError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Labels {
    /// Sorted by names, which are different. No value is empty.
    pairs: Vec<(String, String)>,
}

impl Labels {
    /// Returns the labels with one more.
    ///
    /// # Errors
    ///
    /// [`PageError::EmptyLabel`] if the name is empty, [`PageError::DuplicateLabel`] if there is a
    /// label with this name.
    ///
    /// # Complexity
    ///
    /// Linear in the labels.
    pub fn with(mut self, label: &str, value: &str) -> Result<Self, PageError> {
        let label = name::label(label);
        if label.is_empty() {
            return Err(PageError::EmptyLabel);
        }
        match self.pairs.binary_search_by(|(name, _)| name.as_str().cmp(&label)) {
            Ok(_) => return Err(PageError::DuplicateLabel { label: label.into_owned() }),
            Err(_) if value.is_empty() => {}
            Err(at) => {
                self.pairs.insert(at, (label.into_owned(), value.replace('\0', "\u{fffd}")));
            }
        }
        Ok(self)
    }

    /// Returns the names and values, sorted by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Appends the labels as text formats have them, without braces.
    pub(crate) fn write(&self, text: &mut String) {
        for (index, (name, value)) in self.pairs.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            text.extend([comma, name, "=\"", &text::escaped_value(value), "\""]);
        }
    }

    /// Returns whether there is a label with this name.
    pub(crate) fn has(&self, label: &str) -> bool {
        self.pairs.iter().any(|(name, _)| name == label)
    }
}

impl std::fmt::Display for Labels {
    /// Writes the labels as text formats have them, without braces.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = String::new();
        self.write(&mut text);
        f.write_str(&text)
    }
}
