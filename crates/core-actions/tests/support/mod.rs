//! What random histories share: threads that do what they are sent, times, and statistics that are
//! compared with a list of all times.

use std::sync::mpsc;
use std::thread;

use core_actions::{ActionTime, HasCount, HasMean, Mean, Statistic, Values, WhenFull};
use core_time::Tag;
use num_bigint::BigUint;
use num_rational::Ratio;
use proptest::prelude::*;

#[expect(dead_code, reason = "roots are for the tests of statistics")]
#[path = "../statistics/oracle.rs"]
mod oracle;

/// A thread that does what it is sent, so that several tables take part without chance.
pub(crate) struct Worker {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<thread::JoinHandle<()>>,
}

type Job = Box<dyn FnOnce() + Send>;

impl Worker {
    pub(crate) fn start() -> Self {
        let (jobs, todo) = mpsc::channel::<Job>();
        let thread = thread::spawn(move || todo.into_iter().for_each(|job| job()));
        Self { jobs: Some(jobs), thread: Some(thread) }
    }

    pub(crate) fn run<R: Send + 'static>(&self, job: impl FnOnce() -> R + Send + 'static) -> R {
        let (send, receive) = mpsc::channel();
        let job = Box::new(move || send.send(job()).unwrap());
        self.jobs.as_ref().unwrap().send(job).unwrap();
        receive.recv().unwrap()
    }

    pub(crate) fn end(&mut self) {
        drop(self.jobs.take());
        self.thread.take().unwrap().join().unwrap();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.jobs.take());
    }
}

pub(crate) const THREADS: usize = 3;
pub(crate) const NAMES: [&str; 7] = [
    "a",
    "jump",
    "sixteen bytes!!!",
    "more than sixteen b",
    "日本",
    "more than sixteen c",
    WhenFull::OTHER,
];

/// Any kind of time: those that wait as integers, those that do not, and fractions.
pub(crate) fn time() -> impl Strategy<Value = ActionTime> {
    let float = |float| ActionTime::try_from(float).unwrap();
    prop_oneof![
        4 => (0_u64..100).prop_map(ActionTime::from),
        1 => any::<u64>().prop_map(ActionTime::from),
        2 => (0.0..1e3).prop_map(float),
        1 => Just(float(f64::MAX)),
        1 => Just(float(5e-324)),
    ]
}

/// A statistic that is compared with all times.
pub(crate) trait Checked:
    Statistic<Value = ActionTime> + PartialEq + std::fmt::Debug
{
    fn check(&self, times: &[ActionTime]);
}

pub(crate) type Batched = (Values, Mean);
/// With a statistic of a user's own, which says nothing of panics, so that nothing waits.
pub(crate) type Unpromising = (Mean, Own, Values);

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Own(u64);

impl Statistic for Own {
    type Value = ActionTime;

    const TAG: Tag = Tag::own("x-own");

    fn insert(&mut self, _: ActionTime) {
        self.0 += 1;
    }

    fn merge(&mut self, other: &Self) {
        self.0 += other.0;
    }
}

#[track_caller]
pub(crate) fn check_figures(raw: &Values, mean: &Mean, times: &[ActionTime]) {
    let (mut found, mut expected): (Vec<_>, _) = (raw.times().collect(), times.to_vec());
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
    assert_eq!(mean.count(), times.len() as u64);
    let sum: BigUint = times.iter().map(|&time| units(time)).sum();
    oracle::check_nearest(
        mean.mean().unwrap(),
        &Ratio::new_raw(sum, BigUint::from(times.len()) << 1_074),
    );
}

/// A time as an integer times 2^-1074.
fn units(time: ActionTime) -> BigUint {
    match time.as_integer() {
        Some(integer) => BigUint::from(integer) << 1_074,
        None => oracle::units_of(time.as_f64()),
    }
}

impl Checked for Batched {
    fn check(&self, times: &[ActionTime]) {
        check_figures(&self.0, &self.1, times);
    }
}

impl Checked for Unpromising {
    fn check(&self, times: &[ActionTime]) {
        check_figures(&self.2, &self.0, times);
        assert_eq!(self.1.0, times.len() as u64);
    }
}
