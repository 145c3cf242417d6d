//! Copies of files, private to their owner and durable.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;

use workforceos_core::error::{Error, Result};

use crate::secrets::private_directory;

/// Copies the keys that are kept; drafts of keys are none. False if none are kept.
pub fn copy_secrets(from: &Path, to: &Path) -> Result<bool> {
    let entries = match fs::read_dir(from) {
        Ok(entries) => entries,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(false),
        Err(e) => return Err(failed(from, &e)),
    };
    private_directory(to)?;
    let mut any = false;
    for entry in entries {
        let path = entry.map_err(|e| failed(from, &e))?.path();
        let Some(name) = path.file_name().filter(|_| path.is_file() && path.extension().is_none()) else { continue };
        any |= copy(&path, &to.join(name))?;
    }
    Ok(any)
}

/// Copies what is not copied yet of a directory whose files come and go meanwhile. A copy of another size was taken while
/// the file was still being written.
pub fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    let entries = match fs::read_dir(from) {
        Ok(entries) => entries,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(failed(from, &e)),
    };
    private_directory(to)?;
    for entry in entries {
        let entry = entry.map_err(|e| failed(from, &e))?;
        let (path, copied) = (entry.path(), to.join(entry.file_name()));
        let found = match fs::symlink_metadata(&path) {
            Ok(found) => found,
            Err(e) if e.kind() == ErrorKind::NotFound => continue,
            Err(e) => return Err(failed(&path, &e)),
        };
        if found.is_dir() {
            copy_tree(&path, &copied)?;
        } else if found.is_file() && fs::metadata(&copied).map_or(true, |copied| copied.len() != found.len()) {
            copy(&path, &copied)?;
        }
    }
    Ok(())
}

/// Copies one file, unless it has just gone: whether it did.
fn copy(from: &Path, to: &Path) -> Result<bool> {
    match fs::copy(from, to) {
        Ok(_) => make_private(to).map(|()| true),
        Err(e) if e.kind() == ErrorKind::NotFound && !from.exists() => Ok(false),
        Err(e) => Err(failed(to, &e)),
    }
}

/// Takes the file from everybody but its owner.
pub fn make_private(path: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(|e| failed(path, &e))?;
    }
    Ok(())
}

/// Makes a directory and all in it durable, what it holds before its own entries.
pub fn sync(path: &Path) -> Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path).map_err(|e| failed(path, &e))? {
            sync(&entry.map_err(|e| failed(path, &e))?.path())?;
        }
    }
    File::open(path).and_then(|file| file.sync_all()).map_err(|e| failed(path, &e))
}

/// How many files there are in a directory, and their bytes.
pub fn measure(path: &Path) -> Result<(u64, u64)> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok((0, 0)),
        Err(e) => return Err(failed(path, &e)),
    };
    if !metadata.is_dir() {
        return Ok((1, metadata.len()));
    }
    let mut sum = (0, 0);
    for entry in fs::read_dir(path).map_err(|e| failed(path, &e))? {
        let (files, bytes) = measure(&entry.map_err(|e| failed(path, &e))?.path())?;
        sum = (sum.0 + files, sum.1 + bytes);
    }
    Ok(sum)
}

/// An error that names its place, and a disk without room as what it is.
pub fn failed(path: &Path, why: &std::io::Error) -> Error {
    let full = matches!(why.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge);
    let problem = if full { "there is no room for it".to_owned() } else { why.to_string() };
    Error::unavailable(format!("{}: {problem}", path.display()))
}
