//! Looks at alerts again, and at who is planned for too much: each look is a decision in the company's turn, on what then holds.

use std::collections::BTreeSet;

use uuid::Uuid;
use workforceos_actors::{Facts, Needs};
use workforceos_core::change::Changes;
use workforceos_core::error::Result;
use workforceos_core::id::CompanyId;
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{Alert, AlertStatus, AlertType, EmailStatus, Shift, User};
use workforceos_core::query::{Cond, Op, Query, order};
use workforceos_core::session::{Ctx, Tenant};
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::value::Value;
use workforceos_core::zone::{Zone, next_day, previous_day, week_start};

use super::news::News;
use super::standing::{Verdict, follow, pairs_of, verdict};
use super::touched::{conds, widened};
use super::workload::{self, Scope, Week};
use super::{ended, raise};
use crate::{App, commit_with, system_ctx};

/// Alerts of one decision.
const PAGE: usize = 200;

/// Does what news ask for.
pub async fn review(app: &App, company: CompanyId, news: &News) -> Result<()> {
    let tenant = Tenant::of(company, "", Zone::UTC);
    let ctx = system_ctx(tenant, app.clock.now(), "alerts");
    for cond in conds(&widened(app, company, news).await?) {
        look(app, &ctx, cond).await?;
    }
    if !news.load.is_empty() {
        load(app, &ctx, &news.load).await?;
    }
    Ok(())
}

/// Looks at the alerts that stand and satisfy this, page by page.
async fn look(app: &App, ctx: &Ctx, cond: Cond) -> Result<()> {
    let mut after: Option<Uuid> = None;
    loop {
        let rest = after.map_or(Cond::TRUE, |id| Cond::Cmp("id", Op::Gt, Value::Id(id)));
        let cond = cond.clone().and(Cond::eq("stands", true)).and(rest);
        let query =
            Query { order: order(Alert::def(), "id"), limit: PAGE as u64, ..Query::of(Alert::def(), ctx.company(), cond) };
        let alerts = app.store.select(&query).await?.into_iter().map(Alert::from_record).collect::<Result<Vec<_>>>()?;
        let Some(last) = alerts.last() else { return Ok(()) };
        after = Some(last.meta.id);
        let (needs, count) = (needs(app, ctx.company(), &alerts).await?, alerts.len());
        let (act, ids) = (ctx.clone(), alerts.into_iter().map(|alert| alert.meta.id).collect::<Vec<_>>());
        commit_with(app, ctx, needs, move |facts| Ok((judged(facts, &act, &ids)?, ()))).await?;
        if count < PAGE {
            return Ok(());
        }
    }
}

/// The alerts with what their verdicts want, the days of their shifts and weeks included.
async fn needs(app: &App, company: CompanyId, alerts: &[Alert]) -> Result<Needs> {
    let mut days: BTreeSet<(Date, Date)> = BTreeSet::new();
    let shifts: BTreeSet<Uuid> = alerts.iter().flat_map(pairs_of).flat_map(|(one, other)| [one.0, other.0]).collect();
    let shifts: Vec<Uuid> = shifts.into_iter().collect();
    for ids in shifts.chunks(PAGE) {
        for record in app.store.select(&Query::of(Shift::def(), company, Cond::id_in("id", ids))).await? {
            let date = Shift::from_record(record)?.shift_date;
            days.insert((previous_day(date), next_day(date)));
        }
    }
    let weeks = alerts.iter().filter(|a| a.alert_type == AlertType::WorkloadOverload).filter_map(|a| a.cause.parse().ok());
    days.extend(weeks.map(workload::days));
    let rows = alerts.iter().map(|alert| (Alert::def(), alert.meta.id)).collect();
    Ok(Needs { rows, days: days.into_iter().collect(), ..Needs::none() }.and_follow(follow))
}

fn judged(facts: &Facts, ctx: &Ctx, ids: &[Uuid]) -> Result<Changes> {
    let mut changes = Changes::none();
    let mut told: BTreeSet<(Uuid, &'static str, Uuid, String)> = BTreeSet::new();
    let key = |a: &Alert| (a.recipient_user_id.0, a.alert_type.as_str(), a.related_entity_id, a.cause.clone());
    told.extend(facts.rows::<Alert>()?.iter().filter(|a| a.status == AlertStatus::Open).map(key));
    for id in ids {
        let Some(alert) = facts.any::<Alert>(*id)?.filter(|a| a.meta.is_active && a.stands) else { continue };
        match verdict(facts, &alert)? {
            Verdict::Stands => {}
            Verdict::Gone => changes = changes.join(ended(ctx, facts, alert)),
            Verdict::For(other) => {
                let anew = Alert {
                    meta: Meta::new(facts.new_id(), facts.now, None),
                    recipient_user_id: other,
                    email_status: EmailStatus::Dismissed,
                    mail_due_at: None,
                    mailed_at: None,
                    ..alert.clone()
                };
                changes = changes.join(ended(ctx, facts, alert));
                if told.insert(key(&anew)) {
                    changes = changes.join(raise(ctx, &anew));
                }
            }
        }
    }
    Ok(changes)
}

/// Raises what is to be told of who is planned for too much. Mostly there is nothing, and nothing more is read.
async fn load(app: &App, ctx: &Ctx, scope: &Scope) -> Result<()> {
    let asked = scope.clone();
    let over = commit_with(app, ctx, load_needs(scope, app.clock.now()), move |facts| {
        Ok((Changes::none(), workload::overloaded(facts.state, &asked, facts.now)))
    });
    for weeks in over.await?.chunks(PAGE) {
        let (act, weeks, needs) = (ctx.clone(), weeks.to_vec(), told_needs(ctx.company(), weeks));
        commit_with(app, ctx, needs, move |facts| Ok((workload::told(facts, &act, &weeks)?, ()))).await?;
    }
    Ok(())
}

/// The days of the weeks.
fn load_needs(scope: &Scope, now: Timestamp) -> Needs {
    let mut days: Vec<(Date, Date)> = scope.weeks.keys().copied().map(workload::days).collect();
    if scope.wants_future() {
        // Shifts of this week that are over count as well: they are not among those to come. Wherever the company is, its date is
        // one of these three.
        let today = Zone::UTC.date(now);
        days.push((week_start(previous_day(today)), workload::days(week_start(next_day(today))).1));
    }
    Needs { days, future: scope.wants_future(), ..Needs::none() }
}

/// The days of these people's weeks, the alerts that stand about them, and the people.
fn told_needs(company: CompanyId, weeks: &[Week]) -> Needs {
    let mondays: BTreeSet<Date> = weeks.iter().map(|(monday, _)| *monday).collect();
    let people: BTreeSet<Uuid> = weeks.iter().map(|(_, user)| user.0).collect();
    let people: Vec<Uuid> = people.into_iter().collect();
    let causes = mondays.iter().map(|monday| Value::Text(monday.to_string())).collect();
    let stands = Cond::eq("alertType", AlertType::WorkloadOverload.as_str()).and(Cond::eq("stands", true));
    let theirs = Cond::In("cause", causes).and(Cond::id_in("subjectUserId", &people));
    let days = mondays.into_iter().map(workload::days).collect();
    let (alerts, people) = (stands.and(theirs), Cond::id_in("id", &people));
    let needs = Needs { days, ..Needs::none() }.and_query(Query::of(Alert::def(), company, alerts));
    needs.and_query(Query::of(User::def(), company, people))
}
