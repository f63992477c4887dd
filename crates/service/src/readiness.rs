//! Whether a server is of use to its clients, for load balancers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What `readyz` answers: ready, or what the problems are.
///
/// Clones share their state.
///
/// # Examples
///
/// ```
/// use service::{Page, Readiness};
///
/// let readiness = Readiness::default();
/// let app: axum::Router = Page::new().readiness(&readiness).router();
/// readiness.problem("database", "no connection"); // `readyz` answers with 503.
/// readiness.solved("database"); // `readyz` answers with 200.
/// # let _ = app;
/// ```
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    problems: BTreeMap<&'static str, String>,
    is_ending: bool,
}

impl Readiness {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the problem of a part of the server, in place of one that it had before.
    pub fn problem(&self, part: &'static str, problem: impl Into<String>) {
        self.lock().problems.insert(part, problem.into());
    }

    /// Removes the problem of a part.
    pub fn solved(&self, part: &'static str) {
        self.lock().problems.remove(part);
    }

    /// Ends the streams of the page within a second, and is not ready from now on.
    ///
    /// Call it when the server is asked to end: it waits for its streams.
    pub fn end(&self) {
        self.lock().is_ending = true;
    }

    pub(crate) fn is_ending(&self) -> bool {
        self.lock().is_ending
    }

    /// Returns the problems, a line each; `None` if it is ready.
    pub(crate) fn problems(&self) -> Option<String> {
        let state = self.lock();
        let parts = state.problems.iter().map(|(part, problem)| format!("{part}: {problem}\n"));
        let ending = state.is_ending.then(|| "server: it ends\n".to_owned());
        Some(parts.chain(ending).collect()).filter(|text: &String| !text.is_empty())
    }
}
