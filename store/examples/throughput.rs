//! How fast the store writes check-ins and reads pages, on a database of its own.
//!
//! `cargo run --release -p workforceos-store --example throughput -- [seconds] [database URL]`

#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use uuid::Uuid;
use workforceos_core::change::{Audience, Changes, Event};
use workforceos_core::id::{CompanyId, ShiftId, UserId};
use workforceos_core::objects::{AttendanceRecord, AttendanceStatus, Shift, ShiftStatus, User};
use workforceos_core::{Cond, DataObject, Error, Meta, Query, Role, Timestamp, Via};
use workforceos_store::{Database, Due, Outcome, Settings, Store};

const NOW: Timestamp = Timestamp(1_780_000_000_000);
const COMPANIES: u64 = 16;
const USERS: u64 = 250;
const BATCH: u64 = 32;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let seconds = std::env::args().nth(1).and_then(|s| s.parse().ok()).unwrap_or(5);
    let folder = std::env::temp_dir().join(format!("workforceos-throughput-{}", std::process::id()));
    let url = std::env::args().nth(2).unwrap_or_else(|| format!("sqlite://{}", folder.join("bench.db").display()));
    let settings = Settings { database: Database::parse(&url)?, journal_key: [1; 32], readers: 4 };
    let store = Store::open(settings).await?;
    for company in 0..COMPANIES {
        populate(&store, company).await?;
    }
    let span = Duration::from_secs(seconds);
    writes(&store, span).await?;
    fill(&store, 100_000).await?;
    for (name, total, joins) in [("with total", true, true), ("without total", false, true), ("without joins", true, false)] {
        pages(&store, span, name, total, joins).await?;
    }
    store.close().await;
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(Error::internal)?;
    }
    Ok(())
}

/// Check-ins in batches, all companies at a time.
async fn writes(store: &Store, span: Duration) -> Result<(), Error> {
    let meter = Meter::start();
    let start = meter.start;
    let next = Arc::new(AtomicU64::new(0));
    let mut tasks = Vec::new();
    for company in 0..COMPANIES {
        let (store, next) = (store.clone(), next.clone());
        tasks.push(tokio::spawn(async move {
            let (mut written, mut slowest) = (0, Duration::ZERO);
            while start.elapsed() < span {
                let first = next.fetch_add(BATCH, Ordering::Relaxed);
                let begun = Instant::now();
                write(&store, company, first, BATCH).await?;
                slowest = slowest.max(begun.elapsed());
                written += BATCH;
            }
            Ok::<_, Error>((written, slowest))
        }));
    }
    let (mut written, mut slowest) = (0, Duration::ZERO);
    for task in tasks {
        let (n, slow) = task.await.map_err(Error::internal)??;
        written += n;
        slowest = slowest.max(slow);
    }
    let name = format!("check-ins in batches of {BATCH} from {COMPANIES} companies, slowest {slowest:?}");
    meter.report(written, &name);
    Ok(())
}

/// Measures time and, where the system tells, the processor time of the whole process.
struct Meter {
    start: Instant,
    cpu: f64,
}

impl Meter {
    fn start() -> Meter {
        Meter { start: Instant::now(), cpu: cpu_seconds() }
    }

    fn report(&self, count: u64, name: &str) {
        let rate = count as f64 / self.start.elapsed().as_secs_f64();
        let cpu = (cpu_seconds() - self.cpu) * 1e6 / count as f64;
        println!("{rate:.0}/s, {cpu:.0} µs of processor time each: {name}");
    }
}

/// Of this process so far, on Linux; 0 elsewhere. The clock ticks a hundred times a second.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|t| t.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

/// One company's records up to `rows`.
async fn fill(store: &Store, rows: u64) -> Result<(), Error> {
    let query = Query::of(AttendanceRecord::def(), company(0), Cond::TRUE);
    let mut present = store.count(&query).await?;
    while present < rows {
        write(store, 0, 500_000 + present, 500).await?;
        present += 500;
    }
    println!("{} records in one company", store.count(&query).await?);
    Ok(())
}

async fn pages(store: &Store, span: Duration, name: &str, total: bool, joins: bool) -> Result<(), Error> {
    let mut query = Query::of(AttendanceRecord::def(), company(0), Cond::TRUE);
    (query.limit, query.total) = (25, total);
    if joins {
        query.joins = vec!["user", "shift"];
    }
    let meter = Meter::start();
    let start = meter.start;
    let mut tasks = Vec::new();
    for _ in 0..8 {
        let (store, query) = (store.clone(), query.clone());
        tasks.push(tokio::spawn(async move {
            let mut read = 0_u64;
            while start.elapsed() < span {
                let page = store.page(&query).await?;
                read += u64::from(page.rows.len() == 25);
            }
            Ok::<_, Error>(read)
        }));
    }
    let mut read = 0;
    for task in tasks {
        read += task.await.map_err(Error::internal)??;
    }
    meter.report(read, &format!("pages of 25 records, {name}"));
    Ok(())
}

async fn write(store: &Store, n: u64, first: u64, count: u64) -> Result<(), Error> {
    let batch = (first..first + count).map(|i| check_in(n, i)).collect();
    let turn = store.turn(company(n)).await?;
    match turn.commit(batch, NOW, Due::Sooner(Some(NOW))).await {
        Outcome::Committed(_) => Ok(()),
        Outcome::Refused { error, .. } | Outcome::Failed(error) | Outcome::Unknown(error) => Err(error),
    }
}

fn id(table: u64, n: u64) -> Uuid {
    Uuid::from_u64_pair(0x0190_0000_0000_7000 + (n << 20), 0x8000_0000_0000_0000 + table)
}

fn company(n: u64) -> CompanyId {
    CompanyId(id(1, n))
}

fn event<T: DataObject>(object: &T) -> Event {
    Event {
        kind: Some("attendance.checkedIn"),
        action: "checkInAttendance",
        object: T::def().name,
        object_id: object.meta().id,
        after: Some(object.to_record()),
        before: None,
        extra: None,
        audited: false,
        audience: Audience::admins().user(UserId(id(2, 1))),
        actor: Some(UserId(id(2, 1))),
        via: Via::Rest,
        request_id: "01890a5d-ac96-774b-bcce-b302099a8057".into(),
    }
}

/// People, and enough shifts that nobody attends one twice.
async fn populate(store: &Store, n: u64) -> Result<(), Error> {
    let mut changes = Changes::none();
    for i in 0..USERS {
        let user = User {
            meta: Meta::new(id(100 + n, i), NOW, None),
            email: format!("user{i}@example.com"),
            password: "hash".to_owned(),
            fullname: format!("User {i}"),
            avatar: None,
            role: Role::TenantUser,
            email_verified: true,
            archive_date: None,
            company_id: company(n),
        };
        changes = changes.put(&user);
    }
    let mut last = None;
    for i in 0..4000 {
        let shift = Shift {
            meta: Meta::new(id(200 + n, i), NOW, None),
            shift_date: NOW.utc().date_naive(),
            start_time: "09:00".to_owned(),
            end_time: "17:00".to_owned(),
            starts_at: NOW,
            ends_at: NOW.plus_minutes(480),
            location: Some("Main hall".to_owned()),
            department_id: None,
            assigned_user_ids: Vec::new(),
            assigned_department_ids: Vec::new(),
            status: ShiftStatus::Scheduled,
            break_minutes: 30,
            needed_count: 1,
            is_draft: false,
            shift_template_id: None,
            created_by: UserId(id(2, 1)),
            company_id: company(n),
        };
        changes = changes.put(&shift);
        last = Some(shift);
    }
    let changes = last.iter().fold(changes, |changes, shift| changes.event(event(shift)));
    let turn = store.turn(company(n)).await?;
    match turn.commit(vec![changes], NOW, Due::Sooner(None)).await {
        Outcome::Committed(_) => Ok(()),
        Outcome::Refused { error, .. } | Outcome::Failed(error) | Outcome::Unknown(error) => Err(error),
    }
}

fn check_in(n: u64, i: u64) -> Changes {
    let record = AttendanceRecord {
        meta: Meta::new(id(300, i), Timestamp(NOW.0 + i as i64), Some(id(2, 1))),
        user_id: UserId(id(100 + n, i % USERS)),
        shift_id: ShiftId(id(200 + n, i / USERS % 4000)),
        shift_date: NOW.utc().date_naive(),
        check_in_time: Some(NOW),
        check_out_time: None,
        status: AttendanceStatus::Present,
        late_by_minutes: Some(0),
        worked_minutes: None,
        absence_reason: None,
        manager_note: None,
        checkout_alert_at: None,
        company_id: company(n),
    };
    Changes::none().put(&record).event(event(&record))
}
