//! The unit of times on the command line and in results.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use facade::Unit;

use crate::options::INPUT_OPTIONS;

/// The symbols of all units.
const SYMBOLS: [&str; Unit::ALL.len()] = {
    let mut symbols = [""; Unit::ALL.len()];
    let mut index = 0;
    while index < symbols.len() {
        symbols[index] = Unit::ALL[index].symbol();
        index += 1;
    }
    symbols
};

/// The option for the unit.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct UnitArgs {
    /// Unit of the times, which is then shown
    ///
    /// Times for people have a suitable unit each, such as `34.8 ms`. Times for programs stay in
    /// this unit and are marked with it. Those for Prometheus are converted to seconds.
    #[arg(long, value_name = "UNIT", value_parser = parser(), help_heading = INPUT_OPTIONS)]
    unit: Option<Unit>,
}

impl UnitArgs {
    /// Returns the unit of numbers without one, if it is known.
    pub(crate) fn unit(self) -> Option<Unit> {
        self.unit
    }
}

/// Parses one of the symbols, which shells can complete.
fn parser() -> impl TypedValueParser<Value = Unit> {
    PossibleValuesParser::new(SYMBOLS).try_map(|symbol| symbol.parse::<Unit>())
}
