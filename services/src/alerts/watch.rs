//! Follows the commits of all companies and has looked at again what they may have changed for alerts, behind them.
//!
//! Every node does so for what it hears of; decisions are made in the company's turn, so that nothing is told twice. Up to where a
//! company was looked at is written down every few seconds: what came after is looked at once more after a restart.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::MissedTickBehavior;
use workforceos_core::change::Entry;
use workforceos_core::error::Result;
use workforceos_core::id::CompanyId;

use super::lanes::Lanes;
use super::news::News;
use super::review::review;
use crate::App;

/// How often positions are written down, and what failed is tried again.
const LOOK: Duration = Duration::from_secs(5);
/// Changes that come within this time are looked at together.
const GATHER: Duration = Duration::from_millis(100);
/// Of a company that is further behind than this everything is looked at, and not its entries.
const FAR: i64 = 1_000;

/// What is to be looked at. Copies are the same.
#[derive(Clone, Default)]
pub struct Watch(Arc<Inner>);

struct Inner {
    companies: Mutex<HashMap<CompanyId, Followed>>,
    wake: Notify,
    /// Entries may have been missed: at the start, and when another node's did not arrive.
    lost: AtomicBool,
}

#[derive(Default)]
struct Followed {
    /// The last entry that was heard of, and the last that is known to be written down as looked at.
    seq: i64,
    written: i64,
    news: News,
}

impl Default for Inner {
    fn default() -> Inner {
        Inner { companies: Mutex::default(), wake: Notify::new(), lost: AtomicBool::new(true) }
    }
}

impl Watch {
    /// Every committed entry comes by.
    pub fn notice(&self, entry: &Entry) {
        let mut companies = self.companies();
        let followed = companies.entry(entry.company).or_default();
        followed.seq = followed.seq.max(entry.seq);
        if followed.news.note(entry) {
            self.0.wake.notify_one();
        }
    }

    /// Entries may have been missed.
    pub fn lost(&self) {
        self.0.lost.store(true, Ordering::SeqCst);
        self.0.wake.notify_one();
    }

    fn companies(&self) -> MutexGuard<'_, HashMap<CompanyId, Followed>> {
        self.0.companies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to be looked at, as far as there is room.
    fn take(&self, lanes: &Lanes) -> Vec<(CompanyId, News)> {
        let mut companies = self.companies();
        let waits = |(company, followed): &(&CompanyId, &mut Followed)| !followed.news.is_empty() && !lanes.is_busy(**company);
        let news = companies.iter_mut().filter(waits).take(lanes.room());
        news.map(|(company, followed)| (*company, std::mem::take(&mut followed.news))).collect()
    }

    fn put_back(&self, company: CompanyId, news: News) {
        self.companies().entry(company).or_default().news.add(news);
    }

    /// Companies that are looked at to the end, and how far that is.
    fn settled(&self, lanes: &Lanes) -> Vec<(CompanyId, i64)> {
        let mut companies = self.companies();
        let open = |company: CompanyId, followed: &Followed| !followed.news.is_empty() || lanes.is_busy(company);
        companies.retain(|company, followed| followed.seq > followed.written || open(*company, followed));
        let settled = companies.iter().filter(|(company, followed)| !open(**company, followed));
        settled.map(|(company, followed)| (*company, followed.seq)).collect()
    }

    fn written(&self, positions: &[(CompanyId, i64)]) {
        let mut companies = self.companies();
        for (company, seq) in positions {
            if let Some(followed) = companies.get_mut(company) {
                followed.written = *seq;
            }
        }
    }
}

/// Looks at what changed, as long as the application lives.
pub async fn run(app: Weak<App>) {
    let Some(watch) = app.upgrade().map(|app| app.watch.clone()) else { return };
    let mut tick = tokio::time::interval(LOOK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut lanes = Lanes::default();
    loop {
        let write = tokio::select! {
            _ = tick.tick() => true,
            () = watch.0.wake.notified() => false,
            () = lanes.next() => false,
        };
        let Some(app) = app.upgrade() else { return };
        lanes.tidy();
        if watch.0.lost.swap(false, Ordering::SeqCst)
            && let Err(error) = catch_up(&app, &watch).await
        {
            tracing::warn!(%error, source = ?error.source, "what changed for alerts could not be read; trying again");
            watch.0.lost.store(true, Ordering::SeqCst);
        }
        for (company, news) in watch.take(&lanes) {
            lanes.start(company, look(app.clone(), watch.clone(), company, news));
        }
        // While entries may be missing nothing is known to be looked at to its end.
        if write && !watch.0.lost.load(Ordering::SeqCst) {
            let settled = watch.settled(&lanes);
            match app.store.move_alert_positions(&settled).await {
                Ok(()) => watch.written(&settled),
                Err(error) => tracing::warn!(%error, source = ?error.source, "positions of alerts could not be written"),
            }
        }
        drop(app);
        tokio::time::sleep(GATHER).await;
    }
}

async fn look(app: Arc<App>, watch: Watch, company: CompanyId, news: News) {
    if let Err(error) = review(&app, company, &news).await {
        tracing::warn!(%company, %error, source = ?error.source, "alerts could not be looked at; trying again");
        drop(app);
        tokio::time::sleep(LOOK).await;
        watch.put_back(company, news);
    }
}

/// Reads what no commit of this process told of.
async fn catch_up(app: &App, watch: &Watch) -> Result<()> {
    for (company, mut from, to) in app.store.alert_positions().await? {
        let mut news = News::default();
        if to - from > FAR {
            news = News::everything();
            from = to;
        }
        while from < to {
            let entries = app.store.journal(company, from, FAR as u32).await?;
            let Some(last) = entries.last() else { break };
            from = last.seq;
            for entry in &entries {
                news.note(entry);
            }
        }
        let mut companies = watch.companies();
        let followed = companies.entry(company).or_default();
        followed.seq = followed.seq.max(to);
        followed.news.add(news);
    }
    Ok(())
}
