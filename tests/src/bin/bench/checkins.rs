//! Durable check-ins, each by an employee with the own login.

use anyhow::{Result, ensure};

use crate::Setup;
use crate::company::{Founder, NO_PASSWORD, Size};
use crate::figures::Measured;
use crate::load::flat_out;
use crate::report::Row;
use crate::roster::CheckIns;
use crate::server::{Server, Site};

const CONNECTIONS: usize = 32;
const PEOPLE: usize = 10_000;
/// Check-ins that each person makes in a round.
const WAVES: usize = 5;
/// Of the first wave: until the companies' state is loaded, and then so many in each round.
const LOADING: usize = 1_000;

pub async fn run(setup: &Setup) -> Result<Vec<Row>> {
    let mut rows = measure(setup, 1).await?;
    rows.extend(measure(setup, 50).await?);
    Ok(rows)
}

async fn measure(setup: &Setup, companies: usize) -> Result<Vec<Row>> {
    let site = Site::new(setup)?;
    let founder = Founder::open(&site).await?;
    let size = Size { admins: 1, people: PEOPLE / companies, crew: 200, waves: 1 + WAVES * setup.rounds };
    let mut staffed = Vec::with_capacity(companies);
    for i in 0..companies {
        staffed.push(founder.company(&format!("company{i}"), size, NO_PASSWORD).await?);
    }
    founder.close().await;
    let check_ins = CheckIns::of(&staffed)?;
    let server = Server::start(&setup.server, &site)?;
    let mut connections = server.connect(CONNECTIONS).await?;

    check_ins.allow(LOADING);
    flat_out(&mut connections, &check_ins, None).await?;
    let first = (PEOPLE - LOADING) / setup.rounds;
    let newcomers = Measured::rounds(server.pid(), setup.rounds, async || {
        check_ins.allow(first);
        flat_out(&mut connections, &check_ins, None).await
    });
    let newcomers = newcomers.await?;
    let known = Measured::rounds(server.pid(), setup.rounds, async || {
        check_ins.allow(PEOPLE * WAVES);
        flat_out(&mut connections, &check_ins, None).await
    });
    let known = known.await?;
    ensure!(known.len() == PEOPLE * WAVES * setup.rounds, "not every check-in was made");

    let of = if companies == 1 { "1 company".to_owned() } else { format!("{companies} companies") };
    let what = format!("{CONNECTIONS} connections, {PEOPLE} people of {of}, each with the own token");
    let (rate, p99) = (known.rate().median, known.quantile(0.99).median);
    let known = Row::new("checkins", &what)
        .load(&known)
        .memory(server.rss_kib()?)
        .goal("≥ 8,000/s, p99 ≤ 10 ms", rate >= 8_000.0 && p99 <= 10.0);
    let newcomers = Row::new("checkins", &format!("{of}: the first call of each login since the start")).load(&newcomers);
    Ok(vec![known, newcomers])
}
