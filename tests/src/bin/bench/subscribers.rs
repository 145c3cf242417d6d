//! Thousands of live streams, read by one thread that does little more than note when which event came.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use memchr::memchr;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

/// Streams that are being opened at a time.
const OPENING: usize = 32;
/// Of a line, this much is looked at.
const LOOKED_AT: usize = 40;
/// How long all streams may take to open, and what is under way to arrive.
const PATIENCE: Duration = Duration::from_secs(120);

/// When each event's check-in was sent. One company's events have consecutive numbers, so that the client knows the number
/// of an event beforehand as long as nobody else writes.
pub struct Sendings {
    epoch: Instant,
    /// Microseconds since the epoch, by the event's number counted from `base`; 0: not sent yet.
    at: Vec<AtomicU64>,
    base: AtomicI64,
    next: AtomicUsize,
}

impl Sendings {
    pub fn new(count: usize) -> Sendings {
        let at = (0..count).map(|_| AtomicU64::new(0)).collect();
        Sendings { epoch: Instant::now(), at, base: AtomicI64::new(0), next: AtomicUsize::new(0) }
    }

    /// Notes that the check-in of the next event is sent now.
    pub fn note(&self) {
        let slot = self.at.get(self.next.fetch_add(1, Ordering::SeqCst));
        let micros = self.epoch.elapsed().as_micros() as u64;
        if let Some(slot) = slot {
            slot.store(micros, Ordering::SeqCst);
        }
    }

    /// How long ago an event's check-in was sent, in microseconds.
    fn since(&self, seq: i64, now: Instant) -> Option<u32> {
        let index = usize::try_from(seq - self.base.load(Ordering::Relaxed) - 1).ok()?;
        let sent = self.at.get(index)?.load(Ordering::Relaxed);
        let now = now.duration_since(self.epoch).as_micros() as u64;
        (sent > 0).then(|| u32::try_from(now.saturating_sub(sent)).unwrap_or(u32::MAX))
    }
}

/// What the reading thread tells.
#[derive(Default)]
struct Told {
    live: AtomicUsize,
    events: AtomicU64,
    lost: AtomicUsize,
    stop: AtomicBool,
    micros: Mutex<Vec<u32>>,
}

/// Open streams.
pub struct Subscribers {
    told: Arc<Told>,
    thread: Option<JoinHandle<Result<()>>>,
    count: usize,
}

impl Subscribers {
    /// Opens a stream for each request and waits until each has its snapshot.
    pub async fn open(addr: SocketAddr, requests: Vec<Vec<u8>>, sendings: Option<Arc<Sendings>>) -> Result<Subscribers> {
        let (told, count) = (Arc::new(Told::default()), requests.len());
        let reader = Reader::new(addr, requests, told.clone(), sendings)?;
        let thread = std::thread::Builder::new().name("subscribers".to_owned()).spawn(move || reader.run())?;
        let mut opened = Subscribers { told, thread: Some(thread), count };
        let until = Instant::now() + PATIENCE;
        while opened.told.live.load(Ordering::SeqCst) < count {
            opened.complain().await?;
            ensure!(Instant::now() < until, "only {} streams opened", opened.told.live.load(Ordering::SeqCst));
        }
        Ok(opened)
    }

    /// Waits a little; fails if the reader has.
    async fn complain(&mut self) -> Result<()> {
        tokio::time::sleep(Duration::from_millis(5)).await;
        match self.thread.take_if(|thread| thread.is_finished()) {
            Some(thread) => thread.join().map_err(|_| anyhow!("the reader panicked"))?.and(Err(anyhow!("the reader ended"))),
            None => Ok(()),
        }
    }

    /// Events received so far, by all streams together.
    pub fn events(&self) -> u64 {
        self.told.events.load(Ordering::SeqCst)
    }

    /// Waits until so many were received, or until nothing has come for two seconds.
    pub async fn received(&mut self, wanted: u64) -> Result<()> {
        let mut seen = (self.events(), Instant::now());
        while seen.0 < wanted && seen.1.elapsed() < Duration::from_secs(2) {
            self.complain().await?;
            let now = self.events();
            if now > seen.0 {
                seen = (now, Instant::now());
            }
        }
        Ok(())
    }

    /// The times from sending to receiving since this was last asked.
    pub fn take(&self) -> Vec<u32> {
        std::mem::take(&mut self.told.micros.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Streams that the server has ended.
    pub fn lost(&self) -> usize {
        self.told.lost.load(Ordering::SeqCst)
    }

    pub fn len(&self) -> usize {
        self.count
    }
}

impl Drop for Subscribers {
    fn drop(&mut self) {
        self.told.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            // Whatever it failed of: the streams are over.
            let _ = thread.join();
        }
    }
}

/// Where a stream stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Connecting,
    Asked,
    /// The next id is the snapshot's.
    Snapshot,
    Live,
    Ended,
}

struct Stream {
    socket: TcpStream,
    request: Vec<u8>,
    phase: Phase,
    /// The beginning of a line whose end has not come yet.
    begun: Vec<u8>,
}

struct Reader {
    addr: SocketAddr,
    waiting: std::vec::IntoIter<Vec<u8>>,
    streams: Vec<Stream>,
    told: Arc<Told>,
    sendings: Option<Arc<Sendings>>,
    poll: Poll,
    micros: Vec<u32>,
}

impl Reader {
    fn new(addr: SocketAddr, requests: Vec<Vec<u8>>, told: Arc<Told>, sendings: Option<Arc<Sendings>>) -> Result<Reader> {
        let streams = Vec::with_capacity(requests.len());
        Ok(Reader { addr, waiting: requests.into_iter(), streams, told, sendings, poll: Poll::new()?, micros: Vec::new() })
    }

    fn run(mut self) -> Result<()> {
        let mut events = Events::with_capacity(1024);
        let mut buffer = vec![0; 256 * 1024];
        while !self.told.stop.load(Ordering::Relaxed) {
            while self.streams.len() < self.told.live.load(Ordering::Relaxed) + OPENING
                && let Some(request) = self.waiting.next()
            {
                self.connect(request)?;
            }
            match self.poll.poll(&mut events, Some(Duration::from_millis(20))) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                other => other?,
            }
            for event in &events {
                self.ready(event.token().0, event.is_writable(), &mut buffer)?;
            }
            if !self.micros.is_empty() {
                self.told.micros.lock().unwrap_or_else(PoisonError::into_inner).append(&mut self.micros);
            }
        }
        Ok(())
    }

    fn connect(&mut self, request: Vec<u8>) -> Result<()> {
        let mut socket = TcpStream::connect(self.addr).context("a stream could not connect")?;
        let token = Token(self.streams.len());
        self.poll.registry().register(&mut socket, token, Interest::READABLE | Interest::WRITABLE)?;
        self.streams.push(Stream { socket, request, phase: Phase::Connecting, begun: Vec::new() });
        Ok(())
    }

    fn ready(&mut self, index: usize, writable: bool, buffer: &mut [u8]) -> Result<()> {
        let stream = &mut self.streams[index];
        if stream.phase == Phase::Connecting {
            if !writable {
                return Ok(());
            }
            // It is far smaller than an empty socket's room.
            stream.socket.write_all(&stream.request).context("a stream could not ask")?;
            stream.request = Vec::new();
            stream.phase = Phase::Asked;
            self.poll.registry().reregister(&mut stream.socket, Token(index), Interest::READABLE)?;
        }
        loop {
            let stream = &mut self.streams[index];
            match stream.socket.read(buffer) {
                Ok(0) => return self.ended(index),
                Ok(length) => {
                    self.lines(index, &buffer[..length])?;
                    // What comes later makes the socket ready anew.
                    if length < buffer.len() {
                        return Ok(());
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return self.ended(index),
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn ended(&mut self, index: usize) -> Result<()> {
        let stream = &mut self.streams[index];
        ensure!(matches!(stream.phase, Phase::Live | Phase::Ended), "a stream ended before its snapshot");
        if stream.phase == Phase::Live {
            stream.phase = Phase::Ended;
            self.told.lost.fetch_add(1, Ordering::SeqCst);
        }
        Ok(())
    }

    /// Looks at what begins the lines of `bytes`.
    fn lines(&mut self, index: usize, mut bytes: &[u8]) -> Result<()> {
        let now = Instant::now();
        while let Some(end) = memchr(b'\n', bytes) {
            let line = &bytes[..end.min(LOOKED_AT)];
            if self.streams[index].begun.is_empty() {
                self.line(index, line, now)?;
            } else {
                let mut whole = std::mem::take(&mut self.streams[index].begun);
                whole.extend_from_slice(line);
                self.line(index, &whole, now)?;
            }
            bytes = &bytes[end + 1..];
        }
        let begun = &mut self.streams[index].begun;
        let room = LOOKED_AT.saturating_sub(begun.len());
        begun.extend_from_slice(&bytes[..bytes.len().min(room)]);
        Ok(())
    }

    fn line(&mut self, index: usize, line: &[u8], now: Instant) -> Result<()> {
        let stream = &mut self.streams[index];
        match (stream.phase, line) {
            (Phase::Asked, [b'H', b'T', b'T', b'P', ..]) if !line.starts_with(b"HTTP/1.1 200") => {
                bail!("a stream was refused: {}", String::from_utf8_lossy(line))
            }
            (Phase::Asked, b"event: snapshot") => stream.phase = Phase::Snapshot,
            (Phase::Snapshot, [b'i', b'd', b':', id @ ..]) => {
                let seq = number(id)?;
                if let Some(sendings) = &self.sendings {
                    sendings.base.store(seq, Ordering::SeqCst);
                }
                stream.phase = Phase::Live;
                self.told.live.fetch_add(1, Ordering::SeqCst);
            }
            (Phase::Live, [b'i', b'd', b':', id @ ..]) => {
                self.told.events.fetch_add(1, Ordering::Relaxed);
                if let Some(sendings) = &self.sendings {
                    self.micros.extend(sendings.since(number(id)?, now));
                }
            }
            (Phase::Live, b"event: reset" | b"event: end") => {
                stream.phase = Phase::Ended;
                self.told.lost.fetch_add(1, Ordering::SeqCst);
            }
            _ => {}
        }
        Ok(())
    }
}

fn number(text: &[u8]) -> Result<i64> {
    Ok(std::str::from_utf8(text)?.trim().parse()?)
}
