//! Records the decoded actions of a body.

use facade::actions::{ActionError, ActionTime, Conversion, KeyedName, WindowedTracker};
use facade::codec::{DecodeOptions, Form, InputFault, Record, Sink};
use facade::{Stamp, Summary, Unit, Windrow};

use super::outcome::{ERRORS_MAX, Outcome, Unrecorded};
use super::refusal::Refusal;

/// When a body came. Its records are judged by that moment.
#[derive(Debug, Clone, Copy)]
pub(super) enum Arrival {
    /// Now: records without a timestamp happen when they are recorded.
    Now(Stamp),
    /// Before the process began: records without a timestamp happened then.
    Before(Stamp),
}

impl Arrival {
    pub(super) fn stamp(self) -> Stamp {
        let (Self::Now(at) | Self::Before(at)) = self;
        at
    }
}

/// Decodes a body that came at `arrival`, and records its actions.
///
/// # Errors
///
/// [`Refusal`] if the body ends in the middle of what was one document. Nothing was recorded.
pub(super) fn record(
    windrow: &Windrow,
    windows: &WindowedTracker<Summary>,
    options: &DecodeOptions,
    body: &[u8],
    arrival: Arrival,
) -> Result<Outcome, Refusal> {
    let options = DecodeOptions { refusals_kept: ERRORS_MAX, ..options.clone() };
    if options.input.form == Form::JsonStream {
        // An array is one document: its first elements alone would not be what was sent, and the
        // same array sent once more, complete, would count them twice.
        let report = options.decode_slice(body, &mut |_: Record<'_>| {});
        refuse_fault(report.fault.as_ref())?;
    }
    let mut recorder = Recorder::new(windrow, windows, &options, arrival);
    let report = options.decode_slice(body, &mut recorder);
    let unrecorded = recorder.finish();
    refuse_fault(report.fault.as_ref())?;
    Ok(Outcome::new(&report, unrecorded, body))
}

fn refuse_fault(fault: Option<&InputFault>) -> Result<(), Refusal> {
    match fault {
        None => Ok(()),
        Some(InputFault::BrokenArray(at)) => {
            Err(Refusal::Unreadable(format!("array is broken, nothing was recorded: {at}")))
        }
        Some(fault) => Err(Refusal::Unreadable(fault.to_string())),
    }
}

/// Records the actions that a decoder passes to it.
struct Recorder<'w> {
    windrow: &'w Windrow,
    windows: &'w WindowedTracker<Summary>,
    /// From the unit of numbers, and of texts with a unit, to that of the tracker.
    of_numbers: Option<Conversion>,
    of_texts: Option<Conversion>,
    is_timed: bool,
    arrival: Arrival,
    events: u64,
    unrecorded: Unrecorded,
}

impl<'w> Recorder<'w> {
    fn new(
        windrow: &'w Windrow,
        windows: &'w WindowedTracker<Summary>,
        options: &DecodeOptions,
        arrival: Arrival,
    ) -> Self {
        let kept = windows.spec().unit;
        let conversion = |unit: Unit| (unit != kept).then(|| unit.to(kept));
        // The decoder converts texts to the unit of numbers, or to seconds where that is unknown.
        let numbers = options.fields.unit.unwrap_or(kept);
        let texts = options.fields.unit.unwrap_or(Unit::Seconds);
        Self {
            windrow,
            windows,
            of_numbers: conversion(numbers),
            of_texts: conversion(texts),
            is_timed: options.fields.timestamp.is_some(),
            arrival,
            events: 0,
            unrecorded: Unrecorded::default(),
        }
    }

    fn record(&mut self, record: &Record<'_>) -> Result<(), ActionError> {
        let conversion = if record.has_unit { self.of_texts } else { self.of_numbers };
        let time = match conversion {
            Some(conversion) => ActionTime::try_from(record.time.converted(conversion))?,
            None => record.time,
        };
        match (record.stamp, self.arrival) {
            (Some(stamp), arrival) => {
                // Judged by the moment at which the body came, so that a body that is recorded once
                // more after a crash has the same outcome.
                let judged = self.windows.check_stamp(stamp, arrival.stamp());
                judged.inspect_err(|refusal| self.unrecorded.stamps.add(refusal))?;
                self.record_at(record.name, time, stamp);
            }
            (None, _) if self.is_timed => {} // When it happened is not known.
            (None, Arrival::Before(at)) => self.record_at(record.name, time, at),
            (None, Arrival::Now(_)) => {
                // Refused if only the tracker of windows is full, as in `Windrow::add_action`.
                let _ = self.windows.record(record.name, time);
                self.events += 1;
            }
        }
        self.windrow.actions().record(record.name, time)
    }

    /// Records a valid action in the windows, unless its moment has left them since it came.
    fn record_at(&self, name: KeyedName<'_>, time: ActionTime, stamp: Stamp) {
        // Checked here because the tracker would count a refusal.
        if self.windows.check_stamp(stamp, self.windows.now()).is_ok() {
            // Refused if only the tracker of windows is full.
            let _ = self.windows.record_at(name, time, stamp);
            let _ = self.windrow.record_events_at(stamp, 1);
        }
    }

    fn finish(self) -> Unrecorded {
        self.windrow.record_events(self.events);
        self.unrecorded
    }
}

impl Sink for Recorder<'_> {
    fn accept(&mut self, record: Record<'_>) {
        match self.record(&record) {
            Ok(()) => {}
            Err(ActionError::Full { .. }) => self.unrecorded.dropped += 1,
            Err(error) => {
                self.unrecorded.refused += 1;
                if self.unrecorded.first.len() < ERRORS_MAX {
                    self.unrecorded.first.push((record.offset, error.to_string()));
                }
            }
        }
    }
}
