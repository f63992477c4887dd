//! The page for Prometheus, in the format that a client asks for.

use std::collections::HashMap;
use std::time::Duration;

use exposition::{Description, Format, Labels, Page, Summary};
use facade::actions::{HasCount as _, LabeledName, Row};
use facade::{Quantile, Unit};

use crate::live::Live;
use crate::names::Names;
use crate::source::Source;

/// The window of the quantiles, if it is kept.
const WINDOW: Duration = Duration::from_secs(60);
const QUANTILES: [Quantile; 3] = [Quantile::MEDIAN, Quantile::P90, Quantile::P99];

/// Writes the page.
pub(crate) fn page(live: &Live, format: Format) -> Vec<u8> {
    let mut page = Page::new(format);
    let sources: Vec<_> = live.sources().collect();
    totals(&mut page, &sources);
    windows(&mut page, &sources);
    in_flight(&mut page, &sources);
    exceeded(&mut page, &sources);
    #[cfg(feature = "ingest")]
    live.settings().ingest.iter().for_each(|ingest| ingest.write(&mut page));
    #[cfg(feature = "metrics")]
    sources.iter().filter_map(|(_, it)| it.recorder()).for_each(|it| it.write(&mut page));
    page.finish()
}

/// Writes number and sum since the start, which may only grow, with quantiles of a window.
fn totals(page: &mut Page, sources: &[(&str, &Source)]) {
    let help = "Times of the actions since the start, with the quantiles of the past minute.";
    let description = Description::new("windrow_action_duration", help).unit("seconds");
    let Ok(mut family) = page.summaries(&description) else { return };
    for (name, source) in sources {
        let (Some(totals), Ok(tracker)) = (source.totals(), source.tracker()) else { continue };
        let to_seconds = tracker.spec().unit.to(Unit::Seconds);
        let window = tracker.window(WINDOW.min(tracker.window_spec().span()));
        let rows = window.as_ref().map(|answer| answer.rows()).unwrap_or_default();
        let key = |other: bool, name: &str| (other, name.to_owned());
        let by_name: HashMap<_, _> =
            rows.iter().map(|row| (key(row.is_other(), row.name()), row.statistic())).collect();
        for total in &totals {
            let Some(labels) = labels(name, total) else { continue };
            let mean = total.statistic();
            let sum = mean.converted(to_seconds).sum();
            let past = by_name.get(&key(total.is_other(), total.name()));
            let summary = QUANTILES.iter().fold(Summary::new(mean.count(), sum), |all, &share| {
                let time = past.and_then(|past| past.quantile(share));
                all.with(share, time.map_or(f64::NAN, |time| time.converted(to_seconds)))
            });
            // Actions of one source have different names, and sources too or the first one counts.
            let _ = family.add(&labels, &summary);
        }
    }
}

/// Writes what sources have that keep nothing since the start. A summary of a window would shrink.
fn windows(page: &mut Page, sources: &[(&str, &Source)]) {
    let mut rates = Vec::new();
    let mut times = Vec::new();
    for (name, source) in sources {
        let (None, Ok(tracker)) = (source.totals(), source.tracker()) else { continue };
        // A recorder writes its histograms itself.
        let Names::Own(scale) = source.names(tracker) else { continue };
        let window = WINDOW.min(tracker.window_spec().span());
        let Ok(answer) = tracker.window(window) else { continue };
        for row in answer.rows() {
            let Some(labels) = labels(name, row) else { continue };
            for share in QUANTILES {
                let time = row.statistic().quantile(share).map(|time| scale.of(time));
                let share = share.share().to_string();
                let Ok(labels) = labels.clone().with("share", &share) else { continue };
                times.extend(time.map(|time| (labels, time)));
            }
            rates.extend(answer.rate(row).map(|rate| (labels, rate)));
        }
    }
    let help = "Records of the actions per second of the past minute.";
    gauges(page, &Description::new("windrow_action_window_rate", help), &rates);
    let help = "Quantiles of the times of the past minute.";
    let description = Description::new("windrow_action_window_duration", help).unit("seconds");
    gauges(page, &description, &times);
}

fn in_flight(page: &mut Page, sources: &[(&str, &Source)]) {
    let level = |&(name, source): &(&str, &Source)| {
        Some((of_source(name, Labels::default())?, source.in_flight()? as f64))
    };
    let levels: Vec<_> = sources.iter().filter_map(level).collect();
    gauges(page, &Description::new("windrow_in_flight", "Requests in flight."), &levels);
}

fn gauges(page: &mut Page, description: &Description<'_>, values: &[(Labels, f64)]) {
    if values.is_empty() {
        return;
    }
    let Ok(mut family) = page.gauges(description) else { return };
    for (labels, value) in values {
        // A second sample of the same labels is left out: of sources with one name.
        let _ = family.add(labels, *value);
    }
}

/// Writes the numbers of what was refused, folded and evicted.
fn exceeded(page: &mut Page, sources: &[(&str, &Source)]) {
    let help = "Records that were refused or folded, and actions that were evicted.";
    let description = Description::new("windrow_exceeded", help);
    let Ok(mut family) = page.counters(&description) else { return };
    for (name, source) in sources {
        let (overflow, refused) = source.refusals();
        let counts = [
            ("full", overflow.refused + refused.full),
            ("too_old", refused.too_old),
            ("too_new", refused.too_new),
            ("folded", overflow.folded),
            ("evicted", overflow.evicted),
        ];
        for (what, count) in counts {
            let labels = Labels::default().with("what", what).ok();
            if let Some(labels) = labels.and_then(|labels| of_source(name, labels)) {
                let _ = family.add(&labels, count);
            }
        }
    }
}

/// Returns the labels of a row: its base name as `action`, its own labels and its source.
fn labels<S>(source: &str, row: &Row<S>) -> Option<Labels> {
    let labels = match LabeledName::parse(row.name()).ok().filter(|_| !row.is_other()) {
        Some(name) => {
            let base = Labels::default().with("action", name.base()).ok()?;
            let own = name.labels().filter(|(label, _)| !matches!(*label, "action" | "source"));
            own.fold(base, |all, (label, value)| all.clone().with(label, value).unwrap_or(all))
        }
        None => {
            let labels = Labels::default().with("action", row.name()).ok()?;
            if row.is_other() { labels.with("windrow_other", "true").ok()? } else { labels }
        }
    };
    of_source(source, labels)
}

/// Adds the name of a source, unless there is none.
fn of_source(source: &str, labels: Labels) -> Option<Labels> {
    if source.is_empty() { Some(labels) } else { labels.with("source", source).ok() }
}
