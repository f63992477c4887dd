//! One line as a metric.
//!
//! The form is that of statsd with the tags of dogstatsd:
//! `name:value|kind`, then `|@rate` and `|#tag:value,tag:value` in any order. Several values of one
//! name are `name:1:2:3|kind`.

use memchr::memchr;

use crate::refusal::Refusal;

/// The smallest sample rate: one line stands for a million events.
const RATE_MIN: f64 = 1e-6;
/// The longest name with its tags, which is also the default limit of `adapter-metrics`.
const SERIES_BYTES_MAX: usize = 4_096;
/// What dogstatsd adds to say where a line comes from. It changes no value.
const ORIGINS: [&str; 3] = ["c:", "e:", "card:"];

/// What a metric measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `c`: how often something happened.
    Counter,
    /// `ms`: how long something took, in milliseconds.
    Timer,
    /// `h` or `d`: a value without a unit.
    Histogram,
    /// `g`: a level, which is set, or changed where the value has a sign.
    Gauge,
}

/// A line of statsd.
///
/// # Examples
///
/// ```
/// use adapter_statsd::{Kind, Metric};
///
/// let metric = Metric::parse(b"queue.wait:12.5|ms|@0.1|#queue:mail,urgent")?;
/// assert_eq!((metric.name, metric.kind, metric.rate), ("queue.wait", Kind::Timer, 0.1));
/// assert_eq!(metric.values().collect::<Vec<_>>(), [12.5]);
/// assert_eq!(metric.tags().collect::<Vec<_>>(), [("queue", "mail"), ("urgent", "true")]);
/// # Ok::<(), adapter_statsd::Refusal>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Metric<'a> {
    /// The name, without tags.
    pub name: &'a str,
    /// What is measured.
    pub kind: Kind,
    /// The share of the values that are sent; 1 is all of them.
    pub rate: f64,
    /// Whether a gauge is changed by its value, rather than set.
    pub is_change: bool,
    first: f64,
    /// The further values as text, each after a colon.
    further: &'a str,
    /// As they were written.
    pub(crate) tags: &'a str,
}

impl<'a> Metric<'a> {
    /// Parses one line, without its end.
    ///
    /// # Errors
    ///
    /// [`Refusal`] if the line is not a metric, or is of a kind that is not supported.
    ///
    /// # Complexity
    ///
    /// Linear in the line, quadratic in its tags. Nothing is allocated.
    pub fn parse(line: &'a [u8]) -> Result<Self, Refusal> {
        let line = std::str::from_utf8(line).map_err(|_| Refusal::NotUtf8)?;
        if line.starts_with("_e{") || line.starts_with("_sc|") {
            return Err(Refusal::Event);
        }
        let (name, rest) = split(line, b':').ok_or(Refusal::Malformed)?;
        let (values, rest) = split(rest, b'|').ok_or(Refusal::Malformed)?;
        let (kind, mut parts) = match split(rest, b'|') {
            Some((kind, parts)) => (kind, Some(parts)),
            None => (rest, None),
        };
        if name.is_empty() || has_control(name) {
            return Err(Refusal::Name);
        }
        let kind = kind_of(kind)?;
        let (first, further) =
            values.split_at(memchr(b':', values.as_bytes()).unwrap_or(values.len()));
        let is_change = kind == Kind::Gauge && first.starts_with(['+', '-']);
        let first = number(first, kind)?;
        for value in further.split(':').skip(1) {
            // Which of several would hold is not said.
            if kind == Kind::Gauge {
                return Err(Refusal::Value);
            }
            number(value, kind)?;
        }
        let (mut rate, mut tags) = (None, None);
        while let Some(all) = parts {
            let part;
            (part, parts) = match split(all, b'|') {
                Some((part, parts)) => (part, Some(parts)),
                None => (all, None),
            };
            if let Some(found) = part.strip_prefix('@') {
                set_once(&mut rate, rate_of(found)?)?;
            } else if let Some(found) = part.strip_prefix('#') {
                check_tags(found)?;
                set_once(&mut tags, found)?;
            } else if part.starts_with('T') {
                return Err(Refusal::Timestamp);
            } else if !ORIGINS.iter().any(|origin| part.starts_with(origin)) {
                return Err(Refusal::Part);
            }
        }
        let (rate, tags) = (rate.unwrap_or(1.0), tags.unwrap_or_default());
        // They are kept for each series.
        if name.len() + tags.len() > SERIES_BYTES_MAX {
            return Err(Refusal::Name);
        }
        Ok(Self { name, kind, rate, is_change, first, further, tags })
    }

    /// Returns the values, of which there is at least one.
    #[must_use]
    pub fn values(&self) -> Values<'a> {
        Values { first: Some(self.first), further: self.further }
    }

    /// Returns names and values of the tags in the order given; `true` is that of a bare name.
    pub fn tags(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        tags(self.tags)
    }
}

/// The values of a [`Metric`].
#[derive(Debug, Clone)]
pub struct Values<'a> {
    first: Option<f64>,
    further: &'a str,
}

impl Iterator for Values<'_> {
    type Item = f64;

    fn next(&mut self) -> Option<f64> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        let rest = self.further.strip_prefix(':')?;
        let (value, further) = rest.split_at(memchr(b':', rest.as_bytes()).unwrap_or(rest.len()));
        self.further = further;
        fast_float2::parse(value).ok()
    }
}

fn split(text: &str, at: u8) -> Option<(&str, &str)> {
    let index = memchr(at, text.as_bytes())?;
    Some((&text[..index], &text[index + 1..]))
}

fn has_control(text: &str) -> bool {
    text.contains(char::is_control)
}

fn kind_of(text: &str) -> Result<Kind, Refusal> {
    match text {
        "c" => Ok(Kind::Counter),
        "ms" => Ok(Kind::Timer),
        "h" | "d" => Ok(Kind::Histogram),
        "g" => Ok(Kind::Gauge),
        "s" => Err(Refusal::Set),
        _ => Err(Refusal::Kind),
    }
}

/// Reads a value. Only a gauge may be negative.
fn number(text: &str, kind: Kind) -> Result<f64, Refusal> {
    let value = finite(text).ok_or(Refusal::Value)?;
    if value < 0.0 && kind != Kind::Gauge { Err(Refusal::Value) } else { Ok(value) }
}

/// Reads a decimal number; not `inf` and `nan`, which the parser would take.
fn finite(text: &str) -> Option<f64> {
    let is_decimal = |byte: u8| matches!(byte, b'0'..=b'9' | b'.' | b'+' | b'-' | b'e' | b'E');
    if !text.bytes().all(is_decimal) {
        return None;
    }
    fast_float2::parse(text).ok().filter(|value: &f64| value.is_finite())
}

fn rate_of(text: &str) -> Result<f64, Refusal> {
    finite(text).filter(|rate| (RATE_MIN..=1.0).contains(rate)).ok_or(Refusal::Rate)
}

fn set_once<T>(place: &mut Option<T>, value: T) -> Result<(), Refusal> {
    if place.replace(value).is_some() { Err(Refusal::Part) } else { Ok(()) }
}

fn tags(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let pairs = text.split(',').filter(|tag| !tag.is_empty());
    pairs.map(|tag| split(tag, b':').unwrap_or((tag, "true")))
}

fn check_tags(text: &str) -> Result<(), Refusal> {
    /// Names are compared with each other.
    const TAGS_MAX: usize = 100;
    if has_control(text) {
        return Err(Refusal::Tags);
    }
    for (index, (name, _)) in tags(text).enumerate() {
        let is_known = tags(text).take(index).any(|(other, _)| other == name);
        if name.is_empty() || is_known || index >= TAGS_MAX {
            return Err(Refusal::Tags);
        }
    }
    Ok(())
}
