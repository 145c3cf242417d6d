//! Files of 100,000 rows, imported while another company's people check in.

use std::cell::Cell;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use chrono::Days;
use serde_json::json;
use workforceos_core::time::Date;
use workforceos_core::zone::Zone;

use crate::Setup;
use crate::company::{Founder, NO_PASSWORD, Size, Staffed};
use crate::figures::Measured;
use crate::http::{self, Answer, Connection};
use crate::load::{Work, paced};
use crate::machine;
use crate::report::{Row, grouped};
use crate::roster::CheckIns;
use crate::server::{Server, Site};

const ROWS: usize = 100_000;
/// Who is in the company, where rows are about people who are there.
const STAFF: usize = 1_000;
const CREW: usize = 20;
/// Check-ins of the other company, a second.
const PACE: f64 = 100.0;
const CONNECTIONS: usize = 4;
const NEIGHBOURS: Size = Size { admins: 1, people: 2_000, crew: 20, waves: 6 };
const PATIENCE: Duration = Duration::from_secs(110);
const GOAL: f64 = 60.0;

pub async fn run(setup: &Setup) -> Result<Vec<Row>> {
    Ok(vec![
        measure(setup, "people", "/auth-api/v1/import/people").await?,
        measure(setup, "shifts", "/schedulemanagement-api/v1/import/shifts").await?,
        measure(setup, "attendance", "/attendancemanagement-api/v1/import/attendance").await?,
    ])
}

async fn measure(setup: &Setup, what: &str, path: &str) -> Result<Row> {
    let (mut took, mut peak, mut size, mut rounds) = (Vec::new(), 0, 0, Vec::new());
    let mut cpu = None;
    for _ in 0..setup.rounds {
        let site = Site::new(setup)?;
        let founder = Founder::open(&site).await?;
        let staff = Size { admins: 1, people: STAFF, crew: CREW, waves: 0 };
        let company = founder.company("importing", staff, NO_PASSWORD).await?;
        let neighbours = founder.company("neighbours", NEIGHBOURS, NO_PASSWORD).await?;
        if what == "attendance" {
            founder.past(&company, (ROWS / STAFF) as u64).await?;
        }
        let csv = file(what, &company, Zone::UTC.date(founder.now))?;
        founder.close().await;
        size = csv.len();
        let server = Server::start(&setup.server, &site)?;
        let mut importing = Connection::open(server.addr).await?;
        let body = json!({"csv": csv}).to_string();
        let bearer = format!("authorization: Bearer {}\r\n", company.admins[0].token()?);
        importing.request = http::post(path, &bearer, body.len());
        importing.request.extend_from_slice(body.as_bytes());
        let mut connections = server.connect(CONNECTIONS).await?;
        let check_ins = Beside { of: CheckIns::of(&[neighbours])?, over: Cell::new(false) };
        // The neighbours' state is loaded.
        paced(&mut connections, &check_ins, PACE, Duration::from_secs(2)).await?;

        let mut lasted = Duration::ZERO;
        let measured = Measured::rounds(server.pid(), 1, async || {
            let import = async {
                let started = Instant::now();
                let answer = importing.exchange().await?;
                lasted = started.elapsed();
                check_ins.over.set(true);
                imported(&answer)
            };
            let (beside, imported) = tokio::join!(paced(&mut connections, &check_ins, PACE, PATIENCE), import);
            imported?;
            beside
        });
        let measured = measured.await?;
        took.push(lasted.as_secs_f64());
        peak = peak.max(machine::peak_kib(server.pid())?);
        rounds.extend(measured.rounds);
        cpu = Some(measured.cpu);
    }
    took.sort_unstable_by(f64::total_cmp);
    let (median, slowest) = (took[took.len() / 2], took[took.len() - 1]);
    let measured = Measured { rounds, cpu: cpu.context("nothing was measured")? };
    let what = format!(
        "{} {what} in a file of {:.1} MB; the times are those of another company's check-ins meanwhile, {PACE} a second",
        grouped(ROWS as f64),
        size as f64 / 1e6
    );
    let rate = format!("{median:.1} s ({:.1}–{slowest:.1}), {}/s", took[0], grouped(ROWS as f64 / median));
    Ok(Row::new("imports", &what).times(&measured).rate(rate).memory(peak).goal("≤ 60 s", slowest <= GOAL))
}

/// Check-ins until the import is over.
struct Beside {
    of: CheckIns,
    over: Cell<bool>,
}

impl Work for Beside {
    fn next(&self, request: &mut Vec<u8>) -> bool {
        !self.over.get() && self.of.next(request)
    }

    fn check(&self, answer: &Answer<'_>) -> Result<()> {
        self.of.check(answer)
    }
}

fn imported(answer: &Answer<'_>) -> Result<()> {
    answer.expect(200)?;
    let report = answer.json()?;
    ensure!(report["import"]["created"] == ROWS, "not what was meant: {report}");
    Ok(())
}

/// A file of new rows.
fn file(what: &str, company: &Staffed, today: Date) -> Result<String> {
    let mut csv = String::with_capacity(ROWS * 130);
    let days = ROWS / STAFF;
    match what {
        "people" => {
            csv.push_str("email,fullname,role,department,position,employmentStartDate,contractType,salary,manager\n");
            for n in 0..ROWS {
                let manager = company.people[n % STAFF].email.as_str();
                let (department, salary) = (n % 50, 2_000 + n % 1_000);
                writeln!(
                    csv,
                    "newcomer{n}@importing.example,Newcomer Number {n},tenantUser,Department {department},Associate,2026-01-15,permanent,\
                     {salary}.50,{manager}"
                )?;
            }
        }
        "shifts" => {
            csv.push_str("date,start,end,people,location,breakMinutes,neededCount\n");
            for day in 0..days {
                let date = today.checked_add_days(Days::new(10 + day as u64)).context("a day")?;
                for person in &company.people {
                    writeln!(csv, "{date},09:00,17:00,{},Main building,30,1", person.email)?;
                }
            }
        }
        _ => {
            csv.push_str("date,email,shiftStart,checkIn,checkOut\n");
            for ago in 1..=days {
                let date = today.checked_sub_days(Days::new(ago as u64)).context("a day")?;
                for (n, person) in company.people.iter().enumerate() {
                    writeln!(
                        csv,
                        "{date},{},09:00,{:02}:{:02},17:0{}",
                        person.email,
                        8 + (n % 60 >= 50) as usize,
                        (n + 50) % 60,
                        n % 10
                    )?;
                }
            }
        }
    }
    Ok(csv)
}
