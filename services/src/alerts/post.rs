//! E-mails of alerts: one at a time for each recipient, with all that has come meanwhile.
//!
//! An alert that is raised waits for its mail (`queued`) if there is a mail server and it is more than low. A worker puts what waits for
//! one recipient into one mail, at most every ten minutes. What the mail says is written when it is sent, of what is still open then, so
//! that the outbox holds nothing but ids.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Weak};
use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::time::MissedTickBehavior;
use uuid::Uuid;
use workforceos_actors::{Facts, Needs};
use workforceos_core::change::{Changes, Event, Outbox, RowChange};
use workforceos_core::error::Result;
use workforceos_core::id::{CompanyId, UserId};
use workforceos_core::object::{DataObject, Record};
use workforceos_core::objects::{Alert, AlertStatus, Company, EmailStatus, Severity, User};
use workforceos_core::query::{Cond, Op, Query, order};
use workforceos_core::session::{Ctx, Tenant};
use workforceos_core::time::Timestamp;
use workforceos_core::value::Value;
use workforceos_core::zone::Zone;
use workforceos_store::Pending;

use super::lanes::Lanes;
use super::letter::{compose, weight};
use crate::{App, commit_with, system_ctx};

/// The outbox entries that are mails of alerts.
pub const KIND: &str = "mail.alerts";
const TICK: Duration = Duration::from_secs(1);
/// Between two mails to one recipient.
const PAUSE: i64 = 10 * Timestamp::MINUTE;
/// The longest until it is looked again whether a mail is still under way, and until one that is not heard of any more counts as lost.
const MAX_WAIT: i64 = Timestamp::HOUR;
const LOST: i64 = 4 * Timestamp::DAY;
/// Alerts of one pass.
const PAGE: u64 = 500;
/// Passes over one company before it is the others' turn.
const ROUNDS: usize = 4;

/// Lets the alerts that a change raises wait for their mails. Only where there is a mail server: else they are dismissed.
pub fn queue(changes: &mut Changes, now: Timestamp) {
    let raised: BTreeSet<Uuid> =
        changes.events.iter().filter(|event| event.kind == Some("alert.raised")).map(|event| event.object_id).collect();
    if raised.is_empty() {
        return;
    }
    let rows = changes.rows.iter_mut().filter_map(|row| match row {
        RowChange::Put(record) => Some(record),
        RowChange::Purge(..) => None,
    });
    let told = changes.events.iter_mut().filter_map(|event| event.after.as_mut());
    for record in rows.chain(told).filter(|record| *record.def == *Alert::def() && raised.contains(&record.id())) {
        wait(record, now);
    }
}

fn wait(record: &mut Record, now: Timestamp) {
    let text = |name: &str| record.get(name).as_text().unwrap_or_default().to_owned();
    if text("status") == AlertStatus::Open.as_str() && text("severity") != Severity::Low.as_str() {
        record.set("emailStatus", Value::Text(EmailStatus::Queued.as_str().to_owned()));
        record.set("mailDueAt", Value::Time(now));
    }
}

/// Writes the mails that are due, as long as the application lives.
pub async fn run(app: Weak<App>) {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut lanes, mut more) = (Lanes::default(), false);
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = lanes.next(), if more => {}
        }
        let Some(app) = app.upgrade() else { return };
        lanes.tidy();
        match start(&app, &mut lanes).await {
            Ok(waits) => more = waits,
            Err(error) => tracing::warn!(%error, source = ?error.source, "whose alerts are to be mailed could not be read"),
        }
    }
}

/// Sets out to write the mails that are due; says whether there was no room for some.
async fn start(app: &Arc<App>, lanes: &mut Lanes) -> Result<bool> {
    let mut due = app.store.alerts_to_mail(app.clock.now()).await?;
    due.retain(|company| !lanes.is_busy(*company));
    let room = lanes.room();
    for company in due.iter().take(room).copied() {
        let app = app.clone();
        lanes.start(company, async move {
            if let Err(error) = write(&app, company).await {
                tracing::warn!(%company, %error, source = ?error.source, "mails of alerts could not be written; trying again");
            }
        });
    }
    Ok(due.len() > room)
}

async fn write(app: &App, company: CompanyId) -> Result<()> {
    let ctx = ctx(app, company);
    for _ in 0..ROUNDS {
        let (act, mails) = (ctx.clone(), app.settings.smtp_url.is_some());
        let more = commit_with(app, &ctx, due(company, app.clock.now()), move |facts| written(facts, &act, mails)).await?;
        if !more {
            break;
        }
    }
    Ok(())
}

fn ctx(app: &App, company: CompanyId) -> Ctx {
    system_ctx(Tenant::of(company, "", Zone::UTC), app.clock.now(), "alertMails")
}

fn due(company: CompanyId, now: Timestamp) -> Needs {
    let cond = Cond::eq("emailStatus", EmailStatus::Queued.as_str()).and(Cond::IsNull("mailedAt")).and(Cond::Cmp(
        "mailDueAt",
        Op::Lte,
        Value::Time(now),
    ));
    let order = order(Alert::def(), "mailDueAt,id");
    Needs::none().and_query(Query { order, limit: PAGE, ..Query::of(Alert::def(), company, cond) }).and_follow(mailed_before)
}

/// The last mail of each of the recipients.
fn mailed_before(rows: &HashMap<Uuid, Record>) -> Vec<Query> {
    let alerts = rows.values().filter(|row| *row.def == *Alert::def() && row.get("mailedAt").is_null());
    let recipients: BTreeSet<(Uuid, Uuid)> =
        alerts.filter_map(|row| Some((row.get("companyId").as_id()?, row.get("recipientUserId").as_id()?))).collect();
    let last = |(company, user): (Uuid, Uuid)| {
        let cond = Cond::eq("recipientUserId", user).and(Cond::Cmp("mailedAt", Op::Gt, Value::Time(Timestamp(0))));
        let order = order(Alert::def(), "-mailedAt");
        Query { order, limit: 1, ..Query::of(Alert::def(), CompanyId(company), cond) }
    };
    recipients.into_iter().map(last).collect()
}

/// When the next mail may go to somebody, by the last one: not while that is under way (it may have to be tried for days, and all
/// that came meanwhile would arrive at once), and not too soon after it.
fn next_mail(last: &Alert, now: Timestamp) -> Option<Timestamp> {
    let at = last.mailed_at?;
    if last.email_status == EmailStatus::Queued && now.0 - at.0 < LOST {
        return Some(Timestamp(now.0 + (now.0 - at.0).clamp(PAUSE, MAX_WAIT)));
    }
    Some(Timestamp(at.0 + PAUSE)).filter(|next| *next > now)
}

/// One mail for each recipient whose last one is long enough ago; the others' alerts wait until it is. Says whether there may be more.
fn written(facts: &Facts, ctx: &Ctx, mails: bool) -> Result<(Changes, bool)> {
    let (mut waiting, mut last) = (BTreeMap::<UserId, Vec<Alert>>::new(), HashMap::<UserId, Alert>::new());
    for alert in facts.rows::<Alert>()? {
        let recipient = alert.recipient_user_id;
        if alert.mailed_at.is_some() {
            if last.get(&recipient).is_none_or(|last| last.mailed_at <= alert.mailed_at) {
                last.insert(recipient, alert);
            }
        } else if alert.email_status == EmailStatus::Queued && alert.mail_due_at.is_some_and(|at| at <= facts.now) {
            waiting.entry(recipient).or_default().push(alert);
        }
    }
    let (mut changes, mut count) = (Changes::none(), 0);
    for (recipient, alerts) in waiting {
        count += alerts.len();
        let next = last.get(&recipient).and_then(|last| next_mail(last, facts.now));
        let reachable = mails && facts.state.people.role(recipient).is_some();
        let (mut mailed, mut first) = (Vec::new(), None);
        for alert in alerts {
            first.get_or_insert(alert.meta.id);
            let alert = match next {
                _ if !reachable || alert.status == AlertStatus::Resolved => {
                    Alert { email_status: EmailStatus::Dismissed, ..alert }
                }
                Some(next) => Alert { mail_due_at: Some(next), ..alert },
                None => {
                    mailed.push(alert.meta.id.to_string());
                    Alert { mailed_at: Some(facts.now), ..alert }
                }
            };
            changes = changes.put(&alert.touched(facts.now));
        }
        changes = changes.event(note(ctx, first.unwrap_or_default()));
        if !mailed.is_empty() {
            let payload = json!({"recipient": recipient.to_string(), "alerts": mailed});
            changes.outbox.push(Outbox { id: facts.new_id(), kind: KIND, payload });
        }
    }
    Ok((changes, count as u64 >= PAGE))
}

/// Of mails the journal has an entry and tells nobody.
fn note(ctx: &Ctx, alert: Uuid) -> Event {
    let mut note = Event::audit(ctx, Alert::def().name, alert);
    note.audited = false;
    note
}

/// A mail as it is to be sent now: `None` if nothing of it is open any more, or there is nobody who may have it.
pub struct Mailing {
    pub mail: Option<Json>,
    /// The alerts that it tells of.
    pub told: Vec<Uuid>,
}

pub async fn mailing(app: &App, pending: &Pending) -> Result<Mailing> {
    let nothing = || Mailing { mail: None, told: Vec::new() };
    let ids = ids(pending);
    let recipient = pending.payload["recipient"].as_str().and_then(|id| id.parse::<Uuid>().ok());
    let Some(recipient) = recipient else { return Ok(nothing()) };
    let company = app.store.get(Company::def(), Some(pending.company), pending.company.0).await?;
    let user = app.store.get(User::def(), Some(pending.company), recipient).await?;
    let user = user.map(User::from_record).transpose()?.filter(|user| user.meta.is_active && user.archive_date.is_none());
    let Some(user) = user.filter(|user| user.email_verified || !app.settings.email_verification) else { return Ok(nothing()) };
    let mut alerts = Vec::new();
    for ids in ids.chunks(PAGE as usize) {
        for row in app.store.by_ids(Alert::def(), Some(pending.company), ids).await? {
            alerts.push(Alert::from_record(row)?);
        }
    }
    // What this mail told already was told by a process that ended before it could take the mail out of the outbox.
    alerts.retain(|a| is_under_way(a) && a.status == AlertStatus::Open && a.recipient_user_id.0 == recipient);
    if alerts.is_empty() {
        return Ok(nothing());
    }
    alerts.sort_by_key(|alert| (std::cmp::Reverse(weight(alert.severity)), alert.meta.created_at, alert.meta.id));
    let name = company.map(Company::from_record).transpose()?.map(|company| company.name).unwrap_or_default();
    let told = alerts.iter().map(|alert| alert.meta.id).collect();
    Ok(Mailing { mail: Some(compose(&user, &name, &alerts, &app.settings.frontend_url)), told })
}

/// Whether an alert's mail is written, and nobody knows yet what became of it.
fn is_under_way(alert: &Alert) -> bool {
    alert.meta.is_active && alert.email_status == EmailStatus::Queued && alert.mailed_at.is_some()
}

fn ids(pending: &Pending) -> Vec<Uuid> {
    pending.payload["alerts"].as_array().into_iter().flatten().filter_map(|id| id.as_str()?.parse().ok()).collect()
}

/// Writes down what became of a mail's alerts, which was tried at `began`: those that it told of have this status, the others were not
/// worth telling any more.
pub async fn settle(app: &App, pending: &Pending, told: &[Uuid], status: EmailStatus, began: Timestamp) -> Result<()> {
    let (ids, told): (Vec<Uuid>, BTreeSet<Uuid>) = (ids(pending), told.iter().copied().collect());
    let ctx = ctx(app, pending.company);
    let rows = ids.iter().map(|id| (Alert::def(), *id)).collect();
    let act = ctx.clone();
    let decide = move |facts: &Facts| {
        let (mut changes, mut first) = (Changes::none(), None);
        for id in &ids {
            let Some(alert) = facts.any::<Alert>(*id)?.filter(is_under_way) else { continue };
            first.get_or_insert(*id);
            let alert = match told.contains(id) {
                // The pause until the next one begins when it was sent.
                true if status == EmailStatus::Sent => {
                    Alert { email_status: status, mailed_at: alert.mailed_at.max(Some(began)), ..alert }
                }
                true => Alert { email_status: status, ..alert },
                false => Alert { email_status: EmailStatus::Dismissed, ..alert },
            };
            changes = changes.put(&alert.touched(facts.now));
        }
        Ok((first.map_or_else(Changes::none, |id| changes.event(note(&act, id))), ()))
    };
    commit_with(app, &ctx, Needs { rows, ..Needs::none() }, decide).await
}

#[cfg(test)]
mod tests {
    use super::super::letter::tests::alert;
    use super::*;

    fn mailed(at: i64, email_status: EmailStatus) -> Alert {
        Alert { mailed_at: Some(Timestamp(at)), email_status, ..alert(1) }
    }

    #[test]
    fn the_next_mail_comes_ten_minutes_after_the_last() {
        let next = |status, now| next_mail(&mailed(0, status), Timestamp(now));
        assert_eq!(next_mail(&alert(1), Timestamp(0)), None, "there was none");
        for over in [EmailStatus::Sent, EmailStatus::Failed, EmailStatus::Dismissed] {
            assert_eq!((next(over, PAUSE - 1), next(over, PAUSE)), (Some(Timestamp(PAUSE)), None));
        }
    }

    #[test]
    fn a_mail_under_way_is_waited_for_ever_more_patiently() {
        let wait = |now| next_mail(&mailed(0, EmailStatus::Queued), Timestamp(now)).map(|next| next.0 - now);
        assert_eq!((wait(0), wait(PAUSE), wait(3 * PAUSE)), (Some(PAUSE), Some(PAUSE), Some(3 * PAUSE)));
        assert_eq!((wait(Timestamp::DAY), wait(LOST - 1)), (Some(MAX_WAIT), Some(MAX_WAIT)));
        assert_eq!(wait(LOST), None, "nobody will ever hear of it");
    }
}
