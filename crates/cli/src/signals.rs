//! Signals that ask this process to end: SIGINT, SIGTERM, SIGHUP and others.
//!
//! The effect of a signal depends on what the process is doing:
//!
//! - By default it ends the process.
//! - While an [`Interrupt`] exists, the first Ctrl-C only stops the reading, and the result so far
//!   is written. The second ends the process.
//! - While a [`SignalHold`] exists, no signal ends the process. Its owner has something to clean
//!   up, such as a terminal or a temporary file. It polls for signals and then exits by itself.
//!
//! Handlers are installed once and stay. A handler cannot be replaced by the default action again,
//! so each handler runs the default action if a flag is set, and only the flags change.
//!
//! # Memory ordering
//!
//! Every access is `Relaxed`. Needs: a flag is seen soon. Gives: coherence. Not needed: an order
//! between flags, since each stands alone. Checks: no model; `tests/terminal.rs`, `tests/live.rs`
//! and `tests/signals.rs` send signals.

use std::io;

#[cfg(not(unix))]
pub(crate) use fallback::{Interrupt, SignalHold};
#[cfg(unix)]
pub(crate) use unix::{Interrupt, SignalHold};

/// The number of SIGINT, on every system.
pub(crate) const SIGINT: u8 = 2;

#[cfg(unix)]
mod unix {
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

    use rustix::event::{PollFd, PollFlags, poll};
    use signal_hook::consts::{
        SIGALRM, SIGHUP, SIGINT, SIGPROF, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU,
        SIGXFSZ,
    };
    use signal_hook::low_level::{self, pipe};
    use signal_hook::{SigId, flag};

    use super::io;

    // ORDERING: see `# Memory ordering`.
    const RELAXED: Ordering = Ordering::Relaxed;

    /// The signals other than SIGINT that end a process by default, and not for a fault in it.
    ///
    /// SIGPIPE is not one: the standard library ignores it.
    const OTHERS: [i32; 9] =
        [SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGXCPU];

    static SIGNALS: OnceLock<Signals> = OnceLock::new();

    /// The flags that the handlers read and write.
    #[derive(Debug)]
    struct Signals {
        /// Whether SIGINT arrived and was not [taken](Interrupt::take).
        pressed: Arc<AtomicBool>,
        /// The number of the last of the [`OTHERS`]; 0 if none arrived.
        ended: Arc<AtomicUsize>,
        /// Whether SIGINT ends the process.
        sigint_ends: Arc<AtomicBool>,
        /// Whether the [`OTHERS`] end the process.
        others_end: Arc<AtomicBool>,
        /// Becomes readable with the first signal, for a thread that polls input too.
        wakeup: UnixStream,
        users: Mutex<Users>,
    }

    #[derive(Debug, Default)]
    struct Users {
        interrupts: usize,
        holds: usize,
        /// The handler that makes the second SIGINT end the process.
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
            let (wakeup, sender) = UnixStream::pair()?;
            let signals = Self {
                pressed: Arc::default(),
                ended: Arc::default(),
                sigint_ends: Arc::new(true.into()),
                others_end: Arc::new(true.into()),
                wakeup,
                users: Mutex::default(),
            };
            // Handlers run in this order: a flag that a signal changes applies to the next signal.
            flag::register_conditional_default(SIGINT, Arc::clone(&signals.sigint_ends))?;
            flag::register(SIGINT, Arc::clone(&signals.pressed))?;
            let is_ignored = ignored();
            let others = OTHERS.into_iter().filter(|&signal| !is_ignored(signal));
            for signal in others.clone() {
                let number = usize::try_from(signal).unwrap_or_default();
                flag::register_conditional_default(signal, Arc::clone(&signals.others_end))?;
                flag::register_usize(signal, Arc::clone(&signals.ended), number)?;
            }
            // Exceeding the file size limit is then an error of the write, which is reported.
            flag::register(SIGXFSZ, Arc::default())?;
            for signal in others.chain([SIGINT]) {
                pipe::register(signal, sender.try_clone()?)?;
            }
            Ok(signals)
        }

        /// Changes the users of the signals, and sets the flags accordingly.
        fn change(&self, change: impl FnOnce(&mut Users)) -> io::Result<()> {
            let mut users = self.users();
            change(&mut users);
            let only_stops_reading = users.interrupts > 0 && users.holds == 0;
            if let Some(id) = users.arming.take_if(|_| !only_stops_reading) {
                low_level::unregister(id);
            }
            if only_stops_reading && users.arming.is_none() {
                let armed = Arc::clone(&self.sigint_ends);
                users.arming = Some(flag::register(SIGINT, armed)?);
            }
            // A Ctrl-C that arrived before still counts as the first.
            let is_second = only_stops_reading && self.pressed.load(RELAXED);
            let is_used = users.interrupts + users.holds > 0;
            self.sigint_ends.store(!is_used || is_second, RELAXED);
            self.others_end.store(users.holds == 0, RELAXED);
            Ok(())
        }

        fn users(&self) -> MutexGuard<'_, Users> {
            self.users.lock().unwrap_or_else(PoisonError::into_inner)
        }

        fn ended(&self) -> Option<u8> {
            u8::try_from(self.ended.load(RELAXED)).ok().filter(|&signal| signal > 0)
        }
    }

    /// Returns whether a signal was ignored at the start.
    ///
    /// It stays ignored, as SIGHUP with `nohup`. Without `/proc` no signal counts as ignored.
    fn ignored() -> impl Fn(i32) -> bool {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
        move |signal| mask >> (signal - 1) & 1 == 1
    }

    /// Handles Ctrl-C while it exists: the first one only stops the reading.
    #[derive(Debug)]
    pub(crate) struct Interrupt(&'static Signals);

    impl Interrupt {
        /// Installs the handler of Ctrl-C.
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
        /// not [end the process](SignalHold).
        pub(crate) fn is_pressed(&self) -> bool {
            self.0.pressed.load(RELAXED) || self.ended().is_some()
        }

        /// Returns whether Ctrl-C was pressed, and clears the flag.
        pub(crate) fn take(&self) -> bool {
            self.0.pressed.swap(false, RELAXED)
        }

        /// Returns the number of a signal other than SIGINT that arrived, if one did.
        ///
        /// Only a [`SignalHold`] makes that possible: otherwise the signal ends the process.
        pub(crate) fn ended(&self) -> Option<u8> {
            self.0.ended()
        }

        /// Waits until input is readable or a signal arrives.
        pub(crate) fn wait_for(&self, input: impl AsFd) {
            let wakeup = PollFd::new(&self.0.wakeup, PollFlags::IN);
            let mut both = [PollFd::new(&input, PollFlags::IN), wakeup];
            // A signal also ends the poll. The read that follows returns the error, if any.
            let _ = poll(&mut both, None);
        }
    }

    impl Drop for Interrupt {
        fn drop(&mut self) {
            let _ = self.0.change(|users| users.interrupts -= 1);
        }
    }

    /// Keeps signals from ending the process while it exists.
    #[derive(Debug)]
    pub(crate) struct SignalHold(&'static Signals);

    impl SignalHold {
        /// Installs the handlers of all signals that ask the process to end.
        ///
        /// # Errors
        ///
        /// The error of the system if it refuses a handler.
        pub(crate) fn install() -> io::Result<Self> {
            let signals = Signals::get()?;
            signals.change(|users| users.holds += 1)?;
            Ok(Self(signals))
        }

        /// Returns the number of a signal other than SIGINT that arrived, if one did.
        pub(crate) fn signal(&self) -> Option<u8> {
            self.0.ended()
        }

        /// Returns the number of a signal that asks the process to end, if one arrived.
        ///
        /// While an [`Interrupt`] exists, it handles SIGINT, which is then not returned.
        pub(crate) fn any_signal(&self) -> Option<u8> {
            let is_pressed = || self.0.users().interrupts == 0 && self.0.pressed.load(RELAXED);
            self.signal().or_else(|| is_pressed().then_some(super::SIGINT))
        }
    }

    impl Drop for SignalHold {
        fn drop(&mut self) {
            let _ = self.0.change(|users| users.holds -= 1);
        }
    }
}

/// The same types for systems without such signals: they never arrive.
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
    pub(crate) struct SignalHold;

    impl SignalHold {
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
