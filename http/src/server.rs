//! The running server: what its handlers share, how it starts and how it stops.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use actix_cors::Cors;
use actix_web::dev::ServerHandle;
use actix_web::middleware::Condition;
use actix_web::web::{self, Bytes};
use actix_web::{App as WebApp, HttpServer};
use tokio::task::JoinHandle;
use workforceos_agents::provider::Providers;
use workforceos_agents::{Agents, insight};
use workforceos_core::Dispatch;
use workforceos_core::error::{Error, Result, Status};
use workforceos_core::id::IdSource;
use workforceos_core::session::Ctx;
use workforceos_core::time::Clock;
use workforceos_services::{App, Settings};

use crate::metrics::{Metrics, UPKEEP};
use crate::multipart::Uploads;
use crate::{mcp, openapi, routes, stream};

/// How long requests that run when the server stops may take to end.
const DRAIN: Duration = Duration::from_secs(10);
/// How long an idle connection is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long a client may take to send a request's head.
const HEAD: Duration = Duration::from_secs(10);
/// Connections that may wait to be accepted: dashboards reconnect all at once after a restart.
const BACKLOG: u32 = 4096;

/// How to start a server.
pub struct Options {
    pub settings: Settings,
    pub host: String,
    /// 0: any free port.
    pub port: u16,
    pub workers: usize,
    /// Origins whose pages may call from a browser.
    pub cors: Vec<String>,
    /// Reverse proxies whose word on a client's address is believed.
    pub proxies: Vec<IpAddr>,
    /// Whether MCP serves what the conformance suite asks for.
    pub mcp_fixtures: bool,
    /// Who serves the language models.
    pub providers: Providers,
    /// Whether this server writes the insights that the clock asks for.
    pub weekly_insights: bool,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<IdSource>,
}

/// What all handlers share.
pub struct Server {
    pub app: Arc<App>,
    pub dispatch: Arc<Dispatch<App>>,
    pub metrics: Metrics,
    pub openapi: Bytes,
    pub mcp: mcp::Mount,
    pub agents: Arc<Agents>,
    pub proxies: Vec<IpAddr>,
    pub uploads: Uploads,
}

impl Server {
    fn new(
        app: Arc<App>,
        proxies: Vec<IpAddr>,
        mcp_fixtures: bool,
        origins: Vec<String>,
        providers: Providers,
    ) -> Result<Server> {
        let dispatch = workforceos_services::dispatch(app.clone()).map_err(Error::internal)?;
        let openapi = serde_json::to_vec(&openapi::document(&dispatch.registry)).map_err(Error::internal)?;
        let mcp = mcp::Mount::new(dispatch.clone(), mcp_fixtures, origins);
        let agents = Arc::new(Agents::new(dispatch.clone(), mcp.tools.clone(), providers));
        Ok(Server {
            app,
            dispatch,
            metrics: Metrics::install(),
            openapi: openapi.into(),
            mcp,
            agents,
            proxies,
            uploads: Uploads::new(),
        })
    }

    /// A new id, as text.
    pub fn new_id(&self) -> String {
        self.dispatch.ids.next(self.dispatch.clock.now()).to_string()
    }

    /// The context of a company's member outside any API, with scope; `act` is what it is called in the journal. `services`: what a limited API key must be good for.
    pub async fn member(&self, ctx: Ctx, act: &'static str, services: &[&str]) -> Result<Ctx> {
        let Some(session) = &ctx.session else { return Err(Error::login_required()) };
        ctx.second_factor_done()?;
        if let Some(key) = &session.key
            && let Some(missing) = services.iter().find(|s| !key.services.is_empty() && !key.services.iter().any(|k| k == *s))
        {
            return Err(Error::forbidden(format!("This API key has no access to {missing}")));
        }
        if ctx.tenant.company.is_root() {
            let message = "Name the company: header mbx-company-codename, or _company";
            return Err(Error::new(Status::NotFound, "CompanyNotFound", message));
        }
        let ctx = self.dispatch.with_scope(Ctx { api: act, ..ctx }).await?;
        if ctx.acts_elsewhere() {
            self.dispatch.outside.reads_elsewhere(&ctx);
        }
        Ok(ctx)
    }

    /// Brings the gauges up to date.
    pub fn observe(&self) {
        let stats = self.app.hub.stats();
        metrics::gauge!("workforceos_streams").set(stats.subscribers as f64);
        metrics::gauge!("workforceos_mcp_sessions").set(self.mcp.sessions.count() as f64);
        metrics::gauge!("workforceos_mcp_sse_sessions").set(self.mcp.legacy.count() as f64);
        metrics::counter!("workforceos_streams_cut_total").absolute(stats.cut);
        metrics::counter!("workforceos_events_published_total").absolute(stats.published);
    }
}

/// A server that runs.
pub struct Running {
    /// Where it listens.
    pub addr: SocketAddr,
    pub app: Arc<App>,
    server: Arc<Server>,
    handle: ServerHandle,
    serving: JoinHandle<std::io::Result<()>>,
    upkeep: [JoinHandle<()>; 3],
}

/// Starts store, actors and the HTTP server.
pub async fn start(options: Options) -> Result<Running> {
    let Options { settings, host, port, workers, cors, proxies, mcp_fixtures, providers, weekly_insights, clock, ids } = options;
    let app = App::start(settings, clock, ids).await?;
    let server = Arc::new(Server::new(app.clone(), proxies, mcp_fixtures, cors.clone(), providers)?);
    tracing::info!(providers = ?server.agents.providers.names(), "language models");
    let data = web::Data::from(server.clone());
    let web = HttpServer::new(move || {
        WebApp::new()
            .app_data(data.clone())
            .service(data.mcp.scope())
            .default_service(web::to(routes::handle))
            .wrap(Condition::new(!cors.is_empty(), cross_origin(&cors)))
    });
    let web = web
        .workers(workers.max(1))
        .backlog(BACKLOG)
        .keep_alive(KEEP_ALIVE)
        .client_request_timeout(HEAD)
        // A client that closes its end has left: its stream ends at once instead of at the next event.
        .h1_allow_half_closed(false)
        .h1_write_buffer_size(stream::PIECE)
        .tcp_nodelay(true)
        .shutdown_timeout(DRAIN.as_secs())
        .disable_signals()
        .bind((host.as_str(), port));
    let bound = web.map_err(|e| Error::internal(format!("cannot listen on {host}:{port}: {e}")));
    let web = match bound {
        Ok(web) => web,
        Err(error) => {
            app.stop().await;
            return Err(error);
        }
    };
    let addr = web.addrs().first().copied().ok_or_else(|| Error::internal("the server listens nowhere"))?;
    let running = web.run();
    let handle = running.handle();
    let upkeep = [
        tokio::spawn(keep_up(server.clone())),
        tokio::spawn(mcp::follow_logins(server.clone())),
        tokio::spawn(write_insights(server.clone(), weekly_insights)),
    ];
    let serving = tokio::spawn(running);
    Ok(Running { addr, app, server, handle, serving, upkeep })
}

fn cross_origin(origins: &[String]) -> Cors {
    let cors = Cors::default().allow_any_method().allow_any_header().supports_credentials().max_age(3600);
    let cors = cors.expose_headers(["x-request-id", "retry-after", "workforceos-access-token", "mcp-session-id"]);
    origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin.trim().trim_end_matches('/')))
}

async fn keep_up(server: Arc<Server>) {
    let mut tick = tokio::time::interval(UPKEEP);
    loop {
        tick.tick().await;
        server.metrics.upkeep();
        server.mcp.sessions.sweep().await;
    }
}

/// Writes the insights that the clock asks for.
async fn write_insights(server: Arc<Server>, wanted: bool) {
    if !wanted {
        return;
    }
    let desk = insight::AppDesk::new(server.app.clone());
    insight::weekly::run(&server.agents, &desk).await;
}

impl Running {
    /// Resolves when writing has become impossible (a failed fsync): only a restart can tell what the disk holds.
    pub async fn poisoned(&self) {
        let mut tick = tokio::time::interval(Duration::from_millis(200));
        while !self.app.store.poisoned() {
            tick.tick().await;
        }
    }

    /// No new requests; answers of agents and running requests end within a bound, streams are told, actors stop, the database is closed.
    pub async fn stop(self) {
        // First, since they still store what they said, and since their readers' streams end with them.
        self.server.agents.answers.shutdown(DRAIN).await;
        let hub = self.app.hub.clone();
        // It waits for the hub's thread.
        let told = tokio::task::spawn_blocking(move || hub.shutdown());
        self.server.mcp.shutdown();
        let drained = tokio::time::timeout(DRAIN + Duration::from_secs(1), self.handle.stop(true)).await;
        if drained.is_err() {
            self.handle.stop(false).await;
        }
        let _ = told.await;
        self.upkeep.iter().for_each(JoinHandle::abort);
        match self.serving.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the HTTP server ended badly"),
            Err(error) => tracing::error!(%error, "the HTTP server ended badly"),
        }
        self.app.stop().await;
    }
}
