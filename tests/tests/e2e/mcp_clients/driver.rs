//! The official SDKs as processes that do what they are told: `node/driver.mjs` and `python/driver.py`.

use std::process::Stdio;

use serde_json::{Value as Json, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;
use workforceos_tests::DEADLINE;

use super::foreign::{Node, python, scripts};
use super::{MCP, SSE};

/// Which SDK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sdk {
    Python,
    /// `@modelcontextprotocol/sdk`, which knows sessions only.
    TypeScript1,
    /// `@modelcontextprotocol/client`.
    TypeScript2,
}

/// How it speaks to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Streamable HTTP with a session.
    Sessions,
    /// Streamable HTTP of 2026-07-28, each request by itself.
    Stateless,
    /// Whichever of the two the server offers.
    Auto,
    /// The first transport.
    Sse,
}

impl How {
    pub fn path(self) -> &'static str {
        if self == How::Sse { SSE } else { MCP }
    }

    /// Whether the server keeps something about the client between two requests.
    pub fn has_session(self) -> bool {
        matches!(self, How::Sessions | How::Sse)
    }
}

pub struct Driver {
    _child: Child,
    /// The folder that it runs in lasts as long as itself.
    _node: Option<Node>,
    stdin: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    errors: Option<JoinHandle<String>>,
    sdk: Sdk,
}

impl Driver {
    /// None where its programs are not installed.
    pub async fn start(sdk: Sdk) -> Option<Driver> {
        let (node, command) = if sdk == Sdk::Python {
            let mut command = Command::new(python()?);
            command.arg(scripts("python/driver.py"));
            (None, command)
        } else {
            let node = Node::find().await?;
            let command = node.command("driver.mjs");
            (Some(node), command)
        };
        Some(Driver::run(sdk, node, command))
    }

    fn run(sdk: Sdk, node: Option<Node>, mut command: Command) -> Driver {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("the driver starts");
        let (stdin, stdout) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        let mut stderr = child.stderr.take().expect("piped");
        let errors = tokio::spawn(async move {
            let mut text = String::new();
            let _ = stderr.read_to_string(&mut text).await;
            text
        });
        let answers = BufReader::new(stdout).lines();
        Driver { _child: child, _node: node, stdin, answers, errors: Some(errors), sdk }
    }

    /// What comes of an order, a failure included.
    pub async fn tell(&mut self, order: Json) -> Json {
        let line = format!("{order}\n");
        let answer = async {
            self.stdin.write_all(line.as_bytes()).await.ok()?;
            self.answers.next_line().await.ok()?
        };
        match tokio::time::timeout(DEADLINE * 2, answer).await.unwrap_or_else(|_| panic!("{:?} answers {order}", self.sdk)) {
            Some(answer) => serde_json::from_str(&answer).unwrap_or_else(|_| panic!("JSON: {answer}")),
            None => {
                let errors = self.errors.take().expect("it ends once").await.unwrap_or_default();
                panic!("{:?} ended at {order}: {errors}", self.sdk)
            }
        }
    }

    /// As [`Driver::tell`], where nothing fails.
    pub async fn does(&mut self, order: Json) -> Json {
        let answer = self.tell(order.clone()).await;
        assert!(answer.get("failed").is_none(), "{:?} {order}: {answer}", self.sdk);
        answer
    }

    /// As [`Driver::tell`], where it fails: the message and the code.
    pub async fn fails(&mut self, order: Json) -> (String, Json) {
        let answer = self.tell(order.clone()).await;
        let failed = &answer["failed"];
        let message = failed["message"].as_str().unwrap_or_else(|| panic!("{:?} {order} fails: {answer}", self.sdk));
        (message.to_owned(), failed["code"].clone())
    }

    /// The order to connect with a key.
    pub fn connect(&self, how: How, url: &str, key: &str) -> Json {
        let (kind, era) = match how {
            How::Sse => ("sse", "legacy"),
            How::Sessions => ("http", "legacy"),
            How::Stateless => ("http", "modern"),
            How::Auto => ("http", "auto"),
        };
        let sdk = if self.sdk == Sdk::TypeScript1 { 1 } else { 2 };
        let headers = json!({"Authorization": format!("Bearer {key}")});
        json!({"do": "connect", "sdk": sdk, "kind": kind, "era": era, "url": url, "headers": headers})
    }

    /// All tools' names.
    pub async fn tools(&mut self) -> Vec<String> {
        let listed = self.does(json!({"do": "tools"})).await;
        let tools = listed["tools"].as_array().expect("tools");
        tools.iter().map(|tool| tool["name"].as_str().expect("a name").to_owned()).collect()
    }

    /// What a tool answers: whether it is a refusal, and its JSON.
    pub async fn call(&mut self, name: &str, args: Json) -> (bool, Json) {
        let answer = self.does(json!({"do": "call", "name": name, "args": args})).await;
        let text = answer["text"].as_str().expect("text");
        let value = serde_json::from_str(text).unwrap_or_else(|_| panic!("JSON: {text}"));
        (answer["isError"] == true, value)
    }
}
