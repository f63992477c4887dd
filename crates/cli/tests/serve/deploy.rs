//! The examples of a unit for systemd and of an image.

use std::fs;
use std::path::Path;
use std::process::Command;

use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::missing::is_missing;
use crate::run::Serve;

fn read(name: &str) -> String {
    fs::read_to_string(Path::new("deploy").join(name)).unwrap()
}

/// Returns the arguments after `serve`, with any free port.
fn arguments(words: impl Iterator<Item = String>) -> Vec<String> {
    let words = words.skip_while(|word| word != "serve").skip(1);
    words.map(|word| word.replace(":8080", ":0")).collect()
}

fn start(arguments: &[String]) -> Serve {
    Serve::start(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn command_of_the_unit_starts_a_server() {
    let unit = read("windrow.service");
    let line = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let server = start(&arguments(line.split(' ').map(str::to_owned)));
    assert_eq!(server.get("/healthz").0, 200);
    assert_eq!(server.end(&[Signal::SIGTERM]), 0);
}

#[test]
fn systemd_accepts_the_unit() {
    if is_missing("systemd-analyze", "systemd") {
        return;
    }
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("windrow.service");
    // It looks for the program and its manual page, which are not installed here.
    let unit =
        read("windrow.service").replace("/usr/local/bin/windrow", env!("CARGO_BIN_EXE_windrow"));
    let unit: String = unit
        .lines()
        .filter(|line| !line.starts_with("Documentation="))
        .flat_map(|line| [line, "\n"])
        .collect();
    let verify = |unit: &str| {
        fs::write(&path, unit).unwrap();
        let output = Command::new("systemd-analyze").arg("verify").arg(&path).output().unwrap();
        // It speaks of the units of the machine, too.
        let messages = String::from_utf8_lossy(&output.stderr).into_owned();
        messages
            .lines()
            .filter(|line| line.contains("windrow"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(verify(&unit), Vec::<String>::new());
    assert!(!verify(&unit.replace("Restart=on-failure", "Restart=never")).is_empty());
}

#[test]
fn command_of_the_image_starts_a_server() {
    let file = read("Containerfile");
    let line = file.lines().find_map(|line| line.strip_prefix("ENTRYPOINT ")).unwrap();
    let words: Vec<String> = serde_json::from_str(line).unwrap();
    let folder = TempDir::new().unwrap();
    let token = folder.path().join("token");
    fs::write(&token, "0123456789abcdef").unwrap();
    let mut arguments = arguments(words.into_iter());
    let path = arguments.iter_mut().find(|word| *word == "/token").unwrap();
    *path = token.to_str().unwrap().to_owned();
    arguments.extend(["--host", "metrics.example.org"].map(str::to_owned));
    let mut server = start(&arguments);
    server.host = server.host.replace("0.0.0.0", "127.0.0.1");
    let status = |path: &str| server.send("GET", path, &[("host", "metrics.example.org")], "").0;
    assert_eq!((status("/healthz"), status("/metrics")), (200, 401));
}
