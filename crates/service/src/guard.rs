//! Which requests are answered: those of this origin, and of the hosts that the page is for.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, HOST, HeaderName, HeaderValue, ORIGIN, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::hosts::Hosts;
use crate::live::Live;

/// Returns why a request is refused.
///
/// A browser names the origin of a page that sends a request from a script or a form. Another page
/// than ours has no business here, and no header allows it to read an answer.
fn refusal(uri: &Uri, headers: &HeaderMap, hosts: &Hosts) -> Option<(StatusCode, &'static str)> {
    // HTTP/2 has the host in the address.
    let named = headers.get(HOST).map(|host| host.to_str().unwrap_or_default());
    let host = named.or_else(|| Some(uri.authority()?.as_str())).unwrap_or_default();
    if !hosts.allow(host) {
        return Some((StatusCode::MISDIRECTED_REQUEST, "this host is not served here\n"));
    }
    let origin = headers.get(ORIGIN)?.to_str().unwrap_or_default();
    let is_same = origin.split_once("://").is_some_and(|(_, of)| of.eq_ignore_ascii_case(host));
    (!is_same).then_some((StatusCode::FORBIDDEN, "requests from other origins are refused\n"))
}

/// Returns whether a request shows the token, or asks only whether the server is there.
#[cfg(feature = "server")]
fn is_trusted(request: &Request, live: &Live) -> bool {
    let Some(token) = &live.settings().token else { return true };
    matches!(request.uri().path(), "/healthz" | "/readyz") || token.is_shown(request.headers())
}

#[cfg(not(feature = "server"))]
fn is_trusted(_: &Request, _: &Live) -> bool {
    true
}

/// Refuses requests, and sets the headers that all answers have.
pub(crate) async fn check(State(live): State<Arc<Live>>, request: Request, next: Next) -> Response {
    let mut response = match refusal(request.uri(), request.headers(), &live.settings().hosts) {
        Some(refusal) => refusal.into_response(),
        None if !is_trusted(&request, &live) => {
            let challenge = [(WWW_AUTHENTICATE, "Bearer")];
            (StatusCode::UNAUTHORIZED, challenge, "the token is missing or wrong\n").into_response()
        }
        None => next.run(request).await,
    };
    for (name, value) in [
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(host: &str, origin: Option<&str>, expected: Option<StatusCode>) {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().unwrap());
        }
        let hosts = ["LocalHost", "127.0.0.1:80", "[::1]"].map(str::to_owned);
        let hosts = Hosts::only(hosts.into_iter());
        let found = refusal(&Uri::from_static("/"), &headers, &hosts);
        assert_eq!(found.map(|(status, _)| status), expected, "{host}, {origin:?}");
    }

    #[test]
    fn hosts_that_are_not_listed_are_refused() {
        for host in ["localhost", "LOCALHOST:3000", "127.0.0.1:80", "[::1]", "[::1]:80"] {
            check(host, None, None);
        }
        for host in ["localhost.evil.example", "127.0.0.1", "127.0.0.1:81", "", ":80", "::1"] {
            check(host, None, Some(StatusCode::MISDIRECTED_REQUEST));
        }
    }

    #[test]
    fn other_origins_are_refused() {
        check("localhost:80", Some("http://localhost:80"), None);
        check("localhost:80", Some("https://LOCALHOST:80"), None);
        for origin in ["http://localhost:81", "http://localhost", "null", "", "localhost:80"] {
            check("localhost:80", Some(origin), Some(StatusCode::FORBIDDEN));
        }
    }
}
