//! Lines with an action and a time in the middle of much that is ignored.

use std::io::{self, Write};

use workload::Random;

use super::form::Form;

const CYRILLIC: [&str; 12] = [
    "запрос",
    "обработан",
    "соединение",
    "закрыто",
    "пользователь",
    "не",
    "найден",
    "повторная",
    "попытка",
    "через",
    "сервер",
    "ответил",
];
const CHINESE: [&str; 12] = [
    "请求",
    "处理完成",
    "连接",
    "已关闭",
    "用户",
    "未找到",
    "重试",
    "服务器",
    "返回错误",
    "队列",
    "超时",
    "数据库",
];
const ENGLISH: [&str; 12] = [
    "request",
    "handled",
    "connection",
    "closed",
    "user",
    "not",
    "found",
    "retrying",
    "after",
    "seconds",
    "server",
    "responded",
];
const CLASSES: [&str; 4] = ["Cart", "OrderService", "PaymentGateway", "ConnectionPool"];
const PATHS: [&str; 4] = ["/cart", "/checkout", "/api/v1/orders", "/api/v1/users/settings"];

/// The values of a line that are read.
pub(super) struct Fields<'a> {
    pub(super) name: &'a str,
    pub(super) thousandths: u64,
}

/// Writes a line, and returns its time.
pub(super) fn write(
    form: Form,
    fields: &Fields<'_>,
    number: u64,
    random: &mut Random,
    text: &mut Vec<u8>,
) -> Option<f64> {
    let written = match form {
        Form::ServiceLog => service_log(fields, number, random, text),
        Form::ShortKeys => short_keys(fields, random, text),
        Form::NumberArrays => number_arrays(fields, random, text),
        _ => {
            let message = message(form, random);
            let second = number % 60;
            write!(text, r#"{{"level":"error","at":"2026-01-01T00:00:{second:02}Z","#)
                .and_then(|()| write!(text, r#""message":"{message}","#))
                .and_then(|()| fields.write(text))
                .and_then(|()| write!(text, r#","service":"shop","attempt":{}}}"#, second % 3))
        }
    };
    written.expect("a vector accepts every write");
    Some(fields.thousandths as f64 / 1_000.0)
}

impl Fields<'_> {
    fn write(&self, text: &mut Vec<u8>) -> io::Result<()> {
        let Self { name, thousandths } = self;
        let (whole, rest) = (thousandths / 1_000, thousandths % 1_000);
        write!(text, r#""action":"{name}","time":{whole}.{rest:03}"#)
    }
}

fn service_log(
    fields: &Fields<'_>,
    number: u64,
    random: &mut Random,
    text: &mut Vec<u8>,
) -> io::Result<()> {
    let (second, host, path) = (number % 60, random.below(250), pick(&PATHS, random));
    write!(text, r#"{{"timestamp":"2026-01-01T00:00:{second:02}.{:03}Z","#, number % 1_000)?;
    write!(text, r#""level":"info","service":"shop","message":"completed","#)?;
    write!(text, r#""host":{{"name":"web-{}","ip":"10.0.0.{host}"}},"#, host % 8)?;
    fields.write(text)?;
    write!(text, r#","request":{{"method":"POST","path":"{path}","query":{{"page":{host}}},"#)?;
    write!(text, r#""headers":{{"accept":["application/json","text/html"]}}}},"#)?;
    write!(
        text,
        r#""response":{{"status":200,"bytes":{},"cached":false}},"#,
        random.below(99_999)
    )?;
    write!(text, r#""trace_id":"{:016x}{:016x}","#, random.next(), random.next())?;
    write!(text, r#""user":null,"tags":["prod","eu-1"]}}"#)
}

/// Writes thirty members with keys of one or two letters, but for the fields.
fn short_keys(fields: &Fields<'_>, random: &mut Random, text: &mut Vec<u8>) -> io::Result<()> {
    text.push(b'{');
    for (key, at) in (b'a'..=b'z').chain(b'A'..=b'B').zip(0..) {
        let key = char::from(key);
        match at % 4 {
            0 => write!(text, r#""{key}":{},"#, random.below(1_000))?,
            1 => write!(text, r#""{key}{key}":"{}","#, pick(&ENGLISH, random))?,
            2 => write!(text, r#""{key}":{},"#, at % 8 == 2)?,
            _ => write!(text, r#""{key}{key}":null,"#)?,
        }
        if at == 13 {
            fields.write(text)?;
            text.push(b',');
        }
    }
    text.pop();
    text.push(b'}');
    Ok(())
}

fn number_arrays(fields: &Fields<'_>, random: &mut Random, text: &mut Vec<u8>) -> io::Result<()> {
    write!(text, r#"{{"counts":["#)?;
    for _ in 0..30 {
        write!(text, "{},", random.below(10_000))?;
    }
    text.pop();
    text.extend_from_slice(b"],");
    fields.write(text)?;
    text.extend_from_slice(br#","samples":["#);
    for _ in 0..30 {
        let (sign, value) = (pick(&["", "-"], random), random.below(1_000_000));
        write!(text, "{sign}{}.{:03},", value / 1_000, value % 1_000)?;
    }
    text.pop();
    text.extend_from_slice(b"]}");
    Ok(())
}

/// Returns the contents of a string of JSON.
fn message(form: Form, random: &mut Random) -> String {
    match form {
        Form::Cyrillic => words(&CYRILLIC, " ", 400, random),
        Form::Chinese => words(&CHINESE, "", 400, random),
        Form::JsonText => {
            let item = |random: &mut Random| {
                let (id, count) = (random.below(100_000), random.below(9));
                format!(
                    r#"{{\"id\":{id},\"count\":{count},\"note\":\"{}\"}}"#,
                    pick(&ENGLISH, random)
                )
            };
            let items: Vec<_> = (0..8).map(|_| item(random)).collect();
            format!(r#"{{\"order\":{{\"items\":[{}]}}}}"#, items.join(","))
        }
        Form::StackTrace => {
            let start = "java.lang.IllegalStateException: no connection".to_owned();
            (0..12).fold(start, |trace, _| {
                let (class, line) = (pick(&CLASSES, random), random.below(900));
                trace + &format!(r"\n\tat com.example.shop.{class}.call({class}.java:{line})")
            })
        }
        _ => words(&ENGLISH, " ", 2_048, random),
    }
}

/// Joins random words to a text of about `bytes` bytes.
fn words(all: &[&str], separator: &str, bytes: usize, random: &mut Random) -> String {
    let mut text = String::new();
    while text.len() < bytes {
        text += pick(all, random);
        text += separator;
    }
    text.truncate(text.len() - separator.len());
    text
}

fn pick<'a>(all: &[&'a str], random: &mut Random) -> &'a str {
    all[random.below(all.len() as u64) as usize]
}
