//! Records: folders with the measurements, the machine and the command, committed to the tree.

use std::fmt::Write as _;
use std::fs;
use std::iter;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde_json::Value;
use xshell::{Shell, cmd};

use super::Measurement;
use super::machine::Machine;
use super::table::Table;

/// The conditions of a run. They are read before the run, so that they describe what was run.
pub(crate) struct Circumstances {
    date: String,
    machine: Machine,
    toolchain: String,
    commit: String,
    command: String,
    /// More properties with their names.
    more: Vec<(String, String)>,
}

/// The kind of a record, which its name shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// Operations of the crates.
    Operations,
    /// Operations that services make: keyed counts, limits, reads of actions.
    Service,
    /// Adapters to the libraries that services measure with, and pages for Prometheus.
    Adapters,
    /// Rows that travel: their binary form, what changed, and what several writers have sent.
    Snapshots,
    /// Whole programs on files.
    E2e,
    /// Whole programs on logs in the forms of other programs.
    Logs,
    /// Parsers on lines in several forms.
    Shapes,
}

impl Kind {
    pub(crate) const ALL: [Self; 7] = [
        Self::Operations,
        Self::Service,
        Self::Adapters,
        Self::Snapshots,
        Self::E2e,
        Self::Logs,
        Self::Shapes,
    ];

    /// The kinds that one run of criterion measures.
    pub(crate) const OF_OPERATIONS: [Self; 4] =
        [Self::Operations, Self::Service, Self::Adapters, Self::Snapshots];

    /// Returns the kind of the record that a measured operation is part of.
    pub(crate) fn of_operation(id: &str) -> Self {
        let begins = |with: &[&str]| with.iter().any(|begin| id.starts_with(begin));
        if begins(&["keyed", "limit", "read_"]) {
            Self::Service
        } else if begins(&["adapter_", "exposition"]) {
            Self::Adapters
        } else if begins(&["snapshot/", "changes/", "merged/"]) {
            Self::Snapshots
        } else {
            Self::Operations
        }
    }

    /// Returns the end of the name, before a number.
    pub(crate) fn ending(self) -> &'static str {
        match self {
            Self::Operations => "",
            Self::Service => "-service",
            Self::Adapters => "-adapters",
            Self::Snapshots => "-snapshots",
            Self::E2e => "-e2e",
            Self::Logs => "-logs",
            Self::Shapes => "-shapes",
        }
    }

    /// Returns the kind of the record with a name.
    pub(crate) fn of(name: &str) -> Self {
        let is_numbered = |(_, number): (&str, &str)| {
            number.strip_prefix('-').is_some_and(|number| number.parse::<u64>().is_ok())
        };
        let has =
            |ending| name.ends_with(ending) || name.rsplit_once(ending).is_some_and(is_numbered);
        let mut marked = Self::ALL.into_iter().filter(|&kind| kind != Self::Operations);
        marked.find(|kind| has(kind.ending())).unwrap_or(Self::Operations)
    }
}

impl Circumstances {
    /// Reads the machine, the toolchain and the commit.
    pub(crate) fn now(sh: &Shell, command: String) -> anyhow::Result<Self> {
        Ok(Self {
            date: jiff::Timestamp::now().strftime("%F").to_string(), // In UTC.
            machine: Machine::this(),
            toolchain: cmd!(sh, "rustc --version --verbose").quiet().read()?,
            commit: commit(sh).unwrap_or_else(|_| "unknown: not a git checkout".to_owned()),
            command,
            more: Vec::new(),
        })
    }

    /// Adds a property.
    pub(crate) fn add(&mut self, name: &str, value: &str) {
        self.more.push((name.to_owned(), value.to_owned()));
    }

    fn name(&self) -> String {
        format!("{}-{}", self.date, self.machine.slug())
    }

    fn readme(&self, name: &str) -> String {
        let Machine { cpu, cores, memory, load, system } = &self.machine;
        let mut text = format!("# {name}\n\n| | |\n| --- | --- |\n");
        let mut row = |name: &str, value: &str| {
            let _ = writeln!(text, "| {name} | {value} |");
        };
        row("date", &format!("{} (UTC)", self.date));
        row("machine", &format!("{cpu}, {cores} threads"));
        row("memory", memory.as_deref().unwrap_or("unknown"));
        row("load before the run", load.as_deref().unwrap_or("unknown"));
        row("system", system);
        row("commit", &self.commit);
        row("command", &format!("`{}`", self.command));
        self.more.iter().for_each(|(name, value)| row(name, value));
        let _ = write!(text, "\n```text\n{}\n```\n{README_END}", self.toolchain);
        text
    }
}

/// Explains the files of a record.
const README_END: &str = "
`summary.md` is generated. It shows the median, the spread (the middle 80 % of the samples) and the
ratios to the fastest baseline (`mutex_*`, `shared_*`, `local_*`), the slowest floor (`floor_*`) and
the fastest rival (`rival_*`) of each group. `same` means that the spreads overlap or that the
medians are within 2 %. `raw.ndjson` holds the samples, in nanoseconds per unit of work.
`benches/README.md` says what is measured. `cargo xtask compare A B` compares two records.
";

/// Writes a record below `parent`: the measurements, one a line, and the tables.
///
/// A second record of the same day gets a number.
pub(crate) fn write(
    kind: Kind,
    parent: &Path,
    circumstances: &Circumstances,
    raw: &[Value],
    tables: &[Table],
) -> anyhow::Result<PathBuf> {
    let first = circumstances.name() + kind.ending();
    let numbered = (2..).map(|n| format!("{first}-{n}"));
    let mut names = iter::once(first.clone()).chain(numbered);
    let name = names.find(|name| !parent.join(name).exists()).context("every name is in use")?;
    let folder = parent.join(&name);
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    fs::write(folder.join(RAW), raw.iter().map(|one| format!("{one}\n")).collect::<String>())?;
    fs::write(folder.join("README.md"), circumstances.readme(&name))?;
    let tables: Vec<_> = tables.iter().map(Table::markdown).collect();
    let title = format!("# Summary of {name}\n\nGenerated by `{}`.\n\n", circumstances.command);
    fs::write(folder.join("summary.md"), title + &tables.join("\n"))?;
    Ok(folder)
}

/// The file of the measurements.
const RAW: &str = "raw.ndjson";

/// Finds the newest record of a kind below `parent`: the last by name, which begins with the date.
pub(crate) fn newest(parent: &Path, kind: Kind) -> anyhow::Result<PathBuf> {
    let entries = fs::read_dir(parent)?.collect::<Result<Vec<_>, _>>()?;
    let is_it = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        path.is_dir() && Kind::of(&name) == kind
    };
    let newest = entries.iter().map(fs::DirEntry::path).filter(is_it).max();
    newest.with_context(|| format!("{} holds no record", parent.display()))
}

/// Reads the measurements of a record.
pub(crate) fn read(folder: &Path) -> anyhow::Result<Vec<Measurement>> {
    let file = folder.join(RAW);
    let text = fs::read_to_string(&file).with_context(|| {
        format!("`{}` is not a record: `{RAW}` cannot be read", folder.display())
    })?;
    let measurement = |(number, line): (usize, &str)| {
        let json = serde_json::from_str(line)?;
        Measurement::from_json(&json).with_context(|| format!("{RAW}, line {number}"))
    };
    let measured = (1..).zip(text.lines()).map(measurement).collect::<anyhow::Result<Vec<_>>>()?;
    ensure!(!measured.is_empty(), "`{}` is not a record: `{RAW}` is empty", folder.display());
    Ok(measured)
}

/// Returns the commit that is checked out, and whether the tree has changes.
pub(crate) fn commit(sh: &Shell) -> anyhow::Result<String> {
    let commit = cmd!(sh, "git rev-parse HEAD").quiet().ignore_stderr().read()?;
    let clean = cmd!(sh, "git status --porcelain -- . :!benches/record").quiet().read()?.is_empty();
    Ok(format!("{commit}{}", if clean { "" } else { ", with changes not committed" }))
}

#[cfg(test)]
mod tests {
    use super::super::tests::measured;
    use super::*;

    fn circumstances() -> Circumstances {
        Circumstances {
            date: "2026-11-22".to_owned(),
            machine: Machine { cpu: "Xeon".to_owned(), cores: 2, ..Machine::this() },
            toolchain: "rustc 1.95.0".to_owned(),
            commit: "0123".to_owned(),
            command: "cargo bench".to_owned(),
            more: vec![("jq".to_owned(), "jq-1.6".to_owned())],
        }
    }

    #[test]
    fn record_reads_back_and_is_never_overwritten() {
        let sh = Shell::new().unwrap();
        let temporary = sh.create_temp_dir().unwrap();
        let all = [measured("a/b/floor_loop", 1.0, 2.0), measured("a/b/ring", 3.0, 4.0)];
        let write = |all: &[Measurement]| {
            let raw: Vec<_> = all.iter().map(Measurement::to_json).collect();
            write(Kind::Operations, temporary.path(), &circumstances(), &raw, &[]).unwrap()
        };
        let (first, second) = (write(&all), write(&all[..1]));
        assert!(first.ends_with("2026-11-22-xeon-2core"), "{}", first.display());
        assert!(second.ends_with("2026-11-22-xeon-2core-2"), "{}", second.display());
        assert_eq!(read(&first).unwrap(), all);
        let files = fs::read_dir(&first).unwrap().count();
        assert_eq!(files, 3);
        fs::write(second.join(RAW), "").unwrap();
        assert!(read(&second).unwrap_err().to_string().ends_with("`raw.ndjson` is empty"));
        let readme = sh.read_file(first.join("README.md")).unwrap();
        assert!(readme.contains("| command | `cargo bench` |"), "{readme}");
        assert!(readme.contains("| machine | Xeon, 2 threads |"), "{readme}");
        assert!(readme.contains("| jq | jq-1.6 |"), "{readme}");
    }

    #[test]
    fn newest_record_is_one_of_its_kind() {
        let sh = Shell::new().unwrap();
        let temporary = sh.create_temp_dir().unwrap();
        let (parent, circumstances) = (temporary.path(), circumstances());
        let of = |kind| write(kind, parent, &circumstances, &[], &[]).unwrap();
        let of_operations = of(Kind::Operations);
        for name in ["2026-11-22-xeon-2core-e2e", "2026-11-22-xeon-2core-e2e-2"] {
            let folder = of(Kind::E2e);
            assert!(folder.ends_with(name), "{}", folder.display());
            assert_eq!(newest(parent, Kind::Operations).unwrap(), of_operations);
            assert_eq!(newest(parent, Kind::E2e).unwrap(), folder);
        }
        assert_eq!(Kind::of("2026-11-22-xeon-2core-2"), Kind::Operations);
        assert_eq!(Kind::of("2026-11-22-xeon-e2e-core"), Kind::Operations);
        assert_eq!(Kind::of("2026-11-22-xeon-2core-logs-2"), Kind::Logs);
        assert_eq!(Kind::of("2026-11-22-xeon-2core-shapes"), Kind::Shapes);
    }
}
