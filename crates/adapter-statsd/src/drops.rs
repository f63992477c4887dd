//! The datagrams that the system dropped, because a socket was full.

use std::os::fd::{AsRawFd as _, BorrowedFd};
use std::os::unix::fs::MetadataExt as _;

/// A socket of UDP as the tables of Linux name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Inode(u64);

impl Inode {
    /// Returns the inode of a socket; `None` where `/proc` is not mounted.
    pub(crate) fn of(socket: BorrowedFd<'_>) -> Option<Self> {
        let path = format!("/proc/self/fd/{}", socket.as_raw_fd());
        std::fs::metadata(path).ok().map(|metadata| Self(metadata.ino()))
    }

    /// Returns the number of datagrams that were dropped since the socket was opened.
    ///
    /// The table is read when it is asked for. Drops that the socket itself reports come with the
    /// datagram after them, which may never arrive.
    pub(crate) fn dropped(self) -> u64 {
        let tables = ["/proc/self/net/udp", "/proc/self/net/udp6"];
        let mut read = tables.iter().filter_map(|table| std::fs::read_to_string(table).ok());
        read.find_map(|table| dropped_in(&table, self)).unwrap_or(0)
    }
}

/// Returns the last number of the line whose tenth field is this inode.
fn dropped_in(table: &str, inode: Inode) -> Option<u64> {
    table.lines().skip(1).find_map(|line| {
        let mut fields = line.split_ascii_whitespace();
        let found: u64 = fields.nth(9)?.parse().ok()?;
        (found == inode.0).then(|| fields.last()?.parse().ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_are_the_last_number_of_the_line_of_the_socket() {
        let table = "  sl  local rem  st tx rx tr when retr uid timeout inode ref pointer drops\n\
             344: 0100007F:1FBD 00000000:0000 07 0:0 00:0 0 0 0 20341 2 0 17\n\
             345: 0100007F:1FBE 00000000:0000 07 0:0 00:0 0 0 0 20342 2 0 0\n";
        assert_eq!(dropped_in(table, Inode(20_341)), Some(17));
        assert_eq!(dropped_in(table, Inode(20_342)), Some(0));
        assert_eq!(dropped_in(table, Inode(17)), None);
    }
}
