//! What the members hold together, so that a read does not merge each of their cells again.
//!
//! For each action and bucket there is the sum of its cells, made by the first read that needs it.
//! A change of a cell only notes that the sum is stale, so the next read makes this one again, and
//! no other. Mostly that is the bucket that still fills. Updating the sum at the change itself
//! would need statistics that can be subtracted, or all members for each change.
//!
//! A window of many buckets is merged from blocks: eight buckets, eight such blocks, and so on.
//! A stale bucket takes its blocks with it. The ring of a tracker has blocks too, but holds only
//! the newest buckets, and a fleet has those of clocks that differ.
//!
//! All of this follows from the members: it is not compared, and is under a lock because reads
//! change it. Merges are commutative and associative to the bit, so a sum of sums is the sum.

use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;
use std::sync::Arc;

use core_time::Statistic;

use super::horizon::Horizon;
use crate::sync::{Mutex, MutexGuard, PoisonError, lock};

/// The number of buckets in a block, and of blocks in a larger one, as a power of two.
const BLOCK_BITS: u32 = 3;

/// The sizes of blocks: of 8, 64 and 512 buckets.
const LEVELS: u32 = 3;

/// The sums of all actions.
#[derive(Debug)]
pub(super) struct Merged<S>(Mutex<Actions<S>>);

type Actions<S> = HashMap<Arc<str>, ActionSums<S>>;

/// The sums of an action, by tier.
#[derive(Debug, Clone)]
pub(super) struct ActionSums<S>(Vec<Buckets<S>>);

#[derive(Debug, Clone)]
struct Buckets<S> {
    /// Of each bucket with a cell; `None` if it is stale.
    sums: BTreeMap<i64, Option<Sum<S>>>,
    /// By level and number. Made of buckets that are not stale.
    blocks: BTreeMap<(u32, i64), Sum<S>>,
}

/// What several cells of an action have together.
#[derive(Debug, Clone)]
pub(super) struct Sum<S> {
    /// The smallest number of a first record.
    pub(super) first: u64,
    pub(super) statistic: S,
}

/// The error of an action with more records than a statistic can count.
#[derive(Debug)]
pub(super) struct TooMany;

impl<S> Default for Merged<S> {
    fn default() -> Self {
        Self(Mutex::new(HashMap::new()))
    }
}

impl<S: Clone> Clone for Merged<S> {
    fn clone(&self) -> Self {
        Self(Mutex::new(lock(&self.0).clone()))
    }
}

impl<S> PartialEq for Merged<S> {
    /// Returns `true`: what follows from equal members is equal.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<S> Merged<S> {
    /// Returns the sums for a read.
    ///
    /// A statistic that panicked in an earlier read left them whole: a sum is set when it is made.
    pub(super) fn lock(&self) -> MutexGuard<'_, Actions<S>> {
        lock(&self.0)
    }

    fn get_mut(&mut self) -> &mut Actions<S> {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a cell of an action was changed or removed.
    pub(super) fn touch(&mut self, name: &Arc<str>, at: (usize, i64)) {
        let actions = self.get_mut();
        let action = match actions.get_mut(name) {
            Some(action) => action,
            None => actions.entry(Arc::clone(name)).or_insert_with(|| ActionSums(Vec::new())),
        };
        action.touch(at);
    }

    /// Removes what no window touches any more.
    pub(super) fn forget(&mut self, horizon: &Horizon) {
        self.get_mut().retain(|_, ActionSums(tiers)| {
            for (tier, buckets) in tiers.iter_mut().enumerate() {
                buckets.forget(horizon.oldest(tier));
            }
            tiers.iter().any(|buckets| !buckets.sums.is_empty())
        });
    }
}

impl<S> ActionSums<S> {
    fn touch(&mut self, (tier, tick): (usize, i64)) {
        if self.0.len() <= tier {
            self.0.resize_with(tier + 1, || Buckets {
                sums: BTreeMap::new(),
                blocks: BTreeMap::new(),
            });
        }
        self.0[tier].touch(tick);
    }
}

impl<S: Statistic> ActionSums<S> {
    /// Makes the sums of the stale buckets in a range.
    ///
    /// `cells` passes the cells of each given tick, as the place of the tick, the number of the
    /// first record and the statistic.
    pub(super) fn renew<'a>(
        &mut self,
        tier: usize,
        ticks: &RangeInclusive<i64>,
        cells: impl FnOnce(
            &[i64],
            &mut dyn FnMut(usize, u64, &'a S) -> Result<(), TooMany>,
        ) -> Result<(), TooMany>,
    ) -> Result<(), TooMany>
    where
        S: 'a,
    {
        let Some(buckets) = self.0.get_mut(tier).filter(|_| !ticks.is_empty()) else {
            return Ok(());
        };
        let in_range = buckets.sums.range(ticks.clone());
        let stale: Vec<_> =
            in_range.filter(|(_, sum)| sum.is_none()).map(|(&tick, _)| tick).collect();
        if stale.is_empty() {
            return Ok(());
        }
        let mut sums: Vec<Option<Sum<S>>> = stale.iter().map(|_| None).collect();
        cells(&stale, &mut |at, first, more| add(&mut sums[at], first, more))?;
        for (tick, sum) in stale.into_iter().zip(sums) {
            match sum {
                Some(_) => drop(buckets.sums.insert(tick, sum)),
                None => drop(buckets.sums.remove(&tick)),
            }
        }
        Ok(())
    }

    /// Returns the sum of a range without stale buckets; `None` without a cell.
    pub(super) fn sum(
        &mut self,
        tier: usize,
        ticks: &RangeInclusive<i64>,
    ) -> Result<Option<Sum<S>>, TooMany> {
        self.0.get_mut(tier).map_or(Ok(None), |buckets| buckets.sum(ticks))
    }

    /// Returns the sum of one bucket that is not stale; `None` without a cell.
    pub(super) fn bucket(&self, tier: usize, tick: i64) -> Option<&Sum<S>> {
        self.0.get(tier)?.sums.get(&tick)?.as_ref()
    }
}

impl<S> Buckets<S> {
    fn touch(&mut self, tick: i64) {
        let before = self.sums.insert(tick, None);
        // The blocks of a bucket that is stale, or was empty while they were made.
        if before.is_none_or(|sum| sum.is_some()) {
            for level in 1..=LEVELS {
                self.blocks.remove(&(level, tick >> (BLOCK_BITS * level)));
            }
        }
    }

    fn forget(&mut self, oldest: i64) {
        if self.sums.first_key_value().is_some_and(|(&first, _)| first < oldest) {
            self.sums = self.sums.split_off(&oldest);
            self.blocks.retain(|&(level, number), _| number >= oldest >> (BLOCK_BITS * level));
        }
    }
}

impl<S: Statistic> Buckets<S> {
    /// Merges the largest blocks in a range, and the buckets at both ends.
    fn sum(&mut self, ticks: &RangeInclusive<i64>) -> Result<Option<Sum<S>>, TooMany> {
        let mut sum = None;
        if ticks.is_empty() || self.sums.range(ticks.clone()).next().is_none() {
            return Ok(sum);
        }
        let (mut first, mut end) = (i128::from(*ticks.start()), i128::from(*ticks.end()) + 1);
        for level in 0..=LEVELS {
            let is_at_edge = |number: i128| level == LEVELS || number % (1 << BLOCK_BITS) != 0;
            while first < end && is_at_edge(first) {
                self.add_block(level, first as i64, &mut sum)?;
                first += 1;
            }
            while first < end && is_at_edge(end) {
                end -= 1;
                self.add_block(level, end as i64, &mut sum)?;
            }
            (first, end) = (first >> BLOCK_BITS, end >> BLOCK_BITS);
        }
        Ok(sum)
    }

    /// Merges a block or, at level 0, a bucket.
    fn add_block(
        &mut self,
        level: u32,
        number: i64,
        to: &mut Option<Sum<S>>,
    ) -> Result<(), TooMany> {
        if level == 0 {
            return match self.sums.get(&number) {
                Some(Some(sum)) => add(to, sum.first, &sum.statistic),
                _ => Ok(()),
            };
        }
        if let Some(sum) = self.blocks.get(&(level, number)) {
            return add(to, sum.first, &sum.statistic);
        }
        let bits = BLOCK_BITS * level;
        let start = number << bits;
        // Many actions have few buckets.
        if self.sums.range(start..=start + ((1 << bits) - 1)).next().is_none() {
            return Ok(());
        }
        let (first, mut sum) = (number << BLOCK_BITS, None);
        for within in 0..1 << BLOCK_BITS {
            self.add_block(level - 1, first + within, &mut sum)?;
        }
        let Some(sum) = sum else { return Ok(()) };
        add(to, sum.first, &sum.statistic)?;
        self.blocks.insert((level, number), sum);
        Ok(())
    }
}

/// Merges a statistic into a sum, if they fit.
fn add<S: Statistic>(sum: &mut Option<Sum<S>>, first: u64, more: &S) -> Result<(), TooMany> {
    match sum {
        None => *sum = Some(Sum { first, statistic: more.clone() }),
        Some(sum) if sum.statistic.can_merge(more) => {
            sum.first = sum.first.min(first);
            sum.statistic.merge(more);
        }
        Some(_) => return Err(TooMany),
    }
    Ok(())
}
