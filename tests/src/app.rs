//! The server under test: started, moved through time, restarted, stopped.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Once, PoisonError, RwLock};
use std::time::Duration;

use workforceos_agents::provider::Providers;
use workforceos_core::change::Changes;
use workforceos_core::id::{CompanyId, IdSource};
use workforceos_core::session::Role;
use workforceos_core::time::{ManualClock, Timestamp};
use workforceos_core::zone::Zone;
use workforceos_http::{Options, Running, start};
use workforceos_services::{App, Settings};

use crate::client::Client;
use crate::company::{Company, PASSWORD, Person, ROOT_EMAIL, add_person};
use crate::database::{Db, Scratch};
use crate::time::at;

/// When the clock of every test begins: a Monday morning.
const BEGINNING: &str = "2026-06-01T06:00:00Z";

/// What a test wants otherwise than usual.
pub struct Setup {
    pub start: Timestamp,
    pub email_verification: bool,
    pub email_two_factor: bool,
    pub production: bool,
    /// Calls a minute, as the settings of that name; 0: as many as one likes.
    pub rate_limit: u32,
    pub public_rate_limit: u32,
    pub webhook_private_addresses: bool,
    pub smtp_url: Option<String>,
    /// Origins whose pages may call.
    pub cors: Vec<String>,
    /// Serve what the MCP conformance suite asks for.
    pub mcp_fixtures: bool,
    /// Who serves the language models.
    pub providers: Providers,
    /// Write the insights that the clock asks for: tests of those alone want it.
    pub weekly_insights: bool,
    /// Whose `X-Forwarded-For` is believed.
    pub proxies: Vec<IpAddr>,
}

impl Default for Setup {
    fn default() -> Setup {
        Setup {
            start: at(BEGINNING),
            email_verification: false,
            email_two_factor: false,
            production: false,
            rate_limit: 0,
            public_rate_limit: 0,
            webhook_private_addresses: false,
            smtp_url: None,
            cors: Vec::new(),
            mcp_fixtures: false,
            providers: Providers::default(),
            weekly_insights: false,
            proxies: Vec::new(),
        }
    }
}

/// What clients share with their server: where it is now, also after a restart.
pub(crate) struct Shared {
    pub base: RwLock<String>,
    pub app: RwLock<Option<Arc<App>>>,
    pub http: reqwest::Client,
    pub clock: Arc<ManualClock>,
}

impl Shared {
    pub fn app(&self) -> Arc<App> {
        self.app.read().unwrap_or_else(PoisonError::into_inner).clone().expect("the server runs")
    }

    /// Writes rows that no API of the server writes yet, through the company's own queue.
    pub async fn write(&self, company: CompanyId, changes: Changes) {
        let none = workforceos_actors::Needs::none();
        let written = self.app().companies.decide(company, none, move |_| Ok((changes.clone(), ()))).await;
        written.expect("the rows are written");
    }
}

/// A running server with a database of its own. Dropping it stops the server and removes the database.
pub struct TestApp {
    pub clock: Arc<ManualClock>,
    pub(crate) shared: Arc<Shared>,
    running: Option<Running>,
    settings: Settings,
    edge: Edge,
    scratch: Arc<Scratch>,
}

/// What the HTTP server itself is told.
#[derive(Clone)]
struct Edge {
    cors: Vec<String>,
    proxies: Vec<IpAddr>,
    mcp_fixtures: bool,
    providers: Providers,
    weekly_insights: bool,
}

impl TestApp {
    pub async fn start(db: Db) -> TestApp {
        TestApp::with(db, Setup::default()).await
    }

    pub async fn with(db: Db, setup: Setup) -> TestApp {
        let scratch = Arc::new(Scratch::make(db).await);
        let settings = Settings {
            production: setup.production,
            data_dir: scratch.folder().to_owned(),
            database: scratch.database(),
            readers: 6,
            jwt_secret: b"a secret for tests, and for nothing else".to_vec(),
            jwt_previous: None,
            journal_key: [7; 32],
            super_admin_email: ROOT_EMAIL.to_owned(),
            super_admin_password: Some(PASSWORD.to_owned()),
            default_zone: Zone::UTC,
            smtp_url: setup.smtp_url,
            mail_from: None,
            frontend_url: "http://localhost:5173".to_owned(),
            email_verification: setup.email_verification,
            email_two_factor: setup.email_two_factor,
            sample_company: false,
            s3: None,
            rate_limit: setup.rate_limit,
            public_rate_limit: setup.public_rate_limit,
            webhook_private_addresses: setup.webhook_private_addresses,
        };
        let clock = Arc::new(ManualClock::at(setup.start));
        TestApp::open(
            settings,
            Edge {
                cors: setup.cors,
                proxies: setup.proxies,
                mcp_fixtures: setup.mcp_fixtures,
                providers: setup.providers,
                weekly_insights: setup.weekly_insights,
            },
            clock,
            scratch,
        )
        .await
    }

    async fn open(settings: Settings, edge: Edge, clock: Arc<ManualClock>, scratch: Arc<Scratch>) -> TestApp {
        let http = http_client();
        let shared = Shared { base: RwLock::default(), app: RwLock::default(), http, clock: clock.clone() };
        let mut app = TestApp { clock, shared: Arc::new(shared), running: None, settings, edge, scratch };
        app.run().await;
        app
    }

    async fn run(&mut self) {
        let running = start(self.options()).await.expect("the server starts");
        *self.shared.base.write().unwrap_or_else(PoisonError::into_inner) = format!("http://{}", running.addr);
        *self.shared.app.write().unwrap_or_else(PoisonError::into_inner) = Some(running.app.clone());
        self.running = Some(running);
    }

    fn options(&self) -> Options {
        Options {
            settings: self.settings.clone(),
            host: "127.0.0.1".to_owned(),
            port: 0,
            workers: 2,
            proxies: self.edge.proxies.clone(),
            cors: self.edge.cors.clone(),
            mcp_fixtures: self.edge.mcp_fixtures,
            providers: self.edge.providers.clone(),
            weekly_insights: self.edge.weekly_insights,
            clock: self.clock.clone(),
            ids: Arc::new(IdSource::random()),
        }
    }

    /// A second server on the same PostgreSQL database and clock.
    pub async fn twin(&self) -> TestApp {
        TestApp::open(self.settings.clone(), self.edge.clone(), self.clock.clone(), self.scratch.clone()).await
    }

    /// Stops the server.
    pub async fn stop(&mut self) {
        self.shared.app.write().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(running) = self.running.take() {
            running.stop().await;
        }
    }

    /// Stops the server and starts it again on the same database, at another address; clients follow it there.
    pub async fn restart(&mut self) {
        self.stop().await;
        self.run().await;
    }

    /// As [`TestApp::restart`], with other settings.
    pub async fn restart_with(&mut self, change: impl FnOnce(&mut Settings)) {
        self.stop().await;
        change(&mut self.settings);
        self.run().await;
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    pub fn base(&self) -> String {
        self.shared.base.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What the server itself works with.
    pub fn services(&self) -> Arc<App> {
        self.shared.app()
    }

    pub fn data_dir(&self) -> PathBuf {
        self.settings.data_dir.clone()
    }

    /// Moves the clock to an instant such as `2026-06-15T07:05:00Z`.
    pub fn set(&self, instant: &str) {
        self.clock.set(at(instant));
    }

    /// Lets every company do what is due by the clock.
    pub async fn sweep(&self) {
        self.shared.app().companies.sweep_all().await.expect("timers run");
    }

    /// Moves the clock and lets companies do what is due.
    pub async fn sweep_at(&self, instant: Timestamp) {
        self.clock.set(instant);
        self.sweep().await;
    }

    /// Nobody in particular.
    pub fn anonymous(&self) -> Client {
        Client::new(self.shared.clone())
    }

    /// The root admin, on the SaaS level.
    pub async fn super_admin(&self) -> Client {
        let mut client = self.anonymous();
        client.login(ROOT_EMAIL, "root").await;
        client
    }

    /// Somebody on the SaaS level.
    pub async fn root_person(&self, name: &str, role: Role) -> Person {
        add_person(&self.shared, CompanyId::ROOT, "root", name, role).await
    }

    /// Registers a company with its owner.
    pub async fn company(&self, name: &str, zone: &str) -> Company {
        Company::register(self.shared.clone(), name, zone).await
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.shared.app.write().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(running) = self.running.take() {
            block_on(async move {
                let _ = tokio::time::timeout(Duration::from_secs(15), running.stop()).await;
            });
        }
    }
}

/// Runs something to its end on a thread of its own, from wherever it is called.
pub(crate) fn block_on(future: impl Future<Output = ()> + Send + 'static) {
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(future);
    });
    let _ = thread.join();
}

/// A client that goes nowhere but to the server under test.
pub(crate) fn http_client() -> reqwest::Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // Fails only if another part of the program was first.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    reqwest::Client::builder().no_proxy().build().expect("an HTTP client")
}
