//! Decoding one record with options.

use std::borrow::Cow;

use core_actions::ActionName;
use core_time::Stamp;

use super::action::Action;
use crate::error::{DecodeError, DecodeErrorKind};
use crate::fields::assemble::{Accepted, Assembler, Rejected};
use crate::fields::error::Context;
use crate::fields::found::{Fault, Slot};
use crate::fields::plan::Plan;
use crate::input::form_plan::FormPlan;
use crate::input::reader::Reader;
use crate::options::DecodeOptions;
use crate::scan::string::long_text;

impl DecodeOptions {
    /// Decodes one action from JSON, with these options.
    ///
    /// If the options name a timestamp, it is checked and discarded;
    /// [`decode_stamped`](Self::decode_stamped) returns it.
    ///
    /// # Errors
    ///
    /// The errors of [`Limits::decode`](crate::Limits::decode), [`DecodeErrorKind::TimeNotInteger`]
    /// if fractions are refused, and for other [fields](Self::fields) than the default the errors
    /// about them. A record that a batch skips or filters is an error too.
    ///
    /// # Complexity
    ///
    /// Linear in the length of the input. Other fields than the default are prepared on each call,
    /// which takes longer than decoding a short line: decode many lines as a batch.
    ///
    /// # Examples
    ///
    /// ```
    /// let action = codec::DecodeOptions::default().decode(br#"{"action":"jump","time":100}"#)?;
    /// assert_eq!(action.name.as_str(), "jump");
    /// # Ok::<(), codec::DecodeError>(())
    /// ```
    pub fn decode<'a>(&self, input: &'a [u8]) -> Result<Action<'a>, DecodeError> {
        match self.plan() {
            None => self.rules().decode(input),
            Some(plan) => decode_record(self, &plan, input).map(|(action, _)| action),
        }
    }

    /// Decodes one action and its timestamp from JSON.
    ///
    /// The timestamp is `None` if the options name no timestamp, or the record has none.
    ///
    /// # Errors
    ///
    /// The errors of [`decode`](Self::decode), and [`DecodeErrorKind::Moment`] for a timestamp that
    /// is not one of its format.
    ///
    /// # Examples
    ///
    /// ```
    /// use codec::{DecodeOptions, Fields, Path, Stamp, Timestamp, TimestampFormat};
    ///
    /// let timestamp = Timestamp::new(Path::key("at"), TimestampFormat::Rfc3339);
    /// let fields = Fields { timestamp: Some(timestamp), ..Fields::default() };
    /// let options = DecodeOptions { fields, ..DecodeOptions::default() };
    /// let line = br#"{"action":"jump","time":100,"at":"1970-01-01T01:00:00.5+01:00"}"#;
    /// let (action, stamp) = options.decode_stamped(line)?;
    /// assert_eq!(action.name.as_str(), "jump");
    /// assert_eq!(stamp, Some(Stamp::from_millis(500)));
    /// # Ok::<(), codec::DecodeError>(())
    /// ```
    pub fn decode_stamped<'a>(
        &self,
        input: &'a [u8],
    ) -> Result<(Action<'a>, Option<Stamp>), DecodeError> {
        match self.plan() {
            None => self.rules().decode(input).map(|action| (action, None)),
            Some(plan) => decode_record(self, &plan, input),
        }
    }
}

/// Decodes a record by a plan.
#[inline(never)]
fn decode_record<'a>(
    options: &DecodeOptions,
    plan: &Plan,
    input: &'a [u8],
) -> Result<(Action<'a>, Option<Stamp>), DecodeError> {
    let limits = options.limits;
    if input.len() > limits.input_bytes {
        return Err(options.rules().too_long(input.len()).explain(input, limits));
    }
    let form = FormPlan::of_record(options, plan, input);
    let mut reader = Reader::new(&form);
    let mut assembler = Assembler::new(options, plan);
    let mut slots = vec![Slot::default(); plan.slots()];
    match read(&mut reader, &mut assembler, input, long_text(input), &mut slots) {
        Ok(accepted) => {
            let name = match part_of(input, accepted.name.text) {
                Some(name) => Cow::Borrowed(name),
                None => Cow::Owned(accepted.name.text.to_owned()),
            };
            let max = options.fields.names.max_bytes.unwrap_or(limits.name_bytes);
            let name = ActionName::with_limit(name, max).map_err(|source| DecodeError {
                kind: DecodeErrorKind::NameRefused { source },
                at: 0,
            })?;
            let stamp = accepted.moment.map(|moment| moment.stamp);
            Ok((Action { name, time: accepted.value.time }, stamp))
        }
        Err(Rejected::Scan(error)) => Err(error.explain(input, limits)),
        Err(Rejected::Field(error)) => {
            let fields = &options.fields;
            Err(error.explain(input, Context { fields, plan, limits }))
        }
        Err(Rejected::Skipped(reason)) => {
            Err(DecodeError { kind: DecodeErrorKind::Skipped { reason }, at: 0 })
        }
        Err(Rejected::Filtered | Rejected::Untimed) => {
            Err(DecodeError { kind: DecodeErrorKind::Filtered, at: 0 })
        }
    }
}

/// Reads a record of any shape, and decides its outcome.
///
/// All slots are absent at first. `known` is a prefix of the record that is known to be UTF-8.
#[inline(always)]
pub(crate) fn read<'s, 'a: 's>(
    reader: &'a mut Reader<'_>,
    assembler: &'s mut Assembler<'_>,
    record: &'a [u8],
    known: &'a str,
    slots: &mut [Slot<'a>],
) -> Result<Accepted<'s>, Rejected<'a>> {
    let repeated = match reader.read(record, known, slots) {
        Ok(()) => None,
        Err(Fault::Refused(error)) if error.code.is_repeated_key() => Some(error),
        Err(Fault::Refused(error)) => return Err(Rejected::Scan(error)),
        Err(Fault::Skipped(reason)) => return Err(Rejected::Skipped(reason)),
    };
    assembler.assemble(record, slots, repeated)
}

/// Returns a text as a part of the input, if its bytes lie there.
fn part_of<'a>(input: &'a [u8], text: &str) -> Option<&'a str> {
    let start = text.as_ptr().addr().checked_sub(input.as_ptr().addr())?;
    let part = input.get(start..start.checked_add(text.len())?)?;
    str::from_utf8(part).ok().filter(|part| *part == text)
}
