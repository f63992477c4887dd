//! Whether standard input and output were open when the process started.
//!
//! Before `main`, the standard library opens the null device in place of a standard stream that is
//! closed. Written to, it loses the result without an error; read, it is an empty input. The null
//! device that was opened that way cannot be told from one that was passed on purpose, so the
//! streams are looked at even earlier.

use std::io;

/// Checks that standard input is open.
///
/// # Errors
///
/// The stream is closed, with a hint.
pub(crate) fn check_stdin() -> io::Result<()> {
    check(start::is_stdin_closed(), "is closed\n  name a file, or pass one as `< FILE`")
}

/// Checks that standard output is open.
///
/// # Errors
///
/// The stream is closed, with a hint.
pub(crate) fn check_stdout() -> io::Result<()> {
    check(start::is_stdout_closed(), "is closed\n  open it, for example as `> FILE`")
}

fn check(is_closed: bool, error: &'static str) -> io::Result<()> {
    if is_closed { Err(io::Error::other(error)) } else { Ok(()) }
}

#[cfg(unix)]
mod start {
    use std::io;
    use std::os::fd::AsFd;
    use std::sync::atomic::{AtomicBool, Ordering};

    static STDIN_CLOSED: AtomicBool = AtomicBool::new(false);
    static STDOUT_CLOSED: AtomicBool = AtomicBool::new(false);

    // ORDERING: every access in this module is Relaxed.
    // Needs: that the flags are read as they were written. Gives: they are written before `main`,
    // by the thread that starts all others. Checks: no model; `tests/streams.rs` closes streams.
    const ALONE: Ordering = Ordering::Relaxed;

    /// Looks at the streams before the standard library does.
    // SAFETY: what runs before `main` must not need the runtime of the standard library, and must
    // not panic. A handle of a standard stream is a number at this point, `fcntl` asks the system
    // only, and to store a flag needs nothing.
    // Worth: no later look can tell a closed stream from the null device.
    #[ctor::ctor(unsafe)]
    fn look() {
        let is_closed = |stream: &dyn AsFd| rustix::io::fcntl_getfd(stream).is_err();
        STDIN_CLOSED.store(is_closed(&io::stdin()), ALONE);
        STDOUT_CLOSED.store(is_closed(&io::stdout()), ALONE);
    }

    pub(super) fn is_stdin_closed() -> bool {
        STDIN_CLOSED.load(ALONE)
    }

    pub(super) fn is_stdout_closed() -> bool {
        STDOUT_CLOSED.load(ALONE)
    }
}

#[cfg(not(unix))]
mod start {
    pub(super) fn is_stdin_closed() -> bool {
        false
    }

    pub(super) fn is_stdout_closed() -> bool {
        false
    }
}
