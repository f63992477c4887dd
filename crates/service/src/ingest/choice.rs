//! The form of a body, by what the request says and by its first bytes.

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use facade::Stamp;
use facade::codec::{CsvOptions, DecodeOptions, Delimiter, Detected, Form, Input, detect};

use super::refusal::Refusal;

/// How much of a body decides its form.
const HEAD_BYTES: usize = 64 << 10;

/// The form of records that a content type names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BodyForm {
    /// Any: the first bytes decide.
    Auto,
    /// Objects, on a line each or in any layout, also in an array.
    Json,
    /// Pairs `key=value` on each line.
    Logfmt,
    /// Comma-separated values with a header.
    Csv,
    /// Tab-separated values with a header.
    Tsv,
}

/// What is known of a body before its records are read.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct BodyHead<'r> {
    /// The form that the content type names.
    pub form: BodyForm,
    /// The query of the address, as it was sent.
    pub query: &'r str,
    /// The first bytes of the decompressed body, up to 64 KiB.
    pub bytes: &'r [u8],
    /// Whether these bytes are the whole body.
    pub is_whole: bool,
    /// When the body came. Times before now, such as an hour ago, count from here, so that a body
    /// that is read once more after a crash has the same records.
    pub at: Stamp,
}

impl<'r> BodyHead<'r> {
    /// Creates the head of a request, to test a function that chooses options.
    #[must_use]
    pub fn new(form: BodyForm, query: &'r str, body: &'r [u8], at: Stamp) -> Self {
        let bytes = &body[..body.len().min(HEAD_BYTES)];
        Self { form, query, bytes, is_whole: bytes.len() == body.len(), at }
    }
}

/// Returns the form that the content type names.
pub(super) fn form(headers: &HeaderMap) -> Result<BodyForm, Refusal> {
    let Some(value) = headers.get(CONTENT_TYPE) else { return Ok(BodyForm::Auto) };
    let text = String::from_utf8_lossy(value.as_bytes());
    let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    Ok(match &*essence {
        // The last is the default of curl.
        "" | "text/plain" | "application/octet-stream" | "application/x-www-form-urlencoded" => {
            BodyForm::Auto
        }
        "application/json"
        | "application/x-ndjson"
        | "application/ndjson"
        | "application/jsonl"
        | "application/x-jsonlines"
        | "application/json-seq" => BodyForm::Json,
        "application/logfmt" | "text/logfmt" => BodyForm::Logfmt,
        "text/csv" => BodyForm::Csv,
        "text/tab-separated-values" => BodyForm::Tsv,
        _ => {
            let found = essence.chars().take(100).collect();
            return Err(Refusal::ContentType { found });
        }
    })
}

/// Chooses the form for the default fields. No parameter is known.
pub(super) fn default_options(head: &BodyHead<'_>) -> Result<DecodeOptions, String> {
    if let Some((name, _)) = form_urlencoded::parse(head.query.as_bytes()).next() {
        let name: String = name.chars().take(100).collect();
        return Err(format!("parameter `{name}` is unknown, expected none"));
    }
    let detected = detect(head.bytes, head.is_whole);
    if let Detected::Unsupported(format) = detected {
        return Err(format!("body is {}, expected text in UTF-8", format.name));
    }
    let csv = |delimiter| Form::Csv(CsvOptions { delimiter, columns: Default::default() });
    let form = match (head.form, detected) {
        (BodyForm::Json, Detected::Form(Form::JsonStream)) => Form::JsonStream,
        (BodyForm::Json, _) => Form::Json,
        (BodyForm::Logfmt, _) => Form::Logfmt,
        (BodyForm::Csv, Detected::Form(form @ Form::Csv(_))) => form,
        (BodyForm::Csv, _) => csv(Delimiter::COMMA),
        (BodyForm::Tsv, _) => csv(Delimiter::TAB),
        (BodyForm::Auto, Detected::Form(form)) => form,
        (BodyForm::Auto, _) => {
            return Err("body is neither JSON, logfmt nor CSV, name its content type".to_owned());
        }
    };
    Ok(DecodeOptions { input: Input { form, ..Input::default() }, ..DecodeOptions::default() })
}
