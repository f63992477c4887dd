//! Publishing actions and events for readers in other processes.

use std::ops::Deref;

use core_actions::{Summary, WindowedTracker};
use core_time::EventCounter;
use store::{Background, PublishError, Publisher, Store, StoreSpec};

use super::Windrow;
use crate::error::Error;

/// The windows of actions, which are kept.
struct Windows(Windrow);

impl Deref for Windows {
    type Target = WindowedTracker<Summary>;

    fn deref(&self) -> &Self::Target {
        self.0.windows().expect("windows are kept from the start of publishing")
    }
}

struct Events(Windrow);

impl Deref for Events {
    type Target = EventCounter;

    fn deref(&self) -> &EventCounter {
        &self.0.0.events
    }
}

impl Windrow {
    /// Publishes the windows of all actions in a shared store, from a thread of its own.
    ///
    /// Starts [keeping windows](Self::keep_windows). Drop the result to end it, before the process
    /// ends: that flushes once more. Publish in each set once, and with one specification in all
    /// processes.
    ///
    /// # Errors
    ///
    /// [`Error::Windows`] as [`keep_windows`](Self::keep_windows), and [`Error::Publish`] if the
    /// resolution of the store is not a multiple of this one's.
    ///
    /// # Panics
    ///
    /// If the system does not start a thread.
    ///
    /// # Examples
    ///
    /// ```
    /// use facade::Windrow;
    /// use facade::store::{MemoryStore, Reader, StoreSpec};
    /// use facade::{Summary, Unit};
    /// use std::time::Duration;
    ///
    /// let (store, spec) = (MemoryStore::default(), StoreSpec::default());
    /// let processes = [Windrow::default(), Windrow::default()];
    /// for process in &processes {
    ///     let publishing = process.publish_actions(store.clone(), spec.clone())?;
    ///     process.action("checkout")?.record(Duration::from_millis(31));
    ///     drop(publishing);
    /// }
    /// let mut reader = Reader::<Summary>::new(store, &spec, Unit::Nanoseconds)?;
    /// let minute = Duration::from_secs(60);
    /// let view = reader.read(minute)?;
    /// assert_eq!(view.get("checkout", minute)?.count(), 2);
    /// assert_eq!(view.writers().len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn publish_actions(
        &self,
        store: impl Store + 'static,
        spec: StoreSpec,
    ) -> Result<Background, Error> {
        self.keep_windows()?;
        let publisher = Publisher::of_tracker(Windows(self.clone()), store, spec);
        Ok(publisher.map_err(boxed)?.spawn())
    }

    /// Publishes the counts of events in a shared store, as records of an action with this name.
    ///
    /// Their set is another one than that of actions, as their statistic is `Count`. See
    /// [`StoreSpec::counts`] for buckets of a second.
    ///
    /// # Errors
    ///
    /// [`Error::Publish`] if the name is not valid, or the resolution of the store is not a
    /// multiple of this one's.
    ///
    /// # Panics
    ///
    /// If the system does not start a thread.
    ///
    /// # Examples
    ///
    /// ```
    /// use facade::actions::Count;
    /// use facade::store::{MemoryStore, Reader, StoreSpec};
    /// use facade::{Unit, Windrow};
    /// use std::time::Duration;
    ///
    /// let (store, spec) = (MemoryStore::default(), StoreSpec::counts());
    /// for _ in 0..2 {
    ///     let process = Windrow::default();
    ///     let _publishing = process.publish_events("logins", store.clone(), spec.clone())?;
    ///     process.record_events(5);
    /// }
    /// let mut reader = Reader::<Count>::new(store, &spec, Unit::default())?;
    /// let minute = Duration::from_secs(60);
    /// assert_eq!(reader.read(minute)?.get("logins", minute)?.count(), 10);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn publish_events(
        &self,
        name: &str,
        store: impl Store + 'static,
        spec: StoreSpec,
    ) -> Result<Background, Error> {
        let publisher = Publisher::of_counter(name, Events(self.clone()), store, spec);
        Ok(publisher.map_err(boxed)?.spawn())
    }
}

fn boxed(error: PublishError) -> Error {
    Error::Publish(Box::new(error))
}
