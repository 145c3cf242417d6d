//! The services: one folder each, one small file per Business API. What every service uses stands beside them.

pub mod agent_hub;
mod alerts;
pub mod analytics;
pub mod announcements;
pub mod attendance;
pub mod auth;
pub mod board;
pub mod bucket;
mod cache;
mod commit;
pub mod conversations;
pub mod crud;
mod delivery;
pub mod employees;
pub mod files;
pub mod governance;
mod heads;
pub mod import;
pub mod insights;
pub mod leave;
mod limits;
mod mail;
pub mod notes;
mod outside;
pub mod payroll;
mod people;
mod reach;
pub mod sample;
pub mod schedule;
mod settings;
mod shape;
pub mod tasks;
pub mod webhooks;

use std::sync::{Arc, OnceLock};

use workforceos_actors::hub::{Hub, HubSettings};
use workforceos_actors::{Companies, Facts, Needs, Sweep, TimerPass};
use workforceos_core::change::Changes;
use workforceos_core::dispatch::Dispatch;
use workforceos_core::error::Result;
use workforceos_core::id::{CompanyId, IdSource};
use workforceos_core::registry::{BadDeclaration, Registry, Service};
use workforceos_core::time::{Clock, Timestamp};
use workforceos_store::Store;

pub use bucket::Bucket;
pub use cache::Caches;
pub use commit::{commit, commit_with, problems_in, system_ctx};
pub use limits::Limits;
pub use mail::problems as mail_problems;
pub use outside::Gateway;
pub use settings::Settings;

/// The services of the platform, those without an API of theirs yet included: each has a prefix, and a key can be limited to it.
pub const SERVICES: [&str; 12] = [
    "auth",
    "employeeProfile",
    "scheduleManagement",
    "attendanceManagement",
    "taskManagement",
    "leaveManagement",
    "payrollReporting",
    "announcementManagement",
    "aiWorkforceAnalytics",
    "subscriptionManagement",
    "agentHub",
    "governance",
];

pub type Api = workforceos_core::BusinessApi<App>;

/// What handlers work with: the store to read, the company actors to change.
pub struct App {
    pub store: Store,
    pub companies: Companies,
    pub hub: Hub,
    pub settings: Settings,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<IdSource>,
    pub caches: Arc<Caches>,
    pub tokens: auth::Tokens,
    pub passwords: auth::Passwords,
    pub throttle: auth::Throttle,
    pub limits: Limits,
    pub files: files::Files,
    pub imports: import::Imports,
    pub pictures: auth::avatars::Pictures,
    pub proofs: governance::audit::verify::Proofs,
    pub webhooks: webhooks::Webhooks,
    told: heads::Told,
    pub failing_jobs: insights::Failing,
    pub analyses: analytics::Places,
    watch: alerts::Watch,
    first_password: OnceLock<String>,
}

impl App {
    /// Opens the store, starts the actors and, on an empty database, makes the root admin and the sample company.
    pub async fn start(settings: Settings, clock: Arc<dyn Clock>, ids: Arc<IdSource>) -> Result<Arc<App>> {
        let app = App::open(settings, clock, ids).await?;
        if let Some(password) = auth::first_start(&app).await? {
            let _ = app.first_password.set(password);
        }
        // Nothing else depends on it; the next start or refresh makes up for it.
        if let Err(error) = agent_hub::refresh(&app).await {
            tracing::warn!(%error, source = ?error.source, "the tool catalogue is not up to date");
        }
        app.companies.spawn_task(auth::purge_daily(Arc::downgrade(&app)));
        app.companies.spawn_task(delivery::deliver(Arc::downgrade(&app)));
        app.companies.spawn_task(files::tidy_daily(Arc::downgrade(&app)));
        app.companies.spawn_task(webhooks::plan(Arc::downgrade(&app)));
        app.companies.spawn_task(webhooks::carry(Arc::downgrade(&app)));
        app.companies.spawn_task(heads::tell_hourly(Arc::downgrade(&app)));
        app.companies.spawn_task(alerts::watch(Arc::downgrade(&app)));
        app.companies.spawn_task(alerts::post(Arc::downgrade(&app)));
        Ok(app)
    }

    /// As [`App::start`], for a program that does one thing and ends: it makes nothing by itself and sends no mails.
    pub async fn open(settings: Settings, clock: Arc<dyn Clock>, ids: Arc<IdSource>) -> Result<Arc<App>> {
        let store = Store::open(workforceos_store::Settings {
            database: settings.database.clone(),
            journal_key: settings.journal_key,
            readers: settings.readers,
        })
        .await?;
        let caches = Arc::new(Caches::new(store.clone()));
        let webhooks = webhooks::Webhooks::new(&settings.journal_key);
        let (cached, lost, hooks) = (caches.clone(), caches.clone(), webhooks.clone());
        let watch = alerts::Watch::default();
        let (follows, missed) = (watch.clone(), watch.clone());
        let hub_settings = HubSettings {
            on_entries: Some(Arc::new(move |entry| {
                cached.notice(entry);
                hooks.notice(entry);
                follows.notice(entry);
            })),
            on_lost: Some(Arc::new(move || {
                lost.lost();
                missed.lost();
            })),
            ..HubSettings::default()
        };
        let hub = Hub::start(hub_settings, Arc::new(outside::HubAccess::new(store.clone(), caches.clone())))?;
        let companies = Companies::start(
            store.clone(),
            hub.clone(),
            clock.clone(),
            ids.clone(),
            Arc::new(Timers { mails: settings.smtp_url.is_some() }),
        )?;
        Ok(Arc::new(App {
            tokens: auth::Tokens::new(&settings),
            passwords: auth::Passwords::new()?,
            throttle: auth::Throttle::new(),
            limits: Limits::new(&settings, &clock),
            files: files::Files::of(&settings.data_dir, settings.s3.as_ref())?,
            imports: import::Imports::default(),
            pictures: auth::avatars::Pictures::on_half_the_cores(),
            proofs: governance::audit::verify::Proofs::on_half_the_cores(),
            webhooks,
            told: heads::Told::default(),
            watch,
            store,
            companies,
            hub,
            settings,
            clock,
            ids,
            caches,
            failing_jobs: insights::Failing::default(),
            analyses: analytics::Places::default(),
            first_password: OnceLock::new(),
        }))
    }

    /// The root admin's password, if it was made at this start.
    pub fn first_password(&self) -> Option<&str> {
        self.first_password.get().map(String::as_str)
    }

    /// Lets running changes end, then closes the database.
    pub async fn stop(self: &Arc<App>) {
        let hub = self.hub.clone();
        // Ending the hub waits for its thread, which must not hold up this one.
        let _ = tokio::task::spawn_blocking(move || hub.shutdown()).await;
        self.companies.stop().await;
        heads::tell(self).await;
        self.store.close().await;
    }
}

/// What companies do by the clock: the passes of all services, one after the other, in one commit.
struct Timers {
    /// Whether alerts are mailed.
    mails: bool,
}

/// What one service does by the clock.
struct Pass {
    /// What its sweep looks at beside the days around what is due.
    needs: fn(CompanyId, Timestamp) -> Needs,
    /// Does what is due, at most some 500 rows, and says when something is due again.
    sweep: fn(&Facts) -> Result<TimerPass>,
}

const PASSES: &[Pass] = &[
    Pass { needs: attendance::timer_needs, sweep: attendance::sweep },
    Pass { needs: insights::weekly::needs, sweep: insights::weekly::sweep },
    Pass { needs: leave::waiting, sweep: leave::sweep },
    Pass { needs: tasks::needs, sweep: tasks::sweep },
    Pass { needs: announcements::needs, sweep: announcements::sweep },
    Pass { needs: employees::document_needs, sweep: employees::sweep },
    Pass { needs: schedule::swap_endings::expiring, sweep: schedule::swap_endings::sweep },
    Pass { needs: alerts::waiting, sweep: alerts::sweep },
];

impl Sweep for Timers {
    fn needs(&self, company: CompanyId, now: Timestamp) -> Needs {
        PASSES.iter().fold(Needs::none(), |needs, pass| needs.and((pass.needs)(company, now)))
    }

    fn sweep(&self, facts: &Facts) -> Result<TimerPass> {
        let mut all = (Changes::none(), None);
        for pass in PASSES {
            let (changes, next) = (pass.sweep)(facts)?;
            all = (all.0.join(changes), all.1.into_iter().chain(next).min());
        }
        if self.mails {
            alerts::queue(&mut all.0, facts.now);
        }
        Ok(all)
    }
}

/// Every Business API of every service.
pub fn registry() -> Result<Registry<App>, BadDeclaration> {
    Registry::new(vec![
        Service { name: "auth", prefix: "/auth-api", apis: auth::apis() },
        Service { name: "employeeProfile", prefix: "/employeeprofile-api", apis: employees::apis() },
        Service { name: "scheduleManagement", prefix: "/schedulemanagement-api", apis: schedule::apis() },
        Service { name: "attendanceManagement", prefix: "/attendancemanagement-api", apis: attendance::apis() },
        Service { name: "leaveManagement", prefix: "/leavemanagement-api", apis: leave::apis() },
        Service { name: "taskManagement", prefix: "/taskmanagement-api", apis: tasks::apis() },
        Service { name: "payrollReporting", prefix: "/payrollreporting-api", apis: payroll::apis() },
        Service { name: "announcementManagement", prefix: "/announcementmanagement-api", apis: announcements::apis() },
        Service { name: "governance", prefix: "/api", apis: governance::apis() },
        Service {
            name: "aiWorkforceAnalytics",
            prefix: "/aiworkforceanalytics-api",
            apis: insights::apis().into_iter().chain(analytics::apis()).collect(),
        },
        Service { name: "agentHub", prefix: "/agenthub-api", apis: agent_hub::apis() },
    ])
}

/// The one way in.
pub fn dispatch(app: Arc<App>) -> Result<Arc<Dispatch<App>>, BadDeclaration> {
    Ok(Arc::new(Dispatch {
        registry: registry()?,
        outside: Arc::new(Gateway::new(app.clone())),
        clock: app.clock.clone(),
        ids: app.ids.clone(),
        state: app,
    }))
}
