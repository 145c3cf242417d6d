//! `workforceos import`: the program without a server.

use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};

use tokio::io::{AsyncBufReadExt, BufReader};
use workforceos_tests::{Client, Db, Program, Scratch};

use super::total;

/// A server's data directory with a company, and its owner's login once a server runs on it.
async fn set_up(folder: &Path) {
    let server = Program::start(folder).await;
    server.client.founder("acme").await;
    server.terminate().await;
}

fn import(folder: &Path, what: &str, file: &Path, more: &[&str]) -> std::process::Command {
    let mut command = Program::command(folder);
    command.arg("import").arg(what).arg(file).args(["--company", "acme"]).args(more);
    command
}

fn told(out: &Output) -> (Option<i32>, String) {
    let text = [&out.stdout[..], &out.stderr[..]].map(String::from_utf8_lossy).concat();
    (out.status.code(), text)
}

async fn owner(server: &Program) -> Client {
    let mut client = server.client.clone();
    client.login("owner@acme.test", "acme").await;
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_imported_while_no_server_runs() {
    let scratch = Scratch::make(Db::Sqlite).await;
    let folder = scratch.folder();
    let file = folder.join("people.csv");
    fs::write(&file, "\u{feff}Email;Full name\r\nann@acme.test;Ann\r\n").expect("written");
    let out = import(folder, "people", &file, &[]).output().expect("it runs");
    let (code, text) = told(&out);
    assert!(code == Some(1) && text.contains("there is no database"), "{text}");

    set_up(folder).await;
    let server = Program::start(folder).await;
    let (code, text) = told(&import(folder, "people", &file, &[]).output().expect("it runs"));
    assert!(code == Some(1) && text.contains("A server runs on this DATA_DIR"), "{text}");
    server.terminate().await;

    let (code, text) = told(&import(folder, "people", &file, &["--dry-run"]).output().expect("it runs"));
    assert!(code == Some(0) && text.contains("1 would be created"), "{text}");
    let (code, text) = told(&import(folder, "people", &file, &[]).output().expect("it runs"));
    assert!(code == Some(0) && text.contains("1 rows: 1 created"), "{text}");

    let shifts = folder.join("shifts.csv");
    fs::write(&shifts, "date,start,end,people\n2030-01-01,09:00,17:00,ann@acme.test\n2030-01-02,9,17:00,\n").expect("written");
    let (code, text) = told(&import(folder, "shifts", &shifts, &[]).output().expect("it runs"));
    assert!(code == Some(3) && text.contains("line 3, start: must be a time") && text.contains("Nothing was imported"), "{text}");
    let (code, text) = told(&import(folder, "shifts", &shifts, &["--partial"]).output().expect("it runs"));
    assert!(code == Some(3) && text.contains("2 rows: 1 created") && text.contains("1 bad"), "{text}");
    let attendance = folder.join("attendance.csv");
    fs::write(&attendance, "date,email,start,status\n2030-01-01,ann@acme.test,09:00,absent\n").expect("written");
    let (code, text) = told(&import(folder, "attendance", &attendance, &[]).output().expect("it runs"));
    assert!(code == Some(0) && text.contains("1 created"), "{text}");
    let (code, text) = told(&import(folder, "people", &file, &["--company", "zen"]).output().expect("it runs"));
    assert_ne!(code, Some(0), "one company at a time: {text}");
    fs::write(&file, b"email,name\n\xff,x\n").expect("written");
    let (code, text) = told(&import(folder, "people", &file, &[]).output().expect("it runs"));
    assert!(code == Some(1) && text.contains("line 2"), "{text}");

    let server = Program::start(folder).await;
    let owner = owner(&server).await;
    assert_eq!(total(&owner, "/auth-api/v1/users").await, 2);
    assert_eq!(total(&owner, crate::paths::SHIFTS).await, 1);
    server.terminate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_was_killed_has_left_nothing() {
    const ROWS: usize = 4_000;
    let scratch = Scratch::make(Db::Sqlite).await;
    let folder = scratch.folder();
    set_up(folder).await;
    let file = folder.join("people.csv");
    let rows: String =
        (0..ROWS).map(|n| format!("p{n}@acme.test,P,Team {},Cook,2024-01-01,p{}@acme.test\n", n % 5, n / 2 + ROWS / 2)).collect();
    let rows = rows.replace(&format!("01-01,p{}@acme.test", ROWS - 1), "01-01,");
    fs::write(&file, format!("email,name,department,position,start,manager\n{rows}")).expect("written");

    // Killed among the people, and among their profiles.
    for kill_at in ["50 %", "80 %"] {
        let mut command = tokio::process::Command::from(import(folder, "people", &file, &[]));
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true).spawn().expect("it starts");
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        let mut seen = false;
        while let Ok(Some(line)) = lines.next_line().await {
            if line.ends_with(kill_at) {
                seen = true;
                break;
            }
        }
        assert!(seen, "it tells how far it is");
        child.kill().await.expect("killed");
        let server = Program::start(folder).await;
        let owner = owner(&server).await;
        let there = [total(&owner, "/auth-api/v1/users").await, total(&owner, "/auth-api/v1/usergroups").await];
        assert_eq!(there, [1, 0], "killed at {kill_at}");
        server.terminate().await;
    }
    let (code, text) = told(&import(folder, "people", &file, &[]).output().expect("it runs"));
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = told(&import(folder, "people", &file, &[]).output().expect("it runs"));
    assert!(code == Some(0) && text.contains(&format!("{ROWS} there already")), "{text}");
    let server = Program::start(folder).await;
    let owner = owner(&server).await;
    assert_eq!(total(&owner, "/auth-api/v1/users").await, ROWS as u64 + 1);
    assert_eq!(total(&owner, "/auth-api/v1/usergroups").await, 5);
    server.terminate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_as_spreadsheets_write_them() {
    let scratch = Scratch::make(Db::Sqlite).await;
    let folder = scratch.folder();
    set_up(folder).await;
    let file = folder.join("people.csv");
    let tries: [(&[u8], i32, &str); 4] = [
        (b"E-Mail;Name;Department\r\nmueller@acme.test;M\xfcller;K\xfcche\r\n", 1, "line 2 has other bytes. Save it as UTF-8"),
        (b"\xff\xfee\0m\0", 1, "UTF-16"),
        (
            "\u{feff}E-Mail;Name;Department\r\nmueller@acme.test;\"Müller; \"\"Hans\"\"\";Küche\r\n;;\r\n".as_bytes(),
            0,
            "1 rows: 1 created",
        ),
        ("email,name\rkim@acme.test,\"Kim\rof two lines\"\r".as_bytes(), 0, "1 created"),
    ];
    for (bytes, code, wanted) in tries {
        fs::write(&file, bytes).expect("written");
        let (ended, text) = told(&import(folder, "people", &file, &[]).output().expect("it runs"));
        assert!(ended == Some(code) && text.contains(wanted), "{wanted}: {ended:?} {text}");
    }
    let server = Program::start(folder).await;
    let users = owner(&server).await.get("/auth-api/v1/users?email=mueller@acme.test").await.ok();
    assert_eq!(users["users"][0]["fullname"], "Müller; \"Hans\"");
    server.terminate().await;
}
