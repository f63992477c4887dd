//! The pieces of an interval: one for each bucket that rings of several tiers hold.
//!
//! A value that held for long is in many buckets, each of which needs its share of the time. Where
//! only a coarse tier reaches back, a piece is a bucket of that tier. It ends where a finer tier
//! begins to hold its buckets, so that every tier gets all of the time that it holds. A finer ring
//! drops a piece of a coarser tier, because the bucket in which it begins is too old.

use core_time::{Statistic, TieredRing, WindowSpec};

/// The buckets of one tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Grid {
    /// The width of a bucket in nanoseconds.
    width: i64,
    /// The number of buckets behind the newest that a ring holds.
    reach: u64,
}

impl Grid {
    fn tick(self, nanos: i64) -> i64 {
        nanos.div_euclid(self.width)
    }

    /// Returns the start of the oldest bucket that is held with this moment.
    fn oldest(self, newest: i64) -> i64 {
        self.tick(newest).saturating_sub_unsigned(self.reach).saturating_mul(self.width)
    }
}

/// Divides intervals into pieces.
#[derive(Debug, Clone)]
pub(super) struct Grids(Box<[Grid]>);

/// A part of an interval that each ring counts in one bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    /// The finest bucket in which it begins.
    pub(super) tick: i64,
    pub(super) nanos: u64,
}

impl Grids {
    pub(super) fn of<S: Statistic>(spec: &WindowSpec, ring: &TieredRing<S>) -> Self {
        let grid = |(tier, reach): (core_time::Tier, u64)| Grid {
            width: i64::try_from(tier.resolution.as_nanos()).unwrap_or(i64::MAX).max(1),
            reach,
        };
        let reaches = ring.tiers().map(|ring| ring.reach());
        Self(spec.tiers().zip(reaches).map(grid).collect())
    }

    /// Returns the finest bucket of a moment.
    pub(super) fn tick(&self, nanos: i64) -> i64 {
        self.0.first().map_or(0, |finest| finest.tick(nanos))
    }

    /// Returns the pieces of the interval `from..to` that are held at its end, in their order.
    ///
    /// # Complexity
    ///
    /// At most as many as buckets are held, however long the interval is.
    pub(super) fn pieces(&self, from: i64, to: i64) -> impl Iterator<Item = Piece> {
        let longest =
            self.0.last().map_or(from, |longest| longest.oldest(to - i64::from(from < to)));
        let mut at = from.max(longest);
        std::iter::from_fn(move || {
            if at >= to {
                return None;
            }
            let end = self.end_of_piece(at, to);
            let piece = Piece { tick: self.tick(at), nanos: end.abs_diff(at) };
            at = end;
            Some(piece)
        })
    }

    /// Returns the end of the piece that begins at a moment before `to`.
    fn end_of_piece(&self, at: i64, to: i64) -> i64 {
        let mut end = to;
        for grid in &self.0 {
            let oldest = grid.oldest(to - 1);
            if oldest <= at {
                return end.min(grid.tick(at).saturating_add(1).saturating_mul(grid.width));
            }
            end = end.min(oldest); // A finer tier, which begins there.
        }
        end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grids(grids: &[(i64, u64)]) -> Grids {
        Grids(grids.iter().map(|&(width, reach)| Grid { width, reach }).collect())
    }

    #[track_caller]
    fn check(of: &[(i64, u64)], from: i64, to: i64, expected: &[(i64, u64)]) {
        let found: Vec<_> = grids(of).pieces(from, to).map(|it| (it.tick, it.nanos)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn an_interval_is_divided_at_the_edges_of_buckets() {
        check(&[(10, 5)], 3, 3, &[]);
        check(&[(10, 5)], 3, 9, &[(0, 6)]);
        check(&[(10, 5)], 3, 10, &[(0, 7)]);
        check(&[(10, 5)], 3, 21, &[(0, 7), (1, 10), (2, 1)]);
        check(&[(10, 5)], -13, 2, &[(-2, 3), (-1, 10), (0, 2)]);
    }

    #[test]
    fn what_no_ring_holds_is_left_out() {
        check(&[(10, 2)], 3, 55, &[(3, 10), (4, 10), (5, 5)]);
        check(&[(10, 2)], i64::MIN, 50, &[(2, 10), (3, 10), (4, 10)]);
        check(&[(10, 2)], i64::MIN, i64::MIN + 1, &[(i64::MIN.div_euclid(10), 1)]);
        let all: u64 = grids(&[(10, 2)]).pieces(i64::MIN, i64::MAX).map(|it| it.nanos).sum();
        assert_eq!(all, 20 + (i64::MAX % 10) as u64);
    }

    #[test]
    fn older_pieces_are_buckets_of_coarser_tiers() {
        // The finest tier holds 75 to 99 and the coarser one 50 to 99, in buckets of 20 from 40 on.
        let tiers = [(5, 4), (20, 2)];
        let expected = [
            &[(8, 20), (12, 15)][..], // 40 to 60, and 60 to 75, where the finest tier begins.
            &[(15, 5), (16, 5), (17, 5), (18, 5), (19, 4)],
        ];
        check(&tiers, 0, 99, &expected.concat());
    }

    /// Every tier gets all of the time that it holds, whatever the interval.
    #[test]
    fn each_tier_gets_the_whole_time_that_it_holds() {
        let tiers = [(5, 4), (20, 3), (60, 2)];
        let of = grids(&tiers);
        for to in 1_000..1_130 {
            for from in [0, 700, 850, 901, 955, 979, 990, 999] {
                for (width, reach) in tiers {
                    let grid = Grid { width, reach };
                    let oldest = grid.oldest(to - 1);
                    let held = of.pieces(from, to).filter(|it| it.tick * 5 >= oldest);
                    let held: u64 = held.map(|piece| piece.nanos).sum();
                    assert_eq!(held, to.abs_diff(from.max(oldest)), "{from}..{to} of {width}");
                    // No piece crosses the edge of a bucket.
                    for piece in of.pieces(from, to).filter(|it| it.tick * 5 >= oldest) {
                        let start = (piece.tick * 5).max(from);
                        let last = start + piece.nanos as i64 - 1;
                        assert_eq!(grid.tick(start), grid.tick(last), "{piece:?} of {width}");
                    }
                }
            }
        }
    }
}
