//! The benchmarks that the README shows and that `compare` measures by default.

use std::collections::BTreeSet;
use std::iter;
use std::sync::LazyLock;

use anyhow::ensure;
use serde::Deserialize;

use super::Measurement;
use super::record::Kind;

/// One benchmark of Windrow, and the implementations that it is compared with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Headline {
    kind: Kind,
    /// Says what is measured; a row of the README.
    pub(crate) title: String,
    /// The same in two short lines, the heading of a column.
    pub(crate) heading: [String; 2],
    /// `operation/scenario/implementation`.
    pub(crate) id: String,
    /// The implementation that stands for hand-written code, if there is one.
    pub(crate) baseline: Option<String>,
    /// The implementation that stands for the lower bound.
    pub(crate) floor: String,
    /// The README that has the row.
    #[serde(default = "root")]
    pub(crate) readme: String,
}

fn root() -> String {
    "README.md".to_owned()
}

static HEADLINES: LazyLock<Vec<Headline>> = LazyLock::new(|| {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Headlines {
        headline: Vec<Headline>,
    }
    let text = include_str!("../../../benches/headlines.toml");
    toml::from_str::<Headlines>(text).expect("a test parses it").headline
});

impl Kind {
    /// Returns the headlines of a kind of record.
    pub(crate) fn headlines(self) -> impl Iterator<Item = &'static Headline> {
        HEADLINES.iter().filter(move |headline| headline.kind == self)
    }

    /// Returns each README that has headlines of a kind of record.
    pub(crate) fn files(self) -> BTreeSet<&'static str> {
        self.headlines().map(|headline| headline.readme.as_str()).collect()
    }
}

impl Headline {
    /// Returns the group of the benchmark, `operation/scenario`.
    pub(crate) fn group(&self) -> &str {
        self.id.rsplit_once('/').map_or("", |(group, _)| group)
    }

    /// Checks that the benchmark, its baseline and its floor were measured.
    fn check(&self, measured: &[Measurement]) -> anyhow::Result<()> {
        let others = self.baseline.iter().chain([&self.floor]);
        let others = others.map(|name| format!("{}/{name}", self.group()));
        for id in iter::once(self.id.clone()).chain(others) {
            ensure!(measured.iter().any(|one| one.id == id), "`{id}` was not measured");
        }
        Ok(())
    }
}

/// Checks that every headline of a kind was measured.
pub(crate) fn check_complete(kind: Kind, measured: &[Measurement]) -> anyhow::Result<()> {
    kind.headlines().try_for_each(|headline| headline.check(measured))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::tests::measured;
    use super::*;

    /// Measurements of every headline: ours 10 ns, baselines 30 ns, floors 1 ns.
    pub(crate) fn all() -> Vec<Measurement> {
        let mut all = Vec::new();
        for headline in &*HEADLINES {
            let others = [(headline.baseline.as_ref(), 30.0), (Some(&headline.floor), 1.0)];
            for (name, ns) in others {
                let id = name.map(|name| format!("{}/{name}", headline.group()));
                all.extend(id.map(|id| measured(&id, ns, ns)));
            }
            all.push(measured(&headline.id, 10.0, 10.0));
        }
        all
    }

    #[test]
    fn missing_benchmark_is_named() {
        let mut measured = all();
        check_complete(Kind::Operations, &measured).unwrap();
        check_complete(Kind::E2e, &measured).unwrap();
        check_complete(Kind::Service, &measured).unwrap();
        check_complete(Kind::Snapshots, &measured).unwrap();
        measured.retain(|one| one.id != "add_action/threads_01/floor_decode");
        let error = check_complete(Kind::Operations, &measured).unwrap_err().to_string();
        assert_eq!(error, "`add_action/threads_01/floor_decode` was not measured");
        check_complete(Kind::E2e, &measured).unwrap();
    }

    #[test]
    fn tables_stay_short() {
        let [operations, service, adapters, snapshots] =
            Kind::OF_OPERATIONS.map(|kind| kind.headlines().count());
        assert!(operations <= 8 && service <= 8 && adapters <= 12 && snapshots <= 8);
        assert!(HEADLINES.len() - operations - service - adapters - snapshots <= 5);
    }

    #[test]
    fn headlines_are_in_the_record_of_their_kind() {
        for kind in Kind::OF_OPERATIONS {
            for headline in kind.headlines() {
                assert_eq!(Kind::of_operation(&headline.id), kind, "{}", headline.id);
            }
        }
    }
}
