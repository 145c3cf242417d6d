//! Check-ins at a steady pace, alone and beside 5,000 live streams.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::Setup;
use crate::company::{Founder, NO_PASSWORD, Size, Staffed};
use crate::figures::Measured;
use crate::http::Connection;
use crate::load::{flat_out, paced};
use crate::report::Row;
use crate::roster::CheckIns;
use crate::server::{Server, Site};
use crate::stream::requests;
use crate::subscribers::Subscribers;

const CONNECTIONS: usize = 8;
/// Check-ins a second.
const PACE: f64 = 300.0;
const STREAMS: usize = 5_000;
const COMPANIES: usize = 50;
const PEOPLE: usize = 200;
/// Where one company has all streams, of so many check-ins one is its own: ten a second.
const WATCHED: usize = 30;
const WARM_UP: Duration = Duration::from_secs(2);
const ROUND: Duration = Duration::from_secs(5);

/// Whose the streams are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Watched {
    All,
    One,
}

pub async fn run(setup: &Setup) -> Result<Vec<Row>> {
    let mut rows = measure(setup, Watched::One).await?;
    rows.extend(measure(setup, Watched::All).await?);
    Ok(rows)
}

async fn measure(setup: &Setup, watched: Watched) -> Result<Vec<Row>> {
    let site = Site::new(setup)?;
    let founder = Founder::open(&site).await?;
    let size = Size { admins: 2, people: PEOPLE, crew: 20, waves: 3 + setup.rounds };
    let mut companies = Vec::with_capacity(COMPANIES);
    for i in 0..COMPANIES {
        companies.push(founder.company(&format!("company{i}"), size, NO_PASSWORD).await?);
    }
    founder.close().await;
    let check_ins = match watched {
        Watched::All => CheckIns::of(&companies)?,
        Watched::One => CheckIns::mixed(WATCHED, CheckIns::of(&companies[..1])?, CheckIns::of(&companies[1..])?),
    };
    let server = Server::start(&setup.server, &site)?;
    let mut connections = server.connect(CONNECTIONS).await?;
    // Every company's state is loaded, and the people are known.
    check_ins.allow(COMPANIES * PEOPLE);
    flat_out(&mut connections, &check_ins, None).await?;
    check_ins.allow_all();
    let alone = steady(setup, &server, &mut connections, &check_ins).await?;

    let streams = match watched {
        Watched::All => shared(&companies)?,
        Watched::One => requests(&companies[0], STREAMS)?,
    };
    let mut subscribers = Subscribers::open(server.addr, streams, None).await?;
    let before = subscribers.events();
    let beside = steady(setup, &server, &mut connections, &check_ins).await?;
    subscribers.received(u64::MAX).await?;
    let delivered = subscribers.events() - before;
    ensure!(check_ins.left() > 0, "there were too few check-ins");

    let (without, with) = (alone.quantile(0.99).median, beside.quantile(0.99).median);
    let ratio = with / without.max(f64::EPSILON);
    let lasted = (WARM_UP + ROUND * setup.rounds as u32).as_secs_f64();
    let whose = match watched {
        Watched::All => format!("{STREAMS} streams, {} of each of {COMPANIES} companies", STREAMS / COMPANIES),
        Watched::One => format!("{STREAMS} streams of one of {COMPANIES} companies, which has every {WATCHED}th check-in"),
    };
    let cut = match subscribers.lost() {
        0 => String::new(),
        lost => format!("; {lost} streams cut"),
    };
    let name = "checkins-with-streams";
    let plain = format!("{PACE} check-ins a second on {CONNECTIONS} connections, no streams");
    let beside_what = format!("the same beside {whose}: {:.0} events a second delivered{cut}", delivered as f64 / lasted);
    let row = Row::new(name, &beside_what).load(&beside).memory(server.rss_kib()?);
    Ok(vec![Row::new(name, &plain).load(&alone), row.goal(&format!("p99 ≤ 2 × without; it is {ratio:.1} ×"), ratio <= 2.0)])
}

/// Each company's dashboards.
fn shared(companies: &[Staffed]) -> Result<Vec<Vec<u8>>> {
    let each = companies.iter().map(|company| requests(company, STREAMS / COMPANIES));
    Ok(each.collect::<Result<Vec<_>>>()?.concat())
}

async fn steady(setup: &Setup, server: &Server, on: &mut [Connection], check_ins: &CheckIns) -> Result<Measured> {
    paced(on, check_ins, PACE, WARM_UP).await?;
    Measured::rounds(server.pid(), setup.rounds, async || paced(on, check_ins, PACE, ROUND).await).await
}
