//! The journal as it is kept, doors and details included.

use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection};
use workforceos_store::Database;
use workforceos_tests::TestApp;

#[derive(Debug)]
pub struct Kept {
    pub via: String,
    pub action: String,
    pub after: Option<String>,
    pub before: Option<String>,
    pub extra: Option<String>,
    pub actor: Option<String>,
    pub request: String,
    /// Whether the audit log lists it.
    pub audited: bool,
}

const ALL: &str = "SELECT via, action, after, before, extra, actor_id, request_id, CAST(audited AS TEXT) FROM journal \
                   ORDER BY company_id, seq";

/// Every entry of every company, past the server.
pub async fn of(app: &TestApp) -> Vec<Kept> {
    macro_rules! read {
        ($connection:ident, $url:expr) => {{
            let mut connection = $connection::connect($url).await.expect("the database answers");
            let rows = sqlx::raw_sql(AssertSqlSafe(ALL.to_owned())).fetch_all(&mut connection).await.expect("the journal");
            let kept = |row| {
                let text = |i: usize| Row::try_get::<Option<String>, _>(&row, i).expect("text");
                let named = |i: usize| text(i).expect("a value");
                Kept {
                    via: named(0),
                    action: named(1),
                    after: text(2),
                    before: text(3),
                    extra: text(4),
                    actor: text(5),
                    request: named(6),
                    audited: named(7) == "1",
                }
            };
            rows.into_iter().map(kept).collect()
        }};
    }
    match &app.settings().database {
        Database::Sqlite(path) => read!(SqliteConnection, &format!("sqlite://{}", path.display())),
        Database::Postgres(url) => read!(PgConnection, url),
    }
}
