//! The wire form of a ring of statistics. A rename in the code must not change it.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use super::StatisticRing;
use crate::statistic::Statistic;
use crate::text::counted;

#[derive(Serialize, Deserialize)]
struct Wire<S> {
    reach: u64,
    buckets: Vec<(i64, S)>,
}

/// The error returned when the input is not a ring.
#[derive(Debug, Error)]
enum WireError {
    #[error("bucket {tick} follows bucket {before}, buckets must ascend")]
    Descend { tick: i64, before: i64 },
    #[error(
        "bucket {tick} is more than {} behind bucket {newest}",
        counted(*reach, "bucket")
    )]
    OutOfReach { tick: i64, newest: i64, reach: u64 },
    #[error("buckets hold more values than a statistic can count")]
    TooMany,
}

impl<S: Statistic + Serialize> Serialize for StatisticRing<S> {
    fn serialize<R: Serializer>(&self, serializer: R) -> Result<R::Ok, R::Error> {
        Wire { reach: self.reach(), buckets: self.buckets().into_iter().collect() }
            .serialize(serializer)
    }
}

impl<'de, S: Statistic + Deserialize<'de>> Deserialize<'de> for StatisticRing<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Wire::deserialize(deserializer)?.checked().map_err(D::Error::custom)
    }
}

impl<S: Statistic> Wire<S> {
    fn checked(self) -> Result<StatisticRing<S>, WireError> {
        let Self { reach, buckets } = self;
        let ticks = buckets.iter().map(|&(tick, _)| tick);
        for (before, tick) in ticks.clone().zip(ticks.clone().skip(1)) {
            if tick <= before {
                return Err(WireError::Descend { tick, before });
            }
        }
        if let (Some(tick), Some(newest)) = (ticks.clone().next(), ticks.clone().next_back())
            && newest.abs_diff(tick) > reach
        {
            return Err(WireError::OutOfReach { tick, newest, reach });
        }
        let mut ring = StatisticRing::of(reach);
        for (tick, statistic) in buckets {
            ring.turn(tick, statistic);
        }
        if ring.add_up(&mut S::default()) { Ok(ring) } else { Err(WireError::TooMany) }
    }
}
