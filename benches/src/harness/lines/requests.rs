//! Logs of requests, in the forms of other programs.

use std::io::{self, Write};

use workload::Random;

use super::form::Form;

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

/// Writes a line without its end, and returns the length of the name and the time.
///
/// The name is the method and the path, and in logfmt and CSV the status, joined by spaces.
pub(super) fn write(
    form: Form,
    number: u64,
    random: &mut Random,
    text: &mut Vec<u8>,
) -> (usize, Option<f64>) {
    let request = Request::new(number, random);
    let written = match form {
        Form::Logfmt => request.write_logfmt(text),
        Form::Combined => request.write_combined(text),
        Form::Csv => {
            if number == 0 {
                text.extend_from_slice(COLUMNS.as_bytes());
            }
            request.write_csv(text)
        }
        _ => request.write_caddy(text),
    };
    written.expect("a vector accepts every write");
    let name_bytes = request.method.len() + 1 + request.path.len();
    match form {
        Form::Logfmt | Form::Csv => (name_bytes + 4, Some(request.micros as f64 / 1e3)),
        _ => (name_bytes, Some(request.micros as f64 / 1e6)),
    }
}

impl Request {
    fn new(number: u64, random: &mut Random) -> Self {
        let mut below = |limit: usize| random.below(limit as u64);
        Self {
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

    fn write_caddy(&self, text: &mut Vec<u8>) -> io::Result<()> {
        let Self { number, method, path, status, micros, bytes, host, agent, .. } = self;
        let ts = FIRST_MS + number;
        write!(
            text,
            r#"{{"level":"info","ts":{}.{:03},"logger":"http.log.access.log0","#,
            ts / 1_000,
            ts % 1_000
        )?;
        write!(text, r#""msg":"handled request","request":{{"remote_ip":"10.0.0.{host}","#)?;
        write!(text, r#""proto":"HTTP/2.0","method":"{method}","#)?;
        write!(text, r#""host":"shop.example","uri":"{path}","headers":{{"#)?;
        write!(text, r#""User-Agent":["{agent}"],"#)?;
        write!(text, r#""Accept-Encoding":["gzip, br"]}}}},"#)?;
        write!(
            text,
            r#""bytes_read":0,"user_id":"","duration":{}.{:06},"size":{bytes},"status":{status},"#,
            micros / 1_000_000,
            micros % 1_000_000
        )?;
        write!(text, r#""resp_headers":{{"Server":["Caddy"],"Content-Type":["text/html"]}}}}"#)
    }

    fn write_logfmt(&self, text: &mut Vec<u8>) -> io::Result<()> {
        let Self { number, method, path, status, micros, bytes, host, port, id, .. } = self;
        let (millis, rest) = (micros / 1_000, micros % 1_000);
        let ts = FIRST_MS + number;
        write!(text, r#"ts={ts} level=info msg="request completed" method={method} path={path} "#)?;
        write!(text, "status={status} duration_ms={millis}.{rest:03} bytes={bytes} ")?;
        write!(text, "remote=10.0.0.{host}:{port} request_id={id:016x}")
    }

    fn write_combined(&self, text: &mut Vec<u8>) -> io::Result<()> {
        let Self { number, method, path, status, micros, bytes, host, agent, .. } = self;
        let (seconds, rest) = (micros / 1_000_000, micros % 1_000_000);
        let (minute, second) = (number / 60 % 60, number % 60);
        write!(text, "10.0.0.{host} - - [01/Jan/2026:00:{minute:02}:{second:02} +0000] ")?;
        write!(text, "\"{method} {path} HTTP/1.1\" {status} {bytes} \"-\" \"{agent}\" ")?;
        write!(text, "{seconds}.{rest:06}")
    }

    fn write_csv(&self, text: &mut Vec<u8>) -> io::Result<()> {
        let Self { number, method, path, status, micros, bytes, host, port, id, agent } = self;
        let (millis, rest) = (micros / 1_000, micros % 1_000);
        let ts = FIRST_MS + number;
        write!(text, "{ts},web-{},10.0.0.{host},{port},HTTP/1.1,{method},{path},", host % 8)?;
        write!(text, "page={},{status},{},{bytes},{millis}.{rest:03},", host % 50, port % 1_000)?;
        write!(text, "{},{},{id:016x},", millis / 2, if id % 4 == 0 { "hit" } else { "miss" })?;
        match id % 8 {
            0 => write!(text, "\"{agent}, \"\"mobile\"\"\""),
            _ => write!(text, "{agent}"),
        }
    }
}
