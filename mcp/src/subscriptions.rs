//! Tells a connection that what it watches has changed: coalesced, and only as long as its login may read it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Weak};
use std::time::Duration;

use rmcp::RoleServer;
use rmcp::model::{PingRequest, ResourceUpdatedNotificationParam, ServerRequest};
use rmcp::service::{Peer, PeerRequestOptions, SubscriptionSink};
use tokio::time::{Instant, sleep_until, timeout};
use workforceos_core::error::Status;
use workforceos_core::{Caller, Ctx, Date, Result};

use crate::live::{Following, Happened};
use crate::narrowing::Narrowing;
use crate::resources::{Which, touches};
use crate::server::McpServer;
use crate::session::Session;

/// The shortest time between two updates of one resource.
const PACE: Duration = Duration::from_secs(1);
/// How often a login is looked at that nobody touches: it may have expired, and days end.
const LOOK: Duration = Duration::from_secs(15);
/// How long a client may take to accept an update: a slower one is told nothing more.
const ACCEPT: Duration = Duration::from_secs(20);
/// After so long without a word a client is asked whether it is still there, so that nobody is told who has left.
const QUIET: Duration = Duration::from_secs(20 * 60);
/// How long it may take to answer.
const ANSWER: Duration = Duration::from_secs(30);

/// Where updates go.
pub(crate) enum Reader {
    /// A session: its client may change what it watches at any time.
    Session(Peer<RoleServer>, Weak<Session>),
    /// One `subscriptions/listen`, and what it watches.
    Listen(SubscriptionSink, BTreeMap<String, Which>),
}

/// Why telling ends.
struct Over;

impl Reader {
    fn watched(&self) -> std::result::Result<BTreeMap<String, Which>, Over> {
        match self {
            Reader::Session(_, session) => session.upgrade().map(|session| session.watched()).ok_or(Over),
            Reader::Listen(_, watched) => Ok(watched.clone()),
        }
    }

    async fn updated(&self, uri: &str) -> std::result::Result<(), Over> {
        let sent = async {
            match self {
                Reader::Session(peer, _) => {
                    peer.notify_resource_updated(ResourceUpdatedNotificationParam::new(uri)).await.map_err(|_| Over)
                }
                Reader::Listen(sink, _) => sink.notify_resource_updated(uri).await.map_err(|_| Over),
            }
        };
        timeout(ACCEPT, sent).await.unwrap_or(Err(Over))
    }

    async fn lists_changed(&self) -> std::result::Result<(), Over> {
        let sent = async {
            match self {
                // A session is told with its next request.
                Reader::Session(..) => Ok(()),
                Reader::Listen(sink, _) => {
                    if sink.accepted().tools_list_changed == Some(true) {
                        sink.notify_tool_list_changed().await.map_err(|_| Over)?;
                    }
                    if sink.accepted().prompts_list_changed == Some(true) {
                        sink.notify_prompt_list_changed().await.map_err(|_| Over)?;
                    }
                    Ok(())
                }
            }
        };
        timeout(ACCEPT, sent).await.unwrap_or(Err(Over))
    }

    /// Whether the client is still there, as far as that can be told.
    async fn is_there(&self) -> std::result::Result<(), Over> {
        let Reader::Session(peer, session) = self else { return Ok(()) };
        let heard = session.upgrade().ok_or(Over)?.last_heard();
        if heard.elapsed() < QUIET {
            return Ok(());
        }
        let ping = ServerRequest::PingRequest(PingRequest::default());
        let sent = peer.send_request_with_option(ping, PeerRequestOptions::with_timeout(ANSWER)).await.map_err(|_| Over)?;
        sent.await_response().await.map_err(|_| Over)?;
        session.upgrade().ok_or(Over)?.is_alive();
        Ok(())
    }
}

/// One connection's watch over the company's events.
pub(crate) struct Watch<S> {
    server: McpServer<S>,
    caller: Caller,
    narrowing: Arc<Narrowing>,
    following: Box<dyn Following>,
    ctx: Ctx,
    reader: Reader,
    /// What has changed, and when it may be told.
    due: BTreeMap<String, Instant>,
    told: HashMap<String, Instant>,
    /// The company's date when last looked at.
    seen_on: Date,
}

impl<S: Send + Sync + 'static> Watch<S> {
    /// Begins to follow the events; `None` where there are none to follow, or nobody who may.
    pub async fn begin(
        server: &McpServer<S>,
        caller: Caller,
        narrowing: Arc<Narrowing>,
        reader: Reader,
    ) -> Result<Option<Watch<S>>> {
        // Of its own: the connection's state must not live on through its watch.
        let server = server.for_session();
        let Some(live) = server.live.clone() else { return Ok(None) };
        let ctx = server.dispatch.enter_uncounted(caller.clone()).await?;
        if ctx.session.is_none() {
            return Ok(None);
        }
        let ctx = server.dispatch.with_scope(ctx).await?;
        let following = live.follow(&ctx).await?;
        let (due, told) = Default::default();
        let seen_on = ctx.tenant.zone.date(ctx.now());
        Ok(Some(Watch { server, caller, narrowing, following, ctx, reader, due, told, seen_on }))
    }

    /// Something may have happened before the events were followed.
    pub fn missed(&mut self) {
        // A reader that is gone is noticed when it is told.
        let _ = self.mark(|_| true);
    }

    /// Tells until the client, its login or its patience is gone.
    pub async fn run(mut self) {
        let mut look = Instant::now() + LOOK;
        loop {
            let next = self.due.values().min().copied();
            let step = tokio::select! {
                happened = self.following.next() => self.hear(happened).await,
                () = sleep_until(next.unwrap_or(look)), if next.is_some() => self.tell().await,
                () = sleep_until(look) => {
                    look = Instant::now() + LOOK;
                    self.look().await
                }
            };
            if step.is_err() {
                return;
            }
        }
    }

    async fn hear(&mut self, happened: Happened) -> std::result::Result<(), Over> {
        match happened {
            Happened::Ended => Err(Over),
            Happened::Missed => self.mark(|_| true),
            Happened::Behind => {
                let live = self.server.live.clone().ok_or(Over)?;
                match live.follow(&self.ctx).await {
                    Ok(following) => self.following = following,
                    // The database is away for a moment: the one at hand says again that it is behind.
                    Err(error) if error.status == Status::Unavailable => tokio::time::sleep(PACE).await,
                    Err(_) => return Err(Over),
                }
                self.mark(|_| true)
            }
            Happened::Event { kind, object } => {
                if kind.starts_with("profile.") {
                    self.enter().await?;
                }
                let parts = self.server.parts(&self.ctx, &self.narrowing);
                let (me, today) = (self.ctx.user(), self.ctx.tenant.zone.date(self.ctx.now()));
                self.mark(|which| touches(which, parts, me, today, (&kind, &object)))
            }
        }
    }

    /// Notes what has changed of the resources watched.
    fn mark(&mut self, changed: impl Fn(&Which) -> bool) -> std::result::Result<(), Over> {
        let now = Instant::now();
        for (uri, _) in self.reader.watched()?.into_iter().filter(|(_, which)| changed(which)) {
            let at = self.told.get(&uri).map_or(now, |told| now.max(*told + PACE));
            self.due.entry(uri).or_insert(at);
        }
        Ok(())
    }

    /// Tells of what is due, to whoever may read it now.
    async fn tell(&mut self) -> std::result::Result<(), Over> {
        self.enter().await?;
        let (now, watched) = (Instant::now(), self.reader.watched()?);
        self.told.retain(|uri, told| watched.contains_key(uri) && now.duration_since(*told) < PACE);
        let due: Vec<String> = self.due.iter().filter(|(_, at)| **at <= now).map(|(uri, _)| uri.clone()).collect();
        for uri in due {
            self.due.remove(&uri);
            let Some(which) = watched.get(&uri) else { continue };
            if self.server.readable(&self.ctx, &self.narrowing, *which).await.is_ok() {
                self.reader.updated(&uri).await?;
                self.told.insert(uri, Instant::now());
            }
        }
        Ok(())
    }

    async fn look(&mut self) -> std::result::Result<(), Over> {
        self.enter().await?;
        let today = self.ctx.tenant.zone.date(self.ctx.now());
        if std::mem::replace(&mut self.seen_on, today) != today {
            // What is called today's shows another day.
            self.mark(|which| matches!(which, Which::Board | Which::Week { date: None, .. }))?;
        }
        if let Reader::Session(_, session) = &self.reader
            && session.upgrade().is_none_or(|session| session.retire())
        {
            return Err(Over);
        }
        self.reader.is_there().await
    }

    /// The caller as they are now.
    async fn enter(&mut self) -> std::result::Result<(), Over> {
        let entered = self.server.dispatch.enter_uncounted(self.caller.clone()).await;
        let ctx = match entered {
            Ok(ctx) if ctx.session.is_none() => return Err(Over),
            Ok(ctx) => ctx,
            // The database may be away for a moment; what is told carries no content.
            Err(error) if error.status == Status::Unavailable => return Ok(()),
            Err(_) => return Err(Over),
        };
        let ctx = match self.server.dispatch.with_scope(ctx).await {
            Ok(ctx) => ctx,
            Err(error) if error.status == Status::Unavailable => return Ok(()),
            Err(_) => return Err(Over),
        };
        let changed = ctx.is_manager() != self.ctx.is_manager();
        self.ctx = ctx;
        if changed { self.reader.lists_changed().await } else { Ok(()) }
    }
}
