//! Writers with late events and clocks that differ, a network and a server that fail, and what a
//! reader must find in the end.

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use core_actions::{Statistic, Summary, Unit, WindowedTracker};
use core_time::{ManualClock, Stamp};
use fastrand::Rng;
use store::{Batch, Contents, Fault, Faulty, Publisher, ReadError, Reader, Reply, View};
use store::{Store, StoreError, StoreSpec, Version};

/// A server that the faults of a history happen to.
pub(crate) trait Server {
    fn connect(&self) -> Box<dyn Store>;
    /// Loses everything.
    fn wipe(&mut self);
    /// Keeps the contents for `go_back`.
    fn save(&mut self);
    fn go_back(&mut self);
}

/// What happens to the server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct History {
    pub(crate) seed: u64,
    pub(crate) steps: u64,
    pub(crate) is_wiped: bool,
    pub(crate) goes_back: bool,
}

/// A fault of a writer or of the store that the model must find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Planted {
    None,
    /// A lower revision replaces a higher one.
    NoGuard,
    /// The writer does not see that the store lost everything.
    WipeUnseen,
    /// The writer sees that, but not that the store returned to earlier contents.
    ReturnUnseen,
}

/// How what a reader found differs from what was recorded.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Difference {
    /// The number of actions in a bucket with another statistic.
    pub(crate) cells: usize,
    /// The number of records that are missing.
    pub(crate) missing: u64,
    /// The number of records that are there twice.
    pub(crate) doubled: u64,
}

const NAMES: [&str; 5] = ["checkout", "search", "login", "jump", "(other)"];
const STEP: Duration = Duration::from_secs(1);

type Recorded = BTreeMap<(i64, &'static str), Summary>;
type Faults = Arc<Mutex<Option<Fault>>>;

struct Process {
    tracker: Arc<WindowedTracker<Summary>>,
    clock: ManualClock,
    publisher: Publisher<Summary>,
    next: Faults,
}

/// Runs a history, and compares what a reader finds with what was recorded and can be found.
pub(crate) fn run(server: &mut dyn Server, history: History, planted: Planted) -> Difference {
    let History { seed, steps, .. } = history;
    let mut rng = Rng::with_seed(seed);
    let spec = StoreSpec::default();
    let now = server.connect().now().unwrap();
    let start = now - STEP * u32::try_from(steps).unwrap();
    let mut processes: Vec<_> =
        (0..4).map(|at| Process::new(server, &spec, start, at, planted)).collect();
    let mut reader = Reader::<Summary>::new(server.connect(), &spec, Unit::Milliseconds).unwrap();
    let (mut recorded, mut sent) = (Recorded::new(), 0_u64);
    let at = |part: u64| steps * part / 20;
    for step in 0..steps {
        for process in &mut processes {
            process.clock.advance(STEP);
            for _ in 0..rng.u64(..12) {
                process.record(&mut rng, &spec, Some(&mut recorded));
                sent += 1;
            }
            process.flush(draw(&mut rng));
        }
        if history.is_wiped && [at(4), at(11)].contains(&step) {
            server.wipe();
        }
        if history.goes_back && step == at(7) {
            server.save();
        }
        if history.goes_back && step == at(7) + 5 {
            server.go_back();
        }
        if step % 7 == 0 {
            let found = count(&mut reader, spec.span);
            assert!(found <= sent, "{found} records were found, {sent} recorded ({history:?})");
        }
        if step == at(16) {
            let mut killed = processes.remove(0);
            // The first attempt may find that the server has restarted.
            (0..2).for_each(|_| killed.flush(Fault::None));
            for _ in 0..9 {
                killed.record(&mut rng, &spec, None); // Killed before it can send these.
            }
            mem::forget(killed);
        }
    }
    for process in &mut processes {
        for _ in 0..3 {
            process.flush(Fault::None);
        }
        assert_eq!((process.publisher.unflushed(), process.publisher.lost()), (0, 0));
    }
    compare(&mut reader, &spec, &recorded)
}

/// 16 % doubled, 10 % dropped, 10 % of the replies lost, 8 % sent again when they are stale.
fn draw(rng: &mut Rng) -> Fault {
    match rng.u32(..100) {
        0..16 => Fault::Doubled,
        16..26 => Fault::Dropped,
        26..36 => Fault::ReplyLost,
        36..44 => Fault::Repeated,
        _ => Fault::None,
    }
}

impl Process {
    fn new(server: &dyn Server, spec: &StoreSpec, start: Stamp, at: u32, planted: Planted) -> Self {
        let clock = ManualClock::new(start + Duration::from_millis(1_000) * at - STEP * 2);
        let mut settings = core_actions::WindowedSpec::default();
        settings.tracker.unit = Unit::Milliseconds;
        let tracker = Arc::new(WindowedTracker::with_clock(settings, clock.clone()).unwrap());
        let next = Faults::default();
        let store = Connection {
            store: Faulty::new(Blind { store: server.connect(), planted, revision: 1 << 40 }),
            next: Arc::clone(&next),
        };
        let publisher = Publisher::of_tracker(Arc::clone(&tracker), store, spec.clone()).unwrap();
        Self { tracker, clock, publisher, next }
    }

    /// Records an action, 4 % of them up to a minute late.
    fn record(&self, rng: &mut Rng, spec: &StoreSpec, recorded: Option<&mut Recorded>) {
        let name = NAMES[rng.usize(..NAMES.len())];
        let late = if rng.u32(..100) < 4 { rng.u64(..60_000) } else { 0 };
        let stamp = self.tracker.now() - Duration::from_millis(late);
        let time = [rng.u32(..1_000).into(), rng.f64() * 1e3][rng.usize(..2)];
        self.tracker.record_at(name, time, stamp).unwrap();
        if let Some(recorded) = recorded {
            let sum = recorded.entry((bucket(spec, stamp), name)).or_default();
            sum.insert(time.try_into().unwrap());
        }
    }

    fn flush(&mut self, fault: Fault) {
        *self.next.lock().unwrap() = Some(fault);
        match self.publisher.flush() {
            Ok(_) => {}
            Err(store::PublishError::Store(StoreError::Away(_))) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

fn bucket(spec: &StoreSpec, stamp: Stamp) -> i64 {
    stamp.as_nanos().div_euclid(spec.resolution.as_nanos() as i64)
}

/// Reads again once, as the first attempt finds that the server has restarted.
fn read(reader: &mut Reader<Summary>, span: Duration) -> View<'_, Summary> {
    if let Err(error) = reader.read(span) {
        assert!(matches!(error, ReadError::Store(StoreError::Away(_))), "{error}");
    }
    reader.read(span).unwrap()
}

fn count(reader: &mut Reader<Summary>, span: Duration) -> u64 {
    let view = read(reader, span);
    let window = view.window(span).unwrap();
    window.at_most().iter().map(|row| row.count()).sum()
}

fn compare(reader: &mut Reader<Summary>, spec: &StoreSpec, recorded: &Recorded) -> Difference {
    let view = read(reader, spec.span);
    let mut difference = Difference::default();
    let mut expected = 0;
    for name in NAMES {
        let window = view.window(spec.span).unwrap();
        let found = view.series(name, spec.span).unwrap();
        for (found, tick) in found.iter().zip(window.covered().ticks.clone()) {
            let empty = Summary::default();
            let recorded = recorded.get(&(tick, name)).unwrap_or(&empty);
            let [found, recorded] = [found.statistic(), recorded];
            difference.cells += usize::from(found != recorded);
            let [found, recorded] = [found, recorded].map(core_actions::HasCount::count);
            difference.missing += recorded.saturating_sub(found);
            difference.doubled += found.saturating_sub(recorded);
            expected += recorded;
        }
    }
    assert!(expected > 0, "no record is in the window");
    difference
}

/// Gives the next fault to the first write of a flush.
#[derive(Debug)]
struct Connection {
    store: Faulty<Blind>,
    next: Faults,
}

impl Store for Connection {
    fn write(&mut self, batches: &[Batch<'_>]) -> Vec<Result<Reply, StoreError>> {
        self.store.fail(self.next.lock().unwrap().take());
        self.store.write(batches)
    }

    fn now(&mut self) -> Result<Stamp, StoreError> {
        self.store.now()
    }

    fn read(&mut self, known: &[(i64, Option<Version>)]) -> Result<Contents, StoreError> {
        self.store.read(known)
    }
}

/// A store with a planted fault.
#[derive(Debug)]
struct Blind {
    store: Box<dyn Store>,
    planted: Planted,
    revision: u64,
}

impl Store for Blind {
    fn write(&mut self, batches: &[Batch<'_>]) -> Vec<Result<Reply, StoreError>> {
        if self.planted == Planted::NoGuard {
            return batches.iter().map(|batch| self.write_unguarded(batch)).collect();
        }
        let mut replies = self.store.write(batches);
        for (batch, reply) in batches.iter().zip(&mut replies) {
            let Ok(reply) = reply else { continue };
            let is_unseen = match self.planted {
                Planted::WipeUnseen => true,
                Planted::ReturnUnseen => reply.sequence.is_some(),
                Planted::None | Planted::NoGuard => false,
            };
            if is_unseen {
                reply.sequence = reply.sequence.max(batch.after);
                reply.revisions = batch.cells.iter().map(|cell| Some(cell.revision)).collect();
            }
        }
        replies
    }

    fn now(&mut self) -> Result<Stamp, StoreError> {
        self.store.now()
    }

    fn read(&mut self, known: &[(i64, Option<Version>)]) -> Result<Contents, StoreError> {
        self.store.read(known)
    }
}

impl Blind {
    fn write_unguarded(&mut self, batch: &Batch<'_>) -> Result<Reply, StoreError> {
        self.revision += 1;
        let later = |&cell: &&store::Cell| store::Cell { revision: self.revision, ..cell.clone() };
        let cells: Vec<_> = batch.cells.iter().map(later).collect();
        let unguarded = Batch { cells: cells.iter().collect(), ..batch.clone() };
        let mut reply = self.store.write(&[unguarded]).remove(0)?;
        reply.revisions = batch.cells.iter().map(|cell| Some(cell.revision)).collect();
        Ok(reply)
    }
}
