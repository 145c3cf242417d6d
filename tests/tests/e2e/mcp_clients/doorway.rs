//! An address that stays while the server behind it moves, and that adds a header to whatever passes.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

pub struct Doorway {
    pub base: String,
    behind: Arc<Mutex<String>>,
    door: JoinHandle<()>,
}

impl Doorway {
    /// To the server at `base`; `header` is a whole line.
    pub async fn open(base: &str, header: Option<String>) -> Doorway {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let here = listener.local_addr().expect("its address");
        let behind = Arc::new(Mutex::new(base.to_owned()));
        let leads_to = behind.clone();
        let door = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = leads_to.lock().expect("one writer").trim_start_matches("http://").to_owned();
                // A server that is not there closes the connection, and so does this.
                tokio::spawn(pass(client, server, header.clone()));
            }
        });
        Doorway { base: format!("http://{here}"), behind, door }
    }

    pub fn leads_to(&self, base: &str) {
        *self.behind.lock().expect("one writer") = base.to_owned();
    }
}

impl Drop for Doorway {
    fn drop(&mut self) {
        self.door.abort();
    }
}

/// One request: the next one has a connection of its own.
async fn pass(mut client: TcpStream, server: String, header: Option<String>) -> std::io::Result<()> {
    let mut head = Vec::new();
    let end = loop {
        if let Some(at) = head.windows(4).position(|w| w == b"\r\n\r\n") {
            break at;
        }
        if client.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    };
    let text = String::from_utf8_lossy(&head[..end]).into_owned();
    let mut lines: Vec<&str> = text.split("\r\n").filter(|line| !line.to_ascii_lowercase().starts_with("connection:")).collect();
    lines.extend(header.as_deref());
    lines.push("connection: close\r\n\r\n");
    let mut server = TcpStream::connect(server).await?;
    server.write_all(lines.join("\r\n").as_bytes()).await?;
    server.write_all(&head[end + 4..]).await?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}
