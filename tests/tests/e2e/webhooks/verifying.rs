//! The code by which `docs/webhooks.md` tells receivers to verify, run on what really is sent.

use std::process::Stdio;

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use workforceos_tests::{Db, Hook};

use super::Scene;

const DOCS: &str = include_str!("../../../../docs/webhooks.md");

/// The code of a language in the documents.
fn code(language: &str) -> &'static str {
    let (_, rest) = DOCS.split_once(&format!("```{language}\n")).expect("its code");
    rest.split_once("\n```").expect("its end").0
}

/// What a program says of a request: `{secret, headers, body}` on its standard input.
async fn says(program: &str, option: &str, code: &str, secret: &str, hook: &Hook) -> String {
    let mut child = Command::new(program)
        .args([option, code])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    let input = json!({"secret": secret, "headers": hook.headers, "body": hook.body}).to_string();
    let mut pipe = child.stdin.take().expect("piped");
    pipe.write_all(input.as_bytes()).await.expect("written");
    drop(pipe);
    let ended = child.wait_with_output().await.expect("it ends");
    String::from_utf8_lossy(&ended.stdout).trim().to_lowercase()
}

async fn scene() -> (Scene, String, Hook) {
    let scene = Scene::make(Db::Sqlite).await;
    // The receiver's clock is the machine's.
    scene.app.clock.set(workforceos_core::Clock::now(&workforceos_core::time::SystemClock));
    let mut owner = scene.acme.owner.clone();
    owner.log_in().await;
    let (_, secret) = super::made(&owner, &scene.hooks.url("/in"), &["department.*", "holiday.created"][1..]).await;
    let holiday = json!({"name": "Fête — ünïcode ✓", "holidayDate": "2030-01-01"});
    owner.post(crate::paths::HOLIDAYS, holiday).await.ok();
    let hook = scene.hooks.until("/in", 1).await.remove(0);
    (scene, secret, hook)
}

async fn tells_right_from_wrong(program: &str, option: &str, code: &str) {
    let (_scene, secret, hook) = scene().await;
    assert_eq!(says(program, option, code, &secret, &hook).await, "true");
    let other = format!("whsec_{}", "A".repeat(43) + "=");
    assert_eq!(says(program, option, code, &other, &hook).await, "false");
    let altered = Hook { body: hook.body.replace("2030", "2031"), ..hook.clone() };
    assert_eq!(says(program, option, code, &secret, &altered).await, "false");
    let mut old = hook.clone();
    old.headers.insert("webhook-timestamp".to_owned(), "1614265330".to_owned());
    assert_eq!(says(program, option, code, &secret, &old).await, "false");
    let mut both = hook.clone();
    both.headers.insert("webhook-signature".to_owned(), format!("v1,AAAA {}", hook.header("webhook-signature")));
    assert_eq!(says(program, option, code, &secret, &both).await, "true", "one of several is enough");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_documented_python_verifies() {
    let main = "import json, sys\nr = json.load(sys.stdin)\nprint(verify(r['secret'], r['headers'], r['body'].encode()))";
    tells_right_from_wrong("python3", "-c", &format!("{}\n{main}", code("python"))).await;
}

/// Where there is Node: the program itself needs none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_documented_javascript_verifies() {
    if Command::new("node").arg("--version").output().await.is_err() {
        return;
    }
    let main = "const r = JSON.parse(require('node:fs').readFileSync(0)); console.log(verify(r.secret, r.headers, r.body));";
    tells_right_from_wrong("node", "-e", &format!("{}\n{main}", code("js"))).await;
}
