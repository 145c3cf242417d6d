//! Subscriptions, cancellation and progress over a pair of channels, with events and calls that a test moves by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures_channel::mpsc;
use futures_util::{SinkExt, StreamExt};
use rmcp::ServiceExt;
use rmcp::model::{ClientJsonRpcMessage, GetExtensions, ServerJsonRpcMessage};
use serde_json::{Value as Json, json};
use tokio::sync::{Mutex, Notify, mpsc as queue};
use tokio::time::timeout;
use workforceos_core::answer::Answer;
use workforceos_core::api::Reach;
use workforceos_core::id::IdSource;
use workforceos_core::registry::Service;
use workforceos_core::time::ManualClock;
use workforceos_core::{BusinessApi, Ctx, Dispatch, Registry, Result, Timestamp};

use super::{Locker, People, caller};
use crate::{Following, Happened, Live, McpCaller, McpServer, Narrowing, server};

/// What the calls of a test do and wait for.
#[derive(Default)]
struct Desk {
    begun: Notify,
    go_on: Notify,
    written: AtomicU32,
    dropped: AtomicU32,
}

/// Notes that a call was dropped before it came to its end.
struct Dropped(Arc<Desk>, bool);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(u32::from(!self.1), Ordering::SeqCst);
    }
}

async fn slow(desk: Arc<Desk>, ctx: Ctx, _: ()) -> Result<Answer> {
    let mut guard = Dropped(desk.clone(), false);
    ctx.progress.tell(1, 4);
    desk.begun.notify_one();
    desk.go_on.notified().await;
    desk.written.fetch_add(1, Ordering::SeqCst);
    // Decided anew: what was told before stays true.
    ctx.progress.tell(3, 4);
    ctx.progress.tell(0, 4);
    guard.1 = true;
    Ok(Answer::json(json!({"done": true})))
}

async fn nothing(_: Arc<Desk>, _: Ctx, _: ()) -> Result<Answer> {
    Ok(Answer::json(json!([])))
}

fn registry() -> Registry<Desk> {
    let read = |name| BusinessApi::get(name).on::<Locker>().reach(Reach::Member).about("Reads.").handler(nothing);
    let apis = vec![
        read("listAttendanceRecords").at("/v1/records"),
        read("listShifts").at("/v1/shifts"),
        read("getCompanyPolicy").at("/v1/policy"),
        BusinessApi::get("slowRead").on::<Locker>().at("/v1/slow").reach(Reach::Member).about("Reads.").handler(slow),
        BusinessApi::create("slowWrite").on::<Locker>().at("/v1/slow").reach(Reach::Member).about("Writes.").handler(slow),
    ];
    Registry::new(vec![Service { name: "desk", prefix: "/desk-api", apis }]).expect("declarations")
}

/// Events that a test makes; one follower at a time.
struct Events {
    queue: Mutex<Option<queue::UnboundedReceiver<Happened>>>,
    followed: AtomicU32,
}

struct Follower(queue::UnboundedReceiver<Happened>);

#[async_trait]
impl Live for Events {
    async fn follow(&self, _: &Ctx) -> Result<Box<dyn Following>> {
        self.followed.fetch_add(1, Ordering::SeqCst);
        let queue = self.queue.lock().await.take().unwrap_or_else(|| queue::unbounded_channel().1);
        Ok(Box::new(Follower(queue)))
    }

    fn heard(&self) -> u64 {
        0
    }
}

#[async_trait]
impl Following for Follower {
    async fn next(&mut self) -> Happened {
        match self.0.recv().await {
            Some(happened) => happened,
            None => std::future::pending().await,
        }
    }
}

/// A client that speaks JSON-RPC by hand.
struct Wire {
    out: mpsc::Sender<ClientJsonRpcMessage>,
    back: mpsc::Receiver<ServerJsonRpcMessage>,
    token: &'static str,
}

impl Wire {
    async fn open(server: McpServer<Desk>, token: &'static str) -> Wire {
        let (out, from_client) = mpsc::channel(16);
        let (to_client, back) = mpsc::channel(1);
        tokio::spawn(async move {
            let running = server.for_session().serve((to_client, from_client)).await.expect("serves");
            let _ = running.waiting().await;
        });
        let mut wire = Wire { out, back, token };
        let client = json!({"name": "probe", "version": "1"});
        wire.request(0, "initialize", json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client})).await;
        assert!(wire.next().await["result"]["capabilities"]["resources"]["subscribe"] == true);
        wire.send(json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
        wire
    }

    async fn send(&mut self, message: Json) {
        let mut message: ClientJsonRpcMessage = serde_json::from_value(message).expect("a message");
        if let ClientJsonRpcMessage::Request(request) = &mut message {
            let caller = McpCaller::new(caller(self.token), Arc::new(Narrowing::default()));
            request.request.extensions_mut().insert(caller);
        }
        self.out.send(message).await.expect("open");
    }

    async fn request(&mut self, id: u32, method: &str, params: Json) {
        self.send(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})).await;
    }

    async fn next(&mut self) -> Json {
        let message = timeout(Duration::from_secs(60), self.back.next()).await.expect("in time").expect("open");
        serde_json::to_value(message).expect("JSON")
    }

    async fn is_quiet(&mut self, time: Duration) -> bool {
        timeout(time, self.back.next()).await.is_err()
    }

    async fn subscribe(&mut self, uri: &str) -> Json {
        self.request(1, "resources/subscribe", json!({"uri": uri})).await;
        self.next().await
    }
}

struct Stage {
    desk: Arc<Desk>,
    events: Arc<Events>,
    happen: queue::UnboundedSender<Happened>,
    server: McpServer<Desk>,
}

fn stage() -> Stage {
    let clock = Arc::new(ManualClock::at(Timestamp::parse("2026-06-15T10:00:00Z").expect("an instant")));
    let desk = Arc::new(Desk::default());
    let ids = Arc::new(IdSource::seeded(1));
    let dispatch = Dispatch { registry: registry(), state: desk.clone(), outside: Arc::new(People), clock, ids };
    let (happen, queue) = queue::unbounded_channel();
    let events = Arc::new(Events { queue: Mutex::new(Some(queue)), followed: AtomicU32::new(0) });
    let server = server(Arc::new(dispatch)).with_live(events.clone());
    Stage { desk, events, happen, server }
}

const BOARD: &str = "workforce://board/today";

fn check_in() -> Happened {
    let object = json!({"userId": "01890a5d-ac96-774b-bcce-b302099a8057", "shiftDate": "2026-06-15"});
    Happened::Event { kind: "attendance.checkedIn".to_owned(), object }
}

#[tokio::test(start_paused = true)]
async fn many_events_are_told_once_a_second() {
    let Stage { happen, server, .. } = stage();
    let mut wire = Wire::open(server, "employee").await;
    assert!(wire.subscribe(BOARD).await["result"].is_object());
    for _ in 0..100 {
        happen.send(check_in()).expect("followed");
    }
    let first = wire.next().await;
    assert_eq!((&first["method"], &first["params"]["uri"]), (&json!("notifications/resources/updated"), &json!(BOARD)));
    let told = tokio::time::Instant::now();
    happen.send(check_in()).expect("followed");
    assert_eq!(wire.next().await["method"], "notifications/resources/updated");
    assert!(told.elapsed() >= Duration::from_millis(900), "{:?}", told.elapsed());
    assert!(wire.is_quiet(Duration::from_secs(10)).await, "everything was told");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_watched_any_more_is_not_told() {
    let Stage { happen, server, events, .. } = stage();
    let mut wire = Wire::open(server, "employee").await;
    wire.subscribe(BOARD).await;
    wire.subscribe("workforce://company/policy").await;
    assert_eq!(events.followed.load(Ordering::SeqCst), 1, "one reader for all that a connection watches");
    wire.request(2, "resources/unsubscribe", json!({"uri": BOARD})).await;
    assert!(wire.next().await["result"].is_object());
    happen.send(check_in()).expect("followed");
    happen.send(Happened::Event { kind: "policy.updated".to_owned(), object: json!({}) }).expect("followed");
    assert_eq!(wire.next().await["params"]["uri"], "workforce://company/policy");
    // With the last one the reader leaves.
    wire.request(3, "resources/unsubscribe", json!({"uri": "workforce://company/policy"})).await;
    wire.next().await;
    assert!(wire.is_quiet(Duration::from_secs(31)).await);
    assert!(happen.is_closed());
}

#[tokio::test(start_paused = true)]
async fn a_login_that_ends_hears_nothing_more() {
    let Stage { happen, server, .. } = stage();
    let mut wire = Wire::open(server, "employee").await;
    wire.subscribe(BOARD).await;
    happen.send(Happened::Ended).expect("followed");
    assert!(wire.is_quiet(Duration::from_secs(5)).await);
    assert!(happen.is_closed());
}

#[tokio::test(start_paused = true)]
async fn who_is_gone_for_long_is_not_told() {
    let Stage { happen, server, .. } = stage();
    let mut wire = Wire::open(server, "employee").await;
    wire.subscribe(BOARD).await;
    // After twenty minutes the client is asked; one that answers goes on hearing.
    tokio::time::sleep(Duration::from_secs(20 * 60)).await;
    let ping = wire.next().await;
    assert_eq!(ping["method"], "ping");
    wire.send(json!({"jsonrpc": "2.0", "id": ping["id"], "result": {}})).await;
    happen.send(check_in()).expect("followed");
    assert_eq!(wire.next().await["method"], "notifications/resources/updated");
    // One that does not is told nothing more.
    tokio::time::sleep(Duration::from_secs(20 * 60)).await;
    assert_eq!(wire.next().await["method"], "ping");
    assert_eq!(wire.next().await["method"], "notifications/cancelled");
    assert!(wire.is_quiet(Duration::from_secs(60)).await);
    assert!(happen.is_closed());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_nothing_is_cut() {
    let Stage { happen, server, .. } = stage();
    let mut wire = Wire::open(server, "employee").await;
    wire.subscribe(BOARD).await;
    // The channel takes a message or two; then nobody reads for longer than anybody may take.
    for _ in 0..12 {
        let _ = happen.send(check_in());
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert!(happen.is_closed(), "nothing piles up for it");
    let mut waiting = 0;
    while !wire.is_quiet(Duration::from_secs(1)).await {
        waiting += 1;
    }
    assert!(waiting <= 8, "{waiting}");
}

#[tokio::test]
async fn only_so_many_resources_are_watched() {
    let Stage { server, .. } = stage();
    let mut wire = Wire::open(server, "employee").await;
    for day in 0..64 {
        let date = format!("2026-{:02}-{:02}", 1 + day / 28, 1 + day % 28);
        assert!(wire.subscribe(&format!("workforce://me/week?date={date}")).await["result"].is_object());
    }
    assert_eq!(wire.subscribe(BOARD).await["error"]["code"], -32602);
    assert_eq!(wire.subscribe("workforce://nothing").await["error"]["code"], -32002);
}

#[tokio::test]
async fn a_reading_call_that_is_cancelled_ends_at_once() {
    let Stage { desk, server, .. } = stage();
    let mut wire = Wire::open(server, "employee").await;
    wire.request(7, "tools/call", json!({"name": "slowRead", "arguments": {}})).await;
    desk.begun.notified().await;
    wire.send(json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}})).await;
    wire.request(8, "ping", json!({})).await;
    assert_eq!(wire.next().await["id"], 8, "no answer to what was cancelled");
    while desk.dropped.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(desk.written.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_change_that_has_begun_is_brought_to_its_end() {
    let Stage { desk, server, .. } = stage();
    let mut wire = Wire::open(server, "employee").await;
    wire.request(7, "tools/call", json!({"name": "slowWrite", "arguments": {}})).await;
    desk.begun.notified().await;
    wire.send(json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}})).await;
    wire.request(8, "ping", json!({})).await;
    assert_eq!(wire.next().await["id"], 8);
    desk.go_on.notify_one();
    while desk.written.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(desk.dropped.load(Ordering::SeqCst), 0, "never half written");
}

#[tokio::test(start_paused = true)]
async fn progress_grows_and_ends_with_the_result() {
    let Stage { desk, server, .. } = stage();
    let mut wire = Wire::open(server, "employee").await;
    let params = json!({"name": "slowWrite", "arguments": {}, "_meta": {"progressToken": "p"}});
    wire.request(7, "tools/call", params).await;
    desk.begun.notified().await;
    let told = wire.next().await;
    assert_eq!(told["method"], "notifications/progress");
    assert_eq!(told["params"], json!({"progressToken": "p", "progress": 1.0, "total": 4.0}));
    desk.go_on.notify_one();
    let mut before = 1.0;
    loop {
        let message = wire.next().await;
        if message["id"] == 7 {
            break;
        }
        let now = message["params"]["progress"].as_f64().expect("progress");
        assert!(now > before, "{message}");
        before = now;
    }
    assert_eq!(before, 4.0, "all of it is done");
    // Nobody who did not ask is told.
    wire.request(9, "tools/call", json!({"name": "slowWrite", "arguments": {}})).await;
    desk.begun.notified().await;
    desk.go_on.notify_one();
    assert_eq!(wire.next().await["id"], 9);
}
