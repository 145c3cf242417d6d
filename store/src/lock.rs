//! The lock that keeps other processes out of an SQLite file.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use workforceos_core::{Error, Result};

/// Held as long as it lives.
pub(crate) struct Lock(File);

impl Lock {
    /// One process owns the file: what it holds in memory would be wrong as soon as another wrote.
    pub(crate) fn take(path: &Path) -> Result<Lock> {
        let mut name = path.as_os_str().to_owned();
        name.push(".lock");
        let cannot = |error| Error::unavailable(format!("The database {} cannot be opened", path.display())).because(error);
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(name).map_err(cannot)?;
        match file.try_lock() {
            Ok(()) => Ok(Lock(file)),
            Err(TryLockError::WouldBlock) => {
                let message = format!("Another process has the database {} open: stop it first", path.display());
                Err(Error::conflict("DatabaseInUse", message))
            }
            Err(TryLockError::Error(error)) => Err(cannot(error)),
        }
    }
}

impl Drop for Lock {
    /// Closing alone would leave it to a program that this process is just starting: until that is itself, it has our files open.
    fn drop(&mut self) {
        // What cannot be unlocked is free once everybody has closed it.
        let _ = self.0.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_ends_though_somebody_has_inherited_it() {
        let path = std::env::temp_dir().join(format!("workforceos-lock-{}", std::process::id()));
        let lock = Lock::take(&path).expect("free");
        assert_eq!(Lock::take(&path).err().expect("taken").code, "DatabaseInUse");
        // As a program has it that was begun and does not run yet: the same open file.
        let inherited = lock.0.try_clone().expect("another handle");
        drop(lock);
        drop(Lock::take(&path).expect("free again"));
        drop(inherited);
        std::fs::remove_file(format!("{}.lock", path.display())).expect("there is one");
    }
}
