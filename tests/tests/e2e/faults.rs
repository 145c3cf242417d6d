//! A disk that is full, a database that cannot be written or is none, a directory that is in use, a signal to stop.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;

use reqwest::Method;
use serde_json::json;
use workforceos_tests::{Client, Db, Program, Scratch, program};

use crate::paths::SHIFTS;
use crate::text;

fn plan(number: u32) -> serde_json::Value {
    let date = chrono::NaiveDate::from_ymd_opt(2030, 1, 1).expect("a date") + chrono::Duration::days(i64::from(number));
    json!({"shiftDate": date.to_string(), "startTime": "09:00", "endTime": "17:00", "location": format!("{number:06}")})
}

/// Everything that stands in the database by the numbers of [`plan`].
async fn stored(owner: &Client) -> Vec<u32> {
    read(owner).await.expect("an answer")
}

/// As [`stored`], where the server may not be there any more.
async fn read(owner: &Client) -> reqwest::Result<Vec<u32>> {
    let list = owner.try_send(Method::GET, &format!("{SHIFTS}?pageRowCount=500&sortBy=shiftDate"), None).await?.ok();
    assert_eq!(list["paging"]["pageCount"].as_u64().map(|n| n.max(1)), Some(1));
    Ok(list["shifts"].as_array().expect("shifts").iter().map(|s| text(s, "location").parse().expect("a number")).collect())
}

/// A file size limit stands for the full disk: it takes no root, and writes fail in the same place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_writes_and_loses_nothing() {
    let scratch = Scratch::make(Db::Sqlite).await;
    let first = Program::start(scratch.folder()).await;
    let token = first.client.founder("acme").await.token.expect("a token");
    assert!(first.terminate().await.0);
    let size = std::fs::metadata(scratch.folder().join("workforceos.db")).expect("the database").len();
    let limited = Program::limited(scratch.folder(), size / 1024 + 200);
    let mut full = Program::run(limited).await.expect("it starts with little room");
    let owner = full.client.with_token(&token);
    let (mut acknowledged, mut refused) = (Vec::new(), Vec::new());
    for number in 0..400 {
        match owner.try_send(Method::POST, SHIFTS, Some(plan(number))).await {
            Ok(reply) if reply.status == 201 => acknowledged.push(number),
            Ok(reply) => {
                assert_eq!(reply.status, 503, "{}", reply.text);
                refused.push(number);
            }
            // It may rather end than go on with a disk that it cannot trust.
            Err(_) => {
                refused.push(number);
                break;
            }
        }
        if refused.len() >= 5 {
            break;
        }
    }
    println!("{} written, {} refused, still running: {}", acknowledged.len(), refused.len(), full.is_running());
    assert!(!acknowledged.is_empty() && !refused.is_empty(), "{} written, {} refused", acknowledged.len(), refused.len());
    // It may end itself at any moment.
    if let Ok(read) = read(&owner).await {
        assert_eq!(read, acknowledged, "reading goes on");
    }
    full.kill().await;

    let again = Program::start(scratch.folder()).await;
    let owner = again.client.with_token(&token);
    assert_eq!(stored(&owner).await, acknowledged, "what was acknowledged, and nothing that was refused");
    owner.post(SHIFTS, plan(900)).await.ok();
    assert!(again.terminate().await.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_cannot_be_written_is_told_at_the_start() {
    let scratch = Scratch::make(Db::Sqlite).await;
    let data = scratch.folder().join("data");
    std::fs::create_dir(&data).expect("a folder");
    assert!(Program::start(&data).await.terminate().await.0);
    // Root writes whatever the permissions say: then it is somebody else who tries.
    let copy = scratch.folder().join("workforceos");
    // By a program of its own: what is open for writing here is so in every program that another test is just starting, too, and
    // cannot be run.
    let copied = std::process::Command::new("cp").arg(program()).arg(&copy).status().expect("cp runs");
    assert!(copied.success(), "a copy of the program that anybody may run");
    permit(&data, 0o444, 0o555);
    let mut command = Program::command_with(&copy, &data);
    command.env("JWT_SECRET", "a secret for tests, and for nothing else").env("JOURNAL_KEY", "07".repeat(32));
    if std::fs::metadata("/proc/self").expect("this process").uid() == 0 {
        command.uid(65_534).gid(65_534);
    }
    let said = Program::run(command).await.err();
    permit(&data, 0o644, 0o755);
    let said = said.expect("it does not start");
    assert!(said.contains("workforceos.db"), "it names what it cannot open: {said}");
    assert!(Program::start(&data).await.terminate().await.0, "nothing was harmed");
}

fn permit(folder: &Path, files: u32, folders: u32) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        if !entry.path().is_dir() {
            std::fs::set_permissions(entry.path(), PermissionsExt::from_mode(files)).expect("permissions");
        }
    }
    std::fs::set_permissions(folder, PermissionsExt::from_mode(folders)).expect("permissions");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_database_stays_as_it_is() {
    let scratch = Scratch::make(Db::Sqlite).await;
    let path = scratch.folder().join("workforceos.db");
    let letter = "Dear Ann, this is no database, though it is called one. ".repeat(200);
    std::fs::write(&path, &letter).expect("a letter");
    let said = Program::run(Program::command(scratch.folder())).await.err().expect("it does not start");
    assert!(said.contains("workforceos.db"), "{said}");
    assert_eq!(std::fs::read_to_string(&path).expect("the letter"), letter);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_data_directory_has_one_server() {
    let scratch = Scratch::make(Db::Sqlite).await;
    let first = Program::start(scratch.folder()).await;
    let owner = first.client.founder("acme").await;
    let said = Program::run(Program::command(scratch.folder())).await.err().expect("a second one does not start");
    assert!(said.contains("Another process"), "{said}");
    owner.post(SHIFTS, plan(1)).await.ok();
    // A signal ends it in order: streams are told, and the next start finds everything.
    let mut live = owner.stream("").await;
    live.snapshot().await;
    let told = tokio::spawn(async move { live.ended().await });
    let (well, log) = first.terminate().await;
    assert!(well, "{log}");
    assert_eq!(told.await.expect("the reader ends"), "shutdown");
    let next = Program::start(scratch.folder()).await;
    assert_eq!(stored(&next.client.with_token(owner.token.as_deref().expect("a token"))).await, [1]);
}
