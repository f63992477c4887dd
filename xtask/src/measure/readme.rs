//! Writes the measured tables of the README from records, so that the figures cannot differ.

use anyhow::Context as _;

use super::headline::Headline;
use super::record::Kind;
use super::{Measurement, Role, groups, time};

impl Kind {
    /// Returns the lines before and after the table.
    fn markers(self) -> [&'static str; 2] {
        match self {
            Self::Operations => [
                "<!-- measured: begin, written by `cargo xtask bench` -->\n",
                "<!-- measured: end -->",
            ],
            Self::E2e => [
                "<!-- measured e2e: begin, written by `cargo xtask bench --e2e` -->\n",
                "<!-- measured e2e: end -->",
            ],
            Self::Logs => [
                "<!-- measured logs: begin, written by `cargo xtask bench --e2e` -->\n",
                "<!-- measured logs: end -->",
            ],
            Self::Shapes => [
                "<!-- measured shapes: begin, written by `cargo xtask bench` -->\n",
                "<!-- measured shapes: end -->",
            ],
        }
    }

    /// Explains the columns.
    fn legend(self) -> &'static str {
        match self {
            Self::Operations => {
                "*Hand-written* code uses a lock or shared atomics; the *lower bound* does less \
                 work than asked;\nthe *best library* is the fastest crate that counts or times, \
                 even if it has no time windows."
            }
            Self::E2e => {
                "Times are per line of a file of ten million lines, start of the process \
                 included. *Hand-written* is a Python\nscript; the *lower bound* only counts \
                 newlines.\nAll programs gave the same answers."
            }
            Self::Shapes => {
                "Decoding lines in memory: times are per line, in user mode, of a process with \
                 one thread. Each program found\nthe same records, names and sums. The *lower \
                 bound* only counts newlines; the *best library* may skip what it\ndoes not read."
            }
            Self::Logs => {
                "Times are per record of a large file, start of the process included. The *lower \
                 bound* only counts newlines.\nAll programs gave the same answers."
            }
        }
    }
}

/// Replaces the table of a kind in the text of the README.
pub(crate) fn update(
    readme: &str,
    record: &str,
    measured: &[Measurement],
) -> anyhow::Result<String> {
    let kind = Kind::of(record);
    let [begin, end] = kind.markers();
    let (before, rest) = readme
        .split_once(begin)
        .with_context(|| format!("the README has no line `{}`", begin.trim_end()))?;
    let (_, after) =
        rest.split_once(end).with_context(|| format!("the README has no line `{end}`"))?;
    Ok(format!("{before}{begin}{}{end}{after}", table(kind, record, measured)?))
}

/// Renders the table of a kind.
///
/// A headline that is newer than the record has no row, so that it can be added before the next
/// record is taken.
fn table(kind: Kind, record: &str, measured: &[Measurement]) -> anyhow::Result<String> {
    let mut text = format!(
        "Medians of the record [`{record}`](benches/record/{record}/README.md), which lists the \
         machine and the command.\n{}\n\n\
         | Work | Windrow | vs. hand-written | vs. lower bound | vs. best library |\n\
         | --- | ---: | --- | --- | --- |\n",
        kind.legend()
    );
    let groups = groups(measured);
    for headline in kind.headlines() {
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
    let baseline = headline.baseline.map(named).transpose()?;
    let rival = group.iter().copied().find(|one| one.role() == Role::Rival);
    let mut text = format!("| {} | {} |", headline.title, time(ours.median_ns()));
    for other in [baseline, Some(named(headline.floor)?), rival] {
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

    fn empty_readme(kind: Kind) -> String {
        kind.markers().concat()
    }

    #[test]
    fn only_the_table_is_replaced() {
        let [begin, end] = Kind::Operations.markers();
        let readme = format!("a\n{begin}old\n{end}\nb\n");
        let updated = update(&readme, "2026-11-22-xeon", &record()).unwrap();
        for row in [
            "| record an event | 10.0 ns | 3.00x faster (`shared_ring`) \
             | 10.0x slower (`floor_coarse_clock`) | 1.50x faster (`metrics`) |\n",
            "| decode and record a line of JSON | 10.0 ns | 3.00x faster (`mutex_map`) \
             | 10.0x slower (`floor_decode`) | - |\n",
        ] {
            assert!(updated.contains(row), "{updated}");
        }
        assert!(updated.starts_with("a\n") && updated.ends_with("\nb\n"));
        assert!(!updated.contains("old"));
        assert_eq!(update(&updated, "2026-11-22-xeon", &record()).unwrap(), updated);
    }

    #[test]
    fn whole_programs_have_their_own_table() {
        let updated = update(&empty_readme(Kind::E2e), "2026-11-22-xeon-e2e", &record()).unwrap();
        let row = "| basic statistics, one thread | 10.0 ns \
                   | 3.00x faster (`local_python`) | 10.0x slower (`floor_wc`) | - |\n";
        assert!(updated.contains(row), "{updated}");
        assert!(!updated.contains("record an event"), "{updated}");
        let error =
            update(&empty_readme(Kind::Operations), "2026-11-22-xeon-e2e", &record()).unwrap_err();
        let begin = Kind::E2e.markers()[0].trim_end();
        assert_eq!(error.to_string(), format!("the README has no line `{begin}`"));
    }

    #[test]
    fn missing_baseline_is_named() {
        let mut record = record();
        record.retain(|one| one.id != "add_action/threads_01/mutex_map");
        let error = update(&empty_readme(Kind::Operations), "r", &record).unwrap_err().to_string();
        assert_eq!(error, "the record has no `add_action/threads_01/mutex_map`");
    }

    #[test]
    fn headline_newer_than_the_record_has_no_row() {
        let mut record = record();
        record.retain(|one| one.id != "add_action/threads_01/running");
        let updated = update(&empty_readme(Kind::Operations), "r", &record).unwrap();
        assert!(updated.contains("get_stats") && !updated.contains("line of JSON"), "{updated}");
    }
}
