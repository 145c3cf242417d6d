//! What the server adds to a language model's first word: the model is a server of this client's that answers at once.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures_util::StreamExt;
use memchr::memmem;
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use workforceos_agents::provider::{Message, Piece, Request, Spec};
use workforceos_tests::Llm;
use workforceos_tests::llm::{Gate, KEY, Turn};

use crate::Setup;
use crate::company::{Founder, NO_PASSWORD, Size, Staffed};
use crate::figures::{Measured, Samples};
use crate::http;
use crate::machine;
use crate::report::Row;
use crate::server::{Server, Site};

const CHAT: &str = "/mcpbff-api/api/chat/stream";
const QUESTION: &str = "How many shifts are there today?";
const ANSWER: &str = "Two shifts are planned for today, and both have everybody they need.";
/// Answers of a round, one after the other.
const ROUND: usize = 300;
const WARM_UP: usize = 50;
/// Answers that are open at a time while memory is looked at.
const OPEN: usize = 200;
/// The most that may be added, in milliseconds.
const GOAL: f64 = 5.0;
const SETTLE: Duration = Duration::from_secs(2);

pub async fn run(setup: &Setup) -> Result<Vec<Row>> {
    let site = Site::new(setup)?;
    let founder = Founder::open(&site).await?;
    let size = Size { admins: 16, people: 240, crew: 20, waves: 1 };
    let company = founder.company("talkative", size, NO_PASSWORD).await?;
    founder.close().await;

    let llm = Llm::start().await;
    llm.answer(|_| Turn::says(ANSWER));
    let model = [("OPENAI_API_KEY", KEY.to_owned()), ("OPENAI_BASE_URL", format!("{}/v1", llm.base()))];
    let server = Server::start_with(&setup.server, &site, &model)?;

    // What the server asks is asked by itself, too: its tools take the model's server some time to read.
    let chat = Asking::of_chat(&server, &company)?;
    chat.first_text(0).await?;
    let asked = llm.seen().pop().context("the server asked nobody")?.body;
    let direct = Asking::of_model(llm.base(), &asked)?;
    let alone = measure(setup, server.pid(), &llm, async |i| direct.first_text(i).await).await?;
    let layer = measure_layer(setup, &llm, &asked).await?;
    let through = measure(setup, server.pid(), &llm, async |i| chat.first_text(i).await).await?;

    let added = |measured: &Measured, part: f64| measured.quantile(part).median - alone.quantile(part).median;
    let says = |measured: &Measured| {
        format!("adds {:.2} ms p50, {:.2} ms p99 to the model's own first word", added(measured, 0.5), added(measured, 0.99))
    };
    let met = |measured: &Measured| added(measured, 0.5) <= GOAL && added(measured, 0.99) <= GOAL;
    let goal = format!("≤ {GOAL:.0} ms added, p50 and p99");
    let tools = asked["tools"].as_array().map_or(0, Vec::len);
    let size = asked.to_string().len() / 1024;
    Ok(vec![
        Row::new("agents", &format!("a model that answers at once, asked directly: {size} KiB with {tools} tools; first text"))
            .times(&alone),
        Row::new("agents", &format!("through the provider layer alone: {}", says(&layer))).times(&layer).goal(&goal, met(&layer)),
        Row::new("agents", &format!("through the chat route, a new conversation each: {}", says(&through)))
            .times(&through)
            .memory(server.rss_kib()?)
            .goal(&goal, met(&through)),
        held(&server, &llm, &company).await?,
    ])
}

async fn measure(setup: &Setup, pid: u32, llm: &Llm, mut one: impl AsyncFnMut(usize) -> Result<Duration>) -> Result<Measured> {
    let mut round = async |count: usize| {
        let mut samples = Samples::begin();
        for i in 0..count {
            samples.add(one(i).await?);
            // What was asked is long, and nobody looks at it again.
            llm.forget();
        }
        Ok(samples.end())
    };
    round(WARM_UP).await?;
    Measured::rounds(pid, setup.rounds, async || round(ROUND).await).await
}

/// The layer that speaks with providers, in this process.
async fn measure_layer(setup: &Setup, llm: &Llm, asked: &Json) -> Result<Measured> {
    let chosen = llm.openai().choose(None, None).context("no provider")?;
    let tools = asked["tools"].as_array().into_iter().flatten().map(|tool| {
        let function = &tool["function"];
        let text = |name: &str| function[name].as_str().unwrap_or_default().to_owned();
        let schema = function["parameters"].as_object().cloned().unwrap_or_default();
        Spec { name: text("name"), description: text("description"), schema }
    });
    let request = Request {
        model: chosen.model.clone(),
        system: asked["messages"][0]["content"].as_str().unwrap_or_default().to_owned(),
        messages: vec![Message::User(QUESTION.to_owned())],
        tools: tools.collect(),
        temperature: None,
        max_tokens: 1_000,
        json: false,
    };
    measure(setup, std::process::id(), llm, async |_| {
        let request = request.clone();
        let started = Instant::now();
        let mut stream = chosen.provider.turn(request).await.map_err(|failure| anyhow::anyhow!("{failure:?}"))?;
        let first = stream.next().await;
        let took = started.elapsed();
        ensure!(matches!(first, Some(Ok(Piece::Text(_)))), "no text: {first:?}");
        while stream.next().await.is_some() {}
        Ok(took)
    })
    .await
}

/// Memory of answers that are being given.
async fn held(server: &Server, llm: &Llm, company: &Staffed) -> Result<Row> {
    tokio::time::sleep(SETTLE).await;
    let before = server.rss_kib()?;
    let gate = Gate::new();
    let at = gate.clone();
    llm.answer(move |_| Turn::says("Well, ").gate(&at).text(ANSWER));
    let people = company.people.iter().take(OPEN);
    let asking: Vec<Asking> = people.map(|person| Ok(Asking::chat(server.addr, &person.token()?))).collect::<Result<_>>()?;
    let answers = futures_util::future::try_join_all(asking.iter().map(|asking| asking.first_text(0)));
    let (answers, memory) = tokio::join!(answers, async {
        gate.reached(OPEN).await;
        tokio::time::sleep(SETTLE).await;
        let memory = machine::rss_kib(server.pid());
        gate.open();
        memory
    });
    ensure!(answers?.len() == OPEN, "there are too few people");
    let memory = memory?;
    let each = memory.saturating_sub(before) as f64 / OPEN as f64;
    Ok(Row::new("agents", &format!("{OPEN} answers at a time: memory of each while it waits for the model"))
        .rate(format!("{each:.0} KiB each"))
        .memory(memory))
}

/// A request whose answer is a stream, and the bytes in it by which its first text is known.
struct Asking {
    addr: SocketAddr,
    /// One after the other.
    requests: Vec<Vec<u8>>,
    text: &'static [u8],
}

impl Asking {
    fn of_chat(server: &Server, company: &Staffed) -> Result<Asking> {
        let requests: Result<Vec<Vec<u8>>> = company.people.iter().map(|person| Ok(message(&person.token()?))).collect();
        Ok(Asking { addr: server.addr, requests: requests?, text: b"event: text" })
    }

    fn chat(addr: SocketAddr, token: &str) -> Asking {
        Asking { addr, requests: vec![message(token)], text: b"event: text" }
    }

    fn of_model(base: &str, body: &Json) -> Result<Asking> {
        let body = body.to_string();
        let mut request = http::post("/v1/chat/completions", &format!("authorization: Bearer {KEY}\r\n"), body.len());
        request.extend_from_slice(body.as_bytes());
        let addr = base.strip_prefix("http://").context("an address")?.parse()?;
        Ok(Asking { addr, requests: vec![request], text: b"\"content\":\"T" })
    }

    /// How long it takes from the request to the first text; the rest is read, too.
    async fn first_text(&self, number: usize) -> Result<Duration> {
        // A connection of its own each: nobody is to wait for the one before.
        let mut socket = TcpStream::connect(self.addr).await?;
        socket.set_nodelay(true)?;
        let (mut received, mut first) = (Vec::with_capacity(16 * 1024), None);
        let started = Instant::now();
        socket.write_all(&self.requests[number % self.requests.len()]).await?;
        while !received.ends_with(b"\r\n0\r\n\r\n") {
            ensure!(socket.read_buf(&mut received).await? > 0, "the stream broke: {}", String::from_utf8_lossy(&received));
            if first.is_none() && memmem::find(&received, self.text).is_some() {
                first = Some(started.elapsed());
            }
            let fine = received.len() < 12 || received.starts_with(b"HTTP/1.1 200");
            ensure!(fine, "refused: {}", String::from_utf8_lossy(&received));
        }
        first.with_context(|| format!("no text: {}", String::from_utf8_lossy(&received)))
    }
}

fn message(token: &str) -> Vec<u8> {
    let body = json!({"message": QUESTION}).to_string();
    let head = format!("authorization: Bearer {token}\r\naccept: text/event-stream\r\n");
    let mut request = http::post(CHAT, &head, body.len());
    request.extend_from_slice(body.as_bytes());
    request
}
