//! The wire forms of signed values, of their statistics, and of levels.

use std::fmt;

use core_time::Stamp;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Keyed, TWO_POW_53, TWO_POW_64, WireError};
use crate::action::signed::SignedValue;
use crate::statistics::level::{LastSet, Level};
use crate::statistics::mean::Mean;
use crate::statistics::min_max::MinMax;
use crate::statistics::signed::Signed;
use crate::statistics::valid;

const TWO_POW_63: f64 = 9_223_372_036_854_775_808.0;

/// Encodes a value for formats that are not human-readable and may not store the type of a number.
#[derive(Serialize, Deserialize)]
enum Number {
    Integer(u64),
    Float(f64),
    Negative(i64),
}

impl Number {
    fn of(value: SignedValue) -> Self {
        let integer = value.as_integer();
        let of_i64 = || integer.and_then(|integer| i64::try_from(integer).ok());
        match integer.and_then(|integer| u64::try_from(integer).ok()) {
            Some(integer) => Self::Integer(integer),
            None => of_i64().map_or_else(|| Self::Float(value.as_f64()), Self::Negative),
        }
    }
}

impl Serialize for SignedValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match Number::of(*self) {
            number if !serializer.is_human_readable() => number.serialize(serializer),
            Number::Integer(integer) => serializer.serialize_u64(integer),
            Number::Negative(integer) => serializer.serialize_i64(integer),
            Number::Float(float) => serializer.serialize_f64(float),
        }
    }
}

impl<'de> Deserialize<'de> for SignedValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return deserializer.deserialize_f64(ValueVisitor); // Any number, as a time.
        }
        match Number::deserialize(deserializer)? {
            Number::Integer(integer) => Ok(integer.into()),
            Number::Negative(integer) => Ok(integer.into()),
            Number::Float(float) => Self::try_from(float).map_err(D::Error::custom),
        }
    }
}

struct ValueVisitor;

impl Visitor<'_> for ValueVisitor {
    type Value = SignedValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value, which is a number")
    }

    fn visit_u64<E: Error>(self, integer: u64) -> Result<SignedValue, E> {
        Ok(integer.into())
    }

    fn visit_i64<E: Error>(self, integer: i64) -> Result<SignedValue, E> {
        Ok(integer.into())
    }

    fn visit_f64<E: Error>(self, float: f64) -> Result<SignedValue, E> {
        // As a time: an integer of this size is never written as a float, and may be rounded.
        if (TWO_POW_53..TWO_POW_64).contains(&float) || (-TWO_POW_63..=-TWO_POW_53).contains(&float)
        {
            return Err(E::custom(WireError::Rounded { float }));
        }
        SignedValue::try_from(float).map_err(E::custom)
    }
}

/// A zero that is counted as below zero is not refused, because no answer depends on its side.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireSigned<S> {
    /// Of the sizes of values below zero.
    negative: S,
    positive: S,
}

impl<S: Serialize + Clone> Serialize for Signed<S> {
    fn serialize<T: Serializer>(&self, serializer: T) -> Result<T::Ok, T::Error> {
        let Self { negative, positive } = self.clone();
        Keyed(WireSigned { negative, positive }).serialize(serializer)
    }
}

impl<'de, S: Deserialize<'de>> Deserialize<'de> for Signed<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Keyed(WireSigned { negative, positive }) = Keyed::deserialize(deserializer)?;
        Ok(Self { negative, positive })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireLast {
    /// In nanoseconds since the Unix epoch.
    set: i64,
    held: bool,
    value: SignedValue,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireLevel {
    last: Option<WireLast>,
    minmax: Signed<MinMax>,
    /// Counts nanoseconds.
    mean: Signed<Mean>,
}

impl WireLevel {
    pub(super) fn of(level: &Level) -> Self {
        let last = level.last.map(|LastSet { set, has_held, value }| WireLast {
            set: set.as_nanos(),
            held: has_held,
            value,
        });
        Self { last, minmax: level.min_max, mean: level.mean.clone() }
    }

    pub(super) fn checked(self) -> Result<Level, WireError> {
        let Self { last, minmax, mean } = self;
        let last = last.map(|WireLast { set, held, value }| LastSet {
            set: Stamp::from_nanos(set),
            has_held: held,
            value,
        });
        Ok(valid::level(last, minmax, mean)?)
    }
}
