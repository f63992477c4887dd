//! What is kept of each action while files are read, and put together at the end.
//!
//! Nobody asks before the end, and what is put together does not depend on who kept which part. So
//! each thread that reads has a table of its own and needs no lock for an action that it knows,
//! and a table has nothing but what it is asked for: a tracker, which can be read while others
//! write, keeps four cache lines of an action for each thread besides.
//!
//! What threads share are the [names](Names), each of which is kept once and has a number. They
//! are asked where a thread meets a name for the first time, and count how many there are.

use std::hash::BuildHasher;
use std::sync::{Mutex, MutexGuard, PoisonError};

use facade::{ActionTime, Counted, Entry, Sink, Statistic, WhenFull};
use foldhash::fast::RandomState;
use hashbrown::HashTable;

/// The names of all actions, within a limit.
#[derive(Debug)]
pub(crate) struct Names {
    kept: Mutex<Kept>,
    /// How many actions are kept apart.
    max: usize,
    /// Drawn once for each process, so that nobody can choose names that collide.
    seed: RandomState,
}

#[derive(Debug, Default)]
struct Kept {
    /// The numbers of the names, by name.
    numbers: HashTable<u32>,
    /// All names, one after the other.
    text: String,
    /// Where each ends.
    ends: Vec<usize>,
    /// The number of the name that stands for all that are too many.
    other: Option<u32>,
}

/// What stands for a name.
enum Entered {
    Itself(u32),
    /// All those that are too many.
    Other(u32),
}

impl Names {
    pub(crate) fn new(max: usize) -> Self {
        Self { kept: Mutex::default(), max, seed: RandomState::default() }
    }

    /// The number of a name, which is new to a thread, and perhaps to all.
    fn enter(&self, name: &str) -> Entered {
        let mut kept = self.lock();
        if let Some(number) = kept.find(name, &self.seed) {
            return Entered::Itself(number);
        }
        let apart = kept.ends.len() - usize::from(kept.other.is_some());
        // A number has 32 bits.
        if apart < self.max.min(u32::MAX as usize) {
            return Entered::Itself(kept.push(name, &self.seed));
        }
        let other = kept.other.or_else(|| kept.find(WhenFull::OTHER, &self.seed));
        let other = other.unwrap_or_else(|| {
            let other = kept.push(WhenFull::OTHER, &self.seed);
            kept.other = Some(other);
            other
        });
        Entered::Other(other)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn name(&self, number: u32) -> &str {
        let number = number as usize;
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[number]]
    }

    fn find(&self, name: &str, seed: &RandomState) -> Option<u32> {
        let is_it = |&number: &u32| self.name(number) == name;
        self.numbers.find(seed.hash_one(name), is_it).copied()
    }

    fn push(&mut self, name: &str, seed: &RandomState) -> u32 {
        let number = self.ends.len() as u32;
        self.text.push_str(name);
        self.ends.push(self.text.len());
        let Self { numbers, text, ends, .. } = self;
        let hash = |&number: &u32| {
            let number = number as usize;
            let start = number.checked_sub(1).map_or(0, |before| ends[before]);
            seed.hash_one(&text[start..ends[number]])
        };
        numbers.insert_unique(seed.hash_one(name), number, hash);
        number
    }
}

/// How many places are remembered: a kilobyte, which stays in the nearest cache.
const RECENT: usize = 256;

/// What one thread keeps of the actions that it read.
#[derive(Debug)]
pub(crate) struct Tally<'n, S> {
    names: &'n Names,
    /// Places in `cells`, by name.
    places: HashTable<u32>,
    /// Places where names were found last, by some bits of their keys: most logs have few names,
    /// and those need neither a hash nor a search. Of any other the key tells that it is not there.
    recent: Box<[u32; RECENT]>,
    cells: Vec<Cell<S>>,
    /// Names that are longer than a key, one after the other.
    long: String,
    /// How many actions were of names that are too many.
    folded: u64,
}

/// One action.
#[derive(Debug)]
struct Cell<S> {
    key: Key,
    /// The number of the name.
    number: u32,
    /// Where the first of its lines is.
    first: u64,
    statistic: S,
}

impl<'n, S: Statistic<Value = ActionTime>> Tally<'n, S> {
    pub(crate) fn new(names: &'n Names) -> Self {
        Self {
            names,
            places: HashTable::new(),
            recent: Box::new([0; RECENT]),
            cells: Vec::new(),
            long: String::new(),
            folded: 0,
        }
    }

    /// Takes in an action whose name is not where the last one like it was.
    #[inline(never)]
    fn take_any(&mut self, key: Key, entry: Entry<'_>) {
        match self.find(key, key.hash(&self.names.seed), entry.name) {
            Some(place) => {
                if key.is_whole() {
                    self.recent[key.spot()] = place as u32;
                }
                self.cells[place].take(&entry);
            }
            None => self.meet(entry),
        }
    }

    /// Takes in an action whose name is not known here.
    #[cold]
    fn meet(&mut self, entry: Entry<'_>) {
        let (name, number) = match self.names.enter(entry.name) {
            Entered::Itself(number) => (entry.name, number),
            Entered::Other(number) => {
                self.folded += 1;
                (WhenFull::OTHER, number)
            }
        };
        let mut key = Key::of(name, &self.names.seed);
        let hash = key.hash(&self.names.seed);
        let place = self.find(key, hash, name).unwrap_or_else(|| {
            if !key.is_whole() {
                key.low = self.long.len() as u64;
                self.long.push_str(name);
            }
            let place = self.cells.len();
            self.cells.push(Cell { key, number, first: u64::MAX, statistic: S::default() });
            let (cells, seed) = (&self.cells, &self.names.seed);
            let rehash = |&place: &u32| cells[place as usize].key.hash(seed);
            self.places.insert_unique(hash, place as u32, rehash);
            place
        });
        self.cells[place].take(&entry);
    }

    /// Where a name is.
    fn find(&self, key: Key, hash: u64, name: &str) -> Option<usize> {
        if !key.is_whole() {
            return self.find_long(key, hash, name);
        }
        let place = self.places.find(hash, |&place| self.cells[place as usize].key == key);
        place.map(|&place| place as usize)
    }

    /// Where a name is that is longer than a key.
    fn find_long(&self, key: Key, hash: u64, name: &str) -> Option<usize> {
        let is_it = |&place: &u32| {
            let own = self.cells[place as usize].key;
            (own.len, own.high) == (key.len, key.high) && own.long(&self.long) == name
        };
        self.places.find(hash, is_it).map(|&place| place as usize)
    }
}

impl<S: Statistic<Value = ActionTime>> Sink for Tally<'_, S> {
    #[inline]
    fn take(&mut self, entry: Entry<'_>) {
        let key = Key::of(entry.name, &self.names.seed);
        let place = self.recent[key.spot()] as usize;
        match self.cells.get_mut(place) {
            // The key of a longer name does not say all of it, and no cell has it as it is here.
            Some(cell) if cell.key == key => cell.take(&entry),
            _ => self.take_any(key, entry),
        }
    }
}

impl<S: Statistic<Value = ActionTime>> Cell<S> {
    #[inline]
    fn take(&mut self, entry: &Entry<'_>) {
        self.first = self.first.min(entry.offset);
        self.statistic.insert(entry.time);
    }
}

/// A name up to 16 bytes as it is; of a longer one where it is, and its hash.
///
/// Two names of one length up to that are equal if their keys are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key {
    low: u64,
    high: u64,
    len: u32,
}

impl Key {
    const WHOLE: u32 = 16;
    /// Where no name is.
    const UNKNOWN: u64 = u64::MAX;

    /// The key of a name. Where a longer name is, is not known yet.
    #[inline]
    fn of(name: &str, seed: &RandomState) -> Self {
        let (bytes, len) = (name.as_bytes(), name.len() as u32);
        if len > Self::WHOLE {
            return Self { low: Self::UNKNOWN, high: seed.hash_one(name), len };
        }
        // Two reads that overlap where the name is shorter than both.
        let (low, high) = match (bytes.first_chunk(), bytes.last_chunk()) {
            (Some(&first), Some(&last)) => (u64::from_le_bytes(first), u64::from_le_bytes(last)),
            _ => Self::ends_of_few(bytes),
        };
        Self { low, high, len }
    }

    /// Where a name is remembered.
    #[inline]
    fn spot(self) -> usize {
        // The golden ratio, so that any bits of a name move the highest ones.
        let mixed = self.low ^ self.high.rotate_left(32) ^ u64::from(self.len);
        (mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as usize % RECENT
    }

    /// The same of fewer than eight bytes.
    #[inline]
    fn ends_of_few(bytes: &[u8]) -> (u64, u64) {
        if let (Some(&first), Some(&last)) = (bytes.first_chunk(), bytes.last_chunk()) {
            return (u32::from_le_bytes(first).into(), u32::from_le_bytes(last).into());
        }
        match *bytes {
            [first, .., last] => {
                (first.into(), u64::from(bytes[bytes.len() / 2]) << 8 | u64::from(last))
            }
            [only] => (only.into(), 0),
            [] => (0, 0),
        }
    }

    #[inline]
    fn is_whole(self) -> bool {
        self.len <= Self::WHOLE
    }

    #[inline]
    fn hash(self, seed: &RandomState) -> u64 {
        if !self.is_whole() {
            return self.high;
        }
        seed.hash_one((self.low ^ u64::from(self.len) << 56, self.high))
    }

    /// The name, if it is longer than a key.
    fn long(self, names: &str) -> &str {
        let start = self.low as usize;
        &names[start..start + self.len as usize]
    }
}

/// What is known of all actions, in the order in which they were first seen.
#[derive(Debug)]
pub(crate) struct Rows<S> {
    names: Kept,
    cells: Vec<Cell<S>>,
    /// How many actions were of names that are too many.
    pub(crate) folded: u64,
}

/// What is known of one action.
#[derive(Debug)]
pub(crate) struct Row<'r, S> {
    action: &'r str,
    statistic: &'r S,
}

impl<S: Statistic<Value = ActionTime>> Rows<S> {
    /// Puts together what each thread has.
    pub(crate) fn of(tallies: Vec<Tally<'_, S>>) -> Self {
        const NOWHERE: u32 = u32::MAX;
        let Some(names) = tallies.first().map(|tally| tally.names) else {
            return Self { names: Kept::default(), cells: Vec::new(), folded: 0 };
        };
        // Taken out, for at the end nobody asks for a number any more.
        let mut names = std::mem::take(&mut *names.lock());
        names.numbers = HashTable::new();
        let mut places = vec![NOWHERE; names.ends.len()];
        let (mut cells, mut folded) = (Vec::<Cell<S>>::new(), 0);
        for tally in tallies {
            folded += tally.folded;
            let mut note = |cell: &Cell<S>, place: usize| {
                std::mem::replace(&mut places[cell.number as usize], place as u32)
            };
            // The first is taken as it is, and not copied.
            if cells.is_empty() {
                cells = tally.cells;
                cells.iter().enumerate().for_each(|(place, cell)| _ = note(cell, place));
                continue;
            }
            for cell in tally.cells {
                match note(&cell, cells.len()) {
                    NOWHERE => cells.push(cell),
                    place => {
                        note(&cell, place as usize);
                        let own = &mut cells[place as usize];
                        own.first = own.first.min(cell.first);
                        own.statistic.merge(&cell.statistic);
                    }
                }
            }
        }
        cells.sort_unstable_by(|a, b| {
            let by_name = || names.name(a.number).cmp(names.name(b.number));
            a.first.cmp(&b.first).then_with(by_name)
        });
        Self { names, cells, folded }
    }

    /// The actions in the order in which they were first seen.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = Row<'_, S>> {
        self.cells.iter().map(|cell| {
            let action = self.names.name(cell.number);
            Row { action, statistic: &cell.statistic }
        })
    }
}

impl<'r, S> Row<'r, S> {
    pub(crate) fn action(&self) -> &'r str {
        self.action
    }

    pub(crate) fn statistic(&self) -> &'r S {
        self.statistic
    }
}

impl<S: Counted> Row<'_, S> {
    pub(crate) fn count(&self) -> u64 {
        self.statistic.count()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use facade::{ExactMean, Mean, Policy};

    use super::*;

    /// The action of each line, in turn for so many threads, with the time it has by its place.
    fn rows(names: &[&str], threads: usize, max: usize) -> Rows<ExactMean> {
        let shared = Names::new(max);
        let mut tallies: Vec<_> = (0..threads).map(|_| Tally::new(&shared)).collect();
        let mut before = 0;
        for (index, name) in names.iter().enumerate() {
            let line = format!("{{\"action\":\"{name}\",\"time\":{index}}}\n");
            let tally = &mut tallies[index % threads];
            Policy::default().decode_slice(line.as_bytes(), &mut |mut entry: Entry<'_>| {
                entry.offset += before;
                tally.take(entry);
            });
            before += line.len() as u64;
        }
        Rows::of(tallies)
    }

    fn told(rows: &Rows<ExactMean>) -> Vec<(String, u64, f64)> {
        let told = |row: Row<'_, ExactMean>| {
            let mean = row.statistic().mean().unwrap_or_default();
            (row.action().to_owned(), row.count(), mean)
        };
        rows.iter().map(told).collect()
    }

    #[test]
    fn names_of_any_length_are_kept_apart() {
        // Of each length twice, and so that ends and middles alone do not tell them apart.
        let names: Vec<String> = (1..40)
            .flat_map(|len| {
                let middle = len / 2;
                ['x', 'y'].map(|c| {
                    (0..len).map(|at| if at == middle { c } else { 'a' }).collect::<String>()
                })
            })
            .collect();
        let twice: Vec<_> = names.iter().chain(&names).map(String::as_str).collect();
        for threads in [1, 2, 3] {
            let rows = rows(&twice, threads, 1_000);
            let found: Vec<_> = rows.iter().map(|row| row.action()).collect();
            assert_eq!(found, names, "{threads}");
            assert!(rows.iter().all(|row| row.count() == 2));
        }
    }

    #[test]
    fn who_kept_which_part_makes_no_difference() {
        let names = ["b", "a", "b", "c", "a", "b", "d e f g h i j k l", "b", "a"];
        let one = told(&rows(&names, 1, 9));
        assert_eq!(one[0], ("b".to_owned(), 4, 3.5));
        for threads in [2, 3, 9] {
            assert_eq!(told(&rows(&names, threads, 9)), one, "{threads}");
        }
        assert_eq!(told(&rows(&[], 2, 9)), []);
    }

    #[test]
    fn names_beyond_the_limit_are_counted_together() {
        let names = ["a", "b", "c", "a", "(other)", "d", "b"];
        for (max, expected, folded) in [
            (0, vec![("(other)", 7)], 6),
            (1, vec![("a", 2), ("(other)", 5)], 4),
            (2, vec![("a", 2), ("b", 2), ("(other)", 3)], 2),
            (9, vec![("a", 2), ("b", 2), ("c", 1), ("(other)", 1), ("d", 1)], 0),
        ] {
            for threads in [1, 2] {
                let rows = rows(&names, threads, max);
                let found: Vec<_> = rows.iter().map(|row| (row.action(), row.count())).collect();
                assert_eq!((found, rows.folded), (expected.clone(), folded), "{max}");
            }
        }
    }

    #[test]
    fn many_names_are_all_found_again() {
        let names: Vec<String> = (0..5_000_u64)
            .map(|n| format!("{}{}", n * n % 7_919, "-".repeat(n as usize % 23)))
            .collect();
        let mut expected = BTreeMap::<&str, u64>::new();
        names.iter().for_each(|name| *expected.entry(name).or_default() += 1);
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let rows = rows(&names, 2, usize::MAX);
        assert_eq!(
            rows.iter().map(|row| (row.action(), row.count())).collect::<BTreeMap<_, _>>(),
            expected
        );
    }
}
