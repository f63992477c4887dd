//! Times round to the nearest `f64`, ties to even, whatever their length.
//!
//! The expected value of each literal follows from how it is made: a midpoint of two neighbouring
//! floats, computed exactly in integers, or that midpoint with one added to or subtracted from its
//! last digit. No other parser is involved.

use codec::{DecodeOptions, Record, decode};
use num_bigint::BigUint;

/// A midpoint of two neighbouring floats, as `digits` times ten to the power of `power`.
struct Midpoint {
    /// The bits of the float below; the float above has the next.
    below: u64,
    digits: BigUint,
    power: i64,
}

impl Midpoint {
    /// Returns the midpoint above a positive float with a finite neighbour above.
    fn above(below: u64) -> Self {
        // A float is `significand` times two to the power of `exponent`.
        let (fraction, biased) = (below & ((1 << 52) - 1), (below >> 52) as i64);
        let (significand, exponent) =
            if biased == 0 { (fraction, -1_074) } else { (fraction | 1 << 52, biased - 1_075) };
        let (odd, exponent) = (BigUint::from(2 * significand + 1), exponent - 1);
        let count = exponent.unsigned_abs() as u32;
        if exponent < 0 {
            // 2^-n is 5^n times 10^-n.
            Self { below, digits: odd * BigUint::from(5_u8).pow(count), power: exponent }
        } else {
            Self { below, digits: odd << count, power: 0 }
        }
    }

    fn even(&self) -> f64 {
        f64::from_bits(self.below + (self.below & 1))
    }

    /// Returns literals of about `len` significant digits below, at and above the midpoint.
    fn literals(&self, len: usize) -> [(Literal, f64); 3] {
        let own = self.digits.to_string().len();
        let more = len.saturating_sub(own);
        let digits = &self.digits * BigUint::from(10_u8).pow(more as u32);
        let power = self.power - more as i64;
        let literal = |digits: BigUint| Literal { digits: digits.to_string(), power };
        let (below, above) = (f64::from_bits(self.below), f64::from_bits(self.below + 1));
        [
            (literal(&digits - 1_u8), below),
            (literal(digits.clone()), self.even()),
            (literal(digits + 1_u8), above),
        ]
    }
}

struct Literal {
    digits: String,
    power: i64,
}

impl Literal {
    /// Returns the same number in several notations.
    fn forms(&self) -> Vec<String> {
        let Self { digits, power } = self;
        let (first, rest) = digits.split_at(1);
        let scale = power + digits.len() as i64 - 1;
        let mut forms = vec![format!("{digits}e{power}"), format!("{first}.{rest}0E{scale}")];
        let places = power.unsigned_abs() as usize;
        forms.push(match digits.len().checked_sub(places) {
            _ if *power >= 0 => format!("{digits}{}.0", "0".repeat(places)),
            Some(whole @ 1..) => format!("{}.{}", &digits[..whole], &digits[whole..]),
            _ => format!("0.{}{digits}", "0".repeat(places - digits.len())),
        });
        forms
    }
}

#[derive(Default)]
struct Cases {
    lines: String,
    expected: Vec<f64>,
}

impl Cases {
    /// Adds lines with and without the fast path for each notation of a literal.
    fn add(&mut self, literal: &Literal, expected: f64) {
        for form in literal.forms() {
            for line in [
                format!("{{\"action\":\"a\",\"time\":{form}}}\n"),
                format!("{{ \"time\": {form}, \"action\": \"a\" }}\n"),
            ] {
                let found = decode(line.as_bytes()).unwrap().time.as_f64();
                assert_eq!(found.to_bits(), expected.to_bits(), "one line: {form}");
                self.lines += &line;
                self.expected.push(expected);
            }
        }
    }

    /// Checks that batches decode the lines to the same values, whole and in blocks.
    fn check_batches(&self) {
        type Found = Vec<(u64, f64)>;
        let options = DecodeOptions::default();
        let check = |mut found: Found, path: &str| {
            found.sort_by_key(|&(offset, _)| offset);
            let found: Vec<_> = found.into_iter().map(|(_, time)| time).collect();
            assert!(found == self.expected, "{path}");
        };
        let mut found = Found::new();
        let lines = self.lines.as_bytes();
        options.decode_slice(lines, &mut |e: Record<'_>| found.push((e.offset, e.time.as_f64())));
        check(std::mem::take(&mut found), "slice");
        options
            .decode_reader(lines, &mut |e: Record<'_>| found.push((e.offset, e.time.as_f64())))
            .unwrap();
        check(std::mem::take(&mut found), "reader");
        let (mut one, mut two) = (Found::new(), Found::new());
        let mut sinks = [&mut one, &mut two]
            .map(|found| |record: Record<'_>| found.push((record.offset, record.time.as_f64())));
        options.par_decode_reader(lines, &mut sinks).unwrap();
        one.append(&mut two);
        check(one, "threads");
    }
}

/// Returns floats of all exponents, with few and with many bits.
fn floats() -> impl Iterator<Item = u64> {
    let exponents = (0..2_046_u64).step_by(211).chain([1, 2, 3, 52, 1_022, 1_023, 1_075, 2_045]);
    let fractions = [0, 1, 0x8_0000_0000_0000, 0x5_5555_5555_5555, 0xF_FFFF_FFFF_FFFE];
    exponents
        .flat_map(move |exponent| fractions.map(|fraction| exponent << 52 | fraction))
        .filter(|bits| *bits != f64::MAX.to_bits())
}

#[test]
fn midpoints_of_any_length_round_by_their_last_digit() {
    for (index, below) in floats().enumerate() {
        let midpoint = Midpoint::above(below);
        let mut cases = Cases::default();
        // The shortest length, lengths around the longest midpoint, and a much longer one.
        for len in [0, 765, 766, 767, 768, 769, 770, 771, 800 + 11 * index] {
            for (literal, expected) in midpoint.literals(len) {
                cases.add(&literal, expected);
            }
        }
        cases.check_batches();
    }
}

#[test]
fn longest_midpoints_round_by_a_later_digit() {
    // Significands of the two lowest exponents. The largest have 768 digits.
    let mut longest = 0;
    for fraction in (0xE_0000_0000_0000_u64..1 << 52).step_by(0x0_1A00_0000_0001) {
        for exponent in [0, 1] {
            let midpoint = Midpoint::above(exponent << 52 | fraction);
            longest = longest.max(midpoint.digits.to_string().len());
            let mut cases = Cases::default();
            for len in [0, 768, 769, 770, 1_000, 2_000] {
                for (literal, expected) in midpoint.literals(len) {
                    cases.add(&literal, expected);
                }
            }
            cases.check_batches();
        }
    }
    assert_eq!(longest, 768);
}

#[test]
fn short_midpoints_are_rounded_on_the_fast_path() {
    // Midpoints of at most 19 digits, which the fast path computes itself.
    for exponent in 1_060..=1_086_u64 {
        for fraction in [0, 1, 2, 0x0_0000_0000_1001, 0xF_FFFF_FFFF_FFFE, 0xF_FFFF_FFFF_FFFF] {
            let midpoint = Midpoint::above(exponent << 52 | fraction);
            let mut cases = Cases::default();
            for len in [0, 17, 18, 19, 20, 21] {
                for (literal, expected) in midpoint.literals(len) {
                    cases.add(&literal, expected);
                }
            }
            cases.check_batches();
        }
    }
}
