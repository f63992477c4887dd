//! The outcomes of the records of a body, and the answer that counts them.

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use facade::codec::Report;
use facade::time::RecordError;
use journal::Level;
use serde::Serialize;

use super::batch::{level_from_byte, level_to_byte};

/// The maximum number of errors that an answer lists.
pub(super) const ERRORS_MAX: usize = 10;

/// The numbers of records by outcome, with the first errors.
#[derive(Debug, Default, Serialize)]
pub(super) struct Outcome {
    pub(super) accepted: u64,
    pub(super) refused: u64,
    pub(super) blank: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) skipped: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) filtered: u64,
    /// Valid, but beyond the limit of actions.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) dropped: u64,
    /// Accepted without a timestamp although one was asked for, so in no window.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) without_timestamp: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) names_shortened: u64,
    /// The refused records that no tracker has seen.
    #[serde(skip)]
    pub(super) undecoded: u64,
    #[serde(skip)]
    pub(super) stamps: RefusedStamps,
    first_errors: Vec<String>,
}

/// The same with what the actions survive, where a journal keeps them.
#[derive(Serialize)]
struct Answer<'o> {
    #[serde(flatten)]
    outcome: &'o Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    durability: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Outcome {
    /// Returns the number of records of each outcome, with its name.
    pub(super) fn numbers(&self) -> [(&'static str, u64); 6] {
        [
            ("accepted", self.accepted),
            ("refused", self.refused),
            ("blank", self.blank),
            ("skipped", self.skipped),
            ("filtered", self.filtered),
            ("dropped", self.dropped),
        ]
    }

    /// Returns the same numbers, in the same order.
    pub(super) fn numbers_mut(&mut self) -> [&mut u64; 6] {
        let Self { accepted, refused, blank, skipped, filtered, dropped, .. } = self;
        [accepted, refused, blank, skipped, filtered, dropped]
    }

    /// Joins what the decoder and the tracker refused, in the order of lines.
    pub(super) fn new(report: &Report, unrecorded: Unrecorded, body: &[u8]) -> Self {
        let Unrecorded { refused, dropped, stamps, first } = unrecorded;
        let decoded = report.refusals.iter().map(|it| (it.offset, it.to_string()));
        let late = first.into_iter().map(|(offset, error)| {
            let end = usize::try_from(offset).unwrap_or(body.len()).min(body.len());
            let line = 1 + body[..end].iter().filter(|&&byte| byte == b'\n').count();
            (offset, format!("line {line}: {error}"))
        });
        let mut errors: Vec<_> = decoded.chain(late).collect();
        errors.sort_by_key(|(offset, _)| *offset);
        errors.truncate(ERRORS_MAX);
        Self {
            accepted: report.accepted - refused - dropped,
            refused: report.refused + refused,
            blank: report.blank,
            skipped: report.skipped,
            filtered: report.filtered,
            dropped,
            without_timestamp: report.counts.without_timestamp.min(report.accepted),
            names_shortened: report.counts.names_shortened,
            undecoded: report.refused,
            stamps,
            first_errors: errors.into_iter().map(|(_, error)| error).collect(),
        }
    }
}

/// The records that were refused for their timestamp, by reason. No tracker has seen them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct RefusedStamps {
    pub(super) too_old: u64,
    pub(super) too_new: u64,
}

impl RefusedStamps {
    pub(super) fn add(&mut self, refusal: &RecordError) {
        match refusal {
            RecordError::TooNew { .. } => self.too_new += 1,
            _ => self.too_old += 1,
        }
    }
}

/// Records that were decoded, and that the tracker did not keep.
#[derive(Debug, Default)]
pub(super) struct Unrecorded {
    pub(super) refused: u64,
    pub(super) dropped: u64,
    pub(super) stamps: RefusedStamps,
    /// The offsets of the first refused ones, with the reasons.
    pub(super) first: Vec<(u64, String)>,
}

/// An answer, as it is kept for repeated requests.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    status: StatusCode,
    json: Bytes,
    level: Option<Level>,
}

/// The same as a journal keeps it: status, text, and the level as a byte.
pub(super) type SavedReply = (u16, Vec<u8>, Option<u8>);

impl Reply {
    /// Returns the answer; a body of which nothing is of use is a bad request.
    pub(super) fn new(outcome: &Outcome, level: Option<Level>) -> Self {
        let is_useless = outcome.refused > 0 && outcome.accepted == 0;
        let status = if is_useless { StatusCode::BAD_REQUEST } else { StatusCode::OK };
        let answer = Answer { outcome, durability: level.map(|level| level.to_string()) };
        let json = serde_json::to_vec(&answer).expect("an outcome has text keys only");
        Self { status, json: json.into(), level }
    }

    /// Returns the level that the answer names.
    pub(super) fn level(&self) -> Option<Level> {
        self.level
    }

    pub(super) fn save(&self) -> SavedReply {
        (self.status.as_u16(), self.json.to_vec(), self.level.map(level_to_byte))
    }

    /// Returns an answer that was saved; `None` for one of another version.
    pub(super) fn restore((status, json, level): SavedReply) -> Option<Self> {
        let level = match level {
            Some(byte) => Some(level_from_byte(byte)?),
            None => None,
        };
        Some(Self { status: StatusCode::from_u16(status).ok()?, json: json.into(), level })
    }

    pub(super) fn len(&self) -> usize {
        self.json.len()
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        (self.status, [(CONTENT_TYPE, "application/json")], self.json).into_response()
    }
}
