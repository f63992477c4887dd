//! Pages as `client_python` parses them, whose parsers are the reference of both text formats.

use std::io::Write;
use std::process::{Command, Stdio};

use exposition::Format;
use serde_json::Value;

use crate::program;

/// Prints each sample of standard input as a line of JSON: name, labels, value as text.
const SCRIPT: &str = "
import json, sys
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client import parser as text
parser = openmetrics if sys.argv[1] == 'openmetrics' else text
page = sys.stdin.buffer.read().decode('utf-8')
for family in parser.text_string_to_metric_families(page):
    for sample in family.samples:
        print(json.dumps([sample.name, sample.labels, repr(float(sample.value))]))
";

/// The samples of a page.
#[derive(Debug)]
pub(crate) struct Samples(Vec<Value>);

impl Samples {
    /// Parses a page; `None` if the parser is missing, after counting the test as skipped.
    pub(crate) fn of(page: &[u8], format: Format) -> Option<Self> {
        let import = Command::new("python3").args(["-c", "import prometheus_client"]).output();
        if !import.is_ok_and(|output| output.status.success()) {
            program::skip("prometheus_client", "python3 -m pip install prometheus_client");
            return None;
        }
        let parser = if format == Format::OpenMetrics { "openmetrics" } else { "text" };
        let mut child = Command::new("python3")
            .args(["-c", SCRIPT, parser])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(page).unwrap();
        let output = child.wait_with_output().unwrap();
        let [out, err] = [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap());
        assert!(output.status.success(), "{format:?}: {err}");
        Some(Self(out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()))
    }

    /// Returns the value of a sample and its labels, by its name and one of its labels.
    #[track_caller]
    pub(crate) fn sample(&self, name: &str, label: &str, value: &str) -> (f64, &Value) {
        let is_it =
            |sample: &&Value| sample[0] == name && (label.is_empty() || sample[1][label] == value);
        let found: Vec<_> = self.0.iter().filter(is_it).collect();
        let [sample] = found[..] else {
            panic!("{} samples {name}{{{label}={value}}}", found.len())
        };
        (sample[2].as_str().unwrap().parse().unwrap(), &sample[1])
    }

    pub(crate) fn number(&self, name: &str, label: &str, value: &str) -> f64 {
        self.sample(name, label, value).0
    }
}
