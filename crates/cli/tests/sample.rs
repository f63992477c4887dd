//! Statistics of the sample, compared with independent computations (A2, A4, C7).

use std::collections::HashMap;
use std::fs;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// Runs `windrow` on the sample in the root of the workspace, and returns the output.
fn stats(format: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_windrow"))
        .args(["stats", "crates/cli/samples/startup.ndjson", "--format", format])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .env_remove("CLICOLOR_FORCE")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
    String::from_utf8(output.stdout).unwrap()
}

/// Returns the name, count and sum of each action in order of first appearance.
///
/// The times of the sample are integers, so an integer sum is exact.
fn sums() -> Vec<(String, u128, u128)> {
    let text = fs::read_to_string("samples/startup.ndjson").unwrap();
    let mut places = HashMap::new();
    let mut sums: Vec<(String, u128, u128)> = Vec::new();
    for line in text.lines() {
        let value: Value = serde_json::from_str(line).unwrap();
        let (name, time) = (value["action"].as_str().unwrap(), value["time"].as_u64().unwrap());
        let place = *places.entry(name.to_owned()).or_insert(sums.len());
        if place == sums.len() {
            sums.push((name.to_owned(), 0, 0));
        }
        sums[place].1 += 1;
        sums[place].2 += u128::from(time);
    }
    sums
}

#[test]
fn means_of_the_sample_are_those_of_a_plain_sum() {
    let mean = |count: u128, sum: u128| {
        // Below 2^53 both are exact as floats, and the division rounds once, like the mean.
        assert!(count < 1 << 53 && sum < 1 << 53);
        if sum.is_multiple_of(count) {
            json!((sum / count) as u64)
        } else {
            json!(sum as f64 / count as f64)
        }
    };
    let rows = sums().into_iter();
    let rows = rows.map(|(action, count, sum)| json!({"action": action, "avg": mean(count, sum)}));
    let found: Value = serde_json::from_str(&stats("json")).unwrap();
    assert_eq!(found, Value::from_iter(rows));
}

#[test]
fn table_of_the_sample_is_the_one_shipped() {
    let golden = fs::read_to_string("samples/startup.expected.txt").unwrap().replace('\r', "");
    assert_eq!(stats("table"), golden);
}

#[test]
fn table_of_the_sample_has_all_counts_totals_and_shares_and_rounded_means() {
    let text = stats("table").replace(',', "").replace("< 0.1", "0.0").replace(" %", "");
    let mut lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let header = "action count total share mean min p50 p99 max distribution";
    assert_eq!(lines.next().unwrap().join(" "), header);
    let mut sums = sums();
    let all: u128 = sums.iter().map(|&(_, _, sum)| sum).sum();
    // Stable: equal totals are in order of appearance.
    sums.sort_by_key(|&(_, _, sum)| std::cmp::Reverse(sum));
    for (action, count, sum) in sums {
        let line = lines.next().unwrap();
        assert_eq!(line[..3], [action.clone(), count.to_string(), sum.to_string()]);
        // The share written is within half a tenth of a percent, or was "< 0.1 %".
        let share = sum as f64 * 100.0 / all as f64;
        let written: f64 = line[3].parse().unwrap();
        assert!((written - share).abs() < 0.050_001, "{line:?}");
        // The mean written is within one half of sum / count, since all are above 1,000.
        let written: u128 = line[4].parse().unwrap();
        assert!((written * count).abs_diff(sum) * 2 <= count, "{line:?}");
    }
    assert_eq!(lines.next(), None);
}

/// Returns the times of each action, ascending.
fn times() -> HashMap<String, Vec<u64>> {
    let text = fs::read_to_string("samples/startup.ndjson").unwrap();
    let mut times = HashMap::<String, Vec<u64>>::new();
    for line in text.lines() {
        let value: Value = serde_json::from_str(line).unwrap();
        let time = value["time"].as_u64().unwrap();
        times.entry(value["action"].as_str().unwrap().to_owned()).or_default().push(time);
    }
    times.values_mut().for_each(|times| times.sort_unstable());
    times
}

#[test]
fn figures_of_the_sample_are_those_of_its_sorted_times() {
    let output = Command::new(env!("CARGO_BIN_EXE_windrow"))
        .args(["stats", "samples/startup.ndjson", "--format", "ndjson"])
        .args(["--stat", "count,sum,min,p50,p99,max,stddev"])
        .output()
        .unwrap();
    let rows: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let times = times();
    assert_eq!(rows.len(), times.len());
    for row in rows {
        let action = row["action"].as_str().unwrap();
        let sorted = &times[action];
        let sum: u64 = sorted.iter().sum();
        assert_eq!(row["count"], json!(sorted.len()), "{action}");
        assert_eq!(row["sum"], json!(sum), "{action}");
        assert_eq!(
            (&row["min"], &row["max"]),
            (&json!(sorted[0]), &json!(sorted[sorted.len() - 1]))
        );
        for (name, percent) in [("p50", 50), ("p99", 99)] {
            let truth = sorted[(sorted.len() * percent).div_ceil(100) - 1] as f64;
            let off = (row[name].as_f64().unwrap() / truth - 1.0).abs();
            assert!(off <= if sorted.len() > 32 { 0.0079 } else { 0.0 }, "{action} {name}: {off}");
        }
        let mean = sum as f64 / sorted.len() as f64;
        let squares: f64 = sorted.iter().map(|&time| (time as f64 - mean).powi(2)).sum();
        let deviation = (squares / (sorted.len() as f64 - 1.0)).sqrt();
        match row["stddev"].as_f64() {
            Some(found) => assert!((found / deviation - 1.0).abs() < 1e-12, "{action}: {found}"),
            None => assert_eq!(sorted.len(), 1, "{action}"),
        }
    }
}
