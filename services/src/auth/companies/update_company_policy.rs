//! `updateCompanyPolicy`: changes the company's rules, within what makes sense.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value as Json, json};
use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::api::Reach;
use workforceos_core::change::{Audience, Changes, Event};
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{CompanyPolicy, SalaryBasis};
use workforceos_core::session::Ctx;
use workforceos_core::value::Kind;
use workforceos_core::{BusinessApi, input};

use crate::{Api, App, commit};

const DAY: i64 = 24 * 60;
const MAX_TYPES: usize = 100;

input! {
    /// What changes of a company's rules.
    pub struct PolicyChange {
        /// Minutes after the start within which a check-in is still on time, 0 to 1440.
        grace_minutes: Option<i64> => "graceMinutes" Body,
        /// Minutes before the start from which one may check in, 0 to 1440.
        early_check_in_minutes: Option<i64> => "earlyCheckInMinutes" Body,
        /// Minutes after the end at which missing people are marked absent, 0 to 1440.
        auto_absent_minutes: Option<i64> => "autoAbsentMinutes" Body,
        /// Minutes after the end at which an open record raises an alert, 0 to 1440.
        missing_checkout_minutes: Option<i64> => "missingCheckoutMinutes" Body,
        /// Hours of a normal day, more than 0, at most 24.
        daily_hours: Option<f64> => "dailyHours" Body,
        /// Hours of a normal week, more than 0, at most 168.
        weekly_hours: Option<f64> => "weeklyHours" Body,
        /// What overtime pays, as a multiple, 1 to 10.
        overtime_multiplier: Option<f64> => "overtimeMultiplier" Body,
        /// Whether salaries are per month or per hour.
        salary_basis: Option<SalaryBasis> => "salaryBasis" Body,
        /// ISO weekdays (1 Monday to 7 Sunday) that are worked, at least one.
        workdays: Option<Json> => "workdays" Body .kind(Kind::Integers),
        /// Names of leave types that are not paid.
        unpaid_leave_types: Option<Json> => "unpaidLeaveTypes" Body .kind(Kind::Strings),
        /// Leave types: {name, yearlyDays (null: unlimited), carryOverDays (0)}.
        leave_types: Option<Json> => "leaveTypes" Body .kind(Kind::Objects),
        /// Worked minutes are rounded to a multiple of this, 0 to 60; 0 or 1: not at all.
        rounding_minutes: Option<i64> => "roundingMinutes" Body,
        /// Hours of rest wanted between two shifts, 0 to 48.
        rest_hours: Option<f64> => "restHours" Body,
        /// Days for which an announcement is shown, 1 to 3650.
        announcement_days: Option<i64> => "announcementDays" Body,
    }
}

pub fn api() -> Api {
    BusinessApi::update("updateCompanyPolicy")
        .on::<CompanyPolicy>()
        .at("/v1/companypolicy")
        .reach(Reach::Admins)
        .about("Changes the company's rules of attendance, hours and leave. Only what is given changes; it applies from now on.")
        .handler(|app: Arc<App>, ctx: Ctx, input: PolicyChange| async move {
            let act = ctx.clone();
            let decide = move |facts: &Facts| {
                let before = &facts.state.policy;
                let after = apply(before, &input)?.touched(facts.now);
                let event = Event::of(&act, "policy.updated", &after, Audience::everyone()).audited(Some(before));
                // The timers go by the policy: they look again at once.
                let changes = Changes::none().put(&after).event(event).due(Some(facts.now));
                Ok((changes, Answer::object(&act, &after)))
            };
            commit(&app, &ctx, Needs::none(), decide).await
        })
}

/// The policy with the changes; every value that makes no sense is named.
fn apply(before: &CompanyPolicy, change: &PolicyChange) -> Result<CompanyPolicy> {
    let mut problems = Vec::new();
    let mut whole = |name: &str, value: Option<i64>, old: i64, min: i64, max: i64| {
        if value.is_some_and(|v| !(min..=max).contains(&v)) {
            problems.push(Problem::new(name, format!("must be a whole number from {min} to {max}")));
        }
        value.unwrap_or(old)
    };
    let mut after = before.clone();
    after.grace_minutes = whole("graceMinutes", change.grace_minutes, before.grace_minutes, 0, DAY);
    after.early_check_in_minutes =
        whole("earlyCheckInMinutes", change.early_check_in_minutes, before.early_check_in_minutes, 0, DAY);
    after.auto_absent_minutes = whole("autoAbsentMinutes", change.auto_absent_minutes, before.auto_absent_minutes, 0, DAY);
    after.missing_checkout_minutes =
        whole("missingCheckoutMinutes", change.missing_checkout_minutes, before.missing_checkout_minutes, 0, DAY);
    after.rounding_minutes = whole("roundingMinutes", change.rounding_minutes, before.rounding_minutes, 0, 60);
    after.announcement_days = whole("announcementDays", change.announcement_days, before.announcement_days, 1, 3_650);
    let mut number = |name: &str, value: Option<f64>, old: f64, fits: fn(f64) -> bool, wanted: &str| {
        if value.is_some_and(|v| !fits(v)) {
            problems.push(Problem::new(name, format!("must be {wanted}")));
        }
        value.unwrap_or(old)
    };
    let (daily, weekly) = (change.daily_hours, change.weekly_hours);
    after.daily_hours = number("dailyHours", daily, before.daily_hours, |v| v > 0.0 && v <= 24.0, "more than 0, at most 24");
    after.weekly_hours =
        number("weeklyHours", weekly, before.weekly_hours, |v| v > 0.0 && v <= 168.0, "more than 0, at most 168");
    let multiplier = change.overtime_multiplier;
    after.overtime_multiplier =
        number("overtimeMultiplier", multiplier, before.overtime_multiplier, |v| (1.0..=10.0).contains(&v), "from 1 to 10");
    after.rest_hours = number("restHours", change.rest_hours, before.rest_hours, |v| (0.0..=48.0).contains(&v), "from 0 to 48");
    after.salary_basis = change.salary_basis.unwrap_or(before.salary_basis);
    if let Some(days) = &change.workdays {
        after.workdays = workdays(days, &mut problems);
    }
    if let Some(names) = &change.unpaid_leave_types {
        after.unpaid_leave_types = unpaid(names, &mut problems);
    }
    if let Some(types) = &change.leave_types {
        after.leave_types = leave_types(types, &mut problems);
    }
    if problems.is_empty() { Ok(after) } else { Err(Error::invalid(problems)) }
}

/// Weekdays in order, each once.
fn workdays(days: &Json, problems: &mut Vec<Problem>) -> Json {
    let days: Vec<i64> = days.as_array().into_iter().flatten().filter_map(Json::as_i64).collect();
    if days.is_empty() || days.iter().any(|d| !(1..=7).contains(d)) {
        problems.push(Problem::new("workdays", "must be at least one of 1 (Monday) to 7 (Sunday)"));
    }
    days.into_iter().collect::<BTreeSet<_>>().into_iter().collect()
}

/// Trimmed names, each once whatever its case.
fn unpaid(names: &Json, problems: &mut Vec<Problem>) -> Json {
    let mut seen = BTreeSet::new();
    let names = names.as_array().into_iter().flatten().filter_map(Json::as_str).map(str::trim);
    let names: Vec<&str> = names.filter(|name| seen.insert(name.to_lowercase())).collect();
    if names.len() > MAX_TYPES || names.iter().any(|name| name.is_empty() || name.chars().count() > 100) {
        problems.push(Problem::new("unpaidLeaveTypes", "must be at most 100 names of 1 to 100 characters"));
    }
    json!(names)
}

/// Leave types in one form: name, yearlyDays (null: unlimited), carryOverDays.
fn leave_types(types: &Json, problems: &mut Vec<Problem>) -> Json {
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    let types = types.as_array().map(Vec::as_slice).unwrap_or_default();
    if types.len() > MAX_TYPES {
        problems.push(Problem::new("leaveTypes", "must have at most 100 items"));
    }
    for (i, kind) in types.iter().take(MAX_TYPES).enumerate() {
        let mut bad = |name: &str, problem: &str| problems.push(Problem::new(format!("leaveTypes[{i}].{name}"), problem));
        let name = kind["name"].as_str().map(str::trim).unwrap_or_default();
        if name.is_empty() || name.chars().count() > 100 {
            bad("name", "must have 1 to 100 characters");
        } else if !seen.insert(name.to_lowercase()) {
            bad("name", "is there twice");
        }
        let days = |field: &str| match &kind[field] {
            Json::Null => Ok(None),
            value => value.as_f64().filter(|d| (0.0..=366.0).contains(d) && (d * 2.0).fract() == 0.0).map(Some).ok_or(()),
        };
        let mut read = |field: &str| {
            days(field).unwrap_or_else(|()| {
                bad(field, "must be 0 to 366, in half days");
                None
            })
        };
        let (yearly, carry) = (read("yearlyDays"), read("carryOverDays").unwrap_or_default());
        out.push(json!({"name": name, "yearlyDays": yearly.map(plain), "carryOverDays": plain(carry)}));
    }
    Json::Array(out)
}

/// A number as people write it: whole ones without a fraction.
fn plain(days: f64) -> Json {
    if days.fract() == 0.0 { json!(days as i64) } else { json!(days) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use workforceos_actors::state::default_policy;
    use workforceos_core::id::CompanyId;
    use workforceos_core::input::{Args, Input, Problems};
    use workforceos_core::time::Timestamp;

    fn change(body: Json) -> Result<CompanyPolicy> {
        let Json::Object(body) = body else { panic!("an object") };
        let change = PolicyChange::read(&Args { body, ..Args::default() }, &mut Problems::default()).expect("kinds fit");
        apply(&default_policy(CompanyId::ROOT, Timestamp(0)), &change)
    }

    #[test]
    fn only_what_is_given_changes() {
        let before = default_policy(CompanyId::ROOT, Timestamp(0));
        assert_eq!(change(json!({})).expect("valid"), before);
        let after = change(json!({"graceMinutes": 10, "workdays": [7, 1, 1], "unpaidLeaveTypes": ["Study", " study "]}));
        let after = after.expect("valid");
        assert_eq!((after.grace_minutes, after.daily_hours), (10, before.daily_hours));
        assert_eq!((after.workdays, after.unpaid_leave_types), (json!([1, 7]), json!(["Study"])));
    }

    #[test]
    fn every_value_out_of_range_is_named() {
        let error = change(json!({
            "graceMinutes": -1, "dailyHours": 0, "weeklyHours": 169, "overtimeMultiplier": 0.5, "workdays": [], "restHours": 49,
            "announcementDays": 0, "roundingMinutes": 61,
            "leaveTypes": [{"name": "Annual", "yearlyDays": 400}, {"name": "annual"}, {"yearlyDays": 1.25}],
        }));
        let detail = error.expect_err("refused").detail.expect("detail");
        assert_eq!(detail.as_array().map(Vec::len), Some(12), "{detail}");
    }

    #[test]
    fn leave_types_take_one_form() {
        let after =
            change(json!({"leaveTypes": [{"name": " Annual ", "yearlyDays": 24.5}, {"name": "Sick", "yearlyDays": null}]}));
        let wanted = json!([
            {"name": "Annual", "yearlyDays": 24.5, "carryOverDays": 0}, {"name": "Sick", "yearlyDays": null, "carryOverDays": 0},
        ]);
        assert_eq!(after.expect("valid").leave_types, wanted);
    }
}
