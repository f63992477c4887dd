//! A client of the remote debugging protocol of a headless browser.
//!
//! The tests of `crates/service` compile this file too.
//!
//! With `--remote-debugging-pipe` the browser reads requests from file descriptor 3 and writes
//! responses and events to 4, each as JSON with a zero byte at the end. A shell redirects standard
//! input and output to these, so no library is needed for that.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, bail};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Value, json};

/// Redirects the file descriptors and executes the browser.
const SHELL: &str = r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#;

/// The options of the browser: no window, and no network but the loopback device.
const FLAGS: [&str; 12] = [
    "--headless",
    "--remote-debugging-pipe",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--no-first-run",
    "--hide-scrollbars",
];

/// A window of the browser.
pub(super) struct Window {
    pub(super) name: &'static str,
    pub(super) width: u32,
    pub(super) height: u32,
    /// What the page is shown on: `screen` or `print`.
    pub(super) media: &'static str,
}

/// A running browser with one page.
pub(super) struct Browser {
    child: Child,
    requests: ChildStdin,
    responses: BufReader<ChildStdout>,
    session: Value,
    /// The identifier of the last request.
    id: u64,
    /// The events since the page was opened.
    events: Vec<Value>,
}

impl Browser {
    /// Starts the browser with an empty profile.
    pub(super) fn start(binary: &Path, profile: &Path) -> anyhow::Result<Self> {
        if profile.exists() {
            fs::remove_dir_all(profile)?;
        }
        let mut command = Command::new("sh");
        command.args(["-c", SHELL]).arg(binary).args(FLAGS);
        command.arg(format!("--user-data-dir={}", profile.display()));
        if is_root() {
            // As root the browser does not start in its sandbox; the pages are trusted.
            command.arg("--no-sandbox");
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let requests = child.stdin.take().context("the browser has no input")?;
        let responses = child.stdout.take().context("the browser has no output")?;
        let (responses, session) = (BufReader::new(responses), Value::Null);
        let mut browser = Self { child, requests, responses, session, id: 0, events: Vec::new() };
        let page = browser.request("Target.createTarget", json!({ "url": "about:blank" }))?;
        let target = json!({ "targetId": page["targetId"], "flatten": true });
        browser.session = browser.request("Target.attachToTarget", target)?["sessionId"].take();
        for domain in ["Page", "Runtime", "Log", "Network", "Accessibility"] {
            browser.request(&format!("{domain}.enable"), json!({}))?;
        }
        Ok(browser)
    }

    /// Takes the loopback device away too.
    pub(super) fn go_offline(&mut self) -> anyhow::Result<()> {
        let mut offline = json!({ "offline": true, "latency": 0 });
        offline["downloadThroughput"] = json!(0);
        offline["uploadThroughput"] = json!(0);
        self.request("Network.emulateNetworkConditions", offline)?;
        Ok(())
    }

    /// Opens a page and waits until it is loaded.
    pub(super) fn open(
        &mut self,
        address: &str,
        window: &Window,
        scheme: &str,
    ) -> anyhow::Result<()> {
        let Window { width, height, media, .. } = window;
        let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
        let media = json!({ "media": media, "features": [feature] });
        self.request("Emulation.setEmulatedMedia", media)?;
        let window =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.request("Emulation.setDeviceMetricsOverride", window)?;
        self.events.clear();
        let opened = self.request("Page.navigate", json!({ "url": address }))?;
        if let Some(error) = opened["errorText"].as_str() {
            bail!("{address}: {error}");
        }
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let event = self.read()?;
            self.events.push(event);
        }
        Ok(())
    }

    /// Returns the errors, warnings, dialogs and console output of the page.
    pub(super) fn errors(&self) -> Vec<String> {
        let error = |event: &Value| {
            let text = match event["method"].as_str()? {
                "Log.entryAdded" => &event["params"]["entry"]["text"],
                "Runtime.exceptionThrown" => &event["params"]["exceptionDetails"]["text"],
                "Runtime.consoleAPICalled" => &event["params"]["args"],
                "Page.javascriptDialogOpening" => &event["params"]["message"],
                _ => return None,
            };
            Some(format!("browser: {text}"))
        };
        self.events.iter().filter_map(error).collect()
    }

    /// Returns the addresses that the page requested, including its own.
    pub(super) fn requests(&self) -> Vec<String> {
        let sent = |event: &&Value| event["method"] == "Network.requestWillBeSent";
        let requests = self.events.iter().filter(sent);
        let address = |event: &Value| event["params"]["request"]["url"].as_str().map(str::to_owned);
        requests.filter_map(address).collect()
    }

    /// Evaluates an expression on the page, and waits for a promise that it returns.
    ///
    /// The content policy of the page does not apply.
    pub(super) fn evaluate(&mut self, expression: &str) -> anyhow::Result<Value> {
        let expression = json!({
            "expression": expression, "returnByValue": true, "awaitPromise": true
        });
        let mut answer = self.request("Runtime.evaluate", expression)?;
        if let Some(thrown) = answer.get("exceptionDetails") {
            bail!("the check of the page threw an exception: {thrown}");
        }
        Ok(answer["result"]["value"].take())
    }

    /// Presses a key and releases it.
    pub(super) fn press(&mut self, key: &str) -> anyhow::Result<()> {
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({ "type": kind, "key": key, "code": key });
            if (kind, key) == ("keyDown", "Enter") {
                event["text"] = json!("\r"); // Buttons act on the character.
            }
            self.request("Input.dispatchKeyEvent", event)?;
        }
        Ok(())
    }

    /// Returns the roles of all elements, as a screen reader gets them.
    pub(super) fn roles(&mut self) -> anyhow::Result<Vec<String>> {
        let tree = self.request("Accessibility.getFullAXTree", json!({}))?;
        let nodes = tree["nodes"].as_array().context("the response has no tree")?;
        let role = |node: &Value| node["role"]["value"].as_str().map(str::to_owned);
        Ok(nodes.iter().filter_map(role).collect())
    }

    /// Takes a screenshot of the whole page, as PNG.
    pub(super) fn screenshot(&mut self) -> anyhow::Result<Vec<u8>> {
        let whole = json!({ "format": "png", "captureBeyondViewport": true });
        let answer = self.request("Page.captureScreenshot", whole)?;
        let data = answer["data"].as_str().context("the response has no screenshot")?;
        BASE64_STANDARD.decode(data).context("the screenshot is not valid base64")
    }

    fn request(&mut self, method: &str, params: Value) -> anyhow::Result<Value> {
        self.id += 1;
        let mut request = json!({ "id": self.id, "method": method, "params": params });
        if !self.session.is_null() {
            request["sessionId"] = self.session.clone();
        }
        self.requests.write_all(format!("{request}\0").as_bytes())?;
        self.requests.flush()?;
        loop {
            let mut message = self.read().with_context(|| method.to_owned())?;
            if message["id"] == self.id {
                if let Some(error) = message.get("error") {
                    bail!("{method}: {}", error["message"]);
                }
                return Ok(message["result"].take());
            }
            self.events.push(message);
        }
    }

    fn read(&mut self) -> anyhow::Result<Value> {
        let mut message = Vec::new();
        self.responses.read_until(0, &mut message)?;
        if message.pop().is_none() {
            bail!("the browser exited");
        }
        Ok(serde_json::from_slice(&message)?)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
