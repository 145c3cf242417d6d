//! `getLeaveRequest`, `listLeaveRequests` within the caller's reach; `getMyLeaveRequest`, `listMyLeaveRequests` of the caller alone.

use std::sync::Arc;

use workforceos_core::filter::ListQuery;
use workforceos_core::id::{LeaveId, UserId};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{DayPart, LeaveRequest, LeaveStatus};
use workforceos_core::query::{Cond, Op, Spans};
use workforceos_core::session::Ctx;
use workforceos_core::time::Date;
use workforceos_core::value::Value;
use workforceos_core::{Reach, input};

use crate::crud::{self, RowReach};
use crate::{Api, App};

input! {
    pub struct GetLeave {
        /// The request.
        leave_request_id: LeaveId => "leaveRequestId" Path,
    }
}

fn one(name: &'static str, rows: RowReach) -> Api {
    Api::get(name).on::<LeaveRequest>().reach(Reach::Own).reader(
        move |app: Arc<App>, ctx: Ctx, input: GetLeave, query: ListQuery| async move {
            crud::one(&app, &ctx, LeaveRequest::def(), input.leave_request_id.0, rows(&ctx), query).await
        },
    )
}

pub fn get() -> Api {
    one("getLeaveRequest", crud::own_rows::<LeaveRequest>)
        .at("/v1/leaverequests/:leaveRequestId")
        .about("A leave request: one's own, for managers also those of their reports, for admins any.")
}

pub fn list() -> Api {
    crud::list::<LeaveRequest>("listLeaveRequests", crud::own_rows::<LeaveRequest>)
        .at("/v1/leaverequests")
        .reach(Reach::Own)
        .about("Leave requests, the latest start first: one's own, for managers also those of their reports, for admins all.")
}

pub fn get_mine() -> Api {
    one("getMyLeaveRequest", mine).at("/v1/myleaverequest/:leaveRequestId").about("A leave request of the caller.")
}

pub fn list_mine() -> Api {
    crud::list::<LeaveRequest>("listMyLeaveRequests", mine)
        .at("/v1/myleaverequests")
        .reach(Reach::Own)
        .about("The caller's own leave requests, the latest start first, whatever the caller's role.")
}

fn mine(ctx: &Ctx) -> Cond {
    Cond::eq("userId", ctx.user().0)
}

/// Approved leave, half days included, that takes a date.
pub fn approved_on(date: Date) -> Cond {
    Cond::All(vec![
        Cond::eq("status", LeaveStatus::Approved.as_str()),
        Cond::Cmp("startDate", Op::Lte, Value::Date(date)),
        Cond::Cmp("endDate", Op::Gte, Value::Date(date)),
    ])
}

/// Somebody's approved leave that takes this half of its days; `date` is the property that is looked at.
pub fn days_off(user: UserId, half: DayPart, date: &'static str) -> Spans {
    let parts = [DayPart::Full, half].map(|part| Value::Text(part.as_str().to_owned()));
    let cond = Cond::All(vec![
        Cond::eq("userId", user.0),
        Cond::eq("status", LeaveStatus::Approved.as_str()),
        Cond::In("dayPart", parts.to_vec()),
    ]);
    Spans { of: LeaveRequest::def(), from: "startDate", to: "endDate", cond, date }
}
