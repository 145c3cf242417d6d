//! S3-compatible storage in memory, path style: objects are put, read, listed and deleted by requests that are signed.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use workforceos_services::files::S3;

const BUCKET: &str = "files";
const KEY_ID: &str = "key-of-the-tests";

#[derive(Default)]
struct Kept {
    objects: BTreeMap<String, Vec<u8>>,
    /// Requests without a signature of ours, which are refused.
    unsigned: usize,
    /// Whether everything fails.
    broken: bool,
}

/// The storage. Dropping it ends it.
pub struct S3Server {
    endpoint: String,
    kept: Arc<Mutex<Kept>>,
    accepting: tokio::task::JoinHandle<()>,
}

impl S3Server {
    pub async fn start() -> S3Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let kept: Arc<Mutex<Kept>> = Arc::default();
        let shared = kept.clone();
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, shared.clone()));
            }
        });
        S3Server { endpoint, kept, accepting }
    }

    /// The settings of a server that keeps its files here.
    pub fn settings(&self) -> S3 {
        S3 {
            endpoint: Some(self.endpoint.clone()),
            bucket: BUCKET.to_owned(),
            region: "us-east-1".to_owned(),
            access_key_id: KEY_ID.to_owned(),
            secret_access_key: "hush".to_owned(),
            path_style: true,
        }
    }

    /// The keys and sizes of what is kept.
    pub fn objects(&self) -> Vec<(String, usize)> {
        locked(&self.kept).objects.iter().map(|(key, bytes)| (key.clone(), bytes.len())).collect()
    }

    /// Keeps an object under a key.
    pub fn keep(&self, key: &str, bytes: &[u8]) {
        locked(&self.kept).objects.insert(key.to_owned(), bytes.to_vec());
    }

    pub fn unsigned(&self) -> usize {
        locked(&self.kept).unsigned
    }

    /// From now on everything fails, or works again.
    pub fn set_broken(&self, broken: bool) {
        locked(&self.kept).broken = broken;
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn locked(kept: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A request as far as it matters.
struct Request {
    method: String,
    path: String,
    query: String,
    signed: bool,
    body: Vec<u8>,
}

async fn converse(stream: TcpStream, kept: Arc<Mutex<Kept>>) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream).await {
        let (status, body) = answer(&mut locked(&kept), &request);
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-length: {}\r\netag: \"e\"\r\nlast-modified: Mon, 01 Jun 2026 06:00:00 GMT\r\n\r\n",
            body.len()
        );
        let sent = stream.write_all(&[head.as_bytes(), &body].concat()).await;
        if sent.is_err() || stream.flush().await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|n| *n > 0)?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let (mut length, mut signed) = (0, false);
    loop {
        let mut header = String::new();
        stream.read_line(&mut header).await.ok()?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok()?,
            "authorization" => {
                let ours = format!("AWS4-HMAC-SHA256 Credential={KEY_ID}/");
                signed = value.trim().starts_with(&ours) && value.contains("Signature=");
            }
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Request { method, path: path.to_owned(), query: query.to_owned(), signed, body })
}

fn answer(kept: &mut Kept, request: &Request) -> (&'static str, Vec<u8>) {
    if kept.broken {
        return ("500 Internal Server Error", Vec::new());
    }
    if !request.signed {
        kept.unsigned += 1;
        return ("403 Forbidden", Vec::new());
    }
    let Some(key) = request.path.strip_prefix(&format!("/{BUCKET}")) else { return ("404 Not Found", Vec::new()) };
    let key = key.trim_start_matches('/');
    match request.method.as_str() {
        "PUT" => {
            kept.objects.insert(key.to_owned(), request.body.clone());
            ("200 OK", Vec::new())
        }
        "GET" if request.query.contains("list-type=2") => ("200 OK", listed(kept).into_bytes()),
        "GET" => match kept.objects.get(key) {
            Some(bytes) => ("200 OK", bytes.clone()),
            None => ("404 Not Found", Vec::new()),
        },
        "DELETE" => {
            kept.objects.remove(key);
            ("204 No Content", Vec::new())
        }
        _ => ("400 Bad Request", Vec::new()),
    }
}

fn listed(kept: &Kept) -> String {
    let mut xml = String::from("<?xml version=\"1.0\"?><ListBucketResult><IsTruncated>false</IsTruncated>");
    for (key, bytes) in &kept.objects {
        // Writing to a string does not fail.
        let _ = write!(
            xml,
            "<Contents><Key>{key}</Key><LastModified>2026-06-01T06:00:00.000Z</LastModified><ETag>\"e\"</ETag><Size>{}</Size></Contents>",
            bytes.len()
        );
    }
    xml + "</ListBucketResult>"
}
