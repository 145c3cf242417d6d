//! Proving the journals of all companies from outside the server, also beside one that runs.

use std::path::Path;
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use workforceos_core::id::CompanyId;
use workforceos_core::{Error, Result};

use crate::connection::{Conn, Row};
use crate::dialect::Ours as _;
use crate::settings::{Database, Settings};
use crate::store::Verified;
use crate::walk::{self, Mark, Source};

/// A tenant's journal to be proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    pub company: CompanyId,
    /// `root` for the SaaS level.
    pub codename: String,
}

/// Where a tenant's journal stands, as its database says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stand {
    pub journal: Journal,
    pub seq: i64,
    /// The hash of the last entry, hexadecimal.
    pub chain: String,
}

/// A database whose journals are proved one after the other; nothing is written.
pub struct Journals {
    source: Connected,
    key: [u8; 32],
    pub all: Vec<Journal>,
}

/// Opened for reading: it needs no lock, and takes none that a server would wait for.
enum Connected {
    Sqlite(Box<SqliteConnection>),
    Postgres(Box<PgConnection>),
}

impl Connected {
    fn conn(&mut self) -> Conn<'_> {
        match self {
            Connected::Sqlite(connection) => Conn::Sqlite(connection),
            Connected::Postgres(connection) => Conn::Postgres(connection),
        }
    }
}

/// Every tenant: the SaaS level, which no table has to name, and whatever company has a head, a row or entries. What was deleted of
/// one shows by the others. Its entries are found by one look at the index for each company.
const STANDS: &str = "WITH RECURSIVE owner(id) AS (SELECT min(company_id) FROM journal UNION ALL \
                      SELECT (SELECT min(company_id) FROM journal WHERE company_id > owner.id) FROM owner WHERE owner.id IS NOT NULL) \
                      SELECT every.id, c.codename, t.seq, t.chain FROM (SELECT id FROM tenant UNION SELECT id FROM company \
                      UNION SELECT id FROM owner WHERE id IS NOT NULL UNION SELECT '00000000-0000-0000-0000-000000000000') every \
                      LEFT JOIN tenant t ON t.id = every.id LEFT JOIN company c ON c.id = every.id ORDER BY c.codename, every.id";

impl Journals {
    pub async fn open(settings: Settings) -> Result<Journals> {
        let mut source = match &settings.database {
            Database::Sqlite(path) => Connected::Sqlite(Box::new(open_beside(path).await?)),
            Database::Postgres(url) => Connected::Postgres(Box::new(connect(url).await?)),
        };
        let all = stands(&mut source.conn()).await?.into_iter().map(|stand| stand.journal).collect();
        Ok(Journals { source, key: settings.journal_key, all })
    }

    /// Proves a journal, which must agree with what somebody noted of it.
    pub async fn prove(&mut self, company: CompanyId, marks: &[Mark]) -> Result<Verified> {
        walk::prove(&mut Source::Own(self.source.conn()), &self.key, company, marks).await
    }
}

pub(crate) async fn stands(conn: &mut Conn<'_>) -> Result<Vec<Stand>> {
    let rows = conn.rows(STANDS, Vec::new()).await.ours()?;
    rows.iter().map(stand).collect::<Result<_, _>>().ours()
}

fn stand(row: &Row) -> Result<Stand, sqlx::Error> {
    let company = CompanyId(row.some_id(0)?);
    let root = if company.is_root() { "root".to_owned() } else { company.to_string() };
    let codename = row.text(1)?.map_or(root, str::to_owned);
    let (seq, chain) = (row.int(2)?.unwrap_or(0), row.text(3)?.unwrap_or_default().to_owned());
    Ok(Stand { journal: Journal { company, codename }, seq, chain })
}

async fn open_beside(path: &Path) -> Result<SqliteConnection> {
    if !path.is_file() {
        return Err(Error::conflict("NoDatabase", format!("There is no database at {}", path.display())));
    }
    let options = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(Duration::from_secs(30));
    let cannot = |error| Error::unavailable(format!("The database {} cannot be read", path.display())).because(error);
    options.disable_statement_logging().connect().await.map_err(cannot)
}

async fn connect(url: &str) -> Result<PgConnection> {
    let cannot = |error| Error::unavailable("The database cannot be read").because(error);
    let options = PgConnectOptions::from_str(url).map_err(cannot)?.application_name("workforceos-audit");
    let options = options.options([("default_transaction_read_only", "on")]).disable_statement_logging();
    options.connect().await.map_err(cannot)
}
