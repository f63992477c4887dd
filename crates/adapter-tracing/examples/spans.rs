//! Where the time of a task goes: total, busy and idle, by span.
//!
//! `cargo run --package adapter-tracing --example spans`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::time::Duration;

use adapter_tracing::SpanLayer;
use facade::Windrow;
use tracing::{Instrument as _, info_span};
use tracing_subscriber::layer::SubscriberExt as _;

/// Serves one order: checks it, then waits for the payment.
async fn order(order: u64) {
    info_span!("check").in_scope(|| (0..10_000 + order).map(std::hint::black_box).sum::<u64>());
    tokio::time::sleep(Duration::from_millis(20)).instrument(info_span!("payment")).await;
}

async fn serve(windrow: &Windrow) -> Result<String, Box<dyn Error>> {
    let subscriber = tracing_subscriber::registry().with(SpanLayer::new(windrow));
    let _default = tracing::subscriber::set_default(subscriber);
    let orders = (0..10).map(|n| tokio::spawn(order(n).instrument(info_span!("order"))));
    for order in orders.collect::<Vec<_>>() {
        order.await?;
    }
    let mut text = String::new();
    for row in windrow.stats() {
        let minute = windrow.action(row.name())?.window(Duration::from_secs(60))?;
        let [p50, p99] = [minute.p50(), minute.p99()].map(Option::unwrap_or_default);
        let (name, count) = (row.name(), minute.count());
        text += &format!("{name:<22} {count:>3} spans  p50 {p50:>9.1?}  p99 {p99:>9.1?}\n");
    }
    Ok(text)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    print!("{}", serve(&Windrow::default()).await?);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn spans_are_printed() -> Result<(), Box<dyn Error>> {
    let text = serve(&Windrow::default()).await?;
    assert_eq!(text.lines().count(), 9, "{text}");
    assert!(text.contains(r#"order{time="busy"}      10 spans"#), "{text}");
    Ok(())
}
