//! The audit log: what is in it, how it is read and taken out, and that nobody alters it unseen.

mod access;
mod export;
mod listing;
mod program;
mod tampering;
mod verifying;

use std::process::Output;

use serde_json::Value as Json;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection};
use workforceos_store::Database;
use workforceos_tests::{Client, DEADLINE, Program, TestApp};

pub const LOGS: &str = "/api/v1/audit-logs";

/// A page of the audit log.
pub async fn page(client: &Client, query: &str) -> Vec<Json> {
    let body = client.get(&format!("{LOGS}?{query}")).await.ok();
    body.as_array().expect("a list without an envelope").clone()
}

/// The ids of entries.
pub fn ids(entries: &[Json]) -> Vec<i64> {
    entries.iter().map(|entry| entry["id"].as_i64().expect("a number")).collect()
}

/// Waits for an entry that is written behind an answer.
pub async fn awaited(client: &Client, query: &str, wanted: impl Fn(&Json) -> bool) -> Json {
    let look = async {
        loop {
            if let Some(entry) = page(client, query).await.into_iter().find(&wanted) {
                return entry;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(DEADLINE, look).await.expect("the entry comes")
}

/// `(valid, first_bad_id)` as the API tells it.
pub async fn verified(client: &Client) -> (bool, Option<i64>) {
    let body = client.get("/api/v1/audit-logs/verify").await.ok();
    (body["valid"].as_bool().expect("valid"), body["first_bad_id"].as_i64())
}

/// Statements behind the server's back, and what a query tells as text.
pub async fn raw(app: &TestApp, sql: &str) -> Vec<Vec<Option<String>>> {
    macro_rules! run {
        ($connection:ident, $url:expr) => {{
            let mut connection = $connection::connect($url).await.expect("the database answers");
            let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
            let rows = sql.fetch_all(&mut connection).await.unwrap_or_else(|error| panic!("{error}"));
            let cells = rows.iter().map(|row| (0..row.len()).map(|i| row.try_get_unchecked(i).expect("text")).collect());
            let cells = cells.collect();
            connection.close().await.expect("closes");
            cells
        }};
    }
    match &app.settings().database {
        Database::Sqlite(path) => run!(SqliteConnection, &format!("sqlite://{}", path.display())),
        Database::Postgres(url) => run!(PgConnection, url),
    }
}

/// The number that a query gives; select it as text.
pub async fn number(app: &TestApp, sql: &str) -> i64 {
    let rows = raw(app, sql).await;
    rows[0][0].as_deref().expect("a value").parse().expect("a number")
}

/// `workforceos audit verify` beside the running server.
pub async fn verify_program(app: &TestApp, more: &[&str]) -> Output {
    verify_with(app, &"07".repeat(32), more).await
}

/// As [`verify_program`], with another key.
pub async fn verify_with(app: &TestApp, key: &str, more: &[&str]) -> Output {
    let mut command = Program::command(&app.data_dir());
    command.args(["audit", "verify"]).args(more).env("JOURNAL_KEY", key);
    if let Database::Postgres(url) = &app.settings().database {
        command.env("DATABASE_URL", url);
    }
    tokio::process::Command::from(command).output().await.expect("the program runs")
}

/// What the program said and how it ended.
pub fn said(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}
