//! The table of faults on a store in memory.

mod model;

use std::time::Duration;

use core_time::{ManualClock, Stamp};
use model::{Difference, History, Planted, Server, run};
use store::{Dump, MemoryStore, Store};

struct Memory {
    store: MemoryStore,
    dump: Option<Dump>,
}

impl Memory {
    fn new() -> Self {
        let now = Stamp::from_secs(1_700_000_003) + Duration::from_millis(500);
        Self { store: MemoryStore::with_clock(ManualClock::new(now)), dump: None }
    }
}

impl Server for Memory {
    fn connect(&self) -> Box<dyn Store> {
        Box::new(self.store.clone())
    }

    fn wipe(&mut self) {
        self.store.wipe();
    }

    fn save(&mut self) {
        self.dump = Some(self.store.dump());
    }

    fn go_back(&mut self) {
        self.store.restore(self.dump.as_ref().unwrap());
    }
}

const ALL: History = History { seed: 0, steps: 120, is_wiped: true, goes_back: true };

fn differences(history: History, planted: Planted) -> Vec<Difference> {
    let seeds = 0..4;
    let run = |seed| run(&mut Memory::new(), History { seed, ..history }, planted);
    seeds.map(run).collect()
}

#[test]
fn all_records_are_found_whatever_happens_to_messages_and_to_the_store() {
    // A store that is wiped later would make up for one that returned to an older dump.
    for history in [ALL, History { is_wiped: false, ..ALL }] {
        for (seed, difference) in differences(history, Planted::None).iter().enumerate() {
            assert_eq!(*difference, Difference::default(), "seed {seed}");
        }
    }
}

#[test]
fn without_a_guard_of_revisions_records_are_missing() {
    let history = History { is_wiped: false, goes_back: false, ..ALL };
    let missing: Vec<_> =
        differences(history, Planted::NoGuard).iter().map(|found| found.missing).collect();
    assert!(missing.iter().all(|&missing| missing > 0), "{missing:?}");
}

#[test]
fn a_wiped_store_that_is_not_noticed_loses_records() {
    let history = History { goes_back: false, ..ALL };
    for difference in differences(history, Planted::WipeUnseen) {
        assert!(difference.missing > 100, "{difference:?}");
    }
}

#[test]
fn an_older_dump_that_is_not_noticed_loses_records() {
    // An epoch that a store draws when it is empty notices no more than that.
    for difference in differences(History { is_wiped: false, ..ALL }, Planted::ReturnUnseen) {
        assert!(difference.missing > 0, "{difference:?}");
    }
    let history = History { goes_back: false, ..ALL };
    for difference in differences(history, Planted::ReturnUnseen) {
        assert_eq!(difference, Difference::default());
    }
}
