//! `updateLeaveRequest`: the requester edits or withdraws what is pending; the manager or an admin decides.

use std::sync::Arc;

use serde_json::json;
use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::change::Changes;
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::id::{DepartmentId, LeaveId, UserId};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{AlertType, DayPart, LeaveRequest, LeaveStatus, User};
use workforceos_core::session::Ctx;
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::zone::{next_day, previous_day};
use workforceos_core::{Parts, Patch, Reach, input};

use super::problems::Asked;
use super::rules::Span;
use super::{approval, book, rules};
use crate::schedule::swap_endings;
use crate::{Api, App, alerts, commit, problems_in};

input! {
    pub struct UpdateLeave {
        /// The request.
        leave_request_id: LeaveId => "leaveRequestId" Path,
        /// The department concerned; null clears it.
        department_id: Patch<DepartmentId> => "departmentId" Body,
        /// The kind of leave.
        leave_type: Option<String> => "leaveType" Body,
        /// First day.
        start_date: Option<Date> => "startDate" Body,
        /// Last day, included.
        end_date: Option<Date> => "endDate" Body,
        /// full, or firstHalf or secondHalf of one day.
        day_part: Option<DayPart> => "dayPart" Body,
        /// Why; null clears it.
        reason: Patch<String> => "reason" Body,
        /// Ignored: the server knows who decides.
        approver_id: Patch<UserId> => "approverId" Body,
        /// Ignored: the server knows when it is decided.
        approved_date: Patch<Timestamp> => "approvedDate" Body,
        /// approved, rejected or cancelled.
        status: Option<LeaveStatus> => "status" Body,
        /// What the decider says to the requester; null clears it.
        decision_note: Patch<String> => "decisionNote" Body,
    }
}

pub fn api() -> Api {
    Api::update("updateLeaveRequest")
        .on::<LeaveRequest>()
        .at("/v1/leaverequests/:leaveRequestId")
        .reach(Reach::Own)
        .extra(&["unassignedShiftIds"])
        .carries(|| {
            let about = "The shifts out of which an approval takes the person.";
            json!({"unassignedShiftIds": {"type": "array", "items": {"type": "string", "format": "uuid"}, "description": about}})
        })
        .about(
            "The requester changes or cancels a pending request; the manager or an admin approves, rejects or cancels it, or cancels an \
             approved one, with a decisionNote. Nobody decides the own request, save the owner (403). Approving full days, or the second of \
             a day's two halves, takes the person out of the scheduled shifts of those dates in the same step and answers them (drafts to \
             admins only) as unassignedShiftIds; refused with 409 \
             AttendanceExists if the person has checked in on one of the dates. Other changes of state: 409 InvalidState. Cancelling \
             restores assignment through departments only.",
        )
        .handler(handle)
        .also(found)
}

/// What is wrong with a change of which not all can be read, if the caller may make it.
async fn found(app: Arc<App>, ctx: Ctx, parts: Parts) -> Result<Vec<Problem>> {
    let Some(id) = parts.get::<LeaveId>("leaveRequestId") else { return Ok(Vec::new()) };
    let caller = ctx.user();
    problems_in(&app, &ctx, Needs::row::<LeaveRequest>(id), move |facts| {
        let before: LeaveRequest = facts.row(id)?;
        let edits = before.user_id == caller && before.status == LeaveStatus::Pending;
        let today = facts.state.zone().date(facts.now);
        Ok(if edits { Asked::over(&before, &parts).problems(Some(&before), today, facts.state) } else { Vec::new() })
    })
    .await
}

async fn handle(app: Arc<App>, ctx: Ctx, input: UpdateLeave) -> Result<Answer> {
    let id = input.leave_request_id;
    let mut needs = Needs::row::<LeaveRequest>(id)
        .and_query(alerts::open(ctx.company(), AlertType::ApprovalDelay, id.0))
        .and_query(alerts::open(ctx.company(), AlertType::LeaveDecision, id.0));
    // Only the requester edits: the balance at stake is the caller's.
    if input.start_date.is_some() || input.end_date.is_some() || input.day_part.is_some() || input.leave_type.is_some() {
        needs = needs.and(book::needs(ctx.company(), ctx.user()));
    }
    // Who approves or cancels looks at the shifts of the request's dates. They are loaded for the dates as they are now; the
    // decision refuses to go on with others.
    let mut looked_at = None;
    if input.status.is_some()
        && let Some(record) = app.store.get(LeaveRequest::def(), Some(ctx.company()), id.0).await?
    {
        let leave = edited(&LeaveRequest::from_record(record)?, &input);
        needs = needs.and(swap_endings::of_person(ctx.company(), leave.user_id)).and_row::<User>(leave.user_id);
        let span = Span::of(&leave);
        if span.is_sound() {
            needs.days.push((previous_day(span.from), next_day(span.to)));
            looked_at = Some((span.from, span.to));
        }
    }
    let caller = ctx.clone();
    commit(&app, &ctx, needs, move |facts| decide(facts, &caller, &input, looked_at)).await
}

fn decide(facts: &Facts, ctx: &Ctx, input: &UpdateLeave, looked_at: Option<(Date, Date)>) -> Result<(Changes, Answer)> {
    let before = rules::within_reach(facts.state, ctx, facts.row(input.leave_request_id)?)?;
    let mut leave = edited(&before, input);
    if leave != before {
        check_edit(facts, ctx, &leave, &before)?;
    }
    let note = input.decision_note.clone().over(before.decision_note.clone());
    if note != before.decision_note && !rules::decides(facts.state, ctx, &before) {
        return Err(Error::forbidden("decisionNote is written by those who decide"));
    }
    leave.decision_note = note;
    let to = input.status.unwrap_or(before.status);
    let moved = to != before.status;
    let mut changes = Changes::none();
    let mut unassigned = Vec::new();
    if moved {
        rules::check_move(facts.state, ctx, &before, to)?;
        if looked_at != Some((leave.start_date, leave.end_date)) {
            return Err(Error::conflict("ConcurrentChange", "The request was changed in the meantime: look at it again"));
        }
        leave.status = to;
        if matches!(to, LeaveStatus::Approved | LeaveStatus::Rejected) {
            (leave.approver_id, leave.approved_date) = (Some(ctx.user()), Some(facts.now));
        }
        let (shifts, freed) = match to {
            LeaveStatus::Approved => approval::unassign(facts, ctx, &leave)?,
            LeaveStatus::Cancelled => {
                (approval::given_back(facts, ctx, &before).join(approval::clashes(facts, ctx, &before)), Vec::new())
            }
            _ => (Changes::none(), Vec::new()),
        };
        unassigned = freed;
        changes = shifts.join(approval::told(facts, ctx, &leave)?);
    }
    let answer = |leave: &LeaveRequest| Answer::object(ctx, leave).with("unassignedShiftIds", json!(unassigned));
    if leave == before {
        return Ok((changes, answer(&leave)));
    }
    let leave = leave.touched(facts.now);
    let kind = match leave.status {
        LeaveStatus::Approved if moved => "leave.approved",
        LeaveStatus::Rejected if moved => "leave.rejected",
        LeaveStatus::Cancelled if moved => "leave.cancelled",
        _ => "leave.updated",
    };
    // The request comes first: who follows the stream sees why shifts change.
    let event = rules::event(facts.state, ctx, kind, &leave, Some(&before));
    Ok((Changes::none().put(&leave).event(event).join(changes), answer(&leave)))
}

/// The request with what the requester may change.
fn edited(before: &LeaveRequest, input: &UpdateLeave) -> LeaveRequest {
    let mut leave = before.clone();
    leave.department_id = input.department_id.clone().over(leave.department_id);
    leave.leave_type = input.leave_type.as_deref().map_or(leave.leave_type, |name| name.trim().to_owned());
    leave.start_date = input.start_date.unwrap_or(leave.start_date);
    leave.end_date = input.end_date.unwrap_or(leave.end_date);
    leave.day_part = input.day_part.unwrap_or(leave.day_part);
    leave.reason = input.reason.clone().over(leave.reason);
    leave
}

fn check_edit(facts: &Facts, ctx: &Ctx, leave: &LeaveRequest, before: &LeaveRequest) -> Result<()> {
    if before.user_id != ctx.user() {
        return Err(Error::forbidden("Only the requester changes what is asked for; others decide"));
    }
    if before.status != LeaveStatus::Pending {
        let message = format!("The request is {}: only pending ones are changed", before.status.as_str());
        return Err(Error::conflict("InvalidState", message));
    }
    Error::none_of(Asked::whole(leave).problems(Some(before), facts.state.zone().date(facts.now), facts.state))?;
    let replanned = Span::of(leave) != Span::of(before) || !rules::same_type(&leave.leave_type, &before.leave_type);
    if replanned { book::Book::of(facts, leave.user_id)?.check(leave).map(|_| ()) } else { Ok(()) }
}
