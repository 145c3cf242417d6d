//! `workforceos backup`: whole and restorable though the server writes on, and nothing at all where it could not be finished.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use serde_json::json;
use tokio::process::Command;
use tokio::sync::Mutex;
use workforceos_core::id::CompanyId;
use workforceos_core::objects::Company;
use workforceos_core::{Cond, DataObject, Query};
use workforceos_store::{Database, Settings, Store};
use workforceos_tests::{Client, DEADLINE, Db, Program, Scratch};

use crate::text;

const DEPARTMENTS: &str = "/auth-api/v1/usergroups";

/// Runs a command to its end.
async fn end(command: std::process::Command) -> Output {
    let mut command = Command::from(command);
    command.stdin(Stdio::null()).kill_on_drop(true);
    tokio::time::timeout(DEADLINE, command.output()).await.expect("it ends within the deadline").expect("it runs")
}

async fn refused(command: std::process::Command) -> String {
    let out = end(command).await;
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(!out.status.success() && out.stdout.is_empty(), "{out:?}");
    said
}

fn partial(target: &Path) -> PathBuf {
    let mut name = target.file_name().expect("a name").to_owned();
    name.push(".partial");
    target.with_file_name(name)
}

fn data(scratch: &Scratch) -> PathBuf {
    let data = scratch.folder().join("data");
    fs::create_dir(&data).expect("a data directory");
    data
}

/// Makes departments until it is told to stop, and notes what was acknowledged.
async fn write(owner: Client, number: Arc<AtomicU32>, done: Arc<Mutex<BTreeSet<String>>>, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::SeqCst) {
        let name = format!("Department {:06}", number.fetch_add(1, Ordering::SeqCst));
        owner.post(DEPARTMENTS, json!({"groupName": name})).await.ok();
        done.lock().await.insert(name);
    }
}

async fn departments(owner: &Client) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for page in 1.. {
        let list = owner.get(&format!("{DEPARTMENTS}?pageRowCount=500&pageNumber={page}&getJoins=false")).await.ok();
        let rows = list["userGroups"].as_array().expect("departments");
        names.extend(rows.iter().map(|row| text(row, "groupName")));
        if rows.len() < 500 {
            break;
        }
    }
    names
}

/// Proves the journal of every company in a copy, with the key that lies beside it.
async fn prove(folder: &Path, companies: usize) {
    let hex = fs::read_to_string(folder.join("secrets/journal-key")).expect("the key");
    let byte = |i: usize| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).expect("hexadecimal");
    let database = Database::Sqlite(folder.join("workforceos.db"));
    let settings = Settings { database, journal_key: std::array::from_fn(byte), readers: 2 };
    let store = Store::open(settings).await.expect("opens");
    let all = Query { company: None, ..Query::of(Company::def(), CompanyId::ROOT, Cond::TRUE) };
    let found = store.select(&all).await.expect("reads");
    assert_eq!(found.len(), companies);
    for company in found.iter().map(|record| CompanyId(record.id())).chain([CompanyId::ROOT]) {
        let verified = store.verify(company).await.expect("verifies");
        assert!(verified.first_bad.is_none() && verified.entries > 0, "{company}: {verified:?}");
    }
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_writers_is_whole_and_goes_on() {
    let scratch = Scratch::make(Db::Sqlite).await;
    let folder = data(&scratch);
    let server = Program::start(&folder).await;
    let owners = [server.client.founder("acme").await, server.client.founder("globex").await];
    fs::create_dir_all(folder.join("files/ab")).expect("a directory of files");
    fs::write(folder.join("files/ab/picture"), b"bytes").expect("a file");
    let stop = Arc::new(AtomicBool::new(false));
    let done: [Arc<Mutex<BTreeSet<String>>>; 2] = Default::default();
    let number = Arc::new(AtomicU32::new(0));
    let writer = |n: usize| tokio::spawn(write(owners[n % 2].clone(), number.clone(), done[n % 2].clone(), stop.clone()));
    let writers: Vec<_> = (0..6).map(writer).collect();
    let mut backups = Vec::new();
    for n in 0..3_u32 {
        while number.load(Ordering::SeqCst) < 60 * (n + 1) {
            tokio::task::yield_now().await;
        }
        let target = scratch.folder().join(format!("backup-{n}"));
        let before = [done[0].lock().await.clone(), done[1].lock().await.clone()];
        let out = end(Program::backup(&folder, &target)).await;
        let said = String::from_utf8_lossy(&out.stdout).into_owned();
        assert!(out.status.success(), "{out:?}");
        assert!(said.contains("2 companies") && said.contains("1 files") && said.contains("the kept keys"), "{said}");
        backups.push((target, before));
    }
    stop.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.await.expect("every write succeeds while backups are taken");
    }
    assert!(server.terminate().await.0);
    let sent = number.load(Ordering::SeqCst) as usize;
    for (target, before) in backups {
        check(&target, &owners, &before, sent).await;
    }
}

/// A server goes on from a copy: what was acknowledged before it began is there, and nothing else changed.
async fn check(target: &Path, owners: &[Client; 2], before: &[BTreeSet<String>; 2], sent: usize) {
    let mode = |path: &str| fs::metadata(target.join(path)).expect(path).permissions().mode() & 0o777;
    assert_eq!([mode(""), mode("secrets"), mode("files"), mode("files/ab")], [0o700; 4]);
    assert_eq!([mode("workforceos.db"), mode("secrets/journal-key"), mode("secrets/jwt-secret")], [0o600; 3]);
    assert_eq!(fs::read(target.join("files/ab/picture")).expect("the file"), b"bytes");
    assert!(!partial(target).exists());
    prove(target, 2).await;
    let restored = Program::start(target).await;
    for (owner, (before, codename)) in owners.iter().zip(before.iter().zip(["acme", "globex"])) {
        let mut again = restored.client.with_token(owner.token.as_deref().expect("a token"));
        let stored = departments(&again).await;
        assert!(stored.is_superset(before), "acknowledged before and missing: {:?}", before.difference(&stored));
        assert!(before.len() >= 10 && stored.len() <= sent);
        again.login(&format!("owner@{codename}.test"), codename).await;
        again.post(DEPARTMENTS, json!({"groupName": "After"})).await.ok();
    }
    assert!(restored.terminate().await.0);
    prove(target, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_is_killed_looks_like_none() {
    let scratch = Scratch::make(Db::Sqlite).await;
    let folder = data(&scratch);
    let server = Program::start(&folder).await;
    server.client.founder("acme").await;
    fs::create_dir_all(folder.join("files")).expect("a directory of files");
    // Long enough to be caught in the midst of it.
    let large: Vec<u8> = (0..32 << 20).map(|n: u32| n.to_le_bytes()[0]).collect();
    for n in 0..3 {
        fs::write(folder.join(format!("files/{n}")), &large).expect("a large file");
    }
    let target = scratch.folder().join("backup");
    let mut caught = 0;
    for n in 0..20 {
        let mut command = Command::from(Program::backup(&folder, &target));
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn().expect("it starts");
        let begun = async {
            // At once, and later: when some of it is there.
            while !partial(&target).join(["", "files", "workforceos.db"][n % 3]).exists() && !target.exists() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(DEADLINE, begun).await.expect("it begins");
        child.kill().await.expect("killed");
        if target.exists() {
            // It was faster: then it is whole.
            prove(&target, 1).await;
            fs::remove_dir_all(&target).expect("removes");
            continue;
        }
        assert!(partial(&target).exists());
        caught += 1;
        if caught == 6 {
            break;
        }
    }
    assert!(caught > 0, "none was caught in the midst of it");
    // Another one of that name takes over what was left.
    let out = end(Program::backup(&folder, &target)).await;
    assert!(out.status.success(), "{out:?}");
    assert!(!partial(&target).exists());
    assert_eq!(fs::read(target.join("files/2")).expect("a copy"), large);
    prove(&target, 1).await;
    server.kill().await;
}

/// As in `faults.rs`, a file size limit stands for the full disk.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_and_nothing_is_left() {
    let scratch = Scratch::make(Db::Sqlite).await;
    let folder = data(&scratch);
    let server = Program::start(&folder).await;
    let owner = server.client.founder("acme").await;
    let target = scratch.folder().join("backup");
    let limited = |kib: u64| {
        let mut command = Program::limited(&folder, kib);
        command.arg("backup").arg(&target);
        command
    };
    let said = refused(limited(40)).await;
    assert!(said.contains("workforceos.db could not be written") && said.contains("full"), "{said}");
    assert!(!target.exists() && !partial(&target).exists());
    fs::create_dir_all(folder.join("files")).expect("a directory of files");
    fs::write(folder.join("files/large"), vec![7; 3 << 20]).expect("a large file");
    let said = refused(limited(2048)).await;
    assert!(said.contains("files/large: there is no room for it"), "{said}");
    assert!(!target.exists() && !partial(&target).exists());
    // The server has not noticed, and with room it works.
    owner.post(DEPARTMENTS, json!({"groupName": "After"})).await.ok();
    assert!(end(Program::backup(&folder, &target)).await.status.success());
    server.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_backed_up_is_refused_by_name() {
    let scratch = Scratch::make(Db::Sqlite).await;
    let folder = data(&scratch);
    let target = scratch.folder().join("backup");
    let said = refused(Program::backup(&folder, &target)).await;
    assert!(said.contains("There is no database at") && said.contains("workforceos.db"), "{said}");
    assert!(fs::read_dir(&folder).expect("the data directory").next().is_none(), "nothing is made where nothing is");
    fs::write(folder.join("workforceos.db"), "Dear Ann, this is no database. ".repeat(200)).expect("a letter");
    let said = refused(Program::backup(&folder, &target)).await;
    assert!(said.contains("workforceos.db"), "{said}");
    fs::remove_file(folder.join("workforceos.db")).expect("no letter");

    assert!(Program::start(&folder).await.terminate().await.0);
    let mut postgres = Program::backup(&folder, &target);
    postgres.env("DATABASE_URL", "postgres://somebody:secret@nowhere.invalid/db");
    let said = refused(postgres).await;
    assert!(said.contains("pg_dump") && said.contains("JOURNAL_KEY") && !said.contains("secret@"), "{said}");
    let taken = scratch.folder().join("taken");
    fs::create_dir(&taken).expect("a directory");
    fs::write(taken.join("letter"), "Dear Ann").expect("a letter");
    assert!(refused(Program::backup(&folder, &taken)).await.contains("is not empty"));
    assert!(refused(Program::backup(&folder, &taken.join("letter"))).await.contains("is no empty directory"));
    assert!(refused(Program::backup(&folder, &scratch.folder().join("no/where"))).await.contains("TARGET"));
    assert!(refused(Program::backup(&folder, Path::new(".."))).await.contains("must name a new directory"));
    fs::create_dir_all(folder.join("files")).expect("a directory of files");
    assert!(refused(Program::backup(&folder, &folder.join("files/backup"))).await.contains("directory of files"));
    // An empty directory gives way, also without a server; settings that only a server needs are not asked for.
    fs::create_dir(&target).expect("an empty directory");
    let mut production = Program::backup(&folder, &target);
    production.env("APP_ENV", "production");
    let out = end(production).await;
    assert!(out.status.success(), "{out:?}");
    prove(&target, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_name_has_one_backup_at_a_time() {
    let scratch = Scratch::make(Db::Sqlite).await;
    let folder = data(&scratch);
    assert!(Program::start(&folder).await.terminate().await.0);
    let target = scratch.folder().join("backup");
    fs::create_dir(partial(&target)).expect("a directory");
    let held = fs::File::open(partial(&target)).expect("opens");
    held.lock().expect("locks");
    assert!(refused(Program::backup(&folder, &target)).await.contains("another backup"));
    // Unlocked, not only closed: a program that another test is just starting has it open, too.
    held.unlock().expect("unlocks");
    assert!(end(Program::backup(&folder, &target)).await.status.success());
}
