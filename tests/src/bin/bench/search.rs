//! Searching 100,000 users by the words of their names and addresses.

use std::cell::Cell;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::json;

use crate::Setup;
use crate::company::{Founder, NO_PASSWORD, Size};
use crate::figures::Measured;
use crate::http::{self, Answer, Connection};
use crate::load::{Work, flat_out, paced};
use crate::report::Row;
use crate::server::{Server, Site};

const PEOPLE: usize = 100_000;
const CONNECTIONS: usize = 4;
/// Searches a second of the measurement that is timed.
const PACE: f64 = 100.0;
const WARM_UP: Duration = Duration::from_secs(1);
const ROUND: Duration = Duration::from_secs(5);
const PREFIX: &str = "/auth-api/v1";

/// What is searched for, from one person in all to everybody.
const KEYWORDS: [&str; 5] = ["person73211", "marta lind", "marta", "mar", "crowd.example"];

pub async fn run(setup: &Setup) -> Result<Vec<Row>> {
    let site = Site::new(setup)?;
    let founder = Founder::open(&site).await?;
    let size = Size { admins: 1, people: PEOPLE, crew: PEOPLE, waves: 0 };
    let company = founder.company("crowd", size, NO_PASSWORD).await?;
    founder.close().await;
    let token = company.admins[0].token()?;
    let server = Server::start(&setup.server, &site)?;
    let mut connections = server.connect(CONNECTIONS).await?;
    let mut rows = Vec::new();
    for keyword in KEYWORDS {
        let path = format!("{PREFIX}/searchusers?keyword={}", keyword.replace(' ', "%20"));
        let search = http::get(&path, &token);
        let found = total(&mut connections[0], &search).await?;
        ensure!(found > 0, "nobody is found by {keyword}");
        let work = Search { requests: vec![search], turn: Cell::new(0) };
        flat_out(&mut connections, &work, Some(Instant::now() + WARM_UP)).await?;
        let round = async || paced(&mut connections, &work, PACE, ROUND).await;
        let measured = Measured::rounds(server.pid(), setup.rounds, round).await?;
        let what = format!("{PACE} searches a second among 100,000 users, {found} found: {keyword}");
        let met = measured.quantile(0.99).median <= 10.0;
        rows.push(Row::new("search", &what).load(&measured).memory(server.rss_kib()?).goal("p99 ≤ 10 ms", met));
    }
    rows.push(fresh(setup, &server, &mut connections, &token).await?);
    Ok(rows)
}

/// Each search after a change of the users, so that no total is kept.
async fn fresh(setup: &Setup, server: &Server, on: &mut [Connection], token: &str) -> Result<Row> {
    let body = json!({"fullname": "Marta Lindqvist"}).to_string();
    let login = format!("authorization: Bearer {token}\r\n");
    let mut change = http::with_body("PATCH", &format!("{PREFIX}/profile"), &login, body.len());
    change.extend_from_slice(body.as_bytes());
    let search = http::get(&format!("{PREFIX}/searchusers?keyword=mar"), token);
    let pairs = Search { requests: vec![change, search], turn: Cell::new(0) };
    let on = &mut on[..1];
    // The first change loads what the company's decisions look at.
    paced(on, &pairs, 1.0, WARM_UP * 2).await?;
    let round = async || paced(on, &pairs, PACE, ROUND).await;
    let measured = Measured::rounds(server.pid(), setup.rounds, round).await?;
    let what =
        format!("{PACE} a second on one connection, in turn a change of a user's name and a search for mar (no total kept)");
    let met = measured.quantile(0.99).median <= 10.0;
    Ok(Row::new("search", &what).load(&measured).memory(server.rss_kib()?).goal("p99 ≤ 10 ms", met))
}

async fn total(on: &mut Connection, search: &[u8]) -> Result<u64> {
    on.request.clear();
    on.request.extend_from_slice(search);
    let answer = on.exchange().await?.json()?;
    Ok(answer["paging"]["totalRowCount"].as_u64().unwrap_or(0))
}

/// The same requests in turn.
struct Search {
    requests: Vec<Vec<u8>>,
    turn: Cell<usize>,
}

impl Work for Search {
    fn next(&self, request: &mut Vec<u8>) -> bool {
        let turn = self.turn.replace(self.turn.get() + 1);
        request.extend_from_slice(&self.requests[turn % self.requests.len()]);
        true
    }

    fn check(&self, answer: &Answer<'_>) -> Result<()> {
        answer.expect(200)
    }
}
