//! `analyzeAbsenteeism`: who misses shifts, on which weekdays, in which departments, and whether it grows.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::Datelike;
use serde_json::{Value as Json, json};
use workforceos_core::answer::Answer;
use workforceos_core::error::Result;
use workforceos_core::id::{DepartmentId, UserId};
use workforceos_core::object::DataObject;
use workforceos_core::objects::CompanyPolicy;
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::Ctx;
use workforceos_core::time::Date;
use workforceos_core::{Reach, input};

use super::answer::{Analysis, shape_of};
use super::asked::{Asked, Period, Question, earlier, later, question};
use super::away::approved;
use super::facts::{self, Came};
use super::pages::PERIOD;
use super::rates::{Unit, map, weekday};
use super::shares::{self, Counts};
use crate::{Api, App, shape};

const RATE: &str = "Absence rate: absent ÷ (absent + attended) at ended, published shifts that were not cancelled; approved leave is no \
                    absence. Intervals are Wilson's, 95 %.";
const LEAVE: &str = "leaveStarts counts approved requests that begin in the period: by workday over whole weeks up to its end, and by \
                     whole month.";

input! {
    pub struct Absenteeism {
        /// First date (84 days up to the last).
        from: Option<Date> => "from" Query,
        /// Last date (today); at most 366 days.
        to: Option<Date> => "to" Query,
        /// Only this department's present members.
        department_id: Option<DepartmentId> => "departmentId" Query,
        /// Only this person.
        user_id: Option<UserId> => "userId" Query,
        /// In leaveStarts only leave of this type, e.g. sick.
        leave_type: Option<String> => "leaveType" Query,
        /// Most rows of a list, 1 to 100 (25).
        limit: Option<i64> => "limit" Query,
    }
}

impl Absenteeism {
    fn asked(&self) -> Asked {
        let Absenteeism { from, to, department_id, user_id, limit, .. } = *self;
        Asked { from, to, department_id, user_id, limit }
    }
}

pub fn api() -> Api {
    Api::get("analyzeAbsenteeism")
        .named("absenteeism")
        .at("/v1/analytics/absenteeism")
        .reach(Reach::Own)
        .long_output(output)
        .about(
            "Who misses shifts, when and where, and whether it grows. Absence rates with intervals: which people, weekdays or departments \
             differ significantly from the rest (adjusted for many comparisons), and the trend; also on which weekdays and in which months \
             leave begins. Employees see themselves, managers their reports, admins all. Says tooLittleData instead of guessing; refuses \
             more than 366 days.",
        )
        .handler_for(|asked: &Absenteeism| asked.user_id, handle)
}

async fn handle(app: Arc<App>, ctx: Ctx, asked: Absenteeism) -> Result<Answer> {
    let question = question(&app, &ctx, &asked.asked()).await?;
    let _place = app.analyses.take(ctx.company()).await?;
    let facts = facts::read(&app, &ctx, &question).await?;
    let units = facts.counted().map(|f| Unit { user: f.user, date: f.date, hit: f.came == Came::Absent }).collect();
    let on_leave = facts.on_leave();
    let mut analysis = Analysis::of((&app, &ctx, &question), "absenceRate", RATE, units).await?;
    let starts = leave_starts(&app, &ctx, &question, asked.leave_type.as_deref()).await?;
    analysis.findings.extend(starts.iter().flat_map(Counts::findings));
    let starts: Json = starts.iter().map(|counts| counts.json(question.limit.max(12))).collect();
    Ok(analysis.answer(map([("onLeave", json!(on_leave)), ("leaveStarts", starts)]), &[LEAVE, shares::METHOD]))
}

async fn leave_starts(app: &App, ctx: &Ctx, question: &Question, kind: Option<&str>) -> Result<Vec<Counts>> {
    let policy = app.store.select(&Query::of(CompanyPolicy::def(), ctx.company(), Cond::TRUE)).await?;
    let policy = policy.into_iter().next().map(CompanyPolicy::from_record).transpose()?;
    let workdays = policy.map(|policy| workdays(&policy.workdays)).unwrap_or_default();
    let mut starts: Vec<Date> = Vec::new();
    approved(app, ctx, (&question.whose, question.period, PERIOD), |request| {
        if kind.is_none_or(|kind| same_type(&request.leave_type, kind)) {
            starts.push(request.start_date);
        }
    })
    .await?;
    Ok(vec![by_workday(&starts, question.period, &workdays), by_month(&starts, question.period)])
}

fn same_type(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

fn workdays(json: &Json) -> Vec<u32> {
    let mut days: Vec<u32> =
        json.as_array().into_iter().flatten().filter_map(|d| d.as_u64().and_then(|d| u32::try_from(d).ok())).collect();
    days.sort_unstable();
    days
}

/// Over so many whole weeks that every weekday comes equally often.
fn by_workday(starts: &[Date], period: Period, workdays: &[u32]) -> Counts {
    let days = period.days() / 7 * 7;
    let from = later(earlier(period.to, u64::try_from(days).unwrap_or(0)), 1);
    let on = |day: u32| {
        let hit = |date: &&Date| **date >= from && period.contains(**date) && date.weekday().number_from_monday() == day;
        starts.iter().filter(hit).count() as u64
    };
    Counts { measure: "leaveStarts", by: "weekday", groups: workdays.iter().map(|day| (weekday(*day), on(*day))).collect() }
}

/// The months that lie in the period with all of their days.
fn by_month(starts: &[Date], period: Period) -> Counts {
    let mut months: BTreeMap<(i32, u32), u64> = BTreeMap::new();
    for date in period.from.iter_days().take_while(|date| *date <= period.to) {
        let first = date.with_day(1).unwrap_or(date);
        let whole = first >= period.from && last_of_month(first) <= period.to;
        if whole {
            months.entry((date.year(), date.month())).or_default();
        }
    }
    for date in starts {
        if let Some(count) = months.get_mut(&(date.year(), date.month())) {
            *count += 1;
        }
    }
    let month = |((year, month), count)| (map([("month", json!(format!("{year:04}-{month:02}")))]), count);
    Counts { measure: "leaveStarts", by: "month", groups: months.into_iter().map(month).collect() }
}

fn last_of_month(first: Date) -> Date {
    let days = first.iter_days().take_while(|date| date.month() == first.month());
    days.last().unwrap_or(first)
}

fn output() -> Json {
    shape_of(
        "Absences.",
        "Absent, of ended shifts.",
        [
            ("onLeave", shape::whole("Shifts missed on approved leave, which count nowhere.")),
            ("leaveStarts", shape::list(shares::shape("When leave begins."), "By weekday and by month.")),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().expect("a date")
    }

    #[test]
    fn weekdays_come_equally_often_and_months_are_whole() {
        let period = Period { from: day("2026-03-30"), to: day("2026-06-10") };
        let starts = [day("2026-03-31"), day("2026-04-06"), day("2026-04-30"), day("2026-05-04"), day("2026-06-08")];
        // 73 days: ten weeks back from the tenth of June begin on the second of April.
        let days = by_workday(&starts, period, &[1, 2, 3, 4, 5]);
        let counts: Vec<u64> = days.groups.iter().map(|(_, count)| *count).collect();
        assert_eq!(counts, [3, 0, 0, 1, 0]);
        let months = by_month(&starts, period);
        let told: Vec<(&Json, u64)> = months.groups.iter().map(|(about, count)| (&about["month"], *count)).collect();
        assert_eq!(told, [(&json!("2026-04"), 2), (&json!("2026-05"), 1)]);
        // Leave that began before the period is in none of its months.
        assert_eq!(by_month(&[day("2026-02-01")], period).groups.iter().map(|(_, n)| n).sum::<u64>(), 0);
        let short = Period { from: day("2026-06-08"), to: day("2026-06-10") };
        assert!(by_workday(&starts, short, &[1]).groups.iter().all(|(_, count)| *count == 0));
    }

    #[test]
    fn types_of_leave_are_names_in_whatever_case() {
        assert!(same_type("Sick ", "sick") && !same_type("sick", "annual"));
    }
}
