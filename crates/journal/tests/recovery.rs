//! Folders as crashes and people leave them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc;
use std::thread;

use journal::{Journal, JournalError, Level, Recovery, RecoveryReport};

/// Batches of one letter, and the word that they make.
#[derive(Debug, Default)]
struct Word(String);

fn open(folder: &Path) -> Result<(Journal, Word, RecoveryReport), JournalError> {
    let recovery = Recovery::open(folder, 7)?;
    let mut word = String::from_utf8_lossy(recovery.folded().unwrap_or_default()).into_owned();
    let (journal, report) =
        recovery.replay(|batch| word += str::from_utf8(batch).expect("is text"))?;
    Ok((journal, Word(word), report))
}

impl Word {
    fn add(&mut self, journal: &Journal, level: Level, text: &str) {
        let (first, rest) = text.split_at(1);
        let parts = [first.as_bytes(), rest.as_bytes()];
        let ((), receipt) = journal.batch(level, &parts, || self.0 += text).expect("is kept");
        assert_eq!(receipt.level(), level);
        receipt.wait_blocking().expect("has its level");
    }

    fn fold(&self, journal: &Journal) {
        journal.fold(|| self.0.clone(), String::into_bytes).expect("is folded");
        assert_eq!(journal.unfolded(), 0);
    }
}

fn logs(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("is a folder");
    let paths = entries.map(|entry| entry.expect("can be read").path());
    let is_log = |path: &PathBuf| path.to_string_lossy().contains("/log-");
    let mut logs: Vec<_> = paths.filter(is_log).collect();
    logs.sort();
    logs
}

#[test]
fn batches_are_there_after_the_end() -> Result<(), JournalError> {
    let folder = tempfile::tempdir().expect("a folder");
    let inner = folder.path().join("is/created");
    let (journal, mut word, report) = open(&inner)?;
    assert_eq!((word.0.as_str(), report), ("", RecoveryReport::default()));
    word.add(&journal, Level::Written, "abc");
    word.add(&journal, Level::Memory, "-");
    word.add(&journal, Level::Synced, "de");
    assert_eq!((word.0.as_str(), journal.unfolded()), ("abc-de", 6));
    drop(journal);

    let (journal, mut word, report) = open(&inner)?;
    assert_eq!((word.0.as_str(), report.batches, report.cut.len()), ("abcde", 2, 0));
    // A fold has what is in memory too.
    word.add(&journal, Level::Memory, "+");
    word.fold(&journal);
    assert_eq!(logs(&inner).len(), 1);
    word.add(&journal, Level::Written, "f");
    drop(journal);

    let (_, word, report) = open(&inner)?;
    assert_eq!((word.0.as_str(), report.batches), ("abcde+f", 1));
    Ok(())
}

#[test]
fn folded_batches_are_not_replayed_where_their_log_is_left() -> Result<(), JournalError> {
    let folder = tempfile::tempdir().expect("a folder");
    let (journal, mut word, _) = open(folder.path())?;
    word.add(&journal, Level::Written, "ab");
    let old = logs(folder.path()).remove(0);
    let content = fs::read(&old).expect("can be read");
    word.fold(&journal);
    word.add(&journal, Level::Written, "c");
    drop(journal);
    // The process ended after the store was written, before the log was removed.
    assert!(!old.exists());
    fs::write(&old, content).expect("can be written");
    for _ in 0..2 {
        let (_, word, report) = open(folder.path())?;
        assert_eq!((word.0.as_str(), report.batches), ("abc", 1));
    }
    Ok(())
}

#[test]
fn replayed_and_unlogged_batches_are_to_be_folded() -> Result<(), JournalError> {
    let folder = tempfile::tempdir().expect("a folder");
    let (journal, mut word, _) = open(folder.path())?;
    word.add(&journal, Level::Memory, "abc");
    assert_eq!(journal.unfolded(), 3);
    word.add(&journal, Level::Written, "de");
    assert_eq!(journal.unfolded(), 5);
    drop(journal);
    let (journal, word, _) = open(folder.path())?;
    assert_eq!((word.0.as_str(), journal.unfolded()), ("de", 2));
    word.fold(&journal);
    Ok(())
}

#[test]
fn store_whose_creation_was_not_finished_is_created_again() -> Result<(), JournalError> {
    for unfinished in [&[][..], &[0; 9], &[0; 4_096]] {
        let folder = tempfile::tempdir().expect("a folder");
        let (journal, mut word, _) = open(folder.path())?;
        word.add(&journal, Level::Written, "ab");
        let store = folder.path().join("folded.redb");
        fs::write(&store, unfinished).expect("can be written");
        word.fold(&journal);
        word.add(&journal, Level::Written, "c");
        fs::write(&store, unfinished).expect("can be written");
        word.fold(&journal);
        drop(journal);
        assert_eq!(open(folder.path())?.1.0, "abc");
    }
    Ok(())
}

#[test]
fn folded_batches_of_another_purpose_are_passed_over() -> Result<(), JournalError> {
    let folder = tempfile::tempdir().expect("a folder");
    let (journal, mut word, _) = open(folder.path())?;
    word.add(&journal, Level::Written, "ab");
    let old = logs(folder.path()).remove(0);
    let content = fs::read(&old).expect("can be read");
    word.fold(&journal);
    drop(journal);
    // The process ended before the log was removed, and starts with other options.
    fs::write(&old, content).expect("can be written");
    let recovery = Recovery::open(folder.path(), 8)?;
    assert_eq!(recovery.replay(|_| {})?.1.batches, 0);
    Ok(())
}

#[test]
fn torn_tail_is_cut_and_reported() -> Result<(), JournalError> {
    let whole = tempfile::tempdir().expect("a folder");
    let (journal, mut word, _) = open(whole.path())?;
    word.add(&journal, Level::Written, "ab");
    word.add(&journal, Level::Written, "cd");
    drop(journal);
    let log = logs(whole.path()).remove(0);
    let content = fs::read(&log).expect("can be read");
    assert_eq!(content.len(), 24 + 2 * 18);
    for len in 0..content.len() {
        let folder = tempfile::tempdir().expect("a folder");
        let torn = folder.path().join(log.file_name().expect("has a name"));
        fs::write(&torn, &content[..len]).expect("can be written");
        let (word, batches, end) = match len {
            0..24 => ("", 0, 0),
            24..42 => ("", 0, 24),
            _ => ("ab", 1, 42),
        };
        let (journal, mut found, report) = open(folder.path())?;
        assert_eq!((found.0.as_str(), report.batches), (word, batches), "{len} bytes");
        let cut: Vec<_> = report.cut.iter().map(ToString::to_string).collect();
        let message = format!(
            "the last {} bytes of `{}` are left out: a batch that was not written to its end \
             (byte {end})",
            len - end,
            torn.display()
        );
        assert_eq!(cut, [message].as_slice().get(..usize::from(len > end)).unwrap_or_default());
        // What comes next is not behind it.
        found.add(&journal, Level::Written, "e");
        drop(journal);
        let (_, found, _) = open(folder.path())?;
        assert_eq!(found.0, format!("{word}e"), "{len} bytes");
    }
    Ok(())
}

#[test]
fn missing_batches_are_an_error() -> Result<(), JournalError> {
    let folder = tempfile::tempdir().expect("a folder");
    for text in ["a", "b", "c"] {
        let (journal, mut word, _) = open(folder.path())?;
        word.add(&journal, Level::Written, text);
    }
    let logs = logs(folder.path());
    let second = fs::read(&logs[1]).expect("can be read");
    fs::remove_file(&logs[1]).expect("can be removed");
    let error = open(folder.path()).expect_err("one is missing").to_string();
    let last = logs[2].display();
    let message = format!("batches 2 to 2 are missing in front of `{last}`, restore its folder");
    assert_eq!(error, message);
    // A damaged one is missing too, though its tail is cut: the next file shows it.
    let mut damaged = second.clone();
    *damaged.last_mut().expect("has bytes") ^= 1;
    fs::write(&logs[1], damaged).expect("can be written");
    assert_eq!(open(folder.path()).expect_err("one is damaged").to_string(), message);
    fs::write(&logs[1], second).expect("can be written");
    assert_eq!(open(folder.path())?.1.0, "abc");
    Ok(())
}

#[test]
fn folder_has_one_journal_at_a_time() -> Result<(), JournalError> {
    let folder = tempfile::tempdir().expect("a folder");
    let (journal, ..) = open(folder.path())?;
    let error = open(folder.path()).expect_err("is in use").to_string();
    let path = folder.path().display();
    assert_eq!(error, format!("`{path}` is used by another process, give each its own folder"));
    drop(journal);
    open(folder.path())?;
    Ok(())
}

#[test]
fn logs_of_other_purposes_and_other_files_are_refused() -> Result<(), JournalError> {
    let folder = tempfile::tempdir().expect("a folder");
    let (journal, mut word, _) = open(folder.path())?;
    let log = logs(folder.path()).remove(0);
    let as_other = || Recovery::open(folder.path(), 8)?.replay(|_| {}).map(|_| ());
    word.add(&journal, Level::Written, "a");
    drop(journal);
    let path = log.display();
    let message = format!(
        "`{path}` is of a server that was killed and had other options: start it with those \
         once, end it by SIGTERM, then change them"
    );
    assert_eq!(as_other().expect_err("has a batch").to_string(), message);
    // Once they are folded, the state has another form than the batches.
    let (journal, word, _) = open(folder.path())?;
    word.fold(&journal);
    drop(journal);
    as_other()?;

    fs::write(&log, [b'x'; 100]).expect("can be written");
    let error = open(folder.path()).expect_err("is no log").to_string();
    assert_eq!(error, format!("`{path}` is not a log of version 1, move it out of the folder"));
    fs::remove_file(&log).expect("can be removed");
    fs::write(folder.path().join("folded.redb"), "text").expect("can be written");
    let error = open(folder.path()).expect_err("is no store").to_string();
    assert!(error.starts_with("cannot use `") && error.contains("folded.redb`: "), "{error}");
    Ok(())
}

#[test]
fn batch_that_is_too_long_is_refused_and_not_applied() -> Result<(), JournalError> {
    let folder = tempfile::tempdir().expect("a folder");
    let (journal, mut word, _) = open(folder.path())?;
    let long = vec![b'a'; (80 << 20) + 1];
    let refused = journal.batch(Level::Written, &[&long], || unreachable!("is not applied"));
    let message = "batch is 83886081 bytes, limit is 83886080";
    assert_eq!(refused.expect_err("is too long").to_string(), message);
    word.add(&journal, Level::Written, "b");
    drop(journal);
    assert_eq!(open(folder.path())?.1.0, "b");
    Ok(())
}

#[test]
fn state_is_saved_between_batches() {
    // Longer than a fold takes that does not wait; only a fault is missed if it is too short.
    const TURNS: usize = 1_000_000;
    let folder = tempfile::tempdir().expect("a folder");
    let (journal, ..) = open(folder.path()).expect("is empty");
    let is_saved = AtomicBool::new(false);
    let (is_applying, applying) = mpsc::channel();
    thread::scope(|scope| {
        let (journal, is_saved) = (&journal, &is_saved);
        scope.spawn(move || {
            applying.recv().expect("a batch is applied");
            journal.fold(|| is_saved.store(true, SeqCst), |()| Vec::new()).expect("is folded");
        });
        let apply = || {
            is_applying.send(()).expect("is awaited");
            // A fold begins the next segment before it waits.
            while logs(folder.path()).len() < 2 {
                thread::yield_now();
            }
            for _ in 0..TURNS {
                if is_saved.load(SeqCst) {
                    break;
                }
                thread::yield_now();
            }
            assert!(!is_saved.load(SeqCst), "the state is saved while a batch is being applied");
        };
        let _ = journal.batch(Level::Written, &[b"a"], apply).expect("is kept");
    });
    assert!(is_saved.load(SeqCst));
}

#[tokio::test]
async fn tasks_wait_for_the_disk() {
    let folder = tempfile::tempdir().expect("a folder");
    let (journal, ..) = open(folder.path()).expect("is empty");
    let receipts = (0..20).map(|_| {
        let ((), receipt) = journal.batch(Level::Synced, &[b"a"], || {}).expect("is kept");
        receipt
    });
    for receipt in receipts.collect::<Vec<_>>() {
        receipt.wait().await.expect("the disk confirms");
    }
}
