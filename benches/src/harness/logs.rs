//! Lines of logs in the forms of other programs, the same for every run.

use std::io::{self, Write};

use workload::{NAMES, Random};

use super::SEED;

/// The form of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogForm {
    /// `{"action":"jump", "time":12.3}`.
    Actions,
    /// The same records under keys of the same lengths: `{"method":"jump", "took":12.3}`.
    Renamed,
    /// The same records with the time in quotes: `{"action":"jump", "time":"12.3"}`.
    Quoted,
    /// The same records with a unit: `{"action":"jump", "time":"12.3ms"}`.
    Units,
    /// The same records, each over several lines.
    Pretty,
    /// Access logs of the web server Caddy: nested JSON, about 430 bytes a line.
    Caddy,
    /// `key=value` pairs, one of them in quotes.
    Logfmt,
    /// A header of 16 columns, then requests. One row in eight has a field in quotes.
    Csv,
    /// The combined log format of web servers, with the time of each request at the end.
    Combined,
}

/// Every form with its name.
pub const LOG_FORMS: [(&str, LogForm); 9] = [
    ("actions", LogForm::Actions),
    ("renamed", LogForm::Renamed),
    ("quoted", LogForm::Quoted),
    ("units", LogForm::Units),
    ("pretty", LogForm::Pretty),
    ("caddy", LogForm::Caddy),
    ("logfmt", LogForm::Logfmt),
    ("csv", LogForm::Csv),
    ("combined", LogForm::Combined),
];

const METHODS: [&str; 4] = ["GET", "POST", "PUT", "DELETE"];
const PATHS: [&str; 10] = [
    "/",
    "/cart",
    "/checkout",
    "/login",
    "/api/v1/users",
    "/api/v1/users/settings",
    "/api/v1/orders",
    "/api/v1/orders/refunds",
    "/static/app.js",
    "/health",
];
const STATUSES: [u16; 4] = [200, 200, 404, 500];
const AGENTS: [&str; 4] = [
    "curl/8.5.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "python-requests/2.32.3",
    "Go-http-client/2.0",
];
const COLUMNS: &str = "timestamp,host,remote_ip,remote_port,proto,method,path,query,status,\
                       bytes_in,bytes_out,elapsed_ms,upstream_ms,cache,request_id,user_agent\n";
/// The beginning of 2026, in milliseconds since 1970.
const FIRST_MS: u64 = 1_767_225_600_000;

/// Writes the lines of a log, one after another.
#[derive(Debug, Clone)]
pub struct LogLines {
    form: LogForm,
    random: Random,
    /// The number of lines so far.
    written: u64,
}

/// The values of one request.
struct Request {
    number: u64,
    method: &'static str,
    path: &'static str,
    status: u16,
    micros: u64,
    bytes: u64,
    host: u64,
    port: u64,
    id: u64,
    agent: &'static str,
}

impl LogLines {
    /// Starts a log of a form.
    #[must_use]
    pub fn new(form: LogForm) -> Self {
        Self { form, random: Random::new(SEED), written: 0 }
    }

    /// Writes the next line, before the first one the header if the form has one.
    ///
    /// # Errors
    ///
    /// Those of the output.
    pub fn write(&mut self, output: &mut impl Write) -> io::Result<()> {
        let number = self.written;
        self.written += 1;
        match self.form {
            LogForm::Actions
            | LogForm::Renamed
            | LogForm::Quoted
            | LogForm::Units
            | LogForm::Pretty => self.write_action(output),
            LogForm::Caddy => self.request(number).write_caddy(output),
            LogForm::Logfmt => self.request(number).write_logfmt(output),
            LogForm::Csv => {
                if number == 0 {
                    output.write_all(COLUMNS.as_bytes())?;
                }
                self.request(number).write_csv(output)
            }
            LogForm::Combined => self.request(number).write_combined(output),
        }
    }

    fn write_action(&mut self, output: &mut impl Write) -> io::Result<()> {
        let name = NAMES[self.random.below(4) as usize];
        let tenths = self.random.below(5_000);
        let (whole, tenth) = (tenths / 10, tenths % 10);
        let ([by, value], [before, after]) = match self.form {
            LogForm::Renamed => (["method", "took"], ["", ""]),
            LogForm::Quoted => (["action", "time"], ["\"", "\""]),
            LogForm::Units => (["action", "time"], ["\"", "ms\""]),
            _ => (["action", "time"], ["", ""]),
        };
        let (start, middle, end) = match self.form {
            LogForm::Pretty => ("{\n  ", ",\n  ", "\n}"),
            _ => ("{", ", ", "}"),
        };
        let value = format_args!("\"{value}\":{before}{whole}.{tenth}{after}");
        writeln!(output, "{start}\"{by}\":\"{name}\"{middle}{value}{end}")
    }

    fn request(&mut self, number: u64) -> Request {
        let random = &mut self.random;
        let mut below = |limit: usize| random.below(limit as u64);
        Request {
            number,
            method: METHODS[below(METHODS.len()) as usize],
            path: PATHS[below(PATHS.len()) as usize],
            status: STATUSES[below(STATUSES.len()) as usize],
            // Most are short, some are long.
            micros: (below(1_000) + 1) * (below(1_000) + 1),
            bytes: below(100_000),
            host: below(250) + 1,
            port: below(28_232) + 32_768,
            id: below(usize::MAX),
            agent: AGENTS[below(AGENTS.len()) as usize],
        }
    }
}

impl Request {
    fn write_caddy(&self, output: &mut impl Write) -> io::Result<()> {
        let Self { number, method, path, status, micros, bytes, host, agent, .. } = self;
        let ts = FIRST_MS + number;
        write!(
            output,
            r#"{{"level":"info","ts":{}.{:03},"logger":"http.log.access.log0","#,
            ts / 1_000,
            ts % 1_000
        )?;
        write!(output, r#""msg":"handled request","request":{{"remote_ip":"10.0.0.{host}","#)?;
        write!(output, r#""proto":"HTTP/2.0","method":"{method}","#)?;
        write!(output, r#""host":"shop.example","uri":"{path}","headers":{{"#)?;
        write!(output, r#""User-Agent":["{agent}"],"#)?;
        write!(output, r#""Accept-Encoding":["gzip, br"]}}}},"#)?;
        write!(
            output,
            r#""bytes_read":0,"user_id":"","duration":{}.{:06},"size":{bytes},"status":{status},"#,
            micros / 1_000_000,
            micros % 1_000_000
        )?;
        writeln!(output, r#""resp_headers":{{"Server":["Caddy"],"Content-Type":["text/html"]}}}}"#)
    }

    fn write_logfmt(&self, output: &mut impl Write) -> io::Result<()> {
        let Self { number, method, path, status, micros, bytes, host, port, id, .. } = self;
        let (millis, rest) = (micros / 1_000, micros % 1_000);
        let ts = FIRST_MS + number;
        write!(
            output,
            r#"ts={ts} level=info msg="request completed" method={method} path={path} "#
        )?;
        write!(output, "status={status} duration_ms={millis}.{rest:03} bytes={bytes} ")?;
        writeln!(output, "remote=10.0.0.{host}:{port} request_id={id:016x}")
    }

    fn write_combined(&self, output: &mut impl Write) -> io::Result<()> {
        let Self { number, method, path, status, micros, bytes, host, agent, .. } = self;
        let (seconds, rest) = (micros / 1_000_000, micros % 1_000_000);
        let (minute, second) = (number / 60 % 60, number % 60);
        write!(output, "10.0.0.{host} - - [01/Jan/2026:00:{minute:02}:{second:02} +0000] ")?;
        write!(output, "\"{method} {path} HTTP/1.1\" {status} {bytes} \"-\" \"{agent}\" ")?;
        writeln!(output, "{seconds}.{rest:06}")
    }

    fn write_csv(&self, output: &mut impl Write) -> io::Result<()> {
        let Self { number, method, path, status, micros, bytes, host, port, id, agent } = self;
        let (millis, rest) = (micros / 1_000, micros % 1_000);
        let ts = FIRST_MS + number;
        write!(output, "{ts},web-{},10.0.0.{host},{port},HTTP/1.1,{method},{path},", host % 8)?;
        write!(output, "page={},{status},{},{bytes},{millis}.{rest:03},", host % 50, port % 1_000)?;
        write!(output, "{},{},{id:016x},", millis / 2, if id % 4 == 0 { "hit" } else { "miss" })?;
        match id % 8 {
            0 => writeln!(output, "\"{agent}, \"\"mobile\"\"\""),
            _ => writeln!(output, "{agent}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(form: LogForm, count: usize) -> String {
        let (mut lines, mut text) = (LogLines::new(form), Vec::new());
        (0..count).for_each(|_| lines.write(&mut text).unwrap());
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn renamed_quoted_and_with_units_are_the_same_records() {
        let actions = lines(LogForm::Actions, 100);
        let renamed = lines(LogForm::Renamed, 100);
        assert_eq!(renamed.len(), actions.len());
        assert_eq!(renamed.replace("method", "action").replace("took", "time"), actions);
        let units = lines(LogForm::Units, 100);
        assert_eq!(units.replace("ms\"", "\""), lines(LogForm::Quoted, 100));
        assert_eq!(units.replace("ms\"}", "}").replace("time\":\"", "time\":"), actions);
        let pretty = lines(LogForm::Pretty, 100);
        assert_eq!(
            pretty.replace(",\n  ", ", ").replace("{\n  ", "{").replace("\n}", "}"),
            actions
        );
    }

    #[test]
    fn lines_of_caddy_are_json_of_430_bytes() {
        let text = lines(LogForm::Caddy, 1_000);
        let mean = text.len() / 1_000;
        assert!((420..=440).contains(&mean), "{mean} bytes\n{}", &text[..500]);
        for line in text.lines() {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            let request = &value["request"];
            assert!(METHODS.contains(&request["method"].as_str().unwrap()));
            assert!(PATHS.contains(&request["uri"].as_str().unwrap()));
            assert!(value["duration"].as_f64().is_some_and(|duration| duration > 0.0));
        }
    }

    #[test]
    fn rows_have_16_columns() {
        let text = lines(LogForm::Csv, 1_000);
        let (head, rows) = text.split_once('\n').unwrap();
        assert_eq!(head.split(',').count(), 16);
        assert_eq!(rows.lines().count(), 1_000);
        for row in rows.lines() {
            let before_quotes = row.split('"').next().unwrap();
            assert_eq!(before_quotes.split(',').count(), 16, "{row}");
        }
        let quoted = rows.lines().filter(|row| row.contains('"')).count();
        assert!((90..160).contains(&quoted), "{quoted}");
    }

    #[test]
    fn a_log_begins_alike_whatever_its_length() {
        for (name, form) in LOG_FORMS {
            let short = lines(form, 10);
            assert!(lines(form, 20).starts_with(&short), "{name}");
        }
    }
}
