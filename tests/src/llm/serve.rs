//! One connection: requests one after the other, each answered with a stream of chunks.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use serde_json::Value as Json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::render::{Frame, Rendering};
use super::turn::Refusal;
use super::{Asked, KEY, State, Turn, Wire, anthropic, locked, openai};

pub(super) async fn serve(stream: TcpStream, state: Arc<State>) {
    let _ = stream.set_nodelay(true);
    state.counts.send_modify(|counts| counts.connections += 1);
    let (read, write) = stream.into_split();
    let mut socket = Socket { read, write, received: Vec::new() };
    while let Some(request) = socket.request().await {
        if answer(&mut socket, &state, request).await.is_err() {
            return;
        }
    }
}

/// A request, with its key.
struct Request {
    path: String,
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

async fn answer(socket: &mut Socket, state: &Arc<State>, request: Request) -> io::Result<()> {
    let mut number = 0;
    state.counts.send_modify(|counts| {
        counts.asked += 1;
        number = counts.asked;
    });
    let wire = if request.path.ends_with("/messages") { Wire::Anthropic } else { Wire::Openai };
    let key = match wire {
        Wire::Openai => request.headers.get("authorization").and_then(|value| value.strip_prefix("Bearer ")),
        Wire::Anthropic => request.headers.get("x-api-key").map(String::as_str),
    };
    let known = key == Some(KEY);
    let mut headers = request.headers;
    headers.remove("authorization");
    headers.remove("x-api-key");
    let body: Json = serde_json::from_slice(&request.body).unwrap_or_default();
    let asked = Asked { wire, number, path: request.path, headers, body };
    locked(&state.seen).push(asked.clone());
    if !known {
        return socket.refuse(wire, &refusal(401), "the key is unknown").await;
    }
    let problem = match wire {
        Wire::Openai => openai::check(&asked),
        Wire::Anthropic => anthropic::check(&asked),
    };
    if let Err(problem) = problem {
        locked(&state.refusals).push(problem.clone());
        return socket.refuse(wire, &refusal(400), &problem).await;
    }
    let Some(turn) = state.turn(&asked) else {
        let problem = format!("the script is over, and this was asked: {}", asked.last_user());
        locked(&state.refusals).push(problem.clone());
        return socket.refuse(wire, &refusal(400), &problem).await;
    };
    match &turn.refusal {
        Some(refusal) => socket.refuse(wire, refusal, "as the test wants it").await,
        None => stream(socket, state, &asked, turn).await,
    }
}

fn refusal(status: u16) -> Refusal {
    Refusal { status, headers: String::new(), body: None }
}

/// Counts a stream as open as long as it runs.
struct Open<'s> {
    state: &'s State,
    ended: bool,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.state.counts.send_modify(|counts| {
            counts.open -= 1;
            counts.closed_early += usize::from(!self.ended);
        });
    }
}

async fn stream(socket: &mut Socket, state: &State, asked: &Asked, turn: Turn) -> io::Result<()> {
    state.counts.send_modify(|counts| {
        counts.open += 1;
        counts.most = counts.most.max(counts.open);
    });
    let mut open = Open { state, ended: false };
    let done = say(socket, state, asked, turn, &mut open).await;
    drop(open);
    done
}

async fn say(socket: &mut Socket, state: &State, asked: &Asked, turn: Turn, open: &mut Open<'_>) -> io::Result<()> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n";
    socket.send(head.as_bytes()).await?;
    let mut rendering = Rendering::of(asked, &turn, || state.call_number());
    while let Some(frame) = rendering.next() {
        match frame {
            Frame::Bytes(text) => {
                let text = if turn.crlf { text.replace('\n', "\r\n") } else { text };
                socket.chunks(text.as_bytes(), turn.bytewise).await?;
            }
            Frame::Gate(gate) => tokio::select! {
                () = gate.pass() => {}
                gone = gone(&mut socket.read) => return Err(gone),
            },
            Frame::Hang => return Err(gone(&mut socket.read).await),
            Frame::Cut => {
                open.ended = true;
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
        }
    }
    open.ended = true;
    socket.send(b"0\r\n\r\n").await
}

/// Until the caller is gone: nobody sends a second request before the first is answered.
async fn gone(read: &mut OwnedReadHalf) -> io::Error {
    let mut rest = [0_u8; 1];
    let _ = read.read(&mut rest).await;
    io::ErrorKind::ConnectionReset.into()
}

struct Socket {
    read: OwnedReadHalf,
    write: OwnedWriteHalf,
    received: Vec<u8>,
}

impl Socket {
    /// One request, whole; `None` once the caller is gone.
    async fn request(&mut self) -> Option<Request> {
        let end = loop {
            if let Some(at) = self.received.windows(4).position(|w| w == b"\r\n\r\n") {
                break at;
            }
            self.more().await?;
        };
        let head = String::from_utf8_lossy(&self.received[..end]).into_owned();
        let mut lines = head.lines();
        let path = lines.next()?.split(' ').nth(1)?.to_owned();
        let pairs = lines.filter_map(|line| line.split_once(':'));
        let headers: HashMap<String, String> = pairs.map(|(n, v)| (n.to_ascii_lowercase(), v.trim().to_owned())).collect();
        let length: usize = headers.get("content-length").and_then(|l| l.parse().ok()).unwrap_or(0);
        while self.received.len() < end + 4 + length {
            self.more().await?;
        }
        let rest = self.received.split_off(end + 4 + length);
        let body = self.received.split_off(end + 4);
        self.received = rest;
        Some(Request { path, headers, body })
    }

    async fn more(&mut self) -> Option<()> {
        (self.read.read_buf(&mut self.received).await.ok()? > 0).then_some(())
    }

    async fn refuse(&mut self, wire: Wire, refusal: &Refusal, why: &str) -> io::Result<()> {
        let usual = || match wire {
            Wire::Openai => openai::error(refusal.status, why),
            Wire::Anthropic => anthropic::error(refusal.status, why),
        };
        let body = refusal.body.clone().unwrap_or_else(usual);
        let (status, headers, length) = (refusal.status, &refusal.headers, body.len());
        let kind = "content-type: application/json";
        let answer = format!("HTTP/1.1 {status} Told\r\n{kind}\r\n{headers}content-length: {length}\r\n\r\n{body}");
        self.send(answer.as_bytes()).await
    }

    async fn chunks(&mut self, bytes: &[u8], bytewise: bool) -> io::Result<()> {
        if !bytewise {
            let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
            chunk.extend_from_slice(bytes);
            chunk.extend_from_slice(b"\r\n");
            return self.send(&chunk).await;
        }
        for byte in bytes {
            self.send(&[b'1', b'\r', b'\n', *byte, b'\r', b'\n']).await?;
        }
        Ok(())
    }

    /// Sends, unless the caller goes meanwhile: one that reads nothing would keep a long text waiting.
    async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        tokio::select! {
            biased;
            sent = self.write.write_all(bytes) => sent,
            gone = gone(&mut self.read) => Err(gone),
        }
    }
}
