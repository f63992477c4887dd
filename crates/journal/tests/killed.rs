//! A process that is killed at any point: nothing acknowledged is missing, nothing is there twice.
#![cfg(unix)]

use std::collections::HashMap;
use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::thread;

use journal::{Journal, Level, Recovery, RecoveryReport};

/// Has the folder for the process that is killed.
const FOLDER: &str = "JOURNAL_TEST_FOLDER";

/// How often each batch was counted, by its number.
type Counts = HashMap<u64, u64>;

fn number(batch: &[u8]) -> u64 {
    u64::from_le_bytes(*batch.first_chunk().expect("has a number"))
}

fn save(counts: &Counts) -> Vec<u8> {
    counts
        .iter()
        .flat_map(|(number, count)| [number.to_le_bytes(), count.to_le_bytes()])
        .flatten()
        .collect()
}

fn open(folder: &Path) -> (Journal, Counts, RecoveryReport) {
    let recovery = Recovery::open(folder, 0).expect("can be read");
    let folded = recovery.folded().unwrap_or_default().chunks_exact(16);
    let mut counts: Counts = folded.map(|pair| (number(pair), number(&pair[8..]))).collect();
    let (journal, report) = recovery
        .replay(|batch| *counts.entry(number(batch)).or_default() += 1)
        .expect("no batch is missing");
    (journal, counts, report)
}

/// Adds batches on several threads until it is killed, and prints each when it has its level.
fn write_until_killed(folder: &Path) {
    let (journal, counts, _) = open(folder);
    let first = counts.keys().max().map_or(0, |last| last + 1);
    let counts = Mutex::new(counts);
    thread::scope(|scope| {
        for writer in 0..3 {
            let (journal, counts) = (&journal, &counts);
            scope.spawn(move || {
                let mut random = fastrand::Rng::with_seed(first + writer);
                for number in (first + writer..).step_by(3) {
                    let levels = [Level::Memory, Level::Written, Level::Synced];
                    let level = levels[random.usize(..3)];
                    let rest = vec![b'x'; random.usize(..3_000)];
                    let apply =
                        || *counts.lock().expect("no panic").entry(number).or_default() += 1;
                    let parts = [&number.to_le_bytes()[..], &rest];
                    let ((), receipt) = journal.batch(level, &parts, apply).expect("is kept");
                    receipt.wait_blocking().expect("has its level");
                    let line = format!("ack {level} {number}\n");
                    std::io::stdout().write_all(line.as_bytes()).expect("is read");
                }
            });
        }
        loop {
            // Folds at any moment, without a clock: after some bytes.
            let bytes = fastrand::u64(..100_000);
            while journal.unfolded() < bytes {
                thread::yield_now();
            }
            journal
                .fold(|| counts.lock().expect("no panic").clone(), |counts| save(&counts))
                .expect("is folded");
        }
    });
}

/// Starts this test as another process, which writes to the folder.
fn start(folder: &Path) -> Child {
    Command::new(env::current_exe().expect("is a file"))
        .args(["--exact", "nothing_acknowledged_is_missing_and_nothing_is_there_twice"])
        .args(["--nocapture", "--test-threads", "1"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts")
}

/// Kills the process after a number of acknowledgements; returns those of a durable level.
fn kill_after(mut child: Child, lines: usize) -> Vec<u64> {
    let mut output = BufReader::new(child.stdout.take().expect("is piped"));
    let (mut kept, mut line, mut seen) = (Vec::new(), String::new(), 0);
    while output.read_line(&mut line).expect("is text") > 0 {
        // The last line may lack its end.
        if let Some((_, ack)) = line.split_once("ack ").filter(|_| line.ends_with('\n')) {
            let (level, number) = ack.trim_end().split_once(' ').expect("has a level");
            if level != "memory" {
                kept.push(number.parse().expect("is a number"));
            }
            seen += 1;
            if seen == lines {
                child.kill().expect("is running");
            }
        }
        line.clear();
    }
    child.wait().expect("was started");
    assert!(seen >= lines, "the process ended by itself");
    kept
}

#[test]
fn nothing_acknowledged_is_missing_and_nothing_is_there_twice() {
    if let Some(folder) = env::var_os(FOLDER) {
        write_until_killed(Path::new(&folder));
    }
    let rounds = if env::var_os("WINDROW_LONG_TESTS").is_some() { 200 } else { 10 };
    let folder = tempfile::tempdir().expect("a folder");
    let mut acknowledged = Vec::new();
    for round in 0..rounds {
        let lines = fastrand::usize(1..300);
        acknowledged.extend(kill_after(start(folder.path()), lines));
        let (_, counts, _) = open(folder.path());
        for number in &acknowledged {
            assert!(
                counts.contains_key(number),
                "{number} is missing, killed after {lines} lines in round {round}"
            );
        }
        let twice: Vec<_> = counts.iter().filter(|(_, count)| **count != 1).collect();
        assert!(twice.is_empty(), "{twice:?}, killed after {lines} lines in round {round}");
    }
    assert!(!acknowledged.is_empty());
}
