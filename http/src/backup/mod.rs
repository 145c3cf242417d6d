//! `workforceos backup`: a copy of all that a server keeps, taken while it runs.
//!
//! The copy grows in `TARGET.partial` and gets its name when it is whole and durable: what is cut off in the midst never looks
//! like a backup. It is laid out as a data directory, so that a server can be started on it.

mod files;

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use workforceos_core::error::{Error, Result};
use workforceos_store::Database;
use workforceos_store::backup::{Examined, Original, examine};

use crate::secrets;

/// How often a long copy tells how far it is.
const TELL: Duration = Duration::from_secs(5);

/// What is copied.
pub struct Source {
    pub data_dir: PathBuf,
    pub database: Database,
}

/// What a backup holds.
pub struct Written {
    pub target: PathBuf,
    pub found: Examined,
    /// Files that users uploaded.
    pub files: u64,
    /// Bytes of everything.
    pub bytes: u64,
    /// Whether the keys were kept in the data directory, and so are in the backup.
    pub keys: bool,
}

/// Copies everything into a directory that does not exist or is empty. On an error nothing of it is left.
pub async fn run(source: &Source, target: &Path) -> Result<Written> {
    let Database::Sqlite(database) = &source.database else {
        let message = "DATABASE_URL names PostgreSQL: back it up with pg_dump. To restore it you also need JWT_SECRET and JOURNAL_KEY, \
                       or DATA_DIR/secrets, and DATA_DIR/files (docs/operating.md, \"Backup and restore\")";
        return Err(Error::conflict("NotSqlite", message));
    };
    let original = Original::open(database).await?;
    let place = Place::claim(target, &source.data_dir)?;
    let written = copy(source, original, &place).await.and_then(|written| {
        place.finish()?;
        Ok(written)
    });
    if written.is_err() {
        // What cannot be removed still has the name of what is not whole.
        let _ = fs::remove_dir_all(&place.partial);
    }
    written
}

async fn copy(source: &Source, original: Original, place: &Place) -> Result<Written> {
    let keys = files::copy_secrets(&source.data_dir.join("secrets"), &place.partial.join("secrets"))?;
    // A file is written before its row and removed after it: what is there before the database's moment is copied before, what
    // came in between is copied after.
    let (from, to) = (source.data_dir.join("files"), place.partial.join("files"));
    files::copy_tree(&from, &to)?;
    let copy = place.partial.join("workforceos.db");
    write_database(original, &copy).await?;
    files::copy_tree(&from, &to)?;
    tell("examining the copy");
    let found = examine(&copy).await?;
    files::sync(&place.partial)?;
    let ((files, _), (_, bytes)) = (files::measure(&to)?, files::measure(&place.partial)?);
    Ok(Written { target: place.target.clone(), found, files, bytes, keys })
}

/// Copies the database and tells how it goes, since SQLite does not.
async fn write_database(original: Original, copy: &Path) -> Result<()> {
    let all = original.bytes;
    let copying = original.copy_to(copy);
    tokio::pin!(copying);
    loop {
        match tokio::time::timeout(TELL, &mut copying).await {
            Ok(copied) => break copied?,
            Err(_) => {
                let done = fs::metadata(copy).map_or(0, |file| file.len());
                tell(&format!("copying the database: {} of about {}", size(done), size(all)));
            }
        }
    }
    files::make_private(copy)
}

/// Where a backup grows, locked against another one of the same name.
struct Place {
    target: PathBuf,
    partial: PathBuf,
    parent: PathBuf,
    _lock: File,
}

impl Place {
    fn claim(target: &Path, data_dir: &Path) -> Result<Place> {
        let refuse = |problem: String| Error::field("TARGET", problem);
        let Some(name) = target.file_name() else {
            return Err(refuse("must name a new directory".to_owned()));
        };
        let parent = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        let parent = parent.canonicalize().map_err(|e| refuse(format!("cannot be made in {}: {e}", parent.display())))?;
        let target = parent.join(name);
        check_free(&target, &parent)?;
        if data_dir.join("files").canonicalize().is_ok_and(|files| parent.starts_with(files)) {
            return Err(refuse("must not lie in the directory of files, which is copied itself".to_owned()));
        }
        let mut partial = name.to_owned();
        partial.push(".partial");
        let partial = parent.join(partial);
        let cannot = |e: std::io::Error| files::failed(&partial, &e);
        secrets::private_directory(&partial)?;
        let lock = File::open(&partial).map_err(cannot)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(refuse("is being written by another backup".to_owned())),
            Err(TryLockError::Error(e)) => return Err(cannot(e)),
        }
        // What an earlier one left that was cut off.
        for entry in fs::read_dir(&partial).map_err(cannot)? {
            let path = entry.map_err(cannot)?.path();
            let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            removed.map_err(cannot)?;
        }
        Ok(Place { target, partial, parent, _lock: lock })
    }

    /// Gives the whole backup its name. An empty directory of that name gives way.
    fn finish(&self) -> Result<()> {
        fs::rename(&self.partial, &self.target).map_err(|e| files::failed(&self.target, &e))?;
        File::open(&self.parent).and_then(|parent| parent.sync_all()).map_err(|e| files::failed(&self.parent, &e))
    }
}

/// Refuses what a backup cannot take the place of.
fn check_free(target: &Path, parent: &Path) -> Result<()> {
    let entries = match fs::read_dir(target) {
        Ok(mut entries) => entries.next(),
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(Error::field("TARGET", format!("{} is no empty directory: {e}", target.display()))),
    };
    if entries.is_some() {
        return Err(Error::field("TARGET", format!("{} exists and is not empty", target.display())));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let device = |path: &Path| fs::metadata(path).map(|m| m.dev()).map_err(|e| files::failed(path, &e));
        if device(target)? != device(parent)? {
            return Err(Error::field("TARGET", "is where a disk is mounted: name a new directory in it"));
        }
    }
    Ok(())
}

impl std::fmt::Display for Written {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Examined { companies, entries } = self.found;
        let (target, bytes, files) = (self.target.display(), size(self.bytes), self.files);
        let keys = if self.keys { "the kept keys" } else { "no keys (none are kept in DATA_DIR)" };
        write!(
            f,
            "Backup written to {target}: {companies} companies, {entries} journal entries, {files} files, {keys}; {bytes}, examined \
             and whole"
        )
    }
}

fn size(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// Progress goes to standard error, where it can be thrown away.
fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "workforceos backup: {text}");
}
