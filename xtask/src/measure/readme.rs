//! Writes the measured tables of the README from records, so that the figures cannot differ.

use anyhow::Context as _;

use super::headline::Headline;
use super::record::Kind;
use super::{Measurement, Role, groups, time};

/// Replaces the table of a kind in the text of a README, which is in `file`.
pub(crate) fn update(
    readme: &str,
    file: &str,
    record: &str,
    measured: &[Measurement],
) -> anyhow::Result<String> {
    let kind = Kind::of(record);
    let name = format!("measured{}", kind.ending().replace('-', " "));
    let (begin, end) = (format!("<!-- {name}: begin"), format!("<!-- {name}: end"));
    let parts = readme.split_once(&begin).and_then(|(before, rest)| {
        let (line, rest) = rest.split_once('\n')?;
        Some((before, line, rest.split_once(&end)?.1))
    });
    let (before, line, after) =
        parts.with_context(|| format!("`{file}` has no lines `{begin}` and `{end}`"))?;
    Ok(format!("{before}{begin}{line}\n{}{end}{after}", table(kind, file, record, measured)?))
}

/// Renders the table of a kind.
///
/// A headline that is newer than the record has no row, so that it can be added before the next
/// record is taken.
fn table(kind: Kind, file: &str, record: &str, measured: &[Measurement]) -> anyhow::Result<String> {
    let up = "../".repeat(file.matches('/').count());
    let link = format!("{up}benches/record/{record}/README.md");
    let mut text = format!(
        "Medians of the record [`{record}`]({link}), which lists the machine and the command.\n\n\
         | Work | Windrow | vs. hand-written | vs. lower bound | vs. best library |\n\
         | --- | ---: | --- | --- | --- |\n",
    );
    let groups = groups(measured);
    for headline in kind.headlines().filter(|headline| headline.readme == file) {
        let Some(ours) = measured.iter().find(|one| one.id == headline.id) else { continue };
        text += &row(headline, ours, &groups[ours.group()])?;
    }
    Ok(text)
}

fn row(headline: &Headline, ours: &Measurement, group: &[&Measurement]) -> anyhow::Result<String> {
    let named = |name: &str| {
        let found = group.iter().copied().find(|one| one.implementation() == name);
        found.with_context(|| format!("the record has no `{}/{name}`", ours.group()))
    };
    let baseline = headline.baseline.as_deref().map(named).transpose()?;
    let rival = group.iter().copied().find(|one| one.role() == Role::Rival);
    let mut text = format!("| {} | {} |", headline.title, time(ours.median_ns()));
    for other in [baseline, Some(named(&headline.floor)?), rival] {
        text += &match other {
            Some(other) => format!(" {} (`{}`) |", ours.against(other), other.library()),
            None => " - |".to_owned(),
        };
    }
    Ok(text + "\n")
}

#[cfg(test)]
mod tests {
    use super::super::headline::tests::all;
    use super::super::tests::measured;
    use super::*;

    /// A record of every headline and of one rival.
    fn record() -> Vec<Measurement> {
        let mut record = all();
        record.push(measured("record/default/rival_metrics", 15.0, 15.0));
        record
    }

    const EMPTY: &str = "a\n<!-- measured: begin, a note -->\nold\n<!-- measured: end -->\nb\n\
                         <!-- measured e2e: begin -->\n<!-- measured e2e: end -->\n";

    const ROOT: &str = "README.md";

    #[test]
    fn a_crate_has_the_rows_of_its_own_readme() {
        let empty = "<!-- measured adapters: begin -->\n<!-- measured adapters: end -->\n";
        let file = "crates/adapter-tower/README.md";
        let updated = update(empty, file, "2026-11-22-xeon-adapters", &record()).unwrap();
        assert!(updated.contains("](../../benches/record/2026-11-22-xeon-adapters/README.md)"));
        assert!(updated.contains("`floor_router`") && !updated.contains("`floor_facade`"));
        assert_eq!(Kind::Adapters.files().len(), 4);
        assert_eq!(Kind::Operations.files().into_iter().collect::<Vec<_>>(), [ROOT]);
    }

    #[test]
    fn only_the_table_is_replaced() {
        let updated = update(EMPTY, ROOT, "2026-11-22-xeon", &record()).unwrap();
        for row in [
            "| record an event | 10.0 ns | 3.00x faster (`shared_ring`) \
             | 10.0x slower (`floor_coarse_clock`) | 1.50x faster (`metrics`) |\n",
            "| decode and record a line of JSON | 10.0 ns | 3.00x faster (`mutex_map`) \
             | 10.0x slower (`floor_decode`) | - |\n",
        ] {
            assert!(updated.contains(row), "{updated}");
        }
        assert!(updated.starts_with("a\n<!-- measured: begin, a note -->\nMedians of"));
        assert!(updated.contains("<!-- measured: end -->\nb\n"), "{updated}");
        assert!(!updated.contains("old"));
        assert_eq!(update(&updated, ROOT, "2026-11-22-xeon", &record()).unwrap(), updated);
    }

    #[test]
    fn whole_programs_have_their_own_table() {
        let updated = update(EMPTY, ROOT, "2026-11-22-xeon-e2e", &record()).unwrap();
        let row = "| basic statistics, one thread | 10.0 ns \
                   | 3.00x faster (`local_python`) | 10.0x slower (`floor_wc`) | - |\n";
        assert!(updated.contains(row), "{updated}");
        assert!(!updated.contains("record an event"), "{updated}");
        let error = update(EMPTY, ROOT, "2026-11-22-xeon-logs", &record()).unwrap_err().to_string();
        let lines = "`<!-- measured logs: begin` and `<!-- measured logs: end`";
        assert_eq!(error, format!("`README.md` has no lines {lines}"));
    }

    #[test]
    fn missing_baseline_is_named() {
        let mut record = record();
        record.retain(|one| one.id != "add_action/threads_01/mutex_map");
        let error = update(EMPTY, ROOT, "r", &record).unwrap_err().to_string();
        assert_eq!(error, "the record has no `add_action/threads_01/mutex_map`");
    }

    #[test]
    fn headline_newer_than_the_record_has_no_row() {
        let mut record = record();
        record.retain(|one| one.id != "add_action/threads_01/running");
        let updated = update(EMPTY, ROOT, "r", &record).unwrap();
        assert!(updated.contains("get_stats") && !updated.contains("line of JSON"), "{updated}");
    }
}
