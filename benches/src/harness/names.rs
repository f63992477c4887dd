//! Actions of up to 100,000 names, the same on every run, and the answers that they must give.
//!
//! The expected answers are computed here in integers, independently of every implementation.

use std::collections::{HashMap, HashSet};

use workload::Random;

use super::SEED;
use super::actions::{THOUSANDTHS, TOLERANCE, Times};

/// Selects how frequent each name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frequency {
    /// All names are equally frequent.
    Uniform,
    /// The k-th most frequent name is 1/k as frequent as the first: Zipf's law, exponent 1.
    Zipf,
    /// Each name in turn.
    RoundRobin,
}

/// One action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draw<'a> {
    /// The index of its name.
    pub id: usize,
    /// Its name.
    pub name: &'a str,
    /// Its time, in thousandths.
    pub thousandths: u64,
}

impl Draw<'_> {
    /// Returns the time as the nearest float.
    #[must_use]
    pub fn time(self) -> f64 {
        self.thousandths as f64 / THOUSANDTHS as f64
    }
}

/// A sequence of actions and their names.
///
/// The text of each action follows the text of the one before it, as in lines that were just read.
/// So no implementation can recognise a name by its address, and none has to load it from memory
/// that is not in the cache.
#[derive(Debug, Clone)]
pub struct Draws {
    names: Vec<String>,
    /// Every name once, in the order of their indices.
    first: Places,
    rest: Places,
}

#[derive(Debug, Clone, Default)]
struct Places {
    text: String,
    /// For each action: the index of its name, the end of its text, and its time.
    places: Vec<(usize, usize, u64)>,
}

impl Places {
    fn push(&mut self, id: usize, name: &str, thousandths: u64) {
        self.text.push_str(name);
        self.places.push((id, self.text.len(), thousandths));
    }

    fn iter(&self) -> impl Iterator<Item = Draw<'_>> {
        let mut from = 0;
        self.places.iter().map(move |&(id, to, thousandths)| {
            let name = &self.text[from..to];
            from = to;
            Draw { id, name, thousandths }
        })
    }
}

impl Draws {
    /// Draws `draws` actions of `names` names.
    #[must_use]
    pub fn new(names: usize, draws: usize, frequency: Frequency, times: Times) -> Self {
        let mut random = Random::new(SEED);
        let names = distinct_names(names, &mut random);
        let mut first = Places::default();
        for (id, name) in names.iter().enumerate() {
            first.push(id, name, times.draw(&mut random));
        }
        let mut chooser = Chooser::new(frequency, names.len(), &mut random);
        let mut rest = Places::default();
        for _ in 0..draws {
            let id = chooser.choose(&mut random);
            rest.push(id, &names[id], times.draw(&mut random));
        }
        Self { names, first, rest }
    }

    /// Returns the names by index.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Iterates over one action of each name.
    pub fn first(&self) -> impl Iterator<Item = Draw<'_>> {
        self.first.iter()
    }

    /// Iterates over the actions in order.
    pub fn iter(&self) -> impl Iterator<Item = Draw<'_>> {
        self.rest.iter()
    }

    /// Checks the rows of an implementation that was given all actions `times` times.
    ///
    /// # Errors
    ///
    /// Says which row is missing or extra, or which statistic is wrong.
    pub fn verify(&self, times: u64, rows: Vec<Found>) -> Result<(), String> {
        self.verify_of(self.first().chain(self.iter()), times, rows)
    }

    /// Checks the rows of an implementation that was given only [`first`](Self::first), `times`
    /// times.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify).
    pub fn verify_first(&self, times: u64, rows: Vec<Found>) -> Result<(), String> {
        self.verify_of(self.first(), times, rows)
    }

    fn verify_of<'a>(
        &self,
        draws: impl Iterator<Item = Draw<'a>>,
        times: u64,
        rows: Vec<Found>,
    ) -> Result<(), String> {
        let mut expected = vec![Vec::new(); self.names.len()];
        draws.for_each(|draw| expected[draw.id].push(draw.thousandths));
        let mut found: HashMap<_, _> =
            rows.into_iter().map(|row| (row.name.clone(), row)).collect();
        for (name, thousandths) in self.names.iter().zip(&mut expected) {
            let row = found.remove(name).ok_or_else(|| format!("no row for `{name}`"))?;
            thousandths.sort_unstable();
            row.check(thousandths, times)?;
        }
        match found.into_keys().next() {
            Some(name) => Err(format!("a row for `{name}`, whose action was not added")),
            None => Ok(()),
        }
    }
}

/// The statistics of a name; `None` for those that the implementation does not keep.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The name.
    pub name: String,
    /// The number of actions.
    pub count: u64,
    /// The sum of their times.
    pub sum: f64,
    /// The minimum and the maximum time.
    pub min_max: Option<[f64; 2]>,
    /// The median time, or an approximation.
    pub median: Option<f64>,
}

/// The relative error allowed in a median.
const MEDIAN_WITHIN: f64 = 0.01;

impl Found {
    /// Checks the statistics of sorted times, each of which was added `times` times.
    fn check(&self, thousandths: &[u64], times: u64) -> Result<(), String> {
        let wrong = |what: &str, found: f64, expected: f64| {
            Err(format!("{what} of `{}` is {found}, should be {expected}", self.name))
        };
        let whole = |thousandths: u64| thousandths as f64 / THOUSANDTHS as f64;
        let count = thousandths.len() as u64 * times;
        if self.count != count {
            return wrong("count", self.count as f64, count as f64);
        }
        let sum = whole(thousandths.iter().sum::<u64>() * times);
        if (self.sum - sum).abs() > TOLERANCE * sum {
            return wrong("sum", self.sum, sum);
        }
        let ends = [thousandths[0], thousandths[thousandths.len() - 1]].map(whole);
        for (found, expected) in self.min_max.iter().flatten().zip(ends) {
            if *found != expected {
                return wrong("minimum or maximum", *found, expected);
            }
        }
        let median = whole(thousandths[((count.div_ceil(2) - 1) / times) as usize]);
        match self.median {
            Some(found) if (found - median).abs() > MEDIAN_WITHIN * median => {
                wrong("median", found, median)
            }
            _ => Ok(()),
        }
    }
}

const CONSONANTS: &[u8] = b"bcdfghjklmnprstvwz";
const VOWELS: &[u8] = b"aeiouy";

/// Makes distinct names of 4 to 24 bytes; nine in ten have at most 16.
fn distinct_names(count: usize, random: &mut Random) -> Vec<String> {
    let mut names = HashSet::with_capacity(count);
    let mut in_order = Vec::with_capacity(count);
    while in_order.len() < count {
        let bytes = match random.below(10) {
            0 => 17 + random.below(8),
            _ => 4 + random.below(13),
        };
        let letter = |at: u64| {
            let letters = if at.is_multiple_of(2) { CONSONANTS } else { VOWELS };
            // Long names consist of several words.
            let joins = bytes > 8 && at % 7 == 6;
            if joins {
                '_'
            } else {
                char::from(letters[random.below(letters.len() as u64) as usize])
            }
        };
        let name: String = (0..bytes).map(letter).collect();
        if names.insert(name.clone()) {
            in_order.push(name);
        }
    }
    in_order
}

/// Chooses names by index.
enum Chooser {
    Uniform(usize),
    Zipf {
        /// The cumulative weight of each rank.
        sums: Vec<f64>,
        /// The name of each rank, shuffled, so that frequent names are not neighbours.
        names: Vec<usize>,
    },
    RoundRobin {
        names: usize,
        next: usize,
    },
}

impl Chooser {
    fn new(frequency: Frequency, names: usize, random: &mut Random) -> Self {
        match frequency {
            Frequency::Uniform => Self::Uniform(names),
            Frequency::RoundRobin => Self::RoundRobin { names, next: 0 },
            Frequency::Zipf => {
                let weights = (1..=names).scan(0.0, |sum, rank| {
                    *sum += 1.0 / rank as f64;
                    Some(*sum)
                });
                let sums = weights.collect();
                let mut names: Vec<_> = (0..names).collect();
                for at in (1..names.len()).rev() {
                    names.swap(at, random.below(at as u64 + 1) as usize);
                }
                Self::Zipf { sums, names }
            }
        }
    }

    fn choose(&mut self, random: &mut Random) -> usize {
        const PARTS: u64 = 1 << 53;
        match self {
            Self::Uniform(names) => random.below(*names as u64) as usize,
            Self::Zipf { sums, names } => {
                let all = sums[sums.len() - 1];
                let sum = random.below(PARTS) as f64 / PARTS as f64 * all;
                names[sums.partition_point(|&up_to| up_to <= sum).min(names.len() - 1)]
            }
            Self::RoundRobin { names, next } => {
                let id = *next;
                *next = (id + 1) % *names;
                id
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(draws: &Draws) -> Vec<usize> {
        let mut counts = vec![0; draws.names().len()];
        draws.iter().for_each(|draw| counts[draw.id] += 1);
        counts.sort_unstable();
        counts
    }

    #[test]
    fn names_are_of_4_to_24_bytes_and_most_of_16() {
        let draws = Draws::new(100_000, 0, Frequency::Uniform, Times::Whole);
        let lengths = || draws.names().iter().map(String::len);
        assert!(lengths().all(|bytes| (4..=24).contains(&bytes)));
        let short = lengths().filter(|&bytes| bytes <= 16).count();
        assert!((85_000..95_000).contains(&short), "{short}");
        assert_eq!(draws.names().iter().collect::<HashSet<_>>().len(), 100_000);
        assert_eq!(
            draws.first().filter(|draw| draw.name == draws.names()[draw.id]).count(),
            100_000
        );
    }

    #[test]
    fn each_frequency_has_its_distribution() {
        let draw = |frequency| Draws::new(100, 100_000, frequency, Times::Whole);
        let uniform = counts(&draw(Frequency::Uniform));
        assert!(uniform[0] > 850 && uniform[99] < 1_150, "{uniform:?}");
        // The 100th harmonic number is 5.19: the first name has 1/5.19 of all, the last 1/519.
        let zipf = counts(&draw(Frequency::Zipf));
        assert!((18_700..19_800).contains(&zipf[99]), "{zipf:?}");
        assert!((9_300..10_000).contains(&zipf[98]), "{zipf:?}");
        assert!(zipf[0] < 260, "{zipf:?}");
        assert_eq!(counts(&draw(Frequency::RoundRobin)), [1_000; 100]);
    }

    #[test]
    fn every_statistic_of_a_row_is_checked() {
        let draws = Draws::new(2, 4, Frequency::RoundRobin, Times::Whole);
        let rows = || -> Vec<Found> {
            let row = |(id, name): (usize, &String)| {
                let all = draws.first().chain(draws.iter()).filter(|draw| draw.id == id);
                let mut times: Vec<_> = all.map(Draw::time).collect();
                times.sort_by(f64::total_cmp);
                let sum = times.iter().sum::<f64>() * 2.0;
                let min_max = Some([times[0], times[2]]);
                Found { name: name.clone(), count: 6, sum, min_max, median: Some(times[1]) }
            };
            draws.names().iter().enumerate().map(row).collect()
        };
        let check = |rows| draws.verify(2, rows);
        assert_eq!(check(rows()), Ok(()));
        let damages: [fn(&mut Vec<Found>); 7] = [
            |rows| rows[0].count += 1,
            |rows| rows[0].sum *= 1.000_001,
            |rows| rows[1].min_max.as_mut().unwrap()[1] += 1.0,
            |rows| rows[1].min_max.as_mut().unwrap()[0] -= 1.0,
            |rows| *rows[1].median.as_mut().unwrap() *= 1.02,
            |rows| drop(rows.pop()),
            |rows| rows.push(Found { name: "surplus".to_owned(), ..rows[0].clone() }),
        ];
        for damage in damages {
            let mut damaged = rows();
            damage(&mut damaged);
            assert!(check(damaged.clone()).is_err(), "{damaged:?}");
        }
    }
}
