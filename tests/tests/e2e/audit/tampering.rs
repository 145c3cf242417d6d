//! Whoever has the database alters, removes, reorders, adds and cuts entries: the API and the program find it.

use std::fmt::Write as _;

use serde_json::json;
use sha2::{Digest, Sha256};
use workforceos_tests::{Company, Db, TestApp, on_both_databases};

use super::{number, raw, said, verified, verify_program};

on_both_databases!(
    every_alteration_is_found,
    whoever_puts_back_an_older_state_is_seen_by_whoever_saw_the_newer,
    a_journal_that_goes_on_after_being_put_back_is_seen,
    the_servers_own_user_cannot_alter_the_journal,
);

const GROUPS: &str = "/auth-api/v1/usergroups";

/// A journal with some entries, its triggers gone, and a copy to put back.
struct Scene {
    app: TestApp,
    db: Db,
    acme: Company,
    other: Company,
    /// The last entry.
    last: i64,
    /// One in the middle with content, an actor and touched rows.
    middle: i64,
}

impl Scene {
    async fn make(db: Db) -> Scene {
        let app = TestApp::start(db).await;
        let (acme, other) = (app.company("acme", "UTC").await, app.company("other", "UTC").await);
        for name in ["one", "two", "three", "four"] {
            acme.owner.post(GROUPS, json!({"groupName": name})).await.ok();
        }
        let of = format!("FROM journal WHERE company_id = '{}'", acme.id);
        let last = number(&app, &format!("SELECT CAST(max(seq) AS TEXT) {of}")).await;
        let middle = number(&app, &format!("SELECT CAST(min(seq) AS TEXT) {of} AND object = 'userGroup'")).await;
        assert!(middle > 2 && last >= middle + 3, "{middle} of {last}");
        let on = if db == Db::Postgres { " ON journal" } else { "" };
        let triggers: &[&str] = match db {
            Db::Postgres => &["journal_stays", "journal_fixed", "journal_whole"],
            Db::Sqlite => &["journal_stays", "journal_fixed", "journal_erased"],
        };
        for trigger in triggers {
            raw(&app, &format!("DROP TRIGGER {trigger}{on}")).await;
        }
        raw(&app, "CREATE TABLE journal_copy AS SELECT * FROM journal").await;
        raw(&app, "CREATE TABLE tenant_copy AS SELECT * FROM tenant").await;
        Scene { app, db, acme, other, last, middle }
    }

    async fn put_back(&self) {
        raw(&self.app, "DELETE FROM journal; INSERT INTO journal SELECT * FROM journal_copy").await;
        raw(&self.app, "DELETE FROM tenant; INSERT INTO tenant SELECT * FROM tenant_copy").await;
        assert_eq!(verified(&self.acme.owner).await, (true, None), "as it was");
    }

    /// `{c}`: the company, `{o}`: another, `{m}`: the entry in the middle, `{n}`: the last.
    fn filled(&self, sql: &str) -> String {
        let sql = sql.replace("{c}", &self.acme.id.to_string()).replace("{o}", &self.other.id.to_string());
        sql.replace("{m}", &self.middle.to_string()).replace("{n}", &self.last.to_string())
    }

    async fn alter(&self, sql: &str) {
        raw(&self.app, &self.filled(sql)).await;
    }

    /// The API and the program say that this entry is the first bad one.
    async fn found(&self, first_bad: i64, what: &str) {
        assert_eq!(verified(&self.acme.owner).await, (false, Some(first_bad)), "{what}");
        let (code, told) = said(&verify_program(&self.app, &["--company", "acme"]).await);
        assert_eq!(code, Some(3), "{what}: {told}");
        assert!(told.starts_with(&format!("acme: entry {first_bad} is altered, missing or out of place")), "{what}: {told}");
    }

    /// Only whoever saw the newer state finds it; on its own the database hangs together.
    async fn found_by_memory(&self, first_bad: i64, what: &str, newer: &str) {
        assert_eq!(verified(&self.acme.owner).await, (false, Some(first_bad)), "{what}");
        let (code, told) = said(&verify_program(&self.app, &["--company", "acme"]).await);
        assert_eq!(code, Some(0), "{what}: {told}");
        let (code, told) = said(&verify_program(&self.app, &["--company", "acme", "--expect", newer]).await);
        assert_eq!(code, Some(3), "{what}: {told}");
        assert!(told.starts_with(&format!("acme: entry {first_bad} ")), "{what}: {told}");
    }

    async fn head(&self) -> String {
        let (code, told) = said(&verify_program(&self.app, &["--company", "acme"]).await);
        assert_eq!(code, Some(0), "{told}");
        told.trim().rsplit_once("head ").expect("a head").1.to_owned()
    }
}

/// What is done, with what it is called, and how far from the middle entry (or the last) the first bad one is.
const OF_THE_MIDDLE: &[&str] = &[
    "at = at + 1",
    "kind = 'shift.created'",
    "action = 'deleteUser'",
    "object = 'shift'",
    "object_id = '00000000-0000-7000-8000-000000000001'",
    "actor_id = '00000000-0000-7000-8000-000000000001'",
    "actor_id = NULL",
    "via = 'timer'",
    "request_id = 'another'",
    "audience = '{\"all\":true}'",
    "after = '{}'",
    "before = '{}'",
    "extra = '{\"ip\":\"127.0.0.1\"}'",
    "extra = NULL",
    "after = NULL, before = NULL, extra = NULL, salt = NULL",
    "after = NULL, before = NULL, extra = NULL",
    "audited = 0",
    "audited = 2",
    "touched = NULL",
    "touched = '[]'",
    "salt = 'pepper'",
    "digest = '00'",
    "chain = '00'",
    // The content with a digest that fits: the chain is over the digest.
    "after = '{}', before = 'null', extra = 'null', salt = 's', digest = '{digest}'",
];

/// Statements, and the first entry that they spoil.
const OF_ROWS: &[(&str, &str)] = &[
    ("DELETE FROM journal WHERE company_id = '{c}' AND seq = 1", "1"),
    ("DELETE FROM journal WHERE company_id = '{c}' AND seq = {m}", "m"),
    ("DELETE FROM journal WHERE company_id = '{c}' AND seq = {n}", "n"),
    ("DELETE FROM journal WHERE company_id = '{c}' AND seq >= {m}", "m"),
    ("DELETE FROM journal WHERE company_id = '{c}'", "1"),
    ("DELETE FROM journal WHERE company_id = '{c}'; DELETE FROM tenant WHERE id = '{c}'", "1"),
    ("DELETE FROM journal WHERE company_id = '{c}'; UPDATE tenant SET seq = 0, chain = '' WHERE id = '{c}'", "1"),
    ("DELETE FROM tenant WHERE id = '{c}'", "1"),
    (
        "UPDATE journal SET seq = 900 WHERE company_id = '{c}' AND seq = {m}; \
         UPDATE journal SET seq = {m} WHERE company_id = '{c}' AND seq = {m} + 1; \
         UPDATE journal SET seq = {m} + 1 WHERE company_id = '{c}' AND seq = 900",
        "m",
    ),
    ("UPDATE tenant SET seq = {n} - 1 WHERE id = '{c}'", "n - 1"),
    ("UPDATE tenant SET chain = '00' WHERE id = '{c}'", "n"),
    ("UPDATE tenant SET chain = (SELECT chain FROM journal WHERE company_id = '{c}' AND seq = {m}) WHERE id = '{c}'", "n"),
    ("UPDATE journal SET company_id = '{o}', seq = 900 WHERE company_id = '{c}' AND seq = {m}", "m"),
    ("UPDATE journal SET seq = 900 WHERE company_id = '{c}' AND seq = {n}", "n"),
    ("INSERT INTO journal SELECT {with seq = 0} FROM journal WHERE company_id = '{c}' AND seq = {m}", "0"),
    ("INSERT INTO journal SELECT {with seq = 900} FROM journal WHERE company_id = '{c}' AND seq = {m}", "900"),
];

async fn every_alteration_is_found(db: Db) {
    let scene = Scene::make(db).await;
    let (middle, last) = (scene.middle, scene.last);
    for change in OF_THE_MIDDLE {
        let change = change.replace("{digest}", &digest("s", "{}"));
        scene.alter(&format!("UPDATE journal SET {change} WHERE company_id = '{{c}}' AND seq = {{m}}")).await;
        scene.found(middle, &change).await;
        scene.put_back().await;
    }
    if db == Db::Sqlite {
        // Bytes read like text, but no filter finds them.
        for column in ["object", "actor_id", "action"] {
            scene
                .alter(&format!(
                    "UPDATE journal SET {column} = CAST({column} AS BLOB) WHERE company_id = '{{c}}' AND seq = {{m}}"
                ))
                .await;
            scene.found(middle, column).await;
            scene.put_back().await;
        }
    }
    for (sql, first_bad) in OF_ROWS {
        let first_bad = match *first_bad {
            "m" => middle,
            "n" => last,
            "n - 1" => last - 1,
            number => number.parse().expect("a number"),
        };
        scene.alter(&with_another_place(sql)).await;
        scene.found(first_bad, sql).await;
        scene.put_back().await;
    }
    // The other company's program run finds what was moved there.
    scene.alter("UPDATE journal SET company_id = '{o}', seq = 900 WHERE company_id = '{c}' AND seq = {m}").await;
    assert_eq!(verified(&scene.other.owner).await, (false, Some(900)));
    let (code, told) = said(&verify_program(&scene.app, &[]).await);
    let bad: Vec<bool> = told.lines().map(|line| line.contains("is altered, missing or out of place")).collect();
    assert_eq!((code, bad.iter().filter(|bad| **bad).count(), bad.len()), (Some(3), 2, 3), "{told}");
    scene.put_back().await;
    // A forged entry with a head that fits it.
    scene
        .alter(&with_another_place(
            "INSERT INTO journal SELECT {with seq = 900} FROM journal WHERE company_id = '{c}' AND seq = {m}",
        ))
        .await;
    scene.alter("UPDATE journal SET seq = {n} + 1, chain = 'forged' WHERE company_id = '{c}' AND seq = 900").await;
    scene.alter("UPDATE tenant SET seq = {n} + 1, chain = 'forged' WHERE id = '{c}'").await;
    scene.found(last + 1, "a forged entry at the head").await;
}

/// Writes out the columns of a copy that stands elsewhere.
fn with_another_place(sql: &str) -> String {
    let Some((before, rest)) = sql.split_once("{with seq = ") else { return sql.to_owned() };
    let (seq, after) = rest.split_once('}').expect("a brace");
    let columns = "at, kind, action, object, object_id, actor_id, via, request_id, audience, after, before, extra, audited, touched, salt, \
                   digest, chain";
    let into = before.replace("INSERT INTO journal SELECT", &format!("INSERT INTO journal (company_id, seq, {columns}) SELECT"));
    format!("{into}company_id, {seq}, {columns}{after}")
}

/// The digest that the server would make of content.
fn digest(salt: &str, after: &str) -> String {
    let mut bytes = Vec::new();
    for text in [salt, after, "null", "null"] {
        bytes.extend_from_slice(&u32::try_from(text.len()).expect("short").to_be_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
    Sha256::digest(&bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Cuts the tail and puts the head back to what it once was.
const REWIND: &str = "DELETE FROM journal WHERE company_id = '{c}' AND seq > {n} - 2; UPDATE tenant SET seq = {n} - 2, \
                      chain = (SELECT chain FROM journal WHERE company_id = '{c}' AND seq = {n} - 2) WHERE id = '{c}'";

async fn whoever_puts_back_an_older_state_is_seen_by_whoever_saw_the_newer(db: Db) {
    let mut scene = Scene::make(db).await;
    let (last, newer) = (scene.last, scene.head().await);
    assert!(newer.starts_with(&format!("acme:{last}:")), "{newer}");
    scene.alter(REWIND).await;
    scene.found_by_memory(last - 1, "an older state", &newer).await;
    // What was told of it is compared though the company is gone altogether.
    let gone = format!("gone:7:{}", "0".repeat(64));
    let (code, told) = said(&verify_program(&scene.app, &["--expect", &gone]).await);
    assert_eq!((code, told.contains("gone: the company is gone from the database")), (Some(3), true), "{told}");
    // A restart forgets: from then on only what was told elsewhere shows it.
    scene.app.restart().await;
    assert_eq!(verified(&scene.acme.owner).await, (true, None), "docs/audit.md says so");
    let (code, _) = said(&verify_program(&scene.app, &["--company", "acme", "--expect", &newer]).await);
    assert_eq!(code, Some(3));
}

async fn a_journal_that_goes_on_after_being_put_back_is_seen(db: Db) {
    let scene = Scene::make(db).await;
    let newer = scene.head().await;
    scene.alter(REWIND).await;
    for name in ["five", "six", "seven"] {
        scene.acme.owner.post(GROUPS, json!({"groupName": name})).await.ok();
    }
    let (valid, first_bad) = verified(&scene.acme.owner).await;
    assert!(!valid, "{:?}", scene.db);
    assert!(first_bad.is_some_and(|bad| (scene.last - 1..=scene.last).contains(&bad)), "{first_bad:?} of {}", scene.last);
    let (code, told) = said(&verify_program(&scene.app, &["--company", "acme", "--expect", &newer]).await);
    assert_eq!(code, Some(3), "{told}");
}

async fn the_servers_own_user_cannot_alter_the_journal(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let mut forbidden = vec![
        "DELETE FROM journal",
        "DELETE FROM journal WHERE seq = 1",
        "UPDATE journal SET actor_id = NULL",
        "UPDATE journal SET audited = 0 WHERE seq = 1",
        "UPDATE journal SET chain = '00' WHERE seq = 1",
        "UPDATE journal SET after = '{}' WHERE seq = 1",
    ];
    if db == Db::Postgres {
        forbidden.extend(["TRUNCATE journal", "TRUNCATE journal CASCADE"]);
    }
    for sql in forbidden {
        let (app, sql) = (&app, sql);
        let refused = try_raw(app, sql).await.expect_err(sql);
        assert!(refused.contains("append-only") || refused.contains("can only be erased"), "{sql}: {refused}");
    }
    assert_eq!(verified(&acme.owner).await, (true, None));
}

async fn try_raw(app: &TestApp, sql: &str) -> Result<(), String> {
    use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
    use workforceos_store::Database;
    let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
    let done = match &app.settings().database {
        Database::Sqlite(path) => {
            let mut connection = SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.expect("connects");
            sql.execute(&mut connection).await.map(drop)
        }
        Database::Postgres(url) => {
            let mut connection = PgConnection::connect(url).await.expect("connects");
            sql.execute(&mut connection).await.map(drop)
        }
    };
    done.map_err(|error| error.to_string())
}
