//! A shop with customers of its own, and the page that shows its requests.
//!
//! `cargo run --package service --example page`, then open <http://127.0.0.1:3000/windrow>

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Path;
use axum::http::{Request, StatusCode};
use axum::routing::{get, post};
use axum::{Router, response::IntoResponse};
use facade::Windrow;
use service::{Page, RequestLayer};
use tokio::time::{sleep, timeout};
use tower::ServiceExt as _;

/// Takes a time of which most are short and a few are long.
async fn work(usual_ms: f64) {
    let factor = (-fastrand::f64().max(1e-6).ln()).powi(2) + 0.3;
    sleep(Duration::from_secs_f64(usual_ms * factor / 1_000.0)).await;
}

async fn product(Path(id): Path<u32>) -> impl IntoResponse {
    work(4.0).await;
    if id > 90 {
        (StatusCode::NOT_FOUND, "no such product\n")
    } else {
        (StatusCode::OK, "a product\n")
    }
}

async fn checkout() -> impl IntoResponse {
    work(35.0).await;
    if fastrand::u8(..100) < 3 { StatusCode::BAD_GATEWAY } else { StatusCode::CREATED }
}

fn shop(requests: &RequestLayer) -> Router {
    Router::new()
        .route("/", get(|| async { work(1.0).await }))
        .route("/products/{id}", get(product))
        .route("/search", get(|| async { work(12.0).await }))
        .route("/cart", post(|| async { work(6.0).await }))
        .route("/checkout", post(checkout))
        .layer(requests.clone())
}

/// Sends requests for ever, some of which it gives up.
async fn customers(shop: Router) {
    const REQUESTS: [(&str, &str, u32); 6] = [
        ("GET", "/", 40),
        ("GET", "/products/{id}", 30),
        ("GET", "/search", 15),
        ("POST", "/cart", 8),
        ("POST", "/checkout", 4),
        ("GET", "/favicon.ico", 3),
    ];
    loop {
        let mut chosen = fastrand::u32(..100);
        for (method, path, share) in REQUESTS {
            if chosen < share {
                let path = path.replace("{id}", &fastrand::u32(..100).to_string());
                let request = Request::builder().method(method).uri(path).body(Body::empty());
                let request = request.expect("method and path are valid");
                let shop = shop.clone();
                tokio::spawn(timeout(Duration::from_millis(250), async {
                    let response = shop.oneshot(request).await?;
                    let _ = axum::body::to_bytes(response.into_body(), 10_000).await;
                    Ok::<(), std::convert::Infallible>(())
                }));
                break;
            }
            chosen -= share;
        }
        work(15.0).await;
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3000".to_owned());
    let requests = RequestLayer::new(&Windrow::default());
    let shop = shop(&requests);
    let page = Page::new().title("shop").source("", &requests).hosts(["127.0.0.1", "localhost"]);
    let app = shop.clone().nest("/windrow", page.router());

    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("open http://{}/windrow", listener.local_addr()?);
    tokio::spawn(customers(shop));
    axum::serve(listener, app).await?;
    Ok(())
}
