#![doc = include_str!("../README.md")]

mod background;
mod cell;
mod error;
mod faulty;
mod memory;
mod mirror;
mod outbox;
mod publisher;
mod reader;
#[cfg(feature = "redis")]
mod redis;
mod rows;
mod source;
mod spec;
mod store;
mod view;

pub use background::{Background, Status};
pub use cell::{Cell, Place, Version};
pub use error::{PublishError, ReadError, StoreError};
pub use faulty::{Fault, Faulty};
pub use memory::{Dump, MemoryStore};
pub use outbox::{Flushed, Outbox};
pub use publisher::Publisher;
pub use reader::Reader;
#[cfg(feature = "redis")]
pub use redis::{RedisStore, StoreUrl};
pub use spec::StoreSpec;
pub use store::{Batch, BucketContents, Contents, Reply, Store, StoredCell, WriterState};
pub use view::{View, Writer};
