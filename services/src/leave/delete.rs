//! `deleteLeaveRequest`.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::change::Changes;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::LeaveId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{AlertType, LeaveRequest, LeaveStatus};
use workforceos_core::session::Ctx;
use workforceos_core::{Reach, input};

use super::rules;
use crate::{Api, App, alerts, commit};

input! {
    pub struct DeleteLeave {
        /// The request.
        leave_request_id: LeaveId => "leaveRequestId" Path,
    }
}

pub fn api() -> Api {
    Api::delete("deleteLeaveRequest")
        .on::<LeaveRequest>()
        .at("/v1/leaverequests/:leaveRequestId")
        .reach(Reach::Own)
        .about(
            "Deletes a pending request (softly): one's own, as a manager those of reports. Decided ones stay: 409 InvalidState.",
        )
        .handler(handle)
}

async fn handle(app: Arc<App>, ctx: Ctx, input: DeleteLeave) -> Result<Answer> {
    let id = input.leave_request_id;
    let needs = Needs::row::<LeaveRequest>(id).and_query(alerts::open(ctx.company(), AlertType::ApprovalDelay, id.0));
    let caller = ctx.clone();
    commit(&app, &ctx, needs, move |facts| decide(facts, &caller, id)).await
}

fn decide(facts: &Facts, ctx: &Ctx, id: LeaveId) -> Result<(Changes, Answer)> {
    let before = rules::within_reach(facts.state, ctx, facts.row(id)?)?;
    if before.status != LeaveStatus::Pending {
        let message = format!("The request is {}: only pending ones are deleted", before.status.as_str());
        return Err(Error::conflict("InvalidState", message));
    }
    let leave = before.clone().deleted(facts.now);
    // On the streams what is deleted is withdrawn.
    let event = rules::event(facts.state, ctx, "leave.cancelled", &leave, Some(&before));
    let resolved = alerts::resolve(ctx, facts, AlertType::ApprovalDelay, id.0)?;
    Ok((Changes::none().put(&leave).event(event).join(resolved), Answer::object(ctx, &leave)))
}
