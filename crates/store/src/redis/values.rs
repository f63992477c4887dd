//! Answers of a server, read.

use std::time::Duration;

use core_time::{Instance, Stamp};
use redis::Value;

use crate::cell::Version;
use crate::error::StoreError;
use crate::store::{BucketContents, Reply, StoredCell, WriterState};

const SHOWN: usize = 40;

/// The field of a bucket that has its version.
pub(super) const VERSION: &str = "version";

/// Reads the answer to a flush.
pub(super) fn reply(key: &str, value: &Value) -> Result<Reply, StoreError> {
    let expected = "a sequence and revisions";
    let foreign = || foreign(key, value, expected);
    let Value::Array(parts) = value else { return Err(foreign()) };
    let [sequence, Value::Array(revisions)] = &parts[..] else { return Err(foreign()) };
    let number = |value: &Value| match bytes(value) {
        Some(b"") => Some(None),
        Some(digits) => str::from_utf8(digits).ok()?.parse().ok().map(Some),
        None => None,
    };
    let revisions = revisions.iter().map(number).collect::<Option<_>>();
    let sequence = number(sequence).ok_or_else(foreign)?;
    Ok(Reply { sequence, revisions: revisions.ok_or_else(foreign)? })
}

/// Reads the moment of a server.
pub(super) fn time(value: &Value) -> Option<Stamp> {
    let Value::Array(parts) = value else { return None };
    let number = |value: &Value| str::from_utf8(bytes(value)?).ok()?.parse::<i64>().ok();
    let [seconds, micros] = &parts[..] else { return None };
    let seconds = number(seconds)?.checked_mul(1_000_000)?;
    Some(Stamp::from_micros(seconds.checked_add(number(micros)?)?))
}

/// Reads the states of writers in a stripe.
pub(super) fn writers(
    key: &str,
    stripe: usize,
    value: &Value,
) -> Result<Vec<WriterState>, StoreError> {
    let state = |(field, value)| state(stripe, field, value);
    let states = fields(value).map(|fields| fields.into_iter().map(state));
    let states = states.and_then(Iterator::collect::<Option<_>>);
    states.ok_or_else(|| foreign(key, value, "states of writers"))
}

fn state(stripe: usize, field: &[u8], value: &[u8]) -> Option<WriterState> {
    let writer = writer(field)?;
    let numbers = str::from_utf8(value).ok()?.split(' ').map(|number| number.parse().ok());
    let [_, micros, interval, keep] = numbers.collect::<Option<Vec<u64>>>()?[..] else {
        return None;
    };
    let seen = Stamp::from_micros(i64::try_from(micros).ok()?);
    let interval = (interval > 0).then(|| Duration::from_millis(interval));
    Some(WriterState { writer, stripe, seen, interval, keep: Duration::from_millis(keep) })
}

/// Reads a bucket.
pub(super) fn bucket(key: &str, bucket: i64, value: &Value) -> Result<BucketContents, StoreError> {
    let foreign = || foreign(key, value, "cells of writers");
    let (mut version, mut cells) = (None, vec![]);
    for (field, value) in fields(value).ok_or_else(foreign)? {
        if field == VERSION.as_bytes() {
            version = Some(Version(String::from_utf8_lossy(value).into_owned()));
        } else {
            cells.push(cell(field, value).ok_or_else(foreign)?);
        }
    }
    Ok(BucketContents { bucket, version, cells })
}

fn cell(field: &[u8], value: &[u8]) -> Option<StoredCell> {
    let at = field.iter().rposition(|&byte| byte == b':')?;
    let writer = writer(&field[..at])?;
    let chunk = str::from_utf8(&field[at + 1..]).ok()?.parse().ok()?;
    let at = value.iter().position(|&byte| byte == b' ')?;
    let _revision: u64 = str::from_utf8(&value[..at]).ok()?.parse().ok()?;
    Some(StoredCell { writer, chunk, value: value[at + 1..].to_vec() })
}

fn writer(field: &[u8]) -> Option<Instance> {
    str::from_utf8(field).ok()?.parse().ok()
}

/// Returns the version of a bucket, from the answer to a request for that field.
pub(super) fn version(value: &Value) -> Option<Version> {
    bytes(value).map(|text| Version(String::from_utf8_lossy(text).into_owned()))
}

/// Returns the fields of a hash, which is a list for some servers.
fn fields(value: &Value) -> Option<Vec<(&[u8], &[u8])>> {
    match value {
        Value::Map(pairs) => {
            pairs.iter().map(|(field, value)| Some((bytes(field)?, bytes(value)?))).collect()
        }
        Value::Array(list) if list.len() % 2 == 0 => {
            let pairs = list.chunks_exact(2);
            pairs.map(|pair| Some((bytes(&pair[0])?, bytes(&pair[1])?))).collect()
        }
        _ => None,
    }
}

fn bytes(value: &Value) -> Option<&[u8]> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        Value::SimpleString(text) => Some(text.as_bytes()),
        _ => None,
    }
}

pub(super) fn foreign(key: &str, value: &Value, expected: &'static str) -> StoreError {
    let mut found = format!("{value:?}");
    if let Some((end, _)) = found.char_indices().nth(SHOWN) {
        found.truncate(end);
        found.push('…');
    }
    StoreError::Foreign { key: key.to_owned(), found, expected }
}
