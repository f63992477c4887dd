//! `cargo xtask e2e`: checks the page of `windrow report` in a real browser.
//!
//! Opens reports of the files in `crates/cli` without a network, light and dark, wide and narrow.
//! Checks the errors and requests of the page and its layout, and saves screenshots.

mod browser;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};
use xshell::{Shell, cmd};

use crate::flags::{Command, Flags};
use crate::step::{Job, Steps};
use crate::workspace::{Workspace, root};
use browser::Browser;

pub(crate) const COMMAND: Command = Command {
    name: "e2e",
    operands: "",
    operands_max: 0,
    passes_on: false,
    summary: "Check reports in a headless browser and save screenshots",
    options: &[],
    examples: &["e2e"],
    run,
};

/// A report and its expected contents.
struct Page {
    name: &'static str,
    args: &'static [&'static str],
    /// The number of rows in the table of actions.
    actions: u64,
    /// The number of refused lines shown.
    refusals: u64,
    /// The number of charts over time.
    charts: u64,
    /// Texts that the page shows literally.
    text: &'static [&'static str],
}

const PAGES: [Page; 3] = [
    Page {
        name: "startup",
        args: &["samples/startup.ndjson"],
        actions: 67,
        refusals: 0,
        charts: 0,
        text: &["execve", "newfstatat"],
    },
    Page {
        name: "hostile",
        args: &["--timestamp", "at", "tests/data/hostile.ndjson"],
        actions: 9,
        refusals: 5,
        charts: 2,
        text: &[
            "<script>alert(1)</script>",
            "\"><img src=x onerror=alert(1)>",
            "</title></style><h1>owned",
            "{\"action\":\"<b>bold</b>\",\"time\":-1}",
        ],
    },
    Page {
        name: "empty",
        args: &["tests/data/empty.ndjson"],
        actions: 0,
        refusals: 0,
        charts: 0,
        text: &["There were none."],
    },
];

/// The names, widths and heights of the windows.
const WINDOWS: [(&str, u32, u32); 2] = [("wide", 1280, 900), ("narrow", 390, 844)];
const SCHEMES: [&str; 2] = ["light", "dark"];

/// The environment variable with the path of the browser, if it is not in `PATH`.
const VARIABLE: &str = "CHROME_BIN";
const NAMES: [&str; 5] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

fn run(sh: &Shell, _: &Flags) -> anyhow::Result<()> {
    let binary = find()?;
    let target = Workspace::read(sh)?.target;
    let folder = target.join("e2e");
    fs::create_dir_all(&folder)?;
    let windrow = target.join("debug").join(format!("windrow{}", env::consts::EXE_SUFFIX));
    let mut steps = Steps::named(PAGES.iter().map(|page| page.name));
    if !steps.command(Job::new("build", cmd!(sh, "cargo build --package cli --locked"))) {
        return steps.finish(COMMAND.name);
    }
    for page in &PAGES {
        steps.watch(page.name, |progress| {
            let html = folder.join(format!("{}.html", page.name));
            page.create(sh, &windrow, &html)?;
            let mut browser = Browser::start(&binary, &folder.join("profile"))?;
            for (window, width, height) in WINDOWS {
                for scheme in SCHEMES {
                    progress(&format!("{window}, {scheme}"));
                    let at = format!("{window}, {scheme}");
                    page.check(&mut browser, &html, scheme, width, height).context(at)?;
                    let png = format!("{}-{window}-{scheme}.png", page.name);
                    fs::write(folder.join(png), browser.screenshot()?)?;
                }
            }
            Ok(format!("screenshots in {}", folder.display()))
        });
    }
    steps.finish(COMMAND.name)
}

/// Returns the path of the browser; the error says how to install one.
fn find() -> anyhow::Result<PathBuf> {
    if let Some(named) = env::var_os(VARIABLE) {
        let path = PathBuf::from(named);
        ensure!(path.is_file(), "{VARIABLE} is {}, which is not a file", path.display());
        return Ok(path);
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path)
        .flat_map(|folder| NAMES.map(|name| folder.join(name)))
        .find(|path| path.is_file());
    match found {
        Some(path) => Ok(path),
        None => bail!(
            "Chromium is not installed: PATH contains none of {}\n  \
             on Debian or Ubuntu: apt-get install chromium\n  \
             on Fedora: dnf install chromium; on macOS: brew install --cask chromium\n  \
             or set {VARIABLE} to the path of the browser",
            NAMES.join(", ")
        ),
    }
}

impl Page {
    /// Creates the report; refused lines are expected in some files.
    fn create(&self, sh: &Shell, windrow: &Path, html: &Path) -> anyhow::Result<()> {
        let _folder = sh.push_dir(root().join("crates/cli"));
        let args = self.args;
        let command = cmd!(sh, "{windrow} report {args...} -o {html}");
        let output = command.quiet().ignore_status().output()?;
        let expected = if self.refusals > 0 { 3 } else { 0 };
        let code = output.status.code();
        let stderr = String::from_utf8_lossy(&output.stderr);
        ensure!(
            code == Some(expected),
            "exit code of windrow is {code:?}, expected {expected}: {stderr}"
        );
        Ok(())
    }

    /// Opens the report and checks it; the error lists all faults.
    fn check(
        &self,
        browser: &mut Browser,
        html: &Path,
        scheme: &str,
        width: u32,
        height: u32,
    ) -> anyhow::Result<()> {
        let address = format!("file://{}", html.display());
        browser.open(&address, scheme, width, height)?;
        let mut faults: Vec<String> = browser
            .errors()
            .into_iter()
            .chain(browser.requests().into_iter().filter(|request| *request != address))
            .collect();
        let seen = browser.evaluate(include_str!("e2e/check.js"))?;
        faults.extend(strings(&seen["faults"]));
        let mut expect = |what: &str, expected: Value| {
            if seen[what] != expected {
                faults.push(format!("{what} is {}, expected {expected}", seen[what]));
            }
        };
        expect("scheme", json!(scheme));
        expect("scripts", json!(0));
        expect("actions", json!(self.actions));
        expect("refusals", json!(self.refusals));
        expect("charts", json!(self.charts));
        let text = seen["text"].as_str().unwrap_or_default();
        let unread = self.text.iter().filter(|wanted| !text.contains(**wanted));
        faults.extend(unread.map(|wanted| format!("the page does not show `{wanted}`")));
        ensure!(faults.is_empty(), "{}", faults.join("\n"));
        Ok(())
    }
}

fn strings(list: &Value) -> impl Iterator<Item = String> + '_ {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned)
}
