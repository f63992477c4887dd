//! What a page has apart from its sources: who may read it, and what else it does.

use crate::hosts::Hosts;
use crate::readiness::Readiness;

/// The settings of a page.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    pub(crate) hosts: Hosts,
    pub(crate) readiness: Readiness,
    #[cfg(feature = "server")]
    pub(crate) token: Option<crate::Token>,
    #[cfg(feature = "ingest")]
    pub(crate) ingest: Option<crate::Ingest>,
}
