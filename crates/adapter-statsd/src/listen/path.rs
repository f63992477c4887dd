//! Unix sockets, which have a path.

use std::fs;
use std::io;
use std::os::unix::fs::FileTypeExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

use crate::error::ListenError;

/// Opens a socket at a path; one that a process left behind is replaced.
pub(super) fn bind(path: &Path, address: &str) -> Result<UnixDatagram, ListenError> {
    let of_system = |error: io::Error| ListenError::of_system(address, &error);
    match fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => {
            return Err(ListenError::Occupied { path: path.display().to_string() });
        }
        Ok(_) => {
            let probe = UnixDatagram::unbound().map_err(of_system)?;
            if probe.connect(path).is_ok() {
                return Err(of_system(io::ErrorKind::AddrInUse.into()));
            }
            fs::remove_file(path).map_err(of_system)?;
        }
        Err(_) => {}
    }
    UnixDatagram::bind(path).map_err(of_system)
}

/// Removes the file of a socket when the server ends.
#[derive(Debug)]
pub(super) struct SocketFile(pub(super) PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // A file that is gone is what was wanted.
        let _ = fs::remove_file(&self.0);
    }
}
