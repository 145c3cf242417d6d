//! Weekly insights: on Monday at six, by the company's clock, one for the admins and one for each manager who is no admin is asked
//! for. They stand as pending insights until a worker has written them ([`super::jobs`]).
//!
//! The week that was planned last stands in the database, so that it happens once, across restarts and nodes; who was not
//! subscribed on Monday gets the week's insights on subscribing.

use chrono::{Datelike, Days, NaiveTime};
use serde_json::json;
use workforceos_actors::{Facts, Needs, TimerPass};
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::Result;
use workforceos_core::id::{CompanyId, UserId};
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{
    AI_ANALYTICS, AiInsight, AudienceType, CompanySubscription, InsightStatus, InsightWeek, SubscriptionStatus,
};
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::{Ctx, Subscription, Tenant};
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::zone::{Zone, week_start};

use super::rules;

/// The hour of Monday at which a week's insights are asked for.
const HOUR: u32 = 6;
/// The most insights of a week. Managers beyond get none, which the log says.
const MAX_ROWS: usize = 200;
/// What a weekly insight is about.
const KIND: &str = "weekly";

/// The active subscription, and the week that was planned last.
pub fn needs(company: CompanyId, _: Timestamp) -> Needs {
    Needs::none().and_query(subscription(company)).and_query(Query::of(InsightWeek::def(), company, Cond::TRUE))
}

/// The company's active subscription: what [`subscribed`] looks at.
pub fn subscription(company: CompanyId) -> Query {
    Query::of(CompanySubscription::def(), company, Cond::eq("status", SubscriptionStatus::Active.as_str()))
}

/// The company's subscription, if it is good for insights now.
pub fn subscribed(facts: &Facts) -> Result<Option<Subscription>> {
    let active = facts.rows::<CompanySubscription>()?.into_iter().find(|s| s.status == SubscriptionStatus::Active);
    let active = active.map(|s| Subscription { features: s.features(), until: s.expiry_date });
    Ok(active.filter(|s| s.is_good_for(AI_ANALYTICS, facts.now)))
}

/// The key of the insight of a week for the admins or for a manager.
fn key(week: &str, manager: Option<UserId>) -> String {
    manager.map_or_else(|| format!("{KIND}:{week}:admin"), |user| format!("{KIND}:{week}:manager:{user}"))
}

/// Whether a key is of an insight for this manager.
pub fn is_of(key: &str, manager: UserId) -> bool {
    key.ends_with(&format!(":manager:{manager}"))
}

/// The ISO week of a date, for example `2026-W23`.
pub fn name(date: Date) -> String {
    let week = date.iso_week();
    format!("{}-W{:02}", week.year(), week.week())
}

/// When the insights of the week of that Monday are asked for.
fn begins(zone: Zone, monday: Date) -> Timestamp {
    zone.resolve(monday.and_time(NaiveTime::from_hms_opt(HOUR, 0, 0).unwrap_or(NaiveTime::MIN)))
}

/// When a company's next weekly insights are asked for.
pub fn next(zone: Zone, now: Timestamp) -> Timestamp {
    let monday = week_start(zone.date(now));
    let this = begins(zone, monday);
    if now < this { this } else { begins(zone, monday.checked_add_days(Days::new(7)).unwrap_or(monday)) }
}

/// A pass by the clock.
pub fn sweep(facts: &Facts) -> Result<TimerPass> {
    let zone = facts.state.zone();
    if subscribed(facts)?.is_none() {
        // Subscribing says that something is due.
        return Ok((Changes::none(), None));
    }
    let next = Some(next(zone, facts.now));
    let monday = week_start(zone.date(facts.now));
    let week = name(monday);
    let planned = facts.rows::<InsightWeek>()?.into_iter().next();
    if facts.now < begins(zone, monday) || planned.as_ref().is_some_and(|planned| planned.week >= week) {
        return Ok((Changes::none(), next));
    }
    let ctx = crate::system_ctx(Tenant::of(facts.state.company_id, "", zone), facts.now, "weeklyInsights");
    let managers: Vec<UserId> =
        rules::managers(facts.state).into_iter().filter(|user| rules::is_no_admin(facts.state, *user)).collect();
    let left_out = managers.len().saturating_sub(MAX_ROWS - 1);
    if left_out > 0 {
        let company = facts.state.company_id;
        tracing::warn!(%company, week, left_out, "there are more managers than a week has insights: some get none");
    }
    let audiences = std::iter::once(None).chain(managers.into_iter().map(Some)).take(MAX_ROWS);
    let changes = audiences.fold(marked(facts, &ctx, planned, &week), |changes, manager| {
        changes.join(asked_for(facts, &ctx, monday, &week, manager))
    });
    Ok((changes, next))
}

/// The week is planned.
fn marked(facts: &Facts, ctx: &Ctx, planned: Option<InsightWeek>, week: &str) -> Changes {
    let week = week.to_owned();
    let planned = match planned {
        Some(planned) => InsightWeek { week, ..planned }.touched(facts.now),
        None => InsightWeek { meta: Meta::new(facts.new_id(), facts.now, None), week, company_id: facts.state.company_id },
    };
    let mut note = Event::audit(ctx, InsightWeek::def().name, planned.meta.id).after(&planned);
    note.audited = false;
    Changes::none().put(&planned).event(note)
}

/// An insight that is still to be written: about the week before, for the admins or for a manager.
fn asked_for(facts: &Facts, ctx: &Ctx, monday: Date, week: &str, manager: Option<UserId>) -> Changes {
    let from = monday.checked_sub_days(Days::new(7)).unwrap_or(monday);
    let to = monday.checked_sub_days(Days::new(1)).unwrap_or(monday);
    let insight = AiInsight {
        meta: Meta::new(facts.new_id(), facts.now, None),
        insight_type: KIND.to_owned(),
        audience_user_id: manager,
        audience_type: if manager.is_some() { AudienceType::Manager } else { AudienceType::Admin },
        applicable_period: json!({"from": from.to_string(), "to": to.to_string()}),
        title: None,
        summary: None,
        details: "This week's insight is being written.".to_owned(),
        suggestion: None,
        period: Some(format!("{from} to {to}")),
        chart: None,
        data: None,
        figures: None,
        agent_name: None,
        provider: None,
        ai_status: InsightStatus::Pending,
        delivered_time: None,
        job_key: Some(key(week, manager)),
        work_at: Some(facts.now),
        tries: 0,
        company_id: facts.state.company_id,
    };
    let mut note = Event::audit(ctx, AiInsight::def().name, insight.meta.id).after(&insight);
    note.audited = false;
    Changes::none().put(&insight).event(note)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("an instant")
    }

    #[test]
    fn weeks_begin_on_monday_at_six_by_the_companys_clock() {
        let berlin = Zone::parse("Europe/Berlin").expect("a zone");
        for (now, then) in [
            // Summer time: six there is four in UTC.
            ("2026-06-01T03:59:59.999Z", "2026-06-01T04:00:00Z"),
            ("2026-06-01T04:00:00Z", "2026-06-08T04:00:00Z"),
            ("2026-06-07T21:59:59Z", "2026-06-08T04:00:00Z"),
            ("2026-06-07T22:00:00Z", "2026-06-08T04:00:00Z"),
            // Across the change of clocks, on Sunday the 25th.
            ("2026-10-19T04:00:00Z", "2026-10-26T05:00:00Z"),
        ] {
            assert_eq!(next(berlin, at(now)), at(then), "{now}");
        }
    }

    #[test]
    fn a_key_is_of_one_manager() {
        let user = |number| UserId(uuid::Uuid::from_u128(number));
        let of_one = key("2026-W23", Some(user(1)));
        assert!(is_of(&of_one, user(1)) && !is_of(&of_one, user(2)));
        assert!(!is_of(&key("2026-W23", None), user(1)));
    }

    #[test]
    fn a_week_is_named_as_iso_names_it() {
        let day = |text: &str| text.parse::<Date>().expect("a date");
        assert_eq!(name(day("2026-06-01")), "2026-W23");
        assert_eq!(name(day("2027-01-03")), "2026-W53");
        assert_eq!(name(day("2027-01-04")), "2027-W01");
    }
}
