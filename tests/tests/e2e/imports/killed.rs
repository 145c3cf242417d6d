//! Imports that are cut off: by a kill, by a full disk.

use reqwest::Method;
use serde_json::json;
use workforceos_tests::{DEADLINE, Db, Program, Scratch};

use super::{PEOPLE, counts, total};

const ROWS: usize = 3_000;
const USERS: &str = "/auth-api/v1/users";

fn people(prefix: &str) -> String {
    let row = |n: usize| format!("{prefix}{n}@acme.test,Person {n},Team {},Cook,2024-01-01,owner@acme.test\n", n % 5);
    format!("email,name,department,position,start,manager\n{}", (0..ROWS).map(row).collect::<String>())
}

fn leftovers(scratch: &Scratch) -> Vec<String> {
    let files = std::fs::read_dir(scratch.folder()).expect("the folder").flatten();
    files.map(|file| file.file_name().to_string_lossy().into_owned()).filter(|name| name.contains("-import-")).collect()
}

/// Waits until rows are gathered.
async fn gathering(scratch: &Scratch) {
    let begun = async {
        while leftovers(scratch).is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(DEADLINE, begun).await.expect("it gathers rows");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_in_an_import_has_all_of_it_or_nothing() {
    let scratch = Scratch::make(Db::Sqlite).await;
    let program = Program::start(scratch.folder()).await;
    let key = program.client.founder("acme").await.made_key().await;
    // How long one takes here tells when to kill the next.
    let started = std::time::Instant::now();
    let first = program.client.with_token(&key).post(PEOPLE, json!({"csv": people("warm")})).await.ok();
    assert_eq!(counts(&first["import"]), [ROWS as u64, 0, 0, 0]);
    let lasts = started.elapsed();
    program.terminate().await;

    const ROUNDS: u32 = 12;
    let (mut all, mut none, mut users) = (0, 0, ROWS as u64 + 1);
    for round in 0..ROUNDS {
        let program = Program::start(scratch.folder()).await;
        assert_eq!(leftovers(&scratch), [""; 0], "what was left is removed at the start");
        let owner = program.client.with_token(&key);
        let body = json!({"csv": people(&format!("r{round}-"))});
        let importing = tokio::spawn(async move { owner.try_send(Method::POST, PEOPLE, Some(body)).await });
        // Once it gathers rows; or from early on until it would have ended, if nothing else keeps the machine busy.
        if round % 3 == 0 {
            gathering(&scratch).await;
        } else {
            tokio::time::sleep(lasts * (round + 2) / ROUNDS).await;
        }
        program.kill().await;
        let told = importing.await.expect("the caller goes on").is_ok_and(|reply| reply.status == 200);

        let again = Program::start(scratch.folder()).await;
        let now = total(&again.client.with_token(&key), USERS).await;
        match now - users {
            0 => none += 1,
            n if n == ROWS as u64 => all += 1,
            n => panic!("round {round}: {n} of {ROWS} rows"),
        }
        assert!(!told || now > users, "round {round}: what was acknowledged is there");
        users = now;
        again.terminate().await;
    }
    println!("{none} times nothing, {all} times all of it");
    assert!(none > 0, "some kills came before the end");
    let program = Program::start(scratch.folder()).await;
    let csv = people("r0-");
    program.client.with_token(&key).post(PEOPLE, json!({"csv": csv})).await.ok();
    let again = program.client.with_token(&key).post(PEOPLE, json!({"csv": csv})).await.ok();
    assert_eq!(counts(&again["import"]), [0, 0, ROWS as u64, 0], "it can be imported again, once");
    program.terminate().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_leaves_nothing_of_an_import() {
    let scratch = Scratch::make(Db::Sqlite).await;
    let first = Program::start(scratch.folder()).await;
    let key = first.client.founder("acme").await.made_key().await;
    assert!(first.terminate().await.0);
    let size = std::fs::metadata(scratch.folder().join("workforceos.db")).expect("the database").len();
    // Too little for what is gathered; enough for that, and too little for the database.
    for (kib, prefix) in [(300, "a"), (1_500, "b")] {
        let limited = Program::limited(scratch.folder(), size / 1024 + kib);
        let full = Program::run(limited).await.expect("it starts with little room");
        let owner = full.client.with_token(&key);
        if let Ok(reply) = owner.try_send(Method::POST, PEOPLE, Some(json!({"csv": people(prefix)}))).await {
            assert_eq!(reply.status, 503, "{kib} KiB: {}", reply.text);
        }
        full.kill().await;
        let again = Program::start(scratch.folder()).await;
        let owner = again.client.with_token(&key);
        assert_eq!((total(&owner, USERS).await, total(&owner, "/auth-api/v1/usergroups").await), (1, 0), "{kib} KiB");
        assert_eq!(leftovers(&scratch), [""; 0]);
        assert!(again.terminate().await.0);
    }
    let again = Program::start(scratch.folder()).await;
    let reply = again.client.with_token(&key).post(PEOPLE, json!({"csv": people("c")})).await.ok();
    assert_eq!(counts(&reply["import"]), [ROWS as u64, 0, 0, 0]);
    assert!(again.terminate().await.0);
}
