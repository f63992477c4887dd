//! Idempotency keys: a request that is sent again is answered, and recorded once.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::HeaderMap;
use facade::Stamp;

use super::outcome::{Reply, SavedReply};
use super::refusal::Refusal;

/// The maximum length of a key.
const KEY_BYTES_MAX: usize = 255;
/// The maximum memory of all keys with their answers.
const KEYS_BYTES_MAX: usize = 16 << 20;
/// The memory of a key apart from its text and its answer: places in the table and in the queue.
const ENTRY_BYTES: usize = 192;

/// The text that a client gives to one request and to its repetitions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key(Arc<str>);

impl Key {
    /// Returns the key of a request, if it has one.
    ///
    /// # Errors
    ///
    /// [`Refusal::Key`] if it cannot be used. To ignore it would count repetitions.
    pub(super) fn from_headers(headers: &HeaderMap) -> Result<Option<Self>, Refusal> {
        let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
        let text = value.to_str().unwrap_or_default();
        if text.is_empty() || text.len() > KEY_BYTES_MAX {
            return Err(Refusal::Key { max: KEY_BYTES_MAX });
        }
        Ok(Some(Self::new(text)))
    }

    /// Creates a key of a text that was checked before.
    pub(super) fn new(text: &str) -> Self {
        Self(text.into())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A key as a journal keeps it: its text, the hash of its request, when it was answered in
/// nanoseconds, and the answer.
pub(super) type SavedKey = (String, u128, i64, SavedReply);

/// The keys of the past span, with the answers to their requests.
#[derive(Debug, Default)]
pub(super) struct Keys(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    entries: HashMap<Key, Entry>,
    /// In the order in which they were answered.
    answered: VecDeque<(Stamp, Key)>,
    bytes: usize,
    evicted: u64,
}

#[derive(Debug)]
struct Entry {
    /// The hash of the body and of how it is read.
    content: u128,
    /// `None` while it is being recorded.
    reply: Option<Reply>,
}

/// What is known of a key.
pub(super) enum Known {
    /// The request was answered before.
    Answered(Reply),
    /// It was not: the caller records it.
    New(Pending),
}

/// A key whose request is being recorded. It is free again unless it is answered.
pub(super) struct Pending {
    keys: Arc<Keys>,
    key: Key,
    at: Stamp,
    is_answered: bool,
}

impl Keys {
    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the number of keys that were forgotten before the span was over.
    pub(super) fn evicted(&self) -> u64 {
        self.lock().evicted
    }

    /// Looks up a key, and keeps it for the caller if it is new.
    ///
    /// # Errors
    ///
    /// [`Refusal`] if the key is of another body, or of a request that is being recorded.
    pub(super) fn begin(
        self: &Arc<Self>,
        key: &Key,
        content: u128,
        now: Stamp,
        span: Duration,
    ) -> Result<Known, Refusal> {
        let mut table = self.lock();
        table.forget_before(now, span);
        if let Some(entry) = table.entries.get(key) {
            if entry.content != content {
                return Err(Refusal::OtherBody);
            }
            return entry.reply.clone().map(Known::Answered).ok_or(Refusal::InProgress);
        }
        table.entries.insert(key.clone(), Entry { content, reply: None });
        let keys = Arc::clone(self);
        Ok(Known::New(Pending { keys, key: key.clone(), at: now, is_answered: false }))
    }
}

impl Keys {
    /// Returns the keys that were answered, the oldest first.
    pub(super) fn save(&self) -> Vec<SavedKey> {
        let table = self.lock();
        let saved = table.answered.iter().filter_map(|(at, key)| {
            let entry = table.entries.get(key)?;
            let reply = entry.reply.as_ref()?.save();
            Some((key.as_str().to_owned(), entry.content, at.as_nanos(), reply))
        });
        saved.collect()
    }

    /// Adds a key that was answered before; one that is known stays as it is.
    pub(super) fn insert(self: &Arc<Self>, key: Key, content: u128, at: Stamp, reply: Reply) {
        let mut table = self.lock();
        if table.entries.contains_key(&key) {
            return;
        }
        table.entries.insert(key.clone(), Entry { content, reply: None });
        drop(table);
        Pending { keys: Arc::clone(self), key, at, is_answered: false }.answer(reply);
    }

    /// Adds keys that were saved. What another version saved is left out.
    pub(super) fn restore(self: &Arc<Self>, saved: Vec<SavedKey>) {
        for (key, content, at, reply) in saved {
            if let Some(reply) = Reply::restore(reply) {
                self.insert(Key::new(&key), content, Stamp::from_nanos(at), reply);
            }
        }
    }
}

impl Table {
    fn forget_before(&mut self, now: Stamp, span: Duration) {
        while let Some((at, _)) = self.answered.front()
            && *at + span < now
        {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let Some((_, key)) = self.answered.pop_front() else { return };
        let reply = self.entries.remove(&key).and_then(|entry| entry.reply);
        self.bytes -= bytes(&key, reply.as_ref());
    }
}

fn bytes(key: &Key, reply: Option<&Reply>) -> usize {
    ENTRY_BYTES + key.0.len() + reply.map_or(0, Reply::len)
}

impl Pending {
    /// Keeps the answer for repetitions of the request.
    pub(super) fn answer(mut self, reply: Reply) {
        self.is_answered = true;
        let keys = Arc::clone(&self.keys);
        let mut table = keys.lock();
        table.bytes += bytes(&self.key, Some(&reply));
        if let Some(entry) = table.entries.get_mut(&self.key) {
            entry.reply = Some(reply);
        }
        table.answered.push_back((self.at, self.key.clone()));
        while table.bytes > KEYS_BYTES_MAX {
            table.forget_oldest();
            table.evicted += 1;
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.is_answered {
            self.keys.lock().entries.remove(&self.key);
        }
    }
}
