//! `analyzeOvertime`: who works longer than the policy has it, by the rules of payroll.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::Datelike;
use serde_json::{Value as Json, json};
use workforceos_core::Reach;
use workforceos_core::answer::Answer;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::UserId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::CompanyPolicy;
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::Ctx;
use workforceos_core::time::Date;
use workforceos_core::zone::week_start;

use super::answer::{Analysis, computed, shape_of};
use super::asked::{Asked, Period, question};
use super::facts::{self, Came, Facts};
use super::figures::rounded;
use super::rates::{Unit, map, person};
use super::{minutes, shape_of_person};
use crate::payroll::compute::{self, Attended, Day, Inputs, Terms};
use crate::payroll::report::terms;
use crate::{Api, App, shape};

const RATE: &str = "Overtime rate: days with overtime ÷ days worked, from ended shifts with check-out. Overtime is payroll's: a day's \
                    minutes above dailyHours, and what takes an ISO week's other minutes above weeklyHours (which falls on its last \
                    days). Intervals are Wilson's, 95 %.";

pub fn api() -> Api {
    Api::get("analyzeOvertime")
        .named("overtime")
        .at("/v1/analytics/overtime")
        .reach(Reach::Own)
        .long_output(output)
        .about(
            "Overtime, counted as payroll does. Minutes over all and by person, the part of days with overtime with its interval, who, which \
             weekday or department has it significantly more or less often, and the trend. Employees see themselves, managers their reports, \
             admins all. Tells no pay; refuses more than 366 days.",
        )
        .handler_for(|asked: &Asked| asked.user_id, handle)
}

/// A person's day.
struct Worked {
    user: UserId,
    day: Day,
}

impl Worked {
    fn overtime(&self) -> i64 {
        self.day.daily_overtime + self.day.weekly_overtime
    }
}

async fn handle(app: Arc<App>, ctx: Ctx, asked: Asked) -> Result<Answer> {
    let question = question(&app, &ctx, &asked).await?;
    let _place = app.analyses.take(ctx.company()).await?;
    let policy = app.store.select(&Query::of(CompanyPolicy::def(), ctx.company(), Cond::TRUE)).await?;
    let policy = policy.into_iter().next().ok_or_else(|| Error::not_found(CompanyPolicy::def().name))?;
    let terms = terms(&CompanyPolicy::from_record(policy)?);
    // What a day's weekly overtime is depends on its week from Monday on.
    let mut whole_weeks = question.clone();
    whole_weeks.period.from = week_start(question.period.from);
    let facts = facts::read(&app, &ctx, &whole_weeks).await?;
    let period = question.period;
    let worked = computed(move || days(&facts, period, &terms)).await?;
    let units = worked.iter().map(|w| Unit { user: w.user, date: w.day.date, hit: w.overtime() > 0 }).collect();
    let analysis = Analysis::of((&app, &ctx, &question), "overtimeRate", RATE, units).await?;
    let people = people(&worked, &analysis.people, question.limit);
    let own = map([("minutes", minutes::figures(&by_day(&worked))), ("totals", totals(&worked)), ("byPerson", people)]);
    Ok(analysis.answer(own, &[minutes::METHOD]))
}

/// Everybody's days with their overtime.
fn days(facts: &Facts, period: Period, terms: &Terms) -> Vec<Worked> {
    let mut records: BTreeMap<UserId, Vec<(Date, Attended)>> = BTreeMap::new();
    for fact in &facts.all {
        if let Came::Attended { worked: Some(worked), .. } = fact.came {
            records.entry(fact.user).or_default().push((fact.date, Attended::Minutes(worked)));
        }
    }
    let mut days = Vec::new();
    for (user, records) in records {
        let inputs = Inputs {
            from: period.from,
            to: period.to,
            terms: terms.clone(),
            salary: None,
            employed_from: period.from,
            records,
            leave: Vec::new(),
            holidays: BTreeSet::new(),
        };
        days.extend(compute::days(&inputs).into_iter().map(|day| Worked { user, day }));
    }
    days
}

/// Minutes of overtime of the days that have some, each with its weekday.
fn by_day(worked: &[Worked]) -> Vec<(u32, f64)> {
    let over = worked.iter().filter(|w| w.overtime() > 0);
    over.map(|w| (w.day.date.weekday().number_from_monday(), w.overtime() as f64)).collect()
}

#[derive(Clone, Copy, Default)]
struct Sums {
    days: u64,
    worked: i64,
    daily: i64,
    weekly: i64,
}

impl Sums {
    fn add(&mut self, day: &Day) {
        self.days += 1;
        self.worked += day.minutes;
        self.daily += day.daily_overtime;
        self.weekly += day.weekly_overtime;
    }

    fn json(&self) -> Json {
        let overtime = self.daily + self.weekly;
        let mut json = json!({
            "days": self.days, "workedMinutes": self.worked, "overtimeMinutes": overtime, "dailyOvertime": self.daily,
            "weeklyOvertime": self.weekly,
        });
        if self.worked > 0 {
            json["part"] = rounded(overtime as f64 / self.worked as f64);
        }
        json
    }
}

fn totals(worked: &[Worked]) -> Json {
    let mut sums = Sums::default();
    worked.iter().for_each(|w| sums.add(&w.day));
    sums.json()
}

/// Those with most overtime first.
fn people(worked: &[Worked], names: &crate::people::Names, limit: usize) -> Json {
    let mut people: BTreeMap<UserId, Sums> = BTreeMap::new();
    for w in worked {
        people.entry(w.user).or_default().add(&w.day);
    }
    let mut rows: Vec<(UserId, Sums)> = people.into_iter().filter(|(user, _)| !names.of(*user).is_empty()).collect();
    rows.sort_by_key(|(user, sums)| (-(sums.daily + sums.weekly), -sums.worked, *user));
    let row = |(user, sums): &(UserId, Sums)| {
        let mut row = sums.json();
        for (name, value) in person(names, *user) {
            row[name] = value;
        }
        row
    };
    json!({"total": rows.len(), "rows": rows.iter().take(limit).map(row).collect::<Json>()})
}

fn sums() -> [(&'static str, Json); 6] {
    [
        ("days", shape::whole("Days worked.")),
        ("workedMinutes", shape::whole("Paid minutes.")),
        ("overtimeMinutes", shape::whole("Of these overtime.")),
        ("dailyOvertime", shape::whole("Of it above the day's hours.")),
        ("weeklyOvertime", shape::whole("Of it above the week's hours.")),
        ("part", shape::number("Overtime's part of paid minutes, 0 to 1.")),
    ]
}

fn output() -> Json {
    let people = [
        ("total", shape::whole("People there are.")),
        ("rows", shape::list(shape_of_person("A person.", sums()), "Those with most overtime first.")),
    ];
    shape_of(
        "Overtime.",
        "Days with overtime, of days worked.",
        [
            ("totals", shape::object("Minutes in all.", sums())),
            ("minutes", minutes::shape("Minutes of overtime of a day that has some.")),
            ("byPerson", shape::object("Minutes by person.", people)),
        ],
    )
}
