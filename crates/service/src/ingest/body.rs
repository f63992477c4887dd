//! Bodies of requests: received within limits of length, time and memory, and decompressed.

use std::io::{self, Read};
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body as Incoming, Bytes};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use flate2::bufread::MultiGzDecoder;
use http_body::Body as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use xxhash_rust::xxh3::Xxh3;

use super::refusal::Refusal;

/// The maximum length of a body as it is sent.
const PACKED_BYTES_MAX: usize = 8 << 20;
/// The maximum length of a decompressed body.
const UNPACKED_BYTES_MAX: usize = 64 << 20;
/// The maximum memory of all bodies.
const MEMORY_BYTES_MAX: usize = 256 << 20;
/// The unit in which memory is given to bodies.
const PERMIT_BYTES: usize = 1 << 10;
/// The time in which a body has to arrive.
const TIME_MAX: Duration = Duration::from_secs(30);
/// The logarithm of the most memory that a body of zstd may ask for: 8 MiB, that of level 19.
const WINDOW_LOG_MAX: u32 = 23;
/// The size of a piece of a decompressed body.
const PIECE_BYTES: usize = 64 << 10;

/// The memory that bodies share.
pub(super) struct Bodies(Arc<Semaphore>);

impl Default for Bodies {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MEMORY_BYTES_MAX / PERMIT_BYTES)))
    }
}

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Identity,
    Gzip,
    Zstd,
}

/// A body with the memory that it takes.
pub(super) struct Body {
    bytes: Bytes,
    encoding: Encoding,
    _memory: Memory,
}

/// A share of the memory for bodies, which grows.
struct Memory {
    all: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
}

impl Memory {
    /// Takes as much as `bytes` need in all.
    fn grow(&mut self, bytes: usize) -> Result<(), Refusal> {
        let held = self.held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let wanted = bytes.div_ceil(PERMIT_BYTES).saturating_sub(held);
        if wanted == 0 {
            return Ok(());
        }
        let wanted = u32::try_from(wanted).unwrap_or(u32::MAX);
        let more = Arc::clone(&self.all).try_acquire_many_owned(wanted);
        let more = more.map_err(|_| Refusal::Busy { max: MEMORY_BYTES_MAX })?;
        match &mut self.held {
            Some(held) => held.merge(more),
            held => *held = Some(more),
        }
        Ok(())
    }
}

impl Bodies {
    fn memory(&self) -> Memory {
        Memory { all: Arc::clone(&self.0), held: None }
    }

    /// Receives a body.
    ///
    /// # Errors
    ///
    /// [`Refusal`] if it is too long or too slow, or ends early.
    pub(super) async fn receive(
        &self,
        headers: &HeaderMap,
        body: Incoming,
    ) -> Result<Body, Refusal> {
        let encoding = Encoding::named(headers)?;
        let mut memory = self.memory();
        let received = timeout(TIME_MAX, receive(body, &mut memory)).await;
        let slow = Refusal::TooSlow { seconds: TIME_MAX.as_secs() };
        let bytes = received.unwrap_or(Err(slow))?;
        let encoding = encoding.unwrap_or_else(|| Encoding::of(&bytes));
        Ok(Body { bytes, encoding, _memory: memory })
    }

    /// Decompresses a body.
    ///
    /// # Errors
    ///
    /// [`Refusal`] if it is damaged, or becomes too long.
    pub(super) fn unpack(&self, body: Body) -> Result<Body, Refusal> {
        let mut memory = self.memory();
        let (reader, encoding): (Box<dyn Read + '_>, _) = match body.encoding {
            Encoding::Identity => return Ok(body),
            Encoding::Gzip => (Box::new(MultiGzDecoder::new(&body.bytes[..])), "gzip"),
            Encoding::Zstd => (Box::new(zstd(&body.bytes).map_err(damaged("zstd"))?), "zstd"),
        };
        let bytes = unpack(reader, encoding, &mut memory)?.into();
        Ok(Body { bytes, encoding: Encoding::Identity, _memory: memory })
    }
}

impl Body {
    pub(super) fn is_packed(&self) -> bool {
        self.encoding != Encoding::Identity
    }

    /// Returns a hash of the body and of what says how it is read.
    pub(super) fn identity(&self, headers: &HeaderMap, query: Option<&str>) -> u128 {
        let content_type = headers.get(CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
        let mut hash = Xxh3::new();
        for part in [content_type, query.unwrap_or_default().as_bytes(), &self.bytes] {
            hash.update(&part.len().to_le_bytes());
            hash.update(part);
        }
        hash.digest128()
    }
}

impl std::ops::Deref for Body {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Encoding {
    /// Returns the encoding that a request names.
    fn named(headers: &HeaderMap) -> Result<Option<Self>, Refusal> {
        let Some(value) = headers.get(CONTENT_ENCODING) else { return Ok(None) };
        let text = String::from_utf8_lossy(value.as_bytes()).trim().to_ascii_lowercase();
        match &*text {
            "" | "identity" => Ok(None),
            "gzip" | "x-gzip" => Ok(Some(Self::Gzip)),
            "zstd" => Ok(Some(Self::Zstd)),
            _ => Err(Refusal::Encoding { found: text.chars().take(100).collect() }),
        }
    }

    /// Returns the encoding that the first bytes show. No text begins like that.
    fn of(bytes: &[u8]) -> Self {
        match bytes {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            _ => Self::Identity,
        }
    }
}

async fn receive(body: Incoming, memory: &mut Memory) -> Result<Bytes, Refusal> {
    let too_long = Refusal::TooLong { max: PACKED_BYTES_MAX };
    if body.size_hint().lower() > PACKED_BYTES_MAX as u64 {
        return Err(too_long);
    }
    let mut body = std::pin::pin!(body);
    let (mut first, mut joined) = (Bytes::new(), Vec::new());
    while let Some(frame) = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        let Ok(data) = frame.map_err(|_| Refusal::Cut)?.into_data() else { continue };
        if first.is_empty() && joined.is_empty() {
            memory.grow(data.len())?;
            first = data; // Mostly it is all, and need not be copied.
        } else {
            if joined.is_empty() {
                joined = mem::take(&mut first).into();
            }
            memory.grow(joined.len() + data.len())?;
            joined.extend_from_slice(&data);
        }
        if first.len().max(joined.len()) > PACKED_BYTES_MAX {
            return Err(too_long);
        }
    }
    Ok(if joined.is_empty() { first } else { joined.into() })
}

fn zstd(bytes: &[u8]) -> io::Result<zstd::Decoder<'static, &[u8]>> {
    let mut decoder = zstd::Decoder::with_buffer(bytes)?;
    decoder.window_log_max(WINDOW_LOG_MAX)?;
    Ok(decoder)
}

fn damaged(encoding: &'static str) -> impl Fn(io::Error) -> Refusal {
    move |error| Refusal::Damaged { encoding, problem: error.to_string() }
}

fn unpack(
    mut reader: impl Read,
    encoding: &'static str,
    memory: &mut Memory,
) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    loop {
        memory.grow(bytes.len() + PIECE_BYTES)?;
        let piece = reader.by_ref().take(PIECE_BYTES as u64);
        let len = { piece }.read_to_end(&mut bytes).map_err(damaged(encoding))?;
        if bytes.len() > UNPACKED_BYTES_MAX {
            return Err(Refusal::UnpacksTooLong { max: UNPACKED_BYTES_MAX });
        }
        if len == 0 {
            return Ok(bytes);
        }
    }
}
