//! `workforceos audit verify`: beside a running server, with the wrong key, of companies that are not there, against the server's log.

use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use workforceos_core::id::CompanyId;
use workforceos_tests::{Db, Program, Scratch, TestApp, on_both_databases};

use super::{raw, said, verify_program, verify_with};

on_both_databases!(every_journal_is_proved_beside_the_server, what_cannot_be_proved_is_said, what_is_gone_altogether_is_missed);

async fn every_journal_is_proved_beside_the_server(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    app.company("other", "UTC").await;
    let owner = acme.owner.client.clone();
    // While it is being written to.
    let writing = tokio::spawn(async move {
        for i in 0..60 {
            owner.post("/auth-api/v1/usergroups", json!({"groupName": format!("g{i}")})).await.ok();
        }
    });
    for _ in 0..3 {
        let (code, told) = said(&verify_program(&app, &[]).await);
        assert_eq!(code, Some(0), "{told}");
        let mut names: Vec<&str> = told.lines().map(|line| line.split(':').next().expect("a name")).collect();
        names.sort_unstable();
        assert_eq!(names, ["acme", "other", "root"], "{told}");
        assert!(told.lines().all(|line| line.contains(" entries, whole; 0 of them erased lawfully; head ")), "{told}");
    }
    writing.await.expect("written");
    let (code, told) = said(&verify_program(&app, &["--company", "acme"]).await);
    let (_, head) = told.trim().rsplit_once("head ").expect("a head");
    assert_eq!((code, told.lines().count()), (Some(0), 1), "{told}");
    let api = acme.owner.get("/api/v1/audit-logs/verify").await.ok();
    assert_eq!(head.split(':').nth(1), Some(api["entries"].to_string().as_str()), "{told} {api}");
    // What was told holds later, too.
    acme.owner.post("/auth-api/v1/usergroups", json!({"groupName": "later"})).await.ok();
    assert_eq!(said(&verify_program(&app, &["--company", "acme", "--expect", head]).await).0, Some(0));
    assert_eq!(said(&verify_program(&app, &["--company", "root"]).await).0, Some(0));
}

async fn what_cannot_be_proved_is_said(db: Db) {
    let app = TestApp::start(db).await;
    app.company("acme", "UTC").await;
    let output = verify_program(&app, &["--company", "nobody"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no company nobody"), "{output:?}");
    // Another key proves nothing, from the first entry on.
    let (code, told) = said(&verify_with(&app, &"08".repeat(32), &["--company", "acme"]).await);
    assert_eq!((code, told.starts_with("acme: entry 1 is altered")), (Some(3), true), "{told}");
    for key in ["", "not a key", "07"] {
        let output = verify_with(&app, key, &[]).await;
        assert_eq!(output.status.code(), Some(1), "{key:?}: {output:?}");
        assert!(output.stdout.is_empty(), "{output:?}");
    }
    let wrong = verify_program(&app, &["--expect", "acme"]).await;
    assert_eq!(wrong.status.code(), Some(2), "{wrong:?}");
    let missing = verify_program(&app, &["--since-log", "/nowhere/at/all.log"]).await;
    assert_eq!(missing.status.code(), Some(1), "{missing:?}");
}

async fn what_is_gone_altogether_is_missed(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let on = if db == Db::Postgres { " ON journal" } else { "" };
    raw(&app, &format!("DROP TRIGGER journal_stays{on}")).await;
    // The SaaS level has no row of its own beside its head; a company may be left with its row alone.
    for id in [CompanyId::ROOT, acme.id] {
        raw(&app, &format!("DELETE FROM journal WHERE company_id = '{id}'; DELETE FROM tenant WHERE id = '{id}'")).await;
    }
    let (code, told) = said(&verify_program(&app, &[]).await);
    assert_eq!(code, Some(3), "{told}");
    for name in ["acme", "root"] {
        let line = format!("{name}: entry 1 is altered, missing or out of place");
        assert!(told.lines().any(|told| told.starts_with(&line)), "{told}");
    }
    assert_eq!(said(&verify_program(&app, &["--company", "root"]).await).0, Some(3));
}

#[tokio::test]
async fn the_servers_log_proves_what_its_database_cannot() {
    let scratch = Scratch::make(Db::Sqlite).await;
    let folder = scratch.folder();
    let mut command = Program::command(folder);
    command.env("LOG", "info").env("APP_ENV", "development");
    let server = Program::run(command).await.expect("starts");
    server.client.founder("acme").await;
    let (ended, log) = server.terminate().await;
    assert!(ended, "{log}");
    let heads: Vec<&str> = log.lines().filter_map(|line| Some(line.split_once("journal head ")?.1.trim())).collect();
    assert!(heads.iter().any(|head| head.starts_with("acme:")) && heads.iter().any(|head| head.starts_with("root:")), "{log}");
    let file = folder.join("server.log");
    std::fs::write(&file, &log).expect("the log is kept");
    let verify = async |more: &[&str]| {
        let mut command = Program::command(folder);
        command.args(["audit", "verify"]).args(more);
        said(&tokio::process::Command::from(command).output().await.expect("runs"))
    };
    let since = ["--since-log", file.to_str().expect("text")];
    assert_eq!(verify(&since).await.0, Some(0));
    // An older state is put back.
    let url = format!("sqlite://{}", folder.join("workforceos.db").display());
    let mut connection = SqliteConnection::connect(&url).await.expect("connects");
    let id = "(SELECT id FROM company WHERE codename = 'acme')";
    let sql = format!(
        "DROP TRIGGER journal_stays; DELETE FROM journal WHERE company_id = {id} AND seq > 1; \
         UPDATE tenant SET seq = 1, chain = (SELECT chain FROM journal WHERE company_id = {id}) WHERE id = {id}"
    );
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.expect("rewinds");
    connection.close().await.expect("closes");
    assert_eq!(verify(&[]).await.0, Some(0), "on its own it hangs together");
    let (code, told) = verify(&since).await;
    assert_eq!((code, told.contains("acme: entry 2 is altered, missing or out of place")), (Some(3), true), "{told}");
    assert!(told.lines().any(|line| line.starts_with("root: ") && line.contains("whole")), "{told}");
    // Without the key there is nothing to prove with, and none is made.
    std::fs::remove_file(folder.join("secrets/journal-key")).ok();
    let kept = std::fs::read_dir(folder).expect("a folder").filter_map(Result::ok).map(|e| e.file_name()).collect::<Vec<_>>();
    let (code, told) = verify(&[]).await;
    assert_eq!((code, told.as_str()), (Some(1), ""), "{kept:?}");
}
