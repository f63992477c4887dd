//! Signals that ask this process to end: SIGINT, SIGTERM and SIGHUP.
//!
//! What a signal does depends on what the process is doing:
//!
//! - By default it ends the process, as in any program.
//! - While an [`Interrupt`] exists, the first Ctrl-C only ends the reading, so that the result so
//!   far is written; the second ends the process at once.
//! - While an [`Ending`] exists, no signal ends the process. Its owner has something to clean up,
//!   such as a terminal or a temporary file, asks for signals often, and then ends by itself.
//!
//! Handlers are installed once and stay. An action that was installed cannot be replaced by the
//! default again, so each handler runs the default action if a flag says so, and the flags change.

use std::io;

#[cfg(not(unix))]
pub(crate) use fallback::{Ending, Interrupt};
#[cfg(unix)]
pub(crate) use unix::{Ending, Interrupt};

/// The number of SIGINT, on every system.
pub(crate) const SIGINT: u8 = 2;

#[cfg(unix)]
mod unix {
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

    use rustix::event::{PollFd, PollFlags, poll};
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
    use signal_hook::low_level::{self, pipe};
    use signal_hook::{SigId, flag};

    use super::io;

    // ORDERING: every access in this module is Relaxed.
    // Needs: that a flag is seen soon. Gives: coherence. Not needed: any order between flags, as
    // each is all there is to know. Checks: no model; `tests/terminal.rs`, `tests/live.rs` and
    // `tests/signals.rs` send signals.
    const ALONE: Ordering = Ordering::Relaxed;

    static SIGNALS: OnceLock<Signals> = OnceLock::new();

    /// What the handlers read and write.
    #[derive(Debug)]
    struct Signals {
        /// Whether SIGINT arrived, and nobody [took](Interrupt::take) it.
        pressed: Arc<AtomicBool>,
        /// The last of SIGTERM and SIGHUP that arrived; 0 if none did.
        ended: Arc<AtomicUsize>,
        /// Whether SIGINT ends the process.
        sigint_ends: Arc<AtomicBool>,
        /// Whether SIGTERM and SIGHUP do.
        others_end: Arc<AtomicBool>,
        /// Becomes readable with the first signal, for a thread that waits for input too.
        bell: UnixStream,
        users: Mutex<Users>,
    }

    #[derive(Debug, Default)]
    struct Users {
        interrupts: usize,
        endings: usize,
        /// The handler by which a SIGINT makes the next one end the process.
        arming: Option<SigId>,
    }

    impl Signals {
        fn get() -> io::Result<&'static Self> {
            match SIGNALS.get() {
                Some(signals) => Ok(signals),
                None => Self::install().map(|signals| SIGNALS.get_or_init(|| signals)),
            }
        }

        fn install() -> io::Result<Self> {
            let (bell, button) = UnixStream::pair()?;
            let signals = Self {
                pressed: Arc::default(),
                ended: Arc::default(),
                sigint_ends: Arc::new(true.into()),
                others_end: Arc::new(true.into()),
                bell,
                users: Mutex::default(),
            };
            // Handlers run in this order: what a signal changes is for the next one.
            flag::register_conditional_default(SIGINT, Arc::clone(&signals.sigint_ends))?;
            flag::register(SIGINT, Arc::clone(&signals.pressed))?;
            for signal in [SIGTERM, SIGHUP] {
                let number = usize::try_from(signal).unwrap_or_default();
                flag::register_conditional_default(signal, Arc::clone(&signals.others_end))?;
                flag::register_usize(signal, Arc::clone(&signals.ended), number)?;
            }
            // A limit on the size of files is then an error of the write, which is reported.
            flag::register(SIGXFSZ, Arc::default())?;
            for signal in [SIGINT, SIGTERM, SIGHUP] {
                pipe::register(signal, button.try_clone()?)?;
            }
            Ok(signals)
        }

        /// Changes who uses the signals, and sets the flags by that.
        fn change(&self, change: impl FnOnce(&mut Users)) -> io::Result<()> {
            let mut users = self.users();
            change(&mut users);
            let is_gentle = users.interrupts > 0 && users.endings == 0;
            if let Some(id) = users.arming.take_if(|_| !is_gentle) {
                low_level::unregister(id);
            }
            if is_gentle && users.arming.is_none() {
                let armed = Arc::clone(&self.sigint_ends);
                users.arming = Some(flag::register(SIGINT, armed)?);
            }
            // A press that came before stays the first one.
            let is_second = is_gentle && self.pressed.load(ALONE);
            let is_used = users.interrupts + users.endings > 0;
            self.sigint_ends.store(!is_used || is_second, ALONE);
            self.others_end.store(users.endings == 0, ALONE);
            Ok(())
        }

        fn users(&self) -> MutexGuard<'_, Users> {
            self.users.lock().unwrap_or_else(PoisonError::into_inner)
        }

        fn ended(&self) -> Option<u8> {
            u8::try_from(self.ended.load(ALONE)).ok().filter(|&signal| signal > 0)
        }
    }

    /// Takes over Ctrl-C while it exists, so that the first one ends the reading only.
    #[derive(Debug)]
    pub(crate) struct Interrupt(&'static Signals);

    impl Interrupt {
        /// Takes over what Ctrl-C does in this process.
        ///
        /// # Errors
        ///
        /// The error of the system if it refuses a handler.
        pub(crate) fn install() -> io::Result<Self> {
            let signals = Signals::get()?;
            signals.change(|users| users.interrupts += 1)?;
            Ok(Self(signals))
        }

        /// Returns whether a signal asks to end the reading: Ctrl-C, or another where that does
        /// not [end the process](Ending).
        pub(crate) fn is_pressed(&self) -> bool {
            self.0.pressed.load(ALONE) || self.ended().is_some()
        }

        /// Returns whether Ctrl-C was pressed, and forgets it, so that another press is seen.
        pub(crate) fn take(&self) -> bool {
            self.0.pressed.swap(false, ALONE)
        }

        /// Returns the number of the other signal that asked the process to end, if one did.
        ///
        /// Only where an [`Ending`] exists: otherwise that signal has ended the process.
        pub(crate) fn ended(&self) -> Option<u8> {
            self.0.ended()
        }

        /// Waits until something can be read, or a signal arrives.
        pub(crate) fn wait_for(&self, input: impl AsFd) {
            let bell = PollFd::new(&self.0.bell, PollFlags::IN);
            let mut both = [PollFd::new(&input, PollFlags::IN), bell];
            // A signal ends the waiting, too. An error is that of the read that follows.
            let _ = poll(&mut both, None);
        }
    }

    impl Drop for Interrupt {
        fn drop(&mut self) {
            let _ = self.0.change(|users| users.interrupts -= 1);
        }
    }

    /// Keeps signals from ending the process while it exists, for an owner that cleans up first.
    #[derive(Debug)]
    pub(crate) struct Ending(&'static Signals);

    impl Ending {
        /// Takes over what SIGINT, SIGTERM and SIGHUP do in this process.
        ///
        /// # Errors
        ///
        /// The error of the system if it refuses a handler.
        pub(crate) fn install() -> io::Result<Self> {
            let signals = Signals::get()?;
            signals.change(|users| users.endings += 1)?;
            Ok(Self(signals))
        }

        /// Returns the number of the signal other than SIGINT that arrived, if one did.
        pub(crate) fn signal(&self) -> Option<u8> {
            self.0.ended()
        }

        /// Returns the number of a signal that asks to end at once, if one arrived.
        ///
        /// A first SIGINT asks an [`Interrupt`] if there is one, so it is not returned then.
        pub(crate) fn any_signal(&self) -> Option<u8> {
            let is_pressed = || self.0.users().interrupts == 0 && self.0.pressed.load(ALONE);
            self.signal().or_else(|| is_pressed().then_some(super::SIGINT))
        }
    }

    impl Drop for Ending {
        fn drop(&mut self) {
            let _ = self.0.change(|users| users.endings -= 1);
        }
    }
}

/// What there is of these where the system has no such signals: they never arrive.
#[cfg(not(unix))]
mod fallback {
    use super::io;

    #[derive(Debug)]
    pub(crate) struct Interrupt;

    impl Interrupt {
        pub(crate) fn install() -> io::Result<Self> {
            Ok(Self)
        }

        pub(crate) fn is_pressed(&self) -> bool {
            false
        }

        pub(crate) fn take(&self) -> bool {
            false
        }

        pub(crate) fn ended(&self) -> Option<u8> {
            None
        }
    }

    #[derive(Debug)]
    pub(crate) struct Ending;

    impl Ending {
        pub(crate) fn install() -> io::Result<Self> {
            Ok(Self)
        }

        pub(crate) fn signal(&self) -> Option<u8> {
            None
        }

        pub(crate) fn any_signal(&self) -> Option<u8> {
            None
        }
    }
}
