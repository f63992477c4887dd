//! Comparisons of small samples, and of files.

use facade::actions::ActionTime;
use facade::time::Statistic;

use super::*;

const RULE: Rule = Rule { min_change: 0.05, higher_is_better: false };

fn kept(times: impl IntoIterator<Item = f64>) -> Kept {
    let mut kept = Kept::default();
    times.into_iter().for_each(|time| kept.insert(ActionTime::try_from(time).unwrap()));
    kept
}

const RECORDS: Comparer = Comparer { sample: Sample::Records, alpha: 0.05, rule: RULE };
const FILES: Comparer = Comparer { sample: Sample::Files, alpha: 0.05, rule: RULE };

fn stat(name: &str) -> Stat {
    name.parse().unwrap()
}

#[test]
fn too_few_records_have_no_verdict() {
    let many = kept((0..400).map(f64::from));
    for (name, enough) in [("p99", 368), ("p50", 6), ("mean", 100)] {
        for (len, expected) in [(enough - 1, true), (enough, false)] {
            let few = kept((0..len).map(f64::from));
            for sides in [[&few, &many], [&many, &few]] {
                let [before, after] = sides.map(|side| [side]);
                let figure = RECORDS.compare(&stat(name), &before, &after);
                let found = figure.verdict == Some(Verdict::TooFew);
                assert_eq!(
                    (found, figure.interval.is_none()),
                    (expected, expected),
                    "{name} {len}"
                );
            }
        }
    }
}

/// All these times are in one bin, so their quantiles are equal.
#[test]
fn interval_contains_the_width_of_a_bin() {
    let side = |time| kept([1.0, 9_999.0].into_iter().chain([time; 1_000]));
    let figure = RECORDS.compare(&stat("p50"), &[&side(1_000.0)], &[&side(1_002.0)]);
    assert_eq!(figure.change, Some(0.0));
    for side in figure.sides.unwrap() {
        assert!(side.from <= 1_000.0 && side.to >= 1_002.0, "{side:?}");
    }
    let [from, to] = figure.interval.unwrap();
    assert!(from < 0.0 && to > 0.002, "{from} {to}");
}

#[test]
fn figures_from_zero_have_no_percentage() {
    let (zero, one) = (kept([0.0; 200]), kept([1.0; 200]));
    for name in ["p50", "mean"] {
        let from_zero = RECORDS.compare(&stat(name), &[&zero], &[&one]);
        assert_eq!((from_zero.change, from_zero.verdict), (None, Some(Verdict::Slower)), "{name}");
        let to_zero = RECORDS.compare(&stat(name), &[&one], &[&zero]);
        assert_eq!(
            (to_zero.change, to_zero.verdict),
            (Some(-1.0), Some(Verdict::Faster)),
            "{name}"
        );
        let equal = RECORDS.compare(&stat(name), &[&zero], &[&zero]);
        assert_eq!((equal.change, equal.verdict), (None, Some(Verdict::Same)), "{name}");
    }
    let new = RECORDS.compare(&stat("p50"), &[], &[&one]);
    assert_eq!((new.before, new.change, new.verdict), (Field::Missing, None, None));
}

#[test]
fn files_are_a_sample_of_their_own() {
    let files: Vec<_> = (0..6).map(|file| kept([100.0 + f64::from(file)])).collect();
    let slow: Vec<_> = (0..6).map(|file| kept([130.0 + f64::from(file)])).collect();
    let [files, slow] = [&files, &slow].map(|files| files.iter().collect::<Vec<_>>());
    let figure = FILES.compare(&stat("mean"), &files, &slow);
    assert_eq!((figure.before, figure.after), (Field::Float(102.5), Field::Float(132.5)));
    assert_eq!((figure.p, figure.verdict), (Some(2.0 / 924.0), Some(Verdict::Slower)));
    assert_eq!(FILES.compare(&stat("p50"), &files, &files).verdict, Some(Verdict::Same));
    let wide: Vec<_> = (0..6).map(|file| kept([100.0 + 9.0 * f64::from(file)])).collect();
    let wide: Vec<_> = wide.iter().collect();
    assert_eq!(FILES.compare(&stat("p50"), &wide, &wide).verdict, Some(Verdict::Unclear));
    let few = FILES.compare(&stat("p50"), &files[..4], &slow);
    assert_eq!((few.p, few.verdict), (None, Some(Verdict::TooFew)));
    // 2 of 924 orders are the rarest.
    let verdict = |alpha| Comparer { alpha, ..FILES }.compare(&stat("p50"), &files, &slow).verdict;
    assert_eq!(verdict(2.1 / 924.0), Some(Verdict::Slower));
    assert_eq!(verdict(1.9 / 924.0), Some(Verdict::TooFew));
    assert!(FILES.counts(&Stat::Mean) && !RECORDS.counts(&Stat::Mean));
}
