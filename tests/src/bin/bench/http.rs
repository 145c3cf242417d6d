//! HTTP/1.1 over one kept connection, with as little work as it takes: requests are ready bytes, of an answer only its
//! status, its length and what was asked for are read.

use std::net::{IpAddr, SocketAddr};

use anyhow::{Context, Result, bail};
use memchr::{memchr, memmem};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

const READ: usize = 64 * 1024;

pub struct Connection {
    socket: TcpStream,
    /// What is to be sent.
    pub request: Vec<u8>,
    received: Vec<u8>,
    filled: usize,
    body: Vec<u8>,
}

/// An answer.
pub struct Answer<'c> {
    pub status: u16,
    pub head: &'c [u8],
    pub body: &'c [u8],
}

impl Answer<'_> {
    /// A header's value, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(self.head, name)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.body).into_owned()
    }

    /// Fails unless the answer has this status.
    pub fn expect(&self, status: u16) -> Result<()> {
        if self.status == status { Ok(()) } else { bail!("status {} instead of {status}: {}", self.status, self.text()) }
    }

    pub fn json(&self) -> Result<serde_json::Value> {
        Ok(serde_json::from_slice(self.body)?)
    }
}

impl Connection {
    pub async fn open(addr: SocketAddr) -> Result<Connection> {
        Connection::over(TcpStream::connect(addr).await?)
    }

    /// A connection that comes from a given address of this machine.
    pub async fn open_from(source: IpAddr, addr: SocketAddr) -> Result<Connection> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(source, 0))?;
        Connection::over(socket.connect(addr).await?)
    }

    fn over(socket: TcpStream) -> Result<Connection> {
        socket.set_nodelay(true)?;
        Ok(Connection { socket, request: Vec::new(), received: vec![0; READ], filled: 0, body: Vec::new() })
    }

    /// Sends a request whose answer goes on for ever, and waits for its beginning.
    pub async fn begin(&mut self, request: &[u8]) -> Result<()> {
        self.socket.write_all(request).await?;
        self.filled = 0;
        while memmem::find(&self.received[..self.filled], b"\r\n\r\n").is_none() {
            self.read().await?;
        }
        if self.received[9..12] == *b"200" { Ok(()) } else { bail!("{}", String::from_utf8_lossy(&self.received[..self.filled])) }
    }

    /// Sends the request that stands ready and reads its answer.
    pub async fn exchange(&mut self) -> Result<Answer<'_>> {
        self.socket.write_all(&self.request).await?;
        self.filled = 0;
        let head = loop {
            if let Some(end) = memmem::find(&self.received[..self.filled], b"\r\n\r\n") {
                break end + 4;
            }
            self.read().await?;
        };
        let status = std::str::from_utf8(&self.received[9..12])?.parse()?;
        let body = match header(&self.received[..head], "content-length") {
            Some(length) => {
                let end = head + length.parse::<usize>()?;
                while self.filled < end {
                    self.read().await?;
                }
                &self.received[head..end]
            }
            None if header(&self.received[..head], "transfer-encoding").is_some() => {
                self.chunks(head).await?;
                &self.body
            }
            None => &[],
        };
        Ok(Answer { status, head: &self.received[..head], body })
    }

    /// Puts the chunks of an answer together.
    async fn chunks(&mut self, head: usize) -> Result<()> {
        self.body.clear();
        let mut at = head;
        loop {
            let line = loop {
                if let Some(length) = memchr(b'\n', &self.received[at..self.filled]) {
                    break length + 1;
                }
                self.read().await?;
            };
            let size = std::str::from_utf8(&self.received[at..at + line])?.trim();
            let size = usize::from_str_radix(size, 16).with_context(|| format!("{size} is no size of a chunk"))?;
            let (from, to) = (at + line, at + line + size);
            while self.filled < to + 2 {
                self.read().await?;
            }
            self.body.extend_from_slice(&self.received[from..to]);
            at = to + 2;
            if size == 0 {
                return Ok(());
            }
        }
    }

    async fn read(&mut self) -> Result<()> {
        if self.filled == self.received.len() {
            self.received.resize(2 * self.filled, 0);
        }
        match self.socket.read(&mut self.received[self.filled..]).await? {
            0 => bail!("the server closed the connection"),
            n => self.filled += n,
        }
        Ok(())
    }
}

fn header<'h>(head: &'h [u8], name: &str) -> Option<&'h str> {
    let mut rest = head;
    while let Some(end) = memchr(b'\n', rest) {
        let line = &rest[..end];
        rest = &rest[end + 1..];
        let named = line.get(..name.len()).is_some_and(|n| n.eq_ignore_ascii_case(name.as_bytes()));
        if named && line.get(name.len()) == Some(&b':') {
            return std::str::from_utf8(&line[name.len() + 1..]).ok().map(str::trim);
        }
    }
    None
}

/// A GET of a path with a token.
pub fn get(path: &str, token: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n\r\n").into_bytes()
}

/// The head of a POST of JSON, to be followed by a body of exactly `length` bytes. `more`: further header lines.
pub fn post(path: &str, more: &str, length: usize) -> Vec<u8> {
    with_body("POST", path, more, length)
}

/// As [`post`], of another method.
pub fn with_body(method: &str, path: &str, more: &str, length: usize) -> Vec<u8> {
    let kind = "content-type: application/json\r\n";
    format!("{method} {path} HTTP/1.1\r\nhost: bench\r\n{more}{kind}content-length: {length}\r\n\r\n").into_bytes()
}
