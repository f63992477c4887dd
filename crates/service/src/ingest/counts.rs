//! Numbers of requests and records since the start.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::StatusCode;
use exposition::{Description, Labels, Page};

use super::outcome::{Outcome, RefusedStamps};

/// What was received since the start. The lock is taken once for each body.
#[derive(Debug, Default)]
pub(super) struct Counts(Mutex<Sums>);

#[derive(Debug, Default)]
struct Sums {
    records: Outcome,
    requests: BTreeMap<StatusCode, u64>,
}

impl Counts {
    fn lock(&self) -> MutexGuard<'_, Sums> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, outcome: &Outcome) {
        let records = &mut self.lock().records;
        for (sum, (_, more)) in records.numbers_mut().into_iter().zip(outcome.numbers()) {
            *sum += more;
        }
        records.undecoded += outcome.undecoded;
        records.stamps.too_old += outcome.stamps.too_old;
        records.stamps.too_new += outcome.stamps.too_new;
    }

    pub(super) fn answered(&self, status: StatusCode) {
        *self.lock().requests.entry(status).or_default() += 1;
    }

    pub(super) fn undecoded(&self) -> u64 {
        self.lock().records.undecoded
    }

    pub(super) fn refused_stamps(&self) -> RefusedStamps {
        self.lock().records.stamps
    }

    pub(super) fn write(&self, page: &mut Page, keys_evicted: u64) {
        let sums = self.lock();
        let records = sums.records.numbers().map(|(name, count)| (name.to_owned(), count));
        let help = "Received records by outcome.";
        write(page, "windrow_ingest_records", help, "outcome", records);
        let requests = sums.requests.iter().map(|(status, count)| (status.as_str().into(), *count));
        let help = "Answered requests that sent records, by status.";
        write(page, "windrow_ingest_requests", help, "status", requests);
        let help = "Idempotency keys that were forgotten early because there were too many.";
        let description = Description::new("windrow_ingest_keys_evicted", help);
        if let Ok(mut family) = page.counters(&description) {
            let _ = family.add(&Labels::default(), keys_evicted);
        }
    }
}

fn write(
    page: &mut Page,
    name: &str,
    help: &str,
    label: &str,
    counts: impl IntoIterator<Item = (String, u64)>,
) {
    let Ok(mut family) = page.counters(&Description::new(name, help)) else { return };
    for (value, count) in counts {
        if let Ok(labels) = Labels::default().with(label, &value) {
            let _ = family.add(&labels, count);
        }
    }
}
