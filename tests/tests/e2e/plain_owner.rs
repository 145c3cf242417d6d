//! The whole program on a PostgreSQL whose user owns its database and is nothing more.

use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use workforceos_store::Database;
use workforceos_tests::{Client, Db, PASSWORD, Program, ROOT_EMAIL, Scratch};

use crate::paths::SHIFTS;
use crate::text;

async fn administer(url: &str, sql: String) {
    let mut connection = PgConnection::connect(url).await.expect("the server answers");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.expect("administers");
}

/// Registers a company, twice with one key: the second answer is the first.
async fn register(client: &Client, codename: &str) -> Client {
    let email = format!("owner@{codename}.test");
    let body =
        json!({"email": email, "password": PASSWORD, "fullname": "Owner", "company": {"name": codename, "timezone": "UTC"}});
    let keyed = client.with_key(codename);
    let first = keyed.post("/auth-api/v1/registercompanyowner", body.clone()).await.ok();
    let again = keyed.post("/auth-api/v1/registercompanyowner", body).await.ok();
    assert_eq!(first["user"]["id"], again["user"]["id"]);
    let mut owner = client.clone();
    owner.login(&email, codename).await;
    owner
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_owner_is_enough() {
    if !Db::Postgres.is_here() {
        return;
    }
    let scratch = Scratch::make(Db::Postgres).await;
    let Database::Postgres(url) = scratch.database() else { panic!("a PostgreSQL database") };
    let (scheme, rest) = url.split_once("://").expect("an URL");
    let (place, name) = rest.rsplit_once('@').map_or(rest, |(_, place)| place).rsplit_once('/').expect("a database");
    let user = format!("{name}_owner");
    administer(&url, format!("CREATE ROLE {user} LOGIN CREATEROLE; ALTER DATABASE {name} OWNER TO {user}")).await;
    let mut command = Program::command(scratch.folder());
    command.env("DATABASE_URL", format!("{scheme}://{user}@{place}/{name}"));
    let server = Program::run(command).await.expect("it starts");

    let (acme, globex) = (register(&server.client, "acme").await, register(&server.client, "globex").await);
    let key = acme.made_key().await;
    let plan = json!({"shiftDate": "2030-01-02", "startTime": "09:00", "endTime": "17:00"});
    let shift = text(&acme.with_token(&key).post(SHIFTS, plan).await.ok()["shift"], "id");
    acme.get(&format!("{SHIFTS}/{shift}")).await.ok();
    globex.get(&format!("{SHIFTS}/{shift}")).await.refused(404, "ShiftNotFound");
    assert_eq!(globex.get(SHIFTS).await.ok()["rowCount"], 0);
    assert_eq!(server.client.get("/auth-api/v1/briefcompanies").await.ok()["rowCount"], 2);
    let mut root = server.client.clone();
    root.login(ROOT_EMAIL, "root").await;
    assert_eq!(root.claiming("acme").get(SHIFTS).await.ok()["rowCount"], 1);
    let mut live = acme.stream("").await;
    live.snapshot().await;
    acme.delete(&format!("{SHIFTS}/{shift}")).await.ok();
    assert_eq!(live.told().await.object_id(), shift);
    drop(live);
    assert!(server.terminate().await.0);

    // The role goes last: nothing of the database may be its own any more.
    administer(&url, format!("REASSIGN OWNED BY {user} TO CURRENT_USER; DROP OWNED BY {user}; DROP ROLE {user}")).await;
}
