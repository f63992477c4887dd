#![doc = include_str!("../README.md")]

mod clock;
mod counter;
mod error;
pub mod laws;
mod ledger;
#[cfg(all(test, loom))]
mod loom;
mod per_thread;
mod ring;
mod spec;
mod stamp;
mod statistic;
mod sync;
mod window;

pub use clock::{Clock, CoarseClock, ManualClock, SystemClock};
pub use counter::{EventCounter, Refused};
pub use error::{RecordError, SpecError, WindowError};
pub use per_thread::PerThread;
pub use spec::{WindowSpec, WindowSpecBuilder};
pub use stamp::{Interval, Stamp};
pub use statistic::{Statistic, Subtract};
pub use window::{Series, Window};
