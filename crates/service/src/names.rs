//! What the actions of a source are called, and in which unit their values are shown.

use std::collections::HashMap;

use facade::Unit;
use facade::actions::{ActionTime, Conversion};

/// The unit in which values are shown.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Scale {
    /// Its symbol, empty for numbers of unknown meaning.
    pub(crate) unit: &'static str,
    /// None for values that are shown as they were recorded.
    conversion: Option<Conversion>,
}

impl Scale {
    /// Returns the scale of times of this unit, which are shown in seconds.
    pub(crate) fn seconds(unit: Unit) -> Self {
        Self { unit: "s", conversion: Some(unit.to(Unit::Seconds)) }
    }

    /// Returns the scale of values that are shown as they are.
    #[cfg(feature = "metrics")]
    pub(crate) fn plain(unit: &'static str) -> Self {
        Self { unit, conversion: None }
    }

    pub(crate) fn of(self, value: ActionTime) -> f64 {
        self.conversion.map_or_else(|| value.as_f64(), |conversion| value.converted(conversion))
    }
}

/// The shown names of the actions of a tracker.
#[derive(Debug)]
pub(crate) enum Names {
    /// Actions are shown with their names.
    Own(Scale),
    /// Actions are numbers of what has a name and a unit elsewhere.
    #[cfg_attr(not(feature = "metrics"), expect(dead_code, reason = "recorders only"))]
    Listed(HashMap<String, (String, Scale)>),
}

impl Names {
    /// Returns the shown name and the scale of an action; `None` if it is newer than the list.
    pub(crate) fn get<'a>(&'a self, action: &'a str) -> Option<(&'a str, Scale)> {
        match self {
            Self::Own(scale) => Some((action, *scale)),
            Self::Listed(names) => names.get(action).map(|(name, scale)| (name.as_str(), *scale)),
        }
    }

    /// Returns the scale of an action without records.
    pub(crate) fn scale(&self) -> Scale {
        match self {
            Self::Own(scale) => *scale,
            Self::Listed(_) => Scale::default(),
        }
    }
}
