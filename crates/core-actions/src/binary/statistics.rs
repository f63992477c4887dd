//! The binary forms of the statistics of this crate.

use std::cmp::Reverse;

use core_time::{COUNT_MAX, Stamp, Statistic};

use super::BinaryForm;
use super::error::BinaryError;
use super::reader::BinaryReader;
use super::sum::ReadSum;
use super::writer::BinaryWriter;
use crate::action::time::ActionTime;
use crate::exact::sum::{Sum, SumOfSquares};
use crate::statistics::count::Count;
use crate::statistics::last::{Last, Timestamped};
use crate::statistics::level::{LastSet, Level};
use crate::statistics::mean::Mean;
use crate::statistics::min_max::MinMax;
use crate::statistics::outcomes::Outcomes;
use crate::statistics::signed::Signed;
use crate::statistics::top_k::TopK;
use crate::statistics::traits::HasCount;
use crate::statistics::valid::{self, Invalid};
use crate::statistics::values::Values;
use crate::statistics::variance::Variance;

/// Reads a count that can be added to another.
#[inline]
pub(super) fn more(count: u64, reader: &mut BinaryReader<'_>) -> Result<u64, BinaryError> {
    let more = reader.integer()?;
    match count.checked_add(more) {
        Some(sum) if sum <= COUNT_MAX => Ok(more),
        _ => Err(reader.impossible(format_args!(
            "count is {more} and is added to {count}, limit is {COUNT_MAX}"
        ))),
    }
}

impl BinaryForm for Count {
    fn write(&self, writer: &mut BinaryWriter) {
        writer.integer(self.0);
    }

    fn add_from(&mut self, reader: &mut BinaryReader<'_>) -> Result<(), BinaryError> {
        self.0 += more(self.0, reader)?;
        Ok(())
    }

    fn check(&self, reader: &mut BinaryReader<'_>) -> Result<(), BinaryError> {
        more(self.0, reader).map(drop)
    }
}

impl BinaryForm for Outcomes {
    fn write(&self, writer: &mut BinaryWriter) {
        for number in [self.calls, self.failed, self.slow] {
            writer.integer(number);
        }
    }

    fn add_from(&mut self, reader: &mut BinaryReader<'_>) -> Result<(), BinaryError> {
        let read = outcomes(self, reader)?;
        self.merge(&read);
        Ok(())
    }

    fn check(&self, reader: &mut BinaryReader<'_>) -> Result<(), BinaryError> {
        outcomes(self, reader).map(drop)
    }
}

fn outcomes(to: &Outcomes, reader: &mut BinaryReader<'_>) -> Result<Outcomes, BinaryError> {
    let calls = more(to.calls, reader)?;
    let [failed, slow] = [reader.integer()?, reader.integer()?];
    valid::outcomes(calls, failed, slow).map_err(|invalid| reader.error(invalid))
}

/// Reads a count and a sum.
fn mean(count: u64, reader: &mut BinaryReader<'_>) -> Result<Mean, BinaryError> {
    let count = more(count, reader)?;
    let read = ReadSum::read(reader)?;
    let sum = Sum::of_read(read, count);
    let sum = sum.ok_or_else(|| reader.impossible(no_sum("sum", count)))?;
    Ok(Mean { count, sum })
}

fn no_sum(what: &str, count: u64) -> String {
    format!("{what} is impossible with {}", core_time::counted(count, "time"))
}

impl BinaryForm for Mean {
    fn write(&self, writer: &mut BinaryWriter) {
        writer.integer(self.count);
        self.sum.write(writer);
    }

    fn add_from(&mut self, reader: &mut BinaryReader<'_>) -> Result<(), BinaryError> {
        let mean = mean(self.count, reader)?;
        self.merge(&mean);
        Ok(())
    }

    fn check(&self, reader: &mut BinaryReader<'_>) -> Result<(), BinaryError> {
        mean(self.count, reader).map(drop)
    }
}

impl BinaryForm for Variance {
    fn write(&self, writer: &mut BinaryWriter) {
        self.mean.write(writer);
        self.squares.write(writer);
    }

    fn add_from(&mut self, reader: &mut BinaryReader<'_>) -> Result<(), BinaryError> {
        let read = variance(self.mean.count, reader)?;
        self.merge(&read);
        Ok(())
    }

    fn check(&self, reader: &mut BinaryReader<'_>) -> Result<(), BinaryError> {
        variance(self.mean.count, reader).map(drop)
    }
}

fn variance(count: u64, reader: &mut BinaryReader<'_>) -> Result<Variance, BinaryError> {
    let mean = mean(count, reader)?;
    let (count, read) = (mean.count, ReadSum::read(reader)?);
    let variance = SumOfSquares::of_read(read, count).and_then(|it| valid::variance(mean, it));
    variance.ok_or_else(|| reader.impossible(no_sum("sum of squares", count)))
}

impl BinaryForm for MinMax {
    fn write(&self, writer: &mut BinaryWriter) {
        let Some((min, max)) = self.min().zip(self.max()) else { return writer.integer(0) };
        writer.integer(1);
        write_ascending([min, max].into_iter(), writer);
    }

    fn add_from(&mut self, reader: &mut BinaryReader<'_>) -> Result<(), BinaryError> {
        if reader.flag("presence")? {
            read_ascending(2, reader, |time| self.insert(time))?;
        }
        Ok(())
    }

    fn check(&self, reader: &mut BinaryReader<'_>) -> Result<(), BinaryError> {
        if reader.flag("presence")? {
            read_ascending(2, reader, drop)?;
        }
        Ok(())
    }
}

/// Writes times in ascending order: an integer as the difference from the integer before.
pub(super) fn write_ascending(times: impl Iterator<Item = ActionTime>, writer: &mut BinaryWriter) {
    let mut before = 0;
    for time in times {
        match time.as_integer() {
            Some(integer) => {
                writer.even(integer - before);
                before = integer;
            }
            None => writer.time(time),
        }
    }
}

/// Reads times in ascending order, and passes each on.
pub(super) fn read_ascending(
    number: usize,
    reader: &mut BinaryReader<'_>,
    mut pass: impl FnMut(ActionTime),
) -> Result<(), BinaryError> {
    let (mut before, mut last) = (0_u64, ActionTime::ZERO);
    for _ in 0..number {
        let mut time = reader.time()?;
        if let Some(more) = time.as_integer() {
            let sum = before.checked_add(more);
            before = sum.ok_or_else(|| reader.impossible("time is an integer of 2^64 or more"))?;
            time = before.into();
        }
        if time < last {
            return Err(reader.error(Invalid::FewDescend { time, before: last }));
        }
        last = time;
        pass(time);
    }
    Ok(())
}

impl BinaryForm for Values {
    fn write(&self, writer: &mut BinaryWriter) {
        let mut times: Vec<_> = self.times().collect();
        times.sort_unstable();
        writer.integer(times.len() as u64);
        write_ascending(times.into_iter(), writer);
    }

    fn add_from(&mut self, reader: &mut BinaryReader<'_>) -> Result<(), BinaryError> {
        let number = reader.number_of(1)?;
        read_ascending(number, reader, |time| self.insert(time))
    }

    fn check(&self, reader: &mut BinaryReader<'_>) -> Result<(), BinaryError> {
        let number = reader.number_of(1)?;
        read_ascending(number, reader, drop)
    }
}

impl<const CAP: usize> BinaryForm for TopK<CAP> {
    fn write(&self, writer: &mut BinaryWriter) {
        writer.integer(self.kept.len() as u64);
        let sorted = self.kept.clone().into_sorted_vec();
        write_ascending(sorted.into_iter().rev().map(|Reverse(time)| time), writer);
        self.dropped.write(writer);
    }

    fn add_from(&mut self, reader: &mut BinaryReader<'_>) -> Result<(), BinaryError> {
        let read = largest(self, reader)?;
        self.merge(&read);
        Ok(())
    }

    fn check(&self, reader: &mut BinaryReader<'_>) -> Result<(), BinaryError> {
        largest(self, reader).map(drop)
    }
}

fn largest<const CAP: usize>(
    to: &TopK<CAP>,
    reader: &mut BinaryReader<'_>,
) -> Result<TopK<CAP>, BinaryError> {
    let number = reader.number_of(1)?;
    let mut kept = Vec::with_capacity(number);
    read_ascending(number, reader, |time| kept.push(time))?;
    let dropped = mean(to.count().saturating_add(number as u64), reader)?;
    valid::largest(kept, dropped).map_err(|invalid| reader.error(invalid))
}

impl BinaryForm for Last {
    fn write(&self, writer: &mut BinaryWriter) {
        writer.integer(self.0.is_some().into());
        if let Some(Timestamped { stamp, time }) = self.0 {
            writer.signed(stamp.as_nanos());
            writer.time(time);
        }
    }

    fn add_from(&mut self, reader: &mut BinaryReader<'_>) -> Result<(), BinaryError> {
        if reader.flag("presence")? {
            let stamp = Stamp::from_nanos(reader.signed()?);
            self.insert(Timestamped { stamp, time: reader.time()? });
        }
        Ok(())
    }
}

impl<S: BinaryForm<Value = ActionTime>> BinaryForm for Signed<S> {
    fn write(&self, writer: &mut BinaryWriter) {
        self.negative.write(writer);
        self.positive.write(writer);
    }

    fn add_from(&mut self, reader: &mut BinaryReader<'_>) -> Result<(), BinaryError> {
        self.negative.add_from(reader)?;
        self.positive.add_from(reader)
    }

    fn check(&self, reader: &mut BinaryReader<'_>) -> Result<(), BinaryError> {
        self.negative.check(reader)?;
        self.positive.check(reader)
    }
}

impl BinaryForm for Level {
    fn write(&self, writer: &mut BinaryWriter) {
        writer.integer(self.last.is_some().into());
        if let Some(LastSet { set, has_held, value }) = self.last {
            writer.signed(set.as_nanos());
            writer.integer(has_held.into());
            writer.signed_value(value);
        }
        self.min_max.write(writer);
        self.mean.write(writer);
    }

    fn add_from(&mut self, reader: &mut BinaryReader<'_>) -> Result<(), BinaryError> {
        let read = level(self, reader)?;
        self.merge(&read);
        Ok(())
    }

    fn check(&self, reader: &mut BinaryReader<'_>) -> Result<(), BinaryError> {
        level(self, reader).map(drop)
    }
}

fn level(to: &Level, reader: &mut BinaryReader<'_>) -> Result<Level, BinaryError> {
    let mut last = None;
    if reader.flag("presence")? {
        let set = Stamp::from_nanos(reader.signed()?);
        let has_held = reader.flag("whether it held")?;
        last = Some(LastSet { set, has_held, value: reader.signed_value()? });
    }
    let mut min_max = Signed::<MinMax>::default();
    min_max.add_from(reader)?;
    let negative = mean(to.mean.count(), reader)?;
    let positive = mean(to.mean.count().saturating_add(negative.count), reader)?;
    let level = valid::level(last, min_max, Signed { negative, positive });
    level.map_err(|invalid| reader.error(invalid))
}
