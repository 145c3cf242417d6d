//! The official conformance suite against the server as a program, with the fixtures that the suite calls for.
//!
//! A scenario that fails fails the test, with its checks' words.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value as Json;
use workforceos_tests::{Db, Program, Scratch};

use super::MCP;
use super::doorway::Doorway;
use super::foreign::{Node, output};

const SUITE: &str = "@modelcontextprotocol/conformance";
const FIXTURES: &str = "MCP_CONFORMANCE_FIXTURES";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_sessions() {
    conforms("2025-11-25").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stateless() {
    conforms("2026-07-28").await;
}

async fn conforms(revision: &str) {
    let Some(node) = Node::find().await else { return };
    let scratch = Scratch::make(Db::Sqlite).await;
    let mut command = Program::command(scratch.folder());
    command.env(FIXTURES, "on");
    let program = Program::run(command).await.unwrap_or_else(|said| panic!("the server did not start: {said}"));
    let key = program.client.founder("acme").await.made_key().await;
    // The suite knows no keys.
    let door = Doorway::open(&program.base, Some(format!("authorization: Bearer {key}"))).await;
    let results = node.folder().join("results");
    let mut suite = node.package(&format!("{SUITE}/dist/index.js"));
    suite.args(["server", "--url", &format!("{}{MCP}", door.base.replace("127.0.0.1", "localhost"))]);
    suite.args(["--requirements", revision, "--output-dir"]).arg(&results);
    let (_, said, errors) = output(suite).await;

    let requirements = node.packages().join(format!("{SUITE}/requirements/{revision}.yaml"));
    let wanted = wanted(&std::fs::read_to_string(requirements).expect("the revision's requirements"));
    let failed = failures(&results, &wanted);
    let problems: Vec<String> = failed.iter().map(|(scenario, words)| format!("{scenario} fails:\n{words}")).collect();
    assert!(problems.is_empty(), "{revision}\n{}\n\nthe suite said: {said}\n{errors}", problems.join("\n"));
}

/// The scenarios for servers: those that the revision requires, and those that came too late to be required; not extensions.
fn wanted(requirements: &str) -> BTreeSet<String> {
    let (mut wanted, mut section, mut late) = (BTreeSet::new(), "", None);
    for line in requirements.lines().filter(|line| !line.trim_start().starts_with('#')) {
        match line.trim() {
            "server:" | "client:" | "not_scored:" => section = line.trim(),
            item if section == "server:" && item.starts_with("- ") => {
                wanted.insert(item[2..].to_owned());
            }
            item if section == "not_scored:" => match item.split_once(": ") {
                Some(("- scenario", name)) => late = Some((name.to_owned(), "")),
                Some(("leg", leg)) => late = late.map(|(name, _)| (name, if leg == "server" { "server" } else { "" })),
                Some(("reason", "pending" | "added-after-release")) => {
                    wanted.extend(late.take().filter(|(_, leg)| *leg == "server").map(|(name, _)| name));
                }
                _ => {}
            },
            _ => {}
        }
    }
    assert!(wanted.len() > 20, "the requirements are read: {wanted:?}");
    wanted
}

/// The scenarios that do not hold, with what their checks say.
fn failures(results: &Path, wanted: &BTreeSet<String>) -> BTreeMap<String, String> {
    let mut seen: BTreeMap<String, Vec<Json>> = BTreeMap::new();
    for entry in std::fs::read_dir(results).expect("the suite's results") {
        let folder = entry.expect("a result").path();
        let name = folder.file_name().and_then(|name| name.to_str()).expect("a name");
        let name = name.strip_prefix("server-").expect("a scenario for servers");
        // What follows the scenario is when it ran: -2026-01-31T07-05-00-000Z.
        let scenario = name[..name.len() - "-2026-01-31T07-05-00-000Z".len()].to_owned();
        let checks = std::fs::read(folder.join("checks.json")).expect("checks");
        let checks: Vec<Json> = serde_json::from_slice(&checks).expect("a list of checks");
        seen.entry(scenario).or_default().extend(checks);
    }
    let mut failed = BTreeMap::new();
    for scenario in wanted {
        let checks = seen.get(scenario).map(Vec::as_slice).unwrap_or_default();
        let words: Vec<String> = checks.iter().filter(|check| check["status"] == "FAILURE").map(words).collect();
        if checks.is_empty() {
            failed.insert(scenario.clone(), "  it was not run".to_owned());
        } else if !words.is_empty() {
            failed.insert(scenario.clone(), words.join("\n"));
        }
    }
    failed
}

fn words(check: &Json) -> String {
    let part = |name: &str| check[name].as_str().unwrap_or_default().to_owned();
    format!("  {}: {}\n    {}", part("id"), part("description"), part("errorMessage"))
}
