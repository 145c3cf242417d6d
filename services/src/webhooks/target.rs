//! Sends one request to a webhook's address. What a name leads to is looked at in the look-up whose result is connected to: there
//! is no moment in between in which it could change.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, redirect};
use workforceos_core::api::BoxFuture;

use super::address;

/// How long a target has for its answer, connecting included.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// How much of an answer is read, so that the connection can be used again. Nothing of it is kept.
const MAX_ANSWER: usize = 64 * 1024;
const IDLE: Duration = Duration::from_secs(30);
/// The most characters of a reason.
const MAX_REASON: usize = 300;
const USER_AGENT: &str = concat!("WorkforceOS-Webhooks/", env!("CARGO_PKG_VERSION"));

/// Turns names into addresses.
pub trait Lookup: Send + Sync + 'static {
    fn lookup(&self, host: String) -> BoxFuture<io::Result<Vec<SocketAddr>>>;
}

/// As the system does.
pub struct System;

impl Lookup for System {
    fn lookup(&self, host: String) -> BoxFuture<io::Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, 0)).await?.collect()) })
    }
}

/// A request to a target.
pub struct Request<'a> {
    pub url: &'a str,
    pub id: &'a str,
    /// Seconds.
    pub timestamp: i64,
    pub signature: &'a str,
    pub body: String,
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub struct Reply {
    pub status: Option<u16>,
    /// Why it counts as failed; `None`: it was taken.
    pub failure: Option<String>,
    /// As the target wrote it.
    pub retry_after: Option<String>,
    pub duration_ms: i64,
}

/// The way out.
pub struct Target {
    private: bool,
    lookup: Arc<dyn Lookup>,
    /// Made when something is sent for the first time: only then are the system's certificates needed.
    client: OnceLock<Client>,
}

impl Target {
    /// `private`: whether private addresses, and plain HTTP, are allowed.
    pub fn new(private: bool, lookup: Arc<dyn Lookup>) -> Target {
        Target { private, lookup, client: OnceLock::new() }
    }

    pub async fn send(&self, request: Request<'_>) -> Reply {
        let started = Instant::now();
        let (status, failure, retry_after) = match self.ask(request).await {
            Ok((status, retry_after)) => (Some(status), refusal(status), retry_after),
            Err(reason) => (None, Some(shortened(reason)), None),
        };
        let duration_ms = i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX);
        Reply { status, failure, retry_after, duration_ms }
    }

    async fn ask(&self, request: Request<'_>) -> Result<(u16, Option<String>), String> {
        // Names are checked where they are looked up; an address that stands in the URL is never looked up.
        let url = address::read(request.url, self.private).map_err(|problem| format!("The URL {problem}"))?;
        let client = self.client()?;
        let asking = client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", request.id)
            .header("webhook-timestamp", request.timestamp)
            .header("webhook-signature", request.signature)
            .body(request.body);
        let mut response = asking.send().await.map_err(|error| reason(&error))?;
        let status = response.status().as_u16();
        let retry_after = text(response.headers());
        let mut read = 0;
        while read < MAX_ANSWER {
            // The status has decided: whatever happens to the rest changes nothing.
            let Ok(Some(chunk)) = response.chunk().await else { break };
            read += chunk.len();
        }
        Ok((status, retry_after))
    }

    fn client(&self) -> Result<&Client, String> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let guarded = Guarded { private: self.private, lookup: self.lookup.clone() };
        let client = Client::builder()
            .user_agent(USER_AGENT)
            .no_proxy()
            .redirect(redirect::Policy::none())
            .referer(false)
            .https_only(!self.private)
            .dns_resolver(Arc::new(guarded))
            .connect_timeout(PATIENCE)
            .timeout(PATIENCE)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(2)
            .build()
            .map_err(|error| reason(&error))?;
        Ok(self.client.get_or_init(|| client))
    }
}

/// Why an answer counts as failed.
fn refusal(status: u16) -> Option<String> {
    match status {
        200..=299 => None,
        300..=399 => Some(format!("The target answered {status}: redirects are not followed")),
        _ => Some(format!("The target answered {status}")),
    }
}

fn text(headers: &HeaderMap) -> Option<String> {
    headers.get(RETRY_AFTER)?.to_str().ok().map(str::to_owned)
}

/// What went wrong, in a sentence that tells nothing of our network.
fn reason(error: &reqwest::Error) -> String {
    let mut causes = std::iter::successors(error.source(), |error| (*error).source());
    if let Some(refused) = causes.find_map(|cause| cause.downcast_ref::<NotPublic>()) {
        return refused.to_string();
    }
    if error.is_timeout() {
        return format!("There was no answer within {} seconds", PATIENCE.as_secs());
    }
    let last = std::iter::successors(error.source(), |error| (*error).source()).last().map(ToString::to_string);
    let what = if error.is_connect() { "No connection" } else { "No answer" };
    last.map_or_else(|| what.to_owned(), |cause| format!("{what}: {cause}"))
}

fn shortened(reason: String) -> String {
    if reason.chars().count() <= MAX_REASON { reason } else { reason.chars().take(MAX_REASON).collect() }
}

/// A name that leads somewhere private. It does not say where to: that is nobody's business outside.
#[derive(Debug)]
struct NotPublic;

impl fmt::Display for NotPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("The URL's host does not lead to public addresses alone")
    }
}

impl StdError for NotPublic {}

/// Looks names up, and gives no address away to connect to unless all of them may be.
struct Guarded {
    private: bool,
    lookup: Arc<dyn Lookup>,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let (private, looking) = (self.private, self.lookup.lookup(name.as_str().to_owned()));
        Box::pin(async move {
            let found = looking.await?;
            if !private && !found.iter().all(|at| address::is_public(at.ip())) {
                return Err(NotPublic.into());
            }
            let found: Addrs = Box::new(found.into_iter());
            Ok(found)
        })
    }
}

#[cfg(test)]
mod tests;
