//! `windrow serve`: receives actions over HTTP, and shows them.

mod forms;
mod kept;
mod signals;
mod token;

use std::error::Error;
use std::iter;
use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

use facade::codec::{Fractions, Limits};
use facade::{Unit, WhenFull, Windrow, WindrowBuilder};
use service::{Endpoint, Ingest, Page, Readiness, Server, Token};
use tokio::runtime;

use crate::diagnostics;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input::RecordArgs;
use crate::options::{self, STATISTICS_OPTIONS};
use crate::output;
use crate::timestamps;

use forms::Forms;
use kept::KeptLevel;
use signals::Signals;

/// The unit of numbers without one, unless it is given: most programs log milliseconds.
const UNIT: Unit = Unit::Milliseconds;

/// The heading of options about the server.
const SERVER_OPTIONS: &str = "Server options";

/// Receive actions over HTTP, and show them live
///
/// Programs send records to /v1/actions. Browsers show the page at /, Prometheus reads /metrics.
#[derive(Debug, clap::Args)]
#[command(after_long_help = DETAILS)]
pub(crate) struct Args {
    /// Address and port, or `unix:PATH` [default: 127.0.0.1 and a free port]
    ///
    /// Port 0 is any free one. An address that other machines can reach needs --token-file and
    /// --host.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0", hide_default_value = true)]
    #[arg(help_heading = SERVER_OPTIONS)]
    listen: Endpoint,

    /// File with a token that clients must send
    ///
    /// As `Authorization: Bearer TOKEN`, for every path but /healthz and /readyz. It has at least
    /// 16 characters.
    #[arg(long, value_name = "FILE", help_heading = SERVER_OPTIONS)]
    token_file: Option<PathBuf>,

    /// Name that clients have for this host, such as metrics.example.org
    ///
    /// In addition to the address and to localhost. Requests for other hosts are refused. Can be
    /// repeated. Without a port, it stands for all ports.
    #[arg(long, value_name = "NAME", help_heading = SERVER_OPTIONS)]
    host: Vec<String>,

    /// Title of the page [default: the host]
    #[arg(long, value_name = "TEXT", help_heading = SERVER_OPTIONS)]
    title: Option<String>,

    /// Keep windows of the past TIME
    #[arg(long, value_name = "TIME", default_value = "5m", help_heading = STATISTICS_OPTIONS)]
    #[arg(value_parser = timestamps::positive_duration)]
    span: Duration,

    /// Width of the buckets of time, to which windows are exact
    #[arg(long, value_name = "TIME", default_value = "1s", help_heading = STATISTICS_OPTIONS)]
    #[arg(value_parser = timestamps::positive_duration)]
    resolution: Duration,

    /// Maximum number of actions with a row each
    ///
    /// Further actions share the row `(other)`.
    #[arg(long, value_name = "N", default_value = "4096", help_heading = STATISTICS_OPTIONS)]
    #[arg(value_parser = options::integer(NonZero::<usize>::MIN..=NonZero::<usize>::MAX))]
    max_actions: NonZero<usize>,

    /// Keep actions in DIR, so that they survive the end of the program
    ///
    /// The next server with this folder goes on from there. One server uses it at a time.
    #[arg(long, value_name = "DIR", help_heading = SERVER_OPTIONS)]
    data: Option<PathBuf>,

    /// What acknowledged actions survive [default: written]
    ///
    /// Requests may ask for another level by the header `durability`.
    #[arg(long, value_enum, value_name = "LEVEL", requires = "data", hide_default_value = true)]
    #[arg(default_value = "written", help_heading = SERVER_OPTIONS)]
    durability: KeptLevel,

    #[command(flatten)]
    records: RecordArgs,
}

const DETAILS: &str = "\
The URL is printed when the server is ready. Everything is kept in memory and lost at the end,
unless --data names a folder. Then a request is answered when its actions survive a crash of the
program (`written`) or of the machine (`synced`), or at once (`memory`).

A body has records in any form that `windrow stats` reads, up to 8 MiB, compressed with gzip or zstd
or not. The options say how records are read. A request can have options of its own in its query:
/v1/actions?preset=caddy, or /v1/actions?by=path&value=took. Numbers without a unit are
milliseconds, unless --unit says otherwise; what is kept is in that unit. With --count-only, the
times are 0.

SIGTERM and Ctrl-C end the server when its requests have ended, after 30s at the latest. The second
signal ends it at once.

Examples:
  windrow serve
  windrow serve --listen 127.0.0.1:8080 --preset caddy
  windrow serve --listen unix:/run/windrow/windrow.sock
  windrow serve --listen 127.0.0.1:8080 --data /var/lib/windrow --durability synced
  windrow serve --listen 0.0.0.0:8080 --host metrics.example.org --token-file /etc/windrow/token
  curl --data-binary @actions.ndjson http://127.0.0.1:8080/v1/actions
  curl --data-binary @app.csv.gz 'http://127.0.0.1:8080/v1/actions?by=path&value=took&unit=us'

Exit codes:
  0    ended by SIGTERM or Ctrl-C, and all requests ended
  1    the server could not be started, some requests did not end within 30s, or actions could not
       be kept at the end
  2    invalid command line
  130  ended by a second Ctrl-C, 143 by a second SIGTERM";

/// Returns an error with all that caused it: only the last one says what to do.
fn with_sources(error: &(dyn Error + 'static)) -> String {
    let errors = iter::successors(Some(error), |&error| error.source());
    errors.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    // What is wrong with the options is reported.
    if let Err(exit) = args.records.recipe(Fractions::Allowed) {
        return Ok(exit);
    }
    if let Some(problem) = args.problem() {
        diagnostics::report(problem);
        return Ok(Exit::Misused);
    }
    let token = match args.token_file.as_deref().map(token::read).transpose() {
        Ok(token) => token,
        Err(problem) => {
            diagnostics::report(problem);
            return Ok(Exit::Failed);
        }
    };
    let ingest = match args.ingest() {
        Ok(ingest) => ingest,
        Err(exit) => return Ok(exit),
    };
    let runtime = runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure { name: "threads".into(), error })?;
    let exit = runtime.block_on(args.serve(ingest, token));
    // What a second signal leaves behind is not waited for.
    runtime.shutdown_background();
    exit
}

impl Args {
    /// Returns what is wrong with options that do not go together.
    fn problem(&self) -> Option<String> {
        let listen = &self.listen;
        if !listen.is_local() && self.token_file.is_none() {
            return Some(format!(
                "`--listen {listen}` can be reached by other machines\n  \
                 name a file with a token by `--token-file`, or listen on 127.0.0.1"
            ));
        }
        if is_unspecified(listen) && self.host.is_empty() {
            return Some(format!(
                "`--listen {listen}` stands for all addresses, of which no client knows\n  \
                 give the name that clients use with `--host`"
            ));
        }
        None
    }

    /// Returns what receives actions, with those that were kept; the error was reported.
    fn ingest(&self) -> Result<Ingest, Exit> {
        let forms = Forms::new(self.records.clone());
        let misused = |error: facade::Error| {
            diagnostics::report(error);
            Exit::Misused
        };
        let Some(folder) = &self.data else {
            let windrow = self.builder().build().map_err(misused)?;
            windrow.keep_windows().map_err(misused)?;
            return Ok(Ingest::with_options(&windrow, move |head| forms.options(head)));
        };
        // What cannot be in any case is not the fault of the folder.
        self.builder().build().and_then(|it| it.keep_windows().map(|_| ())).map_err(misused)?;
        let options = format!("{:?}", self.records);
        let opened = kept::open(folder.clone(), self.durability, self.builder(), forms, options);
        opened.map_err(|error| {
            diagnostics::report(with_sources(&error));
            Exit::Failed
        })
    }

    fn builder(&self) -> WindrowBuilder {
        let limits = Limits { name_bytes: self.records.name_bytes(), ..Limits::default() };
        Windrow::builder()
            .resolution(self.resolution)
            .span(self.span)
            .unit(self.records.unit().unwrap_or(UNIT))
            .actions(self.max_actions.get(), WhenFull::Fold)
            .limits(limits)
    }

    async fn serve(&self, ingest: Ingest, token: Option<Token>) -> Result<Exit, Failure> {
        let failure = |error| Failure { name: self.listen.to_string(), error };
        let server = Server::bind(&self.listen).await.map_err(failure)?;
        let mut signals = Signals::install()
            .map_err(|error| Failure { name: "cannot handle signals".into(), error })?;
        let readiness = Readiness::default();
        let hosts = hosts(&server).chain(self.host.iter().cloned());
        let mut page = Page::new()
            .title(self.title.clone().unwrap_or_default())
            .source("", &ingest)
            .ingest(&ingest)
            .readiness(&readiness)
            .hosts(hosts);
        if let Some(token) = token {
            page = page.token(token);
        }
        let watch = tokio::spawn(kept::watch(ingest.clone(), readiness.clone()));
        output::print(format_args!("{}\n", server.url()))?;
        let (begin_end, asked) = tokio::sync::oneshot::channel::<()>();
        let mut running = tokio::spawn(server.run(page.router(), async { drop(asked.await) }));
        signals.next().await;
        readiness.end();
        drop(begin_end);
        tokio::select! {
            is_drained = &mut running => {
                watch.abort();
                let is_folded = kept::finish(ingest).await;
                Ok(match is_drained {
                    Ok(true) if is_folded => Exit::Done,
                    Ok(false) => {
                        diagnostics::report("some requests did not end within 30s");
                        Exit::Failed
                    }
                    _ => Exit::Failed, // The message was printed.
                })
            }
            exit = signals.next() => {
                // The file of a socket is removed.
                running.abort();
                let _ = running.await;
                Ok(exit)
            }
        }
    }
}

/// Returns whether an address stands for all addresses of the machine.
fn is_unspecified(endpoint: &Endpoint) -> bool {
    matches!(endpoint, Endpoint::Tcp(address) if address.ip().is_unspecified())
}

/// Returns the hosts that clients name in any case.
fn hosts(server: &Server) -> impl Iterator<Item = String> {
    let bound = server.address().map(|address| address.to_string());
    bound.into_iter().chain(["localhost".to_owned()])
}
