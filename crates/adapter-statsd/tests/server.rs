//! Real sockets, and what is recorded of the lines that arrive there.
#![cfg(unix)]

use std::io::{self, Write as _};
use std::net::{TcpStream, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use adapter_metrics::WindrowRecorder;
use adapter_statsd::{Access, ListenError, Listener, Refusal, Statsd};
use exposition::{Format, Labels, Page};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

fn server() -> (WindrowRecorder, Statsd) {
    let recorder = WindrowRecorder::default();
    (recorder.clone(), Statsd::new(recorder))
}

/// Returns the lines of the page that begin with `start`.
fn page(recorder: &WindrowRecorder, start: &str) -> Vec<String> {
    let page = String::from_utf8(recorder.render(Format::Text)).expect("pages are text");
    page.lines().filter(|line| line.starts_with(start)).map(str::to_owned).collect()
}

/// Serves until the returned sender is used or dropped.
fn serve(statsd: &Statsd, listener: Listener) -> (oneshot::Sender<()>, JoinHandle<io::Result<()>>) {
    let (stop, stopped) = oneshot::channel();
    let served = statsd.clone();
    let task =
        tokio::spawn(async move { served.serve(listener, async { _ = stopped.await }).await });
    (stop, task)
}

fn port(listener: &Listener) -> String {
    listener.address().rsplit_once('/').expect("has a scheme").1.to_owned()
}

#[test]
fn counters_count_what_their_sample_stands_for() {
    let (recorder, statsd) = server();
    statsd.add(b"hits:3|c\nhits:1|c|@0.1\nhits:2|c|@0.5|#route:/a");
    statsd.add(b"hits:0.5|c|#route:/b\nhits:0.5|c|#route:/b");
    let expected = ["hits_total 13", "hits_total{route=\"/a\"} 4", "hits_total{route=\"/b\"} 1"];
    assert_eq!(page(&recorder, "hits_total"), expected);
    let minute = Duration::from_secs(60);
    let window = recorder.count("hits", &Labels::default(), minute).expect("a window that is kept");
    assert_eq!(window.expect("is counted").events, 13);
}

/// The server and the program are crates of their own, which know the recorder by the facade.
#[test]
fn server_and_program_share_the_series_of_a_recorder() {
    let (recorder, statsd) = server();
    let program = || {
        metrics::counter!("hits", "route" => "/a").increment(4);
        metrics::histogram!("wait").record(750.0); // In milliseconds, as the server described it.
    };
    statsd.add(b"hits:3|c|#route:/a\nwait:250|ms");
    metrics::with_local_recorder(&recorder, program);
    statsd.add(b"hits:2|c|#route:/a");
    assert_eq!(page(&recorder, "hits_total"), ["hits_total{route=\"/a\"} 9"]);
    assert_eq!(page(&recorder, "wait_seconds_sum"), ["wait_seconds_sum 1"]);
}

#[test]
fn gauges_are_set_and_changed() {
    let (recorder, statsd) = server();
    statsd.add(b"level:10|g\nlevel:-4|g\nlevel:+1.5|g|@0.1\nother:-4|g");
    assert_eq!(page(&recorder, "level"), ["level 7.5"]);
    assert_eq!(page(&recorder, "other"), ["other -4"]);
}

#[test]
fn timers_are_seconds_and_histograms_have_no_unit() {
    let (recorder, statsd) = server();
    statsd.add(b"wait:250:750|ms\nwait:500|ms|@0.25\nsize:3|h\nsize:4|d");
    assert_eq!(page(&recorder, "wait_seconds_sum"), ["wait_seconds_sum 3"]);
    assert_eq!(page(&recorder, "wait_seconds_count"), ["wait_seconds_count 6"]);
    assert_eq!(page(&recorder, "size_sum"), ["size_sum 7"]);
    assert_eq!(statsd.counts().values, 5);
}

#[test]
fn histogram_with_two_units_is_refused() {
    let (recorder, statsd) = server();
    // The names are alike on a page.
    statsd.add(b"a.b:3|h\na_b:4|ms\na.b:5|h|#k:v");
    assert_eq!(statsd.counts().refused_for(Refusal::Unit), 1);
    assert_eq!(page(&recorder, "a_b_sum"), ["a_b_sum 3", "a_b_sum{k=\"v\"} 5"]);
}

#[test]
fn order_of_tags_does_not_matter() {
    let (recorder, statsd) = server();
    statsd.add(b"hits:1|c|#b:2,a:1\nhits:1|c|#a:1,b:2\nhits:1|c|#a:1,b:2,");
    assert_eq!(page(&recorder, "hits_total"), ["hits_total{a=\"1\",b=\"2\"} 3"]);
}

#[test]
fn refused_line_stops_no_other() {
    let (recorder, statsd) = server();
    statsd.add(b"hits:1|c\r\n\nhits:x|c\n\xff:1|c\nusers:7|s\nhits:1|c\n");
    assert_eq!(page(&recorder, "hits_total"), ["hits_total 2"]);
    let counts = statsd.counts();
    assert_eq!((counts.accepted, counts.refused()), (2, 3));
    assert_eq!(counts.refused_for(Refusal::Value), 1);
    let mut page = Page::new(Format::Text);
    statsd.write(&mut page);
    let page = String::from_utf8(page.finish()).expect("pages are text");
    for line in [
        "windrow_statsd_lines_total 2",
        "windrow_statsd_refused_total{reason=\"set\"} 1",
        "windrow_statsd_refused_total{reason=\"kind\"} 0",
        "windrow_statsd_dropped_total 0",
    ] {
        assert!(page.lines().any(|found| found == line), "{line}: {page}");
    }
}

#[test]
fn names_beyond_the_limit_are_refused_and_series_still_counted() {
    let (recorder, statsd) = server();
    for name in 0..8_200 {
        statsd.add(format!("wait.{name}:1|ms\nhits:1|c|@0.3|#n:{name}").as_bytes());
    }
    assert_eq!(statsd.counts().refused_for(Refusal::Full), 8);
    // Of each line 3 whole events are counted. From the 4,097th on, when 8,192 series of two kinds
    // are known, the rest is added up, so that 3 lines are 10.
    let events = (4_096 - 1_024) * 3 + (8_200 - 4_096) * 10 / 3;
    let folded = page(&recorder, "hits_total{windrow_other");
    assert_eq!(folded, [format!("hits_total{{windrow_other=\"true\"}} {events}")]);
}

#[tokio::test]
async fn datagrams_of_udp_are_recorded() -> io::Result<()> {
    let (recorder, statsd) = server();
    let listener = Listener::bind("udp://localhost:0", Access::Local).expect("loopback");
    let to = port(&listener);
    let (stop, task) = serve(&statsd, listener);
    let client = UdpSocket::bind("127.0.0.1:0")?;
    // More than one read takes, and the longest datagram of them all.
    for _ in 0..40 {
        client.send_to(b"hits:1|c\nhits:1|c", &to)?;
        tokio::task::yield_now().await;
    }
    let long = format!("hits{}|c", ":1".repeat((65_507 - 6) / 2));
    client.send_to(long.as_bytes(), &to)?;
    // What has arrived is recorded after the end.
    stop.send(()).expect("it serves");
    task.await??;
    assert_eq!(page(&recorder, "hits_total "), ["hits_total 32830"]);
    assert_eq!(statsd.counts().accepted, 81);
    Ok(())
}

#[tokio::test]
async fn datagrams_that_the_system_dropped_are_counted() -> io::Result<()> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let (_, statsd) = server();
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket2::SockRef::from(&socket).set_recv_buffer_size(1 << 12)?;
    let to = socket.local_addr()?;
    let client = UdpSocket::bind("127.0.0.1:0")?;
    for _ in 0..1_000 {
        client.send_to(b"hits:1|c", to)?;
    }
    statsd.serve(socket.into(), async {}).await?;
    let counts = statsd.counts();
    assert!(counts.dropped > 0 && counts.accepted > 0, "{counts:?}");
    assert_eq!(counts.dropped + counts.accepted, 1_000);
    Ok(())
}

#[tokio::test]
async fn datagrams_of_unix_sockets_are_recorded_and_cut_ones_refused() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("statsd.sock");
    let address = format!("unix://{}", path.display());
    let (recorder, statsd) = server();
    // One that a process left behind is replaced.
    drop(UnixDatagram::bind(&path)?);
    let listener = Listener::bind(&address, Access::Local).expect("the path is free");
    assert_eq!(listener.address(), address);
    let taken = Listener::bind(&address, Access::Local).expect_err("is in use");
    assert!(matches!(taken, ListenError::System { kind: io::ErrorKind::AddrInUse, .. }), "{taken}");
    let client = UnixDatagram::unbound()?;
    client.send_to(b"hits:1|c", &path)?;
    let long = format!("hits:1|c\nhits:1|c|#k:{}", "v".repeat(70_000));
    client.send_to(long.as_bytes(), &path)?;
    statsd.serve(listener, async {}).await?;
    assert_eq!(page(&recorder, "hits_total"), ["hits_total 2"]);
    assert_eq!(statsd.counts().refused_for(Refusal::TooLong), 1);
    assert!(!path.exists(), "the file is removed");
    Ok(())
}

#[tokio::test]
async fn lines_of_connections_are_recorded_in_pieces() -> io::Result<()> {
    let (recorder, statsd) = server();
    let listener = Listener::bind("tcp://127.0.0.1:0", Access::Local).expect("loopback");
    let to = port(&listener);
    let (stop, task) = serve(&statsd, listener);
    let sent = tokio::task::spawn_blocking(move || -> io::Result<()> {
        let mut slow = TcpStream::connect(&to)?;
        for piece in ["hits:", "1|c\nhi", "ts:1|c|#k:v\n", "hits:1|c"] {
            slow.write_all(piece.as_bytes())?;
            // Another connection is read in between.
            TcpStream::connect(&to)?.write_all(b"others:1|c\n")?;
        }
        let mut long = TcpStream::connect(&to)?;
        long.write_all(b"before:1|c\n")?;
        long.write_all(&vec![b'x'; 200_000])?;
        long.write_all(b":1|c\nafter:1|c\n")
    });
    sent.await??;
    while statsd.counts().accepted < 9 {
        tokio::task::yield_now().await;
    }
    stop.send(()).expect("it serves");
    task.await??;
    assert_eq!(page(&recorder, "hits_total"), ["hits_total 2", "hits_total{k=\"v\"} 1"]);
    assert_eq!(page(&recorder, "others_total"), ["others_total 4"]);
    assert_eq!(page(&recorder, "after_total"), ["after_total 1"]);
    let counts = statsd.counts();
    assert_eq!((counts.refused(), counts.refused_for(Refusal::TooLong)), (1, 1));
    Ok(())
}

#[tokio::test]
async fn connections_beyond_the_limit_are_closed() -> io::Result<()> {
    let (_, statsd) = server();
    let listener = Listener::bind("tcp://127.0.0.1:0", Access::Local).expect("loopback");
    let to = port(&listener);
    let (stop, task) = serve(&statsd, listener);
    let mut open = Vec::new();
    for _ in 0..257 {
        open.push(tokio::net::TcpStream::connect(&to).await?);
    }
    let closed = open.last_mut().expect("were opened");
    assert_eq!(tokio::io::AsyncReadExt::read(closed, &mut [0]).await?, 0);
    assert_eq!(statsd.counts().connections_refused, 1);
    // The others do not keep it.
    stop.send(()).expect("it serves");
    task.await?
}

#[test]
fn addresses_that_other_machines_reach_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "text").expect("is written");
    let refused =
        |address: &str| Listener::bind(address, Access::Local).expect_err("is refused").to_string();
    let exposed = "is reached by other machines, and statsd has no passwords; \
                   listen on 127.0.0.1, [::1] or a unix socket, or allow it";
    for address in ["udp://0.0.0.0:0", "tcp://0.0.0.0:0", "udp://[::]:0", "udp://192.0.2.1:8125"] {
        assert_eq!(refused(address), format!("`{address}` {exposed}"));
    }
    let form = "is not `udp://IP:PORT`, `tcp://IP:PORT` or `unix:///PATH`";
    for address in [
        "8125",
        "127.0.0.1:8125",
        "udp://example.com:8125",
        "unix://a",
        "http://127.0.0.1:1",
        "udp://localhost:x",
    ] {
        assert_eq!(refused(address), format!("`{address}` {form}"));
    }
    let occupied = format!(
        "`{}` exists and is not a socket, remove it or choose another path",
        file.display()
    );
    assert_eq!(refused(&format!("unix://{}", file.display())), occupied);
    assert!(file.exists());
    assert!(refused("udp://[::ffff:10.0.0.1]:0").contains("other machines"));
    assert!(Listener::bind("udp://0.0.0.0:0", Access::Open).is_ok());
    assert!(Listener::bind("tcp://127.0.0.2:0", Access::Local).is_ok());
    let missing = refused("unix:///nowhere/at/all");
    assert!(
        missing.starts_with("cannot listen on `unix:///nowhere/at/all`: No such file"),
        "{missing}"
    );
}
