//! Short lines: an action and a time, and little else.

use std::io::Write as _;

use workload::Random;

use super::form::Form;

/// Writes a line of JSON, and returns its time if it is a valid action.
pub(super) fn write_short(
    form: Form,
    name: &str,
    time: u64,
    random: &mut Random,
    text: &mut Vec<u8>,
) -> Option<f64> {
    let whole = Some(time as f64);
    let (written, time) = match form {
        Form::Common => (write!(text, r#"{{"action":"{name}", "time":{time}}}"#), whole),
        Form::Spaced => (write!(text, r#"{{"action": "{name}", "time": {time}}}"#), whole),
        Form::Reordered => (write!(text, r#"{{"time":{time},"action":"{name}"}}"#), whole),
        Form::Mixed => {
            let form = match random.below(4) {
                0 => Form::Canonical,
                1 => Form::Spaced,
                2 => Form::Reordered,
                _ => {
                    let time = time as f64 + random.below(1_000) as f64 / 1_000.0;
                    let _ = write!(text, r#"{{"action":"{name}","time":{time}}}"#);
                    return Some(time);
                }
            };
            return write_short(form, name, time, random, text);
        }
        Form::Floats => {
            let time = random.below(1 << 53) as f64 / (1_u64 << 53) as f64 * 5_000.0;
            (write!(text, r#"{{"action":"{name}","time":{time}}}"#), Some(time))
        }
        Form::Escapes => {
            let (first, rest) = name.split_at(1);
            let code = u32::from(first.as_bytes()[0]);
            (write!(text, r#"{{"action":"\u{code:04x}{rest}","time":{time}}}"#), whole)
        }
        Form::ExtraKeys => {
            let (id, host) = (random.below(1_000_000), random.below(10));
            let start = format!(r#""id":{id},"action":"{name}","user":"u{id}","ok":true"#);
            let end = format!(r#""host":"web-{host}.example","tags":["a","b"]"#);
            (write!(text, r#"{{{start},"time":{time},{end}}}"#), whole)
        }
        Form::Refused => (
            match random.below(4) {
                0 => write!(text, r#"{{"action":"{name}","time":"{time}"}}"#),
                1 => write!(text, r#"{{"action":"{name}","tame":{time}}}"#),
                2 => write!(text, r#"{{"action":"{name}","time":{time},}}"#),
                _ => write!(text, r#"{{"action":"{name}","time":{time}"#),
            },
            None,
        ),
        _ => (write!(text, r#"{{"action":"{name}","time":{time}}}"#), whole),
    };
    written.expect("a vector accepts every write");
    time
}

/// Writes a record whose time has one decimal, under one of several keys and forms of a value.
pub(super) fn write_tenths(form: Form, name: &str, tenths: u64, text: &mut Vec<u8>) -> Option<f64> {
    let (whole, tenth) = (tenths / 10, tenths % 10);
    let ([by, value], [before, after]) = match form {
        Form::Renamed => (["method", "took"], ["", ""]),
        Form::Quoted => (["action", "time"], ["\"", "\""]),
        Form::Units => (["action", "time"], ["\"", "ms\""]),
        _ => (["action", "time"], ["", ""]),
    };
    let (start, middle, end) = match form {
        Form::Pretty => ("{\n  ", ",\n  ", "\n}"),
        _ => ("{", ", ", "}"),
    };
    let value = format_args!("\"{value}\":{before}{whole}.{tenth}{after}");
    write!(text, "{start}\"{by}\":\"{name}\"{middle}{value}{end}")
        .expect("a vector accepts every write");
    Some(tenths as f64 / 10.0)
}
