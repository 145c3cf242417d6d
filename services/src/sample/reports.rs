//! The sample company's duties and end-of-day reports: those of the kitchen and its manager in the last days, of every status and
//! some missing, and what the people whose logins are shown do on the day on which it is filled.

use std::sync::Arc;

use chrono::{Datelike, Days, Weekday};
use serde_json::json;
use workforceos_actors::{Facts, Needs, State};
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::Result;
use workforceos_core::id::{ShiftId, UserId};
use workforceos_core::object::Meta;
use workforceos_core::objects::{Duty, DutyStatus};
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::zone::Zone;

use super::doings::{Caller, none};
use super::log_in;
use super::people::{self, ADMIN, KITCHEN, Staff, crew, employee, manager};
use crate::governance::eod::{self, Review, Words};
use crate::{App, commit_with};

/// How many days back they go.
const BACK: u64 = 14;
/// How long after their end reports are written, and how long after that they are reviewed.
const WRITTEN: i64 = 9;
const REVIEWED: i64 = 13 * 60;

/// What became of a day's report.
#[derive(Clone, Copy)]
enum Fate {
    /// Nobody wrote it.
    Missing,
    Waits,
    Reviewed(Review, Option<&'static str>),
}
use Fate::{Missing, Reviewed, Waits};

const APPROVED: Fate = Reviewed(Review::Approved, None);
const PRAISED: Fate = Reviewed(Review::Approved, Some("Well done, thank you."));
const REJECTED: Fate = Reviewed(Review::Rejected, Some("You left before the handover: talk to me."));

/// Day by day, the latest first; what was before is approved. The older of the employee's waiting ones is sent back on the day on
/// which the sample is made.
const OF_EMPLOYEE: [Fate; 5] = [Waits, Waits, Missing, PRAISED, REJECTED];
const OF_OTHERS: [Fate; 4] = [Waits, APPROVED, Missing, PRAISED];
const OF_MANAGER: [Fate; 3] = [Waits, Missing, PRAISED];

const COOKS: [&str; 4] =
    ["Check the temperatures of the cold store", "Label what was opened", "Sharpen the knives", "Write tomorrow's order"];
const CHEFS: [&str; 3] = ["Taste before dinner", "Sign the suppliers' invoices", "Talk to two guests about breakfast"];
const ADMINS: [&str; 3] = ["Walk through the house", "Answer the reviews of the week", "Call the linen service"];

const SUMMARIES: [&str; 3] = [
    "Everything went out in time. The cold store is tidy, and the order for tomorrow is written.",
    "A full house: we were two trays short of eggs and took pastries instead. Nobody complained.",
    "A quiet day. We used it to clean the fryer and to try two dishes of the autumn menu.",
];
const BLOCKERS: [Option<&str>; 3] = [None, Some("The dishwasher stopped twice."), None];
const PLANS: [Option<&str>; 3] = [Some("Prepare the buffet for the wedding."), None, Some("Try the third dish.")];

/// Somebody's day of work that is over: until when they were there, and what became of its report.
#[derive(Clone, Copy)]
struct Over {
    date: Date,
    left: Timestamp,
    fate: Fate,
}

/// Duties and reports of the days before today.
pub(super) async fn of_past_days(app: &App, staff: &Staff) -> Result<()> {
    for person in std::iter::once(manager(KITCHEN)).chain(crew(KITCHEN)) {
        let days = duties(app, staff, person).await?;
        reports(app, staff, person, days).await?;
    }
    Ok(())
}

/// Sets the duties of somebody's days, and tells which days these were.
async fn duties(app: &App, staff: &Staff, person: usize) -> Result<Vec<Over>> {
    let (ctx, user) = (staff.ctx.clone(), staff.users[person]);
    let today = ctx.tenant.zone.date(ctx.now());
    let from = today.checked_sub_days(Days::new(BACK)).unwrap_or(today);
    let decide = move |facts: &Facts| {
        let days = over(facts.state, user, person, today);
        let rows = days.iter().flat_map(|day| duties_of(facts, user, person, day));
        let event = Event::audit(&ctx, "company", ctx.company()).extra(json!({"daysOfDuties": days.len()}));
        Ok((rows.fold(Changes::none(), |changes, duty| changes.put(&duty)).event(event), days))
    };
    commit_with(app, &staff.ctx, Needs { days: vec![(from, today)], ..Needs::none() }, decide).await
}

/// The days of the last weeks at whose end somebody left; a manager has no shifts, and comes on weekdays.
fn over(state: &State, user: UserId, person: usize, today: Date) -> Vec<Over> {
    let leads = person == manager(KITCHEN);
    let of_shifts = |date| {
        let shifts = state.schedule.on(date);
        shifts.filter_map(|shift| state.attendance.of(ShiftId(shift.meta.id), user)?.check_out_time).max()
    };
    let left = |date: Date| if leads { of_office(state.zone(), date) } else { of_shifts(date) };
    let dates = (1..=BACK).filter_map(|n| today.checked_sub_days(Days::new(n)));
    let fates: &[Fate] = match person {
        _ if leads => &OF_MANAGER,
        _ if person == employee(KITCHEN) => &OF_EMPLOYEE,
        _ => &OF_OTHERS,
    };
    let days = dates.filter_map(|date| Some((date, left(date)?)));
    days.zip(fates.iter().chain(std::iter::repeat(&APPROVED)))
        .map(|((date, left), fate)| Over { date, left, fate: *fate })
        .collect()
}

fn of_office(zone: Zone, date: Date) -> Option<Timestamp> {
    let works = !matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
    date.and_hms_opt(17, 30, 0).filter(|_| works).map(|local| zone.resolve(local))
}

/// A day's duties, of which most were done.
fn duties_of(facts: &Facts, user: UserId, person: usize, day: &Over) -> Vec<Duty> {
    let titles: &[&str] = if person == manager(KITCHEN) { &CHEFS } else { &COOKS };
    let made = |n: usize| Timestamp(day.left.0 - 7 * Timestamp::HOUR + n as i64 * Timestamp::MINUTE);
    let duty = |(n, title): (usize, &&str)| Duty {
        meta: Meta::new(facts.ids.next(made(n)), made(n), Some(user.0)),
        user_id: user,
        duty_date: day.date,
        title: (*title).to_owned(),
        description: None,
        status: if (turn(person, day.date) + n).is_multiple_of(5) { DutyStatus::Pending } else { DutyStatus::Completed },
        company_id: facts.state.company_id,
    };
    titles.iter().enumerate().map(duty).collect()
}

/// So that days differ.
fn turn(person: usize, date: Date) -> usize {
    person + date.num_days_from_ce() as usize
}

/// Draws up somebody's reports as the APIs would have, each at its time.
async fn reports(app: &App, staff: &Staff, person: usize, days: Vec<Over>) -> Result<()> {
    let (ctx, user) = (staff.ctx.clone(), staff.users[person]);
    let by = staff.users[if person == manager(KITCHEN) { ADMIN } else { manager(KITCHEN) }];
    let needs = days.iter().map(|day| eod::needs(ctx.company(), ctx.tenant.zone, user, day.date)).fold(Needs::none(), Needs::and);
    let decide = move |facts: &Facts| {
        let mut changes = Changes::none();
        for day in &days {
            let at = day.left.plus_minutes(WRITTEN).min(facts.now);
            let submitted = || {
                let report = eod::draw_up(facts, user, day.date, None, at)?;
                Ok::<_, workforceos_core::Error>(eod::submitted(report, words(turn(person, day.date)), at))
            };
            changes = match day.fate {
                Missing => changes,
                Waits => changes.join(eod::handed_in(facts, &ctx, &submitted()?, people::name(person))),
                Reviewed(review, comments) => {
                    let at = at.plus_minutes(REVIEWED).min(facts.now);
                    let mut report = eod::reviewed(submitted()?, review, comments.map(str::to_owned), by, at);
                    report.meta.updated_at = at;
                    changes.put(&report)
                }
            };
        }
        let event = Event::audit(&ctx, "company", ctx.company()).extra(json!({"daysOfReports": days.len()}));
        Ok((changes.event(event), ()))
    };
    commit_with(app, &staff.ctx, needs, decide).await
}

fn words(turn: usize) -> Words {
    let text = |text: Option<&str>| text.map(str::to_owned);
    let (summary, blockers, plan) =
        (SUMMARIES[turn % SUMMARIES.len()], BLOCKERS[turn % BLOCKERS.len()], PLANS[turn % PLANS.len()]);
    Words { summary: summary.to_owned(), blockers: text(blockers), next_day_plan: text(plan) }
}

/// What those whose logins are shown have done today: duties, a report that is drawn up, and one that goes back to its author.
pub(super) async fn of_today(app: &Arc<App>, admin: &Caller) -> Result<()> {
    let email = people::email(employee(KITCHEN));
    let cook = log_in(app, &email).await?;
    let chef = log_in(app, &people::email(manager(KITCHEN))).await?;
    for (who, duties) in [(&cook, &COOKS[..3]), (&chef, &CHEFS[..]), (admin, &ADMINS[..])] {
        for (n, title) in duties.iter().enumerate() {
            let status = if n == 0 { DutyStatus::Completed } else { DutyStatus::Pending };
            who.call("createDuty", json!({"title": title, "status": status.as_str()})).await?;
        }
        who.call("generateEodReport", none()).await?;
    }
    let waiting = chef.data("listTeamEodReports", json!({"search": email, "status": "Pending Approval"})).await?;
    let Some(oldest) = waiting.as_array().and_then(|reports| reports.last()) else { return Ok(()) };
    let comments = "Please add what was left over, and who has the key of the cold store.";
    let review = json!({"id": oldest["id"], "action": Review::NeedsRevision.as_str(), "comments": comments});
    chef.call("reviewEodReport", review).await.map(drop)
}
