//! A mail server that does as the address says: `slow…` is kept waiting until it is told otherwise, `nobody…` is refused for
//! good, `busy…` for now; everybody else gets their mail.

use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::DEADLINE;
use crate::app::TestApp;

/// A mail that arrived.
#[derive(Clone, Debug)]
pub struct Mail {
    pub to: String,
    pub from: String,
    pub id: String,
    pub text: String,
}

/// What has happened so far.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub mails: Vec<Mail>,
    /// Recipients that were named, refused ones included.
    pub asked: Vec<String>,
    /// Mails that are kept waiting now.
    pub held: usize,
}

/// The server. Dropping it ends it.
pub struct MailServer {
    pub url: String,
    seen: Arc<watch::Sender<Seen>>,
    open: watch::Sender<bool>,
    accepting: tokio::task::JoinHandle<()>,
}

impl MailServer {
    pub async fn start() -> MailServer {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let url = format!("smtp://{}", listener.local_addr().expect("an address"));
        let (seen, open) = (Arc::new(watch::Sender::new(Seen::default())), watch::Sender::new(false));
        let (notes, gate) = (seen.clone(), open.subscribe());
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, notes.clone(), gate.clone()));
            }
        });
        MailServer { url, seen, open, accepting }
    }

    /// Lets the slow ones through, from now on.
    pub fn let_through(&self) {
        self.open.send_replace(true);
    }

    /// Waits until it has seen this.
    pub async fn until(&self, what: impl FnMut(&Seen) -> bool) -> Seen {
        let mut seen = self.seen.subscribe();
        let waiting = tokio::time::timeout(DEADLINE, seen.wait_for(what)).await;
        let now = self.seen.borrow().clone();
        waiting.unwrap_or_else(|_| panic!("in vain: {now:?}")).expect("the server runs").clone()
    }

    /// As [`MailServer::until`], while the clock moves on: when a mail that is put off is due again depends on when that was
    /// written down, which nobody here is told.
    pub async fn in_time(&self, app: &TestApp, what: impl FnMut(&Seen) -> bool) -> Seen {
        let going_by = async {
            loop {
                app.clock.advance_minutes(MINUTES);
                tokio::time::sleep(PAUSE).await;
            }
        };
        tokio::select! {
            seen = self.until(what) => seen,
            () = going_by => unreachable!("time does not end"),
        }
    }
}

/// How much of the clock goes by in [`MailServer::in_time`], and how often.
const MINUTES: i64 = 1;
const PAUSE: std::time::Duration = std::time::Duration::from_millis(100);

impl Drop for MailServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Speaks SMTP with one client, as many mails as it has.
async fn converse(stream: TcpStream, seen: Arc<watch::Sender<Seen>>, mut open: watch::Receiver<bool>) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let (mut from, mut to, mut data) = (String::new(), String::new(), None::<String>);
    let _ = write.write_all(b"220 test\r\n").await;
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(text) = &mut data {
            if line != "." {
                text.push_str(&line);
                text.push('\n');
                continue;
            }
            if to.starts_with("slow") {
                seen.send_modify(|seen| seen.held += 1);
                let _ = open.wait_for(|open| *open).await;
                seen.send_modify(|seen| seen.held -= 1);
            }
            let text = data.take().unwrap_or_default();
            let id = text.lines().find_map(|l| l.strip_prefix("Message-ID: ")).unwrap_or_default().to_owned();
            seen.send_modify(|seen| seen.mails.push(Mail { to: to.clone(), from: from.clone(), id, text }));
        }
        let within = || line.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or("", |(address, _)| address);
        let reply = match line.split([' ', ':']).next().unwrap_or_default() {
            "MAIL" => {
                from = within().to_owned();
                "250 fine\r\n"
            }
            "RCPT" => {
                to = within().to_owned();
                seen.send_modify(|seen| seen.asked.push(to.clone()));
                match () {
                    () if to.starts_with("nobody") => "550 5.1.1 <nobody>: no such user\r\n",
                    () if to.starts_with("busy") => "451 4.3.0 come back later\r\n",
                    () => "250 fine\r\n",
                }
            }
            "DATA" => {
                data = Some(String::new());
                "354 go on\r\n"
            }
            _ => "250 fine\r\n",
        };
        if write.write_all(reply.as_bytes()).await.is_err() {
            return;
        }
    }
}
