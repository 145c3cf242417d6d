//! Lists of 25 out of 100,000 attendance records, with joins and the exact total.

use std::cell::Cell;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::Setup;
use crate::company::{Founder, NO_PASSWORD, Size, Staffed};
use crate::figures::Measured;
use crate::http::{self, Connection};
use crate::load::{Same, flat_out, paced};
use crate::report::Row;
use crate::roster::CheckIns;
use crate::server::{Server, Site};

const CONNECTIONS: usize = 16;
const WARM_UP: Duration = Duration::from_secs(1);
const ROUND: Duration = Duration::from_secs(5);
const LIST: &str = "/attendancemanagement-api/v1/attendance-records";
const PEOPLE: usize = 1_000;
const DAYS: u64 = 100;
/// Check-ins per second beside the list, each of which makes its total another one.
const WRITES: f64 = 20.0;

/// A site with one company that has 100,000 attendance records.
pub async fn archive(setup: &Setup) -> Result<(Site, Staffed)> {
    let site = Site::new(setup)?;
    let founder = Founder::open(&site).await?;
    let size = Size { admins: 16, people: PEOPLE, crew: 50, waves: 1 };
    let company = founder.company("archive", size, NO_PASSWORD).await?;
    founder.history(&company, DAYS).await?;
    founder.close().await;
    Ok((site, company))
}

pub async fn run(setup: &Setup) -> Result<Vec<Row>> {
    let (site, company) = archive(setup).await?;
    let token = company.admins[0].token()?;
    let server = Server::start(&setup.server, &site)?;
    let mut connections = server.connect(CONNECTIONS).await?;
    let variants = [("first page", ""), ("status=late", "?status=late"), ("page 2,000 of 4,000", "?pageNumber=2000")];
    let mut rows = Vec::new();
    for (name, query) in variants {
        let total = if query.contains("status") { PEOPLE as u64 * DAYS / 10 } else { PEOPLE as u64 * DAYS };
        let request = http::get(&format!("{LIST}{query}"), &token);
        let measured = measure(setup, &server, &mut connections, request, total).await?;
        let what = format!("{CONNECTIONS} connections, 25 of 100,000 records with joins and total: {name}");
        let row = Row::new("list", &what).load(&measured).memory(server.rss_kib()?);
        let met = measured.rate().median >= 3_000.0 && measured.quantile(0.99).median <= 25.0;
        // The goal is for the page that everybody opens.
        rows.push(if query.is_empty() { row.goal("≥ 3,000/s, p99 ≤ 25 ms", met) } else { row });
    }
    rows.push(while_writing(setup, &server, &mut connections, &company).await?);
    Ok(rows)
}

async fn measure(setup: &Setup, server: &Server, on: &mut [Connection], request: Vec<u8>, total: u64) -> Result<Measured> {
    let same = Same { request, status: 200 };
    on[0].request.clone_from(&same.request);
    let answer = on[0].exchange().await?.json()?;
    let first = &answer["attendanceRecords"][0];
    let joined = first["user"]["fullname"].is_string() && first["shift"]["startTime"].is_string();
    ensure!(answer["rowCount"] == 25 && joined, "not the list that was meant: {answer}");
    ensure!(answer["paging"]["totalRowCount"] == total, "the total is not {total}: {}", answer["paging"]);
    flat_out(on, &same, Some(Instant::now() + WARM_UP)).await?;
    Measured::rounds(server.pid(), setup.rounds, async || flat_out(on, &same, Some(Instant::now() + ROUND)).await).await
}

/// The first page while people check in.
async fn while_writing(setup: &Setup, server: &Server, on: &mut [Connection], company: &Staffed) -> Result<Row> {
    let check_ins = CheckIns::of(std::slice::from_ref(company))?;
    let mut writers = server.connect(1).await?;
    let same = Same { request: http::get(LIST, &company.admins[0].token()?), status: 200 };
    let over = Cell::new(false);
    let write = async {
        while !over.get() {
            paced(&mut writers, &check_ins, WRITES, Duration::from_millis(500)).await?;
        }
        anyhow::Ok(())
    };
    let read = async {
        flat_out(on, &same, Some(Instant::now() + WARM_UP)).await?;
        let round = async || flat_out(on, &same, Some(Instant::now() + ROUND)).await;
        let measured = Measured::rounds(server.pid(), setup.rounds, round).await;
        over.set(true);
        measured
    };
    let ((), measured) = tokio::try_join!(write, read)?;
    let what = format!("{CONNECTIONS} connections, first page while {WRITES} people a second check in");
    Ok(Row::new("list", &what).load(&measured))
}
