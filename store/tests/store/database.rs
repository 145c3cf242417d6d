//! A fresh database per test.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};
use workforceos_core::change::{Changes, Entry};
use workforceos_core::id::CompanyId;
use workforceos_core::{Error, Timestamp};
use workforceos_store::{Database, Due, Journals, Outcome, Settings, Store};

pub const NOW: Timestamp = Timestamp(1_780_000_000_000);

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A database of its own, gone with the test.
pub struct Fresh {
    pub store: Store,
    place: Place,
}

enum Place {
    File(PathBuf),
    Server { admin: String, name: String, url: String },
}

impl Fresh {
    pub async fn sqlite() -> Fresh {
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("workforceos-store-{}-{n}", std::process::id()));
        let place = Place::File(folder.join("test.db"));
        Fresh { store: open(&place).await.expect("opens"), place }
    }

    /// `None` where there is no server to test with.
    pub async fn postgres() -> Option<Fresh> {
        Fresh::named("").await
    }

    /// As [`Fresh::postgres`], with a database's name that ends like this.
    pub async fn named(end: &str) -> Option<Fresh> {
        let admin = std::env::var("WORKFORCEOS_TEST_POSTGRES").ok()?;
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("store_{}_{n}{end}", std::process::id());
        let mut connection = PgConnection::connect(&admin).await.expect("the server answers");
        let create = format!("CREATE DATABASE {name}");
        sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut connection).await.expect("creates");
        let (server, _) = admin.rsplit_once('/').expect("an URL with a database");
        let place = Place::Server { url: format!("{server}/{name}"), admin: admin.clone(), name };
        Some(Fresh { store: open(&place).await.expect("opens"), place })
    }

    /// A PostgreSQL database that belongs to a user of its own, who may do no more than this says, and is not opened yet.
    pub async fn owned_by(attributes: &str) -> Option<(Fresh, String)> {
        let mut fresh = Fresh::postgres().await?;
        let Place::Server { url, name, .. } = &mut fresh.place else { return None };
        let user = format!("{name}_owner");
        let mut connection = PgConnection::connect(url).await.expect("the server answers");
        let make = format!("CREATE ROLE {user} LOGIN {attributes}; ALTER DATABASE {name} OWNER TO {user}");
        sqlx::raw_sql(AssertSqlSafe(make)).execute(&mut connection).await.expect("makes a user");
        // As new as a database can be.
        fresh.store.close().await;
        let empty = format!("DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION {user}");
        sqlx::raw_sql(AssertSqlSafe(empty)).execute(&mut connection).await.expect("empties");
        let (scheme, rest) = url.split_once("://").expect("an URL");
        let (_, place) = rest.rsplit_once('@').unwrap_or(("", rest));
        *url = format!("{scheme}://{user}@{place}");
        Some((fresh, user))
    }

    /// The role of what acts for a company.
    pub async fn role(&self) -> String {
        let mut connection = self.connection().await;
        sqlx::query_scalar("SELECT tenant_role()").fetch_one(&mut connection).await.expect("a name")
    }

    /// A connection to this database as the user of another.
    pub async fn connection_of(&self, other: &Fresh) -> PgConnection {
        let (Place::Server { name, .. }, Place::Server { url, .. }) = (&self.place, &other.place) else {
            panic!("this is PostgreSQL's")
        };
        let (server, _) = url.rsplit_once('/').expect("an URL with a database");
        PgConnection::connect(&format!("{server}/{name}")).await.expect("connects")
    }

    /// A connection of one's own, as the store's user or as another.
    pub async fn connection(&self) -> PgConnection {
        let Place::Server { url, .. } = &self.place else { panic!("this is PostgreSQL's") };
        PgConnection::connect(url).await.expect("connects")
    }

    /// As [`Fresh::raw`], as the server's administrator.
    pub async fn administer(&self, sql: &str) {
        let Place::Server { admin, name, .. } = &self.place else { panic!("this is PostgreSQL's") };
        let (server, _) = admin.rsplit_once('/').expect("an URL with a database");
        let mut connection = PgConnection::connect(&format!("{server}/{name}")).await.expect("connects");
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.expect("administers");
    }

    /// Another store on the same database.
    pub async fn second(&self) -> Result<Store, Error> {
        open(&self.place).await
    }

    /// The journals as they are proved from outside.
    pub async fn journals(&self) -> Journals {
        Journals::open(settings(&self.place).expect("settings")).await.expect("opens beside")
    }

    /// Closes the store and opens another.
    pub async fn reopen(&mut self) {
        self.store.close().await;
        self.store = open(&self.place).await.expect("opens again");
    }

    /// Runs statements behind the store's back.
    pub async fn raw(&self, sql: &str) -> Result<(), sqlx::Error> {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        match &self.place {
            Place::File(path) => {
                let mut connection = SqliteConnection::connect(&format!("sqlite://{}", path.display())).await?;
                sql.execute(&mut connection).await?;
                connection.close().await
            }
            Place::Server { url, .. } => {
                let mut connection = PgConnection::connect(url).await?;
                sql.execute(&mut connection).await?;
                connection.close().await
            }
        }
    }

    /// Allows what the journal's triggers forbid.
    pub async fn drop_triggers(&self) {
        for trigger in ["journal_stays", "journal_fixed", "journal_erased"] {
            let sql = match &self.place {
                Place::File(_) => format!("DROP TRIGGER {trigger}"),
                Place::Server { .. } => format!("DROP TRIGGER IF EXISTS {trigger} ON journal"),
            };
            self.raw(&sql).await.expect("drops");
        }
    }

    /// The one number that a query gives.
    pub async fn number(&self, sql: &str) -> i64 {
        let sql = AssertSqlSafe(sql.to_owned());
        match &self.place {
            Place::File(path) => {
                let mut connection = SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.expect("connects");
                sqlx::query_scalar(sql).fetch_one(&mut connection).await.expect("a number")
            }
            Place::Server { url, .. } => {
                let mut connection = PgConnection::connect(url).await.expect("connects");
                sqlx::query_scalar(sql).fetch_one(&mut connection).await.expect("a number")
            }
        }
    }

    pub async fn columns(&self, table: &str) -> Vec<(String, bool)> {
        match &self.place {
            Place::File(path) => {
                let mut connection = SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.expect("connects");
                let sql = "SELECT name, \"notnull\" = 1 FROM pragma_table_info($1)";
                sqlx::query_as(sql).bind(table).fetch_all(&mut connection).await.expect("lists")
            }
            Place::Server { url, .. } => {
                let mut connection = PgConnection::connect(url).await.expect("connects");
                let sql = "SELECT column_name::text, is_nullable = 'NO' FROM information_schema.columns \
                           WHERE table_name = $1 ORDER BY ordinal_position";
                sqlx::query_as(sql).bind(table).fetch_all(&mut connection).await.expect("lists")
            }
        }
    }

    /// Ends the test: closes the store and removes the database.
    pub async fn end(self) {
        self.store.close().await;
        let role = if self.store.is_postgres() { self.role().await } else { String::new() };
        match self.place {
            Place::File(path) => {
                let folder = path.parent().expect("has a folder");
                std::fs::remove_dir_all(folder).expect("removes");
            }
            Place::Server { admin, name, .. } => {
                let mut connection = PgConnection::connect(&admin).await.expect("the server answers");
                let remove = format!("DROP DATABASE {name} WITH (FORCE)");
                sqlx::raw_sql(AssertSqlSafe(remove)).execute(&mut connection).await.expect("removes");
                let user = format!("DROP ROLE IF EXISTS {role}, {name}_owner, {name}_heir");
                sqlx::raw_sql(AssertSqlSafe(user)).execute(&mut connection).await.expect("removes its users");
            }
        }
    }
}

async fn open(place: &Place) -> Result<Store, Error> {
    Store::open(settings(place)?).await
}

fn settings(place: &Place) -> Result<Settings, Error> {
    let url = match place {
        Place::File(path) => format!("sqlite://{}", path.display()),
        Place::Server { url, .. } => url.clone(),
    };
    Ok(Settings { database: Database::parse(&url)?, journal_key: [7; 32], readers: 4 })
}

/// Commits in a turn of its own.
pub async fn commit(store: &Store, company: CompanyId, batch: Vec<Changes>) -> Outcome {
    let turn = store.turn(company).await.expect("a turn");
    turn.commit(batch, NOW, Due::Sooner(None)).await
}

/// Commits what must succeed.
pub async fn committed(store: &Store, company: CompanyId, batch: Vec<Changes>) -> Vec<Entry> {
    match commit(store, company, batch).await {
        Outcome::Committed(entries) => entries.iter().flat_map(|e| e.iter().cloned()).collect(),
        other => panic!("not committed: {other:?}"),
    }
}

/// Commits what must be refused: the index and the error's code.
pub async fn refused(store: &Store, company: CompanyId, batch: Vec<Changes>) -> (usize, String) {
    match commit(store, company, batch).await {
        Outcome::Refused { index, error } => (index, error.code.into_owned()),
        other => panic!("not refused: {other:?}"),
    }
}

/// Declares a test that runs on both databases.
#[macro_export]
macro_rules! on_both {
    ($(#[doc = $doc:literal])* $name:ident) => {
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let mut fresh = $crate::database::Fresh::sqlite().await;
                super::$name(&mut fresh).await;
                fresh.end().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let Some(mut fresh) = $crate::database::Fresh::postgres().await else { return };
                super::$name(&mut fresh).await;
                fresh.end().await;
            }
        }
    };
}
