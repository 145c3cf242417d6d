//! A database of its own for each test, gone when the test is over.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use workforceos_store::Database;

/// Names the administrative database of a PostgreSQL server on which tests may do as they like.
const POSTGRES: &str = "WORKFORCEOS_TEST_POSTGRES";

/// The databases that the server runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Db {
    Sqlite,
    Postgres,
}

impl Db {
    /// Whether there is one for tests; says so if not.
    #[expect(clippy::print_stdout, reason = "a test that is left out says so")]
    pub fn is_here(self) -> bool {
        let here = self == Db::Sqlite || std::env::var_os(POSTGRES).is_some();
        if !here {
            println!("skipped: {POSTGRES} names no PostgreSQL server");
        }
        here
    }
}

/// A folder, and on PostgreSQL a database, that are removed in the end.
pub struct Scratch {
    folder: PathBuf,
    /// The administrative URL and the database's name.
    postgres: Option<(String, String)>,
}

impl Scratch {
    pub async fn make(db: Db) -> Scratch {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("workforceos_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(&name);
        std::fs::create_dir_all(&folder).expect("a folder for the test");
        let mut scratch = Scratch { folder, postgres: None };
        if db == Db::Postgres {
            let admin = std::env::var(POSTGRES).expect("the address of a PostgreSQL server");
            let mut connection = PgConnection::connect(&admin).await.expect("the PostgreSQL server answers");
            let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
            sqlx::raw_sql(create).execute(&mut connection).await.expect("a database for the test");
            scratch.postgres = Some((admin, name));
        }
        scratch
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn database(&self) -> Database {
        match &self.postgres {
            None => Database::Sqlite(self.folder.join("workforceos.db")),
            Some((admin, name)) => {
                let (server, _) = admin.rsplit_once('/').expect("the URL names a database");
                Database::Postgres(format!("{server}/{name}"))
            }
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is in a temporary place anyway.
        let _ = std::fs::remove_dir_all(&self.folder);
        let Some((admin, name)) = self.postgres.take() else { return };
        let remove = async move {
            if let Ok(mut connection) = PgConnection::connect(&admin).await {
                let drop = AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
                let _ = sqlx::raw_sql(drop).execute(&mut connection).await;
                let drop = AssertSqlSafe(format!("DROP ROLE IF EXISTS workforceos_tenant_{name}"));
                let _ = sqlx::raw_sql(drop).execute(&mut connection).await;
            }
        };
        crate::app::block_on(remove);
    }
}
