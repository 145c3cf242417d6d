//! Tool calls over MCP's Streamable HTTP, in both eras of the protocol, and what a session takes of memory.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use memchr::memmem;
use serde_json::{Value as Json, json};

use crate::Setup;
use crate::company::Staffed;
use crate::figures::Measured;
use crate::http::{self, Answer, Connection};
use crate::list::archive;
use crate::load::{Work, each_flat_out};
use crate::report::{Row, grouped};
use crate::server::Server;

const SESSIONS: usize = 16;
/// Sessions that do nothing.
const IDLE: usize = 1_000;
const ENDPOINT: &str = "/mcpbff-api/mcp";
const VERSION: &str = "2025-11-25";
const STATELESS: &str = "2026-07-28";
const WARM_UP: Duration = Duration::from_secs(1);
const ROUND: Duration = Duration::from_secs(5);
/// How long what was done settles before memory is looked at.
const SETTLE: Duration = Duration::from_secs(2);

/// What is called: the tool or the method, the least that an answer is long, and the words for it.
struct Called {
    method: &'static str,
    params: Json,
    least: usize,
    what: &'static str,
    goal: Option<(f64, &'static str)>,
}

pub async fn run(setup: &Setup) -> Result<Vec<Row>> {
    let (site, company) = archive(setup).await?;
    let server = Server::start(&setup.server, &site)?;
    let mut connections = server.connect(SESSIONS).await?;
    let listed = Called {
        method: "tools/call",
        params: json!({"name": "listAttendanceRecords", "arguments": {}}),
        least: 10_000,
        what: "tools/call listAttendanceRecords: 25 of 100,000 records",
        goal: Some((4_000.0, "≥ 4,000/s")),
    };
    let me = Called {
        method: "tools/call",
        params: json!({"name": "currentuser", "arguments": {}}),
        least: 200,
        what: "tools/call currentuser",
        goal: None,
    };
    let tools = Called { method: "tools/list", params: json!({}), least: 10_000, what: "tools/list", goal: None };
    let mut rows = Vec::new();
    for called in [&listed, &me, &tools] {
        let mut sessions = Vec::with_capacity(SESSIONS);
        for (connection, admin) in connections.iter_mut().zip(&company.admins) {
            let head = open(connection, &admin.token()?).await?;
            sessions.push(Calls::new(&head, called, called.params.clone()));
        }
        rows.push(measure(setup, &server, &mut connections, &sessions, called, "16 sessions").await?);
    }
    let mut calls = Vec::with_capacity(SESSIONS);
    for admin in &company.admins {
        calls.push(stateless(&admin.token()?, &listed));
    }
    rows.push(measure(setup, &server, &mut connections, &calls, &listed, "16 connections, 2026-07-28 without sessions").await?);
    drop(connections);
    drop(server);
    // A server that has served nobody yet.
    let server = Server::start(&setup.server, &site)?;
    rows.push(idle(&server, &company).await?);
    Ok(rows)
}

async fn measure(
    setup: &Setup,
    server: &Server,
    connections: &mut [Connection],
    calls: &[Calls],
    called: &Called,
    by: &str,
) -> Result<Row> {
    connections[0].request.clone_from(&calls[0].call);
    let answer = connections[0].exchange().await?;
    calls[0].check(&answer)?;
    let size = answer.body.len();
    let mut round = async |lasts: Duration| each_flat_out(connections.iter_mut().zip(calls), Some(Instant::now() + lasts)).await;
    round(WARM_UP).await?;
    let measured = Measured::rounds(server.pid(), setup.rounds, async || round(ROUND).await).await?;
    let a_cpu_second = 1e6 / measured.server_micros_each().max(f64::EPSILON);
    let what = format!("{by}, {}; {:.1} KiB each; {} a CPU second", called.what, size as f64 / 1024.0, grouped(a_cpu_second));
    let row = Row::new("mcp", &what).load(&measured).memory(server.rss_kib()?);
    let goal = called.goal.map(|(least, text)| (text, measured.rate().median >= least));
    Ok(match goal {
        Some((text, met)) => row.goal(text, met),
        None => row,
    })
}

/// Memory of sessions that do nothing: first by themselves, then each with the stream of what the server says by itself.
async fn idle(server: &Server, company: &Staffed) -> Result<Row> {
    let mut connections = server.connect(1).await?;
    // What is made once is made before.
    for admin in &company.admins {
        open(&mut connections[0], &admin.token()?).await?;
    }
    tokio::time::sleep(SETTLE).await;
    let before = server.rss_kib()?;
    let mut heads = Vec::with_capacity(IDLE);
    for person in company.people.iter().take(IDLE) {
        heads.push(open(&mut connections[0], &person.token()?).await?);
    }
    ensure!(heads.len() == IDLE, "there are too few people");
    tokio::time::sleep(SETTLE).await;
    let opened = server.rss_kib()?;
    let mut streams = server.connect(IDLE).await?;
    for (stream, head) in streams.iter_mut().zip(&heads) {
        stream.begin(format!("GET {ENDPOINT} HTTP/1.1\r\nhost: bench\r\n{head}\r\n").as_bytes()).await?;
    }
    tokio::time::sleep(SETTLE).await;
    let heard = server.rss_kib()?;
    let each = |kib: u64| kib.saturating_sub(before) as f64 / IDLE as f64;
    let what = format!(
        "{} idle sessions, each of another user: memory of each ({:.1} KiB by itself, {:.1} with its stream open)",
        grouped(IDLE as f64),
        each(opened),
        each(heard)
    );
    Ok(Row::new("mcp", &what).memory(heard))
}

/// Opens a session; answers the header lines of what belongs to it.
async fn open(connection: &mut Connection, token: &str) -> Result<String> {
    let bearer = format!("authorization: Bearer {token}\r\naccept: application/json, text/event-stream\r\n");
    let client = json!({"name": "bench", "version": env!("CARGO_PKG_VERSION")});
    let params = json!({"protocolVersion": VERSION, "capabilities": {}, "clientInfo": client});
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params});
    connection.request = request(&bearer, &body);
    let answer = connection.exchange().await?;
    answer.expect(200)?;
    let id = answer.header("mcp-session-id").context("no session was opened")?.to_owned();
    let head = format!("{bearer}mcp-session-id: {id}\r\nmcp-protocol-version: {VERSION}\r\n");
    connection.request = request(&head, &json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
    connection.exchange().await?.expect(202)?;
    Ok(head)
}

/// One call, again and again.
struct Calls {
    call: Vec<u8>,
    least: usize,
}

impl Calls {
    fn new(head: &str, called: &Called, params: Json) -> Calls {
        let body = json!({"jsonrpc": "2.0", "id": 2, "method": called.method, "params": params});
        Calls { call: request(head, &body), least: called.least }
    }
}

/// The call in the era without sessions.
fn stateless(token: &str, called: &Called) -> Calls {
    let mut params = called.params.clone();
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": STATELESS,
        "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": env!("CARGO_PKG_VERSION")},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let name = params["name"].as_str().unwrap_or_default();
    let head = format!(
        "authorization: Bearer {token}\r\naccept: application/json, text/event-stream\r\n\
         mcp-protocol-version: {STATELESS}\r\nmcp-method: {}\r\nmcp-name: {name}\r\n",
        called.method
    );
    Calls::new(&head, called, params)
}

fn request(head: &str, body: &Json) -> Vec<u8> {
    let body = body.to_string();
    let mut request = http::post(ENDPOINT, head, body.len());
    request.extend_from_slice(body.as_bytes());
    request
}

impl Work for Calls {
    fn next(&self, request: &mut Vec<u8>) -> bool {
        request.extend_from_slice(&self.call);
        true
    }

    fn check(&self, answer: &Answer<'_>) -> Result<()> {
        answer.expect(200)?;
        let good = memmem::find(answer.body, b"\"result\"").is_some() && memmem::find(answer.body, b"\"isError\":true").is_none();
        ensure!(good && answer.body.len() >= self.least, "not what was meant: {}", answer.text());
        Ok(())
    }
}
