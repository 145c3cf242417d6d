//! Weekly insights: from Monday at six, by the company's clock, one for the admins and one for each manager who is no admin is asked
//! for, page by page. They stand as pending insights until a worker has written them ([`super::jobs`]).
//!
//! The week that was planned last, and how far, stands in the database, so that it happens once, across restarts and nodes; who was
//! not subscribed on Monday gets the week's insights on subscribing.

use chrono::{Datelike, Days, NaiveTime};
use serde_json::json;
use workforceos_actors::{Facts, Needs, TimerPass};
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::Result;
use workforceos_core::id::{CompanyId, UserId};
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{AI_ANALYTICS, AiInsight, AudienceType, CompanySubscription, InsightWeek, SubscriptionStatus};
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::{Ctx, Subscription, Tenant};
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::zone::{Zone, week_start};

use super::rules;

/// The hour of Monday at which a week's insights are asked for.
const HOUR: u32 = 6;
/// How many managers' insights are asked for at once, and how long it takes until more are: workers take what is asked for first, and
/// so come to other companies' meanwhile.
const PAGE: usize = 100;
const PAUSE: i64 = 5 * Timestamp::MINUTE;
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
    let next = next(zone, facts.now);
    let monday = week_start(zone.date(facts.now));
    let week = name(monday);
    if facts.now < begins(zone, monday) {
        return Ok((Changes::none(), Some(next)));
    }
    let planned = facts.rows::<InsightWeek>()?.into_iter().next();
    let asked_to = match planned.as_ref().filter(|planned| planned.week >= week) {
        None => None,
        Some(InsightWeek { asked_to: None, .. }) => return Ok((Changes::none(), Some(next))),
        Some(InsightWeek { asked_to, meta, .. }) => {
            let due = Timestamp(meta.updated_at.0 + PAUSE);
            if facts.now < due {
                return Ok((Changes::none(), Some(due.min(next))));
            }
            *asked_to
        }
    };
    let mut managers = rules::managers(facts.state);
    managers.retain(|user| rules::is_no_admin(facts.state, *user));
    let (page, more_after) = page(&managers, asked_to);
    let ctx = crate::system_ctx(Tenant::of(facts.state.company_id, "", zone), facts.now, "weeklyInsights");
    // The admins' own comes with the first page.
    let admins = asked_to.is_none().then_some(None);
    let audiences = admins.into_iter().chain(page.iter().copied().map(Some));
    let changes = audiences.fold(marked(facts, &ctx, planned, &week, more_after), |changes, manager| {
        changes.join(asked_for(facts, &ctx, monday, &week, manager))
    });
    let again = more_after.map(|_| Timestamp(facts.now.0 + PAUSE));
    Ok((changes, Some(again.map_or(next, |again| again.min(next)))))
}

/// The managers after one, as many as are asked for at once, and the last of them if there are more. They are in their order.
fn page(managers: &[UserId], after: Option<UserId>) -> (&[UserId], Option<UserId>) {
    let rest = &managers[managers.partition_point(|manager| Some(*manager) <= after)..];
    match rest.get(..PAGE) {
        Some(page) if rest.len() > PAGE => (page, page.last().copied()),
        _ => (rest, None),
    }
}

/// The week is planned as far as to a manager; to the end where none is named.
fn marked(facts: &Facts, ctx: &Ctx, planned: Option<InsightWeek>, week: &str, asked_to: Option<UserId>) -> Changes {
    let week = week.to_owned();
    let planned = match planned {
        Some(planned) => InsightWeek { week, asked_to, ..planned }.touched(facts.now),
        None => {
            let (meta, company_id) = (Meta::new(facts.new_id(), facts.now, None), facts.state.company_id);
            InsightWeek { meta, week, asked_to, company_id }
        }
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
        details: "This week's insight is being written.".to_owned(),
        period: Some(format!("{from} to {to}")),
        job_key: Some(key(week, manager)),
        work_at: Some(facts.now),
        ..rules::blank(facts.state.company_id, None)
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

    fn user(number: u128) -> UserId {
        UserId(uuid::Uuid::from_u128(number))
    }

    #[test]
    fn every_manager_is_on_one_page() {
        for count in [0, 1, 99, 100, 101, 200, 201, 1_234] {
            let managers: Vec<UserId> = (0..count).map(user).collect();
            let (mut told, mut after) = (Vec::new(), None);
            loop {
                let (page, more_after) = page(&managers, after);
                assert!(page.len() <= PAGE && (page.len() == PAGE || more_after.is_none()));
                told.extend_from_slice(page);
                after = more_after;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(told, managers);
        }
        // Who came up to then and is gone by now, is not in the way.
        let managers: Vec<UserId> = (0..300).filter(|n| *n != 99).map(user).collect();
        assert_eq!(page(&managers, Some(user(99))).0.first(), Some(&user(100)));
    }

    #[test]
    fn a_key_is_of_one_manager() {
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
