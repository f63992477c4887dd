//! Ctrl-C: the first ends the reading, so that what is known can be told; the second ends the
//! program at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(unix)]
use std::os::{fd::AsFd, unix::net::UnixStream};

/// Whether somebody has pressed Ctrl-C.
#[derive(Debug)]
pub(crate) struct Interrupt {
    pressed: Arc<AtomicBool>,
    /// Becomes readable when it happens, for who waits for something else at the same time.
    #[cfg(unix)]
    bell: UnixStream,
}

impl Interrupt {
    /// Takes over what Ctrl-C does in this process.
    ///
    /// # Errors
    ///
    /// What the system says if it does not allow that.
    #[cfg(unix)]
    pub(crate) fn install() -> io::Result<Self> {
        use signal_hook::consts::SIGINT;
        use signal_hook::{flag, low_level::pipe};

        let pressed = Arc::<AtomicBool>::default();
        // In this order: the first press finds the flag down, and the second finds it up.
        flag::register_conditional_default(SIGINT, Arc::clone(&pressed))?;
        flag::register(SIGINT, Arc::clone(&pressed))?;
        let (bell, button) = UnixStream::pair()?;
        pipe::register(SIGINT, button)?;
        Ok(Self { pressed, bell })
    }

    /// Leaves to the system what Ctrl-C does, where there is no way known to wait for it.
    #[cfg(not(unix))]
    pub(crate) fn install() -> io::Result<Self> {
        Ok(Self { pressed: Arc::default() })
    }

    /// Whether it happened.
    pub(crate) fn is_pressed(&self) -> bool {
        // ORDERING: Relaxed.
        // Needs: that it is seen soon. Gives: coherence. Not needed: any order, the flag is all
        // there is. Checks: no model; `tests/terminal.rs` presses.
        self.pressed.load(Ordering::Relaxed)
    }

    /// Waits until something can be read, or until it happens.
    #[cfg(unix)]
    pub(crate) fn wait_for(&self, input: impl AsFd) {
        use rustix::event::{PollFd, PollFlags, poll};

        let mut both = [PollFd::new(&input, PollFlags::IN), PollFd::new(&self.bell, PollFlags::IN)];
        // A signal ends the waiting, too. Of any fault the one who reads then is told.
        let _ = poll(&mut both, None);
    }
}
