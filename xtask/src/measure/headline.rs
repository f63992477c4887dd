//! The benchmarks that the README shows and that `compare` measures by default.

use std::iter;

use anyhow::ensure;

use super::Measurement;
use super::record::Kind;

/// One benchmark of Windrow, and the implementations that it is compared with.
pub(crate) struct Headline {
    /// Says what is measured; a row of the README.
    pub(crate) title: &'static str,
    /// The same in two short lines, the heading of a column.
    pub(crate) heading: [&'static str; 2],
    /// `operation/scenario/implementation`.
    pub(crate) id: &'static str,
    /// The implementation that stands for hand-written code, if there is one.
    pub(crate) baseline: Option<&'static str>,
    /// The implementation that stands for the lower bound.
    pub(crate) floor: &'static str,
}

const OPERATIONS: [Headline; 8] = [
    Headline {
        title: "record an event",
        heading: ["record", "event"],
        id: "record/default/counter",
        baseline: Some("shared_ring"),
        floor: "floor_coarse_clock",
    },
    Headline {
        title: "record an event on two threads",
        heading: ["on two", "threads"],
        id: "record_contended/default/counter",
        baseline: Some("shared_ring"),
        floor: "floor_coarse_clock",
    },
    Headline {
        title: "count the events of the past 300 s",
        heading: ["count", "300 s"],
        id: "count/ring_00300_window_00300s/counter",
        baseline: Some("shared_ring"),
        floor: "floor_load",
    },
    Headline {
        title: "record an action, one of 1,000 names",
        heading: ["1,000", "names"],
        id: "add/names_001000_zipf_threads_01/merged",
        baseline: Some("shared_dashmap"),
        floor: "floor_cells",
    },
    Headline {
        title: "record an action on two threads",
        heading: ["on two", "threads"],
        id: "add/names_001000_zipf_threads_02/merged",
        baseline: Some("shared_dashmap"),
        floor: "floor_cells",
    },
    Headline {
        title: "record an action by handle, with quantiles",
        heading: ["handle,", "quantiles"],
        id: "handle/four_rows_threads_01/merged_quantiles",
        baseline: Some("local_rows_same_row"),
        floor: "floor_cells",
    },
    Headline {
        title: "decode and record a line of JSON",
        heading: ["line of", "JSON"],
        id: "add_action/threads_01/running",
        baseline: Some("mutex_map"),
        floor: "floor_decode",
    },
    Headline {
        title: "`get_stats` of four actions",
        heading: ["get_stats", ""],
        id: "get_stats/records_1000000/running",
        baseline: Some("mutex_map"),
        floor: "floor_encode",
    },
];

const E2E: [Headline; 2] = [
    Headline {
        title: "basic statistics, one thread",
        heading: ["one", "thread"],
        id: "e2e/common_threads_01/windrow_means",
        baseline: Some("local_python"),
        floor: "floor_wc",
    },
    Headline {
        title: "100,000 names with quantiles, one thread",
        heading: ["100,000", "names"],
        id: "e2e/names_100000_quantiles_threads_01/windrow_quantiles",
        baseline: None,
        floor: "floor_wc",
    },
];

const LOGS: [Headline; 2] = [
    Headline {
        title: "access log of Caddy, nested JSON, one thread",
        heading: ["Caddy,", "one thread"],
        id: "logs/caddy_threads_01/windrow_caddy",
        baseline: None,
        floor: "floor_wc",
    },
    Headline {
        title: "CSV of 16 columns, 4 of them read, one thread",
        heading: ["CSV,", "one thread"],
        id: "logs/csv_threads_01/windrow_csv",
        baseline: None,
        floor: "floor_wc",
    },
];

const SHAPES: [Headline; 1] = [Headline {
    title: "line of a service log, 430 bytes",
    heading: ["service", "log"],
    id: "shapes/service_log/windrow_codec",
    baseline: None,
    floor: "floor_newlines",
}];

impl Kind {
    /// Returns the headlines of a kind of record.
    pub(crate) fn headlines(self) -> &'static [Headline] {
        match self {
            Self::Operations => &OPERATIONS,
            Self::E2e => &E2E,
            Self::Logs => &LOGS,
            Self::Shapes => &SHAPES,
        }
    }
}

impl Headline {
    /// Returns the group of the benchmark, `operation/scenario`.
    pub(crate) fn group(&self) -> &'static str {
        self.id.rsplit_once('/').map_or("", |(group, _)| group)
    }

    /// Checks that the benchmark, its baseline and its floor were measured.
    fn check(&self, measured: &[Measurement]) -> anyhow::Result<()> {
        let others = self.baseline.into_iter().chain([self.floor]);
        let others = others.map(|name| format!("{}/{name}", self.group()));
        for id in iter::once(self.id.to_owned()).chain(others) {
            ensure!(measured.iter().any(|one| one.id == id), "`{id}` was not measured");
        }
        Ok(())
    }
}

/// Checks that every headline of a kind was measured.
pub(crate) fn check_complete(kind: Kind, measured: &[Measurement]) -> anyhow::Result<()> {
    kind.headlines().iter().try_for_each(|headline| headline.check(measured))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::tests::measured;
    use super::*;

    /// Measurements of every headline: ours 10 ns, baselines 30 ns, floors 1 ns.
    pub(crate) fn all() -> Vec<Measurement> {
        let mut all = Vec::new();
        for headline in OPERATIONS.iter().chain(&E2E).chain(&LOGS).chain(&SHAPES) {
            let others = [(headline.baseline, 30.0), (Some(headline.floor), 1.0)];
            for (name, ns) in others {
                let id = name.map(|name| format!("{}/{name}", headline.group()));
                all.extend(id.map(|id| measured(&id, ns, ns)));
            }
            all.push(measured(headline.id, 10.0, 10.0));
        }
        all
    }

    #[test]
    fn missing_benchmark_is_named() {
        let mut measured = all();
        check_complete(Kind::Operations, &measured).unwrap();
        check_complete(Kind::E2e, &measured).unwrap();
        measured.retain(|one| one.id != "add_action/threads_01/floor_decode");
        let error = check_complete(Kind::Operations, &measured).unwrap_err().to_string();
        assert_eq!(error, "`add_action/threads_01/floor_decode` was not measured");
        check_complete(Kind::E2e, &measured).unwrap();
    }

    #[test]
    fn tables_stay_short() {
        assert!(OPERATIONS.len() <= 8 && E2E.len() + LOGS.len() + SHAPES.len() <= 5);
    }
}
