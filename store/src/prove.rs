//! Proving the journals of all companies from outside the server, on SQLite also beside one that runs.

use std::path::Path;
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use workforceos_core::id::CompanyId;
use workforceos_core::{Error, Result};

use crate::connection::{Conn, Row};
use crate::dialect::Ours as _;
use crate::journal::{self, Walk};
use crate::settings::{Database, Settings};
use crate::store::{Store, Verified};
use crate::tenancy::Mode;

/// A tenant's journal to be proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    pub company: CompanyId,
    /// `root` for the SaaS level.
    pub codename: String,
}

/// Databases whose journals are proved one after the other; nothing is written.
pub struct Journals {
    source: Source,
    key: [u8; 32],
    pub all: Vec<Journal>,
}

enum Source {
    /// Opened for reading: it needs no lock, and takes none that a server would wait for.
    Sqlite(Box<SqliteConnection>),
    Postgres(Store),
}

const TENANTS: &str = "SELECT t.id, c.codename FROM tenant t LEFT JOIN company c ON c.id = t.id ORDER BY c.codename";

impl Journals {
    pub async fn open(settings: Settings) -> Result<Journals> {
        let key = settings.journal_key;
        match settings.database.clone() {
            Database::Sqlite(path) => {
                let mut connection = open_beside(&path).await?;
                let rows = Conn::Sqlite(&mut connection).rows(TENANTS, Vec::new()).await.ours()?;
                Ok(Journals { source: Source::Sqlite(Box::new(connection)), key, all: journals(&rows)? })
            }
            Database::Postgres(_) => {
                let store = Store::open(settings).await?;
                let rows = store.0.reader_across(Mode::Read).await?.conn().rows(TENANTS, Vec::new()).await.ours()?;
                Ok(Journals { source: Source::Postgres(store), key, all: journals(&rows)? })
            }
        }
    }

    pub async fn prove(&mut self, company: CompanyId) -> Result<Verified> {
        match &mut self.source {
            Source::Postgres(store) => store.verify(company).await,
            Source::Sqlite(connection) => {
                let mut conn = Conn::Sqlite(connection);
                let head = journal::head(&mut conn, company, false).await.ours()?;
                let mut walk = Walk::new(&self.key, company, head);
                loop {
                    if let Some(verified) = walk.step(&mut conn).await? {
                        return Ok(verified);
                    }
                }
            }
        }
    }
}

async fn open_beside(path: &Path) -> Result<SqliteConnection> {
    if !path.is_file() {
        return Err(Error::conflict("NoDatabase", format!("There is no database at {}", path.display())));
    }
    let options = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(Duration::from_secs(30));
    let cannot = |error| Error::unavailable(format!("The database {} cannot be read", path.display())).because(error);
    options.disable_statement_logging().connect().await.map_err(cannot)
}

fn journals(rows: &[Row]) -> Result<Vec<Journal>> {
    let journal = |row: &Row| {
        let company = CompanyId(row.some_id(0)?);
        Ok::<_, sqlx::Error>(Journal { company, codename: row.text(1)?.unwrap_or("root").to_owned() })
    };
    rows.iter().map(journal).collect::<Result<_, _>>().ours()
}
