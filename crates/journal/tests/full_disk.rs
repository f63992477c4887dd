//! A disk without room, by a real limit on the size of files. It is of the whole process, hence one
//! test.
#![cfg(target_os = "linux")]

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use journal::{Journal, JournalError, Level, Recovery};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

fn open(folder: &Path) -> (Journal, Vec<u8>) {
    let recovery = Recovery::open(folder, 0).expect("can be read");
    let mut all = recovery.folded().unwrap_or_default().to_vec();
    let (journal, report) = recovery.replay(|batch| all.push(batch[0])).expect("can be replayed");
    assert!(report.cut.is_empty(), "{report:?}");
    (journal, all)
}

/// Opens a copy of the folder, as after the end of the process at this moment.
fn after_the_end(folder: &Path) -> Vec<u8> {
    let copy = tempfile::tempdir().expect("a folder");
    for entry in fs::read_dir(folder).expect("is a folder") {
        let entry = entry.expect("can be read");
        fs::copy(entry.path(), copy.path().join(entry.file_name())).expect("can be copied");
    }
    open(copy.path()).1
}

fn is_full(error: &JournalError) -> bool {
    let JournalError::System { kind, .. } = error else { return false };
    matches!(kind, io::ErrorKind::FileTooLarge | io::ErrorKind::StorageFull)
}

#[test]
fn full_disk_refuses_what_must_be_kept_and_nothing_else() {
    // Otherwise the system would end a process that exceeds the limit.
    signal_hook::flag::register(nix::libc::SIGXFSZ, Arc::new(AtomicBool::new(false)))
        .expect("can be handled");
    let (_, hard) = getrlimit(Resource::RLIMIT_FSIZE).expect("has a limit");
    let limit =
        |bytes| setrlimit(Resource::RLIMIT_FSIZE, bytes, hard).expect("is below the hard one");
    let folder = tempfile::tempdir().expect("a folder");
    let (journal, mut all) = open(folder.path());
    let add = |all: &mut Vec<u8>, level, number: u8| {
        let rest = [number; 999];
        let (_, receipt) = journal.batch(level, &[&[number], &rest], || all.push(number))?;
        receipt.wait_blocking()
    };

    limit(16 << 10);
    let kept =
        (0..=255).take_while(|&number| add(&mut all, Level::Written, number).is_ok()).count();
    assert_eq!(kept, 16, "1,016 bytes each after a head of 24");
    // It is not applied, and the level that needs no disk goes on.
    let expected: Vec<u8> = (0..16).collect();
    assert_eq!(all, expected);
    assert!(journal.failure().as_ref().is_some_and(is_full), "{:?}", journal.failure());
    assert!(add(&mut all, Level::Synced, 99).as_ref().is_err_and(is_full));
    // The part of a batch that was written is gone, so that the next one is found.
    limit(18_000);
    add(&mut all, Level::Written, 16).expect("there is room for one");
    assert_eq!(journal.failure(), None);
    assert!(add(&mut all, Level::Written, 98).as_ref().is_err_and(is_full));
    add(&mut all, Level::Memory, 100).expect("needs no disk");
    let refused =
        journal.fold(|| all.clone(), |all| all).expect_err("the store has no room either");
    assert!(is_full(&refused) || matches!(refused, JournalError::Store { .. }), "{refused}");
    assert!(journal.failure().is_some());

    limit(hard);
    assert_eq!(after_the_end(folder.path()), (0..=16).collect::<Vec<_>>());
    add(&mut all, Level::Synced, 101).expect("there is room again");
    let expected: Vec<u8> = (0..=16).chain([101]).collect();
    assert_eq!(after_the_end(folder.path()), expected);
    assert!(journal.failure().is_some(), "the fold has to be repeated");
    journal.fold(|| all.clone(), |all| all).expect("there is room again");
    assert_eq!(journal.failure(), None);
    add(&mut all, Level::Written, 102).expect("there is room again");
    drop(journal);
    let expected: Vec<u8> = (0..=16).chain(100..=102).collect();
    assert_eq!(open(folder.path()).1, expected);
}
