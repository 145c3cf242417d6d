//! Check-ins at a steady pace, alone and during a storm of logins in the same company.

use std::cell::Cell;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use futures_util::stream::{FuturesUnordered, TryStreamExt};
use serde_json::json;
use workforceos_services::auth::Passwords;

use crate::Setup;
use crate::company::{Founder, Size};
use crate::figures::Measured;
use crate::http::{self, Connection};
use crate::load::{flat_out, paced};
use crate::report::Row;
use crate::roster::{CheckIns, Login};
use crate::server::{Server, Site};

const CONNECTIONS: usize = 8;
/// Check-ins a second.
const PACE: f64 = 300.0;
const STORM: usize = 64;
const PEOPLE: usize = 2_000;
const PASSWORD: &str = "the right password";
const CODENAME: &str = "storm";
const WARM_UP: Duration = Duration::from_secs(2);
const ROUND: Duration = Duration::from_secs(5);

pub async fn run(setup: &Setup) -> Result<Vec<Row>> {
    let site = Site::new(setup)?;
    let founder = Founder::open(&site).await?;
    let hash = Passwords::new()?.hash(PASSWORD).await?;
    let size = Size { admins: 1, people: PEOPLE, crew: 200, waves: 3 + 2 * setup.rounds };
    let company = founder.company(CODENAME, size, &hash).await?;
    founder.close().await;
    let check_ins = CheckIns::of(std::slice::from_ref(&company))?;
    let server = Server::start(&setup.server, &site)?;
    let mut connections = server.connect(CONNECTIONS).await?;
    check_ins.allow(PEOPLE);
    flat_out(&mut connections, &check_ins, None).await?;
    check_ins.allow_all();
    let alone = steady(setup, &server, &mut connections, &check_ins).await?;

    let storm = Storm::default();
    let calm = async {
        let measured = steady(setup, &server, &mut connections, &check_ins).await;
        storm.over.set(true);
        measured
    };
    let started = Instant::now();
    let (beside, ()) = tokio::try_join!(calm, storm.rage(&server, &company.people))?;
    let lasted = started.elapsed().as_secs_f64();
    ensure!(check_ins.left() > 0, "there were too few check-ins");

    let ratio = beside.quantile(0.99).median / alone.quantile(0.99).median.max(f64::EPSILON);
    let each = |count: &Cell<u32>| f64::from(count.get()) / lasted;
    let during = format!(
        "the same during a storm of logins on {STORM} connections: {:.0} right, {:.0} wrong, {:.0} refused a second",
        each(&storm.right),
        each(&storm.wrong),
        each(&storm.refused),
    );
    let plain = format!("{PACE} check-ins a second on {CONNECTIONS} connections, no logins");
    let row = Row::new("logins", &during).load(&beside).memory(server.rss_kib()?);
    let row = row.goal(&format!("p99 ≤ 3 × without; it is {ratio:.1} ×"), ratio <= 3.0);
    Ok(vec![Row::new("logins", &plain).load(&alone), row])
}

async fn steady(setup: &Setup, server: &Server, on: &mut [Connection], check_ins: &CheckIns) -> Result<Measured> {
    paced(on, check_ins, PACE, WARM_UP).await?;
    Measured::rounds(server.pid(), setup.rounds, async || paced(on, check_ins, PACE, ROUND).await).await
}

/// Logins without a pause, every other one with a wrong password, what came of them counted.
#[derive(Default)]
struct Storm {
    over: Cell<bool>,
    next: Cell<usize>,
    right: Cell<u32>,
    wrong: Cell<u32>,
    refused: Cell<u32>,
}

impl Storm {
    async fn rage(&self, server: &Server, people: &[Login]) -> Result<()> {
        let connections = (1..=STORM as u8).map(|i| self.guess(server, people, Ipv4Addr::new(127, 0, 1, i)));
        connections.collect::<FuturesUnordered<_>>().try_collect().await
    }

    /// One connection's logins, from an address of its own: from one address alone all would soon be refused unheard.
    async fn guess(&self, server: &Server, people: &[Login], source: Ipv4Addr) -> Result<()> {
        let mut connection = Connection::open_from(source.into(), server.addr).await?;
        while !self.over.get() {
            let turn = self.next.replace(self.next.get() + 1);
            let password = if turn.is_multiple_of(2) { PASSWORD } else { "not the right one" };
            let body = json!({"username": people[turn % people.len()].email, "password": password}).to_string();
            let claim = format!("mbx-company-codename: {CODENAME}\r\n");
            connection.request = http::post("/auth-api/login", &claim, body.len());
            connection.request.extend_from_slice(body.as_bytes());
            let answer = connection.exchange().await?;
            let count = match answer.status {
                200 => &self.right,
                401 => &self.wrong,
                429 => &self.refused,
                _ => return answer.expect(200),
            };
            count.set(count.get() + 1);
            if answer.status == 429 {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        Ok(())
    }
}
