//! Services of tower without a server.

use std::cell::Cell;
use std::convert::Infallible;
use std::future::{Ready, pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use adapter_tower::{RequestLayer, RequestService};
use facade::time::ManualClock;
use facade::{Stamp, WhenFull, Windrow};
use http::{Extensions, Method, Request, Response};
use http_body::Body;
use http_body_util::{BodyExt as _, Empty, Full};
use tower::{Layer as _, Service, ServiceExt as _, service_fn};

type Reply = Result<Response<Full<&'static [u8]>>, &'static str>;

/// The pattern that a router has left with the request.
#[derive(Clone)]
struct Pattern(&'static str);

fn pattern(extensions: &Extensions) -> Option<&str> {
    extensions.get::<Pattern>().map(|pattern| pattern.0)
}

fn request(path: &'static str) -> Request<()> {
    let mut request = Request::new(());
    request.extensions_mut().insert(Pattern(path));
    request
}

fn counts(windrow: &Windrow) -> Vec<(String, u64)> {
    windrow.stats().iter().map(|row| (row.name().to_owned(), row.count())).collect()
}

/// Calls the service and reads the body to its end.
async fn serve<S>(service: &mut RequestService<S>, request: Request<()>)
where
    S: Service<Request<()>, Response = Response<Full<&'static [u8]>>, Error: std::fmt::Debug>,
{
    let response = service.ready().await.unwrap().call(request).await.unwrap();
    response.into_body().collect().await.unwrap();
}

fn hello(_: Request<()>) -> Ready<Reply> {
    ready(Ok(Response::new(Full::new(b"hello"))))
}

#[tokio::test]
async fn one_service_may_serve_several_routes() {
    let windrow = Windrow::default();
    let mut service = RequestLayer::new(&windrow).route_from(pattern).layer(service_fn(hello));
    for path in ["/a", "/b", "/a", "/b", "/c"] {
        serve(&mut service, request(path)).await;
    }
    serve(&mut service.clone(), request("/a")).await;
    serve(&mut service, Request::new(())).await;
    let expected = [("/a", 3), ("/b", 2), ("/c", 1)];
    let mut expected =
        expected.map(|(path, count)| (format!("GET {path}{{outcome=\"2xx\"}}"), count)).to_vec();
    expected.push((r#"unmatched{outcome="2xx"}"#.to_owned(), 1));
    assert_eq!(counts(&windrow), expected);
}

#[tokio::test]
async fn services_that_fail_are_errors() {
    let windrow = Windrow::default();
    let layer = RequestLayer::new(&windrow).route_from(pattern);
    let refuse = |_: Request<()>| ready(Reply::Err("away"));
    assert_eq!(layer.layer(service_fn(refuse)).oneshot(request("/")).await.unwrap_err(), "away");
    let panics = |_: Request<()>| async {
        if true { panic!("of a service") } else { hello(request("/")).await }
    };
    let mut future = pin!(layer.layer(service_fn(panics)).call(request("/")));
    // Who catches the panic drops the future later.
    let poll = || future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready();
    assert!(catch_unwind(AssertUnwindSafe(poll)).is_err());
    assert_eq!(layer.in_flight().current(), 1);
    future.set(layer.layer(service_fn(panics)).call(request("/never polled")));
    assert_eq!(counts(&windrow), [(r#"GET /{outcome="error"}"#.to_owned(), 2)]);
    assert_eq!(layer.in_flight().current(), 1);
}

#[tokio::test]
async fn time_between_is_measured_by_the_clock() {
    let (windrow, clock) = (Windrow::default(), ManualClock::new(Stamp::from_secs(1)));
    let layer = RequestLayer::with_clock(&windrow, clock.clone()).route_from(pattern);
    let mut never = layer.layer(service_fn(|_: Request<()>| pending::<Reply>()));
    let future = never.call(request("/"));
    clock.advance(Duration::from_micros(7));
    drop(future);
    let future = never.call(request("/"));
    clock.set(Stamp::UNIX_EPOCH);
    drop(future);
    let [row] = &windrow.stats()[..] else { panic!("one action") };
    assert_eq!((row.name(), row.count()), (r#"GET /{outcome="cancelled"}"#, 2));
    assert_eq!(row.mean(), 3_500.0, "7 us, and 0 where the clock stepped back");
}

#[tokio::test]
async fn full_tracker_refuses_or_folds() {
    let serve_three = async |when_full| {
        let windrow = Windrow::builder().actions(2, when_full).build().unwrap();
        let layer = RequestLayer::new(&windrow).route_from(pattern);
        let mut service = layer.layer(service_fn(hello));
        for path in ["/a", "/b", "/c", "/d", "/c"] {
            serve(&mut service, request(path)).await;
        }
        windrow
    };
    let refusing = serve_three(WhenFull::Refuse).await;
    assert_eq!(counts(&refusing).iter().map(|(_, count)| count).sum::<u64>(), 2);
    // Two handles, and the records after them.
    assert_eq!(refusing.actions().overflow().refused, 2 + 3);
    let folding = serve_three(WhenFull::Fold).await;
    assert_eq!(counts(&folding).iter().map(|(_, count)| count).sum::<u64>(), 5);
}

#[tokio::test]
async fn route_that_is_no_name_is_unmatched() {
    let windrow = Windrow::default();
    let layer = RequestLayer::new(&windrow).route_from(pattern);
    let long: &'static str = "/".repeat(300).leak();
    for path in [long, "/line\nfeed"] {
        serve(&mut layer.layer(service_fn(hello)), request(path)).await;
    }
    assert_eq!(counts(&windrow), [(r#"unmatched{outcome="2xx"}"#.to_owned(), 2)]);
}

#[tokio::test]
async fn responses_without_a_body_end_with_their_head() {
    for (method, status, outcome) in [
        ("HEAD", 200, "2xx"),
        ("GET", 204, "2xx"),
        ("GET", 304, "3xx"),
        ("CONNECT", 200, "2xx"),
        ("GET", 101, "1xx"),
    ] {
        let windrow = Windrow::default();
        let layer = RequestLayer::new(&windrow).route_from(pattern);
        let head = move |_: Request<()>| {
            let mut response = Response::new(Full::new(&b"not sent"[..]));
            *response.status_mut() = status.try_into().unwrap();
            ready(Reply::Ok(response))
        };
        let mut request = request("/");
        *request.method_mut() = Method::from_bytes(method.as_bytes()).unwrap();
        let response = layer.layer(service_fn(head)).oneshot(request).await.unwrap();
        drop(response);
        let name = format!("{method} /{{outcome=\"{outcome}\"}}");
        assert_eq!(counts(&windrow), [(name, 1)]);
    }
}

#[tokio::test]
async fn body_is_what_it_was() {
    let windrow = Windrow::default();
    let layer = RequestLayer::new(&windrow).route_from(pattern);
    let body = layer.layer(service_fn(hello)).oneshot(request("/")).await.unwrap().into_body();
    assert_eq!((body.size_hint().exact(), body.is_end_stream()), (Some(5), false));
    assert_eq!(body.collect().await.unwrap().to_bytes(), &b"hello"[..]);
    let empty = |_: Request<()>| ready(Ok::<_, Infallible>(Response::new(Empty::<&[u8]>::new())));
    let body = layer.layer(service_fn(empty)).oneshot(request("/")).await.unwrap().into_body();
    assert_eq!((body.size_hint().exact(), body.is_end_stream()), (Some(0), true));
    assert_eq!(counts(&windrow), [(r#"GET /{outcome="2xx"}"#.to_owned(), 2)]);
}

/// Allocations, counted in the thread.
#[test]
fn known_request_allocates_nothing() {
    // All times are of one bin and in one bucket, so that the statistic needs no more memory.
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let windrow = Windrow::builder().clock(clock.clone()).build().unwrap();
    let layer = RequestLayer::with_clock(&windrow, clock).route_from(pattern);
    let mut service = layer.layer(service_fn(hello));
    let requests = Cell::new((0..100).map(|_| request("/")).collect::<Vec<_>>());
    let mut serve_all = || {
        let waker = Context::from_waker(Waker::noop());
        let mut context = waker;
        for request in requests.take() {
            let Poll::Ready(Ok(response)) = pin!(service.call(request)).poll(&mut context) else {
                panic!("ready at once")
            };
            let mut body = pin!(response.into_body());
            while let Poll::Ready(Some(_)) = body.as_mut().poll_frame(&mut context) {}
        }
    };
    serve_all();
    requests.set((0..100).map(|_| request("/")).collect());
    let used = allocation_counter::measure(serve_all);
    assert_eq!(used.count_total, 0);
    assert_eq!(counts(&windrow)[0].1, 200);
}
