//! Tool calls over MCP's Streamable HTTP.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use memchr::memmem;
use serde_json::{Value as Json, json};

use crate::Setup;
use crate::figures::Measured;
use crate::http::{self, Answer, Connection};
use crate::list::archive;
use crate::load::{Work, each_flat_out};
use crate::report::Row;
use crate::server::Server;

const SESSIONS: usize = 16;
const ENDPOINT: &str = "/mcpbff-api/mcp";
const VERSION: &str = "2025-11-25";
const WARM_UP: Duration = Duration::from_secs(1);
const ROUND: Duration = Duration::from_secs(5);

pub async fn run(setup: &Setup) -> Result<Vec<Row>> {
    let (site, company) = archive(setup).await?;
    let server = Server::start(&setup.server, &site)?;
    let mut connections = server.connect(SESSIONS).await?;
    let mut sessions = Vec::with_capacity(SESSIONS);
    for (connection, admin) in connections.iter_mut().zip(&company.admins) {
        sessions.push(Session::open(connection, &admin.token()?).await?);
    }
    // Each connection calls within the session that it has opened.
    let mut round =
        async |lasts: Duration| each_flat_out(connections.iter_mut().zip(&sessions), Some(Instant::now() + lasts)).await;
    round(WARM_UP).await?;
    let measured = Measured::rounds(server.pid(), setup.rounds, async || round(ROUND).await).await?;
    let what = format!("{SESSIONS} sessions, tools/call listAttendanceRecords: 25 of 100,000 records, answered as SSE");
    let met = measured.rate().median >= 4_000.0;
    Ok(vec![Row::new("mcp", &what).load(&measured).memory(server.rss_kib()?).goal("≥ 4,000/s", met)])
}

/// An initialized session.
struct Session {
    call: Vec<u8>,
}

impl Session {
    async fn open(connection: &mut Connection, token: &str) -> Result<Session> {
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

        let params = json!({"name": "listAttendanceRecords", "arguments": {}});
        let call = request(&head, &json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": params}));
        connection.request.clone_from(&call);
        let answer = connection.exchange().await?;
        answer.expect(200)?;
        let result = message(&answer)?;
        let text = result["result"]["content"][0]["text"].as_str().context("no text")?;
        let listed: Json = serde_json::from_str(text)?;
        let rows = listed["attendanceRecords"].as_array().map_or(0, Vec::len);
        ensure!(rows == 25, "not the list that was meant, but {rows} rows: {text}");
        Ok(Session { call })
    }
}

fn request(head: &str, body: &Json) -> Vec<u8> {
    let body = body.to_string();
    let mut request = http::post(ENDPOINT, head, body.len());
    request.extend_from_slice(body.as_bytes());
    request
}

/// The JSON-RPC message of an answer, whether it came as a stream or as it is.
fn message(answer: &Answer<'_>) -> Result<Json> {
    let text = answer.text();
    let data = text.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim).filter(|data| !data.is_empty());
    let found = data.filter_map(|data| serde_json::from_str(data).ok()).next_back();
    found.or_else(|| serde_json::from_str(&text).ok()).with_context(|| format!("no message: {text}"))
}

impl Work for Session {
    fn next(&self, request: &mut Vec<u8>) -> bool {
        request.extend_from_slice(&self.call);
        true
    }

    fn check(&self, answer: &Answer<'_>) -> Result<()> {
        answer.expect(200)?;
        let failed = memmem::find(answer.body, b"\"result\"").is_none() || answer.body.len() < 10_000;
        ensure!(!failed, "not a list: {}", answer.text());
        Ok(())
    }
}
