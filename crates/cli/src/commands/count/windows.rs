//! The tiers of buckets for the windows of `count`.

use std::time::Duration;

use facade::time::{SpecError, Tier, WindowSpec};

use super::SPARKLINE;

/// The number of buckets of the shortest window.
const PARTS: u32 = 20;
/// The maximum number of buckets in a tier; older ones are in a tier of wider buckets.
const BUCKETS_MAX: u32 = 10_000;

/// Chooses tiers of buckets that hold all windows.
///
/// # Errors
///
/// [`SpecError`] if a window is too long.
pub(super) fn spec(windows: &[Duration]) -> Result<WindowSpec, SpecError> {
    let mut windows = windows.to_vec();
    windows.sort_unstable();
    let whole = |window: Duration, resolution: Duration| {
        let parts = window.as_nanos().div_ceil(resolution.as_nanos().max(1));
        resolution.saturating_mul(u32::try_from(parts).unwrap_or(u32::MAX))
    };
    let shortest = windows.first().copied().unwrap_or_default();
    let mut resolution = (shortest / PARTS).max(Duration::from_millis(1));
    let mut tiers: Vec<Tier> = Vec::new();
    for window in windows.into_iter().chain([SPARKLINE]).filter(|window| !window.is_zero()) {
        let parts = window.as_nanos() / resolution.as_nanos();
        let fits = parts <= u128::from(BUCKETS_MAX);
        if !fits {
            let times = parts.div_ceil(u128::from(BUCKETS_MAX / PARTS));
            resolution = resolution.saturating_mul(u32::try_from(times).unwrap_or(u32::MAX));
        }
        let span = whole(window, resolution);
        match tiers.last_mut() {
            Some(tier) if fits => tier.span = tier.span.max(span),
            _ => tiers.push(Tier { resolution, span }),
        }
    }
    let (first, further) = match tiers.split_first() {
        Some((first, further)) => (*first, further),
        None => (Tier { resolution, span: shortest }, &[][..]),
    };
    let builder = WindowSpec::builder().resolution(first.resolution).span(first.span);
    further.iter().fold(builder, |builder, &tier| builder.tier(tier)).build()
}

#[cfg(test)]
mod tests {
    use facade::time::EventCounter;

    use super::*;

    #[test]
    fn any_window_is_held() {
        let cases: [&[u64]; 6] = [
            &[1],
            &[7],
            &[1_000],
            &[1_000, 10_000, 60_000, 300_000],
            &[1_000, 86_400_000],
            &[10, 1_001, 3_600_000, 30 * 86_400_000],
        ];
        for millis in cases {
            let windows: Vec<_> = millis.iter().copied().map(Duration::from_millis).collect();
            let counter = EventCounter::new(spec(&windows).unwrap());
            for window in windows {
                assert!(counter.count(window).is_ok(), "{window:?} of {millis:?}");
            }
            assert!(counter.series(SPARKLINE).is_ok(), "{millis:?}");
        }
        assert!(spec(&[Duration::MAX]).is_err());
    }
}
