//! `getShift`, `listShifts`: employees see what is assigned to them, managers also what is assigned to their reports alone.

use std::sync::Arc;

use workforceos_core::answer::Answer;
use workforceos_core::error::Result;
use workforceos_core::filter::ListQuery;
use workforceos_core::id::ShiftId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{DayPart, Shift};
use workforceos_core::query::Cond;
use workforceos_core::session::Ctx;
use workforceos_core::{Reach, input};

use crate::{Api, App, crud, leave};

input! {
    pub struct GetShift {
        /// The shift.
        shift_id: ShiftId => "shiftId" Path,
    }
}

pub fn get() -> Api {
    Api::get("getShift")
        .on::<Shift>()
        .at("/v1/shifts/:shiftId")
        .reach(Reach::Own)
        .about("A shift with the people and departments assigned to it.")
        .reader(|app: Arc<App>, ctx: Ctx, input: GetShift, query: ListQuery| async move { one(&app, &ctx, input, query).await })
}

async fn one(app: &App, ctx: &Ctx, input: GetShift, query: ListQuery) -> Result<Answer> {
    crud::one(app, ctx, Shift::def(), input.shift_id.0, rows(ctx), query).await
}

pub fn list() -> Api {
    crud::list::<Shift>("listShifts", rows).at("/v1/shifts").reach(Reach::Own).about(
        "Shifts by date and start: of the caller, for managers also those of their reports, for admins all, drafts too. On a day \
             of approved leave the shifts of one's departments are not one's own.",
    )
}

/// The published shifts assigned to the caller, by name, or through a department on a day that the caller is not off.
pub fn my_shifts(ctx: &Ctx) -> Cond {
    let mut mine = vec![Cond::HasAny("assignedUserIds", vec![ctx.user().0])];
    if !ctx.scope.departments.is_empty() {
        let departments = ctx.scope.departments.iter().map(|d| d.0).collect();
        mine.push(Cond::HasAny("assignedDepartmentIds", departments).and(at_work(ctx)));
    }
    published().and(Cond::Any(mine))
}

/// On the shift's date the caller is not off all day: not the first half of it, or not the second.
fn at_work(ctx: &Ctx) -> Cond {
    let there = |half| Cond::Outside(Box::new(leave::days_off(ctx.user(), half, "shiftDate")));
    Cond::Any(vec![there(DayPart::FirstHalf), there(DayPart::SecondHalf)])
}

fn published() -> Cond {
    Cond::eq("isDraft", false)
}

/// The shifts that the caller may see.
pub fn rows(ctx: &Ctx) -> Cond {
    if ctx.is_admin() {
        return Cond::TRUE;
    }
    if !ctx.is_manager() {
        return my_shifts(ctx);
    }
    let users: Vec<_> = ctx.reached_users().iter().map(|u| u.0).collect();
    let departments: Vec<_> = ctx.scope.reached_departments.iter().map(|d| d.0).collect();
    let some = Cond::Any(vec![
        Cond::HasAny("assignedUserIds", users.clone()),
        Cond::HasAny("assignedDepartmentIds", departments.clone()),
    ]);
    let none_else = Cond::Within("assignedUserIds", users).and(Cond::Within("assignedDepartmentIds", departments));
    Cond::Any(vec![my_shifts(ctx), published().and(some).and(none_else)])
}
