//! The formats, and the choice among them.

/// Selects how a page is written.
///
/// # Examples
///
/// ```
/// use exposition::Format;
///
/// let format = Format::negotiated("application/openmetrics-text;version=1.0.0,*/*;q=0.1");
/// assert_eq!(format, Format::OpenMetrics);
/// assert_eq!(Format::negotiated("text/html"), Format::Text);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// Prometheus text, version 0.0.4, which everything reads.
    #[default]
    Text,
    /// OpenMetrics text, version 1.0.0.
    OpenMetrics,
    /// Messages of Prometheus, each behind its length. Only these have native histograms.
    Protobuf,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 3] = [Self::Text, Self::OpenMetrics, Self::Protobuf];

    /// Returns the format that a client prefers, by the header `Accept` of its request.
    ///
    /// It is the one with the highest weight, and the first of several. A range such as `*/*` means
    /// text. The result is text too if the header has no known format: HTTP allows that, and
    /// everything reads it.
    #[must_use]
    pub fn negotiated(accept: &str) -> Self {
        let mut best = (0, Self::Text);
        for range in accept.split(',') {
            match range_of(range) {
                Some(range) if range.0 > best.0 => best = range,
                _ => {}
            }
        }
        best.1
    }

    /// Returns the value of the header `Content-Type`.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Protobuf => {
                "application/vnd.google.protobuf; \
                 proto=io.prometheus.client.MetricFamily; encoding=delimited"
            }
        }
    }
}

/// Returns the weight of a media range in thousandths, and its format; `None` if unknown.
fn range_of(range: &str) -> Option<(u32, Format)> {
    let mut parts = range.split(';').map(str::trim);
    let media = parts.next()?.to_ascii_lowercase();
    let mut weight = 1_000;
    let parameters: Vec<(String, &str)> = parts
        .filter_map(|part| part.split_once('='))
        .map(|(key, value)| (key.trim().to_ascii_lowercase(), value.trim().trim_matches('"')))
        .collect();
    let value = |key: &str| parameters.iter().find(|(name, _)| name == key).map(|&(_, it)| it);
    if let Some(q) = value("q") {
        // A weight that is none means the format is not wanted, rather than wanted most.
        let q = q.parse::<f64>().ok().filter(|q| (0.0..=1.0).contains(q)).unwrap_or(0.0);
        weight = (q * 1_000.0).round() as u32;
    }
    let is = |key: &str, expected: &[&str]| value(key).is_none_or(|it| expected.contains(&it));
    let format = match media.as_str() {
        "application/vnd.google.protobuf" => {
            let known = is("proto", &["io.prometheus.client.MetricFamily"])
                && is("encoding", &["delimited"]);
            known.then_some(Format::Protobuf)
        }
        "application/openmetrics-text" => is("version", &["1.0.0"]).then_some(Format::OpenMetrics),
        "text/plain" => is("version", &["0.0.4"]).then_some(Format::Text),
        "text/*" | "*/*" => Some(Format::Text),
        _ => None,
    };
    Some((weight, format?))
}
