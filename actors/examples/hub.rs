//! How fast the hub fans out: `cargo run --release -p workforceos-actors --example hub`.
//!
//! Two threads play the HTTP workers. Each event costs them as long as a write to a socket does; between the writes they
//! answer probes, which stand for check-ins. Paced and unpaced, with the delay of events and of probes.

#![expect(clippy::print_stdout, reason = "prints its measurements")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};
use tokio::task::LocalSet;
use uuid::Uuid;
use workforceos_actors::hub::{Access, Delivery, Hub, HubSettings, Person, Subscriber, Subscription, Topics};
use workforceos_core::change::{Audience, Entry};
use workforceos_core::error::Result;
use workforceos_core::id::{CompanyId, UserId};
use workforceos_core::time::Timestamp;

const COMPANY: CompanyId = CompanyId(Uuid::from_u128(1));
/// What a small write to a socket takes, roughly.
const WRITE: Duration = Duration::from_micros(6);
const EVENTS: usize = 50;

/// A journal that is empty.
struct Nothing;

#[async_trait]
impl Access for Nothing {
    async fn journal(&self, _: CompanyId, _: i64, _: u32) -> Result<Vec<Entry>> {
        Ok(Vec::new())
    }

    async fn oldest(&self, _: CompanyId) -> Result<Option<i64>> {
        Ok(None)
    }

    async fn withdrawals(&self, _: CompanyId, _: i64, _: u32) -> Result<Vec<Audience>> {
        Ok(Vec::new())
    }

    async fn person(&self, _: CompanyId, _: UserId) -> Result<Option<Person>> {
        Ok(None)
    }
}

/// When each event was published, in nanoseconds since the start.
struct Times {
    start: Instant,
    published: Vec<AtomicU64>,
}

impl Times {
    fn now(&self) -> u64 {
        self.start.elapsed().as_nanos() as u64
    }
}

enum Job {
    Read(Subscription),
    Probe(oneshot::Sender<()>),
}

fn main() {
    println!("subscribers  pacing   events/s     delivery p50 / p99 / max ms    probe p50 / p99 ms");
    for (subscribers, paced, every) in [
        (1, true, Duration::from_millis(100)),
        (1000, true, Duration::from_millis(100)),
        (1000, false, Duration::from_millis(100)),
        (5000, true, Duration::from_millis(100)),
        (5000, false, Duration::from_millis(100)),
    ] {
        measure(subscribers, paced, every);
    }
    flood(5000, 200);
    memory(20_000);
}

fn entry(seq: i64) -> Entry {
    let after = format!("{{\"id\":\"{}\",\"status\":\"present\",\"note\":\"{}\"}}", Uuid::from_u128(7), "x".repeat(250));
    Entry {
        company: COMPANY,
        seq,
        at: Timestamp(0),
        kind: Some("shift.created".into()),
        object: "shift".into(),
        object_id: Uuid::from_u128(7),
        actor: None,
        audience: Audience::everyone(),
        after: after.into(),
    }
}

fn subscribe(hub: &Hub, n: usize) -> Subscription {
    let id = Uuid::from_u128(100 + n as u128);
    let stream = hub.subscribe(Subscriber {
        company: COMPANY,
        user: UserId(id),
        session: id,
        admin: n.is_multiple_of(2),
        departments: Vec::new(),
        topics: Topics::ALL,
        after: 0,
    });
    stream.start_after(0);
    stream
}

/// A thread that serves streams and probes as an HTTP worker would.
fn worker(times: Arc<Times>, delays: mpsc::UnboundedSender<u64>, write: Duration) -> mpsc::UnboundedSender<Job> {
    let (jobs, mut inbox) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        LocalSet::new().block_on(&runtime, async move {
            while let Some(job) = inbox.recv().await {
                match job {
                    Job::Probe(answer) => drop(answer.send(())),
                    Job::Read(stream) => drop(tokio::task::spawn_local(read(stream, times.clone(), delays.clone(), write))),
                }
            }
        });
    });
    jobs
}

async fn read(mut stream: Subscription, times: Arc<Times>, delays: mpsc::UnboundedSender<u64>, write: Duration) {
    while let Some(Delivery::Event(frame)) = stream.next().await {
        let published = times.published[frame.seq as usize].load(Relaxed);
        let written = Instant::now() + write;
        while Instant::now() < written {
            std::hint::spin_loop();
        }
        let _ = delays.send(times.now() - published);
    }
}

fn measure(subscribers: usize, paced: bool, every: Duration) {
    let pacing = HubSettings::default();
    let settings = if paced { pacing } else { HubSettings { burst: usize::MAX, ..pacing } };
    let (delays, probes) = run(settings, subscribers, EVENTS, every, WRITE);
    let rate = Duration::from_secs(1).as_millis() / every.as_millis();
    let (name, ms) = (if paced { "paced" } else { "unpaced" }, |list: &[u64], p: f64| at(list, p) as f64 / 1e6);
    println!(
        "{subscribers:>11}  {name:<8} {rate:>8}   {:>10.2} / {:>6.2} / {:>6.2}          {:>8.3} / {:>6.3}",
        ms(&delays, 0.5),
        ms(&delays, 0.99),
        ms(&delays, 1.0),
        ms(&probes, 0.5),
        ms(&probes, 0.99),
    );
}

/// All events at once, the reader's writes for nothing: what the hub itself can do.
fn flood(subscribers: usize, events: usize) {
    let start = Instant::now();
    let settings = HubSettings { queue: 4096, ..HubSettings::default() };
    let (delays, _) = run(settings, subscribers, events, Duration::ZERO, Duration::ZERO);
    let seconds = *delays.last().expect("delays") as f64 / 1e9;
    let deliveries = delays.len() as f64 / seconds;
    println!(
        "flood: {events} commits to {subscribers} in {seconds:.2} s: {deliveries:.0} deliveries/s ({:.1} s with setup)",
        start.elapsed().as_secs_f64()
    );
}

/// Publishes and waits for every delivery; the sorted delays of events and probes, in nanoseconds.
fn run(settings: HubSettings, subscribers: usize, events: usize, every: Duration, write: Duration) -> (Vec<u64>, Vec<u64>) {
    let hub = Hub::start(settings, Arc::new(Nothing)).expect("a hub");
    let published = (0..=events + 1).map(|_| AtomicU64::new(0)).collect();
    let times = Arc::new(Times { start: Instant::now(), published });
    let (delays, mut measured) = mpsc::unbounded_channel();
    let workers: Vec<_> = (0..2).map(|_| worker(times.clone(), delays.clone(), write)).collect();
    for n in 0..subscribers {
        drop(workers[n % 2].send(Job::Read(subscribe(&hub, n))));
    }
    let mut seen = Vec::with_capacity(subscribers * events);
    let mut probes = Vec::new();
    for seq in 1..=events {
        times.published[seq].store(times.now(), Relaxed);
        hub.publish(COMPANY, [entry(seq as i64)].into());
        let next = Instant::now() + every;
        while Instant::now() < next {
            std::thread::sleep(Duration::from_millis(2));
            let (answer, answered) = oneshot::channel();
            let asked = Instant::now();
            drop(workers[probes.len() % 2].send(Job::Probe(answer)));
            drop(answered.blocking_recv());
            probes.push(asked.elapsed().as_nanos() as u64);
        }
    }
    while seen.len() < subscribers * events {
        seen.extend(measured.blocking_recv());
    }
    assert_eq!(hub.stats().cut, 0);
    hub.shutdown();
    seen.sort_unstable();
    probes.sort_unstable();
    (seen, probes)
}

fn memory(subscribers: usize) {
    let hub = Hub::start(HubSettings::default(), Arc::new(Nothing)).expect("a hub");
    let before = resident();
    let streams: Vec<_> = (0..subscribers).map(|n| subscribe(&hub, n)).collect();
    while hub.stats().subscribers < subscribers {
        std::thread::yield_now();
    }
    let each = (resident() - before) / subscribers as f64;
    println!("memory: {each:.2} KiB for each of {} idle subscribers", streams.len());
    hub.shutdown();
}

/// Resident memory of this process in KiB (Linux).
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0.0)
}

fn at(sorted: &[u64], part: f64) -> u64 {
    sorted.get(((sorted.len() as f64 * part) as usize).min(sorted.len().saturating_sub(1))).copied().unwrap_or(0)
}
