//! Models of an action whose shards are lent to the threads of shared handles.

use ::loom::sync::Arc;
use ::loom::thread;

use super::{Bit, Recorded, explore};
use crate::sync::AtomicU64;
use crate::tracker::action::Action;
use crate::tracker::shared::Writers;

type Kept = Recorded<1>;

/// An action, and the counter that numbers its first records.
struct Model {
    action: std::sync::Arc<Action<Kept>>,
    next: AtomicU64,
}

/// A handle: its clones share the writers.
struct Handle(Arc<Model>, Arc<Writers<Kept>>);

impl Model {
    fn new() -> Arc<Self> {
        let action = Action::new("jump".into(), 0, std::sync::Arc::default());
        Arc::new(Self { action: std::sync::Arc::new(action), next: AtomicU64::new(10) })
    }

    /// Makes a handle, unless the action was removed.
    fn handle(model: &Arc<Self>) -> Option<Handle> {
        model.action.hold().ok()?;
        let writers = Arc::new(Writers::of(std::sync::Arc::clone(&model.action)));
        Some(Handle(Arc::clone(model), writers))
    }

    fn read(&self) -> u64 {
        let mut recorded = Kept::default();
        self.action.read(&self.next, |statistic, buffered| {
            core_time::Statistic::merge(&mut recorded, statistic);
            core_time::Statistic::insert_all(&mut recorded, buffered.values());
        });
        assert_eq!(recorded.bits.count_ones(), recorded.count, "a count of other records");
        recorded.bits
    }
}

impl Handle {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0), Arc::clone(&self.1))
    }

    fn record_all(&self, bits: &[u64]) {
        for &bit in bits {
            let shard = self.1.shard(&Kept::default()).expect("every thread has a slot");
            shard.record(Bit(bit), &self.0.next).expect("a held action is not retired");
        }
    }
}

#[test]
fn threads_of_a_handle_do_not_share_a_shard() {
    explore(|| {
        let model = Model::new();
        let handle = Model::handle(&model).expect("nothing was evicted");
        let other = handle.clone();
        // The first takes the lock, and the next ones do not.
        let thread = thread::spawn(move || other.record_all(&[1, 2, 4]));
        handle.record_all(&[8, 16, 32]);
        thread.join().unwrap();
        assert_eq!(model.read(), 63);
    });
}

#[test]
fn shards_are_lent_again_after_the_last_clone_is_dropped() {
    explore(|| {
        let model = Model::new();
        let handle = Model::handle(&model).expect("nothing was evicted");
        let other = handle.clone();
        let thread = thread::spawn(move || {
            other.record_all(&[1, 2]);
            drop(other);
        });
        drop(handle);
        // Its shard is that of the first handle, if that was released before.
        let next = Model::handle(&model).expect("nothing was evicted");
        next.record_all(&[4, 8]);
        thread.join().unwrap();
        assert_eq!(model.read(), 15);
    });
}

#[test]
fn an_action_is_either_held_or_evicted() {
    explore(|| {
        let model = Model::new();
        let evicts = {
            let model = Arc::clone(&model);
            thread::spawn(move || model.action.evict(&Kept::default()).is_some())
        };
        let held = Model::handle(&model);
        held.iter().for_each(|handle| handle.record_all(&[1, 2]));
        let evicted = evicts.join().unwrap();
        assert_eq!(held.is_some(), !evicted);
        assert_eq!(model.read(), if evicted { 0 } else { 3 });
        if let Some(handle) = held {
            assert!(model.action.evict(&Kept::default()).is_none(), "evicted while it is held");
            drop(handle);
            assert!(model.action.evict(&Kept::default()).is_some(), "held after the last handle");
        }
    });
}

#[test]
fn a_reader_sees_the_records_of_dropped_handles_once() {
    explore(|| {
        let model = Model::new();
        let [first, second] = [1, 2].map(|bit| {
            let handle = Model::handle(&model).expect("nothing was evicted");
            handle.record_all(&[bit, bit << 2]);
            handle
        });
        let reader = {
            let model = Arc::clone(&model);
            thread::spawn(move || assert_eq!(model.read(), 15))
        };
        drop(first);
        drop(second); // Merges both shards into one.
        assert_eq!(crate::sync::lock(&model.action.shards).all.len(), 1);
        reader.join().unwrap();
        assert_eq!(model.read(), 15);
    });
}
