//! The queries of the endpoints.

use std::time::Duration;

use facade::Quantile;
use thiserror::Error;

/// What a request asks for wrongly.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum QueryError {
    #[error("parameter `{found}` is unknown, expected one of {expected}")]
    Unknown { found: String, expected: String },
    #[error("parameter `{0}` is given twice")]
    Twice(&'static str),
    #[error("parameter `{0}` is missing")]
    Missing(&'static str),
    #[error("`{found}` is not a length of time, expected seconds or a text such as 5m")]
    Duration { found: String },
    #[error(
        "`{found}` is not a statistic, expected count, rate, sum, mean, min, max or a percentile \
         such as p99"
    )]
    Stat { found: String },
}

/// What is returned of each row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Stat {
    Count,
    Rate,
    Sum,
    Mean,
    Min,
    Max,
    /// With its name, such as `p99.9`.
    Quantile(String, Quantile),
}

impl Stat {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Count => "count",
            Self::Rate => "rate",
            Self::Sum => "sum",
            Self::Mean => "mean",
            Self::Min => "min",
            Self::Max => "max",
            Self::Quantile(name, _) => name,
        }
    }

    fn parse(text: &str) -> Result<Self, QueryError> {
        let plain = [Self::Count, Self::Rate, Self::Sum, Self::Mean, Self::Min, Self::Max];
        if let Some(stat) = plain.into_iter().find(|stat| stat.name() == text) {
            return Ok(stat);
        }
        // Digits and a point only: other numbers of Rust, such as `1e1`, are refused.
        let digits =
            text.strip_prefix('p').filter(|it| it.starts_with(|c: char| c.is_ascii_digit()));
        let digits = digits.filter(|it| it.bytes().all(|c| c.is_ascii_digit() || c == b'.'));
        let share = digits.and_then(|digits| Some(digits.parse::<f64>().ok()? / 100.0));
        let quantile = share.and_then(|share| Quantile::try_from(share).ok());
        let error = || QueryError::Stat { found: shortened(text) };
        Ok(Self::Quantile(text.to_owned(), quantile.ok_or_else(error)?))
    }

    pub(crate) fn all() -> Vec<Self> {
        let quantile = |name: &str, share| Self::Quantile(name.to_owned(), share);
        vec![
            Self::Count,
            Self::Rate,
            Self::Mean,
            Self::Min,
            Self::Max,
            quantile("p50", Quantile::MEDIAN),
            quantile("p90", Quantile::P90),
            quantile("p99", Quantile::P99),
        ]
    }
}

/// The parameters of a request.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Query {
    pub(crate) window: Option<Duration>,
    pub(crate) action: Option<String>,
    pub(crate) source: Option<String>,
    /// Whether the folded actions are meant.
    pub(crate) is_other: bool,
    pub(crate) stats: Option<Vec<Stat>>,
}

impl Query {
    /// Reads the parameters, of which only those that an endpoint knows are accepted.
    pub(crate) fn parse(text: &str, known: &[&'static str]) -> Result<Self, QueryError> {
        let mut query = Self::default();
        let mut seen = Vec::new();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            let Some(name) = known.iter().find(|it| **it == name) else {
                let expected = known.join(", ");
                return Err(QueryError::Unknown { found: shortened(&name), expected });
            };
            if seen.contains(name) {
                return Err(QueryError::Twice(name));
            }
            seen.push(name);
            match *name {
                "window" => query.window = Some(duration(&value)?),
                "source" => query.source = Some(value.into_owned()),
                "other" => query.is_other = &*value == "true",
                "stat" => {
                    let stats: Result<Vec<_>, _> = value.split(',').map(Stat::parse).collect();
                    query.stats = Some(stats?);
                }
                _ => query.action = Some(value.into_owned()),
            }
        }
        Ok(query)
    }
}

fn duration(text: &str) -> Result<Duration, QueryError> {
    let error = || QueryError::Duration { found: shortened(text) };
    let seconds = text.parse::<f64>().ok().map(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let read = seconds.unwrap_or_else(|| humantime::parse_duration(text).ok());
    read.filter(|duration| !duration.is_zero()).ok_or_else(error)
}

/// Returns the beginning of a text, which may be as long as a client likes.
pub(crate) fn shortened(text: &str) -> String {
    text.chars().take(100).collect()
}
