//! The table in the README at the root, made from a record so that the two cannot differ.

use anyhow::Context as _;

use super::{Measurement, time};

const BEGIN: &str = "<!-- measured: begin, written by `cargo xtask bench` -->\n";
const END: &str = "<!-- measured: end -->";

/// What a reader of the README wants to know, the benchmark that answers it, and what it is held
/// against: the obvious way to do the same, and what cannot be beaten.
const ROWS: [[&str; 4]; 11] = [
    ["record an event", "record/threads_01/counter", "mutex_ring", "bare_coarse_clock"],
    ["… on two threads at once", "record/threads_02/counter", "mutex_ring", "bare_coarse_clock"],
    ["count the past 300 s", "count/window_300s_threads_01/counter", "mutex_ring", "bare_load"],
    ["count the past day", "count/ring_86400s_threads_01/counter", "mutex_ring", "bare_load"],
    ["record an event 20 s late", "late/by_020s_threads_01/counter", "mutex_ring", "bare_add"],
    ["add an action to Running", "add/threads_01/running", "mutex_map", "bare_add"],
    ["… on two threads at once", "add/threads_02/running", "mutex_map", "bare_add"],
    ["add an action to Post", "add/threads_01/post", "mutex_map", "bare_add"],
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

/// Puts the table of a record into the text of the README.
pub(crate) fn update(
    readme: &str,
    record: &str,
    measured: &[Measurement],
) -> anyhow::Result<String> {
    let (before, rest) = readme.split_once(BEGIN).context("the README has no place for a table")?;
    let (_, after) = rest.split_once(END).context("the README's table has no end")?;
    Ok(format!("{before}{BEGIN}{}{END}{after}", table(record, measured)?))
}

fn table(record: &str, measured: &[Measurement]) -> anyhow::Result<String> {
    let mut text = format!(
        "Medians of the record [`{record}`](benches/record/{record}/README.md), which tells \
         machine and command;\nthe baseline is the obvious way to do it under a lock, the \
         floor does less than was asked for.\n\n\
         | Work | Windrow | than the baseline | than the floor |\n| --- | ---: | --- | --- |\n"
    );
    let find = |id: &str| {
        let found = measured.iter().find(|one| one.id == id);
        found.with_context(|| format!("the record has no `{id}`"))
    };
    for [title, id, baseline, floor] in ROWS {
        let ours = find(id)?;
        text += &format!("| {title} | {} |", time(ours.median_ns()));
        for other in [baseline, floor] {
            let other = find(&format!("{}/{other}", ours.group()))?;
            text += &format!(" {} (`{}`) |", ours.against(other), other.implementation());
        }
        text.push('\n');
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::super::tests::measured;
    use super::*;

    #[test]
    fn table_replaces_the_one_before_and_nothing_else() {
        let mut all = Vec::new();
        for [_, id, baseline, floor] in ROWS {
            let (group, _) = id.rsplit_once('/').unwrap();
            all.push(measured(id, 10.0, 10.0));
            all.push(measured(&format!("{group}/{baseline}"), 30.0, 30.0));
            all.push(measured(&format!("{group}/{floor}"), 1.0, 1.0));
        }
        let readme = format!("a\n{BEGIN}old\n{END}\nb\n");
        let updated = update(&readme, "2026-11-22-xeon", &all).unwrap();
        let row = "| add an action to Running | 10.0 ns \
                   | 3.00x faster (`mutex_map`) | 10.0x slower (`bare_add`) |\n";
        assert!(updated.contains(row), "{updated}");
        assert!(updated.starts_with("a\n") && updated.ends_with("\nb\n"));
        assert!(!updated.contains("old"));
        assert_eq!(update(&updated, "2026-11-22-xeon", &all).unwrap(), updated);
    }

    #[test]
    fn what_is_missing_is_named() {
        let readme = format!("{BEGIN}{END}");
        let error = update(&readme, "r", &[]).unwrap_err().to_string();
        assert_eq!(error, "the record has no `record/threads_01/counter`");
        assert!(update("", "r", &[]).is_err());
    }
}
