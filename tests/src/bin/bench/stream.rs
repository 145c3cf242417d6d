//! Live delivery: from a check-in's sending until its event has come to each of thousands of dashboards.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::Setup;
use crate::company::{Founder, NO_PASSWORD, Size, Staffed};
use crate::figures::{Measured, Samples};
use crate::http::{self, Answer, Connection};
use crate::load::{Work, flat_out, paced};
use crate::report::Row;
use crate::roster::CheckIns;
use crate::server::{Server, Site};
use crate::subscribers::{Sendings, Subscribers};

pub const STREAM: &str = "/realtime-api/v1/stream";
/// Check-ins a second.
const PACE: f64 = 10.0;
const WARM_UP: Duration = Duration::from_secs(1);
const ROUND: Duration = Duration::from_secs(5);
/// Streams opened and closed before memory is first looked at.
const BEFOREHAND: usize = 64;
/// For what was freed to be given back, and for queues to be empty.
const SETTLE: Duration = Duration::from_secs(2);

pub async fn run(setup: &Setup) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (streams, goal_ms) in [(1_000, 15.0), (5_000, 70.0)] {
        rows.extend(measure(setup, streams, goal_ms).await?);
    }
    Ok(rows)
}

async fn measure(setup: &Setup, streams: usize, goal_ms: f64) -> Result<Vec<Row>> {
    let site = Site::new(setup)?;
    let founder = Founder::open(&site).await?;
    let people = 40 + (PACE * (WARM_UP + ROUND * setup.rounds as u32).as_secs_f64()) as usize;
    let size = Size { admins: 20, people, crew: 20, waves: 1 };
    let company = founder.company("watched", size, NO_PASSWORD).await?;
    founder.close().await;
    let check_ins = CheckIns::of(std::slice::from_ref(&company))?;
    let server = Server::start(&setup.server, &site)?;
    let mut writer = server.connect(1).await?;
    check_ins.allow(10);
    flat_out(&mut writer, &check_ins, None).await?;
    check_ins.allow_all();
    drop(Subscribers::open(server.addr, requests(&company, BEFOREHAND)?, None).await?);
    tokio::time::sleep(SETTLE).await;

    let empty = server.rss_kib()?;
    let sendings = Arc::new(Sendings::new(people));
    let opening = Instant::now();
    let mut subscribers = Subscribers::open(server.addr, requests(&company, streams)?, Some(sendings.clone())).await?;
    let opening = opening.elapsed();
    tokio::time::sleep(SETTLE).await;
    let idle = server.rss_kib()?;

    let noted = Noted { check_ins: &check_ins, sendings: &sendings };
    round(&mut writer, &noted, &mut subscribers, WARM_UP).await?;
    let rounds = Measured::rounds(server.pid(), setup.rounds, async || round(&mut writer, &noted, &mut subscribers, ROUND).await);
    let measured = rounds.await?;
    let busy = server.rss_kib()?;
    ensure!(subscribers.lost() == 0, "{} streams were cut", subscribers.lost());
    let wanted = setup.rounds * ROUND.as_secs() as usize * PACE as usize * streams;
    ensure!(measured.len() == wanted, "{} of {wanted} events came", measured.len());

    let p99 = measured.quantile(0.99).median;
    let what = format!("{streams} streams of one company, {PACE} check-ins a second: from sending one to its event's arrival");
    let delivered = Row::new("stream", &what).load(&measured).memory(busy).goal(&format!("p99 ≤ {goal_ms} ms"), p99 <= goal_ms);
    let each = |kib: u64| kib.saturating_sub(empty) as f64 / streams as f64;
    let what = format!(
        "{streams} streams: memory of each ({:.1} KiB when idle, {:.1} after the events); opened in {:.1} s",
        each(idle),
        each(busy),
        opening.as_secs_f64(),
    );
    let most = each(idle.max(busy));
    let memory = Row::new("stream", &what).rate(format!("{most:.1} KiB each")).memory(busy).goal("≤ 15 KiB each", most <= 15.0);
    Ok(vec![delivered, memory])
}

/// A stream for each of so many dashboards, which the admins share.
pub fn requests(company: &Staffed, streams: usize) -> Result<Vec<Vec<u8>>> {
    let tokens: Vec<String> = company.admins.iter().map(|admin| admin.token()).collect::<Result<_>>()?;
    Ok((0..streams).map(|i| http::get(STREAM, &tokens[i % tokens.len()])).collect())
}

/// Check-ins whose sending is noted.
struct Noted<'n> {
    check_ins: &'n CheckIns,
    sendings: &'n Sendings,
}

impl Work for Noted<'_> {
    fn next(&self, request: &mut Vec<u8>) -> bool {
        self.check_ins.next(request)
    }

    fn sending(&self) {
        self.sendings.note();
    }

    fn check(&self, answer: &Answer<'_>) -> Result<()> {
        self.check_ins.check(answer)
    }
}

/// Sends check-ins and waits until their events have come; the samples are the events' times.
async fn round(on: &mut [Connection], noted: &Noted<'_>, to: &mut Subscribers, lasts: Duration) -> Result<Samples> {
    let before = to.events();
    let mut samples = Samples::begin();
    let sent = paced(on, noted, PACE, lasts).await?;
    to.received(before + (sent.len() * to.len()) as u64).await?;
    samples.extend(to.take());
    Ok(samples.end())
}
