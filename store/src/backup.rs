//! A copy of a SQLite database, taken beside the server that goes on writing to it.
//!
//! `VACUUM INTO` reads one moment of the database, however long it takes and whatever is written meanwhile. (SQLite's other
//! way, the backup API, begins anew whenever another process writes.) Readers keep nobody from writing; only the log cannot
//! be emptied until the copy is done.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use workforceos_core::{Error, Result};

use crate::arg::Arg;
use crate::connection::Conn;
use crate::dialect::{Meaning, meaning};

/// A database opened for being copied.
pub struct Original {
    connection: SqliteConnection,
    /// How many bytes the copy will have, roughly.
    pub bytes: u64,
}

/// What was found in a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Examined {
    pub companies: u64,
    /// Entries in the journals of all companies.
    pub entries: u64,
}

impl Original {
    /// Opens the database for reading; it needs no lock, and takes none that a server would wait for.
    pub async fn open(path: &Path) -> Result<Original> {
        if !path.is_file() {
            return Err(Error::conflict("NoDatabase", format!("There is no database at {}", path.display())));
        }
        let options = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(Duration::from_secs(30));
        let cannot = |error| Error::unavailable(format!("The database {} cannot be read", path.display())).because(error);
        let mut connection = options.disable_statement_logging().connect().await.map_err(cannot)?;
        let tables = "SELECT count(*) FROM sqlite_master WHERE name IN ('tenant', 'journal')";
        if number(&mut connection, tables).await.map_err(cannot)? != 2 {
            let message = format!("{} is no database of WorkforceOS", path.display());
            return Err(Error::conflict("NoDatabase", message));
        }
        let used = "SELECT (SELECT page_count FROM pragma_page_count) - (SELECT freelist_count FROM pragma_freelist_count)";
        let pages = number(&mut connection, used).await.map_err(cannot)?;
        let size = number(&mut connection, "SELECT page_size FROM pragma_page_size").await.map_err(cannot)?;
        Ok(Original { connection, bytes: pages * size })
    }

    /// Writes the copy to a file that is not there yet. It is not yet made durable.
    pub async fn copy_to(mut self, target: &Path) -> Result<()> {
        let Some(text) = target.to_str() else {
            return Err(Error::field("TARGET", "must be a path in UTF-8"));
        };
        let copied = Conn::Sqlite(&mut self.connection).execute("VACUUM INTO $1".into(), vec![Arg::text(text)]).await;
        copied.map_err(|error| {
            let why = match meaning(&error) {
                Meaning::Full => ": the disk is full",
                _ => "; the disk may be full",
            };
            Error::unavailable(format!("The copy {} could not be written{why}", target.display())).because(error)
        })?;
        // It was only read from: that it does not close well harms nothing.
        let _ = self.connection.close().await;
        Ok(())
    }
}

/// Proves that a copy is whole: every page, index and constraint of it is looked at.
pub async fn examine(copy: &Path) -> Result<Examined> {
    let damaged = |error| Error::unavailable(format!("The copy {} is damaged", copy.display())).because(error);
    // Nobody writes to it: nothing is made beside it.
    let options = SqliteConnectOptions::new().filename(copy).read_only(true).immutable(true).disable_statement_logging();
    let mut connection = options.connect().await.map_err(damaged)?;
    let rows = Conn::Sqlite(&mut connection).rows("PRAGMA integrity_check", Vec::new()).await.map_err(damaged)?;
    let found = rows.first().map_or(Ok("nothing"), |row| row.some_text(0)).map_err(damaged)?;
    if found != "ok" {
        return Err(Error::unavailable(format!("The copy {} is damaged: {found}", copy.display())));
    }
    let companies = number(&mut connection, "SELECT count(*) FROM company").await.map_err(damaged)?;
    let entries = number(&mut connection, "SELECT count(*) FROM journal").await.map_err(damaged)?;
    connection.close().await.map_err(damaged)?;
    Ok(Examined { companies, entries })
}

async fn number(connection: &mut SqliteConnection, sql: &'static str) -> Result<u64, sqlx::Error> {
    let rows = Conn::Sqlite(connection).rows(sql, Vec::new()).await?;
    let number = rows.first().map_or(Ok(0), |row| row.some_int(0))?;
    Ok(u64::try_from(number).unwrap_or(0))
}
