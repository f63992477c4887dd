//! The page itself, and who may read it.

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use facade::Windrow;
use service::Page;
use sha2::{Digest as _, Sha256};

use crate::server::Server;

#[tokio::test]
async fn page_allows_only_its_own_style_and_script() {
    let server = Server::with_page(&Windrow::default()).await;
    let response = server.begin("/windrow", &[]).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.header("content-type"), Some("text/html; charset=utf-8"));
    let policy = response.header("content-security-policy").unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert!(policy.contains("connect-src 'self';"), "{policy}");
    let page = response.body().await;
    for (tag, directive) in [("style", "style-src"), ("script", "script-src")] {
        let (_, rest) = page.split_once(&format!("<{tag}>")).unwrap();
        let (text, _) = rest.split_once(&format!("</{tag}>")).unwrap();
        let hash = BASE64_STANDARD.encode(Sha256::digest(text));
        // Heads are in lower case here.
        let expected = format!("{directive} 'sha256-{}';", hash.to_ascii_lowercase());
        assert!(policy.contains(&expected), "{directive} must have 'sha256-{hash}'");
    }
}

#[tokio::test]
async fn page_names_no_other_server() {
    let server = Server::with_page(&Windrow::default()).await;
    let (_, page) = server.get("/windrow").await;
    let others: Vec<_> = page.match_indices("//").map(|(at, _)| &page[at - 6..at + 20]).collect();
    let is_known = |text: &&&str| text.contains("www.w3.org/2000/") || text.contains("// ");
    let unknown: Vec<_> = others.iter().filter(|text| !is_known(text)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[tokio::test]
async fn requests_of_other_origins_are_refused() {
    let server = Server::with_page(&Windrow::default()).await;
    let own = format!("http://{}", server.host());
    for path in ["", "/v1/live", "/v1/stats", "/v1/series?action=a", "/metrics", "/healthz"] {
        let path = format!("/windrow{path}");
        for origin in ["http://evil.example", "null", "http://127.0.0.1"] {
            let response = server.begin(&path, &[("origin", origin)]).await;
            assert_eq!(response.status(), 403, "{path} {origin}");
            assert_eq!(response.header("access-control-allow-origin"), None);
        }
        let response = server.begin(&path, &[("origin", &own)]).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.header("access-control-allow-origin"), None);
        assert_eq!(response.header("cross-origin-resource-policy"), Some("same-origin"));
    }
}

#[tokio::test]
async fn other_hosts_are_refused_where_hosts_are_set() {
    let page = Page::new().source("", &Windrow::default()).hosts(["localhost"]);
    let server = Server::start(Router::new().nest("/windrow", page.router())).await;
    let status = async |host| server.begin("/windrow", &[("host", host)]).await.status();
    assert_eq!(status("localhost:3000").await, 200);
    assert_eq!(status("rebound.example:3000").await, 421);
    assert_eq!(server.begin("/windrow", &[]).await.status(), 421, "127.0.0.1 is not listed");
    let any = Server::with_page(&Windrow::default()).await;
    assert_eq!(any.begin("/windrow", &[("host", "shop.example")]).await.status(), 200);
}

#[tokio::test]
async fn health_is_answered_and_other_paths_are_left_to_the_server() {
    let app = Router::new()
        .nest("/windrow", service::router(&Windrow::default()))
        .fallback(|| async { "of the server" });
    let server = Server::start(app).await;
    assert_eq!(server.get("/windrow/healthz").await, (200, "ok\n".to_owned()));
    assert_eq!(server.get("/windrow/other").await, (200, "of the server".to_owned()));
}

#[tokio::test]
async fn path_with_a_slash_leads_to_the_page_where_it_is_routed() {
    let app = Router::new()
        .nest("/windrow", service::router(&Windrow::default()))
        .route("/windrow/", get(|| async { Redirect::permanent("/windrow") }));
    let server = Server::start(app).await;
    let response = server.begin("/windrow/", &[]).await;
    assert_eq!((response.status(), response.header("location")), (308, Some("/windrow")));
    assert_eq!(server.get("/windrow").await.0, 200);
}
