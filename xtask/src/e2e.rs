//! `cargo xtask e2e`: checks the page of `windrow report` in a real browser.
//!
//! Opens reports of the files in `crates/cli` without a network, light and dark, wide and narrow,
//! and as they are printed. Checks the errors and requests of the page, its layout and the orders
//! of its table, and saves screenshots.

mod browser;
mod orders;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};
use xshell::{Shell, cmd};

use crate::step::{self, Job, Steps};
use crate::workspace::{Workspace, root};
use browser::{Browser, Window};
use orders::Orders;

/// Check reports in a headless browser and save screenshots
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  cargo xtask e2e")]
pub(crate) struct Args {}

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
    /// Whether the names of actions are shown as they are.
    has_plain_names: bool,
    /// Texts that the page shows literally.
    text: &'static [&'static str],
}

/// The lines of the page `service`, in the folder of the pages.
const GENERATED: &str = "service.ndjson";
const GENERATE: &str = "--lines 20000 --actions 9 --popularity zipf --times lognormal --scale 40 \
     --bad 0.001 --timestamp at --per-second 7";

const PAGES: [Page; 4] = [
    Page {
        name: "startup",
        args: &["samples/startup.ndjson"],
        actions: 67,
        refusals: 0,
        charts: 0,
        has_plain_names: true,
        text: &["execve", "newfstatat", "different actions", "About this report"],
    },
    Page {
        name: "hostile",
        args: &["--timestamp", "at", "tests/data/hostile.ndjson"],
        actions: 9,
        refusals: 5,
        charts: 3,
        has_plain_names: false,
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
        has_plain_names: true,
        text: &["There were none."],
    },
    Page {
        name: "service",
        args: &["--timestamp", "at", "--unit", "ms", "--timezone", "Europe/Berlin", GENERATED],
        actions: 9,
        refusals: 5,
        charts: 3,
        has_plain_names: true,
        text: &["The log ends inside of the last interval", "--timezone Europe/Berlin"],
    },
];

/// The windows: a telephone, half a screen, a screen, and paper of the size A4.
const WINDOWS: [Window; 4] = [
    Window { name: "420", width: 420, height: 850, media: "screen" },
    Window { name: "800", width: 800, height: 900, media: "screen" },
    Window { name: "1400", width: 1_400, height: 900, media: "screen" },
    Window { name: "print", width: 718, height: 1_047, media: "print" },
];
const SCHEMES: [&str; 2] = ["light", "dark"];
/// The moment when the reports are made.
const MADE: &str = "1700000000";

/// The environment variable with the path of the browser, if it is not in `PATH`.
const VARIABLE: &str = "CHROME_BIN";
const NAMES: [&str; 5] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

impl Args {
    pub(crate) fn run(self, sh: &Shell) -> anyhow::Result<()> {
        let binary = find()?;
        let target = Workspace::read(sh)?.target;
        let folder = target.join("e2e");
        fs::create_dir_all(&folder)?;
        let windrow = target.join("debug").join(format!("windrow{}", env::consts::EXE_SUFFIX));
        let mut steps = Steps::new();
        if !steps.command(Job::new("build", cmd!(sh, "cargo build --package cli --locked"))) {
            return steps.finish("e2e");
        }
        for page in &PAGES {
            steps.run(page.name, || {
                let html = folder.join(format!("{}.html", page.name));
                let orders = page.create(sh, &windrow, &folder)?;
                let mut browser = Browser::start(&binary, &folder.join("profile"))?;
                browser.go_offline()?;
                for window in &WINDOWS {
                    for scheme in SCHEMES {
                        let at = format!("{}, {scheme}", window.name);
                        step::show(&at);
                        page.check(&mut browser, &html, window, scheme, &orders).context(at)?;
                        let png = format!("{}-{}-{scheme}.png", page.name, window.name);
                        fs::write(folder.join(png), browser.screenshot()?)?;
                    }
                }
                Ok(format!("screenshots in {}", folder.display()))
            });
        }
        steps.finish("e2e")
    }
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
    /// Creates the report, and returns the orders of its table.
    ///
    /// Refused lines are expected in some files.
    fn create(&self, sh: &Shell, windrow: &Path, folder: &Path) -> anyhow::Result<Orders> {
        let _made = sh.push_env("SOURCE_DATE_EPOCH", MADE);
        let html = folder.join(format!("{}.html", self.name));
        let is_generated = self.args.contains(&GENERATED);
        let _folder =
            if is_generated { sh.push_dir(folder) } else { sh.push_dir(root().join("crates/cli")) };
        if is_generated {
            let options = GENERATE.split_whitespace();
            cmd!(sh, "{windrow} generate {options...} -o {GENERATED}").quiet().run()?;
        }
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
        orders::expected(sh, windrow, args)
    }

    /// Opens the report and checks it; the error lists all faults.
    fn check(
        &self,
        browser: &mut Browser,
        html: &Path,
        window: &Window,
        scheme: &str,
        orders: &Orders,
    ) -> anyhow::Result<()> {
        let address = format!("file://{}", html.display());
        browser.open(&address, window, scheme)?;
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
        // Paper is white.
        expect("scheme", json!(if window.media == "print" { "light" } else { scheme }));
        expect("scripts", json!(0));
        expect("actions", json!(self.actions));
        expect("refusals", json!(self.refusals));
        expect("charts", json!(self.charts));
        let text = seen["text"].as_str().unwrap_or_default();
        let unread = self.text.iter().filter(|wanted| !text.contains(**wanted));
        faults.extend(unread.map(|wanted| format!("the page does not show `{wanted}`")));
        if self.actions > 0 {
            faults.extend(self.check_table(browser, orders)?);
        }
        ensure!(faults.is_empty(), "{}", faults.join("\n"));
        Ok(())
    }

    /// Checks the orders of the table, and that it can be used without a mouse and without eyes.
    fn check_table(&self, browser: &mut Browser, orders: &Orders) -> anyhow::Result<Vec<String>> {
        let mut faults = Vec::new();
        if self.has_plain_names {
            let found = browser.evaluate(include_str!("e2e/orders.js"))?;
            faults.extend(orders::check(&found, orders)?);
        }
        let checked = "document.querySelector('.actions > input:checked')";
        browser.evaluate(&format!("{checked}.focus()"))?;
        let before = browser.evaluate(&format!("{checked}.id"))?;
        browser.press("ArrowRight")?;
        let after = browser.evaluate(&format!("{checked}.id"))?;
        if before == after {
            faults.push(format!("the arrow keys do not change the order {before}"));
        }
        // The table is a grid now, and must still be a table to a screen reader.
        let roles = browser.roles()?;
        let rows = roles.iter().filter(|role| *role == "rowheader").count() as u64;
        if rows < self.actions {
            faults.push(format!("{rows} headers of rows, expected at least {}", self.actions));
        }
        browser.press("ArrowLeft")?;
        browser.evaluate("document.activeElement.blur()")?;
        Ok(faults)
    }
}

fn strings(list: &Value) -> impl Iterator<Item = String> + '_ {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned)
}
