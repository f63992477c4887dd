//! Actions that survive the end of the program.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValue;
use facade::WindrowBuilder;
use service::{Durability, DurabilityError, Ingest, Level, Readiness};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, interval};

use super::forms::Forms;
use crate::diagnostics;

/// How often it is checked whether the journal keeps what it should.
const CHECK: Duration = Duration::from_secs(1);
/// The part of the server that `readyz` names.
const PART: &str = "journal";

/// What actions survive, as a value of an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KeptLevel(pub(super) Level);

impl clap::ValueEnum for KeptLevel {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self(Level::Memory), Self(Level::Written), Self(Level::Synced)]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self.0 {
            Level::Memory => "a clean shutdown; a crash loses up to a minute",
            Level::Written => "a crash of the program, such as by `kill -9`",
            Level::Synced => "a crash or power failure of the machine",
        };
        Some(PossibleValue::new(self.0.to_string()).help(help))
    }
}

/// Reads back the actions of a folder, and keeps further ones there.
///
/// `options` is what decides how requests are read, as text.
pub(super) fn open(
    folder: PathBuf,
    level: KeptLevel,
    builder: WindrowBuilder,
    forms: Forms,
    options: String,
) -> Result<Ingest, DurabilityError> {
    let durability = Durability { folder, level: level.0, options };
    let (ingest, report) = Ingest::durable(builder, move |head| forms.options(head), &durability)?;
    for tail in &report.cut {
        diagnostics::report(tail);
    }
    Ok(ingest)
}

/// Folds the journal when it is due, and has `readyz` say what is wrong. Never ends.
pub(super) async fn watch(ingest: Ingest, readiness: Readiness) {
    let mut checks = interval(CHECK);
    let mut folded = Instant::now();
    loop {
        checks.tick().await;
        if ingest.is_fold_due(folded.elapsed()) {
            folded = Instant::now();
            let ingest = ingest.clone();
            // The failure is what is reported next.
            let _ = spawn_blocking(move || ingest.fold()).await;
        }
        match ingest.failure() {
            Some(failure) => readiness.problem(PART, failure.to_string()),
            None => readiness.solved(PART),
        }
    }
}

/// Folds the journal at the end; returns whether it could be. The log has all of it anyway.
pub(super) async fn finish(ingest: Ingest) -> bool {
    let folded = spawn_blocking(move || ingest.fold()).await;
    match folded {
        Ok(Err(failure)) => diagnostics::report(failure),
        Err(_) => {} // The message of the panic was printed.
        Ok(Ok(())) => return true,
    }
    false
}
