//! Reading windows: which buckets they are made of, and what an action has in them.

use std::ops::RangeInclusive;

use core_time::{CoveredBuckets, Statistic, TieredRing, TimeAxis, WindowError};

use crate::action::words::AsWords;
use crate::tracker::shard::Buffered;
use crate::window::rows::ActionWindow;
use crate::window::timeline::Timeline;

/// How often a read begins again because it was paused for so long that buckets were evicted.
const TRIES: usize = 16;

/// The buckets of an answer.
pub(crate) struct Parts {
    pub(crate) covered: CoveredBuckets,
    /// The buckets wholly inside the window, unless they are all that are covered.
    pub(crate) inside: Option<RangeInclusive<i64>>,
    /// The bucket that the window cuts before those.
    pub(crate) before: Option<RangeInclusive<i64>>,
}

/// What an action has in the parts of a window; `None` without a record.
pub(super) struct Found<S> {
    pub(super) counted: Option<S>,
    pub(super) inside: Option<S>,
    pub(super) before: Option<S>,
}

impl Parts {
    pub(crate) fn new(covered: CoveredBuckets, inside: RangeInclusive<i64>) -> Self {
        let (first, touched) = (*covered.ticks.start(), *covered.touched().start());
        let before = (touched < first).then(|| touched..=first - 1);
        let inside = Some(inside).filter(|inside| *inside != covered.ticks);
        Self { covered, inside, before }
    }

    /// Whether the records inside are others than those that are covered.
    pub(crate) fn has_inside(&self) -> bool {
        self.inside.is_some()
    }
}

impl<S> Default for Found<S> {
    fn default() -> Self {
        Self { counted: None, inside: None, before: None }
    }
}

impl<S: Statistic<Value: AsWords>> Found<S> {
    /// Adds what one writer recorded.
    pub(super) fn add(&mut self, parts: &Parts, ring: &TieredRing<S>, buffered: Buffered<'_>) {
        let tier = parts.covered.tier;
        merge_buckets(ring, buffered, tier, &parts.covered.ticks, &mut self.counted);
        if let Some(inside) = &parts.inside {
            merge_buckets(ring, buffered, tier, inside, &mut self.inside);
        }
        if let Some(before) = &parts.before {
            merge_buckets(ring, buffered, tier, before, &mut self.before);
        }
    }
}

/// Merges buckets of one writer; leaves `None` if they are all empty.
pub(super) fn merge_buckets<S: Statistic<Value: AsWords>>(
    ring: &TieredRing<S>,
    buffered: Buffered<'_>,
    tier: usize,
    ticks: &RangeInclusive<i64>,
    into: &mut Option<S>,
) {
    let had_any = into.is_some();
    let sum = into.get_or_insert_default();
    let in_ring = ring.tier(tier).is_some_and(|ring| ring.merge_window(ticks.clone(), sum));
    let buffered = buffered
        .values()
        .filter(|value: &core_time::InBucket<_>| ticks.contains(&ring.tick_in(tier, value.tick)));
    let any = had_any || in_ring || buffered.clone().next().is_some();
    sum.insert_all(buffered.map(|value| value.value));
    if !any {
        *into = None;
    }
}

impl Timeline {
    /// Reads the buckets of a query, which `covered` returns for the present.
    ///
    /// Records are made meanwhile, with later stamps than the present of the query. So the filling
    /// bucket is inside the window only if the query touches the same buckets after the read, and
    /// has the same ones inside: then the answer is that of the later moment. If not, it is read
    /// again without that bucket, for the earlier one.
    pub(super) fn read<R>(
        &self,
        covered: impl Fn(&TimeAxis) -> Result<CoveredBuckets, WindowError>,
        mut read: impl FnMut(&Parts) -> R,
    ) -> Result<(R, CoveredBuckets), WindowError> {
        let mut buckets = covered(&self.axis)?;
        let mut is_at_end = !self.may_be_after(buckets.now);
        let mut tries = 0;
        loop {
            let filling = buckets.inside_and_filling();
            let inside = if is_at_end { filling.clone() } else { buckets.inside() };
            let parts = Parts::new(buckets.clone(), inside);
            let found = read(&parts);
            if let Err(evicted) = self.axis.check_held(&buckets) {
                tries += 1;
                if tries == TRIES {
                    return Err(evicted);
                }
                buckets = covered(&self.axis)?;
                continue;
            }
            let is_settled = !is_at_end
                || filling == buckets.inside()
                || covered(&self.axis)
                    .is_ok_and(|then| self.is_still_inside(&filling, &buckets, &then));
            if is_settled {
                return Ok((found, buckets));
            }
            is_at_end = false;
        }
    }

    /// Returns whether the buckets inside a window are inside it at a later moment too.
    fn is_still_inside(
        &self,
        inside: &RangeInclusive<i64>,
        buckets: &CoveredBuckets,
        then: &CoveredBuckets,
    ) -> bool {
        then.now >= buckets.now
            && then.tier == buckets.tier
            && then.touched() == buckets.touched()
            && then.inside_and_filling().start() <= inside.start()
            && !self.may_be_after(then.now)
    }

    /// Returns the answer for one action, whose shards `visit` reads.
    pub(super) fn action_window<S: Statistic<Value: AsWords>>(
        &self,
        covered: impl Fn(&TimeAxis) -> Result<CoveredBuckets, WindowError>,
        visit: impl Fn(&mut dyn FnMut(&TieredRing<S>, Buffered<'_>)),
    ) -> Result<ActionWindow<S>, WindowError> {
        let (window, buckets) = self.read(covered, |parts| {
            let mut found = Found::default();
            visit(&mut |ring, buffered| found.add(parts, ring, buffered));
            let inside = || Box::new(found.inside.unwrap_or_default());
            let coverage = parts.covered.coverage(self.since());
            ActionWindow {
                statistic: found.counted.unwrap_or_default(),
                inside: parts.has_inside().then(inside),
                before: found.before.map(Box::new),
                coverage,
            }
        })?;
        let _ = buckets;
        Ok(window)
    }

    /// Returns each bucket of one action, whose shards `visit` reads.
    pub(super) fn action_series<S: Statistic<Value: AsWords>>(
        &self,
        covered: impl Fn(&TimeAxis) -> Result<CoveredBuckets, WindowError>,
        visit: impl Fn(&mut dyn FnMut(&TieredRing<S>, Buffered<'_>)),
    ) -> Result<Vec<ActionWindow<S>>, WindowError> {
        let (sums, buckets) = self.read(covered, |parts| {
            let CoveredBuckets { tier, ticks, .. } = &parts.covered;
            let mut sums: Vec<_> = ticks.clone().map(|_| None).collect();
            visit(&mut |ring, buffered| {
                for (tick, sum) in ticks.clone().zip(&mut sums) {
                    merge_buckets(ring, buffered, *tier, &(tick..=tick), sum);
                }
            });
            sums
        })?;
        let buckets = buckets.each(self.since());
        let window = |(sum, (_, coverage)): (Option<S>, _)| ActionWindow {
            statistic: sum.unwrap_or_default(),
            inside: None,
            before: None,
            coverage,
        };
        Ok(sums.into_iter().zip(buckets).map(window).collect())
    }
}
