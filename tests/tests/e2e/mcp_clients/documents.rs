//! What the pages tell users to paste, pasted.

use serde_json::{Value as Json, json};
use tokio::process::Command;
use workforceos_tests::{Client, Db, TestApp};

use super::KEYS;
use super::driver::{Driver, Sdk};
use super::foreign::{Node, output, python};
use crate::text;

const PAGE: &str = include_str!("../../../../docs/connect-ai-tools.md");
const README: &str = include_str!("../../../../README.md");
/// What stands for the server and for the key.
const BASE: &str = "http://127.0.0.1:3000";
const KEY: &str = "sk_mbx_…";
/// The places from which configurations take the key.
const VARIABLES: [&str; 2] = ["${WORKFORCEOS_KEY}", "${input:workforceos-key}"];

struct World {
    app: TestApp,
    owner: Client,
    email: String,
    key: String,
}

impl World {
    async fn make() -> World {
        let app = TestApp::start(Db::Sqlite).await;
        let acme = app.company("acme", "UTC").await;
        let key = text(&acme.owner.post(KEYS, json!({"name": "pasted"})).await.ok(), "key");
        World { app, owner: acme.owner.client.clone(), email: acme.owner.email.clone(), key }
    }

    /// A page's blocks of a language, filled in.
    fn blocks(&self, page: &str, language: &str) -> Vec<String> {
        let start = format!("```{language}\n");
        let parts = page.split(&start).skip(1).map(|part| part.split_once("\n```").expect("a block's end").0);
        parts.map(|part| part.replace(BASE, &self.app.base()).replace(KEY, &self.key)).collect()
    }
}

/// All servers of all configurations on a page.
fn servers(world: &World, page: &str) -> Vec<Json> {
    let mut found = Vec::new();
    for block in world.blocks(page, "json") {
        let block = VARIABLES.iter().fold(block, |block, variable| block.replace(variable, &world.key));
        let config: Json = serde_json::from_str(&block).unwrap_or_else(|error| panic!("{error}: {block}"));
        let servers = config.get("mcpServers").or_else(|| config.get("servers")).and_then(Json::as_object);
        found.extend(servers.unwrap_or_else(|| panic!("servers in {config}")).values().cloned());
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn configurations_connect() {
    let Some(node) = Node::find().await else { return };
    let world = World::make().await;
    let page = servers(&world, PAGE);
    assert_eq!(page.len(), 4, "Cursor, Claude Code, VS Code, Claude Desktop");
    for server in page.into_iter().chain(servers(&world, README)) {
        let mut client = Driver::start(Sdk::TypeScript1).await.expect("it is here");
        let order = match server.get("url") {
            Some(url) => json!({"do": "connect", "sdk": 1, "kind": "http", "url": url, "headers": server["headers"]}),
            None => bridged(&node, &server),
        };
        client.does(order).await;
        let (failed, me) = client.call("currentuser", json!({})).await;
        assert_eq!((failed, &me["email"]), (false, &json!(world.email)), "{server}: {me}");
        client.does(json!({"do": "end"})).await;
    }
}

/// A configuration that starts a program: `npx` finds the package in the registry, this where it is installed.
fn bridged(node: &Node, server: &Json) -> Json {
    let args: Vec<&str> = server["args"].as_array().expect("arguments").iter().filter_map(Json::as_str).collect();
    assert_eq!((&server["command"], &args[..2]), (&json!("npx"), &["-y", "mcp-remote"][..]));
    let script = node.packages().join("mcp-remote/dist/proxy.js");
    let mut started = vec![script.to_str().expect("text")];
    started.extend(&args[2..]);
    let mut env = server["env"].clone();
    env["HOME"] = json!(node.folder());
    env["PATH"] = json!(std::env::var("PATH").unwrap_or_default());
    json!({"do": "connect", "sdk": 1, "kind": "stdio", "command": node.program(), "args": started, "env": env})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bridge_says_what_is_wrong_with_its_key() {
    let Some(node) = Node::find().await else { return };
    let world = World::make().await;
    let server = servers(&world, PAGE).into_iter().find(|server| server.get("command").is_some()).expect("the bridge");
    let mut order = bridged(&node, &server);
    order["env"]["WORKFORCEOS_AUTH"] = json!("Bearer sk_mbx_nobodys");
    let mut client = Driver::start(Sdk::TypeScript1).await.expect("it is here");
    let (message, _) = client.fails(order).await;
    assert!(message.contains("tools send an API key"), "{message}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_run() {
    let (Some(node), Some(python)) = (Node::find().await, python()) else { return };
    let world = World::make().await;
    let mut commands = Vec::new();
    for program in world.blocks(PAGE, "ts") {
        std::fs::write(node.folder().join("snippet.mjs"), &program).expect("written");
        commands.push((node.command("snippet.mjs"), program));
    }
    for program in world.blocks(PAGE, "python") {
        let mut command = Command::new(&python);
        command.arg("-c").arg(&program);
        commands.push((command, program));
    }
    assert_eq!(commands.len(), 2);
    for (command, program) in commands {
        let (status, said, errors) = output(command).await;
        assert_eq!(status, 0, "{program}\n{said}\n{errors}");
        let works = said.contains("listShifts") && said.contains("paging") && said.to_ascii_lowercase().contains("false");
        assert!(works, "{program}\n{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shell_lines_run() {
    let world = World::make().await;
    let (mut ran, mut called) = (0, 0);
    for lines in world.blocks(PAGE, "sh").into_iter().filter(|lines| !lines.starts_with("claude ")) {
        let mut bash = Command::new("bash");
        bash.args(["-euo", "pipefail", "-c", &lines]).env("TOKEN", world.owner.token.as_deref().expect("a token"));
        let (status, said, errors) = output(bash).await;
        assert_eq!(status, 0, "{lines}\n{said}\n{errors}");
        assert!(!said.contains("\"ERR\"") && !said.contains("\"error\""), "{lines}\n{said}");
        if lines.contains("tools/call") {
            assert!(said.contains(&world.email), "{lines}\n{said}");
            called += 1;
        } else {
            assert!(said.contains("sk_mbx_"), "{lines}\n{said}");
        }
        ran += 1;
    }
    assert_eq!((ran, called), (3, 2), "a key, and both eras of the protocol");
}
