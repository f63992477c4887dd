//! The choice of a format by the header `Accept`.

use exposition::Format;
use exposition::Format::{OpenMetrics, Protobuf, Text};

const PROTOBUF: &str = "application/vnd.google.protobuf;\
    proto=io.prometheus.client.MetricFamily;encoding=delimited";

#[track_caller]
fn check(accept: &str, expected: Format) {
    assert_eq!(Format::negotiated(accept), expected, "{accept}");
}

#[test]
fn prometheus_gets_what_it_prefers() {
    let text = "application/openmetrics-text;version=1.0.0,\
        application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
    check(text, OpenMetrics);
    check(
        &format!("{PROTOBUF},application/openmetrics-text;version=1.0.0;q=0.8,*/*;q=0.1"),
        Protobuf,
    );
    check(
        &format!(
            "{PROTOBUF};q=0.3,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5"
        ),
        OpenMetrics,
    );
}

#[test]
fn browsers_and_tools_get_text() {
    check("", Text);
    check("*/*", Text);
    check("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Text);
    check("application/json", Text);
}

#[test]
fn other_versions_and_encodings_are_passed_over() {
    check("application/openmetrics-text;version=0.0.1,text/plain;q=0.1", Text);
    check("application/openmetrics-text; version=2.0.0", Text);
    check("application/openmetrics-text", OpenMetrics);
    check("application/vnd.google.protobuf;proto=other;encoding=delimited", Text);
    let text = "application/vnd.google.protobuf;\
        proto=io.prometheus.client.MetricFamily;encoding=text";
    check(text, Text);
}

#[test]
fn weights_decide_and_zero_refuses() {
    check("text/plain;q=0.4,application/openmetrics-text;q=0.5", OpenMetrics);
    check("text/plain;q=0.5,application/openmetrics-text;q=0.5", Text);
    check("application/openmetrics-text;q=0,text/plain;q=0.001", Text);
    check(&format!("{PROTOBUF};q=0"), Text);
    for invalid in ["q=2", "q=-1", "q=NaN", "q=", "q=x"] {
        check(&format!("application/openmetrics-text;{invalid}"), Text);
    }
}

#[test]
fn spelling_does_not_matter() {
    check(" Application/OpenMetrics-Text ; Version=\"1.0.0\" ; Q=1.0 ", OpenMetrics);
    check(";,;=,,=;q", Text);
}

#[test]
fn content_type_is_chosen_by_itself() {
    for format in Format::ALL {
        check(format.content_type(), format);
    }
}
