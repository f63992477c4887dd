//! Promise A2, on the univariate reference data of NIST (Statistical Reference Datasets), which
//! distinguish naive from stable algorithms by their correct digits.
//!
//! The data are decimal. As integers they are exact, and all 15 certified digits must be correct.
//! As floats they are not exact: 1000000.1 has an error of 2e-11, and no algorithm on floats can be
//! closer to the certified value. So for floats the mean and the deviation may have the error of
//! one float, plus half a unit in the last certified place.

use core_actions::{ActionTime, HasMean, Variance};
use num_bigint::BigUint;

use crate::values::{of, time};

/// Holds NIST data with the certified sample mean and standard deviation, to 15 digits.
struct Certified {
    data: Vec<i64>,
    /// The factor that makes the data integers.
    scale: f64,
    /// The offset of the integers, because times are not negative.
    shift: i64,
    mean: f64,
    deviation: f64,
}

impl Certified {
    #[track_caller]
    fn check(&self) {
        let integers = of::<Variance>(&self.integers());
        let mean = integers.mean().unwrap() - self.shift as f64;
        near(mean, self.mean * self.scale, 0.0);
        near(integers.sample_deviation().unwrap(), self.deviation * self.scale, 0.0);

        if self.shift == 0 {
            let floats = of::<Variance>(&self.floats());
            let off = self.floats().iter().map(|time| ulp(time.as_f64()) / 2.0).fold(0.0, f64::max);
            near(floats.mean().unwrap(), self.mean, off);
            near(floats.sample_deviation().unwrap(), self.deviation, off);
        }
    }

    fn integers(&self) -> Vec<ActionTime> {
        let shifted = self.data.iter().map(|data| u64::try_from(data + self.shift).unwrap());
        shifted.map(ActionTime::from).collect()
    }

    fn floats(&self) -> Vec<ActionTime> {
        self.data.iter().map(|&data| time(data as f64 / self.scale)).collect()
    }
}

/// Whether a figure has the 15 digits that are certified, but for what the input is off.
#[track_caller]
fn near(found: f64, certified: f64, off: f64) {
    // A float is off its decimal by half a unit in its last place, and so is a product.
    let half_digit = 0.5 * 10_f64.powf(certified.abs().log10().floor() - 14.0);
    let most = half_digit + off + 2.0 * ulp(certified);
    assert!((found - certified).abs() <= most, "{found}, certified {certified}, within {most:e}");
}

/// The unit in the last place.
fn ulp(float: f64) -> f64 {
    float.abs().next_up() - float.abs()
}

#[test]
fn lottery() {
    let (mean, deviation) = (518.958_715_596_330, 291.699_727_470_969);
    Certified { data: LOTTERY.into(), scale: 1.0, shift: 0, mean, deviation }.check();
}

#[test]
fn lew() {
    let (mean, deviation) = (-177.435_000_000_000, 277.332_168_044_316);
    Certified { data: LEW.into(), scale: 1.0, shift: 1_000, mean, deviation }.check();
}

#[test]
fn mavro() {
    let (mean, deviation) = (2.001_856_000_000_00, 0.000_429_123_454_003_053);
    Certified { data: MAVRO.into(), scale: 1e5, shift: 0, mean, deviation }.check();
}

#[test]
fn michelso() {
    let (mean, deviation) = (299.852_400_000_000, 0.079_010_547_819_051_8);
    Certified { data: MICHELSO.into(), scale: 1e2, shift: 0, mean, deviation }.check();
}

#[test]
fn pi_digits() {
    let (mean, deviation) = (4.534_800_000_000_00, 2.867_339_060_288_71);
    let mut data = pi_digits_of(5_000);
    assert_eq!(data[956], 8);
    data[956] = 3; // A misprint in the data, which the certified figures are of.
    Certified { data, scale: 1.0, shift: 0, mean, deviation }.check();
}

#[test]
fn num_acc_1_to_4() {
    let data = vec![10_000_001, 10_000_003, 10_000_002];
    Certified { data, scale: 1.0, shift: 0, mean: 10_000_002.0, deviation: 1.0 }.check();
    for mean in [1.2, 1_000_000.2, 10_000_000.2] {
        // The mean, and 500 times a tenth less and a tenth more.
        let middle = (mean * 10.0_f64).round() as i64;
        let data = [vec![middle], [middle - 1, middle + 1].repeat(500)].concat();
        Certified { data, scale: 10.0, shift: 0, mean, deviation: 0.1 }.check();
    }
}

/// The first digits of pi, from the 3 on, by Machin's formula.
fn pi_digits_of(digits: usize) -> Vec<i64> {
    let scale = BigUint::from(10_u8).pow(digits as u32 + 9); // Ten more than are asked for.
    let arctangent_of_one_by = |number: u32| {
        let (mut sum, mut term) = ([BigUint::ZERO, BigUint::ZERO], &scale / number);
        for odd in (1_u32..).step_by(2).take_while(|odd| *odd < 2 * digits as u32 + 40) {
            sum[odd as usize / 2 % 2] += &term / odd;
            term /= number * number;
        }
        &sum[0] - &sum[1]
    };
    let pi = (arctangent_of_one_by(5) * 4_u8 - arctangent_of_one_by(239)) * 4_u8;
    let digit = |byte: u8| i64::from(byte - b'0');
    pi.to_string().bytes().take(digits).map(digit).collect()
}

/// Lottery: 218 numbers drawn.
#[rustfmt::skip]
const LOTTERY: [i64; 218] = [
    162, 671, 933, 414, 788, 730, 817, 33, 536, 875, 670, 236, 473, 167, 877, 980, 316, 950, 456,
    92, 517, 557, 956, 954, 104, 178, 794, 278, 147, 773, 437, 435, 502, 610, 582, 780, 689, 562,
    964, 791, 28, 97, 848, 281, 858, 538, 660, 972, 671, 613, 867, 448, 738, 966, 139, 636, 847,
    659, 754, 243, 122, 455, 195, 968, 793, 59, 730, 361, 574, 522, 97, 762, 431, 158, 429, 414, 22,
    629, 788, 999, 187, 215, 810, 782, 47, 34, 108, 986, 25, 644, 829, 630, 315, 567, 919, 331, 207,
    412, 242, 607, 668, 944, 749, 168, 864, 442, 533, 805, 372, 63, 458, 777, 416, 340, 436, 140,
    919, 350, 510, 572, 905, 900, 85, 389, 473, 758, 444, 169, 625, 692, 140, 897, 672, 288, 312,
    860, 724, 226, 884, 508, 976, 741, 476, 417, 831, 15, 318, 432, 241, 114, 799, 955, 833, 358,
    935, 146, 630, 830, 440, 642, 356, 373, 271, 715, 367, 393, 190, 669, 8, 861, 108, 795, 269,
    590, 326, 866, 64, 523, 862, 840, 219, 382, 998, 4, 628, 305, 747, 247, 34, 747, 729, 645, 856,
    974, 24, 568, 24, 694, 608, 480, 410, 729, 947, 293, 53, 930, 223, 203, 677, 227, 62, 455, 387,
    318, 562, 242, 428, 968,
];

/// Lew: deflections of a beam, 200, negative ones among them.
#[rustfmt::skip]
const LEW: [i64; 200] = [
    -213, -564, -35, -15, 141, 115, -420, -360, 203, -338, -431, 194, -220, -513, 154, -125, -559,
    92, -21, -579, -52, 99, -543, -175, 162, -457, -346, 204, -300, -474, 164, -107, -572, -8, 83,
    -541, -224, 180, -420, -374, 201, -236, -531, 83, 27, -564, -112, 131, -507, -254, 199, -311,
    -495, 143, -46, -579, -90, 136, -472, -338, 202, -287, -477, 169, -124, -568, 17, 48, -568,
    -135, 162, -430, -422, 172, -74, -577, -13, 92, -534, -243, 194, -355, -465, 156, -81, -578,
    -64, 139, -449, -384, 193, -198, -538, 110, -44, -577, -6, 66, -552, -164, 161, -460, -344, 205,
    -281, -504, 134, -28, -576, -118, 156, -437, -381, 200, -220, -540, 83, 11, -568, -160, 172,
    -414, -408, 188, -125, -572, -32, 139, -492, -321, 205, -262, -504, 142, -83, -574, 0, 48, -571,
    -106, 137, -501, -266, 190, -391, -406, 194, -186, -553, 83, -13, -577, -49, 103, -515, -280,
    201, 300, -506, 131, -45, -578, -80, 138, -462, -361, 201, -211, -554, 32, 74, -533, -235, 187,
    -372, -442, 182, -147, -566, 25, 68, -535, -244, 194, -351, -463, 174, -125, -570, 15, 72, -550,
    -190, 172, -424, -385, 198, -218, -536, 96,
];

/// Mavro: transmittances of a filter, 50, in units of 10^-5.
#[rustfmt::skip]
const MAVRO: [i64; 50] = [
    200180, 200170, 200180, 200190, 200180, 200170, 200150, 200140, 200150, 200150, 200170, 200180,
    200180, 200190, 200190, 200210, 200200, 200160, 200140, 200130, 200130, 200150, 200150, 200160,
    200150, 200140, 200130, 200140, 200150, 200140, 200150, 200160, 200150, 200160, 200190, 200200,
    200200, 200210, 200220, 200230, 200240, 200250, 200270, 200260, 200260, 200260, 200270, 200260,
    200250, 200240,
];

/// Michelso: the speed of light, measured 100 times, in units of 10 km/s.
#[rustfmt::skip]
const MICHELSO: [i64; 100] = [
    29985, 29974, 29990, 30007, 29993, 29985, 29995, 29998, 29998, 29988, 30000, 29998, 29993,
    29965, 29976, 29981, 30000, 30000, 29996, 29996, 29996, 29994, 29996, 29994, 29988, 29980,
    29985, 29988, 29990, 29984, 29983, 29979, 29981, 29988, 29988, 29983, 29980, 29979, 29976,
    29980, 29988, 29988, 29988, 29986, 29972, 29972, 29962, 29986, 29997, 29995, 29988, 29991,
    29985, 29987, 29984, 29984, 29985, 29984, 29984, 29984, 29989, 29981, 29981, 29982, 29980,
    29977, 29976, 29974, 29975, 29976, 29991, 29992, 29989, 29986, 29988, 29972, 29984, 29985,
    29985, 29978, 29989, 29984, 29978, 29981, 29976, 29981, 29979, 29981, 29982, 29985, 29987,
    29987, 29981, 29974, 29981, 29994, 29995, 29980, 29981, 29987,
];
