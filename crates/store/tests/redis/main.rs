//! Stores on real servers, which the tests start and end.

#[path = "../model/mod.rs"]
mod model;
#[path = "../../../exposition/tests/prometheus/program.rs"]
mod program;
mod server;

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use core_actions::{Count, Mean, Unit, WindowedTracker};
use core_time::{EventCounter, Instance};
use model::{Difference, History, Planted, run};
use nix::sys::signal::Signal;
use server::{SET, command, free_port, start};
use store::{
    Batch, Cell, Place, PublishError, Publisher, Reader, RedisStore, Store, StoreError, StoreSpec,
    StoreUrl,
};

const SECOND: Duration = Duration::from_secs(1);
const SPAN: Duration = Duration::from_secs(300);
const SHORT: History = History { seed: 0, steps: 60, is_wiped: true, goes_back: true };

/// Returns the histories to run: of a few seconds, or of minutes in the long checks.
fn histories() -> Vec<History> {
    if env::var_os("WINDROW_LONG_TESTS").is_none() {
        return vec![SHORT, History { is_wiped: false, ..SHORT }];
    }
    let long = |seed| History { seed, steps: 280, is_wiped: seed % 2 == 0, goes_back: true };
    (0..10).map(long).collect()
}

#[test]
fn all_records_are_found_whatever_happens_to_messages_and_to_the_server() {
    for history in histories() {
        let Some(mut server) = start(&[]) else { return };
        let difference = run(&mut server, history, Planted::None);
        assert_eq!(difference, Difference::default(), "{history:?}");
    }
}

#[test]
fn each_planted_fault_loses_records() {
    let cases = [
        (Planted::NoGuard, History { is_wiped: false, goes_back: false, ..SHORT }),
        (Planted::WipeUnseen, History { goes_back: false, ..SHORT }),
        (Planted::ReturnUnseen, History { is_wiped: false, ..SHORT }),
    ];
    for (planted, history) in cases {
        let Some(mut server) = start(&[]) else { return };
        let difference = run(&mut server, history, planted);
        assert!(difference.missing > 0, "{planted:?}: {difference:?}");
    }
}

#[test]
fn revisions_and_sequences_are_compared_as_numbers() {
    let Some(server) = start(&[]) else { return };
    let mut store = server.store();
    let writer = Instance::draw();
    let mut before = None;
    let order = [9, 10, 99, 100, 9_999_999_999, 10_000_000_000, u64::MAX - 1, u64::MAX];
    let mut write = |sequence, after, revision| {
        let place = Place { bucket: 3, chunk: 0 };
        let cell = Cell { place, revision, value: revision.to_string().into_bytes() };
        let (interval, cells) = (Some(SECOND), vec![&cell]);
        let batch = Batch { stripe: 3, writer, sequence, after, interval, keep: SPAN, cells };
        let reply = store.write(&[batch]).remove(0).unwrap();
        let value = store.read(&[(3, None)]).unwrap().buckets[0].cells[0].value.clone();
        (reply.sequence, reply.revisions[0], String::from_utf8(value).unwrap())
    };
    for revision in order {
        let now = revision.to_string();
        assert_eq!(write(revision, before, revision), (before, before, now.clone()));
        for lower in order.into_iter().take_while(|&lower| lower < revision) {
            // A lower number neither replaces the value nor continues the series.
            let known = Some(revision);
            assert_eq!(write(lower, Some(1), lower), (known, known, now.clone()));
        }
        before = Some(revision);
    }
    assert_eq!(write(1, None, 1).0, before);
    assert_eq!(write(3, Some(2), 1).0, Some(1), "a new series");
    assert_eq!(write(2, Some(1), 1).0, Some(1), "2 was not known");
}

fn tracker() -> Arc<WindowedTracker<Mean>> {
    Arc::new(WindowedTracker::new(Default::default()).unwrap())
}

fn publish(tracker: &Arc<WindowedTracker<Mean>>, store: RedisStore) -> Publisher<Mean> {
    Publisher::of_tracker(Arc::clone(tracker), store, StoreSpec::default()).unwrap()
}

/// Publishes from two processes, and returns the count that a reader finds.
fn count_of_two(store: impl Fn() -> RedisStore) -> u64 {
    for _ in 0..2 {
        let tracker = tracker();
        tracker.record("jump", 100).unwrap();
        publish(&tracker, store()).end().unwrap();
    }
    let spec = StoreSpec::default();
    let mut reader = Reader::<Mean>::new(store(), &spec, Unit::default()).unwrap();
    let view = reader.read(SPAN).unwrap();
    assert!(view.is_complete() && view.writers().len() == 2);
    view.get("jump", SPAN).unwrap().count()
}

#[test]
fn a_server_that_may_evict_is_refused() {
    let Some(server) = start(&["--maxmemory-policy", "allkeys-lru"]) else { return };
    let expected = "store may evict values, its maxmemory-policy is `allkeys-lru`, expected \
                    `noeviction`; run `CONFIG SET maxmemory-policy noeviction`";
    assert_eq!(server.store().connect().unwrap_err().to_string(), expected);
    let refused = publish(&tracker(), server.store()).flush().unwrap_err();
    assert_eq!(refused.to_string(), expected);
    server.command::<()>(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
    assert_eq!(count_of_two(|| server.store()), 2);
}

#[test]
fn a_full_server_is_an_error_and_made_up_for() {
    let Some(server) = start(&[]) else { return };
    let tracker = tracker();
    let mut publisher = publish(&tracker, server.store());
    publisher.flush().unwrap();
    server.command::<()>(&["CONFIG", "SET", "maxmemory", "1"]);
    tracker.record("jump", 100).unwrap();
    let error = publisher.flush().unwrap_err();
    assert!(
        matches!(&error, PublishError::Store(StoreError::Refused(why)) if why.contains("memory")),
        "{error}"
    );
    assert_eq!(publisher.unflushed(), 1);
    server.command::<()>(&["CONFIG", "SET", "maxmemory", "0"]);
    assert_eq!(publisher.flush().unwrap().stored, 1);
}

#[test]
fn a_server_that_stops_for_seconds_loses_nothing() {
    let Some(server) = start(&[]) else { return };
    let tracker = tracker();
    let mut publisher = publish(&tracker, server.store());
    tracker.record("jump", 100).unwrap();
    publisher.flush().unwrap();
    server.signal(Signal::SIGSTOP);
    tracker.record("jump", 100).unwrap();
    // Returns after the two seconds that an answer may take.
    let error = publisher.flush().unwrap_err();
    assert!(matches!(error, PublishError::Store(StoreError::Away(_))), "{error}");
    assert_eq!(publisher.unflushed(), 1);
    tracker.record("jump", 100).unwrap();
    server.signal(Signal::SIGCONT);
    publisher.flush().unwrap();
    let spec = StoreSpec::default();
    let mut reader = Reader::<Mean>::new(server.store(), &spec, Unit::default()).unwrap();
    let view = reader.read(SPAN).unwrap();
    assert_eq!((view.get("jump", SPAN).unwrap().count(), view.is_complete()), (3, true));
}

#[test]
fn a_connection_has_a_user_a_password_and_the_third_protocol() {
    let port = free_port();
    let user = ["--user", "metrics", "on", ">secret", "~windrow:*", "+@all"];
    let options = [&["--port", &port], &user[..], &["--user", "default", "off"]].concat();
    let Some(server) = start(&options) else { return };
    let url = format!("redis://metrics:secret@127.0.0.1:{port}");
    let store = || RedisStore::new(url.parse().unwrap(), SET).unwrap();
    assert_eq!(count_of_two(store), 2);
    let mut kept = store();
    kept.connect().unwrap();
    let clients: String = command(&url, &["CLIENT", "LIST"]);
    let ours = clients.lines().find(|line| line.contains("cmd=info")).unwrap();
    assert!(ours.contains("user=metrics") && ours.contains("resp=3"), "{ours}");
    assert!(!format!("{kept:?}").contains("secret"));

    let wrong = format!("redis://metrics:hidden@127.0.0.1:{port}").parse().unwrap();
    let error = RedisStore::new(wrong, SET).unwrap().connect().unwrap_err();
    assert!(matches!(error, StoreError::Refused(_)), "{error}");
    assert!(!error.to_string().contains("hidden"), "{error}");
    drop(server);
    let error = store().connect().unwrap_err();
    assert!(matches!(error, StoreError::Away(_)), "{error}");
    assert!(!error.to_string().contains("secret"), "{error}");
}

#[test]
fn a_server_with_tls_is_trusted_by_its_authority_only() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (pem, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let paths = ["cert.pem", "key.pem"].map(|name| folder.path().join(name));
    for (path, text) in paths.iter().zip([&pem, &key]) {
        std::fs::write(path, text).unwrap();
    }
    let [cert, key] = paths.each_ref().map(|path| path.to_str().unwrap());
    let port = free_port();
    let options = [
        ["--tls-port", &port],
        ["--tls-cert-file", cert],
        ["--tls-key-file", key],
        ["--tls-ca-cert-file", cert],
        ["--tls-auth-clients", "no"],
    ];
    let Some(_server) = start(&options.concat()) else { return };
    let url: StoreUrl = format!("rediss://localhost:{port}").parse().unwrap();
    let store = || RedisStore::with_authority(url.clone(), SET, pem.clone().into_bytes()).unwrap();
    assert_eq!(count_of_two(store), 2);
    let error = RedisStore::new(url.clone(), SET).unwrap().connect().unwrap_err();
    assert!(error.to_string().to_lowercase().contains("cert"), "{error}");
}

#[test]
fn three_nodes_share_the_buckets_of_a_set() {
    let ports = [(); 3].map(|()| [free_port(), free_port()]);
    let mut servers = vec![];
    for [port, bus] in &ports {
        let options = ["--port", port, "--cluster-enabled", "yes", "--cluster-port", bus];
        let Some(server) = start(&options) else { return };
        servers.push(server);
    }
    join(&ports);
    let url = format!("redis://127.0.0.1:{}", ports[0][0]);
    let store = || RedisStore::new(url.parse().unwrap(), SET).unwrap();
    assert_eq!(count_of_two(store), 2);

    // Each stripe is on one node, and each node has some of them.
    let mut store = store();
    let writer = Instance::draw();
    let cells: Vec<_> = (0..16)
        .map(|bucket| Cell { place: Place { bucket, chunk: 0 }, revision: 1, value: vec![7] })
        .collect();
    let batch = |(stripe, cell)| {
        let (sequence, cells) = (stripe as u64 + 1, vec![cell]);
        Batch { stripe, writer, sequence, after: None, interval: None, keep: SPAN, cells }
    };
    let batches: Vec<_> = cells.iter().enumerate().map(batch).collect();
    for reply in store.write(&batches) {
        assert_eq!(reply.unwrap().revisions, [None]);
    }
    let known: Vec<_> = (0..16).map(|bucket| (bucket, None)).collect();
    assert_eq!(store.read(&known).unwrap().buckets.len(), 16);
    let keys = ports
        .each_ref()
        .map(|[port, _]| command::<u64>(&format!("redis://127.0.0.1:{port}"), &["DBSIZE"]));
    assert!(keys.iter().all(|&keys| keys > 0), "{keys:?}");
}

fn join(ports: &[[String; 2]; 3]) {
    let nodes = ports.each_ref().map(|[port, _]| format!("127.0.0.1:{port}"));
    let mut create = Command::new("redis-cli");
    create.args(["--cluster", "create"]).args(&nodes).arg("--cluster-yes");
    let made = create.output().unwrap();
    let text = String::from_utf8_lossy(&made.stdout);
    assert!(text.contains("All 16384 slots covered"), "{text}");
    for node in nodes {
        let is_ok = || {
            let info: String = command(&format!("redis://{node}"), &["CLUSTER", "INFO"]);
            info.contains("cluster_state:ok")
        };
        while !is_ok() {
            std::thread::yield_now();
        }
    }
}

#[test]
fn states_of_writers_that_are_gone_are_dropped() {
    let Some(server) = start(&[]) else { return };
    let mut store = server.store();
    let mut write = |keep, sequence| {
        let (writer, interval) = (Instance::draw(), Some(SECOND));
        let batch =
            Batch { stripe: 0, writer, sequence, after: None, interval, keep, cells: vec![] };
        store.write(&[batch]).remove(0).unwrap();
    };
    write(SPAN, 500);
    write(SPAN, 500);
    write(Duration::from_millis(1), 500);
    let states = || server.command::<u64>(&["HLEN", "windrow:1:{api:0}:state"]);
    assert_eq!(states(), 3);
    let left: i64 = server.command(&["PTTL", "windrow:1:{api:0}:state"]);
    assert!(left > 60_000, "the second does not shorten what the first keeps: {left} ms");
    let mut clock = server.store();
    let then = clock.now().unwrap() + Duration::from_millis(2);
    while clock.now().unwrap() < then {
        std::thread::yield_now();
    }
    write(SPAN, 1);
    assert_eq!(states(), 3, "the second is gone, the fourth is new");
}

#[test]
fn keys_expire_a_minute_after_the_span() {
    let Some(server) = start(&[]) else { return };
    assert_eq!(count_of_two(|| server.store()), 2);
    let keys: Vec<String> = server.command(&["KEYS", "*"]);
    assert!(keys.len() > 16, "{keys:?}");
    for key in keys {
        let left: i64 = server.command(&["PTTL", &key]);
        assert!((300_000..=370_000).contains(&left), "{key}: {left}");
    }
}

#[test]
fn a_key_of_another_kind_is_an_error() {
    let Some(server) = start(&[]) else { return };
    server.command::<()>(&["HSET", "windrow:1:{api:0}:state", "a", "b"]);
    let spec = StoreSpec::default();
    let mut reader = Reader::<Count>::new(server.store(), &spec, Unit::default()).unwrap();
    let error = reader.read(SPAN).unwrap_err().to_string();
    let expected = "key `windrow:1:{api:0}:state` of the store has map([(bulk-string('\"a\"'), \
                    bulk-string('\"…, expected states of writers";
    assert_eq!(error, expected);
}

#[test]
fn urls_that_name_no_store_are_refused_without_showing_them() {
    for (url, why) in [
        ("localhost:6379", "its scheme is unknown"),
        ("http://user:secret@localhost", "its scheme is unknown"),
        ("redis://user:secret@localhost:99999", "its host, port, database or options are wrong"),
        ("redis://user:secret@localhost/secret", "its host, port, database or options are wrong"),
    ] {
        let error = url.parse::<StoreUrl>().unwrap_err();
        let expected = format!(
            "URL of the store is not valid: {why}; expected redis://HOST:PORT, rediss://HOST:PORT \
             or unix:///PATH"
        );
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_writer_in_another_language_takes_part() {
    let Some(mut server) = start(&[]) else { return };
    if program::is_missing("python3", "python3") {
        return;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/publish.py");
    let mut python = Command::new("python3");
    python.arg(script).args([server.path().to_str().unwrap(), SET]);
    let mut python = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = python.stdin.take().unwrap();
    let mut output = BufReader::new(python.stdout.take().unwrap()).lines();
    let mut record = |name: &str| {
        writeln!(input, "{name}").unwrap();
        assert_eq!(output.next().unwrap().unwrap(), "flushed");
    };

    let counter = Arc::new(EventCounter::default());
    let spec = StoreSpec::default();
    let store = server.store();
    let mut publisher =
        Publisher::of_counter("jump", Arc::clone(&counter), store, spec.clone()).unwrap();
    let mut reader = Reader::<Count>::new(server.store(), &spec, Unit::Nanoseconds).unwrap();
    let mut check = |expected: [u64; 2], ended: usize| {
        let view = reader.read(SPAN).unwrap();
        let count = |name| view.get(name, SPAN).unwrap().count();
        assert_eq!(["jump", "größer"].map(count), expected);
        assert!(view.is_complete() && view.writers().len() == 2, "{:?}", view.unreadable());
        assert_eq!(view.writers().iter().filter(|writer| writer.has_ended()).count(), ended);
    };
    record("jump");
    record("größer");
    counter.record_many(5);
    publisher.flush().unwrap();
    check([6, 1], 0);
    model::Server::wipe(&mut server);
    record("größer");
    publisher.flush().unwrap();
    check([6, 2], 0);
    drop(input);
    assert!(python.wait().unwrap().success());
    check([6, 2], 1);
}
