//! The table in the README at the root, made from a record so that the two cannot differ.

use anyhow::Context as _;

use super::{Measurement, Role, time};

const BEGIN: &str = "<!-- measured: begin, written by `cargo xtask bench` -->\n";
const END: &str = "<!-- measured: end -->";

/// What a reader of the README wants to know first, and the benchmark that answers it.
const ROWS: [(&str, &str); 11] = [
    ("record an event, default clock", "record/threads_01/counter"),
    ("the same on two threads at once", "record/threads_02/counter"),
    ("count the past 300 s, standing clock", "count/window_300s_threads_01/counter"),
    ("the same of a day of one-second buckets", "count/ring_86400s_threads_01/counter"),
    ("record an event 20 s late", "late/by_020s_threads_01/counter"),
    ("add an action to Running", "add/threads_01/running"),
    ("the same on two threads at once", "add/threads_02/running"),
    ("add an action to Post", "add/threads_01/post"),
    ("add a line of JSON to Running", "add_action/threads_01/running"),
    ("`get_stats` of Running after 1,000,000 records", "get_stats/records_1000000/running"),
    ("`get_stats` of Post after 1,000,000 records", "get_stats/records_1000000/post"),
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
    for (title, id) in ROWS {
        let ours = measured.iter().find(|one| one.id == id);
        let ours = ours.with_context(|| format!("the record has no `{id}`"))?;
        let fastest = |role| {
            let group = measured.iter().filter(|one| one.group() == ours.group());
            let fastest = group
                .filter(|one| one.role() == role)
                .min_by(|a, b| a.median_ns().total_cmp(&b.median_ns()));
            fastest.map_or(String::from("-"), |one| {
                format!("{} (`{}`)", ours.against(one), one.implementation())
            })
        };
        let [baseline, floor] = [Role::Baseline, Role::Floor].map(fastest);
        text += &format!("| {title} | {} | {baseline} | {floor} |\n", time(ours.median_ns()));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::super::tests::measured;
    use super::*;

    #[test]
    fn table_replaces_the_one_before_and_nothing_else() {
        let mut all: Vec<_> = ROWS.iter().map(|(_, id)| measured(id, 10.0, 10.0)).collect();
        all.push(measured("add/threads_01/mutex_map", 30.0, 30.0));
        all.push(measured("add/threads_01/bare_add", 1.0, 1.0));
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
