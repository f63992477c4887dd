//! The page as a person sees it.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::browser::{Browser, Window};
use crate::program;
use crate::server::Server;

pub(crate) const WIDE: Window = Window { name: "1280", width: 1_280, height: 900, media: "screen" };
pub(crate) const NARROW: Window = Window { name: "420", width: 420, height: 900, media: "screen" };

/// Where the packages of distributions put the browser.
const NAMES: [&str; 2] = ["chromium", "chromium-browser"];

/// An open page.
pub(crate) struct View {
    pub(crate) browser: Browser,
    _profile: TempDir,
}

impl View {
    /// Opens the page of a server; `None` without a browser.
    pub(crate) fn open(server: &Server, window: &Window, scheme: &str) -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
        let find = |name: &str| folders.iter().map(|it| it.join(name)).find(|it| it.is_file());
        let Some(binary) = NAMES.iter().find_map(|name| find(name)) else {
            assert!(program::is_missing("chromium", "chromium"));
            return None;
        };
        let profile = tempfile::tempdir().unwrap();
        let mut view = Self::start(&binary, profile);
        view.browser.open(&server.page(), window, scheme).unwrap();
        Some(view)
    }

    fn start(binary: &Path, profile: TempDir) -> Self {
        let browser = Browser::start(binary, &profile.path().join("profile")).unwrap();
        Self { browser, _profile: profile }
    }

    /// Evaluates an expression. `$` selects one element, `rows` has the names in the table.
    #[track_caller]
    pub(crate) fn evaluate(&mut self, expression: &str) -> Value {
        let helpers = "const $ = (selector) => document.querySelector(selector); \
             const lines = () => [...document.querySelectorAll('#rows tr')]; \
             const rows = () => lines().map((line) => line.querySelector('th')?.innerText); \
             const nameOf = (line) => line.querySelector('th')?.innerText; \
             const line = (name) => lines().find((it) => nameOf(it) === name); \
             const cell = (name, id) => line(name)?.querySelector(`.${id}`).innerText;";
        self.browser.evaluate(&format!("(() => {{ {helpers} return {expression} }})()")).unwrap()
    }

    /// Waits until an expression is true.
    #[track_caller]
    pub(crate) fn wait(&mut self, expression: &str) {
        let waiting = format!(
            "new Promise((done) => {{ \
                 let tries = 0; \
                 const check = () => {{ \
                     let found = false; \
                     try {{ found = Boolean({expression}); }} catch {{ }} \
                     if (found || ++tries === 600) done(found); else setTimeout(check, 50); \
                 }}; \
                 check(); \
             }})"
        );
        if self.evaluate(&waiting) != true {
            let text = self.evaluate("document.body.innerText");
            panic!("never: {expression}\n{}", text.as_str().unwrap_or_default());
        }
    }

    /// Returns the faults of the layout, of contrasts and of what a screen reader needs.
    pub(crate) fn faults(&mut self) -> Vec<String> {
        const CHECK: &str = include_str!("../../../../xtask/src/e2e/check.js");
        let found = self.browser.evaluate(CHECK).unwrap();
        let faults = found["faults"].as_array().unwrap().iter();
        let mut faults: Vec<_> = faults.map(Value::to_string).collect();
        faults.extend(self.browser.errors());
        faults
    }
}
