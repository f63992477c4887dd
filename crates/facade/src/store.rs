//! Shared stores for many processes and machines: what the front door uses of `store`.

pub use store::{
    Background, Fault, Faulty, MemoryStore, PublishError, Publisher, ReadError, Reader, RedisStore,
    Status, Store, StoreError, StoreSpec, StoreUrl, View, Writer,
};
