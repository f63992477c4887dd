//! What others want of this process.
//!
//! Of Ctrl-C the first ends the reading, so that what is known can be told; the second ends the
//! program at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

#[cfg(unix)]
use std::os::{fd::AsFd, unix::net::UnixStream};

/// Whether the system has asked this process to end, as it does where a terminal is closed.
#[derive(Debug, Default)]
pub(crate) struct Ending {
    /// The number of the signal; 0 as long as none came.
    signal: Arc<AtomicUsize>,
}

impl Ending {
    /// Takes over what such a request does: whoever has changed the terminal changes it back first.
    ///
    /// # Errors
    ///
    /// What the system says if it does not allow that.
    #[cfg(unix)]
    pub(crate) fn install() -> io::Result<Self> {
        use signal_hook::consts::{SIGHUP, SIGTERM};

        let ending = Self::default();
        for signal in [SIGHUP, SIGTERM] {
            let number = usize::try_from(signal).unwrap_or_default();
            signal_hook::flag::register_usize(signal, Arc::clone(&ending.signal), number)?;
        }
        Ok(ending)
    }

    /// Leaves it to the system, where there are no such signals.
    #[cfg(not(unix))]
    pub(crate) fn install() -> io::Result<Self> {
        Ok(Self::default())
    }

    /// The number of the signal that came, if one did.
    pub(crate) fn signal(&self) -> Option<u8> {
        // ORDERING: Relaxed.
        // Needs: that it is seen soon. Gives: coherence. Not needed: any order, the number is all
        // there is. Checks: no model; `tests/live.rs` sends the signals.
        let signal = self.signal.load(Ordering::Relaxed);
        u8::try_from(signal).ok().filter(|&signal| signal > 0)
    }
}

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
