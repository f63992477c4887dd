//! Appends batches to a segment, and puts them on the disk in groups.
//!
//! A batch is written by the thread that brings it, while it holds the lock. One thread asks the
//! disk: it takes all batches that wait, confirms them with one call, and meanwhile the next group
//! gathers. So a group waits for one call before its own, and no timer is needed.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

use crate::error::JournalError;
use crate::frame::{self, BATCH_BYTES_MAX, HEAD_BYTES};
use crate::lock::lock;

/// The memory that is kept for the next batch.
const BUFFER_BYTES_KEPT: usize = 1 << 20;

type Answer = oneshot::Sender<Result<(), JournalError>>;

/// The segment that is written, shared with the thread that syncs it.
pub(crate) struct Log {
    shared: Arc<Shared>,
    syncer: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    /// Notified when a batch waits, and at the end.
    wakes: Condvar,
    /// Held from a call to the disk until its failure is noted: the system reports a failure once,
    /// and a second caller would take its silence for success.
    syncing: Mutex<()>,
}

struct State {
    segment: Segment,
    /// The number of the last batch.
    last: u64,
    /// The bytes of batches that are not folded.
    unfolded: u64,
    /// Why the latest batch was not kept; `None` once another one was.
    failure: Option<JournalError>,
    /// Why the latest fold was not kept.
    fold_failure: Option<JournalError>,
    waiting: Vec<(Arc<File>, Answer)>,
    is_closed: bool,
    buffer: Vec<u8>,
}

struct Segment {
    file: Arc<File>,
    path: PathBuf,
    len: u64,
    /// Whether something follows the last whole batch, which a reader would stop at, or a batch may
    /// not be on the disk.
    is_broken: bool,
    /// Whether that is so for a segment before it, and not folded yet.
    follows_gap: bool,
}

impl Segment {
    fn new(file: File, path: PathBuf) -> Self {
        let (file, len) = (Arc::new(file), HEAD_BYTES as u64);
        Self { file, path, len, is_broken: false, follows_gap: false }
    }

    fn append(&mut self, frame: &[u8]) -> Result<(), JournalError> {
        if self.is_broken || self.follows_gap {
            return Err(JournalError::Unsynced);
        }
        if let Err(error) = (&*self.file).write_all(frame) {
            self.is_broken = self.take_back().is_err();
            return Err(JournalError::of("append to", &self.path)(error));
        }
        self.len += frame.len() as u64;
        Ok(())
    }

    /// Removes the part of a batch that was written before there was no more room.
    fn take_back(&self) -> io::Result<()> {
        self.file.set_len(self.len)?;
        (&*self.file).seek(SeekFrom::Start(self.len)).map(|_| ())
    }
}

impl Log {
    /// Goes on after the batch `last` in a new segment, and starts the thread that syncs.
    ///
    /// `unfolded` is the number of bytes of batches in the segments before.
    pub(crate) fn start(
        file: File,
        path: PathBuf,
        last: u64,
        unfolded: u64,
    ) -> Result<Self, JournalError> {
        let of_thread = JournalError::of("start the thread that syncs", &path);
        let state = Mutex::new(State {
            segment: Segment::new(file, path),
            last,
            unfolded,
            failure: None,
            fold_failure: None,
            waiting: Vec::new(),
            is_closed: false,
            buffer: Vec::new(),
        });
        let shared = Arc::new(Shared { state, wakes: Condvar::new(), syncing: Mutex::default() });
        let of_syncer = Arc::clone(&shared);
        let syncer = thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || sync_groups(&of_syncer))
            .map_err(of_thread)?;
        Ok(Self { shared, syncer: Some(syncer) })
    }

    /// Appends a batch, and returns what answers once it is on the disk, if that is asked for.
    pub(crate) fn append(
        &self,
        parts: &[&[u8]],
        is_synced: bool,
    ) -> Result<Option<oneshot::Receiver<Result<(), JournalError>>>, JournalError> {
        let len: usize = parts.iter().map(|part| part.len()).sum();
        if len > BATCH_BYTES_MAX {
            return Err(JournalError::TooLong { len, max: BATCH_BYTES_MAX });
        }
        let mut state = lock(&self.shared.state);
        let State { segment, last, buffer, failure, unfolded, waiting, .. } = &mut *state;
        buffer.clear();
        frame::write(buffer, *last + 1, parts);
        let appended = segment.append(buffer);
        buffer.shrink_to(BUFFER_BYTES_KEPT);
        *failure = appended.as_ref().err().cloned();
        appended?;
        *last += 1;
        *unfolded += len as u64;
        if !is_synced {
            return Ok(None);
        }
        let (answer, answered) = oneshot::channel();
        waiting.push((Arc::clone(&segment.file), answer));
        drop(state);
        self.shared.wakes.notify_one();
        Ok(Some(answered))
    }

    /// Counts a batch that is not appended: a fold saves it.
    pub(crate) fn note(&self, parts: &[&[u8]]) {
        lock(&self.shared.state).unfolded +=
            parts.iter().map(|part| part.len() as u64).sum::<u64>();
    }

    /// Puts all batches on the disk.
    pub(crate) fn sync(&self) -> Result<(), JournalError> {
        let _syncing = lock(&self.shared.syncing);
        let mut state = lock(&self.shared.state);
        let (file, path) = (Arc::clone(&state.segment.file), state.segment.path.clone());
        drop(state);
        let synced = file.sync_data().map_err(JournalError::of("sync", &path));
        if synced.is_err() {
            state = lock(&self.shared.state);
            state.segment.is_broken = true;
        }
        synced
    }

    /// Goes on in another segment. No batch is appended meanwhile.
    pub(crate) fn turn(&self, file: File, path: PathBuf) -> Turn {
        let mut state = lock(&self.shared.state);
        let mut segment = Segment::new(file, path);
        // Until the state is in the store, what comes next would follow a gap.
        segment.follows_gap = state.segment.is_broken || state.segment.follows_gap;
        state.segment = segment;
        Turn { last: state.last, bytes: state.unfolded }
    }

    /// Notes that everything up to a turn is in the store.
    pub(crate) fn folded(&self, turn: &Turn) {
        let mut state = lock(&self.shared.state);
        state.unfolded -= turn.bytes;
        state.segment.follows_gap = false;
        state.fold_failure = None;
        if !state.segment.is_broken {
            state.failure = None;
        }
    }

    pub(crate) fn not_folded(&self, failure: &JournalError) {
        lock(&self.shared.state).fold_failure = Some(failure.clone());
    }

    pub(crate) fn unfolded(&self) -> u64 {
        lock(&self.shared.state).unfolded
    }

    pub(crate) fn failure(&self) -> Option<JournalError> {
        let state = lock(&self.shared.state);
        state.failure.clone().or_else(|| state.fold_failure.clone())
    }
}

/// What the segments before a turn have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turn {
    /// The number of the last batch.
    pub(crate) last: u64,
    /// The bytes of batches that were not folded.
    bytes: u64,
}

impl Drop for Log {
    /// Waits until the disk has what was promised.
    fn drop(&mut self) {
        lock(&self.shared.state).is_closed = true;
        self.shared.wakes.notify_one();
        if let Some(syncer) = self.syncer.take() {
            // One that panicked has answered nobody, and receipts say so.
            let _ = syncer.join();
        }
    }
}

/// Confirms groups of batches until the log is closed and nobody waits.
fn sync_groups(shared: &Shared) {
    let mut state = lock(&shared.state);
    loop {
        let mut group = std::mem::take(&mut state.waiting);
        if group.is_empty() {
            if state.is_closed {
                return;
            }
            state = shared.wakes.wait(state).unwrap_or_else(PoisonError::into_inner);
            continue;
        }
        let path = state.segment.path.clone();
        drop(state);
        let syncing = lock(&shared.syncing);
        let result = sync_files(&group, &path);
        state = lock(&shared.state);
        drop(syncing);
        // A fold that asked the disk before may have got the answer that these batches wait for.
        let is_whole = !state.segment.is_broken && !state.segment.follows_gap;
        let result = if is_whole { result } else { result.and(Err(JournalError::Unsynced)) };
        if let Err(failure) = &result {
            // A second call would succeed, though what the first one lost is not on the disk: so
            // it answers for those who came meanwhile, and no batch is appended any more.
            group.append(&mut state.waiting);
            state.segment.is_broken = true;
            state.failure = Some(failure.clone());
        }
        for (_, answer) in group {
            // A caller that went away does not need one.
            let _ = answer.send(result.clone());
        }
    }
}

/// Asks the disk for each file of a group once.
fn sync_files(group: &[(Arc<File>, Answer)], path: &Path) -> Result<(), JournalError> {
    let files = group.iter().map(|(file, _)| file);
    let mut synced: Option<&Arc<File>> = None;
    for file in files {
        if !synced.is_some_and(|known| Arc::ptr_eq(known, file)) {
            file.sync_data().map_err(JournalError::of("sync", path))?;
            synced = Some(file);
        }
    }
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn start(file: File) -> Log {
        Log::start(file, PathBuf::from("log"), 0, 0).expect("a thread starts")
    }

    #[test]
    fn unconfirmed_batch_is_reported_and_stops_later_ones() {
        // It can be written, and not be synced.
        let log = start(File::options().write(true).open("/dev/null").expect("is there"));
        let answered = log.append(&[b"a"], true).expect("is written").expect("was asked for");
        let message = "cannot sync `log`: Invalid argument (os error 22)";
        let answer = answered.blocking_recv().expect("is answered");
        assert_eq!(answer.expect_err("is not on the disk").to_string(), message);
        assert!(log.failure().is_some());
        let refused = log.append(&[b"b"], false).expect_err("would follow a gap").to_string();
        assert_eq!(refused, "the log was not synced, no batch is written until it is folded");

        let turn = log.turn(File::open("/dev/null").expect("is there"), PathBuf::from("next"));
        assert_eq!((turn.last, turn.bytes), (1, 1));
        assert!(matches!(log.append(&[b"b"], false), Err(JournalError::Unsynced)));
        log.folded(&turn);
        assert_eq!(log.failure(), None);
    }

    #[test]
    fn fold_mends_only_what_was_before_its_turn() {
        let log = start(File::open("/dev/null").expect("is there"));
        let turn = log.turn(File::open("/dev/null").expect("is there"), PathBuf::from("next"));
        // While the state is written, the next segment breaks, too.
        assert!(log.append(&[b"a"], false).is_err());
        log.folded(&turn);
        assert!(log.failure().is_some());
        assert!(matches!(log.append(&[b"b"], false), Err(JournalError::Unsynced)));
    }

    #[test]
    fn batches_wait_for_the_answer_that_a_fold_got() {
        let log = start(File::options().write(true).open("/dev/null").expect("is there"));
        // The fold asks first, and holds back the thread that syncs until it has noted the answer.
        assert!(log.sync().is_err());
        assert!(matches!(log.append(&[b"a"], true), Err(JournalError::Unsynced)));
    }

    #[test]
    fn part_of_a_batch_that_stays_stops_later_ones() {
        // It can be neither written nor cut.
        let log = start(File::open("/dev/null").expect("is there"));
        let refused = log.append(&[b"a"], false).expect_err("cannot be written").to_string();
        assert_eq!(refused, "cannot append to `log`: Bad file descriptor (os error 9)");
        assert!(matches!(log.append(&[b"b"], false), Err(JournalError::Unsynced)));
    }
}
