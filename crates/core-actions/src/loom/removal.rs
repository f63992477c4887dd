//! Models of the removal of an action that a writer records.

use ::loom::sync::Arc;
use ::loom::thread;
use core_time::Statistic as _;

use super::{Bit, Recorded, explore};
use crate::sync::AtomicU64;
use crate::tracker::action::{Action, Removal};
use crate::tracker::shard::Numbering;

type Kept = Recorded<1>;

#[test]
fn each_record_is_in_the_removed_row_or_counted_or_refused() {
    explore(|| {
        let action = Action::<Kept>::new("jump".into(), 0, std::sync::Arc::default());
        let shard = action.new_shard(&Kept::default());
        shard.insert(Bit(1), Numbering::Given(0)).unwrap();
        action.share(&shard).unwrap();
        let next = Arc::new(AtomicU64::new(10));
        let remover = {
            let next = Arc::clone(&next);
            thread::spawn(move || {
                let add =
                    |sum: &mut Option<Kept>,
                     kept: &Kept,
                     buffered: crate::tracker::shard::Buffered<'_>| {
                        let sum = sum.get_or_insert_default();
                        sum.merge(kept);
                        sum.insert_all(buffered.values());
                    };
                let removal = action.remove(None, &next, add, &Kept::default());
                let Removal::Done { row: Some(row), .. } = removal else { panic!("no row") };
                row.statistic().bits
            })
        };
        let recorded = [2, 4].map(|bit| shard.record(Bit(bit), &next));
        let row = remover.join().unwrap();
        assert_eq!(row & 1, 1, "the record before is missing");
        let accepted = 1 + recorded.iter().filter(|recorded| recorded.is_ok()).count() as u64;
        let kept = u64::from(row.count_ones()) + shard.stragglers();
        assert_eq!(kept, accepted, "{row:b} and {} stragglers", shard.stragglers());
    });
}
