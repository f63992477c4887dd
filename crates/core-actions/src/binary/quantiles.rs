//! The binary forms of histograms, quantiles and summaries.

use core_time::Statistic;

use super::BinaryForm;
use super::error::BinaryError;
use super::reader::BinaryReader;
use super::statistics::{more, read_ascending, write_ascending};
use super::writer::BinaryWriter;
use crate::action::time::ActionTime;
use crate::statistics::mean::Mean;
use crate::statistics::min_max::MinMax;
use crate::statistics::quantiles::Quantiles;
use crate::statistics::quantiles::histogram::Histogram;
use crate::statistics::quantiles::many::{End, Many};
use crate::statistics::summary::Summary;
use crate::statistics::traits::HasCount;
use crate::statistics::valid::{self, Cell, fractions_of};

/// Writes the number of bins, and of each its distance from the one before and its count.
fn write_cells(histogram: &Histogram, writer: &mut BinaryWriter) {
    writer.integer(histogram.counts().count() as u64);
    let mut before = 0;
    for (bin, count) in histogram.counts() {
        writer.integer((bin - before) as u64);
        writer.integer(count);
        before = bin;
    }
}

/// Reads bins whose counts can be added to another.
fn read_cells(count: u64, reader: &mut BinaryReader<'_>) -> Result<Vec<Cell>, BinaryError> {
    let mut cells = Vec::with_capacity(reader.number_of(2)?);
    let (mut before, mut sum) = (0, count);
    for _ in 0..cells.capacity() {
        let bin = reader.integer()?.saturating_add(before);
        before = bin;
        let bin = u32::try_from(bin);
        let bin =
            bin.map_err(|_| reader.impossible(format_args!("bin {before} does not exist")))?;
        let more = more(sum, reader)?;
        sum += more;
        cells.push((bin, more));
    }
    Ok(cells)
}

fn histogram(count: u64, reader: &mut BinaryReader<'_>) -> Result<Histogram, BinaryError> {
    let fractions = reader.integer()?;
    let cells = read_cells(count, reader)?;
    valid::histogram(&cells, fractions).map_err(|invalid| reader.error(invalid))
}

impl BinaryForm for Histogram {
    fn write(&self, writer: &mut BinaryWriter) {
        writer.integer(self.fractions);
        write_cells(self, writer);
    }

    fn add_from(&mut self, reader: &mut BinaryReader<'_>) -> Result<(), BinaryError> {
        let read = histogram(self.count(), reader)?;
        self.merge(&read);
        Ok(())
    }

    fn check(&self, reader: &mut BinaryReader<'_>) -> Result<(), BinaryError> {
        histogram(self.count(), reader).map(drop)
    }
}

/// What was read of quantiles: all times, unless there are many.
enum Read {
    Few { number: usize },
    Many(Quantiles),
}

/// Reads quantiles to add to others, up to the times if they are few.
///
/// The count of the others matters only for many: it takes a look at all bins, and a count has room
/// for few times more.
fn quantiles(to: &Quantiles, reader: &mut BinaryReader<'_>) -> Result<Read, BinaryError> {
    match reader.even_or_odd()? {
        Ok(number) => {
            let number = reader.fitting(number, 1)?;
            valid::is_few(number).map_err(|invalid| reader.error(invalid))?;
            Ok(Read::Few { number })
        }
        Err(0) => many(to.count(), reader).map(Read::Many),
        Err(_) => Err(reader.impossible("number of quantiles is odd, expected an even one or 1")),
    }
}

/// Reads the ends, each with its count, and the bins between. The maximum may have the count 0.
fn many(count: u64, reader: &mut BinaryReader<'_>) -> Result<Quantiles, BinaryError> {
    let min = End { count: more(count, reader)?, time: reader.time()? };
    let mut sum = count + min.count;
    let max = match more(sum, reader)? {
        0 => None,
        count => Some(End { count, time: reader.time()? }),
    };
    sum += max.map_or(0, |max| max.count);
    let fractions = reader.integer()?;
    let between = read_cells(sum, reader)?;
    valid::many((min, max), &between, fractions).map_err(|invalid| reader.error(invalid))
}

impl BinaryForm for Quantiles {
    fn write(&self, writer: &mut BinaryWriter) {
        let Some(many) = &self.many else { return write_few(self, writer) };
        let Many { min, max, between } = &**many;
        writer.integer(1);
        for end in [min, max] {
            writer.integer(end.count);
            if end.count > 0 {
                writer.time(end.time);
            }
        }
        let of_ends = fractions_of(min).wrapping_add(fractions_of(max));
        writer.integer(of_ends.wrapping_add(between.fractions));
        write_cells(between, writer);
    }

    fn add_from(&mut self, reader: &mut BinaryReader<'_>) -> Result<(), BinaryError> {
        match quantiles(self, reader)? {
            Read::Few { number } => read_ascending(number, reader, |time| self.insert(time)),
            Read::Many(read) => {
                self.merge(&read);
                Ok(())
            }
        }
    }

    fn check(&self, reader: &mut BinaryReader<'_>) -> Result<(), BinaryError> {
        match quantiles(self, reader)? {
            Read::Few { number } => read_ascending(number, reader, drop),
            Read::Many(_) => Ok(()),
        }
    }
}

fn write_few(quantiles: &Quantiles, writer: &mut BinaryWriter) {
    let mut times = [ActionTime::ZERO; Quantiles::EXACT];
    let number = quantiles.small.len();
    times.iter_mut().zip(quantiles.small.times()).for_each(|(to, time)| *to = time);
    times[..number].sort_unstable();
    writer.integer(2 * number as u64);
    write_ascending(times[..number].iter().copied(), writer);
}

impl BinaryForm for Summary {
    fn write(&self, writer: &mut BinaryWriter) {
        self.mean.write(writer);
        self.min_max.write(writer);
        self.quantiles.write(writer);
    }

    fn add_from(&mut self, reader: &mut BinaryReader<'_>) -> Result<(), BinaryError> {
        let read = summary(self, reader)?;
        self.merge(&read);
        Ok(())
    }

    fn check(&self, reader: &mut BinaryReader<'_>) -> Result<(), BinaryError> {
        summary(self, reader).map(drop)
    }
}

fn summary(to: &Summary, reader: &mut BinaryReader<'_>) -> Result<Summary, BinaryError> {
    let (mut mean, mut min_max, mut quantiles) = <(Mean, MinMax, Quantiles)>::default();
    to.mean.check(&mut reader.clone())?;
    mean.add_from(reader)?;
    min_max.add_from(reader)?;
    quantiles.add_from(reader)?;
    valid::summary(mean, min_max, quantiles).map_err(|invalid| reader.error(invalid))
}
