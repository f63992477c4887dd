//! Signals during writes: files are complete, and no temporary file is left.

#![cfg(unix)]

mod signal;

use std::fs;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;

use nix::sys::signal::Signal;

const JUMP: &[u8] = b"{\"action\":\"jump\",\"time\":100}\n";
const OLD: &str = "as it was";
/// The limit of a wait, so that a test fails instead of hanging. It is far above normal waits.
const LOOKS_MAX: usize = 1_000_000;
const SIGNALS: [(Signal, i32); 3] =
    [(Signal::SIGINT, 130), (Signal::SIGTERM, 143), (Signal::SIGHUP, 129)];

/// Further signals that end a process by default.
const OTHERS: [Signal; 7] = [
    Signal::SIGQUIT,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGALRM,
    Signal::SIGVTALRM,
    Signal::SIGPROF,
    Signal::SIGXCPU,
];

/// Returns those that are not ignored by this process and so by its children.
fn others() -> impl Iterator<Item = Signal> {
    OTHERS.into_iter().filter(|&other| !signal::is_ignored(other))
}

/// A program in a separate directory, killed at the end of the test.
struct Run {
    child: Child,
    folder: PathBuf,
}

impl Run {
    fn new(name: &str, args: &str, has_old: bool) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_windrow"));
        Self::spawn(command.args(args.split(' ')), name, has_old)
    }

    fn spawn(command: &mut Command, name: &str, has_old: bool) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("signals-{name}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        if has_old {
            fs::write(folder.join("out"), OLD).unwrap();
        }
        command.current_dir(&folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { child: command.spawn().unwrap(), folder }
    }

    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(&self.folder).unwrap();
        let mut names: Vec<_> =
            names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Waits until the temporary file has at least this number of bytes.
    fn wait_for_draft(&mut self, bytes: u64) {
        for _ in 0..LOOKS_MAX {
            assert_eq!(self.child.try_wait().unwrap(), None, "it ended before");
            let drafts = fs::read_dir(&self.folder).unwrap().map(Result::unwrap);
            let mut drafts = drafts.filter(|entry| entry.file_name() != "out");
            if drafts.any(|draft| draft.metadata().is_ok_and(|draft| draft.len() >= bytes)) {
                return;
            }
            thread::yield_now();
        }
        panic!("there is no temporary file");
    }

    fn send(&self, signal: Signal) {
        signal::send(&self.child, signal);
    }

    /// Waits for the end. Returns the exit code, standard output and standard error.
    fn end(&mut self) -> (Option<i32>, String, String) {
        drop(self.child.stdin.take());
        let mut texts = [String::new(), String::new()];
        let [out, err] = &mut texts;
        std::io::Read::read_to_string(&mut self.child.stdout.take().unwrap(), out).unwrap();
        std::io::Read::read_to_string(&mut self.child.stderr.take().unwrap(), err).unwrap();
        let code = self.child.wait().unwrap().code();
        let [out, err] = texts;
        (code, out, err)
    }

    #[track_caller]
    fn check_unchanged(&self, has_old: bool) {
        assert_eq!(self.names(), if has_old { vec!["out"] } else { vec![] });
        if has_old {
            assert_eq!(fs::read_to_string(self.folder.join("out")).unwrap(), OLD);
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn signal_while_lines_are_generated_leaves_no_part_of_them() {
    for (signal, code) in SIGNALS {
        for has_old in [false, true] {
            let name = format!("generate-{code}-{has_old}");
            // Without the signal this takes much longer than the test.
            let mut run = Run::new(&name, "generate --lines 20000000 -o out", has_old);
            run.wait_for_draft(1 << 20);
            run.send(signal);
            let reason = match signal {
                Signal::SIGINT => "interrupted".to_owned(),
                _ => format!("ended by signal {}", code - 128),
            };
            let left = if has_old { "the file is unchanged" } else { "so no file was written" };
            let messages = format!("windrow: out: {reason}, {left}\n");
            assert_eq!(run.end(), (Some(code), String::new(), messages));
            run.check_unchanged(has_old);
        }
    }
}

#[test]
fn no_signal_leaves_a_temporary_file() {
    for signal in others() {
        let name = format!("others-{signal}");
        let mut run = Run::new(&name, "generate --lines 20000000 -o out", true);
        run.wait_for_draft(1 << 20);
        run.send(signal);
        let messages =
            format!("windrow: out: ended by signal {}, the file is unchanged\n", signal as i32);
        assert_eq!(run.end(), (Some(128 + signal as i32), String::new(), messages), "{signal}");
        run.check_unchanged(true);
    }
}

#[test]
fn signal_ends_the_process_by_default_where_no_file_is_written() {
    for signal in others() {
        let mut run = Run::new(&format!("default-{signal}"), "count --every 1ms", false);
        // Handlers are installed before the first counts are printed.
        run.child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        run.send(signal);
        let stdin = run.child.stdin.take();
        assert_eq!(run.child.wait().unwrap().signal(), Some(signal as i32), "{signal}");
        drop(stdin);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn signal_that_was_ignored_at_the_start_stays_ignored() {
    for (name, signal) in [("HUP", Signal::SIGHUP), ("QUIT", Signal::SIGQUIT)] {
        let program = env!("CARGO_BIN_EXE_windrow");
        let line = format!("trap '' {name}; exec {program} stats --format json --refused out");
        let mut shell = Command::new("/bin/sh");
        let mut run = Run::spawn(shell.args(["-c", &line]), &format!("ignored-{name}"), false);
        run.wait_for_draft(0);
        run.send(signal);
        run.child.stdin.as_mut().unwrap().write_all(JUMP).unwrap();
        let result = "[{\"action\":\"jump\",\"avg\":100}]\n".to_owned();
        assert_eq!(run.end(), (Some(0), result, String::new()), "{name}");
        assert_eq!(run.names(), ["out"]);
    }
}

#[test]
fn signal_while_actions_are_read_leaves_the_old_result() {
    for command in ["stats", "series --timestamp at", "report"] {
        for (signal, _) in &SIGNALS[1..] {
            for has_old in [false, true] {
                let args = format!("{command} -o out");
                let name = format!("read-{command}-{signal}-{has_old}");
                let mut run = Run::new(&name, &args, has_old);
                run.child.stdin.as_mut().unwrap().write_all(JUMP).unwrap();
                run.send(*signal);
                // The signal kills it, since nothing has to be cleaned up.
                assert_eq!(run.end(), (None, String::new(), String::new()));
                run.check_unchanged(has_old);
            }
        }
    }
}

#[test]
fn signal_while_refused_lines_are_written_leaves_the_old_ones() {
    for (signal, code) in &SIGNALS[1..] {
        let mut run =
            Run::new(&format!("refused-{code}"), "stats --input json --refused out", true);
        run.wait_for_draft(0);
        let mut stdin = run.child.stdin.take().unwrap();
        stdin.write_all(&b"bad\n".repeat(3_000)).unwrap();
        run.wait_for_draft(8_000); // Now the program has read it.
        run.send(*signal);
        // The input does not end, so the signal ends the wait for more.
        assert_eq!(run.end(), (Some(*code), String::new(), String::new()));
        run.check_unchanged(true);
        drop(stdin);
    }
}

#[test]
fn first_ctrl_c_writes_what_is_known_to_both_files() {
    let args = "stats --input json --format json -o result --refused out";
    let mut run = Run::new("first", args, true);
    run.wait_for_draft(0);
    let mut stdin = run.child.stdin.take().unwrap();
    stdin.write_all(&[JUMP, &b"bad\n".repeat(3_000)].concat()).unwrap();
    run.wait_for_draft(8_000); // Now the program has read it.
    run.send(Signal::SIGINT);
    let (code, out, messages) = run.end();
    assert_eq!((code, out.as_str()), (Some(130), ""));
    assert_eq!(run.names(), ["out", "result"]);
    let text = |name| fs::read_to_string(run.folder.join(name)).unwrap();
    assert_eq!(text("result"), "[{\"action\":\"jump\",\"avg\":100}]\n");
    let bad = text("out").lines().count();
    assert_eq!(text("out"), "bad\n".repeat(bad));
    let start = format!("windrow: interrupted: the result is of {} lines\n", bad + 1);
    assert!(bad >= 2_000 && messages.replace(',', "").starts_with(&start), "{bad}: {messages}");
    drop(stdin);
}

#[test]
fn second_ctrl_c_leaves_files_whole() {
    for round in 0..20 {
        let mut run = Run::new("second", "stats --format json -o out", true);
        let mut stdin = run.child.stdin.take().unwrap();
        stdin.write_all(&JUMP.repeat(round)).unwrap();
        run.send(Signal::SIGINT);
        run.send(Signal::SIGINT);
        let (code, out, _) = run.end();
        assert!(matches!(code, None | Some(130)), "{code:?}");
        assert_eq!((out.as_str(), run.names()), ("", vec!["out".to_owned()]));
        let text = fs::read_to_string(run.folder.join("out")).unwrap();
        let new = "[{\"action\":\"jump\",\"avg\":100}]\n";
        assert!(text == OLD || text == new, "{text}");
        drop(stdin);
    }
}

#[test]
fn interrupt_before_a_line_is_read_leaves_the_old_result() {
    // The temporary file exists when the program handles signals.
    let mut run = Run::new("early", "stats --refused bad -o out", true);
    run.wait_for_draft(0);
    run.send(Signal::SIGINT);
    let stdin = run.child.stdin.take();
    let (code, out, messages) = run.end();
    let expected = "windrow: interrupted before the first line was read, no result\n";
    assert_eq!((code, out.as_str(), messages.as_str()), (Some(130), "", expected));
    run.check_unchanged(true);
    drop(stdin);
}
