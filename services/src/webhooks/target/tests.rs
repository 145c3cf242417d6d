use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// Names that lead where the test says, another time elsewhere.
#[derive(Default)]
struct Names {
    answers: Mutex<Vec<Vec<&'static str>>>,
    asked: AtomicUsize,
}

impl Names {
    /// Answers in turn; the last one stays.
    fn of(answers: &[&[&'static str]]) -> Arc<Names> {
        let answers = answers.iter().rev().map(|list| list.to_vec()).collect();
        Arc::new(Names { answers: Mutex::new(answers), asked: AtomicUsize::new(0) })
    }
}

impl Lookup for Names {
    fn lookup(&self, _: String) -> BoxFuture<io::Result<Vec<SocketAddr>>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.answers.lock().expect("unlocked");
        let answer = if answers.len() > 1 { answers.pop() } else { answers.last().cloned() };
        let found = answer.unwrap_or_default().iter().map(|ip| SocketAddr::new(ip.parse().expect("an address"), 0)).collect();
        Box::pin(async move { Ok(found) })
    }
}

fn provider() {
    // Fails only if another test was first.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

async fn send(target: &Target, url: &str) -> Reply {
    target.send(Request { url, id: "1", timestamp: 1, signature: "v1,x", body: "{}".to_owned() }).await
}

/// A server that counts connections and answers each with this.
async fn server(answer: &'static str) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let port = listener.local_addr().expect("an address").port();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (port, count)
}

#[tokio::test]
async fn a_name_that_leads_somewhere_private_is_never_connected_to() {
    provider();
    let (port, connections) = server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let url = format!("https://rebound.example.com:{port}/in");
    let mixed: &[&[&str]] =
        &[&["127.0.0.1"], &["93.184.216.34", "127.0.0.1"], &["::ffff:127.0.0.1"], &["169.254.169.254"], &["::1"]];
    let names = Names::of(mixed);
    let target = Target::new(false, names.clone());
    for _ in 0..mixed.len() {
        let reply = send(&target, &url).await;
        assert_eq!((reply.status, reply.failure), (None, Some(NotPublic.to_string())));
    }
    assert_eq!(names.asked.load(Ordering::SeqCst), mixed.len(), "each try looks anew");
    assert_eq!(connections.load(Ordering::SeqCst), 0);
    // Where it is allowed the connection is made, and is then no TLS.
    let reply = send(&Target::new(true, Names::of(&[&["127.0.0.1"]])), &url).await;
    assert!(connections.load(Ordering::SeqCst) > 0 && reply.failure.expect("failed").starts_with("No connection"));
}

#[tokio::test]
async fn an_address_in_the_url_is_checked_without_a_look_up() {
    provider();
    let names = Names::of(&[&["93.184.216.34"]]);
    let target = Target::new(false, names.clone());
    for url in ["https://127.0.0.1:8443/", "https://0x7f.1:8443/", "https://[::ffff:10.0.0.1]/", "http://93.184.216.34/"] {
        let reply = send(&target, url).await;
        assert!(reply.failure.expect("failed").starts_with("The URL must"), "{url}");
    }
    assert_eq!(names.asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn answers_are_told_and_redirects_not_followed() {
    provider();
    let (other, followed) = server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let moved = format!("HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:{other}/\r\nContent-Length: 0\r\n\r\n");
    let (port, _) = server(Box::leak(moved.into_boxed_str())).await;
    let target = Target::new(true, Arc::new(System));
    let reply = send(&target, &format!("http://127.0.0.1:{port}/")).await;
    assert_eq!(
        (reply.status, reply.failure.as_deref()),
        (Some(307), Some("The target answered 307: redirects are not followed"))
    );
    assert_eq!(followed.load(Ordering::SeqCst), 0);
    let (busy, _) = server("HTTP/1.1 503 Busy\r\nRetry-After: 77\r\nContent-Length: 0\r\n\r\n").await;
    let reply = send(&target, &format!("http://localhost:{busy}/")).await;
    assert_eq!((reply.status, reply.retry_after.as_deref()), (Some(503), Some("77")));
    let (fine, _) = server("HTTP/1.1 204 Fine\r\n\r\n").await;
    assert_eq!(send(&target, &format!("http://127.0.0.1:{fine}/")).await.failure, None);
    let nobody = TcpListener::bind("127.0.0.1:0").await.expect("bound").local_addr().expect("an address").port();
    let reply = send(&target, &format!("http://127.0.0.1:{nobody}/")).await;
    assert!(reply.failure.expect("failed").starts_with("No connection: "));
}

/// An answer without an end is left where enough of it was read.
#[tokio::test]
async fn an_endless_answer_is_left() {
    provider();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let port = listener.local_addr().expect("an address").port();
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut buffer = [0; 4096];
        let _ = stream.read(&mut buffer).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n").await;
        let mut sent = 0_usize;
        while stream.write_all(&[b'x'; 8192]).await.is_ok() {
            sent += 8192;
        }
        sent
    });
    let reply = send(&Target::new(true, Arc::new(System)), &format!("http://127.0.0.1:{port}/")).await;
    assert_eq!((reply.status, reply.failure), (Some(200), None));
    assert!(served.await.expect("ends") < 100_000_000, "it was not read to its end");
}
