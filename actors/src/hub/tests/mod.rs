//! The hub against a journal in memory. Time on its thread jumps, nothing sleeps.

mod resumes;
mod standing;
mod streams;
mod withdrawals;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value as Json, json};
use workforceos_core::change::Audience;
use workforceos_core::time::Timestamp;

use super::*;

const COMPANY: CompanyId = CompanyId(Uuid::from_u128(0xc0));

fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(0x1000 + n))
}

fn department(n: u128) -> DepartmentId {
    DepartmentId(Uuid::from_u128(0x2000 + n))
}

fn session(n: u128) -> Uuid {
    Uuid::from_u128(0x3000 + n)
}

/// A journal, people, and what was read of them.
#[derive(Default)]
struct Books {
    entries: Mutex<Vec<Entry>>,
    people: Mutex<HashMap<UserId, Person>>,
    pages: AtomicUsize,
    people_read: AtomicUsize,
    broken: AtomicBool,
    /// A turn is needed to read a person, once set.
    slow: Mutex<Option<Arc<tokio::sync::Semaphore>>>,
}

#[async_trait]
impl Access for Books {
    async fn journal(&self, company: CompanyId, after: i64, limit: u32) -> Result<Vec<Entry>> {
        self.pages.fetch_add(1, Ordering::SeqCst);
        if self.broken.load(Ordering::SeqCst) {
            return Err(Error::unavailable("broken"));
        }
        let entries = self.entries.lock().unwrap();
        Ok(entries.iter().filter(|e| e.company == company && e.seq > after).take(limit as usize).cloned().collect())
    }

    async fn oldest(&self, company: CompanyId) -> Result<Option<i64>> {
        let entries = self.entries.lock().unwrap();
        Ok(entries.iter().filter(|e| e.company == company).map(|e| e.seq).min())
    }

    async fn withdrawals(&self, company: CompanyId, after: i64, limit: u32) -> Result<Vec<Audience>> {
        let entries = self.entries.lock().unwrap();
        let takes =
            |e: &&Entry| e.company == company && e.seq > after && (e.audience.before.is_some() || !e.audience.reach.is_empty());
        Ok(entries.iter().filter(takes).take(limit as usize).map(|e| e.audience.clone()).collect())
    }

    async fn person(&self, _company: CompanyId, user: UserId) -> Result<Option<Person>> {
        let turn = self.slow.lock().unwrap().clone();
        if let Some(turn) = turn {
            turn.acquire().await.expect("open").forget();
        }
        self.people_read.fetch_add(1, Ordering::SeqCst);
        Ok(self.people.lock().unwrap().get(&user).cloned())
    }
}

impl Books {
    /// Writes one entry without telling the hub.
    fn write(&self, entry: Entry) -> Entry {
        self.entries.lock().unwrap().push(entry.clone());
        entry
    }

    fn pages(&self) -> usize {
        self.pages.load(Ordering::SeqCst)
    }
}

fn entry(seq: i64, kind: &str, audience: Audience) -> Entry {
    about(seq, Some(kind), "shift", Uuid::from_u128(9), json!({"id": "9", "location": "Ward"}), audience)
}

fn about(seq: i64, kind: Option<&str>, object: &str, object_id: Uuid, after: Json, audience: Audience) -> Entry {
    let (at, after) = (Timestamp(1_780_000_000_000), after.to_string().into());
    Entry {
        company: COMPANY,
        seq,
        at,
        kind: kind.map(Into::into),
        object: object.into(),
        object_id,
        actor: None,
        audience,
        after,
    }
}

/// A hub with its journal; what is committed is published as well.
struct World {
    hub: Hub,
    books: Arc<Books>,
}

impl Drop for World {
    fn drop(&mut self) {
        self.hub.shutdown();
    }
}

impl World {
    fn new() -> World {
        World::with(HubSettings::default())
    }

    fn with(settings: HubSettings) -> World {
        let books = Arc::new(Books::default());
        let hub = Hub::start(HubSettings { pause: Duration::ZERO, ..settings }, books.clone()).expect("starts");
        World { hub, books }
    }

    fn commit(&self, entry: Entry) {
        let entry = self.books.write(entry);
        self.hub.publish(entry.company, [entry].into());
    }

    /// Events for everybody, from one sequence to another.
    fn everyone(&self, from: i64, to: i64) {
        (from..=to).for_each(|seq| self.commit(entry(seq, "shift.created", Audience::everyone())));
    }

    fn write(&self, from: i64, to: i64) {
        (from..=to).for_each(|seq| drop(self.books.write(entry(seq, "shift.created", Audience::everyone()))));
    }

    fn employee(&self, n: u128) -> Subscriber {
        Subscriber {
            company: COMPANY,
            user: user(n),
            session: session(n),
            admin: false,
            departments: Vec::new(),
            topics: Topics::ALL,
            after: 0,
        }
    }

    fn admin(&self, n: u128) -> Subscriber {
        Subscriber { admin: true, ..self.employee(n) }
    }

    fn resumed(&self, n: u128, after: i64) -> Subscription {
        self.hub.subscribe(Subscriber { after, ..self.employee(n) })
    }

    /// A stream from the journal's present end.
    fn live(&self, who: Subscriber) -> Subscription {
        let stream = self.hub.subscribe(who);
        stream.start_after(self.books.entries.lock().unwrap().last().map_or(0, |e| e.seq));
        stream
    }
}

async fn frame(stream: &mut Subscription) -> (i64, Json) {
    match stream.next().await {
        Some(Delivery::Event(frame)) => {
            let text = std::str::from_utf8(&frame.bytes).expect("text");
            let (id, data) = text.strip_suffix("\n\n").expect("ends").split_once("\ndata: ").expect("data");
            assert_eq!(id, format!("id: {}", frame.seq));
            (frame.seq, serde_json::from_str(data).expect("JSON"))
        }
        other => panic!("no event: {other:?}"),
    }
}

async fn seqs(stream: &mut Subscription, count: usize) -> Vec<i64> {
    let mut seqs = Vec::new();
    for _ in 0..count {
        seqs.push(frame(stream).await.0);
    }
    seqs
}
