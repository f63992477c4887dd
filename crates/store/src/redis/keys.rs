//! Names of keys.

use crate::cell::stripe_of;
use crate::error::StoreError;

/// The version of the protocol, part of each key.
const VERSION: u32 = 1;
const SET_BYTES_MAX: usize = 64;

/// Makes the keys of a set.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    set: String,
}

impl Keys {
    pub(super) fn new(set: &str) -> Result<Self, StoreError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        if set.is_empty() || set.len() > SET_BYTES_MAX || !set.bytes().all(is_plain) {
            return Err(StoreError::SetName(set.chars().take(SET_BYTES_MAX).collect()));
        }
        Ok(Self { set: set.to_owned() })
    }

    /// Returns the key of the states of writers. All keys of a stripe are on one node of a cluster.
    pub(super) fn state(&self, stripe: usize) -> String {
        format!("windrow:{VERSION}:{{{}:{stripe}}}:state", self.set)
    }

    /// Returns the key of a bucket.
    pub(super) fn bucket(&self, bucket: i64) -> String {
        format!("windrow:{VERSION}:{{{}:{}}}:{bucket}", self.set, stripe_of(bucket))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_the_protocol() {
        let keys = Keys::new("api").unwrap();
        assert_eq!(keys.state(3), "windrow:1:{api:3}:state");
        assert_eq!(keys.bucket(170_000_000), "windrow:1:{api:0}:170000000");
        assert_eq!(keys.bucket(-1), "windrow:1:{api:15}:-1");
        let expected =
            "name of the set is \"a b\", expected 1 to 64 letters, digits, `.`, `-` and `_`";
        assert_eq!(Keys::new("a b").unwrap_err().to_string(), expected);
        assert!(Keys::new(&"a".repeat(64)).is_ok());
        for wrong in ["", "{a}", &"a".repeat(65)] {
            assert!(Keys::new(wrong).is_err(), "{wrong:?}");
        }
    }
}
