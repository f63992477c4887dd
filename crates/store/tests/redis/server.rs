//! Servers of the tests, each in a folder of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use redis::{Connection, FromRedisValue};
use store::{RedisStore, Store};
use tempfile::TempDir;

use crate::model;
use crate::program;

pub(crate) const SET: &str = "api";

/// A server on a socket.
pub(crate) struct Redis {
    folder: TempDir,
    child: Child,
    options: Vec<String>,
    /// Whether the next loss is a restart.
    restarts: bool,
}

/// Starts a server, unless the program is missing.
pub(crate) fn start(options: &[&str]) -> Option<Redis> {
    if program::is_missing("redis-server", "redis-server") {
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let options: Vec<_> = options.iter().map(|&option| option.to_owned()).collect();
    let child = run(folder.path(), &options);
    Some(Redis { folder, child, options, restarts: false })
}

fn run(folder: &Path, options: &[String]) -> Child {
    let mut command = Command::new("redis-server");
    command.args(["--port", "0", "--unixsocket", "socket", "--save", "", "--appendonly", "no"]);
    command.args(options).current_dir(folder).stdout(Stdio::piped()).stdin(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut log = String::new();
    let is_ready = lines.by_ref().map_while(Result::ok).any(|line| {
        log += &line;
        log += "\n";
        line.contains("eady to accept connections")
    });
    assert!(is_ready, "the server ended: {log}");
    // The rest must be read: a full pipe would stop the server.
    std::thread::spawn(move || lines.for_each(drop));
    child
}

/// Returns a port that is free now.
pub(crate) fn free_port() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string()
}

impl Redis {
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    pub(crate) fn url(&self) -> String {
        format!("unix://{}", self.path().display())
    }

    pub(crate) fn store(&self) -> RedisStore {
        RedisStore::new(self.url().parse().unwrap(), SET).unwrap()
    }

    /// Runs a command on a connection of its own.
    pub(crate) fn command<T: FromRedisValue>(&self, words: &[&str]) -> T {
        command(&self.url(), words)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    fn end(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn restart(&mut self) {
        self.end();
        self.child = run(self.folder.path(), &self.options);
    }
}

pub(crate) fn command<T: FromRedisValue>(url: &str, words: &[&str]) -> T {
    let mut connection: Connection = redis::Client::open(url).unwrap().get_connection().unwrap();
    let mut command = redis::cmd(words[0]);
    words[1..].iter().for_each(|word| _ = command.arg(word));
    command.query(&mut connection).unwrap()
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.end();
    }
}

impl model::Server for Redis {
    fn connect(&self) -> Box<dyn Store> {
        Box::new(self.store())
    }

    /// By a command, then by a restart.
    fn wipe(&mut self) {
        if self.restarts {
            let _ = fs::remove_file(self.folder.path().join("dump.rdb"));
            self.restart();
        } else {
            self.command::<()>(&["FLUSHALL"]);
        }
        self.restarts = true;
    }

    fn save(&mut self) {
        self.command::<()>(&["SAVE"]);
        let folder = self.folder.path();
        fs::copy(folder.join("dump.rdb"), folder.join("kept.rdb")).unwrap();
    }

    fn go_back(&mut self) {
        self.end();
        let folder = self.folder.path();
        fs::copy(folder.join("kept.rdb"), folder.join("dump.rdb")).unwrap();
        self.child = run(self.folder.path(), &self.options);
    }
}
