//! Keys that the server makes for itself and keeps in its data directory, readable by its user alone.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

use rand::RngCore;
use workforceos_core::error::{Error, Result};
pub use workforceos_services::files::private_directory;

/// The key kept as `secrets/{name}` in the data directory, made on first need.
pub fn kept(data_dir: &Path, name: &str) -> Result<[u8; 32]> {
    let directory = data_dir.join("secrets");
    private_directory(&directory)?;
    let path = directory.join(name);
    match fs::read_to_string(&path) {
        Ok(hex) => from_hex(hex.trim()).ok_or_else(|| failed(&path, &"is no key of 64 hexadecimal digits")),
        Err(e) if e.kind() == ErrorKind::NotFound => make(&directory, &path),
        Err(e) => Err(failed(&path, &e)),
    }
}

/// As [`kept`], of a key that is there.
pub fn already_kept(data_dir: &Path, name: &str) -> Result<[u8; 32]> {
    let path = data_dir.join("secrets").join(name);
    let text = fs::read_to_string(&path).map_err(|e| failed(&path, &e))?;
    from_hex(text.trim()).ok_or_else(|| failed(&path, &"is no key of 64 hexadecimal digits"))
}

/// Written beside its place and linked into it whole: a crash leaves no half key, and of two starts at once one wins.
fn make(directory: &Path, path: &Path) -> Result<[u8; 32]> {
    let mut key = [0; 32];
    rand::rng().fill_bytes(&mut key);
    let draft = path.with_extension(format!("{}.new", std::process::id()));
    let written = write_synced(&draft, &hex(&key)).and_then(|()| fs::hard_link(&draft, path));
    let _ = fs::remove_file(&draft);
    match written {
        Ok(()) => {}
        Err(e) if e.kind() == ErrorKind::AlreadyExists => {
            let text = fs::read_to_string(path).map_err(|e| failed(path, &e))?;
            return from_hex(text.trim()).ok_or_else(|| failed(path, &"is no key of 64 hexadecimal digits"));
        }
        Err(e) => return Err(failed(path, &e)),
    }
    #[cfg(unix)]
    fs::File::open(directory).and_then(|d| d.sync_all()).map_err(|e| failed(directory, &e))?;
    Ok(key)
}

fn write_synced(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// 32 bytes from 64 hexadecimal digits.
pub fn from_hex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let mut key = [0; 32];
    for (i, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * i..2 * i + 2)?, 16).ok()?;
    }
    Some(key)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn failed(path: &Path, why: &dyn std::fmt::Display) -> Error {
    Error::internal(format!("{}: {why}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_round_trip_as_hex() {
        let key: [u8; 32] = std::array::from_fn(|i| (i * 7) as u8);
        assert_eq!(from_hex(&hex(&key)), Some(key));
        assert_eq!(from_hex("00"), None);
        assert_eq!(from_hex(&"+1".repeat(32)), None);
    }

    #[test]
    fn a_kept_key_stays_the_same_and_is_private() {
        let directory = std::env::temp_dir().join(format!("workforceos-secrets-{}", std::process::id()));
        let key = kept(&directory, "sample").expect("made");
        assert_eq!(kept(&directory, "sample").expect("read"), key);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(directory.join("secrets/sample")).expect("file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        fs::remove_dir_all(directory).expect("removed");
    }
}
