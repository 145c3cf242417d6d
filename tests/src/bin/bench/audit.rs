//! A company's journal of a million entries: proved by the server, by the program beside it, and listed.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::Setup;
use crate::company::{Founder, NO_PASSWORD, Size};
use crate::figures::{Measured, Spread};
use crate::http;
use crate::load::{Work, paced};
use crate::machine;
use crate::report::Row;
use crate::server::{JOURNAL_KEY, Server, Site};

const ENTRIES: usize = 1_000_000;
/// Every so many entries is one of the audit log, as most of a journal is events.
const AUDITED: usize = 10;
const GOAL: f64 = 10.0;
/// Pages a second of the measurement that is timed.
const PACE: f64 = 100.0;
const ROUND: Duration = Duration::from_secs(5);

pub async fn run(setup: &Setup) -> Result<Vec<Row>> {
    let site = Site::new(setup)?;
    let founder = Founder::open(&site).await?;
    let size = Size { admins: 1, people: 1_000, crew: 20, waves: 0 };
    let company = founder.company("audited", size, NO_PASSWORD).await?;
    founder.journal(&company, ENTRIES, AUDITED).await?;
    founder.close().await;
    let token = company.admins[0].token()?;
    let server = Server::start(&setup.server, &site)?;
    let mut connections = server.connect(2).await?;
    let mut took = Vec::new();
    for _ in 0..setup.rounds {
        let begun = Instant::now();
        let on = &mut connections[0];
        on.request = http::get("/api/v1/audit-logs/verify", &token);
        let answer = on.exchange().await?;
        answer.expect(200)?;
        let told = answer.json()?;
        took.push(begun.elapsed().as_secs_f64() * 1000.0);
        ensure!(told["valid"] == true && told["entries"].as_u64() >= Some(ENTRIES as u64), "not proved: {told}");
    }
    let peak = machine::peak_kib(server.pid())?;
    let server_took = Spread::of(took);
    let what = "a journal of 1,000,000 entries proved by the server";
    let mut rows = vec![
        Row::new("audit", what).tries(server_took).memory(peak).goal("≤ 10 s", server_took.median <= GOAL * 1000.0),
        pages(setup, &server, &token).await?,
    ];
    let took = beside(setup, &site)?;
    let what = "the same by `workforceos audit verify` beside the server";
    rows.push(Row::new("audit", what).tries(took).goal("≤ 10 s", took.median <= GOAL * 1000.0));
    Ok(rows)
}

/// The newest entries of one person and kind, among all.
async fn pages(setup: &Setup, server: &Server, token: &str) -> Result<Row> {
    let mut connections = server.connect(2).await?;
    let work = Page(http::get("/api/v1/audit-logs?entity_type=shift", token));
    paced(&mut connections, &work, PACE, Duration::from_secs(1)).await?;
    let measured =
        Measured::rounds(server.pid(), setup.rounds, async || paced(&mut connections, &work, PACE, ROUND).await).await?;
    let what = format!("{PACE} pages a second of 200 entries about one kind of object");
    Ok(Row::new("audit", &what).load(&measured).memory(server.rss_kib()?))
}

struct Page(Vec<u8>);

impl Work for Page {
    fn next(&self, request: &mut Vec<u8>) -> bool {
        request.extend_from_slice(&self.0);
        true
    }

    fn check(&self, answer: &http::Answer<'_>) -> Result<()> {
        answer.expect(200)
    }
}

fn beside(setup: &Setup, site: &Site) -> Result<Spread> {
    let key: String = JOURNAL_KEY.iter().map(|b| format!("{b:02x}")).collect();
    let mut took = Vec::new();
    for _ in 0..setup.rounds {
        let begun = Instant::now();
        let mut command = Command::new(&setup.server);
        command.env_clear().current_dir(&site.path).env("DATA_DIR", &site.path).env("JOURNAL_KEY", &key).env("LOG", "warn");
        let output = command.args(["audit", "verify", "--company", "audited"]).output()?;
        ensure!(output.status.success(), "not proved: {}", String::from_utf8_lossy(&output.stdout));
        took.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(Spread::of(took))
}
