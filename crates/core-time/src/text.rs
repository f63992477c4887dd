//! Text of messages.

use std::fmt::Display;

/// Returns a number and a noun, singular for one: `1 byte`, `2 bytes`.
#[doc(hidden)]
pub fn counted<N: Display + PartialEq + From<u8>>(number: N, noun: &'static str) -> impl Display {
    let plural = if number == N::from(1) { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_and_noun_agree() {
        let cases = [(0, "0 bytes"), (1, "1 byte"), (2, "2 bytes"), (1_000, "1000 bytes")];
        for (number, expected) in cases {
            assert_eq!(counted::<u64>(number, "byte").to_string(), expected);
        }
    }
}
