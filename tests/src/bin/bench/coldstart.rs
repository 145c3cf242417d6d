//! How soon a server with many companies is ready, and how much memory that takes.

use anyhow::Result;

use crate::Setup;
use crate::company::{Founder, NO_PASSWORD, Size};
use crate::figures::Spread;
use crate::http::Connection;
use crate::machine::cpu_seconds;
use crate::report::Row;
use crate::server::{Server, Site};

const COMPANIES: usize = 1_000;
const STARTS: usize = 5;
const READY: &[u8] = b"GET /health/ready HTTP/1.1\r\nhost: bench\r\n\r\n";

pub async fn run(setup: &Setup) -> Result<Vec<Row>> {
    let site = Site::new(setup)?;
    let founder = Founder::open(&site).await?;
    for i in 0..COMPANIES {
        let size = Size { admins: 1, people: 10, crew: 5, waves: 1 };
        founder.company(&format!("company{i}"), size, NO_PASSWORD).await?;
    }
    founder.close().await;
    // The first start of all makes the root admin, whose password it hashes.
    ready(setup, &site).await?.0.stop()?;
    let (mut millis, mut kib, mut cpu) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let (server, took) = ready(setup, &site).await?;
        millis.push(took);
        kib.push(server.rss_kib()?);
        cpu.push(cpu_seconds(server.pid())?);
        server.stop()?;
    }
    let (millis, most) = (Spread::of(millis), kib.into_iter().max().unwrap_or_default());
    let cpu = Spread::of(cpu).median;
    let what = format!("{STARTS} starts with {COMPANIES} companies, until /health/ready answers 200 ({cpu:.2} s of processor)");
    let met = millis.median <= 200.0 && most <= 64 * 1024;
    Ok(vec![Row::new("coldstart", &what).tries(millis).memory(most).goal("≤ 200 ms, ≤ 64 MiB", met)])
}

/// A server that is ready, and how many milliseconds that took.
async fn ready(setup: &Setup, site: &Site) -> Result<(Server, f64)> {
    let server = Server::start(&setup.server, site)?;
    loop {
        let mut connection = Connection::open(server.addr).await?;
        connection.request.extend_from_slice(READY);
        if connection.exchange().await?.status == 200 {
            let took = server.started.elapsed();
            return Ok((server, took.as_secs_f64() * 1000.0));
        }
    }
}
