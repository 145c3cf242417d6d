//! A receiver of webhooks that notes every request and does as it is told for each path: `/slow…` is kept waiting until it is let
//! through, others are answered 200 unless the test says otherwise.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value as Json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::DEADLINE;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Hook {
    pub path: String,
    /// By their names in lower case.
    pub headers: HashMap<String, String>,
    pub body: String,
}

impl Hook {
    pub fn json(&self) -> Json {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {}", self.body))
    }

    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name} in {:?}", self.headers))
    }

    pub fn id(&self) -> &str {
        self.header("webhook-id")
    }

    pub fn kind(&self) -> String {
        self.json()["type"].as_str().unwrap_or_default().to_owned()
    }

    pub fn object_id(&self) -> String {
        self.json()["object"]["id"].as_str().unwrap_or_default().to_owned()
    }
}

type Answers = Arc<Mutex<HashMap<String, String>>>;

/// Requests that are kept waiting, by path: now, and the most at a time.
type Held = Arc<Mutex<HashMap<String, (usize, usize)>>>;

/// The receiver. Dropping it ends it.
pub struct HookServer {
    base: String,
    seen: Arc<watch::Sender<Vec<Hook>>>,
    open: watch::Sender<bool>,
    answers: Answers,
    held: Held,
    accepting: tokio::task::JoinHandle<()>,
}

impl HookServer {
    pub async fn start() -> HookServer {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let (seen, open) = (Arc::new(watch::Sender::new(Vec::new())), watch::Sender::new(false));
        let (answers, held) = (Answers::default(), Held::default());
        let (notes, gate, told, waiting) = (seen.clone(), open.subscribe(), answers.clone(), held.clone());
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, notes.clone(), gate.clone(), told.clone(), waiting.clone()));
            }
        });
        HookServer { base, seen, open, answers, held, accepting }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// What a path is answered from now on: a status, and headers each with its line's end.
    pub fn answer(&self, path: &str, status: u16, headers: &str) {
        let answer = format!("HTTP/1.1 {status} Told\r\n{headers}Content-Length: 4\r\nConnection: close\r\n\r\ntold");
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), answer);
    }

    /// Lets the slow ones through, from now on.
    pub fn let_through(&self) {
        self.open.send_replace(true);
    }

    /// How many requests are kept waiting, and of each slow path the most at a time so far.
    pub fn held(&self) -> (usize, Vec<usize>) {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        (held.values().map(|(now, _)| now).sum(), held.values().map(|(_, most)| *most).collect())
    }

    /// What came to a path so far.
    pub fn to(&self, path: &str) -> Vec<Hook> {
        self.seen.borrow().iter().filter(|hook| hook.path == path).cloned().collect()
    }

    /// Waits until so many requests came to a path, and answers them.
    pub async fn until(&self, path: &str, count: usize) -> Vec<Hook> {
        let enough = |seen: &Vec<Hook>| seen.iter().filter(|hook| hook.path == path).count() >= count;
        let mut seen = self.seen.subscribe();
        let waiting = tokio::time::timeout(DEADLINE, seen.wait_for(enough)).await.is_ok();
        let came = self.to(path);
        assert!(waiting, "{path} was to get {count} and got {came:?}");
        came
    }
}

impl Drop for HookServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve(
    mut stream: TcpStream,
    seen: Arc<watch::Sender<Vec<Hook>>>,
    mut open: watch::Receiver<bool>,
    answers: Answers,
    held: Held,
) {
    let Some(hook) = read(&mut stream).await else { return };
    let path = hook.path.clone();
    seen.send_modify(|seen| seen.push(hook));
    if path.starts_with("/slow") {
        let count = |by: isize| {
            let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
            let (now, most) = held.entry(path.clone()).or_default();
            *now = now.saturating_add_signed(by);
            *most = (*most).max(*now);
        };
        count(1);
        let mut rest = [0_u8; 1];
        tokio::select! {
            _ = open.wait_for(|open| *open) => {}
            // Whoever asked does not wait any more.
            _ = stream.read(&mut rest) => {}
        }
        count(-1);
    }
    let fine = || "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok".to_owned();
    let answer = answers.lock().unwrap_or_else(PoisonError::into_inner).get(&path).cloned().unwrap_or_else(fine);
    // The other side may have gone.
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

/// One request, whole.
async fn read(stream: &mut TcpStream) -> Option<Hook> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let pairs = lines.filter_map(|line| line.split_once(':'));
    let headers: HashMap<String, String> = pairs.map(|(n, v)| (n.to_ascii_lowercase(), v.trim().to_owned())).collect();
    let length: usize = headers.get("content-length").and_then(|l| l.parse().ok()).unwrap_or(0);
    while bytes.len() < end + 4 + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let body = String::from_utf8_lossy(&bytes[end + 4..]).into_owned();
    Some(Hook { path, headers, body })
}
