//! The tables in the README at the root, made from records so that they cannot differ.

use std::iter;

use anyhow::{Context as _, ensure};

use super::record::Kind;
use super::{Measurement, Role, groups, time};

/// What a reader of the README wants to know, the benchmark that answers it, and what it is held
/// against besides the fastest rival: what one would write oneself, and what cannot be beaten.
/// There may be nothing of the former.
type Row = [&'static str; 4];

const OPERATIONS: [Row; 24] = [
    ["record an event", "record/default/counter", "shared_ring", "bare_coarse_clock"],
    [
        "… on two threads at once",
        "record_contended/default/counter",
        "shared_ring",
        "bare_coarse_clock",
    ],
    ["… by whole seconds", "record/whole_seconds/counter", "shared_ring", "bare_seconds_clock"],
    [
        "… through a recorder, by a ticked clock",
        "record/ticked_clock/recorder",
        "shared_ring",
        "bare_ticker_clock",
    ],
    [
        "… so on two threads at once",
        "record_contended/ticked_clock/recorder",
        "shared_ring",
        "bare_ticker_clock",
    ],
    ["count the past second", "count/ring_00300_window_00001s/counter", "shared_ring", "bare_load"],
    ["count the past 300 s", "count/ring_00300_window_00300s/counter", "shared_ring", "bare_load"],
    ["count the past day", "count/ring_86400_window_86400s/counter", "shared_ring", "bare_load"],
    ["record an event 20 s late", "late/ring_00300_by_00020s/counter", "shared_ring", "bare_add"],
    ["… a day late", "late/ring_86400_by_86399s/counter", "shared_ring", "bare_add"],
    [
        "record while another thread counts every microsecond",
        "interference/reader_every_1us/counter",
        "shared_ring",
        "counter_alone",
    ],
    ["add an action to Running", "add/threads_01/running", "mutex_map", "bare_add"],
    ["… on two threads at once", "add/threads_02/running", "mutex_map", "bare_add"],
    ["add an action to Post", "add/threads_01/post", "mutex_map", "bare_add"],
    [
        "… count, sum, least and greatest, of 1,000 names",
        "add/names_001000_zipf_threads_01/merged",
        "shared_dashmap",
        "bare_cells",
    ],
    [
        "… so on two threads at once",
        "add/names_001000_zipf_threads_02/merged",
        "shared_dashmap",
        "bare_cells",
    ],
    [
        "… against a map of the thread's own",
        "add/names_001000_zipf_threads_01/merged",
        "local_map_same_row",
        "bare_cells",
    ],
    [
        "… of 100,000 names",
        "add/names_100000_zipf_threads_01/merged",
        "shared_dashmap",
        "bare_cells",
    ],
    ["… by a handle", "handle/four_rows_threads_01/merged", "local_rows_same_row", "bare_cells"],
    [
        "… by a handle, with quantiles",
        "handle/four_rows_threads_01/merged_quantiles",
        "local_rows_same_row",
        "bare_cells",
    ],
    [
        "… into the present second",
        "windowed/add_now_names_000004/windowed",
        "mutex_deques",
        "bare_coarse_clock",
    ],
    ["add a line of JSON", "add_action/threads_01/running", "mutex_map", "bare_decode"],
    [
        "`get_stats` of Running, 1,000,000 records",
        "get_stats/records_1000000/running",
        "mutex_map",
        "bare_encode",
    ],
    [
        "`get_stats` of Post, 1,000,000 records",
        "get_stats/records_1000000/post",
        "mutex_map_of_vecs",
        "bare_encode",
    ],
];

const E2E: [Row; 9] = [
    [
        "a line of one shape, on one thread",
        "e2e/common_threads_01/windrow_means",
        "local_python",
        "bare_wc",
    ],
    ["… on two threads", "e2e/common_threads_02/windrow_means", "", "bare_newlines"],
    [
        "… with quantiles and pictures, on one thread",
        "e2e/common_threads_01/windrow_table",
        "local_python",
        "bare_wc",
    ],
    [
        "a line in one of seven shapes, on one thread",
        "e2e/mixed_threads_01/windrow_means",
        "local_python",
        "bare_wc",
    ],
    ["… on two threads", "e2e/mixed_threads_02/windrow_means", "", "bare_newlines"],
    [
        "a line of 100,000 names, on one thread",
        "e2e/names_100000_threads_01/windrow_means",
        "local_python",
        "bare_wc",
    ],
    ["… on two threads", "e2e/names_100000_threads_02/windrow_means", "", "bare_newlines"],
    ["a line of one shape, out of gzip", "e2e/gzip_threads_02/windrow_means", "", "bare_gzip"],
    ["… out of zstd", "e2e/zstd_threads_02/windrow_means", "", "bare_zstd"],
];

impl Kind {
    fn rows(self) -> &'static [Row] {
        match self {
            Self::Operations => &OPERATIONS,
            Self::E2e => &E2E,
        }
    }

    /// What stands before and behind its table.
    fn marks(self) -> [&'static str; 2] {
        match self {
            Self::Operations => [
                "<!-- measured: begin, written by `cargo xtask bench` -->\n",
                "<!-- measured: end -->",
            ],
            Self::E2e => [
                "<!-- measured e2e: begin, written by `cargo xtask bench --e2e` -->\n",
                "<!-- measured e2e: end -->",
            ],
        }
    }

    /// What the columns mean.
    fn words(self) -> &'static str {
        match self {
            Self::Operations => {
                "the baseline is what one would write oneself, under a lock or with shared \
                 atomics;\nthe floor does less than was asked for; and the rival is the fastest \
                 one, even if it knows no time."
            }
            Self::E2e => {
                "the time of the whole process is divided by its ten million lines;\nthe baseline \
                 is a script that one would write oneself, the floor counts newlines or unpacks, \
                 and does\nnothing else; all answers were compared first."
            }
        }
    }
}

/// Checks that a record has every benchmark that its table tells of.
pub(crate) fn check_complete(kind: Kind, measured: &[Measurement]) -> anyhow::Result<()> {
    for [_, id, baseline, floor] in kind.rows() {
        let group = id.rsplit_once('/').map_or("", |(group, _)| group);
        let others = [baseline, floor].into_iter().filter(|other| !other.is_empty());
        let others = others.map(|other| format!("{group}/{other}"));
        for id in iter::once((*id).to_owned()).chain(others) {
            ensure!(measured.iter().any(|one| one.id == id), "the record has no `{id}`");
        }
    }
    Ok(())
}

/// Puts the table of a record into the text of the README.
///
/// A record older than a benchmark has no row for it.
pub(crate) fn update(
    readme: &str,
    record: &str,
    measured: &[Measurement],
) -> anyhow::Result<String> {
    let kind = Kind::of(record);
    let [begin, end] = kind.marks();
    let (before, rest) = readme.split_once(begin).context("the README has no place for a table")?;
    let (_, after) = rest.split_once(end).context("the README's table has no end")?;
    Ok(format!("{before}{begin}{}{end}{after}", table(kind, record, measured)?))
}

fn table(kind: Kind, record: &str, measured: &[Measurement]) -> anyhow::Result<String> {
    let mut text = format!(
        "Medians of the record [`{record}`](benches/record/{record}/README.md), which tells \
         machine and command;\n{}\n\n\
         | Work | Windrow | than the baseline | than the floor | than the fastest rival |\n\
         | --- | ---: | --- | --- | --- |\n",
        kind.words()
    );
    let groups = groups(measured);
    for &[title, id, baseline, floor] in kind.rows() {
        let Some(ours) = measured.iter().find(|one| one.id == id) else { continue };
        let group = &groups[ours.group()];
        let named = |name: &str| {
            let found = group.iter().find(|one| one.implementation() == name);
            found.with_context(|| format!("the record has no `{}/{name}`", ours.group()))
        };
        let baseline = if baseline.is_empty() { None } else { Some(named(baseline)?) };
        let rival = group.iter().find(|one| one.role() == Role::Rival);
        text += &format!("| {title} | {} |", time(ours.median_ns()));
        for other in [baseline, Some(named(floor)?), rival] {
            match other {
                Some(other) => {
                    text += &format!(" {} (`{}`) |", ours.against(other), other.implementation());
                }
                None => text += " - |",
            }
        }
        text.push('\n');
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::super::tests::measured;
    use super::*;

    /// A record of all that the table has a row for, and of one rival.
    fn record() -> Vec<Measurement> {
        let mut all = vec![measured("record/default/rival_metrics", 15.0, 15.0)];
        for [_, id, baseline, floor] in OPERATIONS.into_iter().chain(E2E) {
            let (group, _) = id.rsplit_once('/').unwrap();
            let others = [(baseline, 30.0), (floor, 1.0)];
            let others = others.into_iter().filter(|(name, _)| !name.is_empty());
            let others = others.map(|(name, ns)| measured(&format!("{group}/{name}"), ns, ns));
            all.extend(others.chain([measured(id, 10.0, 10.0)]));
        }
        all
    }

    /// A README without a table.
    fn bare(kind: Kind) -> String {
        kind.marks().concat()
    }

    #[test]
    fn table_replaces_the_one_before_and_nothing_else() {
        let [begin, end] = Kind::Operations.marks();
        let readme = format!("a\n{begin}old\n{end}\nb\n");
        let updated = update(&readme, "2026-11-22-xeon", &record()).unwrap();
        for row in [
            "| record an event | 10.0 ns | 3.00x faster (`shared_ring`) \
             | 10.0x slower (`bare_coarse_clock`) | 1.50x faster (`rival_metrics`) |\n",
            "| add an action to Running | 10.0 ns | 3.00x faster (`mutex_map`) \
             | 10.0x slower (`bare_add`) | - |\n",
        ] {
            assert!(updated.contains(row), "{updated}");
        }
        assert!(updated.starts_with("a\n") && updated.ends_with("\nb\n"));
        assert!(!updated.contains("old"));
        assert_eq!(update(&updated, "2026-11-22-xeon", &record()).unwrap(), updated);
    }

    #[test]
    fn whole_programs_have_a_table_of_their_own() {
        let updated = update(&bare(Kind::E2e), "2026-11-22-xeon-e2e", &record()).unwrap();
        let row = "| … on two threads | 10.0 ns | - | 10.0x slower (`bare_newlines`) | - |\n";
        assert!(updated.contains(row) && !updated.contains("record an event"), "{updated}");
        assert!(update(&bare(Kind::Operations), "2026-11-22-xeon-e2e", &record()).is_err());
    }

    #[test]
    fn what_is_missing_is_named() {
        let mut record = record();
        check_complete(Kind::Operations, &record).unwrap();
        check_complete(Kind::E2e, &record).unwrap();
        record.retain(|one| one.id != "record/default/counter");
        let error = check_complete(Kind::Operations, &record).unwrap_err().to_string();
        assert_eq!(error, "the record has no `record/default/counter`");
        record.retain(|one| one.id != "add/threads_01/mutex_map");
        let error = update(&bare(Kind::Operations), "r", &record).unwrap_err().to_string();
        assert_eq!(error, "the record has no `add/threads_01/mutex_map`");
        assert!(update("", "r", &record).is_err());
    }

    #[test]
    fn benchmark_newer_than_the_record_has_no_row() {
        let mut record = record();
        record.retain(|one| one.id != "add/threads_01/post");
        let updated = update(&bare(Kind::Operations), "r", &record).unwrap();
        assert!(updated.contains("Running") && !updated.contains("add an action to Post"));
    }
}
