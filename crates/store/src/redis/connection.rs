//! A connection to one server or to a cluster, made when it is needed.

use std::time::Duration;

use redis::cluster::{ClusterClientBuilder, ClusterConnection, cluster_pipe};
use redis::{
    Client, Cmd, Connection, ConnectionLike, ErrorKind, Pipeline, ProtocolVersion, RedisError,
    RedisResult, ServerErrorKind, TlsCertificates, Value,
};

use super::url::StoreUrl;
use crate::error::StoreError;

/// How long connecting and each answer may take.
const TIMEOUT: Duration = Duration::from_secs(2);

/// A server, and the connection to it while there is one.
pub(super) struct Server {
    url: StoreUrl,
    root: Option<Vec<u8>>,
    connection: Option<AnyConnection>,
}

enum AnyConnection {
    Single(Box<Connection>),
    Cluster(Box<ClusterConnection>),
}

impl Server {
    pub(super) fn new(url: StoreUrl, root: Option<Vec<u8>>) -> Self {
        Self { url, root, connection: None }
    }

    /// Connects, unless there is a connection.
    pub(super) fn connect(&mut self) -> Result<(), StoreError> {
        self.connection().map(drop)
    }

    /// Sends commands at once, and returns their answers.
    pub(super) fn send(&mut self, commands: &[Cmd]) -> Result<Vec<Value>, StoreError> {
        let answers = self.connection()?.send(commands);
        // Late answers of a broken connection would be taken for those of later commands.
        answers.map_err(|error| self.close(&error))
    }

    /// Sends one command, to all nodes of a cluster if it is about scripts.
    pub(super) fn send_one(&mut self, command: &Cmd) -> Result<Value, StoreError> {
        let answer = self.connection()?.send_one(command);
        answer.map_err(|error| self.close(&error))
    }

    fn connection(&mut self) -> Result<&mut AnyConnection, StoreError> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.open()?,
        };
        Ok(self.connection.insert(connection))
    }

    fn close(&mut self, error: &RedisError) -> StoreError {
        if !matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension) {
            self.connection = None;
        }
        store_error(error)
    }

    fn open(&self) -> Result<AnyConnection, StoreError> {
        let mut single = self.single().map_err(|error| store_error(&error))?;
        let info = redis::cmd("INFO").query::<String>(&mut single);
        let info = info.map_err(|error| store_error(&error))?;
        check_policy(&info)?;
        if field(&info, "redis_mode") != Some("cluster") {
            return Ok(AnyConnection::Single(Box::new(single)));
        }
        let mut cluster = self.cluster().map_err(|error| store_error(&error))?;
        let nodes = cluster.req_command(&redis::cmd("INFO"));
        for (_, info) in texts(&nodes.map_err(|error| store_error(&error))?) {
            check_policy(&info)?;
        }
        Ok(AnyConnection::Cluster(Box::new(cluster)))
    }

    fn certificates(&self) -> TlsCertificates {
        TlsCertificates { client_tls: None, root_cert: self.root.clone() }
    }

    fn single(&self) -> RedisResult<Connection> {
        let info = self.url.info().clone();
        let client = match self.root {
            Some(_) => Client::build_with_tls(info, self.certificates())?,
            None => Client::open(info)?,
        };
        let connection = client.get_connection_with_timeout(TIMEOUT)?;
        connection.set_read_timeout(Some(TIMEOUT))?;
        connection.set_write_timeout(Some(TIMEOUT))?;
        Ok(connection)
    }

    fn cluster(&self) -> RedisResult<ClusterConnection> {
        let mut builder = ClusterClientBuilder::new([self.url.info().clone()])
            .connection_timeout(TIMEOUT)
            .response_timeout(TIMEOUT)
            .use_protocol(ProtocolVersion::RESP3)
            .retries(1);
        if self.root.is_some() {
            builder = builder.certs(self.certificates());
        }
        builder.build()?.get_connection()
    }
}

impl AnyConnection {
    fn send(&mut self, commands: &[Cmd]) -> RedisResult<Vec<Value>> {
        match self {
            Self::Single(connection) => {
                let mut pipe = Pipeline::with_capacity(commands.len());
                commands.iter().for_each(|command| _ = pipe.add_command(command.clone()));
                pipe.query(connection)
            }
            Self::Cluster(connection) => {
                let mut pipe = cluster_pipe();
                commands.iter().for_each(|command| _ = pipe.add_command(command.clone()));
                pipe.query(connection)
            }
        }
    }

    fn send_one(&mut self, command: &Cmd) -> RedisResult<Value> {
        match self {
            Self::Single(connection) => command.query(connection),
            Self::Cluster(connection) => command.query(connection),
        }
    }
}

/// Returns the texts of an answer of one node or of several, with the names of the nodes.
fn texts(answer: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| redis::from_redis_value_ref::<String>(value).ok();
    match answer {
        Value::Map(nodes) => {
            nodes.iter().filter_map(|(node, value)| Some((text(node)?, text(value)?))).collect()
        }
        one => text(one).into_iter().map(|text| (String::new(), text)).collect(),
    }
}

/// Returns a field of the answer to `INFO`.
fn field<'i>(info: &'i str, name: &str) -> Option<&'i str> {
    info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

fn check_policy(info: &str) -> Result<(), StoreError> {
    match field(info, "maxmemory_policy") {
        Some("noeviction") | None => Ok(()),
        Some(policy) => Err(StoreError::Evicts { policy: policy.to_owned() }),
    }
}

fn store_error(error: &RedisError) -> StoreError {
    let what = error.to_string();
    match error.kind() {
        ErrorKind::Server(
            ServerErrorKind::BusyLoading
            | ServerErrorKind::ClusterDown
            | ServerErrorKind::MasterDown
            | ServerErrorKind::TryAgain
            | ServerErrorKind::Moved
            | ServerErrorKind::Ask
            | ServerErrorKind::ReadOnly,
        ) => StoreError::Away(what),
        ErrorKind::Server(_)
        | ErrorKind::Extension
        | ErrorKind::AuthenticationFailed
        | ErrorKind::InvalidClientConfig
        | ErrorKind::RESP3NotSupported => StoreError::Refused(what),
        _ => StoreError::Away(what),
    }
}
