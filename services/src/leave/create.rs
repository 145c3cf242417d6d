//! `createLeaveRequest`.

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};
use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::change::Changes;
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::id::{DepartmentId, UserId};
use workforceos_core::object::Meta;
use workforceos_core::objects::{DayPart, LeaveRequest, LeaveStatus};
use workforceos_core::session::Ctx;
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::{Parts, Reach, input};

use super::balance::{ByYear, days};
use super::problems::Asked;
use super::{book, rules, timers};
use crate::{Api, App, commit, problems_in};

input! {
    pub struct CreateLeave {
        /// Who asks: the caller, and nobody else.
        user_id: Option<UserId> => "userId" Body,
        /// The department concerned.
        department_id: Option<DepartmentId> => "departmentId" Body,
        /// The kind of leave, for example annual; the policy's leave types have a balance, others are unlimited.
        leave_type: String => "leaveType" Body,
        /// First day, company-local, not in the past.
        start_date: Date => "startDate" Body,
        /// Last day, included.
        end_date: Date => "endDate" Body,
        /// full (default), or firstHalf or secondHalf of one day.
        day_part: Option<DayPart> => "dayPart" Body,
        /// Why.
        reason: Option<String> => "reason" Body,
        /// Ignored: the server knows who decides.
        approver_id: Option<UserId> => "approverId" Body,
        /// Ignored: the server knows when it is decided.
        approved_date: Option<Timestamp> => "approvedDate" Body,
    }
}

pub fn api() -> Api {
    Api::create("createLeaveRequest")
        .on::<LeaveRequest>()
        .at("/v1/leaverequests")
        .reach(Reach::Own)
        .extra(&["cost"])
        .carries(|| {
            let by_year = json!({"type": "object", "additionalProperties": {"type": "number"}, "description": "The days by year."});
            let days = json!({"type": "number", "description": "The days in all, in halves."});
            json!({"cost": {"type": "object", "properties": {"days": days, "byYear": by_year}, "description": "What is charged."}})
        })
        .about(
            "Asks for leave for oneself; it waits for the manager or an admin. Refused for dates in the past, if it shares a day with \
             another pending or approved request of one's own, opposite halves aside (409 LeaveOverlap), and beyond the balance of \
             its type in any year (409 LeaveBalanceExceeded, with year and shortBy). The answer's cost says how many days are charged: \
             workdays that are no holiday.",
        )
        .handler_for(|input: &CreateLeave| input.user_id, handle)
        .also(found)
}

/// What is wrong with arguments of which some cannot be read, of leave that is the caller's to ask for.
async fn found(app: Arc<App>, ctx: Ctx, parts: Parts) -> Result<Vec<Problem>> {
    let caller = ctx.user();
    if parts.get::<Option<UserId>>("userId").flatten().is_some_and(|user| user != caller) {
        return Ok(Vec::new());
    }
    problems_in(&app, &ctx, Needs::none(), move |facts| {
        let member = facts.state.people.role(caller).is_some();
        let today = facts.state.zone().date(facts.now);
        Ok(if member { Asked::of(&parts).problems(None, today, facts.state) } else { Vec::new() })
    })
    .await
}

async fn handle(app: Arc<App>, ctx: Ctx, input: CreateLeave) -> Result<Answer> {
    if input.user_id.is_some_and(|user| user != ctx.user()) {
        return Err(Error::forbidden("Leave is asked for by oneself only"));
    }
    let caller = ctx.clone();
    commit(&app, &ctx, book::needs(ctx.company(), ctx.user()), move |facts| decide(facts, &caller, &input)).await
}

fn decide(facts: &Facts, ctx: &Ctx, input: &CreateLeave) -> Result<(Changes, Answer)> {
    if facts.state.people.role(ctx.user()).is_none() {
        return Err(Error::forbidden("Only the company's own people ask for leave"));
    }
    let leave = LeaveRequest {
        meta: Meta::new(facts.new_id(), facts.now, Some(ctx.user().0)),
        user_id: ctx.user(),
        department_id: input.department_id,
        request_date: facts.now,
        leave_type: input.leave_type.trim().to_owned(),
        start_date: input.start_date,
        end_date: input.end_date,
        day_part: input.day_part.unwrap_or(DayPart::Full),
        reason: input.reason.clone(),
        status: LeaveStatus::Pending,
        approver_id: None,
        approved_date: None,
        decision_note: None,
        delay_alert_at: None,
        company_id: ctx.company(),
    };
    Error::none_of(Asked::whole(&leave).problems(None, facts.state.zone().date(facts.now), facts.state))?;
    let cost = book::Book::of(facts, leave.user_id)?.check(&leave)?;
    let event = rules::event(facts.state, ctx, "leave.requested", &leave, None);
    let changes = Changes::none().put(&leave).event(event).due(Some(timers::overdue_at(&leave)));
    Ok((changes, Answer::object(ctx, &leave).with("cost", told(&cost))))
}

/// A cost as callers read it.
fn told(cost: &ByYear) -> Json {
    let by_year: Map<String, Json> = cost.iter().map(|(year, halves)| (year.to_string(), days(*halves))).collect();
    json!({"days": days(cost.values().sum()), "byYear": by_year})
}
