//! Makes deliveries of the journal's entries, once each, behind the commits.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::MissedTickBehavior;
use uuid::Uuid;
use workforceos_core::change::Entry;
use workforceos_core::error::Result;
use workforceos_core::id::CompanyId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{Company, User, Webhook};
use workforceos_core::query::{Cond, Query};
use workforceos_core::time::Timestamp;
use workforceos_store::Planned;

use super::{KEPT_FOR, MAX_WAITING, TRIED_FOR, events, stop};
use crate::App;

/// How often everything is looked at: what no commit of this process told of.
const LOOK: Duration = Duration::from_secs(5);
/// Looks between two rounds that forget old deliveries.
const FORGET: u64 = 120;
/// Rounds of one look at most; what is left then waits for the next.
const ROUNDS: u32 = 20;
/// Entries that come within this time are turned into deliveries together.
const GATHER: Duration = Duration::from_millis(50);
/// Entries read at once: with twenty webhooks that want all of them a transaction has 2,000 rows.
const PAGE: u32 = 100;
/// Pages of one company before it is the others' turn.
const PAGES: u32 = 10;
/// What is said of a delivery that its webhook did not live to see.
const OFF: &str = "The webhook was disabled or deleted before this was delivered";

/// Turns entries into deliveries as long as the application lives.
pub async fn run(app: Weak<App>) {
    let Some(hooks) = app.upgrade().map(|app| app.webhooks.clone()) else { return };
    let mut tick = tokio::time::interval(LOOK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut looks = 0_u64;
    loop {
        let all = tokio::select! {
            _ = tick.tick() => true,
            () = hooks.0.planning.notified() => false,
        };
        let Some(app) = app.upgrade() else { return };
        if all {
            if let Err(error) = look(&app, looks.is_multiple_of(FORGET)).await {
                tracing::warn!(%error, source = ?error.source, "webhooks could not be looked at; trying again");
            }
            looks += 1;
        }
        let mut failed = Vec::new();
        for company in hooks.take_news() {
            if let Err(error) = plan(&app, company).await {
                tracing::warn!(%company, %error, source = ?error.source, "no deliveries could be made; trying again");
                failed.push(company);
            }
        }
        hooks.put_by(failed);
        end(&app).await;
        drop(app);
        tokio::time::sleep(GATHER).await;
    }
}

/// Finds the companies with something new, and forgets what is old.
async fn look(app: &App, forget: bool) -> Result<()> {
    let companies = app.store.webhook_companies().await?;
    app.webhooks.know(companies.iter().map(|(company, _)| *company).collect());
    app.webhooks.put_by(companies.into_iter().filter(|(_, behind)| *behind).map(|(company, _)| company));
    // A company that was closed is no change of a webhook.
    app.webhooks.0.changed.store(true, Ordering::SeqCst);
    let before = Timestamp(app.clock.now().0 - KEPT_FOR);
    for _ in 0..if forget { ROUNDS } else { 0 } {
        if !app.store.forget_deliveries(before).await? {
            break;
        }
    }
    Ok(())
}

/// Gives up what waits for webhooks that are off by now.
async fn end(app: &App) {
    if app.webhooks.0.changed.swap(false, Ordering::SeqCst)
        && let Err(error) = app.store.end_deliveries(OFF, app.clock.now()).await
    {
        app.webhooks.0.changed.store(true, Ordering::SeqCst);
        tracing::warn!(%error, source = ?error.source, "deliveries could not be ended; trying again");
    }
}

/// Makes the deliveries that a company's entries ask for, up to its journal's end; of one that is far behind a part, and the rest
/// after the other companies.
async fn plan(app: &App, company: CompanyId) -> Result<()> {
    for _ in 0..PAGES {
        let Some(first) = webhooks(app, company).await?.iter().map(|webhook| webhook.from_seq).min() else { return Ok(()) };
        let position = app.store.webhook_position(company).await?.max(first);
        let entries = app.store.journal(company, position, PAGE).await?;
        let Some(last) = entries.last() else { return Ok(()) };
        // Again, after the entries: a webhook that was made meanwhile wants those that followed it.
        let webhooks = webhooks(app, company).await?;
        let mut planned = wanted(app, company, &webhooks, &entries).await?;
        let full = full(app, company, &webhooks, &mut planned).await?;
        let now = app.clock.now();
        app.store.plan_deliveries(company, last.seq, &planned, now, Timestamp(now.0 + TRIED_FOR)).await?;
        if !planned.is_empty() {
            app.webhooks.look();
        }
        for webhook in full {
            stop::of_backlog(app, webhook, format!("More than {MAX_WAITING} deliveries wait for it")).await?;
        }
        if entries.len() < PAGE as usize {
            return Ok(());
        }
    }
    app.webhooks.news(company);
    Ok(())
}

/// The company's webhooks that are on; none of a company that is closed.
async fn webhooks(app: &App, company: CompanyId) -> Result<Vec<Webhook>> {
    let rows = app.store.select(&Query::of(Webhook::def(), company, Cond::eq("isEnabled", true))).await?;
    if rows.is_empty() || app.store.get(Company::def(), Some(company), company.0).await?.is_none() {
        return Ok(Vec::new());
    }
    rows.into_iter().map(Webhook::from_record).collect()
}

/// A delivery for each webhook and each event that it wants.
async fn wanted(app: &App, company: CompanyId, webhooks: &[Webhook], entries: &[Entry]) -> Result<Vec<Planned>> {
    let admins = admins(app, company, entries).await?;
    let now = app.clock.now();
    let mut planned = Vec::new();
    for entry in entries {
        let Some(kind) = &entry.kind else { continue };
        if !events::admins_see(kind, &entry.audience, |user| admins.contains(&user)) {
            continue;
        }
        let wanting = webhooks.iter().filter(|w| entry.seq > w.from_seq && events::wants(&w.event_types, kind));
        planned.extend(wanting.map(|webhook| Planned {
            id: app.ids.next(now),
            webhook: webhook.meta.id,
            kind: Arc::clone(kind),
            seq: entry.seq,
        }));
    }
    Ok(planned)
}

/// Who of those whom alerts are for administers the company.
async fn admins(app: &App, company: CompanyId, entries: &[Entry]) -> Result<HashSet<Uuid>> {
    let alerts = entries.iter().filter(|entry| entry.kind.as_deref().is_some_and(events::is_alert));
    let told: Vec<Uuid> =
        alerts.flat_map(|entry| entry.audience.users.iter().copied()).collect::<HashSet<_>>().into_iter().collect();
    if told.is_empty() {
        return Ok(HashSet::new());
    }
    let rows = app.store.select(&Query::of(User::def(), company, Cond::id_in("id", &told))).await?;
    let users = rows.into_iter().map(User::from_record).collect::<Result<Vec<_>>>()?;
    Ok(users.into_iter().filter(|user| user.role.is_admin() && user.archive_date.is_none()).map(|user| user.meta.id).collect())
}

/// The webhooks that would have too much waiting: they get nothing more.
async fn full<'a>(
    app: &App,
    company: CompanyId,
    webhooks: &'a [Webhook],
    planned: &mut Vec<Planned>,
) -> Result<Vec<&'a Webhook>> {
    if planned.is_empty() {
        return Ok(Vec::new());
    }
    let mut waiting: HashMap<Uuid, i64> = app.store.waiting_deliveries(company).await?;
    for delivery in planned.iter() {
        *waiting.entry(delivery.webhook).or_default() += 1;
    }
    let is_full = |id: Uuid| waiting.get(&id).is_some_and(|count| *count > MAX_WAITING);
    planned.retain(|delivery| !is_full(delivery.webhook));
    Ok(webhooks.iter().filter(|webhook| is_full(webhook.meta.id)).collect())
}
