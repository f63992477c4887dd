//! Actions that survive the end of the server, however it ends.

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;

use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::run::{Serve, fails};

fn start(folder: &Path) -> Serve {
    Serve::start(&["--data", folder.to_str().unwrap(), "--max-actions", "100000"])
}

fn body(name: &str) -> String {
    format!("{{\"action\":\"{name}\",\"time\":5}}\n")
}

fn post(server: &Serve, level: &str, name: &str) -> (u16, String) {
    server.send("POST", "/v1/actions", &[("durability", level)], &body(name))
}

/// Returns the number of records of each action since the first start.
fn totals(server: &Serve) -> Vec<(String, u64)> {
    let (_, page) = server.get("/metrics");
    let rows = page.lines().filter_map(|line| {
        let rest = line.strip_prefix("windrow_action_duration_seconds_count{action=\"")?;
        let (name, count) = rest.split_once("\"} ")?;
        Some((name.to_owned(), count.parse().unwrap()))
    });
    rows.collect()
}

/// Posts on three threads until the server is killed; returns the actions that it said are kept.
fn post_until_killed(server: Serve, round: usize, answers: usize) -> Vec<String> {
    let kept = Mutex::new((Vec::new(), 0));
    thread::scope(|scope| {
        for writer in 0..3 {
            let (server, kept) = (&server, &kept);
            scope.spawn(move || {
                for number in 0.. {
                    let level = ["memory", "written", "synced"][fastrand::usize(..3)];
                    let name = format!("a{round}_{writer}_{number}");
                    let Some((status, answer)) = server.try_post(level, &body(&name)) else {
                        return; // It was killed.
                    };
                    assert_eq!(status, 200, "{answer}");
                    assert!(answer.contains(&format!("\"durability\":\"{level}\"")), "{answer}");
                    let mut kept = kept.lock().unwrap();
                    if level != "memory" {
                        kept.0.push(name);
                    }
                    kept.1 += 1;
                    if kept.1 == answers {
                        server.signal(Signal::SIGKILL);
                    }
                }
            });
        }
    });
    kept.into_inner().unwrap().0
}

#[test]
fn nothing_answered_is_missing_and_nothing_is_there_twice() {
    let rounds = if env::var_os("WINDROW_LONG_TESTS").is_some() { 200 } else { 10 };
    let folder = TempDir::new().unwrap();
    let mut kept = Vec::new();
    for round in 0..rounds {
        let answers = fastrand::usize(1..60);
        kept.extend(post_until_killed(start(folder.path()), round, answers));
        let server = start(folder.path());
        let found = totals(&server);
        for name in &kept {
            let is_there = found.iter().any(|(found, _)| found == name);
            assert!(is_there, "{name} is missing, killed after {answers} answers in round {round}");
        }
        let twice: Vec<_> = found.iter().filter(|(_, count)| *count != 1).collect();
        assert!(twice.is_empty(), "{twice:?}, killed after {answers} answers in round {round}");
        // Every second time the log is replayed once more, as if this one had been killed, too.
        if round % 2 == 0 {
            assert_eq!(server.end(&[Signal::SIGTERM]), 0);
        }
    }
}

#[test]
fn full_disk_is_answered_with_507_and_memory_goes_on() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    // The system gives no file more than 64 blocks of 512 or 1,024 bytes.
    let mut limited = Command::new("sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$0\" \"$@\""]);
    limited.args([env!("CARGO_BIN_EXE_windrow"), "serve", "--data", data.to_str().unwrap()]);
    limited.args(["--max-actions", "100000"]).stderr(Stdio::null());
    let server = Serve::start_as(limited);
    assert_eq!(server.get("/readyz").0, 200);
    let with_key = || {
        let headers = [("durability", "synced"), ("idempotency-key", "one")];
        server.send("POST", "/v1/actions", &headers, &body("a_key"))
    };
    assert_eq!(with_key().0, 200);
    let padding = "x".repeat(4_000);
    let kept = (0..).take_while(|number| {
        post(&server, "written", &format!("a{number}{}", &padding[..200])).0 == 200
    });
    let kept = kept.count();
    assert!((64..400).contains(&kept), "{kept} bodies");
    let (status, answer) = post(&server, "synced", &"b".repeat(200));
    assert_eq!(status, 507, "{answer}");
    assert!(answer.contains("nothing was recorded, because it would not be kept"), "{answer}");
    // What is repeated was recorded, whatever the disk says now.
    let (status, answer) = with_key();
    assert_eq!(status, 507, "{answer}");
    assert!(answer.contains("the actions are recorded, do not send them again"), "{answer}");
    assert_eq!(post(&server, "memory", "c").0, 200);
    assert_eq!(totals(&server).len(), kept + 2);
    let is_red = (0..100_000).any(|_| server.get("/readyz").0 == 503);
    assert!(is_red && server.get("/readyz").1.starts_with("journal: "));
    // At the end it has no room either.
    assert_eq!(server.end(&[Signal::SIGTERM]), 1);

    let server = start(&data);
    let found = totals(&server);
    assert_eq!(found.len(), kept + 1);
    assert!(found.iter().all(|(name, count)| name.starts_with('a') && *count == 1));
    assert_eq!(server.get("/readyz").0, 200);
    assert_eq!(server.end(&[Signal::SIGTERM]), 0);
}

#[test]
fn torn_end_of_the_log_is_reported() {
    let folder = TempDir::new().unwrap();
    let server = start(folder.path());
    assert_eq!(post(&server, "written", "a").0, 200);
    assert_eq!(post(&server, "written", "b").0, 200);
    drop(server); // Killed.
    let log = folder.path().join("log-00000000000000000001");
    let content = std::fs::read(&log).unwrap();
    std::fs::write(&log, &content[..content.len() - 1]).unwrap();
    let messages = folder.path().join("messages");
    let mut command = Command::new(env!("CARGO_BIN_EXE_windrow"));
    command.args(["serve", "--data", folder.path().to_str().unwrap()]);
    command.stderr(std::fs::File::create(&messages).unwrap());
    let server = Serve::start_as(command);
    assert_eq!(totals(&server), [("a".to_owned(), 1)]);
    let messages = std::fs::read_to_string(messages).unwrap();
    let expected = format!("of `{}` are left out: a batch that was not", log.display());
    assert!(
        messages.starts_with("windrow: the last ") && messages.contains(&expected),
        "{messages}"
    );
}

#[test]
fn folder_in_use_and_levels_without_a_folder_are_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().to_str().unwrap();
    let server = start(folder.path());
    let expected =
        format!("windrow: `{path}` is used by another process, give each its own folder\n");
    assert_eq!(fails(&["--data", path]), (1, expected));
    drop(server);
    let (code, messages) = fails(&["--durability", "synced"]);
    assert!(code == 2 && messages.contains("--data <DIR>"), "{messages}");
    let server = Serve::start(&[]);
    let (status, answer) = post(&server, "written", "a");
    assert!(status == 400 && answer.contains("is not kept by this server"), "{answer}");
}

#[test]
fn folder_of_another_unit_is_refused_with_the_reason() {
    let folder = TempDir::new().unwrap();
    let server = start(folder.path());
    assert_eq!(post(&server, "written", "a").0, 200);
    assert_eq!(server.end(&[Signal::SIGTERM]), 0);
    let (code, messages) = fails(&["--data", folder.path().to_str().unwrap(), "--unit", "us"]);
    assert!(code == 1 && messages.contains("expected Microseconds"), "{messages}");
}
