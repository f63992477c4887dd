//! The page in a real browser, which asks a real server.

#[expect(dead_code, reason = "of the reports of the program, which need no server")]
#[path = "../../../../xtask/src/e2e/browser.rs"]
mod browser;
#[path = "../../../exposition/tests/prometheus/program.rs"]
mod program;
mod server;
mod view;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::json;

use server::Server;
use view::{NARROW, View, WIDE};

/// A server with requests of three routes and a job.
fn shop() -> Server {
    let server = Server::start();
    server.requests("GET /", "2xx", 2, 60);
    server.requests("GET /slow", "2xx", 900, 8);
    server.requests("GET /slow", "5xx", 1_000, 1);
    server.requests("GET /slow", "cancelled", 3_000, 1);
    server.requests("POST /cart", "2xx", 30, 20);
    server.record("resize", 45, 4);
    server
}

#[test]
fn rows_sort_filter_and_pause() {
    let server = shop();
    let Some(mut view) = View::open(&server, &WIDE, "light") else { return };
    view.wait("$('#status').innerText === 'live' && rows().length === 4");
    assert_eq!(view.evaluate("rows()"), json!(["GET /", "POST /cart", "GET /slow", "resize"]));
    let cells = view.evaluate(
        "['p50', 'p99', 'max', 'errors', 'cancelled'].map((id) => cell('GET /slow', id))",
    );
    assert_eq!(cells, json!(["900 ms", "3 s", "3 s", "10 %", "10 %"]));
    let none = view.evaluate("[cell('GET /', 'errors'), cell('resize', 'errors')]");
    assert_eq!(none, json!(["0", "\u{2013}"]));

    // By the 99th percentile, the highest first, then the other way round, then by name.
    let sorted = "$('thead [aria-sort]').innerText + $('thead [aria-sort]').ariaSort";
    view.evaluate("$('th.p99 button').click()");
    assert_eq!(view.evaluate("rows()"), json!(["GET /slow", "resize", "POST /cart", "GET /"]));
    assert_eq!(view.evaluate(sorted), "p99descending");
    view.evaluate("$('th.p99 button').click()");
    assert_eq!(view.evaluate("rows()"), json!(["GET /", "POST /cart", "resize", "GET /slow"]));
    assert_eq!(view.evaluate(sorted), "p99ascending");
    view.evaluate("$('thead th.action button').focus()");
    view.browser.press("Enter").unwrap();
    view.wait("$('thead [aria-sort]').innerText === 'Action'");
    assert_eq!(view.evaluate("rows()"), json!(["GET /", "GET /slow", "POST /cart", "resize"]));

    let filter = "($('#filter').value = 'get', $('#filter').dispatchEvent(new Event('input')))";
    view.evaluate(filter);
    assert_eq!(view.evaluate("rows()"), json!(["GET /", "GET /slow"]));
    view.evaluate(&filter.replace("'get'", "'nothing'"));
    let text = view.evaluate("$('#rows').innerText");
    assert_eq!(text, "No action has a name like that.");
    view.evaluate(&filter.replace("'get'", "''"));

    view.evaluate("$('#pause').click()");
    assert_eq!(view.evaluate("$('#pause').ariaPressed + $('#status').innerText"), "truepaused");
    server.record("while paused", 5, 1);
    // Two frames come meanwhile, which the page reads.
    view.evaluate(
        "new Promise((done) => { let frames = 0; \
         const events = new EventSource('/windrow/v1/live'); \
         events.onmessage = () => { if (++frames === 3) { events.close(); done(1); } }; })",
    );
    assert_eq!(view.evaluate("rows().includes('while paused')"), false);
    view.evaluate("$('#pause').click()");
    view.wait("rows().includes('while paused')");
    // A reload has the same order.
    view.browser.open(&server.page(), &WIDE, "light").unwrap();
    assert_eq!(view.browser.errors(), Vec::<String>::new());
}

#[test]
fn course_of_the_chosen_action_has_values() {
    let server = shop();
    let Some(mut view) = View::open(&server, &WIDE, "light") else { return };
    // The action with the most records is chosen at first.
    view.wait(
        "$('#chosen-name').innerText === 'GET /' && $('#chart .curve.p99').getAttribute('d')",
    );
    view.evaluate("line('GET /slow').querySelector('button').click()");
    view.wait("$('#readout').innerText.includes('p99 3 s')");
    let outcomes = "[...document.querySelectorAll('#outcomes li')].map((it) => it.innerText)";
    assert_eq!(view.evaluate(outcomes), json!(["2xx: 8", "5xx: 1", "cancelled: 1"]));
    let texts =
        view.evaluate("[...document.querySelectorAll('#chart text')].map((it) => it.innerHTML)");
    assert_eq!(texts[2], "4 s", "the axis has units: {texts}");
    // The arrow keys move along the course: the first interval has no records.
    view.evaluate("$('#chart').focus()");
    view.browser.press("Home").unwrap();
    view.wait("$('#readout').innerText.endsWith(': 0 records, p50 \u{2013}, p99 \u{2013}')");
    // One minute is checked; another window asks for frames of it.
    assert_eq!(view.evaluate("$('#windows :checked').parentElement.innerText"), "1 min");
    view.evaluate("$('#windows input').click()");
    view.wait("$('#windows :checked').parentElement.innerText === '10 s'");
    view.wait("location.hash.includes('window=10')");
}

/// Ends the sending, also if the test fails.
struct Stops<'s>(&'s AtomicBool);

impl Drop for Stops<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn page_stays_live_while_actions_arrive() {
    let server = Server::start();
    let Some(mut view) = View::open(&server, &WIDE, "light") else { return };
    let line = |it| format!("{{\"action\":\"action {}\",\"time\":{it}}}\n", it % 100);
    let lines: String = (0..2_000).map(line).collect();
    let stop = AtomicBool::new(false);
    let sent = thread::scope(|scope| {
        let sender = scope.spawn(|| server.send(&lines, &stop));
        let stops = Stops(&stop);
        view.wait("$('#status').innerText === 'live' && rows().length === 100");
        // Frames go on, and the page reads them.
        view.evaluate(
            "new Promise((done) => { let frames = 0; \
             const events = new EventSource('/windrow/v1/live'); \
             events.onmessage = () => { if (++frames === 3) { events.close(); done(1); } }; })",
        );
        assert_eq!(view.evaluate("$('#status').innerText"), "live");
        drop(stops);
        sender.join().unwrap()
    });
    assert!(sent >= 2_000);
    assert_eq!(server.windrow.stats().iter().map(|row| row.count()).sum::<u64>(), sent);
    assert_eq!(view.browser.errors(), Vec::<String>::new());
}

#[test]
fn page_outlives_a_restart_of_the_server() {
    let mut server = shop();
    let Some(mut view) = View::open(&server, &WIDE, "light") else { return };
    view.wait("rows().length === 4");
    server.record("new action", 7, 2);
    view.wait("rows().includes('new action')");
    server.stop();
    view.wait("/^disconnected since [0-9:]{8}$/.test($('#status').innerText)");
    assert_eq!(view.evaluate("rows().length"), 5);
    server.restart();
    server.record("after the restart", 7, 2);
    view.wait("$('#status').innerText === 'live' && rows().includes('after the restart')");
    // What the new server does not know stays, idle.
    assert_eq!(view.evaluate("line('resize').className + cell('resize', 'rate')"), "idle0");
    assert_eq!(view.evaluate("rows().length"), 6);
}

#[test]
fn names_are_text() {
    let server = Server::start();
    let hostile = [
        "<script>document.title = 'owned'</script>",
        "\"><img src=x onerror=\"document.title='owned'\">",
        "</title></style></script><h1>owned",
        "&lt;b&gt;{{7*7}}",
    ];
    for name in hostile {
        server.record(name, 3, 1);
    }
    let Some(mut view) = View::open(&server, &WIDE, "light") else { return };
    view.wait("rows().length === 4");
    let mut expected = hostile.map(str::to_owned);
    expected.sort();
    assert_eq!(view.evaluate("rows().sort()"), json!(expected));
    view.evaluate("lines()[1].querySelector('button').click()");
    view.wait("hostile = $('#chosen-name').innerText, hostile === rows()[1]");
    assert_eq!(view.evaluate("document.images.length + document.scripts.length"), 1);
    assert_eq!(view.evaluate("document.querySelectorAll('h1').length"), 1);
    assert_eq!(view.faults(), Vec::<String>::new());
}

#[test]
fn page_fits_every_screen() {
    let server = shop();
    let long = format!("GET /{}", "a-long-segment/".repeat(15));
    server.requests(&long, "2xx", 12, 3);
    server.requests(&format!("GET /{}", "x".repeat(230)), "2xx", 12, 3);
    let Some(mut view) = View::open(&server, &WIDE, "light") else { return };
    let own = server.page();
    for window in [&WIDE, &NARROW] {
        for scheme in ["light", "dark"] {
            view.browser.open(&server.page(), window, scheme).unwrap();
            view.wait("rows().length === 6 && $('#chart .curve.p99')?.getAttribute('d')");
            let at = format!("{}, {scheme}", window.name);
            assert_eq!(view.faults(), Vec::<String>::new(), "{at}");
            let others = view.browser.requests();
            let others: Vec<_> = others.iter().filter(|it| !it.starts_with(&own)).collect();
            assert!(others.iter().all(|it| it.starts_with("data:")), "{at}: {others:?}");
            let roles = view.browser.roles().unwrap();
            let number = |role: &str| roles.iter().filter(|it| *it == role).count();
            assert_eq!((number("rowheader"), number("table")), (6, 1), "{at}");
            let dark = view
                .evaluate("getComputedStyle(document.body).backgroundColor === 'rgb(20, 22, 26)'");
            assert_eq!(dark, scheme == "dark", "{at}");
        }
    }
}
