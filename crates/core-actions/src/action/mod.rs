//! What an action is: its name, its time, and both as words of memory.

pub(crate) mod conversion;
#[cfg(feature = "tracker")]
pub(crate) mod error;
pub(crate) mod key;
pub(crate) mod name;
pub(crate) mod signed;
pub(crate) mod time;
pub(crate) mod unit;
#[cfg(feature = "tracker")]
pub(crate) mod words;

pub use conversion::Conversion;
#[cfg(feature = "tracker")]
pub use error::ActionError;
pub use key::KeyedName;
pub use name::{ActionName, NAME_BYTES_MAX, NameError};
pub use signed::SignedValue;
pub use time::{ActionTime, TimeError};
pub use unit::{Unit, UnitError};
#[cfg(feature = "tracker")]
pub use words::AsWords;
