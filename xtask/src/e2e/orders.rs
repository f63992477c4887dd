//! The orders of the table of actions, as `windrow stats` gives them.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, ensure};
use serde_json::Value;
use xshell::{Shell, cmd};

/// The statistics by which the table can be sorted, largest first.
const STATS: &str = "count,total,mean,stddev,min,p50,p90,p99,max";

/// The names of actions in each order.
pub(super) type Orders = BTreeMap<String, Vec<String>>;

/// Returns the expected orders for the arguments of a report.
pub(super) fn expected(sh: &Shell, windrow: &Path, args: &[&str]) -> anyhow::Result<Orders> {
    let command = cmd!(sh, "{windrow} stats --format json --stat {STATS} {args...}");
    let output = command.quiet().ignore_status().ignore_stderr().read()?;
    let mut rows: Vec<Value> = serde_json::from_str(&output)?;
    let number = |row: &Value, stat: &str| {
        let key = if stat == "mean" { "avg" } else { stat };
        row[key].as_f64().unwrap_or(f64::NEG_INFINITY)
    };
    let falling =
        |stat: &str, one: &Value, other: &Value| number(other, stat).total_cmp(&number(one, stat));
    // The sort is stable: equal rows are in the default order in all others.
    rows.sort_by(|one, other| falling("total", one, other));
    let name = |row: &Value| row["action"].as_str().unwrap_or_default().to_owned();
    let names = |compare: &dyn Fn(&Value, &Value) -> Ordering| {
        let mut rows = rows.clone();
        rows.sort_by(compare);
        rows.iter().map(name).collect::<Vec<_>>()
    };
    let by_stat = STATS
        .split(',')
        .map(|stat| (stat.to_owned(), names(&|one, other| falling(stat, one, other))));
    let mut orders: Orders = by_stat.collect();
    orders.insert("name".into(), names(&|one, other| name(one).cmp(&name(other))));
    Ok(orders)
}

/// Compares the orders of a page with the expected ones.
pub(super) fn check(found: &Value, expected: &Orders) -> anyhow::Result<Vec<String>> {
    let found = found.as_object().context("the page has no orders")?;
    ensure!(
        found.keys().eq(expected.keys()),
        "orders are {:?}, expected {:?}",
        found.keys(),
        expected.keys()
    );
    let mut faults = Vec::new();
    for (order, names) in expected {
        let rows: Vec<_> = super::strings(&found[order]).collect();
        let differs = rows.iter().zip(names).position(|(found, expected)| found != expected);
        if rows.len() != names.len() {
            faults.push(format!("by {order}: {} rows, expected {}", rows.len(), names.len()));
        } else if let Some(at) = differs {
            let (found, expected) = (&rows[at], &names[at]);
            faults.push(format!("by {order}: row {at} is `{found}`, expected `{expected}`"));
        }
    }
    Ok(faults)
}
