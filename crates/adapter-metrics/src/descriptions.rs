//! What programs said of their metrics.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use metrics::{KeyName, SharedString, Unit};

use crate::registry::written;

/// The unit and the help text of each name.
#[derive(Debug)]
pub(crate) struct Descriptions {
    by_name: Mutex<BTreeMap<String, Description>>,
    names_max: usize,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Description {
    pub(crate) unit: Option<Unit>,
    pub(crate) help: SharedString,
}

impl Descriptions {
    pub(crate) fn new(names_max: usize) -> Self {
        Self { by_name: Mutex::default(), names_max }
    }

    /// Keeps the latest description of a name; beyond the limit, only of names that have one.
    pub(crate) fn describe(&self, name: &KeyName, unit: Option<Unit>, help: SharedString) {
        let mut known = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        let (len, name) = (known.len(), written(name.as_str()));
        if len < self.names_max || known.contains_key(&name) {
            known.insert(name, Description { unit, help });
        }
    }

    pub(crate) fn of(&self, name: &str) -> Description {
        let known = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(name).cloned().unwrap_or_default()
    }
}
