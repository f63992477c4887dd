//! Memory after many spans.

use std::time::Duration;

use adapter_tracing::SpanLayer;
use facade::time::ManualClock;
use facade::{Stamp, Windrow};
use tracing::info_span;
use tracing::subscriber::with_default;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;

/// The spans of each kind, and five hundred thousand in the long form.
const SPANS: u64 = 20_000;
const GROWTH_MAX: i64 = 16 * 1_024;

#[test]
fn memory_does_not_grow_with_spans() {
    let spans = std::env::var_os("WINDROW_LONG_TESTS").map_or(SPANS, |_| 500_000);
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let windrow = Windrow::builder().clock(clock.clone()).build().unwrap();
    let layer = SpanLayer::with_clock(&windrow, clock.clone()).with_fields(["user"]).unwrap();
    with_default(registry().with(layer), || {
        let open = |count: u64| {
            for user in 0..count {
                info_span!("plain").in_scope(|| clock.advance(Duration::from_nanos(user % 100)));
                info_span!("labeled", user = user % 2).in_scope(|| ());
            }
        };
        open(1_000);
        let used = allocation_counter::measure(|| open(spans));
        assert!(used.bytes_current < GROWTH_MAX, "{} bytes more", used.bytes_current);
    });
    let plain = windrow.get(r#"plain{time="total"}"#).unwrap();
    assert_eq!(plain.count(), 1_000 + spans);
}
