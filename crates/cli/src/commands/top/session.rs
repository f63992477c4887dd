//! The terminal of `top`: who draws on it, who reads keys, and what ends both.
//!
//! A terminal can be closed, or take no more output, at any time. Then a call that reads a key or
//! draws may never return: the library that reads keys tries again for ever where a closed
//! terminal has nothing more to read. So both have threads of their own, and the main thread calls
//! nothing that waits for the terminal. It looks for signals and at whether the terminal is still
//! there, asks the drawing thread to end, and goes without it if that does not answer.

use std::io;
use std::mem;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{LeaveAlternateScreen, disable_raw_mode};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::signals::{SIGINT, SignalHold};

use terminals::Terminals;

/// How often to look for a signal, and whether the terminal is still there.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long a terminal may take to show the end of a session.
const PATIENCE: Duration = Duration::from_millis(500);
/// The number of SIGHUP, the signal of a terminal that was closed.
const HANG_UP: u8 = 1;

/// A message to the thread that draws.
#[derive(Debug)]
pub(crate) enum Message {
    /// A key was pressed, or the terminal has another size.
    Input(Event),
    /// No more keys can be read.
    Deaf(io::Error),
    /// The session has to end.
    End(Exit),
}

/// Runs a session on a thread of its own, until it ends or has to.
///
/// # Errors
///
/// [`Failure`] of the session, or if its threads could not be started.
pub(crate) fn run(
    session: impl FnOnce(&Receiver<Message>) -> Result<Exit, Failure> + Send + 'static,
) -> Result<Exit, Failure> {
    let terminals = Terminals::open().map_err(failure)?;
    // After that: who waits in the background for the terminal ends as other programs do.
    let ending = SignalHold::install().map_err(failure)?;
    let (messages, inbox) = mpsc::channel();
    let (done, ended) = mpsc::channel();
    let keys = messages.clone();
    let work = move || {
        let result = read_keys(keys).map_err(failure).and_then(|()| session(&inbox));
        let _ = done.send(result); // The main thread waits, or went without this one.
    };
    let session = thread::Builder::new().spawn(work).map_err(failure)?;
    loop {
        match ended.recv_timeout(LOOK_EVERY) {
            // Everything fails on a terminal that was closed: the cause is that.
            Ok(Err(_)) if terminals.is_closed() => return Ok(Exit::Ended(HANG_UP)),
            Ok(result) => return result,
            Err(RecvTimeoutError::Disconnected) => return Err(panicked(session)),
            Err(RecvTimeoutError::Timeout) => {}
        }
        let exit = match ending.any_signal() {
            Some(SIGINT) => Exit::Interrupted,
            Some(signal) => Exit::Ended(signal),
            None if terminals.is_closed() => return Ok(Exit::Ended(HANG_UP)),
            None => continue,
        };
        end(&messages, &ended, exit);
        return Ok(exit);
    }
}

/// Ends the session; what the terminal does not take in time is thrown away.
fn end(messages: &Sender<Message>, ended: &Receiver<Result<Exit, Failure>>, exit: Exit) {
    let _ = messages.send(Message::End(exit)); // It may have ended by itself.
    if ended.recv_timeout(PATIENCE).is_err() && terminals::is_ours() {
        terminals::unblock();
        if ended.recv_timeout(PATIENCE).is_err() {
            let _ = disable_raw_mode(); // Takes no output, so it does not wait.
        }
    }
}

/// Gives the terminal back as it was.
///
/// # Errors
///
/// The error of the system.
pub(crate) fn restore(mut terminal: DefaultTerminal) -> io::Result<()> {
    let shown = terminal.show_cursor();
    if shown.is_err() {
        // Dropped, it would try again and print why it cannot, to the terminal that may be gone:
        // a panic.
        mem::forget(terminal);
    }
    let restored = if terminals::is_ours() {
        ratatui::try_restore()
    } else {
        execute!(io::stdout(), LeaveAlternateScreen)
    };
    restored.and(shown)
}

/// Goes on with the panic of a session, which has given the terminal back.
fn panicked(session: thread::JoinHandle<()>) -> Failure {
    match session.join() {
        Err(panic) => std::panic::resume_unwind(panic),
        Ok(()) => failure(io::ErrorKind::Other.into()),
    }
}

/// Starts to read keys.
fn read_keys(messages: Sender<Message>) -> io::Result<()> {
    let read = move || {
        loop {
            let message = event::read().map_or_else(Message::Deaf, Message::Input);
            let is_last = matches!(message, Message::Deaf(_));
            if messages.send(message).is_err() || is_last {
                return;
            }
        }
    };
    thread::Builder::new().spawn(read).map(drop)
}

/// A failure of the terminal.
pub(crate) fn failure(error: io::Error) -> Failure {
    Failure { name: "the terminal".into(), error }
}

#[cfg(unix)]
mod terminals {
    use std::fs::File;
    use std::io::{self, IsTerminal};
    use std::os::fd::{AsFd, OwnedFd};

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::process::getpgrp;
    use rustix::termios::{
        Action, OptionalActions, QueueSelector, tcflow, tcflush, tcgetattr, tcgetpgrp, tcsetattr,
    };

    /// The terminals of a session: one that is drawn on, and one that keys are read from.
    pub(super) struct Terminals {
        keys: OwnedFd,
    }

    impl Terminals {
        /// Opens the terminal that keys are read from: standard input or the controlling one.
        ///
        /// Waits until this process is in the foreground.
        pub(super) fn open() -> io::Result<Self> {
            // Nothing is changed, but in the background the system stops who tries.
            let stdout = io::stdout();
            tcsetattr(&stdout, OptionalActions::Now, &tcgetattr(&stdout)?)?;
            let stdin = io::stdin();
            let keys = if stdin.is_terminal() {
                stdin.as_fd().try_clone_to_owned()?
            } else {
                File::open("/dev/tty")?.into()
            };
            Ok(Self { keys })
        }

        /// Returns whether one of them was closed.
        pub(super) fn is_closed(&self) -> bool {
            let stdout = io::stdout();
            let mut both = [
                PollFd::new(&self.keys, PollFlags::empty()),
                PollFd::new(&stdout, PollFlags::empty()),
            ];
            let polled = poll(&mut both, Some(&Timespec::default()));
            polled.is_ok() && both.iter().any(|one| one.revents().contains(PollFlags::HUP))
        }
    }

    /// Throws away the output that the terminal does not take, and lets it take more.
    pub(super) fn unblock() {
        // A terminal that does not allow it stays as it is; there is nothing else to do.
        let _ = tcflush(io::stdout(), QueueSelector::OFlush);
        let _ = tcflow(io::stdout(), Action::OOn);
    }

    /// Returns whether the mode of the terminal is that of this process.
    ///
    /// In the background it is that of a shell, and the system stops who changes it.
    pub(super) fn is_ours() -> bool {
        // A terminal that is not the controlling one has no background.
        tcgetpgrp(io::stdout()).map_or(true, |foreground| foreground == getpgrp())
    }
}

#[cfg(not(unix))]
mod terminals {
    use std::io;

    /// The terminals of a session, which the system ends with them.
    pub(super) struct Terminals;

    impl Terminals {
        #[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
        pub(super) fn open() -> io::Result<Self> {
            Ok(Self)
        }

        #[expect(clippy::unused_self, reason = "elsewhere it is looked at")]
        pub(super) fn is_closed(&self) -> bool {
            false
        }
    }

    pub(super) fn unblock() {}

    pub(super) fn is_ours() -> bool {
        true
    }
}
