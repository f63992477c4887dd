//! The page that is served, and what is on it.

use core_actions::{Quantile, Statistic, Unit};
use exposition::{Bounds, Description, Format, Histogram, Labels, Page, Summary};

/// Values of a label.
pub(crate) const HOSTILE: [&str; 8] = [
    "plain",
    "\"} 1\nevil 1\n# TYPE x counter\n",
    r"\\n\",
    "\0nul",
    "\r\n\t\u{1b}[31m",
    "日本語 \u{202e} é",
    "{{.}},=$",
    "# EOF",
];
/// Labels of quantiles and their values, in seconds.
pub(crate) const QUANTILES: [(&str, f64); 3] = [("0.0", 0.001), ("0.5", 0.25), ("0.999", 2.0)];

/// The number of times.
pub(crate) const COUNT: u64 = 10_000;
pub(crate) const SUM: f64 = 2_345.5;

/// Times in milliseconds from 1 to a minute, many of them short.
fn times() -> impl Iterator<Item = u64> {
    (0..COUNT).map(|index| 1 + index * index % 59_999 / (1 + index % 97))
}

fn bins(times: impl Iterator<Item = u64>) -> core_actions::Histogram {
    let mut bins = core_actions::Histogram::default();
    times.for_each(|time| bins.insert(time.into()));
    bins
}

/// Returns quantiles of the times in seconds, as they are.
pub(crate) fn exact_quantiles() -> impl Iterator<Item = (f64, f64)> {
    let mut times: Vec<u64> = times().collect();
    times.sort_unstable();
    [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999].into_iter().map(move |share| {
        let rank = Quantile::try_from(share).unwrap().rank(COUNT).unwrap();
        (share, times[rank as usize - 1] as f64 / 1_000.0)
    })
}

/// Returns bounds as labels, with the number of times up to each.
///
/// These are ends of bins, so that no time is in a bin with another on the other side.
pub(crate) fn exact_buckets() -> Vec<(&'static str, u64)> {
    let bounds = [("0.005", 5), ("0.05", 50), ("0.1", 100), ("0.511", 511), ("8.191", 8_191)];
    let up_to = |bound: u64| times().filter(|&time| time <= bound).count() as u64;
    let mut counts: Vec<_> = bounds.map(|(label, bound)| (label, up_to(bound))).to_vec();
    counts.push(("+Inf", COUNT));
    counts
}

pub(crate) fn page(format: Format) -> Vec<u8> {
    let mut page = Page::new(format);
    let none = Labels::default();
    let seconds = |name: &'static str| Description::new(name, "Times.").unit("seconds");
    let milliseconds = Unit::Milliseconds.to(Unit::Seconds);

    let hostile = Description::new("hostile", "Values with \"quotes\", \\ and\nline feeds.");
    let mut counters = page.counters(&hostile).unwrap();
    for (index, value) in (0_u64..).zip(HOSTILE) {
        let labels = none.clone().with("index", &index.to_string()).unwrap();
        counters.add(&labels.with("value", value).unwrap(), index).unwrap();
    }
    let mut gauges = page.gauges(&Description::new("level", "Levels.")).unwrap();
    for (which, value) in [("infinite", f64::INFINITY), ("none", f64::NAN), ("small", 5e-324)] {
        gauges.add(&none.clone().with("which", which).unwrap(), value).unwrap();
    }
    let long = "n".repeat(4_096);
    page.gauges(&Description::new(&long, "Long.")).unwrap().add(&none, 1_u64).unwrap();
    page.gauges(&Description::new("nothing", "Without samples.")).unwrap();

    let summary = QUANTILES.into_iter().fold(Summary::new(4, 2.5), |summary, (share, value)| {
        let share = share.parse::<f64>().unwrap();
        summary.with(Quantile::try_from(share).unwrap(), value)
    });
    page.summaries(&seconds("wait")).unwrap().add(&none, &summary).unwrap();

    let bounds = Bounds::try_from(vec![0.005, 0.05, 0.1, 0.511, 8.191]).unwrap();
    let bins_of_all = bins(times());
    let all = Histogram::new(&bins_of_all, SUM).converted(milliseconds);
    page.histograms(&seconds("request_duration"), &bounds).unwrap().add(&none, &all).unwrap();
    let empty = core_actions::Histogram::default();
    let mut family = page.histograms(&seconds("empty"), &bounds).unwrap();
    family.add(&none, &Histogram::new(&empty, 0_u64)).unwrap();
    let zeros = bins([0, 0, 0, 1_000].into_iter());
    let mut family = page.histograms(&seconds("zeros"), &bounds).unwrap();
    family.add(&none, &Histogram::new(&zeros, 1.0).converted(milliseconds)).unwrap();
    page.finish()
}
