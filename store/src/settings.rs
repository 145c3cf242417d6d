//! Which database, and how it is used.

use std::path::PathBuf;

use workforceos_core::{Error, Result};

/// Where the rows are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// One file, owned by one process.
    Sqlite(PathBuf),
    /// A server that several nodes share; the URL may hold a password.
    Postgres(String),
}

impl Database {
    /// Reads `sqlite://path`, `sqlite:path`, `postgres://…` or `postgresql://…`.
    pub fn parse(url: &str) -> Result<Database> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Database::Postgres(url.to_owned()));
        }
        let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")).unwrap_or_default();
        if path.is_empty() {
            // The URL itself may hold a password: it stays out of the message.
            return Err(Error::field("DATABASE_URL", "must be sqlite://path or postgres://…"));
        }
        Ok(Database::Sqlite(PathBuf::from(path)))
    }
}

/// How to open a [`crate::Store`].
#[derive(Clone)]
pub struct Settings {
    pub database: Database,
    /// Keys the journal's chain; kept outside the database.
    pub journal_key: [u8; 32],
    /// How many connections read at a time.
    pub readers: u32,
}
