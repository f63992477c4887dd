//! Tokens.

use service::{Endpoint, Token, TokenError};

use crate::start;

const TOKEN: &str = "0123456789abcdef";

#[tokio::test]
async fn every_path_needs_the_token_but_those_of_probes() {
    let server = start(|page| page.token(Token::new(TOKEN).unwrap())).await;
    let right = format!("Bearer {TOKEN}");
    let wrong = [
        String::new(),
        TOKEN.to_owned(),
        right[..right.len() - 1].to_owned(),
        format!("{right}0"),
        right.replace("abcdef", "abcdeF"),
        format!("Basic {TOKEN}"),
    ];
    for path in ["/", "/metrics", "/v1/live", "/v1/stats", "/v1/series?action=a", "/v1/events"] {
        let response = server.client.begin(path, &[]).await;
        assert_eq!(response.status(), 401, "{path}");
        assert_eq!(response.header("www-authenticate"), Some("bearer"));
        for wrong in &wrong {
            let response = server.client.begin(path, &[("authorization", wrong)]).await;
            assert_eq!(response.status(), 401, "{path} {wrong}");
        }
        for right in [&right, &right.replace("Bearer", "bearer")] {
            let response = server.client.begin(path, &[("authorization", right)]).await;
            assert_eq!(response.status(), 200, "{path}");
        }
    }
    let body = br#"{"action":"a","time":1}"#;
    let response = server.client.send("POST", "/v1/actions", &[], body).await;
    assert_eq!(response.status(), 401);
    for path in ["/healthz", "/readyz"] {
        assert_eq!(server.client.get(path).await.0, 200, "{path}");
    }
}

#[test]
fn texts_that_cannot_be_a_token_are_refused() {
    let check = |text: &str, expected: Option<&str>| {
        let error = Token::new(text).err();
        assert_eq!(error.map(|error| error.to_string()).as_deref(), expected, "{text}");
    };
    check(TOKEN, None);
    check(&"x".repeat(4_096), None);
    check(&TOKEN[1..], Some("token has 15 bytes, expected 16 to 4096"));
    check(&"x".repeat(4_097), Some("token has 4097 bytes, expected 16 to 4096"));
    check("0123456789 abcdef", Some("token has white space or other than visible ASCII (byte 10)"));
    assert_eq!(Token::new("").unwrap_err(), TokenError::Length { len: 0 });
}

#[test]
fn endpoints_of_this_machine_are_known() {
    for text in ["127.0.0.1:80", "127.9.9.9:0", "[::1]:80", "[::ffff:127.0.0.1]:80", "unix:/a"] {
        let endpoint: Endpoint = text.parse().unwrap();
        assert!(endpoint.is_local(), "{text}");
        assert_eq!(endpoint.to_string(), text);
    }
    for text in ["0.0.0.0:80", "[::]:80", "192.168.0.1:80"] {
        assert!(!text.parse::<Endpoint>().unwrap().is_local(), "{text}");
    }
    for text in ["", "unix:", "127.0.0.1", "localhost:80", ":80", "127.0.0.1:99999"] {
        let error = text.parse::<Endpoint>().unwrap_err().to_string();
        let expected = "expected an address with a port, such as 127.0.0.1:8080, or unix:PATH";
        assert_eq!(error, expected, "{text}");
    }
}
